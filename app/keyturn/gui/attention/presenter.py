"""Has the figures read when they may have changed, and leads to where a rule is made."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from keyturn.application.console_protocol import StateChanged, Welcome
from keyturn.domain.attention import Attention, ToolKey
from keyturn.gui.attention.reader import AttentionReader
from keyturn.gui.attention.view import AttentionView
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.local_time import local_now
from keyturn.gui.pages import Page
from keyturn.presentation.attention import AttentionBuilder, AttentionPage, week_of
from keyturn.presentation.words import Words
from keyturn.storage.queries.items import HistoryItem

SHOWN_MS: Final = 2_000
"""Least time between two readings while the page is open."""
HIDDEN_MS: Final = 60_000
"""And while it is not: the warning is of a week."""


class AttentionPresenter(QObject):
    """Between the history's file and the page."""

    page_wanted = Signal(object)
    """The `Page` to go to."""
    rule_wanted = Signal(object)
    """`HistoryItem`: open the form of a rule about this decision; saving is the person's."""
    noticed = Signal(object)
    """`Notice` for the history's page, or None."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        view: AttentionView,
        words: Words,
        reader: AttentionReader,
        now: Callable[[], datetime] = local_now,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._words = words
        self._builder = AttentionBuilder(words)
        self._reader = reader
        self._now = now
        self._shown: AttentionPage | None = None
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.timeout.connect(self._read)
        bridge.welcomed.connect(self._on_welcome)
        bridge.state_changed.connect(self._on_state)
        view.shown.connect(self._on_shown)
        view.back_requested.connect(self._on_back)
        view.rules_requested.connect(self._on_rules)
        view.suggestion_requested.connect(self._on_suggestion)

    def close(self) -> None:
        """Read nothing any more."""
        self._again.stop()
        self._reader.close()

    def _on_welcome(self, message: Welcome) -> None:
        self._reader.database = Path(message.database)
        self._read()

    def _on_state(self, message: StateChanged) -> None:
        if message.history is not None and not self._again.isActive():
            self._again.start(SHOWN_MS if self._view.isVisible() else HIDDEN_MS)

    def _on_shown(self) -> None:
        self._again.stop()
        self._view.outcome.say(None)
        self._read()

    def _on_back(self) -> None:
        self.page_wanted.emit(Page.HISTORY)

    def _on_rules(self) -> None:
        self.page_wanted.emit(Page.RULES)

    def _on_suggestion(self, what: ToolKey) -> None:
        self._reader.newest(what, self._begin_rule)

    def _begin_rule(self, item: HistoryItem | None) -> None:
        if item is None:
            self._view.outcome.say(Outcome.FAILED, self._words("attention.gone"))
        else:
            self.rule_wanted.emit(item)

    def _read(self) -> None:
        midnights = week_of(self._now())
        self._reader.figures(midnights, partial(self._show, midnights))

    def _show(self, midnights: tuple[datetime, ...], found: Attention | None) -> None:
        if found is None:
            page, notice = self._builder.unreadable(), None
        else:
            page, notice = self._builder.page(found, midnights), self._builder.notice(found)
        if page != self._shown:
            # What is on screen stays the same widgets: nobody loses the focus to a refresh.
            self._shown = page
            self._view.show_page(page)
        self.noticed.emit(notice)
