"""The PIN of the open card: whether it is asked, what was typed, and why it did not do."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_protocol import IntentDone, StateChanged
from keyturn.domain.pin import PinUse
from keyturn.gui.bridge import Bridge
from keyturn.gui.queue.view import QueueView


class CardPins(QObject):
    """Takes the PIN out of its field for exactly one answer."""

    changed = Signal()
    """It is asked for other calls than before."""

    def __init__(
        self,
        bridge: Bridge,
        view: QueueView,
        now_ms: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._now_ms = now_ms
        self._use = PinUse.NEVER
        self._sent = 0
        bridge.state_changed.connect(self._on_state)
        bridge.intent_done.connect(self._on_done)
        view.card.pin.typed.connect(self._on_typed)

    def asked(self, request: ApprovalRequest) -> bool:
        """Tell whether a request is allowed with the PIN only; the broker decides it again."""
        return request.kind is RequestKind.CALL and self._use.covers(request.tier)

    def take(self, request: ApprovalRequest, number: int) -> str:
        """Return what was typed, for the answer of that number; empty where none is asked."""
        if not self.asked(request):
            return ""
        self._sent = number
        return self._view.card.pin.field.take()

    def _on_state(self, message: StateChanged) -> None:
        use = message.pin.use if message.pin is not None else self._use.value
        if use != self._use.value:
            self._use = PinUse(use)
            self.changed.emit()

    def _on_done(self, done: IntentDone) -> None:
        """Say why a PIN did not do; the card arms from the start."""
        if done.n == self._sent and not done.ok:
            self._view.card.pin.refused(done.sentence)
            self._view.watch.arming.disturbed(self._now_ms())
            self._view.watch.ticked.emit()

    def _on_typed(self, typed: bool) -> None:
        self._view.watch.arming.pin_typed(typed)
        self._view.watch.ticked.emit()
