"""Owns the pauses of work that is long in all: the loop serves the stop and others in between."""

import asyncio

SLICE_SECONDS = 0.002


class Slices:
    """Counts from its making, and from each pause on."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + SLICE_SECONDS

    async def pause(self) -> None:
        """Let the loop go on once a slice is used up."""
        if self._loop.time() >= self._due:
            await asyncio.sleep(0)
            self._due = self._loop.time() + SLICE_SECONDS
