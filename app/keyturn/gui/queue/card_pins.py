"""The PINs of the open card: whether any is asked, whose turn it is, and why one did not do."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from PySide6.QtCore import QObject, QTimer, Signal

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_protocol import IntentDone, StateChanged
from keyturn.application.second_person import TOGETHER_SECONDS
from keyturn.domain.pin import PinUse
from keyturn.gui.bridge import Bridge
from keyturn.gui.queue.view import QueueView
from keyturn.presentation.card import CardView
from keyturn.presentation.words import Words

_MS: Final = 1000


class CardPins(QObject):
    """Takes the PIN out of its field for exactly one answer."""

    changed = Signal()
    """It is asked for other calls than before, or of somebody else."""

    def __init__(
        self,
        bridge: Bridge,
        view: QueueView,
        now_ms: Callable[[], int],
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._view = view
        self._now_ms = now_ms
        self._words = words
        self._use = PinUse.NEVER
        self._second = ""
        """Name of the second person."""
        self._sent = (0, "")
        """Number of the answer that took a PIN along, and the request that it was for."""
        self._half = ""
        """Request for which the first of two persons has typed theirs."""
        self._over = QTimer(self)
        self._over.setSingleShot(True)
        self._over.setInterval(TOGETHER_SECONDS * _MS)
        self._over.timeout.connect(self._on_over)
        bridge.state_changed.connect(self._on_state)
        bridge.intent_done.connect(self._on_done)
        view.card.pin.typed.connect(self._on_typed)

    def asked(self, request: ApprovalRequest) -> bool:
        """Tell whether a request is allowed with a PIN only; the broker decides it again."""
        if request.kind is not RequestKind.CALL:
            return False
        return request.two_persons or self._use.covers(request.tier)

    def on_card(self, card: CardView, request: ApprovalRequest) -> CardView:
        """Return the card with the field that it needs."""
        prompt = ""
        if request.two_persons and self._second:
            turn = "card.two_second" if self.is_second(request) else "card.two_first"
            prompt = self._words(turn, name=self._second)
        return replace(card, pin=self.asked(request), pin_prompt=prompt)

    def is_second(self, request: ApprovalRequest) -> bool:
        """Tell whether it is the second person's turn."""
        return request.two_persons and request.id == self._half

    def take(self, request: ApprovalRequest, number: int) -> str:
        """Return what was typed, for the answer of that number; empty where none is asked."""
        if not self.asked(request):
            return ""
        self._sent = (number, request.id)
        return self._view.card.pin.field.take()

    def _on_state(self, message: StateChanged) -> None:
        if message.pin is None:
            return
        before = (self._use, self._second)
        self._use, self._second = PinUse(message.pin.use), message.pin.second
        if before != (self._use, self._second):
            self.changed.emit()

    def _on_done(self, done: IntentDone) -> None:
        """Say why a PIN did not do, or whose turn it is; the card arms from the start."""
        number, request = self._sent
        if done.n != number:
            return
        self._turn_to(request if done.second else "")
        if not done.ok:
            self._view.card.pin.refused(done.sentence)
        elif not done.second:
            return
        self._view.watch.arming.disturbed(self._now_ms())
        self._view.watch.ticked.emit()

    def _turn_to(self, half: str) -> None:
        if half == self._half:
            return
        self._half = half
        if half:
            self._over.start()
        else:
            self._over.stop()
        self.changed.emit()

    def _on_over(self) -> None:
        self._turn_to("")

    def _on_typed(self, typed: bool) -> None:
        self._view.watch.arming.pin_typed(typed)
        self._view.watch.ticked.emit()
