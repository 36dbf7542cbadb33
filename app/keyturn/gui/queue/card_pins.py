"""The PINs of the open card: whether any is asked, whose turn it is, and why one did not do."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from keyturn.application.agent_messages import RaisedState
from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.console_protocol import IntentDone, StateChanged
from keyturn.application.pin_messages import PinState
from keyturn.application.second_person import TOGETHER_SECONDS
from keyturn.domain.pin import PinUse
from keyturn.domain.step_up import Takes, is_changing, takes
from keyturn.domain.tier import Tier
from keyturn.gui.bridge import Bridge
from keyturn.gui.queue.card_dialog import CardDialog
from keyturn.gui.queue.card_seen import bring
from keyturn.gui.queue.review_pins import REVIEWS, ReviewPins
from keyturn.gui.queue.view import QueueView
from keyturn.presentation.arming import Owed
from keyturn.presentation.card import CardView
from keyturn.presentation.step_ups import raised_notice
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class _Owing:
    """A review whose answer takes more than a click, as the broker said of it."""

    request: str = ""
    level: Takes = Takes.CLICK
    what_for: str = ""


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
        self._pin = PinState(is_set=False, use=PinUse.NEVER.value)
        self._raised: dict[str, RaisedState] = {}
        """By agent."""
        self._sent = (0, "")
        """Number of the answer that was sent last, and the request that it was for."""
        self._typed = False
        """It took a PIN along."""
        self._owing = _Owing()
        self._half = ""
        """Request for which the first of two persons has typed theirs."""
        self._reviews = ReviewPins(view.card, words, self._covers)
        self.dialog = CardDialog(bridge, view.card.dialog, words, self)
        self.dialog.changed.connect(self.changed)
        self._said = ""
        """What the field of the open card says that a PIN is for, of a review."""
        self._over = QTimer(self)
        self._over.setSingleShot(True)
        self._over.setInterval(TOGETHER_SECONDS * _MS)
        self._over.timeout.connect(self._on_over)
        bridge.state_changed.connect(self._on_state)
        bridge.intent_done.connect(self._on_done)
        view.card.pin.typed.connect(self._on_typed)
        view.card.review.tiers.changed.connect(self._on_chosen)
        view.watch.field = view.card.pin.field
        view.watch.refused.connect(self._on_refused)

    def asked(self, request: ApprovalRequest) -> bool:
        """Tell whether a request is allowed with a PIN only; the broker decides it again."""
        return self._takes(request) >= Takes.PIN

    def takes_more(self, request: ApprovalRequest) -> bool:
        """Tell whether a request takes more than a click, so that it is allowed by itself only."""
        return self._takes(request) > Takes.CLICK

    def on_card(self, card: CardView, request: ApprovalRequest) -> CardView:
        """Return the card with the field that it needs."""
        whose = ""
        level, prompt = self._takes(request), self._reviews.sentence(request)
        if not prompt and request.id == self._owing.request:
            prompt = self._owing.what_for
        self._said = prompt
        if level is Takes.BOTH and self._pin.second:
            whose = shown_line(self._pin.second, self._words)
            if self.is_second(request):
                turn = self._words("card.two_second", name=whose)
            else:
                first = shown_line(self._pin.beside, self._words)
                turn = self._words("card.two_first", name=first)
                # It allows nothing yet: it neither says nor looks so.
                said, hint = self._words("card.two_next", name=whose), self._words("card.two_hint")
                on = replace(card.actions, allow=said, armed_hint=hint, goes_on=True)
                card, whose = replace(card, actions=on), first
            prompt = f"{prompt} {turn}" if prompt else turn
        raised = None
        if request.kind is RequestKind.CALL and is_changing(request.tier):
            raised = raised_notice(self._why_raised(request), level, self._words)
        card = replace(
            card,
            pin=level >= Takes.PIN,
            pin_prompt=prompt,
            pin_of=whose,
            name_owed=level is Takes.NAME,
            raised=raised,
        )
        return self.dialog.on_card(card, request, level)

    def by_dialog(self, request: ApprovalRequest) -> bool:
        """Tell whether the system's dialog is asked in place of the PIN."""
        return self.dialog.stands_for(request, self._takes(request))

    def is_named(self, request: ApprovalRequest) -> bool:
        """Tell whether the card asks for the tool's name, so that it was typed."""
        return self._takes(request) is Takes.NAME

    def is_second(self, request: ApprovalRequest) -> bool:
        """Tell whether it is the second person's turn."""
        return self._takes(request) is Takes.BOTH and request.id == self._half

    def persons(self, request: ApprovalRequest) -> tuple[str, ...]:
        """Return whose PINs a request takes, where it takes two."""
        both = self._takes(request) is Takes.BOTH and bool(self._pin.second)
        return (self._pin.beside, self._pin.second) if both else ()

    def take(self, request: ApprovalRequest, number: int) -> str:
        """Return what was typed, for the answer of that number; empty where none is asked."""
        self._sent, self._typed = (number, request.id), self.asked(request)
        if self.by_dialog(request):
            self._typed = False
            self.dialog.opened(number, request)
            return ""
        return "" if not self._typed else self._view.card.pin.field.take()

    def said(self, request: ApprovalRequest) -> str:
        """Return what the PIN of a review was typed for, in the words over its field."""
        return self._said if request.kind in REVIEWS and self.asked(request) else ""

    def _takes(self, request: ApprovalRequest) -> Takes:
        if request.kind is not RequestKind.CALL:
            if request.id == self._owing.request:
                return max(self._owing.level, self._reviews.level(request))
            if request.kind in REVIEWS:
                return self._reviews.level(request)
            is_start = request.kind is RequestKind.COMMAND
            return Takes.PIN if is_start and self._covers(request.tier) else Takes.CLICK
        return takes(
            request.tier,
            PinUse(self._pin.use),
            two_persons=request.two_persons,
            raised=self._why_raised(request) is not None,
            pin=self._pin.is_set,
            second=bool(self._pin.second),
        )

    def _covers(self, tier: Tier) -> bool:
        """Tell whether a start takes it: where such calls do, and wherever any agent is raised."""
        raised = self._pin.is_set and bool(self._raised)
        return PinUse(self._pin.use).covers(tier) or (raised and is_changing(tier))

    def _why_raised(self, request: ApprovalRequest) -> RaisedState | None:
        """Return why its agent is raised; one that proved no name may be any that is."""
        why = self._raised.get(request.agent)
        if why is None and not request.asked_by.agent_enrolled:
            why = next(iter(self._raised.values()), None)
        return why

    def _on_state(self, message: StateChanged) -> None:
        before = (self._pin, self._raised)
        if message.pin is not None:
            self._pin = message.pin
            self.dialog.use(message.pin)
        if message.agents is not None:
            raised = ((one.name, one.raised) for one in message.agents)
            self._raised = {name: why for name, why in raised if why is not None}
        if before != (self._pin, self._raised):
            self.changed.emit()

    def _on_done(self, done: IntentDone) -> None:
        """Say why a PIN did not do, or whose turn it is; the card arms from the start."""
        number, request = self._sent
        if self.dialog.done(done):
            self._view.watch.arming.disturbed(self._now_ms())
            self._view.watch.ticked.emit()
            return
        if done.n != number or not (self._typed or done.pin):
            return
        if done.pin:
            # What was chosen on a review's card takes it; which that is, the broker knows.
            level = Takes.BOTH if done.second else Takes.PIN
            self._owing = _Owing(request, level, done.sentence)
            self.changed.emit()
        else:
            self._turn_to(request if done.second else "")
            if done.ok and not done.second:
                return
            if not done.ok:
                self._view.card.pin.refused(done.sentence)
        self._take_keyboard(request)
        self._view.watch.arming.disturbed(self._now_ms())
        self._view.watch.ticked.emit()

    def _take_keyboard(self, request: str) -> None:
        """Give the field the keyboard: a person has just pressed, and it is asked for more."""
        card = self._view.card
        if card.card is not None and card.card.request_id == request and card.pin.isVisible():
            # Let go of first: a field that the pointer was in has no ring, and readers would not
            # say that it is about somebody else now.
            card.pin.field.clearFocus()
            card.pin.field.setFocus(Qt.FocusReason.OtherFocusReason)
            bring(card.pin)

    def _on_chosen(self) -> None:
        """Have the field there as soon as what is chosen takes it, where it can be seen."""
        before = self._view.card.pin.isVisible()
        self.changed.emit()
        if self._view.card.pin.isVisible() and not before:
            bring(self._view.card.pin)

    def _on_refused(self) -> None:
        """Say beside the field why Enter in it did nothing."""
        pin, watch = self._view.card.pin, self._view.watch
        if not pin.field.hasFocus():
            return
        timed = watch.arming.state(self._now_ms()).owed in {Owed.TIME, Owed.RELEASE}
        reason = self._view.card.block.allow.reason
        pin.too_soon(self._words("card.enter_again") if timed else reason)

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
