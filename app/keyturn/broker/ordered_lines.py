"""Owns the order of what one end says while a large line of it is read elsewhere.

What comes after such a line waits for it, and the end is read no further; without one in the way
every line is handed on in the step in which it came.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from functools import partial
from io import BytesIO
from typing import Generic, Protocol, TypeVar

from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.application.slices import Slices, give_back
from keyturn.application.tasks import TaskOwner
from keyturn.broker.envelope import read_server
from keyturn.broker.frames import Oversize
from keyturn.broker.large_frames import LargeFrames, ReadFrame
from keyturn.broker.turns import PAYLOAD

R = TypeVar("R")


class HoldsReading(Protocol):
    """One end, as far as it can be read from."""

    def hold_reading(self, reason: str) -> None:
        """Read nothing for now."""
        ...

    def release_reading(self, reason: str) -> None:
        """Read again when no reason is left."""
        ...


class OrderedLines(Generic[R]):
    """Lines before who takes them."""

    def __init__(
        self,
        take: Callable[[bytes, R], None],
        end: HoldsReading,
        here: Callable[[bytes], R],
        elsewhere: Callable[[bytes], Awaitable[R]] | None,
        tasks: TaskOwner,
    ) -> None:
        """Read a line `here`, a large one `elsewhere` where there is such a place."""
        self._take = take
        self._end = end
        self._here = here
        self._elsewhere = elsewhere
        self._tasks = tasks
        self._behind: deque[Callable[[], object] | bytes] = deque()
        """What waits: large lines as such, all else as the step that hands it on."""
        self._free = asyncio.Event()
        self._free.set()

    def line(self, line: bytes) -> None:
        """Take one line with its end."""
        if self._elsewhere is not None and len(line) > LARGE_BYTES:
            self._behind.append(line)
            self._begin(self._elsewhere)
        elif self._free.is_set():
            self._take(line, self._here(line))
        else:
            self._behind.append(lambda: self._take(line, self._here(line)))

    def afterwards(self, step: Callable[[], object]) -> None:
        """Do something once what came before is handed on; at once where nothing waits."""
        if self._free.is_set():
            step()
        else:
            self._behind.append(step)

    async def settle(self, seconds: float) -> None:
        """Wait until nothing waits any more, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._free.wait()
        except TimeoutError:
            return

    def _begin(self, elsewhere: Callable[[bytes], Awaitable[R]]) -> None:
        if not self._free.is_set():
            return
        self._free.clear()
        self._end.hold_reading(PAYLOAD)
        self._tasks.start(self._work_off(elsewhere), "large line")

    async def _work_off(self, elsewhere: Callable[[bytes], Awaitable[R]]) -> None:
        slices = Slices()
        try:
            while self._behind:
                step = self._behind.popleft()
                if isinstance(step, bytes):
                    self._take(step, await elsewhere(step))
                    spent = BytesIO(step)
                    del step
                    await give_back(spent)
                else:
                    step()
                await slices.pause()
        except asyncio.CancelledError:
            self._behind.clear()
            raise
        finally:
            self._free.set()
            if self._behind:
                # After a surprise in one of them the rest is handed on all the same.
                self._begin(elsewhere)
            else:
                self._end.release_reading(PAYLOAD)


class FrameReceiver(HoldsReading, Protocol):
    """What takes what a server says."""

    def frame(self, line: bytes, read: ReadFrame) -> None:
        """Take one line with its end, and what was read in it."""
        ...

    def oversize(self, line: Oversize) -> None:
        """Be told of a line that was too long and is gone."""
        ...

    def ended(self) -> None:
        """Be told once that nothing more will come."""
        ...


class ServerLines(OrderedLines[ReadFrame]):
    """A server's lines, with what else there is to be told of them."""

    def __init__(
        self, receiver: FrameReceiver, frames: LargeFrames | None, tasks: TaskOwner, agent: str
    ) -> None:
        """Without `frames` all is read where it comes in; `agent` is for whom the server runs."""
        elsewhere = partial(frames.read, agent=agent) if frames is not None else None
        super().__init__(receiver.frame, receiver, _read, elsewhere, tasks)
        self._receiver = receiver

    def oversize(self, line: Oversize) -> None:
        """Be told of a line that was too long and is gone."""
        self.afterwards(lambda: self._receiver.oversize(line))

    def ended(self) -> None:
        """Be told once that nothing more will come."""
        self.afterwards(self._receiver.ended)


def _read(line: bytes) -> ReadFrame:
    return ReadFrame(read_server(line))
