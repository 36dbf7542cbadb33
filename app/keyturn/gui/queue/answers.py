"""Sends what a person decided in the queue: each answer for exactly one request, by its digest.

It decides nothing: what may be allowed, and when, the arming and the broker say.
"""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from keyturn.application.console_protocol import Decide, IntentDone
from keyturn.gui.bridge import Bridge
from keyturn.gui.queue.card_pins import CardPins
from keyturn.gui.queue.group_pane import GroupAnswer
from keyturn.gui.queue.review_pins import REVIEWS
from keyturn.gui.queue.view import QueueView
from keyturn.gui.queue.waiting_rows import WaitingRows
from keyturn.presentation.answer import Answer, Route
from keyturn.presentation.request_text import RequestTexts


class QueueAnswers(QObject):
    """Makes answers of what was pressed on a card or on the table of a group."""

    failed = Signal(str)
    """Why an answer had no effect; what is wrong with a PIN stands beside its field instead."""

    def __init__(
        self,
        *,
        bridge: Bridge,
        view: QueueView,
        waiting: WaitingRows,
        texts: RequestTexts,
        pins: CardPins,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._view = view
        self._waiting = waiting
        self._texts = texts
        self._pins = pins
        self._sent: dict[int, bool] = {}
        """Number of each answer that nothing was heard of, and whether a PIN went with it."""
        self._by_dialog: dict[int, str] = {}
        """Of those that the system's dialog is to confirm: for which request."""
        bridge.intent_done.connect(self._on_done)
        view.allow_requested.connect(self._on_allow)
        view.deny_requested.connect(self._on_deny)
        view.group.allow_requested.connect(self._on_group_allowed)
        view.group.deny_requested.connect(self._on_group_denied)

    def deny(self, request_id: str, digest: str, message: str = "") -> None:
        """Deny exactly this request, as the notification or the message sheet asks."""
        self._bridge.send(
            Decide(
                n=self._bridge.next_number(),
                id=request_id,
                digest=digest,
                allow=False,
                message=message,
            )
        )

    def _on_allow(self, answer: Answer) -> None:
        """Allow; of a review also say what was chosen of the tool."""
        tiers = self._view.card.review.tiers
        waiting = self._waiting.get(answer.request_id)
        if waiting is not None and waiting.request.kind in REVIEWS:
            answer = replace(answer, tier=tiers.tier, labels=tiers.labels)
        self.send(answer, allow=True)

    def _on_deny(self, answer: Answer) -> None:
        """Deny it, and every identical call that waits: the person has seen what they ask."""
        for same in self._waiting.same(answer.request_id):
            self.send(replace(answer, request_id=same.request.id), allow=False)

    def _on_group_allowed(self, decided: GroupAnswer) -> None:
        """Allow each call by its own digest, as it was on screen."""
        for call in decided.calls:
            self.send(_answer_of(call.request_id, call.digest, decided), allow=True)

    def _on_group_denied(self, decided: GroupAnswer) -> None:
        for call in decided.calls:
            for request_id in (call.request_id, *call.repeats):
                self.send(_answer_of(request_id, call.digest, decided), allow=False)

    def send(self, answer: Answer, *, allow: bool, hide: bool = False) -> None:
        """Send what was decided of exactly the card that was on screen; `hide` is of reviews."""
        waiting = self._waiting.get(answer.request_id)
        if waiting is None:
            return
        number = self._bridge.next_number()
        said = self._pins.said(waiting.request) if allow else ""
        dialog = allow and self._pins.by_dialog(waiting.request)
        pin = self._pins.take(waiting.request, number) if allow else ""
        self._sent[number] = bool(pin)
        if dialog:
            self._by_dialog[number] = answer.request_id
        self._bridge.send(
            Decide(
                n=number,
                id=answer.request_id,
                digest=answer.digest,
                allow=allow,
                message=answer.message,
                prompt_hash=self._texts.of(waiting.request, None).prompt_hash,
                shown_ms=answer.shown_for_ms,
                after_arming_ms=answer.after_arming_ms,
                accessibility=answer.route is Route.ACCESSIBILITY,
                tier=answer.tier,
                labels=answer.labels,
                hide=hide,
                pin=pin,
                said=said,
                second=allow and self._pins.is_second(waiting.request),
                dialog=dialog,
                named=allow and self._pins.is_named(waiting.request),
            )
        )

    def _on_done(self, done: IntentDone) -> None:
        with_pin = self._sent.pop(done.n, None)
        shown = self._view.card.card
        request = self._by_dialog.pop(done.n, None)
        if shown is not None and shown.dialog and shown.request_id == request:
            # It stands on the card.
            return
        if with_pin is False and not done.ok and not done.pin and done.sentence:
            self.failed.emit(done.sentence)


def _answer_of(request_id: str, digest: str, decided: GroupAnswer) -> Answer:
    return Answer(
        request_id=request_id,
        revision=1,
        digest=digest,
        shown_for_ms=decided.shown_for_ms,
        after_arming_ms=decided.after_arming_ms,
        route=decided.route,
    )
