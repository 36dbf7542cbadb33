"""The stop review port over a profile's history."""

import asyncio
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from keyturn.domain.errors import DamagedDatabase, KeyturnError, filled
from keyturn.storage.queries.history import HistoryQuery
from keyturn.storage.queries.items import StopReview


@dataclass(frozen=True, slots=True)
class SqliteStopReviews:
    """Asks in a thread, with a connection of its own each time."""

    database: Path

    async def owed(self, since_utc: str, found_utc: str) -> frozenset[str]:
        """Return the ids of the calls to be looked at; raises KeyturnError when nobody can say."""
        review = await self.read(since_utc, found_utc)
        return frozenset(item.call for item in review.owed)

    async def read(self, since_utc: str, found_utc: str) -> StopReview:
        """Return the whole review; raises KeyturnError when it cannot be read, or not in time."""
        review = await asyncio.to_thread(self._read, since_utc, found_utc)
        if not review.complete:
            raise KeyturnError(
                "The calls before the stop could not be looked through in time.",
                mend="Everything stays stopped. Try again.",
            )
        return review

    def _read(self, since_utc: str, found_utc: str) -> StopReview:
        try:
            query = HistoryQuery(self.database)
            try:
                return query.stop_review(since_utc, found_utc)
            finally:
                query.close()
        except (sqlite3.Error, ValueError) as error:
            raise DamagedDatabase(
                "The calls before the stop cannot be read, so everything stays stopped.",
                cause=filled("{error}.", error=error),
                mend="Run `keyturn verify`, then put a backup of the profile in its place.",
            ) from error
