"""Owns the table of learnt shapes of results; unsealed, because nothing rests on it."""

import json
import sqlite3
from dataclasses import dataclass

from keyturn.application.ports.stores import KeptShape
from keyturn.domain.canonical import JsonValue
from keyturn.storage.writer import Writer

_PUT = "INSERT OR REPLACE INTO result_shapes VALUES (?, ?, ?, ?)"


@dataclass(frozen=True, slots=True)
class SqliteShapeStore:
    """Implements ShapeStore."""

    writer: Writer

    async def shapes(self) -> tuple[KeptShape, ...]:
        """Return what was learnt; a row that cannot be read is none."""

        def read(connection: sqlite3.Connection) -> tuple[KeptShape, ...]:
            rows = connection.execute("SELECT server, tool, def_hash, lines FROM result_shapes")
            found = (_read(*row) for row in rows)
            return tuple(shape for shape in found if shape is not None)

        return await self.writer.run(read, changes=False)

    async def put_shape(self, shape: KeptShape) -> None:
        """Keep one."""
        row = (shape.server, shape.tool, shape.def_hash, json.dumps(shape.lines))

        def write(connection: sqlite3.Connection) -> None:
            connection.execute(_PUT, row)

        await self.writer.run(write, changes=True)


def _read(server: str, tool: str, def_hash: str, text: str) -> KeptShape | None:
    try:
        lines: JsonValue = json.loads(text)
    except ValueError:
        return None
    if not isinstance(lines, list):
        return None
    return KeptShape(server=server, tool=tool, def_hash=def_hash, lines=tuple(map(str, lines)))
