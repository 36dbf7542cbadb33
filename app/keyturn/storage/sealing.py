"""The one place that changes a sealed table: the row and its seals in one transaction.

Rows are read as bytes and compared with their seals before anything reads them as texts, so that
what another program wrote is neither trusted nor able to stop the start.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from types import MappingProxyType

from keyturn.application.ports.seals import SEALED_TABLES, TableChanged
from keyturn.domain.seal import (
    KEY_BYTES,
    Checked,
    Columns,
    SealedRows,
    check,
    is_whole,
    row_seal,
    shown_hash,
)
from keyturn.storage.seal_rows import (
    Cells,
    Row,
    as_bytes,
    as_texts,
    changed_outside,
    found_seals,
    lossy,
    no_key,
    write_seals,
)
from keyturn.storage.stand_ins import stand_ins
from keyturn.storage.writer import Writer

Change = tuple[Sequence[Cells], Sequence[Row]]
"""Rows to put in, and keys of rows to take out."""

_TRACES = (
    "SELECT 1 FROM seal_sets LIMIT 1",
    "SELECT 1 FROM seals LIMIT 1",
    "SELECT 1 FROM events WHERE type = 'seal' LIMIT 1",
    # Last, because it reads all of a log in which there is none.
    """SELECT 1 FROM records WHERE instr(body, CAST('"type":"seal"' AS BLOB)) LIMIT 1""",
)
"""What a seal leaves behind; any of it can be taken away by whoever can write the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    columns: tuple[str, ...]
    keys: int
    """How many of the columns, from the first, are the key."""


_TABLES: Mapping[str, _Table] = MappingProxyType(
    {
        "rules": _Table(columns=("id", "data"), keys=1),
        "rule_uses": _Table(columns=("rule", "uses"), keys=1),
        "servers": _Table(columns=("name", "data"), keys=1),
        "consents": _Table(columns=("server", "launch_hash", "subject", "agreed_at"), keys=2),
        "closures": _Table(columns=("server", "launch_hash", "closure_hash", "files"), keys=2),
        "pins": _Table(columns=("server", "launch_hash", "tool", "data"), keys=3),
        "agents": _Table(columns=("name", "data"), keys=1),
        "sights": _Table(columns=("kind", "name", "data"), keys=2),
        "step_ups": _Table(columns=("agent", "server", "cause", "data"), keys=3),
        "settings": _Table(columns=("name", "value"), keys=1),
        "access_looks": _Table(columns=("kind", "name", "data"), keys=2),
    }
)
_LEARNED = ("hold_budget:", "hold_in_all:")
_OWN_NOTES = frozenset({"entries_to_remove", "owned_by_console", "http_port"})
"""With what was learned: settings that no person made and that let no call through."""
_FARTHEST = 2**20
"""How far beyond what is known the number of a set is followed that is not proven."""


