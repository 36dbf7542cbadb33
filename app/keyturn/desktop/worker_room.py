"""Owns the room for payloads that wait for a worker or are worked on: whose it is, and who is next.

What finds none waits in line a while, as its connection is not read meanwhile. The line is bounded
too, by bytes: beyond it a payload counts as not inspected at once.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

MOST_BYTES = 256 * 1024 * 1024
"""Of payloads that have room, and again of those in line, beside one that is let in alone."""
MOST_OF_AGENT_BYTES = MOST_BYTES // 4
"""Of one agent, beside one that is let in alone: as long as the longest frame, and always the same,
so that no agent's large calls depend on how many others are busy."""
MOST_OF_NAME_BYTES = MOST_BYTES // 2
"""Of all that share a name, `NAME/...`, as those do that proved none; and of one name in line."""


@dataclass(slots=True, eq=False)
class _InLine:
    size: int
    agent: str
    done: asyncio.Event = field(default_factory=asyncio.Event)
    let_in: bool = False


class WorkerRoom:
    """Lets payloads in, each for as long as it is worked on."""

    def __init__(self) -> None:
        self._bytes = 0
        self._of: Counter[str] = Counter()
        """Of these, by agent and by name."""
        self._line: list[_InLine] = []

    @asynccontextmanager
    async def place(self, size: int, agent: str, seconds: float) -> AsyncGenerator[bool]:
        """Wait for room, at most so long; False where there is none."""
        if self._fits(size, agent):
            self._count(size, agent)
        elif not self._line_takes(size, agent) or not await self._wait(size, agent, seconds):
            yield False
            return
        try:
            yield True
        finally:
            self._leave(size, agent)

    def close(self) -> None:
        """Let nobody wait any longer."""
        for one in self._line:
            one.done.set()
        self._line.clear()

    def _fits(self, size: int, agent: str) -> bool:
        return (
            _within(self._bytes, size, MOST_BYTES)
            and _within(self._of[agent], size, MOST_OF_AGENT_BYTES)
            and _within(self._of[_name_of(agent)], size, MOST_OF_NAME_BYTES)
        )

    def _line_takes(self, size: int, agent: str) -> bool:
        name = _name_of(agent)
        own = sum(one.size for one in self._line if _name_of(one.agent) == name)
        in_all = sum(one.size for one in self._line)
        return _within(in_all, size, MOST_BYTES) and _within(own, size, MOST_OF_NAME_BYTES)

    def _leave(self, size: int, agent: str) -> None:
        self._count(-size, agent)
        self._of += Counter()  # forgets who has nothing there any more
        for one in tuple(self._line):
            if self._fits(one.size, one.agent):
                self._count(one.size, one.agent)
                self._line.remove(one)
                one.let_in = True
                one.done.set()

    def _count(self, size: int, agent: str) -> None:
        self._bytes += size
        for whose in {agent, _name_of(agent)}:
            self._of[whose] += size

    async def _wait(self, size: int, agent: str, seconds: float) -> bool:
        one = _InLine(size, agent)
        self._line.append(one)
        try:
            async with asyncio.timeout(seconds):
                await one.done.wait()
        except TimeoutError:
            pass
        except asyncio.CancelledError:
            if one.let_in:
                self._leave(size, agent)
            raise
        finally:
            if one in self._line:
                self._line.remove(one)
        return one.let_in


def _name_of(agent: str) -> str:
    return agent.partition("/")[0]


def _within(has: int, size: int, most: int) -> bool:
    """Tell whether more fits in; the first is let in alone, whatever its size."""
    return not has or has + size <= most
