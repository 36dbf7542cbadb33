"""The schema of a profile's database, and that the file has it and nothing beside it.

A program with the user's rights can open the file. A trigger could swallow what is written, a view
could hide what is read, and a table of another make could drop rows, each without any error. So the
whole of `sqlite_master` is compared, and no statement of ours runs over a trigger or a view.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from functools import cache
from types import MappingProxyType
from typing import TypeAlias

from keyturn.domain.errors import LogUnavailable, Said, filled

_LOG = (
    """
    CREATE TABLE profile (
        name  TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    # body is NULL once retention has taken it; leaf and chain stay, so the chain stays whole.
    """
    CREATE TABLE records (
        seq   INTEGER PRIMARY KEY,
        leaf  BLOB NOT NULL,
        chain BLOB NOT NULL,
        body  BLOB
    ) STRICT
    """,
    """
    CREATE TABLE arguments (
        seq    INTEGER NOT NULL,
        path   TEXT NOT NULL,
        salt   BLOB NOT NULL,
        value  BLOB NOT NULL,
        masked INTEGER NOT NULL,
        PRIMARY KEY (seq, path)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE checkpoints (
        size      INTEGER PRIMARY KEY,
        root      BLOB NOT NULL,
        chain     BLOB NOT NULL,
        peaks     BLOB NOT NULL,
        key       TEXT,
        signature BLOB
    ) STRICT
    """,
)
_HISTORY = (
    """
    CREATE TABLE calls (
        seq          INTEGER PRIMARY KEY,
        id           TEXT NOT NULL,
        ts           TEXT NOT NULL,
        agent        TEXT NOT NULL,
        session      TEXT NOT NULL,
        server       TEXT NOT NULL,
        tool         TEXT NOT NULL,
        tier         TEXT NOT NULL,
        outcome      TEXT NOT NULL,
        actor        TEXT NOT NULL,
        rule_id      TEXT NOT NULL,
        rule_name    TEXT NOT NULL,
        decide_ms    INTEGER NOT NULL,
        decisive     TEXT NOT NULL,
        hidden       INTEGER NOT NULL,
        digest       TEXT NOT NULL,
        route        TEXT NOT NULL,
        delivery_seq INTEGER,
        delivery     TEXT,
        result       TEXT
    ) STRICT
    """,
    # No index for the filters: pages go by seq, a filter that nothing matches scans a million rows
    # in 0.15 s, and each index costs every decision one more page in the WAL before its call.
    "CREATE UNIQUE INDEX calls_id ON calls (id)",
    """
    CREATE TABLE events (
        seq     INTEGER PRIMARY KEY,
        type    TEXT NOT NULL,
        ts      TEXT NOT NULL,
        call    TEXT NOT NULL,
        agent   TEXT NOT NULL,
        session TEXT NOT NULL,
        server  TEXT NOT NULL,
        tool    TEXT NOT NULL,
        outcome TEXT NOT NULL,
        actor   TEXT NOT NULL,
        details TEXT NOT NULL
    ) STRICT
    """,
)
_AGREED = (
    "CREATE TABLE rules (id TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT",
    "CREATE TABLE servers (name TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT",
    """
    CREATE TABLE consents (
        server      TEXT NOT NULL,
        launch_hash TEXT NOT NULL,
        subject     TEXT NOT NULL,
        agreed_at   TEXT NOT NULL,
        PRIMARY KEY (server, launch_hash)
    ) STRICT
    """,
    """
    CREATE TABLE pins (
        server      TEXT NOT NULL,
        launch_hash TEXT NOT NULL,
        tool        TEXT NOT NULL,
        data        TEXT NOT NULL,
        PRIMARY KEY (server, launch_hash, tool)
    ) STRICT
    """,
    "CREATE TABLE agents (name TEXT PRIMARY KEY, data TEXT NOT NULL) STRICT",
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
)
_METHODS = ("ALTER TABLE calls ADD COLUMN method TEXT NOT NULL DEFAULT ''",)
"""Empty for the calls of tools, which are all that was judged before."""
_SEALS = (
    """
    CREATE TABLE seals (
        name    TEXT NOT NULL,
        row_key BLOB NOT NULL,
        seal    BLOB NOT NULL,
        PRIMARY KEY (name, row_key)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE seal_sets (
        name   TEXT PRIMARY KEY,
        number INTEGER NOT NULL,
        seal   BLOB NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)
_CLOSURES = (
    """
    CREATE TABLE closures (
        server       TEXT NOT NULL,
        launch_hash  TEXT NOT NULL,
        closure_hash TEXT NOT NULL,
        files        BLOB NOT NULL,
        PRIMARY KEY (server, launch_hash)
    ) STRICT
    """,
)
"""Of consents: the files that the command loads."""
_USES = ("CREATE TABLE rule_uses (rule TEXT PRIMARY KEY, uses INTEGER NOT NULL) STRICT",)
"""How often rules allowed whose uses are limited; without a rule of that id for those of a FILE."""
_SIGHTS = (
    """
    CREATE TABLE sights (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (kind, name)
    ) STRICT
    """,
)
"""What agents see, and the profiles of tasks. An agent's outlives its enrolment."""
_LAST_USES = (
    """
    CREATE TABLE last_uses (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        uses INTEGER NOT NULL,
        last TEXT NOT NULL,
        PRIMARY KEY (kind, name)
    ) STRICT
    """,
)
"""How often rules decided, and when last; nothing rests on it."""
_SENSITIVE_VALUES = (
    """
    CREATE TABLE sensitive_values (
        number INTEGER PRIMARY KEY,
        fingerprint BLOB NOT NULL UNIQUE,
        characters INTEGER NOT NULL,
        reading TEXT NOT NULL
    ) STRICT
    """,
)
"""Secrets that results held, as fingerprints under a key of the keychain; none allows anything."""
_STEP_UPS = (
    """
    CREATE TABLE step_ups (
        agent  TEXT NOT NULL,
        server TEXT NOT NULL,
        cause  TEXT NOT NULL,
        data   TEXT NOT NULL,
        PRIMARY KEY (agent, server, cause)
    ) STRICT
    """,
)
"""What changed around agents, and what of it a person has looked at."""
_ACCESS_LOOKS = (
    """
    CREATE TABLE access_looks (
        kind TEXT NOT NULL,
        name TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (kind, name)
    ) STRICT
    """,
)
"""Since when what gives access stands as it does, and when a person last kept it."""
_RESULT_SHAPES = (
    """
    CREATE TABLE result_shapes (
        server   TEXT NOT NULL,
        tool     TEXT NOT NULL,
        def_hash TEXT NOT NULL,
        lines    TEXT NOT NULL,
        PRIMARY KEY (server, tool, def_hash)
    ) STRICT
    """,
)
"""The shapes of results, learnt; nothing rests on them."""
STEPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "0001_log_history_and_agreements": (*_LOG, *_HISTORY, *_AGREED),
        "0002_methods_of_calls": _METHODS,
        "0003_closures": _CLOSURES,
        "0004_uses_of_rules": _USES,
        "0005_seals": _SEALS,
        "0007_sights": _SIGHTS,
        "0008_last_uses": _LAST_USES,
        "0009_step_ups": _STEP_UPS,
        "0010_access_looks": _ACCESS_LOOKS,
        "0012_result_shapes": _RESULT_SHAPES,
        "0013_sensitive_values": _SENSITIVE_VALUES,
    }
)
"""Every step that this version knows, in order. One that was ever released is never edited."""
_BOOKKEEPING = (
    """CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
)""",
    """CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name")""",
)
"""Where sqlite-utils notes the steps that were taken, to the letter as it makes it."""

