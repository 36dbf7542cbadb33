"""A schema that somebody changed: nothing is written over it, read through it or called sound.

Each way of the writer is tried alone as well: the look at the schema, the refusal of detours, and
the look at what was written.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from keyturn.domain.errors import DamagedDatabase, LogUnavailable
from keyturn.domain.record import Durability
from keyturn.storage.database import open_for_writing
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.ledger import Ledger
from keyturn.storage.queries.history import HistoryQuery
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.schema import SchemaWatch, unknown_steps, what_is_missing, what_was_added
from keyturn.storage.verification import Finding, verify
from keyturn.storage.writer import Writer
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision, delivery, event

TABLES = ("records", "calls", "events", "arguments", "checkpoints")
SWALLOW = tuple(
    f"CREATE TRIGGER x_{table} BEFORE INSERT ON {table} BEGIN SELECT RAISE(IGNORE); END"
    for table in TABLES
)
SWALLOW_UPDATES = "CREATE TRIGGER x_up BEFORE UPDATE ON calls BEGIN SELECT RAISE(IGNORE); END"
TAKE_AWAY = (
    "CREATE TRIGGER x AFTER INSERT ON records BEGIN DELETE FROM records WHERE seq = new.seq; END"
)
VIEW = (
    "ALTER TABLE records RENAME TO kept",
    "CREATE VIEW records AS SELECT * FROM kept",
)
VIEW_THAT_TAKES = (
    *VIEW,
    "CREATE TRIGGER x INSTEAD OF INSERT ON records BEGIN SELECT 1; END",
)
DROPPING_TABLE = (
    "ALTER TABLE records RENAME TO kept",
    "CREATE TABLE records (seq INTEGER PRIMARY KEY, leaf BLOB, chain BLOB, body BLOB, "
    "more TEXT NOT NULL ON CONFLICT IGNORE)",
)
CHANGES: dict[str, tuple[str, ...]] = {
    "triggers that swallow": SWALLOW,
    "a trigger that swallows updates": (SWALLOW_UPDATES,),
    "a trigger that takes away": (TAKE_AWAY,),
    "a trigger on an agreement": ("CREATE TRIGGER x AFTER INSERT ON rules BEGIN SELECT 1; END",),
    "a view over the records": VIEW,
    "a view that takes rows": VIEW_THAT_TAKES,
    "a view over the history": (
        "ALTER TABLE calls RENAME TO kept",
        "CREATE VIEW calls AS SELECT * FROM kept WHERE outcome <> 'allowed_rule'",
    ),
    "a view of its own": ("CREATE VIEW more AS SELECT 1",),
    "a table that drops rows": DROPPING_TABLE,
    "a table of its own": ("CREATE TABLE more (a)",),
    "a column more": ("ALTER TABLE events ADD COLUMN more TEXT",),
    "an index more": ("CREATE UNIQUE INDEX more ON events (type)",),
    "an index that is another": (
        "DROP INDEX calls_id",
        "CREATE UNIQUE INDEX calls_id ON calls (id, seq)",
    ),
    "a trigger under the name of a table": (
        "DROP TABLE settings",
        "CREATE TRIGGER settings AFTER INSERT ON rules BEGIN SELECT 1; END",
    ),
}
changed = pytest.mark.parametrize("statements", CHANGES.values(), ids=CHANGES.keys())


def change(path: Path, *statements: str, keep_version: bool = False) -> None:
    """Change a database as any program of the user could."""
    with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as connection:
        version = connection.execute("PRAGMA schema_version").fetchone()[0]
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        if keep_version:
            connection.execute(f"PRAGMA schema_version = {version}")
        connection.execute("COMMIT")


def run(folder: Path, scenario: Callable[[Writer, SqliteDecisionLog], Awaitable[None]]) -> None:
    """Run a scenario with an open writer."""

    async def bounded() -> None:
        async with asyncio.timeout(20):
            writer = open_writer(folder, FakeClock())
            try:
                await scenario(writer, SqliteDecisionLog(writer))
            finally:
                await writer.close()

    asyncio.run(bounded())


async def fill(log: SqliteDecisionLog) -> None:
    """Write one record of each kind."""
    await log.commit(decision("c-1"))
    log.note(delivery("c-1"))
    await log.commit(event())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Make a closed log."""

    async def scenario(_: Writer, log: SqliteDecisionLog) -> None:
        await fill(log)

    run(tmp_path, scenario)
    return tmp_path / DATABASE_NAME


