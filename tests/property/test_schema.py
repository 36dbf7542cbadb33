"""Any other schema is found by both looks of `verify`, and no record is lost over it unseen.

What a program with the file and SQLite can do to the schema, drawn at random: triggers of every
kind, views, renamed and replaced tables, tables, indexes and columns more, by statements or by hand
in `sqlite_master`, with the version of the schema put back or not.
"""

import asyncio
import contextlib
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.domain.errors import LogUnavailable
from keyturn.domain.record import Entry
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.verification import Finding, verify
from tests.examples import many
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision, delivery, event

TABLES = ("records", "calls", "events", "arguments", "checkpoints")
TABLE = st.sampled_from(TABLES)
BODIES = (
    "SELECT RAISE(IGNORE)",
    "SELECT 1",
    "DELETE FROM records WHERE seq = (SELECT max(seq) FROM records)",
    "DELETE FROM calls",
    "UPDATE calls SET outcome = 'denied_user'",
    "UPDATE records SET body = NULL",
    "INSERT INTO events SELECT 99999, '', '', '', '', '', '', '', '', '', ''",
)
Statements = tuple[str, ...]


@st.composite
def triggers(draw: st.DrawFn) -> Statements:
    """Draw a trigger on a table."""
    when = draw(st.sampled_from(["BEFORE", "AFTER"]))
    what = draw(st.sampled_from(["INSERT", "UPDATE", "DELETE"]))
    name = draw(st.sampled_from(["x", "news", "old", "records2"]))
    body = draw(st.sampled_from(BODIES))
    return (f"CREATE TRIGGER {name} {when} {what} ON {draw(TABLE)} BEGIN {body}; END",)


@st.composite
def views(draw: st.DrawFn) -> Statements:
    """Draw a view in the place of a table, with or without a trigger that takes its rows."""
    table = draw(TABLE)
    limit = draw(st.sampled_from(["", " LIMIT 1", " WHERE 0"]))
    statements = (
        f"ALTER TABLE {table} RENAME TO kept",
        f"CREATE VIEW {table} AS SELECT * FROM kept{limit}",
    )
    if draw(st.booleans()):
        return statements
    body = draw(st.sampled_from(BODIES[:2]))
    return (
        *statements,
        f"CREATE TRIGGER y INSTEAD OF INSERT ON {table} BEGIN {body}; END",
        f"CREATE TRIGGER z INSTEAD OF UPDATE ON {table} BEGIN {body}; END",
    )


@st.composite
def tables(draw: st.DrawFn) -> Statements:
    """Draw a table that is renamed, copied, replaced, widened or new, or an index that is."""
    table = draw(TABLE)
    return draw(
        st.sampled_from(
            [
                (f"ALTER TABLE {table} RENAME TO kept",),
                (
                    f"ALTER TABLE {table} RENAME TO kept",
                    f"CREATE TABLE {table} AS SELECT * FROM kept",
                    "DROP TABLE kept",
                ),
                (f"ALTER TABLE {table} ADD COLUMN more TEXT",),
                ("CREATE TABLE more (a)",),
                (f"CREATE TABLE more AS SELECT * FROM {table}",),
                (f"CREATE INDEX more ON {table} (1)",),
                ("CREATE VIEW more AS SELECT 1",),
                ("ANALYZE",),
                ("DROP INDEX calls_id", "CREATE INDEX calls_id ON calls (id)"),
            ]
        )
    )


BY_HAND = (
    "INSERT INTO sqlite_master VALUES ('trigger', 'x', 'records', 0, "
    "'CREATE TRIGGER x BEFORE INSERT ON records BEGIN SELECT RAISE(IGNORE); END')",
    "INSERT INTO sqlite_master VALUES ('table', 'calls', 'calls', 0, "
    "'CREATE TRIGGER x BEFORE INSERT ON calls BEGIN SELECT RAISE(IGNORE); END')",
    "UPDATE sqlite_master SET sql = replace(sql, 'BLOB', 'TEXT') WHERE name = 'records'",
    "UPDATE sqlite_master SET sql = sql || ' ' WHERE name = 'events'",
)
by_hand = st.sampled_from(BY_HAND).map(lambda edit: ("PRAGMA writable_schema = ON", edit))
CHANGES = st.one_of(triggers(), views(), tables(), by_hand)


def change(path: Path, statements: Sequence[str], *, keep_version: bool) -> None:
    """Change the schema as any program of the user could."""
    with closing(sqlite3.connect(path, timeout=5, isolation_level=None)) as connection:
        version = connection.execute("PRAGMA schema_version").fetchone()[0]
        connection.execute("BEGIN IMMEDIATE")
        for statement in statements:
            connection.execute(statement)
        if keep_version:
            connection.execute(f"PRAGMA schema_version = {version}")
        connection.execute("COMMIT")


@pytest.fixture(scope="module")
def sound() -> bytes:
    """Make one closed log of every kind of row."""
    with tempfile.TemporaryDirectory() as name:

        async def write() -> None:
            writer = open_writer(Path(name), FakeClock())
            log = SqliteDecisionLog(writer)
            for number in range(40):
                await log.commit(decision(f"c-{number}"))
                log.note(delivery(f"c-{number}"))
            await log.commit(event())
            await writer.close()

        asyncio.run(write())
        return (Path(name) / DATABASE_NAME).read_bytes()


@settings(max_examples=many(1.5), deadline=None)
@given(statements=CHANGES, keep_version=st.booleans(), deep=st.booleans())
def test_no_other_schema_is_sound(
    sound: bytes, statements: Statements, keep_version: bool, deep: bool
) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / DATABASE_NAME
        path.write_bytes(sound)
        change(path, statements, keep_version=keep_version)
        found = verify(path, deep=deep)
    # A file whose schema SQLite itself refuses cannot be read at all.
    assert found.code in (Finding.TAMPERED, Finding.UNREADABLE), found.sentence
    if not any("sqlite_master" in statement for statement in statements):
        assert found.code is Finding.TAMPERED, found.sentence


@settings(max_examples=many(0.6), deadline=None)
@given(
    statements=st.one_of(triggers(), views(), by_hand),
    keep_version=st.booleans(),
    entries=st.lists(
        st.integers(100, 900).map(lambda n: decision(f"c-{n}")), min_size=1, max_size=4
    ),
)
def test_what_is_said_to_be_recorded_is_in_the_file(
    statements: Statements, keep_version: bool, entries: list[Entry]
) -> None:
    """Commit while the schema changes: each number that comes back is a record that is there."""

    async def scenario(folder: Path) -> list[int]:
        writer = open_writer(folder, FakeClock())
        log = SqliteDecisionLog(writer)
        numbers = [await log.commit(decision("c-0"))]
        change(folder / DATABASE_NAME, statements, keep_version=keep_version)
        for entry in entries:
            with contextlib.suppress(LogUnavailable):
                numbers.append(await log.commit(entry))
        await writer.close()
        return numbers

    with tempfile.TemporaryDirectory() as name:
        numbers = asyncio.run(scenario(Path(name)))
        assert sorted(set(numbers)) == numbers
        if not keep_version and "writable_schema" not in statements[0]:
            assert numbers == [1]
        # In the bytes, because the schema that is there now may hide the rows.
        files = sorted(Path(name).iterdir())
        content = b"".join(file.read_bytes() for file in files)
        for number in numbers:
            assert f'"seq":{number},'.encode() in content
