"""Reads statements of SQL with sqlglot: what each does, to what, and whether its rows are named.

Understood is only what every dialect that parses a text makes the same of, with parts and functions
that are known; bounded only where a condition names rows by literal keys.
"""

import logging
import re
from collections.abc import Iterator
from itertools import chain

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command, Does, Language, Step, Why, command_of, not_understood
from keyturn.inspection.sql_nodes import are_understood, unknown_functions
from keyturn.inspection.sql_signs import Signs, signs_of

DIALECTS = ("", "mysql", "postgres", "tsql", "sqlite", "oracle", "snowflake", "bigquery")
"""The first that understands the whole text has the word, where no other contradicts."""
MOST_STATEMENTS = 50
_READING = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values, exp.Describe, exp.Show)
_TRANSACTION = (exp.Transaction, exp.Commit, exp.Rollback)
_CHANGING = (
    *(exp.Delete, exp.Update, exp.Insert, exp.Merge, exp.Drop, exp.TruncateTable),
    *(exp.Create, exp.Alter, exp.Grant, exp.Revoke, exp.Into),
)
_MANY_TABLES = (exp.Select, exp.SetOperation, exp.Join, exp.From, exp.With, exp.Subquery)
_CREATES_DATA = frozenset({"TABLE", "VIEW", "INDEX", "SCHEMA", "DATABASE", "SEQUENCE"})
_KEYS = frozenset({"id", "uuid"})
_KEYS_OF_TEXT = frozenset({"uuid"})
_PLURALS = (("ies", "y"), ("ses", "s"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("s", ""))
_CAN_ONLY_CHANGE = re.compile(
    r"\W*(?:delete\s+from|insert\s+into|replace\s+into|merge\s+into|truncate\s+table|alter\s+table"
    r"|update\s+\S+\s+set|drop\s+(?:table|database|schema|view|index|user|role))\s",
    re.IGNORECASE,
)
"""How no sentence begins."""
logging.getLogger("sqlglot").disabled = True


def read_sql(shaped: Shaped) -> Command | None:
    """Return what a text does; None for what was no SQL after all."""
    signs = signs_of(shaped.text)
    readings = _readings(shaped.text if signs is None else signs.text)
    roots = next(readings, None)
    if roots is None:
        sure = shaped.sure or _CAN_ONLY_CHANGE.match(shaped.text) is not None
        return not_understood(shaped.path, Language.SQL) if sure else None
    steps = [step for root in roots[:MOST_STATEMENTS] for step in _steps_of(root)]
    if not _is_understood(roots, readings, signs, steps):
        return not_understood(shaped.path, Language.SQL, steps) if shaped.sure or steps else None
    changes = any(step.changes for step in steps)
    if (
        not shaped.sure
        and not changes
        and not (_is_statement(roots) and any(step.target for step in steps))
    ):
        # "select something", "explain it" are sentences.
        return None
    return command_of(shaped.path, Language.SQL, steps)


def _is_understood(
    first: list[exp.Expr],
    others: Iterator[list[exp.Expr]],
    signs: Signs | None,
    steps: list[Step],
) -> bool:
    """Tell whether all that parse a text agree, on parts that are all known."""
    if signs is None or len(first) > MOST_STATEMENTS:
        return False
    if signs.commented and any(step.changes for step in steps):
        return False
    return all(_is_known(roots, signs, steps) for roots in chain((first,), others))


def _is_known(roots: list[exp.Expr], signs: Signs, steps: list[Step]) -> bool:
    if not all(isinstance(root, (*_READING, *_TRANSACTION, *_CHANGING)) for root in roots):
        return False
    if not are_understood(roots, signs) or any(map(unknown_functions, roots)):
        return False
    return [step for root in roots for step in _steps_of(root)] == steps


def _is_statement(roots: list[exp.Expr]) -> bool:
    return not all(isinstance(root, exp.Describe | exp.Show | exp.Use) for root in roots)


def _readings(text: str) -> Iterator[list[exp.Expr]]:
    """Yield what each dialect makes of a text that it understands."""
    for dialect in DIALECTS:
        try:
            found = [one for one in sqlglot.parse(text, read=dialect) if one is not None]
        except (SqlglotError, RecursionError, ValueError):
            continue
        if found and not any(isinstance(one, exp.Command) for one in found):
            yield found


def _steps_of(root: exp.Expr) -> Iterator[Step]:
    changing = [node for node in root.find_all(*_CHANGING) if not node.find_ancestor(exp.Alter)]
    for node in changing:
        yield _changing(node)
    for name in unknown_functions(root):
        yield Step(does=Does.CALLS, target=name, count=None, why=Why.UNKNOWN)
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
    count = None if many else rows_named(where.this, node.find(exp.Table))
    why = Why.OPEN_CONDITION if count is None else None
    return Step(does=does, target=target, count=count, why=why)


def rows_named(condition: object, table: exp.Table | None) -> int | None:
    """Return how many rows a condition names at most; None where it does not by their keys.

    Only `column = literal` and `column IN (literals)`, joined by AND, name any; a key is a column
    called `id`, `uuid` or `<table>_id`.
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
                if _is_key(column, table):
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
    if not isinstance(value, exp.Literal):
        return False
    if value.is_string:
        # To MySQL a name in double quotes is a text, and this would hold of every row.
        return str(value.this).casefold() != column.name.casefold()
    if column.name.casefold() in _KEYS_OF_TEXT:
        # To MySQL a text equals the number that it begins with: `1` names every uuid of "1a…".
        return False
    # To MySQL every text that begins with no number equals 0.
    return re.fullmatch(r"[0.eE+-]*", str(value.this)) is None


def _is_key(column: exp.Column, table: exp.Table | None) -> bool:
    """Tell whether a column of a table is called as its key is, and is nothing else to anybody."""
    name = column.this
    if table is None or not isinstance(name, exp.Identifier) or name.args.get("quoted"):
        # What is in quotes is a text to some servers.
        return False
    if column.table and column.table not in (table.name, table.alias):
        return False
    plain = name.name.lower()
    return plain in _KEYS or plain in _own_keys(table.name)


def _own_keys(table: str) -> list[str]:
    """Return how the key of a table may be called: by its name, in the singular too."""
    plain = table.lower()
    singular = [plain.removesuffix(many) + one for many, one in _PLURALS if plain.endswith(many)]
    return [f"{name}_id" for name in (plain, *singular[:1])]


def _insert(node: exp.Insert, target: str) -> Step:
    if node.args.get("overwrite") or node.args.get("alternative"):
        # For one row that is added as many go as it collides with.
        return Step(does=Does.REPLACES, target=target, count=None, why=Why.QUERY)
    does = Does.ADDS
    given = node.args.get("expression")
    if isinstance(given, exp.Values):
        return Step(does=does, target=target, count=max(1, len(given.expressions)))
    return Step(does=does, target=target, count=None, why=Why.QUERY)


def _create(node: exp.Create, target: str) -> Step:
    kind = str(node.args.get("kind", "")).upper()
    if kind not in _CREATES_DATA:
        return Step(does=Does.CREATES, target=target, count=None, why=Why.CODE)
    if node.args.get("expression") is not None and kind == "TABLE":
        return Step(does=Does.CREATES, target=target, count=None, why=Why.QUERY)
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