def test_a_new_database_has_the_known_schema_to_the_letter(tmp_path: Path) -> None:
    with closing(open_for_writing(tmp_path)) as connection:
        assert what_was_added(connection) == ""
        assert what_is_missing(connection) == ""
        assert unknown_steps(connection) == []


@pytest.mark.requirement("LAW-1")
@changed
@pytest.mark.parametrize("durability", Durability)
def test_a_writer_that_runs_records_nothing_over_it(
    tmp_path: Path, statements: tuple[str, ...], durability: Durability
) -> None:
    async def scenario(writer: Writer, log: SqliteDecisionLog) -> None:
        await fill(log)
        change(tmp_path / DATABASE_NAME, *statements)
        with pytest.raises(LogUnavailable) as caught:
            await log.commit(decision("c-2"), durability)
        assert "Another program" in caught.value.sentence
        assert "verify" in caught.value.mend
        with pytest.raises(LogUnavailable):
            await writer.run(save_a_setting, changes=True)

    run(tmp_path, scenario)


def save_a_setting(connection: sqlite3.Connection) -> None:
    """Change a row as a store does."""
    connection.execute("INSERT INTO settings VALUES ('a', '1')")


def test_it_goes_on_once_the_schema_is_the_known_one_again(tmp_path: Path) -> None:
    async def scenario(_: Writer, log: SqliteDecisionLog) -> None:
        await fill(log)
        change(tmp_path / DATABASE_NAME, *SWALLOW)
        with pytest.raises(LogUnavailable):
            await log.commit(decision("c-2"))
        change(tmp_path / DATABASE_NAME, *(f"DROP TRIGGER x_{table}" for table in TABLES))
        assert await log.commit(decision("c-3")) == 4

    run(tmp_path, scenario)
    assert verify(tmp_path / DATABASE_NAME, deep=True).code is Finding.SOUND


def test_a_new_version_of_the_same_schema_is_no_reason_to_refuse(tmp_path: Path) -> None:
    async def scenario(_: Writer, log: SqliteDecisionLog) -> None:
        await fill(log)
        change(tmp_path / DATABASE_NAME, "CREATE TABLE more (a)", "DROP TABLE more")
        assert await log.commit(decision("c-2")) == 4

    run(tmp_path, scenario)


def test_a_trigger_whose_trace_was_wiped_out_swallows_nothing(tmp_path: Path) -> None:
    async def scenario(_: Writer, log: SqliteDecisionLog) -> None:
        await fill(log)
        change(tmp_path / DATABASE_NAME, *SWALLOW, SWALLOW_UPDATES, keep_version=True)
        assert await log.commit(decision("c-2")) == 4
        with closing(sqlite3.connect(tmp_path / DATABASE_NAME)) as connection:
            found = connection.execute("SELECT seq FROM calls WHERE id = 'c-2'").fetchall()
        assert found == [(4,)]

    run(tmp_path, scenario)
    assert verify(tmp_path / DATABASE_NAME).code is Finding.TAMPERED


@pytest.mark.parametrize(
    "statements", [SWALLOW, (SWALLOW_UPDATES,), (TAKE_AWAY,), VIEW, VIEW_THAT_TAKES, DROPPING_TABLE]
)
def test_a_statement_is_refused_or_seen_to_fail_without_a_look_at_the_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, statements: tuple[str, ...]
) -> None:
    def blind(_: SchemaWatch) -> None:
        pass

    monkeypatch.setattr(SchemaWatch, "look", blind)

    async def scenario(_: Writer, log: SqliteDecisionLog) -> None:
        await fill(log)
        change(tmp_path / DATABASE_NAME, *statements)
        log.note(delivery("c-1"))
        with pytest.raises(LogUnavailable):
            await log.commit(decision("c-2"))

    run(tmp_path, scenario)


