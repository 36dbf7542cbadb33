"""What became of an answer from the window, its PIN included, in a person's words."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from keyturn.application.answer_levels import needed
from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    Route,
)
from keyturn.application.approvals import Approvals
from keyturn.application.console_protocol import Decide, IntentDone
from keyturn.application.floods import Floods
from keyturn.application.pin_messages import RemoveSecond, SetPin, SetSecond, WithPin
from keyturn.application.pins import Pins
from keyturn.application.second_person import SecondPerson, Step, StepKind
from keyturn.approvers.asked_pins import AskedPins, Carried
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.pin import PinCheck, PinOutcome, PinUse
from keyturn.domain.presence import Readiness
from keyturn.domain.step_up import Takes
from keyturn.presentation.owed_pins import FindRule, OwedPins
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_EFFECT_WORDS: Mapping[AnswerEffect, str] = MappingProxyType(
    {
        AnswerEffect.STALE: "console.answer_stale",
        AnswerEffect.OVER: "console.answer_over",
        AnswerEffect.NOT_ALLOWED: "console.answer_not_allowed",
        AnswerEffect.PIN_WANTED: "console.pin_wanted",
        AnswerEffect.BOTH_WANTED: "console.both_wanted",
        AnswerEffect.NAME_WANTED: "console.name_wanted",
        AnswerEffect.NO_WINDOW: "console.answer_not_allowed",
    }
)
_REVIEWS = frozenset({RequestKind.DEFINITION, RequestKind.CHANGE})
_TYPED = frozenset({AnswerEffect.PIN_WANTED, AnswerEffect.BOTH_WANTED})


SetPins = Callable[[SetPin | SetSecond | RemoveSecond], Awaitable[None]]


class ConsoleAnswers:
    """Applies what a person decided in the window."""

    def __init__(
        self,
        approvals: Approvals,
        words: Words,
        pins: Pins | None,
        second: SecondPerson | None = None,
        find_rule: FindRule = lambda _id: None,
        floods: Floods | None = None,
    ) -> None:
        self._approvals = approvals
        self._words = words
        self._pins = pins
        self._second = second
        self._floods = floods
        owed = OwedPins(words, find_rule, self.request)
        self.asked = AskedPins(lambda carried, both: owed.said_all(carried, both=both))

    async def with_pin(self, decide: Decide) -> IntentDone:
        """Apply an answer with a PIN; a wrong one is no answer, and what waits goes on waiting.

        Denying never takes it, so that a wrong one is in nobody's way.
        """
        if self._pins is None or not decide.allow:
            return self.without_pin(decide)
        if self._chooses(decide) and not self._typed_for(decide):
            # What is chosen has changed since the sentence over the field was made.
            return self.without_pin(decide)
        if self._second is not None and (decide.second or self.takes(decide) is Takes.BOTH):
            return await self._of_two(decide, self._second)
        checked = await self._pins.check(decide.pin)
        if checked.outcome is not PinOutcome.RIGHT:
            return IntentDone(n=decide.n, ok=False, sentence=pin_sentence(checked, self._words))
        return self._apply(decide, pin=True)

    def _typed_for(self, decide: Decide) -> bool:
        """Tell whether the PIN was typed for exactly this choice."""
        both = self.takes(decide) is Takes.BOTH
        return self.asked.holds((decide,)) or self.asked.typed_under(decide, both=both)

    async def _of_two(self, decide: Decide, second: SecondPerson) -> IntentDone:
        """Take one PIN of two; what waits is allowed once both came for it."""
        # Of a review what was chosen is part of it.
        shown = (decide.id, f"{decide.digest} {decide.tier} {decide.labels}")
        take = second.second if decide.second else second.first
        step = await take(shown, decide.pin)
        if step.kind is StepKind.BOTH:
            return self._apply(decide, pin=True, persons=step.persons)
        if step.kind is StepKind.GO_ON:
            return IntentDone(n=decide.n, ok=True, second=second.name)
        sentence = step_sentence(step, self._words)
        # A wrong one leaves the turn where it is.
        return IntentDone(n=decide.n, ok=False, sentence=sentence, second=step.whose)

    @property
    def by_dialog(self) -> bool:
        """Tell whether a person chose the system's dialog, and there is a PIN beside it."""
        return self._pins is not None and self._pins.dialog

    def takes(self, decide: Decide) -> Takes:
        """Return what it takes to have it end as an answer says, as things are now."""
        request = self.request(decide.id)
        if request is None:
            return Takes.CLICK
        return needed(self._approvals.levels, request, _answer(decide))

    def request(self, request_id: str) -> ApprovalRequest | None:
        """Return what waits under an id; None where nothing does."""
        waiting = (one.request for one in self._approvals.waiting())
        return next((one for one in waiting if one.id == request_id), None)

    async def refused(self, message: WithPin) -> IntentDone | None:
        """Return why an intent with a PIN is not carried out; None for the right one."""
        if self._pins is None:
            sentence = self._words("console.pin_not_set")
            return IntentDone(n=message.n, ok=False, sentence=sentence)
        if message.second:
            if self._second is None:
                sentence = self._words("console.two_nobody")
                return IntentDone(n=message.n, ok=False, sentence=sentence)
            step = await self._second.both(message.pin, message.second)
            sentence, name = step_sentence(step, self._words), self._second.name
            if not sentence:
                return None
            return IntentDone(n=message.n, ok=False, sentence=sentence, pin=bool(name), second=name)
        checked = await self._pins.check(message.pin)
        if checked.outcome is PinOutcome.RIGHT:
            return None
        sentence = pin_sentence(checked, self._words)
        return IntentDone(n=message.n, ok=False, sentence=sentence, pin=True)

    async def first_of(self, message: WithPin, carried: Carried) -> IntentDone | None:
        """Return what is said instead of carrying anything out; None to go on.

        What no PIN was asked for goes on without one, so that it is asked for as if none had come.
        """
        if not carried:
            return IntentDone(n=message.n, ok=False, sentence=self._words("console.failed"))
        if not self.asked.holds(carried):
            return self._together(message, carried)
        return await self.refused(message)

    def _together(self, message: WithPin, carried: Carried) -> IntentDone | None:
        """Ask for one PIN for several changes that take it; None where they cannot go together."""
        both = self.asked.together(carried)
        return None if both is None else self.wanted(message.n, carried, both=both)

    def wanted(self, n: int, carried: Carried, *, both: bool) -> IntentDone:
        """Have the window ask for the PIN of changes, or for both, by what they are."""
        name = self._second.name if both and self._second is not None else ""
        if both and not name:
            return IntentDone(n=n, ok=False, sentence=self._words("console.two_nobody"))
        sentence = self.asked.ask(carried, both=both)
        return IntentDone(n=n, ok=False, sentence=sentence, pin=True, asks=True, second=name)

    def without_pin(self, decide: Decide) -> IntentDone:
        """Apply an answer that came with none."""
        return self._apply(decide, pin=False)

    def given(self, decide: Decide, *, pin: bool, both: bool) -> IntentDone:
        """Apply an answer whose PIN was looked at already, or those of `both`."""
        persons = self._second.persons if both and self._second is not None else ()
        return self._apply(decide, pin=pin, persons=persons)

    def confirmed(self, decide: Decide) -> IntentDone:
        """Apply an answer that the system's dialog has just confirmed."""
        return self._apply(decide, pin=True, dialog=True)

    def _apply(
        self, decide: Decide, *, pin: bool, persons: tuple[str, ...] = (), dialog: bool = False
    ) -> IntentDone:
        request = self.request(decide.id)
        if decide.allow and request is not None and self.is_held(request):
            return IntentDone(n=decide.n, ok=False, sentence=self._words("console.answer_held"))
        is_review = request is not None and request.kind is not RequestKind.CALL
        answer = replace(_answer(decide), pin=pin, persons=persons, dialog=dialog)
        effect = self._approvals.answer(answer)
        if is_review and effect in _TYPED:
            both = effect is AnswerEffect.BOTH_WANTED
            return self.wanted(decide.n, (decide,), both=both)
        words = _EFFECT_WORDS.get(effect)
        sentence = self._words(words) if words is not None else ""
        return IntentDone(n=decide.n, ok=words is None, sentence=sentence)

    def is_held(self, request: ApprovalRequest) -> bool:
        """Tell whether nothing of its agent is allowed until a person has chosen about it."""
        return self._floods is not None and not self._floods.may_allow(request)

    def _chooses(self, decide: Decide) -> bool:
        """Tell whether it says more than the card that it answers: which tier, which labels."""
        request = self.request(decide.id)
        return request is not None and request.kind in _REVIEWS


