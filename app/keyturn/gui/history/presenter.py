"""Feeds the history's screen from the database, page by page, off the GUI thread."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QSignalBlocker, QTimer, Signal

from keyturn.application.console_protocol import StateChanged, Welcome
from keyturn.application.window_setting_names import HISTORY_FILTERS
from keyturn.domain.history_filter import HistoryFilter
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.history.checking import ChainCheck
from keyturn.gui.history.missed import MissedCalls
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.reading import Counted, HistoryReader, Worded
from keyturn.gui.history.view import HistoryView
from keyturn.gui.local_time import local_now
from keyturn.gui.worker import Worker
from keyturn.presentation.history import FilterToken
from keyturn.presentation.history_builder import HistoryBuilder, RecordedCall, RecordedDetail
from keyturn.presentation.history_empty import history_empty
from keyturn.presentation.history_filters import (
    filter_of,
    names_after,
    read_filters,
    read_search,
    worded,
)
from keyturn.storage.queries.history import PAGE_ROWS
from keyturn.storage.queries.items import HistoryItem, HistoryPage
from keyturn.storage.queries.kept import read_kept_text

REFRESH_MS: Final = 250
"""With the tenth of a second that the broker collects, and the reading, half a second (H2)."""
SEARCH_MS: Final = 250
_SLICE: Final = 40
"""Rows that are worded at a time: the window's thread waits for as long as that takes."""
_SCREENFUL: Final = 40
"""Rows; below it a list does not ask for more by itself."""


