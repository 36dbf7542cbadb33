"""Owns the order of what a server says while a large frame of it is read elsewhere.

What comes after such a frame waits for it, and the server is read no further; without one in the
way every line is handed on in the step in which it came.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.application.slices import Slices
from keyturn.application.tasks import TaskOwner
from keyturn.broker.envelope import read_server
from keyturn.broker.frames import Oversize
from keyturn.broker.large_frames import LargeFrames, ReadFrame
from keyturn.broker.turns import PAYLOAD


class FrameReceiver(Protocol):
    """What takes what a server says."""

    def frame(self, line: bytes, read: ReadFrame) -> None:
        """Take one line with its end, and what was read in it."""
        ...

    def hold_reading(self, reason: str) -> None:
        """Read nothing from the server for now."""
        ...

    def release_reading(self, reason: str) -> None:
        """Read again when no reason is left."""
        ...

    def oversize(self, line: Oversize) -> None:
        """Be told of a line that was too long and is gone."""
        ...

    def ended(self) -> None:
        """Be told once that nothing more will come."""
        ...


class OrderedLines:
    """A line receiver before another one."""

    def __init__(
        self, receiver: FrameReceiver, frames: LargeFrames | None, tasks: TaskOwner
    ) -> None:
        """Without `frames` all is read where it comes in."""
        self._receiver = receiver
        self._frames = frames
        self._tasks = tasks
        self._behind: deque[Callable[[], None] | bytes] = deque()
        """What waits: large lines as such, all else as the step that hands it on."""
        self._free = asyncio.Event()
        self._free.set()

    def line(self, line: bytes) -> None:
        """Take one line with its end."""
        if self._frames is not None and len(line) > LARGE_BYTES:
            self._behind.append(line)
            self._begin(self._frames)
        elif self._free.is_set():
            self._receiver.frame(line, ReadFrame(read_server(line)))
        else:
            self._behind.append(lambda: self._receiver.frame(line, ReadFrame(read_server(line))))

    def oversize(self, line: Oversize) -> None:
        """Be told of a line that was too long and is gone."""
        self._in_order(lambda: self._receiver.oversize(line))

    def ended(self) -> None:
        """Be told once that nothing more will come."""
        self._in_order(self._receiver.ended)

    async def settle(self, seconds: float) -> None:
        """Wait until nothing waits any more, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._free.wait()
        except TimeoutError:
            return

    def _in_order(self, step: Callable[[], None]) -> None:
        if self._free.is_set():
            step()
        else:
            self._behind.append(step)

    def _begin(self, frames: LargeFrames) -> None:
        if not self._free.is_set():
            return
        self._free.clear()
        self._receiver.hold_reading(PAYLOAD)
        self._tasks.start(self._work_off(frames), "large frame of a server")

    async def _work_off(self, frames: LargeFrames) -> None:
        slices = Slices()
        try:
            while self._behind:
                step = self._behind.popleft()
                if isinstance(step, bytes):
                    self._receiver.frame(step, await frames.read(step))
                else:
                    step()
                await slices.pause()
        finally:
            self._behind.clear()
            self._free.set()
            self._receiver.release_reading(PAYLOAD)
