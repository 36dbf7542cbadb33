"""Makes statements of SQL that are meant to be read wrongly, runs them, and counts changed rows.

On a database in memory; what would open a file there is denied.
"""

import random
import sqlite3
from collections import Counter

from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command, Language
from keyturn.inspection.sql_commands import read_sql

_TABLES = """
CREATE TABLE orders (id INTEGER PRIMARY KEY, order_id INTEGER UNIQUE, paid INTEGER, void INTEGER,
    note TEXT, uuid TEXT UNIQUE);
CREATE TABLE items (id INTEGER PRIMARY KEY, order_id INTEGER, valid INTEGER, note TEXT);
INSERT INTO orders VALUES (0,10,1,0,'a','u0'),(1,11,1,0,'b','u1'),(2,12,1,0,'id','u2'),
    (3,13,0,0,'','u3'),(7,17,1,0,'x','u7');
INSERT INTO items VALUES (0,7,1,'a'),(1,7,1,'b'),(2,7,1,'c'),(3,7,1,'d'),(7,1,1,'e');
"""
_HEADS = (
    *(
        "DELETE FROM orders",
        "DELETE FROM items",
        "UPDATE orders SET note = 'n'",
        "DELETE FROM orders o",
    ),
    *("UPDATE items SET note = note || 'n'", "SELECT * FROM orders", "SELECT note FROM items"),
    *(
        'DELETE FROM "orders"',
        "UPDATE OR REPLACE orders SET id = 1",
        "UPDATE items SET id = id + 9",
    ),
    *(
        "REPLACE INTO orders VALUES (1,12,0,0,'r','u7')",
        "INSERT INTO items (note) SELECT note FROM orders",
    ),
    *(
        "INSERT INTO items (note) VALUES ('a'), ('b')",
        "INSERT OR REPLACE INTO items VALUES (1,1,1,'')",
    ),
    *("WITH x AS (SELECT 1) DELETE FROM items", "EXPLAIN DELETE FROM items", "DROP TABLE items"),
    *(
        "PRAGMA writable_schema = 1",
        "VACUUM",
        "CREATE TABLE t (a)",
        "SELECT 1",
        "SELECT '\\'",
        "BEGIN",
    ),
    *(
        "INSERT INTO items (id) VALUES (1) ON CONFLICT DO UPDATE SET note = 'c'",
        "SELECT `'`",
        "COMMIT",
    ),
)
_COLUMNS = (
    *(
        "id",
        "id",
        "id",
        "order_id",
        "uuid",
        "paid",
        "void",
        "valid",
        "note",
        '"id"',
        "`id`",
        "[id]",
    ),
    *(
        "orders.id",
        "items.id",
        "o.id",
        "rowid",
        "ID",
        "'id'",
        "+id",
        "(id)",
        "id COLLATE NOCASE",
        "1",
    ),
)
_VALUES = (
    *("7", "7", "1", "0", "'7'", "'u7'", '"id"', "'id'", '"7"', "1.0", "-1", "id", "NULL", "(7)"),
    *("7 /* or */", "7 -- x", "7 OR 1", "7 # x", "'\\' OR 1=1 --'", "'it''s'", "X'37'", "?", "$1"),
    *(
        "1e0",
        "''",
        "7 /*! OR 1 */",
        "7 OR id = 8",
        "CAST(7 AS INT)",
        "abs(-7)",
        "7 LIMIT 2",
        "TRUE",
    ),
)
_OPERATORS = (
    "=",
    "=",
    "=",
    "=",
    "==",
    "<>",
    ">",
    "IS",
    "IS NOT",
    "LIKE",
    "!=",
    "= +",
    "= -",
    "<=>",
)
_JOINS = (" AND ", " AND ", " OR ", " AND NOT ", ", ", " || ", " and(", ") AND (", " -- x\n AND ")
_ENDS = (
    *("", "", "", "", ";", "; DELETE FROM items", " RETURNING *", " LIMIT 1", " ORDER BY id", "\n"),
    *(
        "; SELECT 1",
        " DELETE FROM items",
        "; -- DELETE FROM items",
        ";\nDELETE FROM items",
        " -- '",
    ),
    *(
        " /* ; DELETE FROM items */",
        "\n.shell touch x",
        " UNION SELECT 1",
        " */; DELETE FROM items",
    ),
)


