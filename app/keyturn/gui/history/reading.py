"""Reads the history's database for the screen; every method runs on the worker, none on the GUI."""

import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Final

from keyturn.domain.history_filter import HistoryFilter
from keyturn.presentation.decided import ENDS, LAST_DECISIONS
from keyturn.presentation.history import HistoryRow
from keyturn.presentation.history_builder import HistoryBuilder, RecordedDetail
from keyturn.presentation.weakenings import is_weakening
from keyturn.storage.queries.history import PAGE_ROWS, HistoryQuery
from keyturn.storage.queries.items import HistoryItem, HistoryPage, Pruned

_log = logging.getLogger(__name__)

BEFORE: Final = 3


@dataclass(frozen=True, slots=True)
class Counted:
    """How many decisions a filter finds, by outcome, and how many there are."""

    by_outcome: dict[str, int]
    total: int


@dataclass(frozen=True, slots=True)
class Worded:
    """One page of decisions, and its rows as they are shown."""

    page: HistoryPage
    rows: tuple[HistoryRow, ...]


class HistoryReader:
    """Opens the database once, when first asked; what cannot be read is None."""

    def __init__(self, database: Path, builder: HistoryBuilder) -> None:
        """Read with `builder`, which holds nothing that two threads could change."""
        self.database = database
        self._builder = builder
        self.asked = 0
        """The number of the list that was asked for last; of those before nothing is read."""
        self._query: HistoryQuery | None = None

    def top(self, narrowed: HistoryFilter, asked: int) -> Worded | None:
        """Read the newest rows of a list, if it is still wanted."""
        return self.worded(narrowed, None) if asked == self.asked else None

    def worded(
        self, narrowed: HistoryFilter, before: int | None, most: int = PAGE_ROWS
    ) -> Worded | None:
        """Read and word a page; wording takes longer than a turn of the window may."""
        page = self.page(narrowed, before, most)
        if page is None:
            return None
        return Worded(page, tuple(self._builder.row(item) for item in page.items))

    def count(self, narrowed: HistoryFilter, asked: int) -> Counted | None:
        """Count what a filter finds, if that is still wanted."""
        query = self._open()
        if query is None or asked != self.asked:
            return None
        counts = query.counts(narrowed)
        whole = replace(narrowed, weakenings=False) == HistoryFilter()
        everything = counts if whole else query.counts()
        return Counted(counts.by_outcome, everything.total)

    def by_outcome(self, narrowed: HistoryFilter) -> dict[str, int]:
        """Count what a filter finds by outcome; nothing where the history cannot be read."""
        query = self._open()
        return query.counts(narrowed).by_outcome if query is not None else {}

    def page(
        self, narrowed: HistoryFilter, before: int | None = None, most: int = PAGE_ROWS
    ) -> HistoryPage | None:
        """Read the newest rows, or those before a number."""
        query = self._open()
        return query.page(narrowed, before=before, limit=most) if query is not None else None

    def last(self) -> tuple[HistoryItem, ...]:
        """Read what ended last."""
        query = self._open()
        if query is None:
            return ()
        return query.page(HistoryFilter(outcomes=ENDS), limit=LAST_DECISIONS).items

    def find_result(self, session: str, number: int) -> RecordedDetail | None:
        """Read the decision of the call whose result had this number in its session."""
        pages = self._pages(HistoryFilter(sessions=(session,)))
        items = chain.from_iterable(page.items for page in pages)
        found = next((item for item in items if item.result.get("result") == number), None)
        return self.detail(found) if found is not None else None

    def detail(self, item: HistoryItem) -> RecordedDetail | None:
        """Read everything of a decision; None as well when it was pruned."""
        if is_weakening(item):
            return RecordedDetail(item=item, arguments=None, decision=None)
        query = self._open()
        if query is None:
            return None
        try:
            found = query.detail(item.call)
        except sqlite3.OperationalError as error:
            _log.warning("a decision cannot be read error=%s", error)
            return None
        if isinstance(found, Pruned):
            return None
        session = HistoryFilter(sessions=(item.session,)) if item.session else HistoryFilter()
        before = query.page(session, before=item.number, limit=BEFORE).items
        return RecordedDetail(
            item=found.item,
            arguments=found.arguments,
            decision=found.decision.entry if found.decision is not None else None,
            before=before,
            asked=found.asked,
        )

    def _open(self) -> HistoryQuery | None:
        if self._query is None:
            try:
                self._query = HistoryQuery(self.database)
            except sqlite3.Error as error:
                _log.warning("history cannot be read error=%s", error)
        return self._query

    def _pages(self, narrowed: HistoryFilter) -> Iterator[HistoryPage]:
        page = self.page(narrowed)
        while page is not None:
            yield page
            page = self.page(narrowed, page.older) if page.older is not None else None
