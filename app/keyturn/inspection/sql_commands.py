"""Reads statements of SQL with sqlglot: what each does, to what, and whether its rows are named.

A statement is bounded only where its condition names rows by literal keys, and where all dialects
would part the text alike: what one server takes for a comment, another may run.
"""

import logging
import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command, Does, Language, Step, Why, command_of, not_understood
from keyturn.domain.names import words_of

DIALECTS = ("", "mysql", "postgres", "tsql", "sqlite", "oracle", "snowflake", "bigquery")
"""In this order; the first that understands the whole text has the word."""
MOST_STATEMENTS = 50
_PLAIN_NAMES = re.compile(r"`[\w ]+`|\$\d+")
_AMBIGUOUS = re.compile(r"\\|/\*|--|#|\$|`|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
"""What some dialects read as a quote, a comment or an escape, and others do not."""
_CHANGING_WORDS = re.compile(
    r"(?<![\w.])(?:alter|attach|call|copy|create|delete|detach|do|drop|exec|execute|grant|insert"
    r"|into|load|lock|merge|pragma|rename|replace|revoke|set|truncate|update|upsert|vacuum)"
    r"(?!\w|\s*[.(])",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"\bfor\s+(?:no\s+key\s+)?update\b|\bon\s+(?:delete|update)\b|\bdo\s+(?:update|nothing)\b"
    r"|\bon\s+duplicate\s+key\s+update\b",
    re.IGNORECASE,
)
_STRINGS = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_KEYS = frozenset(
    {"code", "email", "guid", "hash", "iban", "id", "ids", "isbn", "key", "login", "mail", "no"}
    | {"number", "num", "nr", "pk", "ref", "reference", "rowid", "serial", "sku", "slug", "token"}
    | {"username", "uuid"}
)
_HARMLESS_FUNCTIONS = frozenset(
    {"array_length", "charindex", "curdate", "curtime", "date_part", "datediff", "datename"}
    | {"getdate", "ifnull", "instr", "isnull", "json_array_length", "json_extract", "json_object"}
    | {"json_type", "json_valid", "julianday", "length", "likelihood", "ltrim", "now", "printf"}
    | {"quote", "random", "rtrim", "strftime", "substring_index", "to_json", "total", "typeof"}
)
"""Of those that the parser does not know by itself: they only compute."""
_READING = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values, exp.Describe, exp.Show, exp.Use)
_TRANSACTION = (exp.Transaction, exp.Commit, exp.Rollback)
_CHANGING = (
    *(exp.Delete, exp.Update, exp.Insert, exp.Merge, exp.Drop, exp.TruncateTable),
    *(exp.Create, exp.Alter, exp.Grant, exp.Revoke, exp.Into),
)
_MANY_TABLES = (exp.Select, exp.SetOperation, exp.Join, exp.From, exp.With, exp.Subquery)
_CREATES_DATA = frozenset({"TABLE", "VIEW", "INDEX", "SCHEMA", "DATABASE", "SEQUENCE"})
logging.getLogger("sqlglot").disabled = True


def read_sql(shaped: Shaped) -> Command | None:
    """Return what a text does; None for what was no SQL after all."""
    roots = _parsed(shaped.text)
    if roots is None:
        return not_understood(shaped.path, Language.SQL) if shaped.sure else None
    steps: list[Step] = []
    understood = len(roots) <= MOST_STATEMENTS
    for root in roots[:MOST_STATEMENTS]:
        understood = understood and isinstance(root, (*_READING, *_TRANSACTION, *_CHANGING))
        steps += _steps_of(root)
    if _may_hide_a_change(shaped.text, steps):
        understood = False
    if not understood:
        return not_understood(shaped.path, Language.SQL, steps) if shaped.sure or steps else None
    if not shaped.sure and not (_is_statement(roots) and any(step.target for step in steps)):
        # "select something", "explain it" are sentences.
        return None
    return command_of(shaped.path, Language.SQL, steps)


def _is_statement(roots: list[exp.Expr]) -> bool:
    return not all(isinstance(root, exp.Describe | exp.Show | exp.Use) for root in roots)


def _parsed(text: str) -> list[exp.Expr] | None:
    for dialect in DIALECTS:
        try:
            found = [one for one in sqlglot.parse(text, read=dialect) if one is not None]
        except (SqlglotError, RecursionError, ValueError):
            continue
        if found and not any(isinstance(one, exp.Command) for one in found):
            return found
    return None


def _may_hide_a_change(text: str, steps: list[Step]) -> bool:
    """Tell whether another dialect may find a change in the text that is not among the steps."""
    bare = _PLAIN_NAMES.sub(" ", text)
    words = _CHANGING_WORDS.findall(_HARMLESS.sub(" ", text))
    if not words:
        return False
    if _AMBIGUOUS.search(bare) or ("[" in text and ("'" in text or '"' in text)):
        return True
    if any(bare[: found.start()][-1:].isalnum() for found in _STRINGS.finditer(bare)):
        # E'..', q'..', N'..': a letter before it says how a text is read.
        return True
    outside = _CHANGING_WORDS.findall(_HARMLESS.sub(" ", _STRINGS.sub(" ", bare)))
    changing = [step for step in steps if step.changes]
    # Each change brings at most three such words of its own ("insert into", "update .. set").
    return len(outside) > 3 * len(changing) or (bool(outside) and not changing)


def _steps_of(root: exp.Expr) -> Iterator[Step]:
    changing = [node for node in root.find_all(*_CHANGING) if not node.find_ancestor(exp.Alter)]
    for node in changing:
        yield _changing(node)
    for function in root.find_all(exp.Anonymous):
        if function.name.lower() in _HARMLESS_FUNCTIONS:
            continue
        yield Step(does=Does.CALLS, target=function.name, count=None, why=Why.UNKNOWN)
    if not changing and isinstance(root, _READING):
        yield Step(does=Does.READS, target=", ".join(_tables(root)))


