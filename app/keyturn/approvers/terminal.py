"""A person at this terminal as the approver: one request at a time, in arrival order.

Input that was typed before a request was shown long enough answers nothing. T2 needs a word of the
decisive value typed, T3 the tool's name; after a stop only the word RESUME ends it.
"""

import asyncio
import logging
from collections.abc import Callable

from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    Route,
    WithdrawCause,
)
from keyturn.application.approvals import Approvals
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.tasks import TaskOwner
from keyturn.approvers.terminal_commands import (
    Command,
    CommandName,
    Proof,
    commands_of,
    proof_of,
    read_command,
)
from keyturn.approvers.terminal_showing import (
    MILLISECOND,
    Item,
    Reading,
    Showing,
    Shown,
    Stage,
    Terminal,
)
from keyturn.approvers.terminal_stop import Resume, Review, TerminalStop
from keyturn.domain.decision import Outcome
from keyturn.presentation.arming import ArmingDelays
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.request_text import RequestTexts, size_of
from keyturn.presentation.words import Words

_log = logging.getLogger(__name__)

_LARGE = 4 * 1024


class TerminalApprover:
    """Holds the conversation; the terminal's own reading and writing is handed in."""

    def __init__(
        self,
        *,
        approvals: Approvals,
        clock: Clock,
        words: Words,
        cards: CardBuilder,
        resume: Resume | None = None,
        review: Review | None = None,
        delays: ArmingDelays | None = None,
    ) -> None:
        """Prepare it; without `resume` a stop cannot be ended here."""
        self._approvals = approvals
        self._clock = clock
        self._words = words
        self._cards = cards
        self._texts = RequestTexts(words, cards)
        self._showing = Showing(clock=clock, delays=delays or ArmingDelays(), ask=self._ask)
        self._say = self._showing.say
        self._waiting: dict[str, Item] = {}
        self._gone = False
        self._tasks = TaskOwner(on_failure=lambda _name, _error: self.closed())
        self._stop = TerminalStop(
            words=words,
            phrases=cards.phrases,
            texts=self._texts,
            showing=self._showing,
            tasks=self._tasks,
            resume=resume,
            review=review,
            resumed=self._show_next,
        )

    def open(self, terminal: Terminal) -> None:
        """Open the terminal, which is closed with this approver, and begin the conversation."""
        self._showing.open(terminal)
        self._say(self._words("approver.welcome"))
        if self._stop.facts is not None:
            self.stopped(self._stop.facts)
        self._show_next()

    async def close(self) -> None:
        """End the conversation; nothing is answered by that."""
        self._gone = True
        await self._tasks.close()
        self._showing.close()

    # ---------------------------------------------------------------- the port

    @property
    def route(self) -> Route:
        """Name how its answers come."""
        return Route.TERMINAL

    @property
    def present(self) -> bool:
        """False once the terminal is gone."""
        return not self._gone

    def publish(self, request: ApprovalRequest, deadline_ms: int | None, waited: int = 0) -> None:
        """Put a request behind those that wait; show it when it is the only one."""
        if self._gone or request.kind is RequestKind.AGENT:
            # Later, because Approvals may be walking its queue just now.
            loop = asyncio.get_running_loop()
            loop.call_soon(lambda: self._refuse(lambda one: one.id == request.id))
            return
        deadline = None
        if deadline_ms is not None:
            deadline = self._clock.monotonic_ns() + deadline_ms * MILLISECOND
        self._waiting.setdefault(request.id, Item(request=request, deadline_ns=deadline))
        self._show_next()

    def detach(self, request_id: str, cause: str, ago: int = 0) -> None:
        """Say that its agent stopped waiting; one retry can still be allowed."""
        item = self._waiting.get(request_id)
        if item is None:
            return
        item.detached = True
        if self._showing.shows(item):
            self._say(self._cards.phrases.deadline(0))

    def withdraw(self, request_id: str, cause: WithdrawCause, outcome: str) -> None:
        """Take a request away; when it is on the terminal, say why and show the next."""
        item = self._waiting.pop(request_id, None)
        if item is None:
            return
        if cause is WithdrawCause.STOPPED:
            self._stop.refused(item.request)
        if not self._showing.shows(item):
            return
        self._showing.drop()
        if cause is not WithdrawCause.DECIDED:
            self._say(self._words(_WITHDRAWN[cause]))
        # Later: a stop takes all of them away, and the next would be shown for nothing.
        asyncio.get_running_loop().call_soon(self._show_next)

    def alert(self, text: str) -> None:
        """Say something that needs no answer."""
        self._say(self._words("approver.alert", text=self._texts.line(text)))

    def stopped(self, facts: StopFacts) -> None:
        """Show the review list; until RESUME is typed nothing else is shown."""
        self._stop.begin(facts)

    # ---------------------------------------------------------------- the terminal's news

    def typed(self, line: str) -> None:
        """Take a line that a person typed."""
        shown = self._showing.current
        if shown is None:
            self._show_set_aside()
        elif shown.stage in (Stage.WRITING, Stage.ARMING):
            self._say(self._words("approver.too_early"))
        elif shown.item is None:
            self._stop.typed(line)
        elif shown.stage is Stage.PROVING and shown.proof is not None:
            self._proof_typed(line, shown, shown.item, shown.proof)
        else:
            self._command_typed(line, shown, shown.item)

    def closed(self) -> None:
        """Refuse everything that waits: the terminal is gone."""
        if self._gone:
            return
        self._gone = True
        self._showing.drop()
        self._waiting.clear()
        _log.error("terminal is gone, refused=%s", self._refuse(lambda _request: True))

    # ---------------------------------------------------------------- showing

    def _show_next(self) -> None:
        showing = self._showing
        item = next((one for one in self._waiting.values() if not one.later), None)
        if showing.current is not None or self._stop.facts is not None or self._gone:
            return
        if item is None or showing.terminal is None:
            return
        shown = Shown(item=item)
        if size_of(item.request) > _LARGE:
            showing.reserve(shown)
            self._tasks.start(self._show(shown, lambda: self._write(shown, item)), "terminal text")
        else:
            showing.begin(shown, self._write(shown, item))

    async def _show(self, shown: Shown, write: Callable[[], str]) -> None:
        """Do the same off the loop, which nothing may hold for long."""
        text = await asyncio.to_thread(write)
        if self._showing.current is shown:
            self._showing.begin(shown, text)

    def _write(self, shown: Shown, item: Item) -> str:
        told = self._texts.of(item.request, item.remaining_ms(self._clock.monotonic_ns()))
        shown.headline = told.text.partition("\n")[0]
        shown.reading = Reading(self._texts, item.request, told)
        shown.proof = proof_of(item.request, self._cards.decisive(item.request))
        return f"\n{told.text}"

    def _show_set_aside(self) -> None:
        for item in self._waiting.values():
            item.later = False
        if self._waiting:
            self._show_next()
        else:
            self._say(self._words("approver.nothing_waits"))

    def _ask(self, shown: Shown) -> None:
        """Say what can be typed, under the headline: the text above may have scrolled away."""
        if shown.item is None or shown.reading is None:
            self._say(self._stop.question())
            return
        rest = f"{self._words(key)}\n" if (key := shown.reading.rest_key) else ""
        self._say(f"{shown.headline}\n{rest}{self._words(commands_of(shown.item.request))}")

    # ---------------------------------------------------------------- answering

    def _command_typed(self, line: str, shown: Shown, item: Item) -> None:
        command = read_command(line, item.request)
        reading = shown.reading
        whole = reading is None or reading.whole
        match command.name:
            case CommandName.WHOLE if reading is not None and reading.goes_on:
                self._showing.reserve(shown)
                self._tasks.start(self._show(shown, reading.next_page), "terminal page")
            case CommandName.WHOLE:
                self._say(self._words("approver.all_was_here"))
            case CommandName.ALLOW | CommandName.PIN if not whole:
                self._say(self._words("approver.not_whole"))
                self._ask(shown)
            case CommandName.ALLOW:
                self._prove(shown, item)
            case CommandName.LATER:
                self._set_aside(item)
            case CommandName.UNKNOWN:
                self._say(self._words("approver.unknown_command"))
                self._ask(shown)
            case CommandName.PIN | CommandName.HIDE | CommandName.DENY:
                self._answer(shown, item, command)

    def _prove(self, shown: Shown, item: Item) -> None:
        if (proof := shown.proof) is None:
            self._answer(shown, item, Command(name=CommandName.ALLOW))
            return
        self._showing.prove(shown)
        self._say(self._words(proof.key, name=self._texts.line(proof.name), text=proof.asked))

    def _proof_typed(self, line: str, shown: Shown, item: Item, proof: Proof) -> None:
        if proof.holds(line):
            self._answer(shown, item, Command(name=CommandName.ALLOW))
            return
        shown.stage = Stage.READY
        if read_command(line, item.request).name in (CommandName.DENY, CommandName.LATER):
            self._command_typed(line, shown, item)
        else:
            self._say(self._words("approver.not_proven"))
            self._ask(shown)

    def _set_aside(self, item: Item) -> None:
        item.later = True
        self._showing.drop()
        self._show_next()
        if self._showing.current is None:
            self._say(self._words("approver.set_aside", n=len(self._waiting)))

    def _answer(self, shown: Shown, item: Item, command: Command) -> None:
        request, shown_ms = item.request, self._showing.shown_ms(shown)
        allows = command.name in (CommandName.ALLOW, CommandName.PIN)
        self._showing.drop()
        self._waiting.pop(request.id, None)
        effect = self._approvals.answer(
            Answer(
                id=request.id,
                digest=request.digest,
                verdict=AnswerVerdict.ALLOW_ONCE if allows else AnswerVerdict.DENY,
                route=Route.TERMINAL,
                message=command.message,
                prompt_hash=shown.reading.prompt_hash if shown.reading is not None else "",
                shown_ms=shown_ms,
                tier=command.tier,
                hide=command.name is CommandName.HIDE,
            )
        )
        self._say(self._words(_effect_words(effect, command.name)))
        self._show_next()

    def _refuse(self, which: Callable[[ApprovalRequest], bool]) -> int:
        return self._approvals.refuse(which, Outcome.REFUSED_NO_APPROVER, WithdrawCause.DECIDED)


