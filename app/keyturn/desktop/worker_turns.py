"""Owns whose payload a free worker takes next: of those that wait each in turn, not who came first.

Whoever has most to read would have all workers else. One has a second worker only while nobody
else waits, so that what comes from another waits for one of its payloads at most.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

MOST_WAITING = 64
"""Of one name; beyond these a payload counts as not inspected at once."""


@dataclass(slots=True, eq=False)
class _Waiting:
    done: asyncio.Event = field(default_factory=asyncio.Event)
    let_in: bool = False


class WorkerTurns:
    """Hands out so many places, for as long as each is worked in."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._working: Counter[str] = Counter()
        self._lines: dict[str, deque[_Waiting]] = {}
        self._turns = 0
        self._last: dict[str, int] = {}
        """Number of the last turn that each name had; there are as many as agents."""

    @asynccontextmanager
    async def turn(self, agent: str) -> AsyncGenerator[bool]:
        """Wait for a place; False where too many of that name wait already, or none is left.

        `agent` is as of the Workers port: all that share a name before a slash share its turns.
        """
        name = agent.partition("/")[0]
        if not await self._wait(name):
            yield False
            return
        try:
            yield True
        finally:
            self._leave(name)

    def close(self) -> None:
        """Let nobody wait any longer."""
        for line in self._lines.values():
            for one in line:
                one.done.set()
        self._lines.clear()

    async def _wait(self, name: str) -> bool:
        line = self._lines.setdefault(name, deque())
        if len(line) >= MOST_WAITING:
            return False
        one = _Waiting()
        line.append(one)
        self._hand_out()
        try:
            await one.done.wait()
        except asyncio.CancelledError:
            if one.let_in:
                self._leave(name)
            raise
        finally:
            if one in line:
                line.remove(one)
                self._forget(name)
        return one.let_in

    def _leave(self, name: str) -> None:
        self._free += 1
        self._working[name] -= 1
        self._working += Counter()  # forgets who has nothing there any more
        self._hand_out()

    def _hand_out(self) -> None:
        while self._free and self._lines:
            name = self._next()
            one = self._lines[name].popleft()
            self._forget(name)
            self._turns += 1
            self._last[name] = self._turns
            self._free -= 1
            self._working[name] += 1
            one.let_in = True
            one.done.set()

    def _next(self) -> str:
        """Return who has least in work, of those with as little whose last turn is longest ago."""
        return min(self._lines, key=lambda name: (self._working[name], self._last.get(name, 0)))

    def _forget(self, name: str) -> None:
        if name in self._lines and not self._lines[name]:
            del self._lines[name]