@pytest.mark.parametrize(
    "statements", [*((one,) for one in SWALLOW[:4]), (TAKE_AWAY,), VIEW_THAT_TAKES, DROPPING_TABLE]
)
def test_what_was_written_is_looked_at_even_on_a_connection_that_refuses_nothing(
    tmp_path: Path, statements: tuple[str, ...]
) -> None:
    with closing(open_for_writing(tmp_path)) as connection:
        ledger = Ledger(connection, FakeClock())
        connection.set_authorizer(None)
        connection.execute("BEGIN IMMEDIATE")
        ledger.append([decision("c-1")])
        connection.execute("COMMIT")
        change(tmp_path / DATABASE_NAME, *statements)
        connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogUnavailable):
            ledger.append([decision("c-2"), event()])
        connection.execute("ROLLBACK")


@changed
def test_a_database_with_it_is_not_opened(path: Path, statements: tuple[str, ...]) -> None:
    change(path, *statements)
    with pytest.raises(DamagedDatabase) as caught:
        open_for_writing(path.parent)
    assert caught.value.mend


@changed
@pytest.mark.parametrize("deep", [False, True])
def test_verify_says_what_it_is(path: Path, statements: tuple[str, ...], deep: bool) -> None:
    change(path, *statements)
    found = verify(path, deep=deep)
    assert (found.code, found.first_bad) == (Finding.TAMPERED, None), found.sentence
    assert "which" in found.sentence


@pytest.mark.parametrize("deep", [False, True])
def test_verify_sees_it_while_a_broker_runs(tmp_path: Path, deep: bool) -> None:
    async def scenario(_: Writer, log: SqliteDecisionLog) -> None:
        await fill(log)
        assert verify(tmp_path / DATABASE_NAME, deep=deep).code is Finding.SOUND
        change(tmp_path / DATABASE_NAME, *SWALLOW)
        assert verify(tmp_path / DATABASE_NAME, deep=deep).code is Finding.TAMPERED

    run(tmp_path, scenario)


def test_a_name_that_somebody_chose_is_not_printed_as_it_is(path: Path) -> None:
    change(path, 'CREATE TABLE "\x1b[2J\u202eevil' + "x" * 500 + '" (a)')
    sentence = verify(path).sentence
    assert sentence.isascii()
    assert sentence.isprintable()
    assert len(sentence) < 250


def test_a_newer_schema_is_called_newer(path: Path) -> None:
    change(
        path,
        "INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('keyturn', '9999_tomorrow')",
        "CREATE TABLE more (a)",
    )
    found = verify(path)
    assert found.code is Finding.UNREADABLE
    assert "9999_tomorrow" in found.sentence


_BACK_TO_THE_FIRST_STEP = (
    "ALTER TABLE calls DROP COLUMN method",
    "DELETE FROM _sqlite_migrations WHERE name = '0002_methods_of_calls'",
)


def test_an_older_schema_is_called_older(path: Path) -> None:
    change(path, *_BACK_TO_THE_FIRST_STEP)
    found = verify(path)
    assert found.code is Finding.UNREADABLE
    assert "0002_methods_of_calls" in found.sentence


def test_an_older_database_is_brought_forward_and_stays_sound(path: Path) -> None:
    change(path, *_BACK_TO_THE_FIRST_STEP)
    open_for_writing(path.parent).close()
    assert verify(path, deep=True).code is Finding.SOUND
    with closing(HistoryQuery(path)) as history:
        assert {item.method for item in history.page().items} == {""}


@pytest.mark.parametrize("name", ["calls", "records", "arguments"])
def test_the_history_is_not_read_through_a_view(path: Path, name: str) -> None:
    copy = Path(shutil.copy(path, path.with_name("copy.db")))
    change(copy, f"ALTER TABLE {name} RENAME TO kept", f"CREATE VIEW {name} AS SELECT * FROM kept")
    with (
        closing(HistoryQuery(path)) as honest,
        closing(HistoryQuery(copy)) as fooled,
    ):
        assert honest.detail("c-1")
        with pytest.raises(sqlite3.DatabaseError):
            fooled.detail("c-1")