def _answer(decide: Decide) -> Answer:
    """Return what a person decided, with nothing that was typed beside it but a name."""
    return Answer(
        id=decide.id,
        digest=decide.digest,
        verdict=AnswerVerdict.ALLOW_ONCE if decide.allow else AnswerVerdict.DENY,
        route=Route.ACCESSIBILITY if decide.accessibility else Route.WINDOW,
        message=decide.message,
        prompt_hash=decide.prompt_hash,
        shown_ms=decide.shown_ms,
        after_arming_ms=decide.after_arming_ms,
        tier=decide.tier,
        labels=decide.labels,
        hide=decide.hide,
        named=decide.named,
    )


def setting_pins(
    pins: Pins,
    second: SecondPerson,
    words: Words,
    ready: Callable[[], Readiness | None] = lambda: None,
) -> SetPins:
    """Return what sets PINs as the window asks; it raises ConfigurationError with a sentence."""

    def dialog_missing(intent: SetPin) -> bool:
        return intent.dialog and not pins.dialog and ready() is not Readiness.READY

    async def set_pins(intent: SetPin | SetSecond | RemoveSecond) -> None:
        match intent:
            case SetPin() if dialog_missing(intent):
                refused = words("console.dialog_not_ready")
            case SetPin():
                use = next((use for use in PinUse if use.value == intent.use), PinUse.T2_T3)
                checked = await pins.set(intent.present, intent.new, use, dialog=intent.dialog)
                refused = pin_sentence(checked, words) if checked is not None else ""
            case SetSecond():
                refused = step_sentence(await second.set(intent), words)
            case RemoveSecond():
                refused = step_sentence(await second.remove(intent), words)
        if refused:
            raise ConfigurationError(refused)

    return set_pins


