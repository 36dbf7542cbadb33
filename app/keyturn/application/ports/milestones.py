"""The milestones port: named points of a call's walk, where tests may stop the process."""

from enum import StrEnum
from typing import Protocol


class Milestone(StrEnum):
    """The points at which a crash must leave a true record (security.md F-01)."""

    JUDGED = "judged"
    INSERTED = "inserted"
    COMMITTED = "committed"
    RELEASED = "released"
    """The gate let the call go, with the stop and the digest checked a last time."""
    CREDENTIAL = "credential"
    FIRST_BYTE = "first_byte"
    WRITTEN = "written"
    RESULT = "result"
    DELIVERED = "delivered"


class Milestones(Protocol):
    """Told of each point as it is reached; the product's own does nothing."""

    def reached(self, milestone: Milestone) -> None:
        """Be told; may end the process, never anything else."""
        ...


class Unwatched:
    """The product's adapter: nobody looks."""

    def reached(self, milestone: Milestone) -> None:
        """Do nothing."""
