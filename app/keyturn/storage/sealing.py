"""The one place that changes a sealed table: the row and its seals in one transaction.

Rows are read as bytes and compared with their seals before anything reads them as texts, so that
what another program wrote is neither trusted nor able to stop the start.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from keyturn.application.ports.seals import SEALED_TABLES, TableChanged
from keyturn.domain.errors import DamagedDatabase, KeyturnError, SecretStoreUnavailable
from keyturn.domain.seal import (
    Columns,
    SealedRows,
    check,
    is_whole,
    row_seal,
    set_seal,
    shown_hash,
)
from keyturn.storage.writer import Writer

Row = tuple[str, ...]
Cells = tuple[str | bytes, ...]
"""A row to write: one table has a column of bytes."""
Change = tuple[Sequence[Cells], Sequence[Row]]
"""Rows to put in, and keys of rows to take out."""

_SETS = "SELECT count(*) FROM seal_sets"
_WAS_SEALED = "SELECT 1 FROM events WHERE type = 'seal' LIMIT 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    columns: tuple[str, ...]
    keys: int
    """How many of the columns, from the first, are the key."""


_TABLES: Mapping[str, _Table] = MappingProxyType(
    {
        "rules": _Table(columns=("id", "data"), keys=1),
        "servers": _Table(columns=("name", "data"), keys=1),
        "consents": _Table(columns=("server", "launch_hash", "subject", "agreed_at"), keys=2),
        "closures": _Table(columns=("server", "launch_hash", "closure_hash", "files"), keys=2),
        "pins": _Table(columns=("server", "launch_hash", "tool", "data"), keys=3),
        "agents": _Table(columns=("name", "data"), keys=1),
        "sights": _Table(columns=("kind", "name", "data"), keys=2),
        "settings": _Table(columns=("name", "value"), keys=1),
    }
)
_LEARNED = ("hold_budget:", "hold_in_all:")
_OWN_NOTES = frozenset({"entries_to_remove", "owned_by_console", "http_port", "pin_in_use"})
"""With what was learned: settings that no person made and that cannot loosen anything."""
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
        self.on_change: Callable[[], None] = lambda: None
        """Called on the loop when a set got another number."""

    # ---------------------------------------------------------------- the port

    async def sealed(self) -> bool:
        """Tell whether this profile was ever sealed."""

        def look(connection: sqlite3.Connection) -> bool:
            return bool(connection.execute(_SETS).fetchone()[0]) or bool(
                connection.execute(_WAS_SEALED).fetchone()
            )

        return await self._writer.run(look, changes=False)

    def leave_open(self) -> None:
        """Count every row and seal none."""
        self._open = True

    def use(self, key: bytes, numbers: Mapping[str, int]) -> None:
        """Seal under a key from now on."""
        self._key, self._open = key, False
        self._numbers = {name: numbers.get(name, 0) for name in SEALED_TABLES}

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
                kept = {_key_of(table, row) for row in check(key, table, found, least=least).rows}
                for row_key in found.rows.keys() - kept:
                    _delete(connection, table, row_key)
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
        return tuple(_texts(row) for row in await self.columns(table))

    async def columns(self, table: str) -> tuple[Columns, ...]:
        """Return the rows that count, as bytes."""
        key, least, opened = self._key, self._numbers.get(table, 0), self._open

        def read(connection: sqlite3.Connection) -> tuple[Columns, ...]:
            if opened:
                return tuple(_rows(connection, table).values())
            if key is None:
                return ()
            return check(key, table, _found(connection, table), least=least).rows

        return await self._writer.run(read, changes=False)

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
            raise _no_key()

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

    async def keys_of(self, table: str, first: str) -> tuple[Row, ...]:
        """Return the keys of a table that begin with a text, of rows that count or not."""

        def read(connection: sqlite3.Connection) -> tuple[Row, ...]:
            keys = (_key_of(table, row) for row in _rows(connection, table).values())
            return tuple(_texts(key) for key in keys if key[0] == first.encode())

        return await self._writer.run(read, changes=False)

    def _took(self, numbers: Mapping[str, int]) -> None:
        for table, number in numbers.items():
            self._numbers[table] = max(self._numbers.get(table, 0), number)
        if numbers:
            self.on_change()

    def _needed_key(self) -> bytes:
        if self._key is None:
            raise _no_key()
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
    number, seal, seals = _found_seals(connection, table)
    if not is_whole(key, table, number, seals, seal, least=least):
        if put:
            raise _changed_outside(table)
        return 0
    for gone in removed:
        seals.pop(_bytes(gone), None)
    for row in put:
        columns = _bytes(row)
        seals[_key_of(table, columns)] = row_seal(key, table, columns)
    return _write_seals(connection, key, table, number + 1, seals)


def _change_rows(
    connection: sqlite3.Connection, table: str, put: Sequence[Cells], removed: Sequence[Row]
) -> int:
    out = sum(_delete(connection, table, _bytes(key)) for key in removed)
    marks = ", ".join("?" * len(_TABLES[table].columns))
    connection.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", put)
    return out


def _delete(connection: sqlite3.Connection, table: str, key: Columns) -> int:
    shape = _TABLES[table]
    where = " AND ".join(f"CAST({name} AS BLOB) = ?" for name in shape.columns[: shape.keys])
    return connection.execute(f"DELETE FROM {table} WHERE {where}", key).rowcount


def _seal_rows(connection: sqlite3.Connection, key: bytes, table: str, number: int) -> int:
    """Seal a table as it is."""
    rows = _rows(connection, table)
    seals = {row_key: row_seal(key, table, row) for row_key, row in rows.items()}
    return _write_seals(connection, key, table, number + 1, seals)


def _write_seals(
    connection: sqlite3.Connection,
    key: bytes,
    table: str,
    number: int,
    seals: Mapping[Columns, bytes],
) -> int:
    connection.execute("DELETE FROM seals WHERE name = ?", (table,))
    connection.executemany(
        "INSERT INTO seals VALUES (?, ?, ?)",
        [(table, _packed(row_key), seal) for row_key, seal in seals.items()],
    )
    connection.execute(
        "INSERT OR REPLACE INTO seal_sets VALUES (?, ?, ?)",
        (table, number, set_seal(key, table, number, seals)),
    )
    return number


def _found(connection: sqlite3.Connection, table: str) -> SealedRows:
    number, seal, seals = _found_seals(connection, table)
    return SealedRows(rows=_rows(connection, table), seals=seals, number=number, seal=seal)


def _found_seals(
    connection: sqlite3.Connection, table: str
) -> tuple[int, bytes, dict[Columns, bytes]]:
    row = connection.execute(
        "SELECT number, seal FROM seal_sets WHERE name = ?", (table,)
    ).fetchone()
    number, seal = row if row is not None else (0, b"")
    seals = connection.execute("SELECT row_key, seal FROM seals WHERE name = ?", (table,))
    return max(number, 0), seal, {_unpacked(packed): mark for packed, mark in seals}


def _rows(connection: sqlite3.Connection, table: str) -> dict[Columns, Columns]:
    shape = _TABLES[table]
    columns = ", ".join(f"CAST({name} AS BLOB)" for name in shape.columns)
    order = ", ".join(str(number + 1) for number in range(shape.keys))
    rows: list[Columns] = connection.execute(
        f"SELECT {columns} FROM {table} ORDER BY {order}"
    ).fetchall()
    found = {row[: shape.keys]: row for row in rows}
    if table == "settings":
        return {key: row for key, row in found.items() if is_sealed_setting(_lossy(key[0]))}
    return found


def _lossy(name: bytes) -> str:
    return name.decode(errors="replace")


def _key_of(table: str, row: Columns) -> Columns:
    return row[: _TABLES[table].keys]


def _bytes(row: Cells) -> Columns:
    return tuple(cell if isinstance(cell, bytes) else cell.encode() for cell in row)


def _texts(row: Columns) -> Row:
    try:
        return tuple(part.decode() for part in row)
    except UnicodeDecodeError as fault:
        raise DamagedDatabase(
            "A row of the database is no text.",
            cause=f"{fault.reason}.",
            mend="Put a backup of the profile in its place.",
        ) from fault


def _packed(key: Columns) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in key)


def _unpacked(packed: bytes) -> Columns:
    """Take a key apart; of what nobody packed so comes a key that no row has."""
    parts: list[bytes] = []
    at = 0
    while at < len(packed):
        length = int.from_bytes(packed[at : at + 4], "big")
        parts.append(packed[at + 4 : at + 4 + length])
        at += 4 + length
    return tuple(parts)


def _no_key() -> SecretStoreUnavailable:
    return SecretStoreUnavailable(
        "The keychain is locked, so nothing can be sealed and nothing was saved.",
        mend="Unlock the keychain, then press Unlock in Rules.",
    )


def _changed_outside(table: str) -> KeyturnError:
    return KeyturnError(
        "Another program changed what is saved here, so nothing was saved.",
        cause=f"The table {table} is not as Keyturn sealed it.",
        mend="Look at what differs in Rules first.",
    )
