"""Remembers the queue's order and filter, so that a restart brings the list back as it was left."""

from PySide6.QtCore import QObject, QTimer

from keyturn.application.console_protocol import PutSetting, Welcome
from keyturn.application.window_setting_names import QUEUE_VIEW
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.history.filter_memory import STILL_MS
from keyturn.gui.queue.choices import QueueChoices
from keyturn.gui.queue.view import QueueView
from keyturn.gui.sending import IntentSender
from keyturn.presentation.queue_order import QueueLook, QueueOrder, look_text, read_look


class QueueLookMemory(QObject):
    """Watches one queue; each store is a record, so it waits until nothing changed for a moment."""

    def __init__(
        self,
        events: BrokerEvents,
        choices: QueueChoices,
        view: QueueView,
        sender: IntentSender,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._choices, self._sender = choices, sender
        self._stored: str | None = None
        """None until it is known what is stored: nothing is stored before."""
        self._order, self._only = QueueOrder.ARRIVAL, False
        self.still = QTimer(self)
        self.still.setSingleShot(True)
        self.still.setInterval(STILL_MS)
        self.still.timeout.connect(self._store)
        events.welcomed.connect(self._on_welcome)
        view.pane.order_wanted.connect(self._on_order)
        view.pane.high_risk_only_changed.connect(self._on_filter)

    def _on_welcome(self, message: Welcome) -> None:
        self._stored = message.settings.get(QUEUE_VIEW, "")
        look = read_look(self._stored)
        self._order = look.order
        self._choices.start_with(look)

    def _on_order(self, order: QueueOrder) -> None:
        self._order = order
        self.still.start()

    def _on_filter(self, only: bool) -> None:
        self._only = only
        self.still.start()

    def _store(self) -> None:
        now = look_text(QueueLook(self._order, self._only))
        if self._stored is None or self._stored == now:
            return
        self._stored = now
        self._sender.send(lambda n: PutSetting(n=n, name=QUEUE_VIEW, value=now))
