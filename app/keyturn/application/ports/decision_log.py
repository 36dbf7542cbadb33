"""The decision log port: law 1 in two methods."""

from typing import Protocol

from keyturn.domain.record import Durability, Entry


class DecisionLog(Protocol):
    """Append-only and chained; what is not committed here is not sent."""

    async def commit(self, entry: Entry, durability: Durability = Durability.FULL) -> int:
        """Append and wait until it is committed; return its sequence number.

        Raises LogUnavailable when it could not be committed; then it is not in the log.
        """
        ...

    def note(self, entry: Entry) -> None:
        """Append in the next batch without waiting (deliveries)."""
        ...