_Object: TypeAlias = tuple[str, str, str, str | None]
"""Type, name, table and SQL, as `sqlite_master` has them."""
_OBJECTS = "SELECT type, name, tbl_name, sql FROM main.sqlite_master"
_MOST_OF_A_NAME = 60


class SchemaWatch:
    """Begins the writer's transactions, each on the known schema or not at all."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Watch the database of a connection; the first look compares."""
        self._connection = connection
        self._compared: int | None = None

    def begin(self) -> None:
        """Lock out every other writer; raises LogUnavailable, inside, when the schema is another.

        SQLite counts the changes of the schema, so the comparison is made after a change only.
        """
        self._connection.execute("BEGIN IMMEDIATE")
        self.look()

    def look(self) -> None:
        """Raise LogUnavailable when the schema is another; the caller holds the lock."""
        version = self._connection.execute("PRAGMA schema_version").fetchone()[0]
        if version == self._compared:
            return
        found = what_was_added(self._connection) or what_is_missing(self._connection)
        if found:
            raise LogUnavailable(
                "Another program changed the database, so nothing is recorded and nothing is sent.",
                cause=filled("The database {found}.", found=found),
                mend="Run `keyturn verify`, then put a backup of the profile in its place.",
            )
        self._compared = version


def refuse_detours(connection: sqlite3.Connection) -> None:
    """Let every statement of a connection fail that would run a trigger or read through a view.

    SQLite asks while it prepares a statement, so this costs nothing later and holds whenever it
    reads the schema anew. Statements of ours must not name a subquery by WITH: SQLite tells such a
    name in the same place.
    """
    connection.set_authorizer(_authorize)


def what_was_added(connection: sqlite3.Connection) -> Said | str:
    """Say what the database has that Keyturn did not make so; empty when there is nothing."""
    added = _objects(connection) - _expected()
    if not added:
        return ""
    kind, name, *_ = min(added)
    known = any((kind, name) == expected[:2] for expected in _expected())
    kind, name = _printable(kind), _printable(name)
    if known:
        return filled(
            "has the {kind} {name}, which was not made by Keyturn in this form",
            kind=kind,
            name=name,
        )
    return filled("has the {kind} {name}, which Keyturn does not make", kind=kind, name=name)


def what_is_missing(connection: sqlite3.Connection) -> Said | str:
    """Say what the database lacks; empty when it is all there."""
    missing = _expected() - _objects(connection)
    if not missing:
        return ""
    kind, name, *_ = min(missing, key=lambda lost: lost[:2])
    return filled("lacks the {kind} {name}", kind=kind, name=name)


def unknown_steps(connection: sqlite3.Connection) -> list[str]:
    """Name the steps that a newer version took."""
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'keyturn'")
    return sorted({str(row[0]) for row in rows} - set(STEPS))


def missing_steps(connection: sqlite3.Connection) -> list[str]:
    """Name the steps that an older version did not take."""
    rows = connection.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'keyturn'")
    return sorted(set(STEPS) - {str(row[0]) for row in rows})


def _authorize(
    _action: int, _first: str | None, _second: str | None, _database: str | None, by: str | None
) -> int:
    return sqlite3.SQLITE_OK if by is None else sqlite3.SQLITE_DENY


def _objects(connection: sqlite3.Connection) -> Counter[_Object]:
    return Counter(map(tuple, connection.execute(_OBJECTS)))


@cache
def _expected() -> Counter[_Object]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for statements in (_BOOKKEEPING, *STEPS.values()):
            for statement in statements:
                connection.execute(statement)
        return _objects(connection)


def _printable(name: str) -> str:
    """Show a name that somebody else chose."""
    return ascii(name[:_MOST_OF_A_NAME])[1:-1]