def one_plain_text(dice: random.Random) -> str:
    """Make a statement that may well be bounded: what it compares is the question."""
    head = dice.choice(_HEADS[:5])
    parts = [
        f"{dice.choice(_COLUMNS[:8])} = {dice.choice(_VALUES[:9])}"
        if dice.random() < 0.8
        else f"{dice.choice(_COLUMNS[:8])} IN ({dice.choice(_VALUES[:8])}, {dice.choice('1237')})"
        for _ in range(dice.choice((1, 1, 1, 2)))
    ]
    return f"{head} WHERE {' AND '.join(parts)}{dice.choice(_ENDS[:10])}"


def one_text(dice: random.Random) -> str:
    """Make a text of one statement, or of a few."""
    text = dice.choice(_HEADS)
    if dice.random() < 0.85:
        text += " WHERE " + _condition(dice)
        while dice.random() < 0.25:
            text += dice.choice(_JOINS) + _condition(dice)
    text += dice.choice(_ENDS) if dice.random() < 0.5 else ""
    return text + ("; " + one_text(dice) if dice.random() < 0.15 else "")


def _condition(dice: random.Random) -> str:
    column = dice.choice(_COLUMNS)
    if dice.random() < 0.25:
        values = ", ".join(dice.choice(_VALUES) for _ in range(dice.choice((1, 2, 3))))
        return f"{column} IN ({values})"
    if dice.random() < 0.05:
        return f"{column} IN (SELECT id FROM items)"
    return f"{column} {dice.choice(_OPERATORS)} {dice.choice(_VALUES)}"


def judged(text: str) -> Command:
    """Read a text as a call's argument is read."""
    command = read_sql(Shaped(path="/sql", language=Language.SQL, text=text))
    assert command is not None
    return command


def rows_changed_by(text: str) -> int:
    """Run a text; return how many rows are others afterwards, and tables, each for one."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    try:
        database.executescript(_TABLES)
        before = _rows(database)
        database.set_authorizer(_deny_files)
        for statement in _statements(text):
            try:
                database.execute(statement, [7] * 9 if "?" in statement else [])
            except (sqlite3.Error, sqlite3.Warning):
                break
        database.set_authorizer(None)
        after = _rows(database)
        added, gone = after - before, before - after
        # A row that is another one now is one that came and one that went.
        return max(added.total(), gone.total())
    finally:
        database.close()


def _statements(text: str) -> list[str]:
    """Part a text as sqlite does."""
    found: list[str] = []
    begun = ""
    for piece in text.split(";"):
        begun += piece + ";"
        if sqlite3.complete_statement(begun):
            found.append(begun)
            begun = ""
    return [*found, begun]


def _deny_files(action: int, *_: object) -> int:
    opens = action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH)
    return sqlite3.SQLITE_DENY if opens else sqlite3.SQLITE_OK


def _rows(database: sqlite3.Connection) -> Counter[tuple[object, ...]]:
    found: Counter[tuple[object, ...]] = Counter()
    tables = database.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
    for name, sql in tables:
        found[("table", name, sql)] += 1
        quoted = str(name).replace('"', '""')
        for row in database.execute(f'SELECT rowid, * FROM "{quoted}"'):
            found[(name, *row)] += 1
    return found


def is_bounded(text: str) -> bool:
    """Tell whether more is said of it than that it may do anything."""
    command = judged(text)
    return command.understood and not (command.changes and command.count is None)


def wrong(text: str) -> str:
    """Return what a text changed beyond what was said of it; empty where nothing."""
    command = judged(text)
    if not is_bounded(text):
        return ""
    changed = rows_changed_by(text)
    if changed and not command.changes:
        return f"reads only, and changed {changed} rows"
    if command.count is not None and changed > command.count:
        return f"bound {command.count}, and changed {changed} rows"
    return ""
