"""The stop sentinel port: the stop's state outside every profile, where a file can engage it."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFacts:
    """Since when and by what the stop is engaged."""

    since_utc: str
    """Empty where nobody can say."""
    trigger: str
    """window, tray, shortcut, command, file or a trip's name."""
    reason: str = ""


class StopSentinel(Protocol):
    """One per user, not per profile (architecture.md law 5)."""

    def exists(self) -> bool:
        """Tell whether the file is there; a path that cannot be looked at counts as there."""
        ...

    def write(self, facts: StopFacts) -> None:
        """Create it durably; raises KeyturnError when that is impossible."""
        ...

    def read(self) -> StopFacts | None:
        """Return what it says; None when absent. An unreadable one still says it is stopped."""
        ...

    def remove(self) -> None:
        """Remove it durably; only the resume use case calls this. Raises KeyturnError."""
        ...