_WITHDRAWN = {
    WithdrawCause.CANCELLED: "approver.withdrawn_cancelled",
    WithdrawCause.EXPIRED: "approver.withdrawn_expired",
    WithdrawCause.STOPPED: "approver.withdrawn_stopped",
    WithdrawCause.DRIFT: "approver.withdrawn_drift",
    WithdrawCause.DECIDED_BY_RULE: "approver.withdrawn_rule",
    WithdrawCause.ASKED_ANEW: "approver.withdrawn_asked_anew",
    WithdrawCause.RETRIED: "approver.withdrawn_retried",
    WithdrawCause.DECIDED: "approver.withdrawn_decided",
}
_DONE = {
    CommandName.ALLOW: "approver.allowed",
    CommandName.PIN: "approver.pinned",
    CommandName.HIDE: "approver.hidden",
    CommandName.DENY: "approver.denied",
}


def _effect_words(effect: AnswerEffect, command: CommandName) -> str:
    match effect:
        case AnswerEffect.APPLIED:
            return _DONE.get(command, "approver.denied")
        case AnswerEffect.RETRY_GRANTED:
            return "approver.retry_granted"
        case (
            AnswerEffect.STALE
            | AnswerEffect.OVER
            | AnswerEffect.NOT_ALLOWED
            | AnswerEffect.PIN_WANTED
            | AnswerEffect.BOTH_WANTED
            | AnswerEffect.NAME_WANTED
            | AnswerEffect.NO_WINDOW
        ):
            return "approver.had_no_effect"
