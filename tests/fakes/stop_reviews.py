"""A review of stops in memory."""

from dataclasses import dataclass, field

from keyturn.domain.errors import KeyturnError


@dataclass(slots=True)
class FakeStopReviews:
    """Implements the port; `failure` makes it raise, as an unreadable database does."""

    calls: frozenset[str] = frozenset()
    failure: KeyturnError | None = None
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Since when and found when, of every question."""

    async def owed(self, since_utc: str, found_utc: str) -> frozenset[str]:
        self.asked.append((since_utc, found_utc))
        if self.failure is not None:
            raise self.failure
        return self.calls
