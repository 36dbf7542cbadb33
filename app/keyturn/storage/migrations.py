"""The schema of a profile's database, as numbered steps that only go forward.

A step that was ever released is never edited; the next change is a new step.
"""

from sqlite_utils import Database, Migrations

MIGRATIONS = Migrations("keyturn")

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


STEPS = ("0001_log_history_and_agreements",)
"""Every step that this version knows, in order."""


@MIGRATIONS(name=STEPS[0])
def first(database: Database) -> None:
    """Create the log, its side table and checkpoints, the history over it, and the agreements."""
    for statement in (*_LOG, *_HISTORY, *_AGREED):
        database.execute(statement)  # pyright: ignore[reportUnknownMemberType]  # partly typed
