"""The stop review port: what was sent around a stop, asked of what was recorded."""

from typing import Protocol


class StopReviews(Protocol):
    """Reads the log off the loop; it never says that nothing is owed when it cannot know."""

    async def owed(self, since_utc: str, found_utc: str) -> frozenset[str]:
        """Return the ids of the calls that a person has to have looked at before resuming.

        `since_utc` is what is said of the stop's begin, `found_utc` when this broker found it.
        Raises KeyturnError when the log cannot be read, or not in time.
        """
        ...
