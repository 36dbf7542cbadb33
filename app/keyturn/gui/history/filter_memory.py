"""Remembers what the history looks for, so that a restart brings the list back as it was left.

Filters and words are stored by the broker once nothing changed for a moment: each store is a
record, which says that they changed and not what they are.
"""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, QTimer

from keyturn.application.console_protocol import PutSetting, Welcome
from keyturn.application.window_setting_names import HISTORY_FILTERS
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.view import HistoryView
from keyturn.gui.sending import IntentSender
from keyturn.presentation.history import FilterToken
from keyturn.presentation.history_filters import kept_filters, read_search, unworded
from keyturn.presentation.words import Words

STILL_MS: Final = 2_000


class FilterMemory(QObject):
    """Watches one history."""

    def __init__(
        self,
        events: BrokerEvents,
        model: HistoryModel,
        view: HistoryView,
        sender: IntentSender,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender, self._look_up = sender, words
        self._stored: str | None = None
        """None until it is known what is stored: nothing is stored before."""
        self._tokens: tuple[FilterToken, ...] = ()
        self._words = ""
        self.still = QTimer(self)
        self.still.setSingleShot(True)
        self.still.setInterval(STILL_MS)
        self.still.timeout.connect(self._store)
        events.welcomed.connect(self._on_welcome)
        model.filters_changed.connect(self._on_filters)
        view.search_wanted.connect(self._on_search)

    def _on_welcome(self, message: Welcome) -> None:
        self._stored = message.settings.get(HISTORY_FILTERS, "")
        self._words = read_search(self._stored)

    def _on_filters(self, tokens: Sequence[FilterToken]) -> None:
        self._tokens = tuple(tokens)
        self.still.start()

    def _on_search(self, words: str) -> None:
        self._words = words
        self.still.start()

    def _store(self) -> None:
        now = kept_filters(unworded(self._tokens, self._look_up), self._words)
        if self._stored is None or self._stored == now:
            return
        self._stored = now
        self._sender.send(lambda n: PutSetting(n=n, name=HISTORY_FILTERS, value=now))