def step_sentence(step: Step | None, words: Words) -> str:
    """Say why what takes two persons was not done; empty where it was."""
    if step is None or step.kind is StepKind.BOTH:
        return ""
    if step.check is not None:
        return pin_sentence(step.check, words, step.whose, step.first)
    if step.kind is StepKind.AGAIN:
        first, whose = shown_line(step.first, words), shown_line(step.whose, words)
        return words("console.two_again", first=first, name=whose)
    return words(f"console.two_{step.kind.value}")


def pin_sentence(checked: PinCheck, words: Words, whose: str = "", first: str = "") -> str:
    """Say why a PIN did not do; `whose` is the second person's name, where it was theirs.

    `first` is the first one's, where there are two.
    """
    match checked.outcome:
        case PinOutcome.WRONG if whose or first:
            return _wrong_of(checked, words, whose or first)
        case PinOutcome.WRONG if checked.seconds:
            return words("console.pin_wrong_wait", n=checked.seconds)
        case PinOutcome.WRONG:
            return words("console.pin_wrong", n=checked.left)
        case PinOutcome.WAIT:
            return words("console.pin_wait", n=checked.seconds)
        case PinOutcome.NOT_SET:
            return words("console.pin_not_set")
        case PinOutcome.DAMAGED:
            return words("console.second_damaged" if whose else "console.pin_damaged")
        case _:
            return words("console.pin_locked")


def _wrong_of(checked: PinCheck, words: Words, whose: str) -> str:
    name = shown_line(whose, words)
    if checked.seconds:
        return words("console.second_wrong_wait", n=checked.seconds, name=name)
    return words("console.second_wrong", n=checked.left, name=name)
