"""An authority whose person is the test: it keeps what it was asked, and answers as it is told."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from keyturn.domain.presence import PresenceAnswer, Readiness


@dataclass(slots=True)
class FakeAuthority:
    """Implements the port; a dialog stays open until `person` says something."""

    ready: Readiness = Readiness.READY
    asked: list[tuple[int, Mapping[str, str]]] = field(
        default_factory=list[tuple[int, Mapping[str, str]]]
    )
    """Every dialog that was opened, oldest first."""
    taken_away: int = 0
    """Dialogs that ended before anybody answered."""
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    person: asyncio.Queue[PresenceAnswer] = field(default_factory=asyncio.Queue[PresenceAnswer])

    async def readiness(self, pid: int) -> Readiness:
        return self.ready

    async def ask(self, pid: int, said: Mapping[str, str]) -> PresenceAnswer:
        if self.ready is not Readiness.READY:
            return PresenceAnswer.UNAVAILABLE
        self.asked.append((pid, dict(said)))
        self.opened.set()
        try:
            return await self.person.get()
        except asyncio.CancelledError:
            self.taken_away += 1
            while not self.person.empty():
                # What was said to a dialog that is gone is said to no other.
                self.person.get_nowait()
            raise
        finally:
            self.opened.clear()
