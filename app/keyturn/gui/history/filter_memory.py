"""Remembers the history's filters, so that a restart brings the list back as it was left.

They are stored by the broker like any setting once nothing changed for a moment: each store is a
record. What looks into arguments is not kept, because no record holds what stands in one.
"""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QObject, QTimer

from keyturn.application.console_protocol import PutSetting, Welcome
from keyturn.application.window_setting_names import HISTORY_FILTERS
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.sending import IntentSender
from keyturn.presentation.history import FilterToken
from keyturn.presentation.history_filters import kept_filters

STILL_MS: Final = 2_000


class FilterMemory(QObject):
    """Watches one history."""

    def __init__(
        self,
        events: BrokerEvents,
        model: HistoryModel,
        sender: IntentSender,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._stored: str | None = None
        """None until it is known what is stored: nothing is stored before."""
        self._now = ""
        self.still = QTimer(self)
        self.still.setSingleShot(True)
        self.still.setInterval(STILL_MS)
        self.still.timeout.connect(self._store)
        events.welcomed.connect(self._on_welcome)
        model.filters_changed.connect(self._on_filters)

    def _on_welcome(self, message: Welcome) -> None:
        self._stored = message.settings.get(HISTORY_FILTERS, "")

    def _on_filters(self, tokens: Sequence[FilterToken]) -> None:
        self._now = kept_filters(tokens)
        self.still.start()

    def _store(self) -> None:
        if self._stored is None or self._stored == self._now:
            return
        value = self._stored = self._now
        self._sender.send(lambda n: PutSetting(n=n, name=HISTORY_FILTERS, value=value))
