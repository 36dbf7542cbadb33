"""Workers in memory: the job is done where it is asked for, unless a test says otherwise."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from keyturn.application.ports.payloads import NotInspected, Parts, T

BROKEN = NotInspected("it could not be inspected: a test says so")


@dataclass(slots=True)
class FakeWorkers:
    """Implements the port."""

    do: Callable[[bytes, bytes], Sequence[bytes]]
    failing: int = 0
    """How many of the next jobs nobody does."""
    fails_at: int = 0
    """The number of a job, from 1, that nobody does."""
    jobs: list[bytes] = field(default_factory=list[bytes])
    agents: list[str] = field(default_factory=list[str])
    """Whose the jobs were."""
    held: asyncio.Event | None = None
    """Put in to have every job wait until it is set."""

    async def ask(
        self, job: bytes, payload: bytes | memoryview, read: Callable[[Parts], T], agent: str
    ) -> "T | NotInspected":
        self.jobs.append(job)
        self.agents.append(agent)
        if self.held is not None:
            await self.held.wait()
        if len(self.jobs) == self.fails_at:
            return BROKEN
        if self.failing:
            self.failing -= 1
            return BROKEN
        try:
            return read(self.do(job, bytes(payload)))
        except (ValueError, TypeError):
            return BROKEN
