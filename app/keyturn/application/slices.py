"""Owns the pauses of work that is long in all: the loop serves the stop and others in between."""

import asyncio
from collections.abc import Generator
from typing import TypeVar

_T = TypeVar("_T")
SLICE_SECONDS = 0.002


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


async def in_slices(work: Generator[None, None, _T], slices: Slices) -> _T:
    """Do work that comes in pieces, after what has used some of the slice up already.

    Whoever goes on with it has a part of a slice at least.
    """
    while True:
        await slices.pause()
        try:
            next(work)
        except StopIteration as end:
            done: _T = end.value
            break
    await slices.pause()
    return done


def at_once(work: Generator[None, None, _T]) -> _T:
    """Do work that comes in pieces without any pause."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            done: _T = end.value
            return done
