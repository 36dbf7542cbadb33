"""Random edits of a log's file: each one is found, or changed nothing that is kept."""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from keyturn.domain.decision import Outcome
from keyturn.domain.record import RecordType
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.verification import Finding, verify
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision, delivery, event, masked_decision

_EDITS = 300
_BYTES = 100
_TABLES = ("records", "arguments", "checkpoints", "calls", "events")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one closed log of 192 records.

    It ends at a multiple of 64, so that every checkpoint is one that must be there; the one that
    closing leaves elsewhere could be deleted without a trace, and without taking a record away.
    """
    folder = tmp_path_factory.mktemp("sound")

    async def write() -> None:
        writer = open_writer(folder, FakeClock())
        log = SqliteDecisionLog(writer)
        for n in range(70):
            outcome = Outcome.EXPIRED_NO_ANSWER if n % 9 == 0 else Outcome.ALLOWED_ONCE
            await log.commit(decision(f"c-{n}", outcome=outcome))
            if outcome.allows:
                log.note(delivery(f"c-{n}"))
            if n % 12 == 0:
                await log.commit(event(RecordType.REVIEW, outcome=f"reviewed-{n}"))
        number = await log.commit(masked_decision("c-masked", {"pin": "***"}, {"pin": "7"}))
        for n in range(number, 192):
            await log.commit(event(RecordType.REVIEW, outcome=f"reviewed-{n}"))
        await writer.close()

    asyncio.run(write())
    return folder / DATABASE_NAME


class Editor:
    """Makes one random edit of a row, as somebody with the file and SQLite could."""

    def __init__(self, connection: sqlite3.Connection, chance: random.Random) -> None:
        self._connection = connection
        self._chance = chance

    def edit(self) -> str:
        """Edit; return what was done."""
        table = self._chance.choice(_TABLES)
        kinds: list[Callable[[str], str]] = [self._delete, self._swap, self._change, self._change]
        return f"{table}: {self._chance.choice(kinds)(table)}"

    def _columns(self, table: str) -> list[str]:
        return [str(row[1]) for row in self._connection.execute(f"PRAGMA table_info({table})")]

    def _row(self, table: str) -> tuple[Any, ...]:
        rows = self._connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
        return self._chance.choice(rows)

    def _delete(self, table: str) -> str:
        key = self._row(table)[0]
        self._connection.execute(f"DELETE FROM {table} WHERE {self._columns(table)[0]} = ?", (key,))
        return f"delete {key}"

    def _swap(self, table: str) -> str:
        """Let two rows change places, whole."""
        name, *_ = self._columns(table)
        one = other = self._row(table)[0]
        while other == one:
            other = self._row(table)[0]
        for new, old in ((-1, one), (one, other), (other, -1)):
            self._connection.execute(f"UPDATE {table} SET {name} = ? WHERE {name} = ?", (new, old))
        return f"swap {one} {other}"

    def _change(self, table: str) -> str:
        columns = self._columns(table)
        key, *_ = row = self._row(table)
        at = self._chance.randrange(len(columns))
        value = self._other(row[at])
        if value == row[at]:
            return self._delete(table)
        try:
            self._connection.execute(
                f"UPDATE {table} SET {columns[at]} = ? WHERE {columns[0]} = ?", (value, key)
            )
        except sqlite3.IntegrityError:  # another row has that key
            return self._delete(table)
        return f"{columns[at]} of {key}: {row[at]!r} -> {value!r}"

    def _other(self, value: object) -> object:
        match value:
            case bytes():
                at, bit = self._chance.randrange(len(value)), 1 << self._chance.randrange(8)
                return value[:at] + bytes([value[at] ^ bit]) + value[at + 1 :]
            case str():
                return value + "x" if self._chance.random() < 0.5 or not value else value[1:]
            case int():
                return value + self._chance.choice((-1, 1, 1000))
            case _:
                return None


def test_edits_of_rows_are_all_found(sound: Path, tmp_path: Path, thorough: int) -> None:
    chance = random.Random(1)
    content = sound.read_bytes()
    path = tmp_path / DATABASE_NAME
    missed: list[str] = []
    for _ in range(_EDITS * thorough):
        path.write_bytes(content)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode = off")
            connection.execute("PRAGMA synchronous = off")
            done = Editor(connection, chance).edit()
        if verify(path, deep=True).code is not Finding.TAMPERED:
            missed.append(done)
    assert missed == []


@pytest.mark.requirement("H6")
def test_the_first_broken_row_is_named_whichever_it_is(sound: Path, tmp_path: Path) -> None:
    """Every record in turn, with none or some rows of any kind broken behind it."""
    chance = random.Random(3)
    content = sound.read_bytes()
    path = tmp_path / DATABASE_NAME
    rows = _rows_of(sound)
    wrong: list[str] = []
    for first in range(1, max(rows) + 1):
        behind = [seq for seq in rows if seq > first and chance.random() < 0.02]
        path.write_bytes(content)
        done = [_break(path, chance, seq, rows[seq]) for seq in (first, *behind)]
        found = verify(path, deep=True)
        if (found.code, found.first_bad) != (Finding.TAMPERED, first):
            wrong.append(f"{found.first_bad} for {done}")
    assert wrong == []


def _rows_of(path: Path) -> dict[int, list[str]]:
    """Name of each record the tables that have a row of it."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        tables = {
            table: {row[0] for row in connection.execute(f"SELECT seq FROM {table}")}
            for table in ("records", "arguments", "calls", "events")
        }
    return {
        seq: [table for table, rows in tables.items() if seq in rows] for seq in tables["records"]
    }


def _break(path: Path, chance: random.Random, seq: int, tables: list[str]) -> str:
    """Change one row of a record, in the table of records or in another one."""
    columns = {
        "records": ("body", "leaf", "chain"),
        "arguments": ("value", "salt"),
        "calls": ("outcome", "tool", "ts"),
        "events": ("outcome", "details", "actor"),
    }
    table = chance.choice(tables)
    column = chance.choice(columns[table])
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = off")
        connection.execute("PRAGMA synchronous = off")
        old = connection.execute(f"SELECT {column} FROM {table} WHERE seq = ?", (seq,)).fetchone()
        new = old[0] + (b"x" if isinstance(old[0], bytes) else "x")
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE seq = ?", (new, seq))
    return f"{table}.{column} of {seq}"


def test_flipped_bytes_of_the_file_are_found_or_change_nothing(
    sound: Path, tmp_path: Path, thorough: int
) -> None:
    chance = random.Random(2)
    content = sound.read_bytes()
    kept = _everything(sound)
    path = tmp_path / DATABASE_NAME
    for _ in range(_BYTES * thorough):
        at = chance.randrange(len(content))
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x40]) + content[at + 1 :])
        if verify(path, deep=True).code is Finding.SOUND:
            assert _everything(path) == kept, f"byte {at}"


def _everything(path: Path) -> list[list[tuple[Any, ...]]]:
    """Read all that the log keeps."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        return [
            connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in _TABLES
        ]