def _changing(node: exp.Expr) -> Step:
    target = _target(node)
    match node:
        case exp.Delete():
            return _of_rows(node, Does.REMOVES, target)
        case exp.Update():
            return _of_rows(node, Does.CHANGES, target)
        case exp.Insert():
            return _insert(node, target)
        case exp.Merge():
            return Step(does=Does.MERGES, target=target, count=None, why=Why.QUERY)
        case exp.Drop():
            return Step(does=Does.DROPS, target=target, count=None, why=Why.WHOLE)
        case exp.TruncateTable():
            return Step(does=Does.EMPTIES, target=target, count=None, why=Why.WHOLE)
        case exp.Create():
            return _create(node, target)
        case exp.Into():
            return Step(does=Does.CREATES, target=target, count=None, why=Why.QUERY)
        case exp.Grant() | exp.Revoke():
            return Step(does=Does.GRANTS, target=target, count=None, why=Why.WHOLE)
        case _:
            return Step(does=Does.ALTERS, target=target, count=None, why=Why.WHOLE)


def _of_rows(node: exp.Expr, does: Does, target: str) -> Step:
    where = node.args.get("where")
    if not isinstance(where, exp.Where):
        return Step(does=does, target=target, count=None, why=Why.NO_CONDITION)
    tables = len(list(node.find_all(exp.Table)))
    many = tables != 1 or any(node.find_all(*_MANY_TABLES)) or bool(node.args.get("tables"))
    count = None if many else rows_named(where.this)
    why = Why.OPEN_CONDITION if count is None else None
    return Step(does=does, target=target, count=count, why=why)


def rows_named(condition: object) -> int | None:
    """Return how many rows a condition names at most; None where it does not by their keys.

    Only `column = literal` and `column IN (literals)`, joined by AND, name any.
    """
    waiting, most, keyed = [condition], 1, False
    while waiting:
        node = waiting.pop()
        match node:
            case exp.Paren():
                waiting.append(node.this)
            case exp.And():
                waiting += [node.this, node.expression]
            case exp.EQ() | exp.In():
                column, values = _compared(node)
                if column is None or not values or not _all_literal(column, values):
                    return None
                if _is_key(column.name):
                    most, keyed = max(most, len(values)), True
            case _:
                return None
    return most if keyed else None


def _compared(node: exp.Expr) -> tuple[exp.Column | None, list[object]]:
    if isinstance(node, exp.In):
        listed = not any(node.args.get(name) for name in ("query", "unnest", "field"))
        values: list[object] = list(node.expressions) if listed else []
        return (node.this if isinstance(node.this, exp.Column) else None), values
    sides: tuple[object, object] = (node.this, node.args.get("expression"))
    for column, value in (sides, sides[::-1]):
        if isinstance(column, exp.Column):
            return column, [value]
    return None, []


def _all_literal(column: exp.Column, values: list[object]) -> bool:
    return all(_is_literal(column, value) for value in values)


def _is_literal(column: exp.Column, value: object) -> bool:
    if isinstance(value, exp.Neg):
        value = value.this
    if isinstance(value, exp.Placeholder | exp.Parameter):
        return True
    if not isinstance(value, exp.Literal):
        return False
    if value.is_string:
        # To MySQL a name in double quotes is a text, and this would hold of every row.
        return str(value.this).casefold() != column.name.casefold()
    # To MySQL every text that is no number equals 0.
    return re.fullmatch(r"[0.eE+-]*", str(value.this)) is None


def _is_key(name: str) -> bool:
    words = words_of(name)
    return bool(words) and (words[-1] in _KEYS or words[-1].endswith("id"))


def _insert(node: exp.Insert, target: str) -> Step:
    replaces = bool(node.args.get("overwrite") or node.args.get("alternative"))
    does = Does.REPLACES if replaces else Does.ADDS
    given = node.args.get("expression")
    if isinstance(given, exp.Values):
        return Step(does=does, target=target, count=max(1, len(given.expressions)))
    if given is None or isinstance(given, exp.Tuple):
        return Step(does=does, target=target)
    return Step(does=does, target=target, count=None, why=Why.QUERY)


def _create(node: exp.Create, target: str) -> Step:
    if str(node.args.get("kind", "")).upper() not in _CREATES_DATA:
        return Step(does=Does.CREATES, target=target, count=None, why=Why.CODE)
    if node.args.get("replace"):
        return Step(does=Does.REPLACES, target=target, count=None, why=Why.WHOLE)
    return Step(does=Does.CREATES, target=target)


def _target(node: exp.Expr) -> str:
    if isinstance(node, exp.TruncateTable):
        return ", ".join(map(_name_of, node.expressions))
    if isinstance(node, exp.Grant | exp.Revoke):
        return _name_of(node.args.get("securable"))
    tables = node.args.get("tables")
    return ", ".join(map(_name_of, tables)) if tables else _name_of(node.this)


def _name_of(node: object) -> str:
    if isinstance(node, exp.Schema):
        node = node.this
    if isinstance(node, exp.Table):
        return ".".join(part.name for part in node.parts)
    if isinstance(node, exp.Expr):
        table = node.find(exp.Table)
        return ".".join(part.name for part in table.parts) if table is not None else node.sql()
    return "" if node is None else str(node)


def _tables(root: exp.Expr) -> list[str]:
    common = {cte.alias for cte in root.find_all(exp.CTE)}
    names = (_name_of(table) for table in root.find_all(exp.Table))
    return [name for name in dict.fromkeys(names) if name not in common]
