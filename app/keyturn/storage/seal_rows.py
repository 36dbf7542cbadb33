"""Owns how seals stand in the database: their two tables, and keys and rows as bytes."""

import sqlite3
from collections.abc import Mapping

from keyturn.domain.errors import DamagedDatabase, KeyturnError, SecretStoreUnavailable, filled
from keyturn.domain.seal import Columns, set_seal

Row = tuple[str, ...]
Cells = tuple[str | bytes, ...]
"""A row to write: one table has a column of bytes."""


def write_seals(
    connection: sqlite3.Connection,
    key: bytes,
    table: str,
    number: int,
    seals: Mapping[Columns, bytes],
) -> int:
    """Write the seals of a table and the one of its set; return its number."""
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


def found_seals(
    connection: sqlite3.Connection, table: str
) -> tuple[int, bytes, dict[Columns, bytes]]:
    """Read the number, the seal and the seals of rows of a table, whoever wrote them."""
    row = connection.execute(
        "SELECT number, seal FROM seal_sets WHERE name = ?", (table,)
    ).fetchone()
    number, seal = row if row is not None else (0, b"")
    seals = connection.execute("SELECT row_key, seal FROM seals WHERE name = ?", (table,))
    return max(number, 0), seal, {_unpacked(packed): mark for packed, mark in seals}


def lossy(name: bytes) -> str:
    """Return a name for comparing, whatever its bytes are."""
    return name.decode(errors="replace")


def as_bytes(row: Cells) -> Columns:
    """Return a row as the bytes that it is read as."""
    return tuple(cell if isinstance(cell, bytes) else cell.encode() for cell in row)


def as_texts(row: Columns) -> Row:
    """Return a row as texts; raises DamagedDatabase for what is none."""
    try:
        return tuple(part.decode() for part in row)
    except UnicodeDecodeError as fault:
        raise DamagedDatabase(
            "A row of the database is no text.",
            cause=filled("{reason}.", reason=fault.reason),
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


def no_key() -> SecretStoreUnavailable:
    """Make the refusal to seal without a key."""
    return SecretStoreUnavailable(
        "The keychain is locked, so nothing can be sealed and nothing was saved.",
        mend="Unlock the keychain, then press Unlock in Rules.",
    )


def changed_outside(table: str) -> KeyturnError:
    """Make the refusal to seal over what another program wrote."""
    return KeyturnError(
        "Another program changed what is saved here, so nothing was saved.",
        cause=filled("The table {table} is not as Keyturn sealed it.", table=table),
        mend="Look at what differs in Rules first.",
    )
