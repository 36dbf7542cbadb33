"""Feeds the history's screen from the database, page by page, off the GUI thread."""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from keyturn.application.console_protocol import StateChanged, Welcome
from keyturn.domain.history_filter import HistoryFilter
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.view import HistoryView
from keyturn.gui.local_time import local_now
from keyturn.gui.worker import Worker
from keyturn.presentation.decided import ENDS, LAST_DECISIONS
from keyturn.presentation.history import FilterToken
from keyturn.presentation.history_builder import HistoryBuilder, RecordedCall, RecordedDetail
from keyturn.presentation.history_filters import filter_of, names_after
from keyturn.storage.queries.history import HistoryQuery
from keyturn.storage.queries.items import HistoryItem, HistoryPage, Pruned
from keyturn.storage.queries.kept import read_kept_text

_log = logging.getLogger(__name__)

REFRESH_MS: Final = 500
"""A decision is on screen within half a second (console.md H2)."""
SEARCH_MS: Final = 250
BEFORE: Final = 3


@dataclass(frozen=True, slots=True)
class _Found:
    page: HistoryPage
    by_outcome: dict[str, int]
    total: int


class HistoryPresenter(QObject):
    """Asks the database what a person wants to see, and shows what was found."""

    rule_wanted = Signal(object)
    """`HistoryItem`: make a rule from this decision."""
    last_found = Signal(object)
    """Tuple of `HistoryItem`, newest first: what ended last before this window began."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        model: HistoryModel,
        view: HistoryView,
        builder: HistoryBuilder,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._model = model
        self._view = view
        self._builder = builder
        self._worker = Worker("history")
        self._database: Path | None = None
        self._query: HistoryQuery | None = None
        self._tokens: tuple[FilterToken, ...] = ()
        self._words = ""
        self._items: dict[int, HistoryItem] = {}
        self._shown: RecordedCall | None = None
        self._older: int | None = None
        self._asked = 0
        self._first = 0
        self._refresh = self._timer(REFRESH_MS, self._reload)
        self._search = self._timer(SEARCH_MS, self._load)
        self._connect()

    def close(self) -> None:
        """Stop reading."""
        self._worker.close()

    def show_filters(self, tokens: Sequence[FilterToken]) -> None:
        """Narrow the list, as other screens ask."""
        self._tokens = tuple(tokens)
        self._model.show_filters(self._tokens)
        self._load()

    def open_result(self, session: str, number: int) -> None:
        """Open the decision of the call whose result had this number in its session."""
        self.show_filters(())
        self._worker.run(lambda: self._find_result(session, number), self._show_detail)

    def _timer(self, interval: int, slot: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(interval)
        timer.timeout.connect(slot)
        return timer

    def _connect(self) -> None:
        self._bridge.welcomed.connect(self._on_welcome)
        self._bridge.state_changed.connect(self._on_state)
        self._view.filters_wanted.connect(self._on_filters)
        self._view.search_wanted.connect(self._on_search)
        self._view.row_chosen.connect(self._on_row)
        self._view.detail_closed.connect(self._on_closed)
        self._view.similar_requested.connect(self._on_similar)
        self._view.rule_requested.connect(self._on_rule)
        self._view.kept_requested.connect(self._on_kept)
        self._model.rows.more_wanted.connect(self._on_more)

    # ---------------------------------------------------------------- what changes

    def _on_welcome(self, message: Welcome) -> None:
        self._database = Path(message.database)
        self._load()
        self._worker.run(self._read_last, self.last_found.emit)

    def _on_state(self, state: StateChanged) -> None:
        if state.history is not None and not self._refresh.isActive():
            self._refresh.start()
        field = self._view.filters
        field.known = names_after(field.known, state)

    def _on_filters(self, tokens: Sequence[FilterToken]) -> None:
        self.show_filters(tokens)

    def _on_search(self, words: str) -> None:
        self._words = words
        self._search.start()

    def _on_row(self, number: int) -> None:
        item = self._items.get(number)
        if item is not None:
            self._worker.run(lambda: self._read_detail(item), self._show_detail)

    def _on_closed(self) -> None:
        self._model.show_detail(None)

    def _on_similar(self, number: int) -> None:
        item = self._items.get(number)
        if item is None:
            return
        self.show_filters(
            (
                FilterToken(key="agent", value=item.agent),
                FilterToken(key="server", value=item.server),
                FilterToken(key="tool", value=item.tool),
            )
        )

    def _on_rule(self, number: int) -> None:
        item = self._items.get(number)
        if item is not None:
            self.rule_wanted.emit(item)

    def _on_kept(self) -> None:
        item, path, pane = self._shown, self._database, self._view.detail
        if item is not None and path is not None:
            number, read = item.number, partial(read_kept_text, path, item.call)
            self._worker.run(read, lambda text: pane.show_kept(number, text))

    def _on_more(self) -> None:
        older = self._older
        if older is None:
            return
        narrowed, asked = self._narrowed(), self._asked
        self._worker.run(
            lambda: self._read_page(narrowed, older), lambda page: self._add(page, asked)
        )

    # ---------------------------------------------------------------- reading, on the worker

    def _load(self) -> None:
        """Read another list from its top."""
        self._first = self._asked + 1
        self._reload()

    def _reload(self) -> None:
        """Read the top of the same list again."""
        if self._database is None:
            return
        self._asked += 1
        narrowed, asked = self._narrowed(), self._asked
        self._worker.run(lambda: self._read(narrowed), lambda found: self._show(found, asked))

    def _narrowed(self) -> HistoryFilter:
        return filter_of(self._tokens, self._words, self._builder.words, local_now())

    def _open(self) -> HistoryQuery | None:
        if self._query is None and self._database is not None:
            try:
                self._query = HistoryQuery(self._database)
            except sqlite3.Error as error:
                _log.warning("history cannot be read error=%s", error)
        return self._query

    def _read(self, narrowed: HistoryFilter) -> _Found | None:
        query = self._open()
        if query is None:
            return None
        counts, everything = query.counts(narrowed), query.counts()
        return _Found(query.page(narrowed), counts.by_outcome, everything.total)

    def _read_page(self, narrowed: HistoryFilter, before: int | None) -> HistoryPage | None:
        query = self._open()
        return query.page(narrowed, before=before) if query is not None else None

    def _read_last(self) -> tuple[HistoryItem, ...]:
        query = self._open()
        if query is None:
            return ()
        return query.page(HistoryFilter(outcomes=ENDS), limit=LAST_DECISIONS).items

    def _find_result(self, session: str, number: int) -> RecordedDetail | None:
        pages = self._pages(HistoryFilter(sessions=(session,)))
        items = chain.from_iterable(page.items for page in pages)
        found = next((item for item in items if item.result.get("result") == number), None)
        return self._read_detail(found) if found is not None else None

    def _pages(self, narrowed: HistoryFilter) -> Iterator[HistoryPage]:
        page = self._read_page(narrowed, None)
        while page is not None:
            yield page
            page = self._read_page(narrowed, page.older) if page.older is not None else None

    def _read_detail(self, item: HistoryItem) -> RecordedDetail | None:
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
        )

    # ---------------------------------------------------------------- showing

    def _show(self, found: _Found | None, asked: int) -> None:
        if found is None or asked != self._asked:
            return
        fresh = asked == self._first
        self._model.show_summary(
            self._builder.summary(found.by_outcome, sum(found.by_outcome.values()), found.total)
        )
        rows = [self._builder.row(item) for item in found.page.items]
        if fresh:
            self._items = {}
            self._older = found.page.older
            self._model.rows.show_rows(rows, complete=self._older is None)
        else:
            self._model.rows.refresh_rows(rows, complete=found.page.older is None)
        self._items |= {item.number: item for item in found.page.items}

    def _add(self, page: HistoryPage | None, asked: int) -> None:
        if page is None or asked != self._asked:
            return
        self._items |= {item.number: item for item in page.items}
        self._older = page.older
        rows = [self._builder.row(item) for item in page.items]
        self._model.rows.add_rows(rows, complete=self._older is None)

    def _show_detail(self, found: RecordedDetail | None) -> None:
        if found is not None:
            self._shown = found.item
            self._model.show_detail(self._builder.detail(found))
