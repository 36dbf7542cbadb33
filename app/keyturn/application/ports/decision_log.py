"""The decision log port: law 1 in three methods."""

from collections.abc import Sequence
from typing import Protocol

from keyturn.domain.record import Durability, Entry


class DecisionLog(Protocol):
    """Append-only and chained; what is not committed here is not sent."""

    async def commit(self, entry: Entry, durability: Durability = Durability.FULL) -> int:
        """Append and wait until it is committed; return its sequence number.

        Raises LogUnavailable when it could not be committed; then it is not in the log.
        """
        ...

    async def commit_all(self, entries: Sequence[Entry]) -> None:
        """Append all, one after another and with few waits for the disk; wait for the last.

        Raises LogUnavailable when one could not be committed; others may be in the log then.
        """
        ...

    def note(self, entry: Entry) -> None:
        """Append in the next batch without waiting (deliveries)."""
        ...
