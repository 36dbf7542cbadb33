"""Owns the pauses of work that is long in all: the loop serves the stop and others in between."""

import asyncio
import sys
from collections.abc import Generator
from io import BytesIO
from typing import TypeVar

_T = TypeVar("_T")
SLICE_SECONDS = 0.002
GIVEN_BACK_AT_ONCE = 16 * 1024 * 1024
"""Bytes of memory whose return to the system takes a small part of a slice; of 60 MB it takes 2 to
6 ms."""
_ONLY_HERE = 2
"""References to an object that nobody else has: of who holds it, and of who counts."""


class Slices:
    """Counts from its making, and from each pause on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + SLICE_SECONDS
        self.paused = False
        """Others have had their turn in between."""

    async def pause(self) -> None:
        """Let the loop go on once a slice is used up."""
        if self._loop.time() >= self._due:
            self.paused = True
            await asyncio.sleep(0)
            self._due = self._loop.time() + SLICE_SECONDS


async def in_slices(work: Generator[None, None, _T], slices: Slices, *, apart: bool = False) -> _T:
    """Do work that comes in pieces.

    With `apart` what came before may have used some of the slice up, and whoever goes on with it
    has a part of one at least; without, what is one piece keeps its place among others like it.
    """
    if apart:
        await slices.pause()
    while True:
        try:
            next(work)
        except StopIteration as end:
            done: _T = end.value
            break
        await slices.pause()
    if apart:
        await slices.pause()
    return done


async def give_back(spent: BytesIO) -> None:
    """Give the memory of a long text back, in several steps that are no one else's.

    `BytesIO(text)` is that text, not a copy. Whoever else still has it keeps it as it is, and is
    the one to give it back.
    """
    await asyncio.sleep(0)
    size = len(spent.getvalue())
    if sys.getrefcount(spent.getvalue()) == _ONLY_HERE:
        while size > GIVEN_BACK_AT_ONCE:
            # It becomes shorter where it is, once less than half of it is left.
            size = size // 2 - 1
            spent.truncate(size)
            await asyncio.sleep(0)
    spent.close()
    await asyncio.sleep(0)


def at_once(work: Generator[None, None, _T]) -> _T:
    """Do work that comes in pieces without any pause."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            done: _T = end.value
            return done