class SqliteSeals:
    """Reads and changes the sealed tables; until it has a key, no row of them counts."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._key: bytes | None = None
        self._open = False
        self._numbers: dict[str, int] = {}
        """The least that each set may have: what the keychain or a change of ours said."""
        self._doubted: set[str] = set()
        self.on_change: Callable[[], None] = lambda: None
        """Called on the loop when a set got another number."""

    # ---------------------------------------------------------------- the port

    async def sealed(self) -> bool:
        """Tell whether this profile was ever sealed."""

        def look(connection: sqlite3.Connection) -> bool:
            return any(connection.execute(trace).fetchone() for trace in _TRACES)

        return await self._writer.run(look, changes=False)

    async def filled(self) -> bool:
        """Tell whether there is any row that would count, whoever wrote it."""

        def look(connection: sqlite3.Connection) -> bool:
            return any(_rows(connection, name) for name in SEALED_TABLES)

        return await self._writer.run(look, changes=False)

    def leave_open(self) -> None:
        """Count every row and seal none."""
        self._open = True

    def use(self, key: bytes, numbers: Mapping[str, int]) -> None:
        """Seal under a key from now on."""
        self._key, self._open = key, False
        self._numbers = {name: numbers.get(name, 0) for name in SEALED_TABLES}

    def derived_key(self, purpose: bytes) -> bytes | None:
        """Return a key for something else than seals; None while there is none of theirs."""
        if not self._key:
            return None
        return blake2b(purpose, key=self._key, digest_size=KEY_BYTES).digest()

    async def seal_all(self, tables: Sequence[str]) -> None:
        """Seal every row of some tables as it is."""
        key = self._needed_key()

        def seal(connection: sqlite3.Connection) -> dict[str, int]:
            return {name: _seal_rows(connection, key, name, 0) for name in tables}

        self._took(await self._writer.run(seal, changes=True))

    async def changed(self) -> tuple[TableChanged, ...]:
        """Compare every table with its seals."""
        if self._key is None:
            return ()
        key, least = self._key, dict(self._numbers)

        def look(connection: sqlite3.Connection) -> tuple[TableChanged, ...]:
            return tuple(
                found
                for name in SEALED_TABLES
                if (found := _what_changed(connection, key, name, least[name])) is not None
            )

        return await self._writer.run(look, changes=False)

    async def settle(self, table: str, shown: str, *, accept: bool) -> bool:
        """Seal a table as it is, or without what was not sealed."""
        key, least = self._needed_key(), self._numbers[table]

        def seal(connection: sqlite3.Connection) -> dict[str, int]:
            found = _found(connection, table)
            if shown_hash(found) != shown:
                return {}
            if not accept:
                _leave_out(connection, table, found, check(key, table, found, least=least))
            number = max(least, min(found.number, least + _FARTHEST))
            return {table: _seal_rows(connection, key, table, number)}

        numbers = await self._writer.run(seal, changes=True)
        self._took(numbers)
        return bool(numbers)

    def numbers(self) -> dict[str, int]:
        """Return the number that each set has."""
        return dict(self._numbers)

    # ---------------------------------------------------------------- rows

    async def rows(self, table: str) -> tuple[Row, ...]:
        """Return the rows that count; raises DamagedDatabase for a sealed one that is no text."""
        return tuple(as_texts(row) for row in await self.columns(table))

    async def columns(self, table: str) -> tuple[Columns, ...]:
        """Return the rows that count, as bytes."""
        key, least, opened = self._key, self._numbers.get(table, 0), self._open

        def read(connection: sqlite3.Connection) -> tuple[tuple[Columns, ...], bool]:
            if opened:
                return tuple(_rows(connection, table).values()), True
            if key is None:
                return (), True
            checked = check(key, table, _found(connection, table), least=least)
            return checked.rows, checked.sound

        rows, sound = await self._writer.run(read, changes=False)
        if not sound:
            self._doubted.add(table)
        return rows

    def doubted(self) -> frozenset[str]:
        """Return the tables of which less was read than there was, since this was asked last."""
        doubted = frozenset(self._doubted)
        self._doubted.clear()
        return doubted

    async def change(
        self, table: str, *, put: Sequence[Cells] = (), removed: Sequence[Row] = ()
    ) -> int:
        """Change one table; see `change_all`."""
        return await self.change_all({table: (put, removed)})

    async def change_all(self, changes: Mapping[str, Change]) -> int:
        """Change tables, all or none, and seal each set; return how many rows were taken out.

        Raises SecretStoreUnavailable without a key, KeyturnError when another program changed a
        table: a seal over that would agree to it. Taking out works all the same, unsealed.
        """
        key, least, opened = self._key, dict(self._numbers), self._open
        if key is None and not opened and any(put for put, _ in changes.values()):
            raise no_key()

        def write(connection: sqlite3.Connection) -> tuple[int, dict[str, int]]:
            out, numbers = 0, dict[str, int]()
            for table, (put, removed) in changes.items():
                if key is not None:
                    number = _change_seals(connection, key, table, least[table], put, removed)
                    numbers |= {table: number} if number else {}
                out += _change_rows(connection, table, put, removed)
            return out, numbers

        out, numbers = await self._writer.run(write, changes=True)
        self._took(numbers)
        return out

    async def count_up(self, table: str, name: str) -> None:
        """Add one to the number of a row, or make it with 1, and seal it; refuses as `change`."""
        key, least, opened = self._key, self._numbers.get(table, 0), self._open
        if key is None and not opened:
            raise no_key()

        def write(connection: sqlite3.Connection) -> dict[str, int]:
            number = _count_up(connection, key, table, least, name)
            return {table: number} if number else {}

        self._took(await self._writer.run(write, changes=True))

    async def keys_of(self, table: str, first: str) -> tuple[Row, ...]:
        """Return the keys of a table that begin with a text, of rows that count or not."""

        def read(connection: sqlite3.Connection) -> tuple[Row, ...]:
            keys = (_key_of(table, row) for row in _rows(connection, table).values())
            return tuple(as_texts(key) for key in keys if key[0] == first.encode())

        return await self._writer.run(read, changes=False)

    def _took(self, numbers: Mapping[str, int]) -> None:
        for table, number in numbers.items():
            self._numbers[table] = max(self._numbers.get(table, 0), number)
        if numbers:
            self.on_change()

    def _needed_key(self) -> bytes:
        if self._key is None:
            raise no_key()
        return self._key


def is_sealed_setting(name: str) -> bool:
    """Tell whether a setting is a person's."""
    return name not in _OWN_NOTES and not name.startswith(_LEARNED)


