"""Owns which shape the results of each tool have that declares none, learnt from what came.

Nothing rests on it: another shape is marked in the history, and the result is handed on.
"""

import asyncio
from collections import OrderedDict

from keyturn.application.ports.stores import KeptShape, ShapeStore
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.result_shape import SAME_TO_PIN, Shape, changes

MOST_LEARNING = 1_000
"""Tools whose shape is not known yet; the ones longest unused are forgotten."""
MOST_KEPT = 5_000
MOST_TOLD = 5
_Key = tuple[str, str, str]


class ResultShapes:
    """The shapes by server, tool and definition; without a store for as long as it lives."""

    def __init__(self, store: ShapeStore | None = None) -> None:
        self._store = store
        self._pinned: dict[_Key, Shape] = {}
        self._learning: OrderedDict[_Key, tuple[Shape, int]] = OrderedDict()
        self._loading = asyncio.Lock()
        self._loaded = store is None

    async def noted(self, server: str, definition: ToolDefinition, seen: Shape) -> JsonObject:
        """Take one result's shape; return what a record says of it, which is mostly nothing."""
        if not self._loaded:
            await self._load()
        key = (server, definition.name, definition.def_hash)
        pinned = self._pinned.get(key)
        if pinned is None:
            await self._learn(key, seen)
            return {}
        if pinned == seen:
            return {}
        new, gone = changes(pinned, seen)
        details: JsonObject = {"shape": "changed"}
        for name, lines in (("shape_new", new), ("shape_gone", gone)):
            if lines:
                told: list[JsonValue] = [*lines[:MOST_TOLD]]
                details[name] = told
        return details

    async def _learn(self, key: _Key, seen: Shape) -> None:
        before, count = self._learning.pop(key, (seen, 0))
        count = count + 1 if before == seen else 1
        if count < SAME_TO_PIN:
            self._learning[key] = (seen, count)
            while len(self._learning) > MOST_LEARNING:
                self._learning.popitem(last=False)
            return
        if len(self._pinned) < MOST_KEPT:
            self._pinned[key] = seen
            if self._store is not None:
                server, tool, def_hash = key
                await self._store.put_shape(
                    KeptShape(server=server, tool=tool, def_hash=def_hash, lines=seen)
                )

    async def _load(self) -> None:
        async with self._loading:
            if not self._loaded and self._store is not None:
                kept = await self._store.shapes()
                self._pinned = {(one.server, one.tool, one.def_hash): one.lines for one in kept}
                self._loaded = True
