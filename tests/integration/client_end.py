"""The client's end of a link in memory: what was written to it, and whether it is read from."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import msgspec

from keyturn.broker.parted_lines import Written

SECONDS = 60.0
"""No wait of a test is longer."""


class ClientEnd:
    """The client's end in memory: what was written to it, and whether it is read from."""

    def __init__(self) -> None:
        self.written: list[Written] = []
        self.holds: set[str] = set()
        self.deaf = False
        """Put in to have nobody read the answers any more."""
        self.closed = asyncio.Event()
        self._arrived = asyncio.Event()

    @property
    def lines(self) -> list[bytes]:
        """Everything that was written so far, each line in one piece."""
        return list(map(joined, self.written))

    def send(self, line: Written) -> None:
        """Keep a line."""
        self.written.append(line)
        self._arrived.set()

    def hears(self, request_id: str | int) -> bool:
        """Tell whether anybody still reads."""
        return not self.deaf

    def server_paused(self, request_id: str | int, retry: float | None, *, ended: bool) -> None:
        """Ignore it."""

    def unanswered(self, request_id: str | int) -> None:
        """Ignore it."""

    def hold_reading(self, reason: str) -> None:
        """Remember the reason."""
        self.holds.add(reason)

    def release_reading(self, reason: str) -> None:
        """Forget the reason."""
        self.holds.discard(reason)

    def close(self) -> None:
        """Remember it."""
        self.closed.set()

    async def wait_for(self, found: Callable[[bytes], bool]) -> bytes:
        """Return the first line that fits, waiting for it."""
        return joined(await self.wait_for_written(lambda line: found(joined(line))))

    async def wait_for_written(self, found: Callable[[Written], bool]) -> Written:
        """Return the same, as it was written."""
        async with asyncio.timeout(SECONDS):
            while True:
                for line in self.written:
                    if found(line):
                        return line
                self._arrived.clear()
                await self._arrived.wait()

    def answers(self) -> list[dict[str, Any]]:
        """Return everything that was written so far, decoded."""
        return [json.loads(line) for line in self.lines]

    async def answer_to(self, request_id: str | int) -> dict[str, Any]:
        """Return the response to a request, waiting for it."""
        return json.loads(await self.wait_for(lambda line: _answers(line, request_id)))


def joined(line: Written) -> bytes:
    """Return a line in one piece."""
    return line if isinstance(line, bytes) else b"".join(line.parts)


def _answers(line: bytes, request_id: str | int) -> bool:
    try:
        frame = msgspec.json.decode(line, type=_Answer)
    except msgspec.DecodeError:
        return False
    return frame.method is None and frame.id == request_id


class _Answer(msgspec.Struct):
    id: Any = None
    method: str | None = None
