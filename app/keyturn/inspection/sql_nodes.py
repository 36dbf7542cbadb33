"""Owns which parts of a parsed statement are understood: kinds of parts, functions and words.

Everything else may do anything: functions of a server, what a parser does not know by itself, and
words that begin another statement on a server that needs no sign between two.
"""

from collections import Counter
from collections.abc import Iterable

from sqlglot import exp

from keyturn.domain.names import listed
from keyturn.inspection.sql_signs import Signs

_KINDS = listed(
    "Select From Table Identifier Column Alias Star Where Group Having Order Ordered Limit Offset"
    " Fetch Join With CTE Subquery Union Except Intersect Literal Boolean Null Neg Not Paren EQ NEQ"
    " GT GTE LT LTE NullSafeEQ NullSafeNEQ Is Like ILike Between In Add Sub Mul Div Mod DPipe"
    " Distinct TableAlias Tuple Values Placeholder Parameter Var DataType DataTypeParam Any All"
    " Interval Window WindowSpec Lock Delete Update Insert Returning Schema OnConflict Transaction"
    " Commit Rollback Describe Show Into Use ColumnDef ColumnConstraint NotNullColumnConstraint"
    " PrimaryKeyColumnConstraint DefaultColumnConstraint UniqueColumnConstraint PrimaryKey Create"
    " Drop TruncateTable Alter AlterColumn Grant Revoke GrantPrivilege GrantPrincipal Merge Whens"
    " When Dot JSONPath JSONPathRoot JSONPathKey JSONPathSubscript CurrentDate Filter Escape"
    " RawString"
)
_FUNCTIONS = listed(
    "And Or Xor Case If Cast TryCast Coalesce Nullif Greatest Least Abs Round Ceil Floor Sqrt Sign"
    " Lower Upper Length Trim Substring Concat ConcatWs Left Right StrPosition Replace Reverse Pad"
    " Count CountIf Sum Avg Min Max Stddev Variance Median GroupConcat ArrayAgg StringAgg Exists"
    " RowNumber Rank DenseRank Ntile Lag Lead FirstValue LastValue Extract CurrentDate"
    " CurrentTimestamp CurrentTime CurrentDatetime Date Year Month Day DateAdd DateSub DateDiff"
    " DateTrunc TimestampTrunc TimeToStr StrToTime StrToDate TsOrDsToDate TsOrDsToTimestamp"
    " JSONExtract JSONExtractScalar ToChar Initcap Hex Unhex Mod Pow Date DatetimeTrunc"
)
_BY_NAME = listed(
    "array_length charindex curdate curtime date_part datediff datename getdate ifnull instr isnull"
    " json_array_length json_extract json_type json_valid julianday length ltrim now rtrim strftime"
    " substring_index total typeof substr lower upper date datetime coalesce"
)
"""Of those that a parser does not know by itself: they only compute."""
_STARTING = listed(
    "alter analyze attach backup begin bulk call checkpoint commit copy create dbcc"
    " deallocate declare delete deny detach disable do drop dumpfile enable exec execute goto"
    " grant handler import insert install into kill listen load lock merge notify optimize"
    " outfile pragma prepare print purge raiserror receive reconfigure refresh reindex rename"
    " repair replace reset restore revert revoke rollback savepoint set shutdown throw"
    " truncate unlock update updatetext upsert use vacuum waitfor while writetext xp_cmdshell"
)
"""Words that begin a statement, or send what is read elsewhere."""
_FUNCTIONS_TOO = frozenset({"replace(", "truncate("})
_BROUGHT: dict[type[exp.Expr], str] = {
    exp.Delete: "delete",
    exp.Update: "update set",
    exp.Insert: "insert replace into",
    exp.OnConflict: "do update set",
    exp.Lock: "update",
    exp.Into: "into",
    exp.Create: "create replace",
    exp.Drop: "drop",
    exp.TruncateTable: "truncate",
    exp.Alter: "alter alter drop set rename",
    exp.Grant: "grant",
    exp.Revoke: "revoke",
    exp.Merge: "merge into",
    exp.When: "update set insert delete",
    exp.Transaction: "begin",
    exp.Commit: "commit",
    exp.Rollback: "rollback",
    exp.Use: "use",
}
"""Which of these words a part brings by itself."""


def unknown_functions(root: exp.Expr) -> list[str]:
    """Return the functions of a statement of which nobody knows what they do."""
    return [
        function.name or type(function).__name__
        for function in root.find_all(exp.Func)
        if not _only_computes(function)
    ]


def _only_computes(function: exp.Func) -> bool:
    if isinstance(function, exp.Anonymous):
        # Of a name with a folder before it nobody knows whose it is.
        return function.name.lower() in _BY_NAME and not isinstance(function.parent, exp.Dot)
    return type(function).__name__ in _FUNCTIONS and not isinstance(function.parent, exp.Dot)


def are_understood(roots: Iterable[exp.Expr], signs: Signs) -> bool:
    """Tell whether statements hold nothing but parts that are known, and no word is left over."""
    brought: Counter[str] = Counter()
    for root in roots:
        for node in root.walk():
            if not _is_known(node):
                return False
            brought.update(_BROUGHT.get(type(node), "").split())
    found = (word for word in signs.words if word not in _FUNCTIONS_TOO)
    starting = Counter(word for one in found if (word := one.rstrip("(")) in _STARTING)
    return not starting - brought


def _is_known(node: exp.Expr) -> bool:
    if isinstance(node, exp.Identifier) and not node.args.get("quoted"):
        return node.name.lower() not in _STARTING
    return type(node).__name__ in _KINDS or isinstance(node, exp.Func)