def what_changed(
    connection: sqlite3.Connection, key: bytes, numbers: Mapping[str, int]
) -> tuple[TableChanged, ...]:
    """Compare every sealed table of a database with its seals, for who only looks."""
    return tuple(
        found
        for name in SEALED_TABLES
        if (found := _what_changed(connection, key, name, numbers.get(name, 0))) is not None
    )


def _what_changed(
    connection: sqlite3.Connection, key: bytes, table: str, least: int
) -> TableChanged | None:
    found = _found(connection, table)
    checked = check(key, table, found, least=least)
    if checked.sound:
        return None
    return TableChanged(
        table=table, whole=checked.whole, findings=checked.findings, shown=shown_hash(found)
    )


def _change_seals(
    connection: sqlite3.Connection,
    key: bytes,
    table: str,
    least: int,
    put: Sequence[Cells],
    removed: Sequence[Row],
) -> int:
    """Seal a table as it will be; return the set's new number, 0 where it was not ours to seal."""
    number, seal, seals = found_seals(connection, table)
    if not is_whole(key, table, number, seals, seal, least=least):
        if put:
            raise changed_outside(table)
        return 0
    for gone in removed:
        seals.pop(as_bytes(gone), None)
    for row in put:
        columns = as_bytes(row)
        seals[_key_of(table, columns)] = row_seal(key, table, columns)
    return write_seals(connection, key, table, number + 1, seals)


def _count_up(
    connection: sqlite3.Connection, key: bytes | None, table: str, least: int, name: str
) -> int:
    """Count on from a row that holds; return the set's new number, 0 where nothing is sealed."""
    row_key, found, number = as_bytes((name,)), _found(connection, table), 0
    row = found.rows.get(row_key)
    put = [(name, str(1 + (int(row[-1]) if row is not None else 0)))]
    if key is not None:
        findings = check(key, table, found, least=least).findings
        if any(finding.key == row_key for finding in findings):
            raise changed_outside(table)
        number = _change_seals(connection, key, table, least, put, ())
    _change_rows(connection, table, put, ())
    return number


def _change_rows(
    connection: sqlite3.Connection, table: str, put: Sequence[Cells], removed: Sequence[Row]
) -> int:
    out = sum(_delete(connection, table, as_bytes(key)) for key in removed)
    marks = ", ".join("?" * len(_TABLES[table].columns))
    connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", put)
    return out


def _leave_out(
    connection: sqlite3.Connection, table: str, found: SealedRows, checked: Checked
) -> None:
    """Take out what does not count, and put in what hides as much as it may have hidden."""
    kept = {_key_of(table, row) for row in checked.rows}
    for row_key in found.rows.keys() - kept:
        _delete(connection, table, row_key)
    agents = _found(connection, "agents")
    _change_rows(connection, table, stand_ins(table, checked, {*agents.rows, *agents.seals}), ())


def _delete(connection: sqlite3.Connection, table: str, key: Columns) -> int:
    shape = _TABLES[table]
    where = " AND ".join(f"CAST({name} AS BLOB) = ?" for name in shape.columns[: shape.keys])
    return connection.execute(f"DELETE FROM {table} WHERE {where}", key).rowcount


def _seal_rows(connection: sqlite3.Connection, key: bytes, table: str, number: int) -> int:
    """Seal a table as it is."""
    rows = _rows(connection, table)
    seals = {row_key: row_seal(key, table, row) for row_key, row in rows.items()}
    return write_seals(connection, key, table, number + 1, seals)


def _found(connection: sqlite3.Connection, table: str) -> SealedRows:
    number, seal, seals = found_seals(connection, table)
    return SealedRows(rows=_rows(connection, table), seals=seals, number=number, seal=seal)


def _rows(connection: sqlite3.Connection, table: str) -> dict[Columns, Columns]:
    shape = _TABLES[table]
    columns = ", ".join(f"CAST({name} AS BLOB)" for name in shape.columns)
    order = ", ".join(str(number + 1) for number in range(shape.keys))
    rows: list[Columns] = connection.execute(
        f"SELECT {columns} FROM {table} ORDER BY {order}"
    ).fetchall()
    found = {row[: shape.keys]: row for row in rows}
    if table == "settings":
        return {key: row for key, row in found.items() if is_sealed_setting(lossy(key[0]))}
    return found


def _key_of(table: str, row: Columns) -> Columns:
    return row[: _TABLES[table].keys]
