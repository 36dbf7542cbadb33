"""Fingerprints of secrets that results held, in a table of their own; values are nowhere."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from keyturn.domain.canonical import JsonObject, Parsed, canonical, parse_strict
from keyturn.domain.flow import PRINT_BYTES, Reading
from keyturn.storage.writer import Writer

_TEXTS = ("kind", "server", "tool", "agent", "session", "at")
_ALL = (
    "SELECT CAST(fingerprint AS BLOB), characters, CAST(reading AS BLOB) FROM sensitive_values "
    "ORDER BY number"
)
_KEEP = (
    "INSERT INTO sensitive_values (fingerprint, characters, reading) VALUES (?, ?, ?) "
    "ON CONFLICT (fingerprint) DO NOTHING"
)
_FORGET = (
    "DELETE FROM sensitive_values WHERE number <= "
    "(SELECT number FROM sensitive_values ORDER BY number DESC LIMIT 1 OFFSET ?)"
)


@dataclass(frozen=True, slots=True)
class SqliteFlowStore:
    """`FlowStore` over the profile's database; unsealed, because nothing is allowed by it."""

    writer: Writer

    async def readings(self) -> Sequence[tuple[bytes, int, Reading]]:
        """Return what is kept, the first read first; rows that cannot be read are left out."""

        def read(connection: sqlite3.Connection) -> list[tuple[bytes, int, Reading]]:
            return [row for row in map(_read, connection.execute(_ALL)) if row is not None]

        return await self.writer.run(read, changes=False)

    async def keep(self, rows: Sequence[tuple[bytes, int, Reading]], *, most: int) -> None:
        """Keep more, the first reading of each, and of all the `most` that were kept last."""
        written = [(known, length, _text(reading)) for known, length, reading in rows]

        def write(connection: sqlite3.Connection) -> None:
            connection.executemany(_KEEP, written)
            connection.execute(_FORGET, (most,))

        await self.writer.run(write, changes=True)


def _read(row: tuple[object, ...]) -> tuple[bytes, int, Reading] | None:
    match row:
        case (bytes(known), int(length), bytes(text)) if len(known) == PRINT_BYTES:
            reading = _reading(text.decode(errors="replace"))
            return None if reading is None else (known, length, reading)
        case _:
            return None


def _text(reading: Reading) -> str:
    data: JsonObject = {name: getattr(reading, name) for name in (*_TEXTS, "result")}
    return canonical(data).decode()


def _reading(text: str) -> Reading | None:
    parsed = parse_strict(text)
    data = parsed.value if isinstance(parsed, Parsed) else None
    if not isinstance(data, dict):
        return None
    texts = {name: value for name in _TEXTS if isinstance(value := data.get(name), str)}
    result = data.get("result")
    if len(texts) != len(_TEXTS) or not isinstance(result, int):
        return None
    return Reading(result=result, **texts)