class HistoryPresenter(QObject):
    """Asks the database what a person wants to see, and shows what was found."""

    rule_wanted = Signal(object)
    """`HistoryItem`: make a rule from this decision."""
    revoke_wanted = Signal(str)
    """Id of a rule that a person wants to take away."""
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
        self._reader: HistoryReader | None = None
        self._tokens: tuple[FilterToken, ...] = ()
        self._words = ""
        self._items: dict[int, HistoryItem] = {}
        self._shown: RecordedCall | None = None
        self._older: int | None = None
        self._on_its_way: tuple[int, int | None] | None = None
        """The list that more is being read of, and before which number."""
        self._left = 0
        """So many rows of the page that was asked for are still to be read."""
        self._asked = 0
        self._fresh = True
        """The rows on screen are of another list than the one that was asked for."""
        self._counted: Counted | None = None
        self.chain = ChainCheck(builder, self)
        self.missed = MissedCalls(self._worker, model, builder, self)
        self._refresh = self._timer(REFRESH_MS, self._reload)
        self._search = self._timer(SEARCH_MS, self._load)
        self._connect()

    def close(self) -> None:
        """Stop reading."""
        self._worker.close()
        self.chain.close()

    def show_filters(self, tokens: Sequence[FilterToken]) -> None:
        """Narrow the list, as other screens ask."""
        self._tokens = tuple(tokens)
        self._model.show_filters(self._tokens)
        self._load()

    def look_for_missed(self, since: str) -> None:
        """Offer what ended without an answer since then (UTC)."""
        if self._reader is not None:
            self.missed.look(self._reader, since)

    def open_result(self, session: str, number: int) -> None:
        """Open the decision of the call whose result had this number in its session."""
        self.show_filters(())
        if self._reader is not None:
            find = partial(self._reader.find_result, session, number)
            self._worker.run(find, self._show_detail)

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
        self._view.detail.revoke_requested.connect(self.revoke_wanted)
        self._view.verify_requested.connect(self._on_verify)
        self.chain.changed.connect(self._show_summary)
        self._view.missed_requested.connect(self.missed.show)
        self._view.missed_dismissed.connect(self.missed.dismiss)
        self.missed.filters_wanted.connect(self.show_filters)
        self._model.rows.more_wanted.connect(self._on_more)

    # ---------------------------------------------------------------- what changes

    def _on_welcome(self, message: Welcome) -> None:
        self._reader = HistoryReader(Path(message.database), self._builder)
        kept = message.settings.get(HISTORY_FILTERS, "")
        self._words = read_search(kept)
        with QSignalBlocker(self._view.filters.line):
            self._view.filters.line.setText(self._words)
        tokens = read_filters(kept, local_now())
        self.show_filters(worded(tokens, self._builder.words))
        self._worker.run(self._reader.last, self.last_found.emit)

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
        if item is not None and self._reader is not None:
            self._worker.run(partial(self._reader.detail, item), self._show_detail)

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

    def _on_verify(self) -> None:
        if self._reader is not None:
            self.chain.look(self._reader.database)

    def _on_rule(self, number: int) -> None:
        item = self._items.get(number)
        if item is not None:
            self.rule_wanted.emit(item)

    def _on_kept(self) -> None:
        item, pane = self._shown, self._view.detail
        if item is not None and self._reader is not None:
            number, read = item.number, partial(read_kept_text, self._reader.database, item.call)
            self._worker.run(read, lambda text: pane.show_kept(number, text))

    def _on_more(self) -> None:
        """Read the next page, in slices: the view may ask again while one is on its way."""
        if self._on_its_way != (self._asked, self._older):
            self._left = PAGE_ROWS
            self._read_on()

    def _read_on(self) -> None:
        reader, older = self._reader, self._older
        if older is not None and reader is not None:
            self._on_its_way = (self._asked, older)
            read, asked = partial(reader.worded, self._narrowed(), older, _SLICE), self._asked
            self._worker.run(read, lambda found: self._add(found, asked))

    # ---------------------------------------------------------------- reading

    def _load(self) -> None:
        """Read another list from its top."""
        self._fresh = True
        self._reload()

    def _reload(self) -> None:
        """Read the top of the same list again: the rows first, their numbers when there is time."""
        reader = self._reader
        if reader is None:
            return
        self._asked += 1
        reader.asked = asked = self._asked
        narrowed = self._narrowed()
        # Nothing of the window goes along: what a thread lets go of last is deleted on it.
        top, count = partial(reader.top, narrowed, asked), partial(reader.count, narrowed, asked)
        self._worker.run(top, lambda found: self._show(found, asked))
        self._worker.run(count, self._show_counts)

    def _narrowed(self) -> HistoryFilter:
        found = filter_of(self._tokens, self._words, self._builder.words, local_now())
        return replace(found, weakenings=True)

    # ---------------------------------------------------------------- showing

    def _show(self, found: Worded | None, asked: int) -> None:
        if found is None or asked != self._asked:
            return
        page = found.page
        if self._fresh:
            self._fresh = False
            self._items = {}
            self._older = page.older
            self._model.rows.show_rows(found.rows, complete=self._older is None)
        else:
            self._model.rows.refresh_rows(found.rows, complete=page.older is None)
        self._items |= {item.number: item for item in page.items}
        nothing = page.complete and page.older is None and not self._model.rows.rowCount()
        empty = history_empty(self._tokens, self._words, self._builder.words) if nothing else None
        self._model.show_empty(empty)
        self._go_on_searching(page, None)

    def _go_on_searching(self, page: HistoryPage, before: int | None) -> None:
        """Search on where time ran out before there was a screen full, as long as it gets on."""
        older = page.older
        gets_on = older is not None and (before is None or older < before)
        if not page.complete and gets_on and self._model.rows.rowCount() < _SCREENFUL:
            self._on_more()

    def _show_counts(self, counted: Counted | None) -> None:
        if counted is not None:
            self._counted = counted
            self._show_summary()

    def _show_summary(self) -> None:
        counted = self._counted
        if counted is not None:
            counts, said = counted.by_outcome, self.chain.said
            summary = self._builder.summary(counts, sum(counts.values()), counted.total, said)
            self._model.show_summary(summary)

    def _add(self, found: Worded | None, asked: int) -> None:
        if asked != self._asked:
            return
        self._on_its_way = None
        if found is None:
            return
        page = found.page
        self._items |= {item.number: item for item in page.items}
        before, self._older = self._older, page.older
        self._left -= len(found.rows)
        if page.complete and self._left > 0:
            # Before the rows are added: the view asks for more at once where it is at their end.
            self._read_on()
        if found.rows:
            self._model.show_empty(None)
        self._model.rows.add_rows(found.rows, complete=self._older is None)
        self._go_on_searching(page, before)

    def _show_detail(self, found: RecordedDetail | None) -> None:
        if found is not None:
            self._shown = found.item
            self._model.show_detail(self._builder.detail(found))
