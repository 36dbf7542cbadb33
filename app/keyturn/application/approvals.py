"""The queue of what waits for a person: deadlines, answers, withdrawal, and one-retry grants.

Order is arrival order. There is no blocking mode and no default answer; whoever asks awaits a
resolution, and every way a request can end is a row of the life cycle (`domain.approval`).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from keyturn.application.answer_levels import Clicks, Levels, level_of, refusal, with_level
from keyturn.application.answering import WINDOW
from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    WithdrawCause,
)
from keyturn.application.events import Observers, Topic
from keyturn.application.ports.approver import Approver
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.processes import ObservedProcess
from keyturn.application.queue_room import is_full, left_by_its_agent, oldest_without_room
from keyturn.application.retry_grants import RetryGrants
from keyturn.application.silent_denials import SilentDenials
from keyturn.application.waiting import Resolution, Waiting, WaitingCall, Watchers
from keyturn.domain.approval import Event, State, advance
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.policy import Judgement
from keyturn.domain.step_up import Weighed

_log = logging.getLogger(__name__)

_SECOND = 1_000_000_000

_STOPPED = (RequestKind.CALL, RequestKind.INPUT, RequestKind.RESULT)
"""What brings something to a server or to an agent."""


class EndRecorder(Protocol):
    """Writes down how a detached request ended, and that it became detached."""

    def detached(self, request: ApprovalRequest, cause: str, masked: bytes) -> bytes:
        """Record that the agent stopped waiting; return the arguments without secrets.

        `masked` are these where somebody has looked already, else nothing.
        """
        ...

    def ended(
        self,
        request: ApprovalRequest,
        outcome: Outcome,
        answer: Answer | None,
        masked: bytes,
        *,
        grant: bool,
    ) -> None:
        """Record the outcome of a request that ended after its agent stopped waiting.

        `masked` is what was returned then: a stop ends all of them at once.
        """
        ...


class Approvals:
    """Everything that waits for a person, calls and reviews alike."""

    def __init__(
        self, *, clock: Clock, limits: Limits, observers: Observers, recorder: EndRecorder
    ) -> None:
        self._clock = clock
        self._limits = limits
        self._observers = observers
        self._recorder = recorder
        self._approver: Approver | None = None
        self._waiting: dict[str, Waiting] = {}
        self.grants = RetryGrants(clock, limits.retry_grant_seconds)
        self.denials = SilentDenials(clock, limits.silent_denial_seconds)
        self.levels: Levels = Clicks()
        self.somebody_second: Callable[[], bool] = lambda: False
        self.asked = Watchers()
        """Of every request, those that nobody can answer included."""

    def attach(self, approver: Approver | None) -> None:
        """Name who answers; requests that already wait are shown to it."""
        self._approver = approver
        if approver is not None:
            for waiting in self.waiting():
                self.show(waiting, approver)

    def show(self, waiting: Waiting, approver: Approver) -> None:
        """Show what waits to an approver that has not seen it, as it stands now.

        What cannot be shown is refused: nobody could answer it, and it must not keep the rest from
        being shown.
        """
        try:
            now = self._clock.monotonic_ns()
            approver.publish(waiting.request, waiting.remaining_ms(now), waiting.waited_ms(now))
            if waiting.state is State.DETACHED:
                ago = (now - waiting.left_ns) // 1_000_000
                approver.detach(waiting.request.id, waiting.left.value, ago)
        except Exception:  # noqa: BLE001 -- the port's edge: whatever it was, no answer is no
            _log.exception("request cannot be shown, refused id=%s", waiting.request.id)
            if self._waiting.get(waiting.request.id) is waiting:
                self._end(waiting, Event.REFUSED, Outcome.ERROR_BROKER, WithdrawCause.CANCELLED)

    @property
    def somebody_answers(self) -> bool:
        """False when no approver was named or it has ended: asking would be refusing."""
        return self._approver is not None and self._approver.present

    @property
    def somebody_types(self) -> bool:
        """Tell whether who answers can be had to type a PIN, or a name."""
        return self._approver is not None and self._approver.route in WINDOW

    def waiting(self) -> tuple[Waiting, ...]:
        """Return what waits, in arrival order."""
        return tuple(self._waiting.values())

    def full(self, agent: str, size: int = 0) -> bool:
        """Tell whether one more call would exceed the queue (architecture.md "Numbers")."""
        return is_full(self._waiting.values(), agent, size, self._limits)

    def ask(
        self,
        request: ApprovalRequest,
        *,
        hold_seconds: float | None,
        call: WaitingCall | None = None,
        host: ObservedProcess | None = None,
    ) -> "asyncio.Future[Resolution]":
        """Put a request into the queue and show it; the future says how the wait ended.

        `hold_seconds` is how long the agent is held; None for a review, which nobody's call
        waits for, and stays until answered or withdrawn. `call` lets rules that change decide.
        """
        for left in left_by_its_agent(self._waiting.values(), request):
            self._end_detached(left, WithdrawCause.RETRIED)
        now = self._clock.monotonic_ns()
        deadline = None if hold_seconds is None else now + int(hold_seconds * _SECOND)
        future = asyncio.get_running_loop().create_future()
        waiting = Waiting(
            request=request,
            asked_ns=now,
            deadline_ns=deadline,
            resolved=future,
            call=call,
            host=host,
        )
        self._waiting[request.id] = waiting
        if deadline is not None:
            waiting.timer = self._clock.call_at(deadline, lambda: self._hold_ended(waiting))
        if self._approver is not None:
            self.show(waiting, self._approver)
        self._make_room(request.agent)
        self._observers.changed(Topic.QUEUE)
        return future

    def ask_anew(self, waiting: Waiting, request: ApprovalRequest) -> None:
        """Show in place of what waits how it stands now; what was shown can be answered no more.

        The agent waits on as long as before, and in the same place.
        """
        old = waiting.request.id
        waiting.become(request)
        self._waiting = {w.request.id: w for w in self._waiting.values()}
        if self._approver is not None:
            self._approver.withdraw(old, WithdrawCause.ASKED_ANEW, "")
            self.show(waiting, self._approver)
        self._observers.changed(Topic.QUEUE)

    def answer(self, answer: Answer) -> AnswerEffect:
        """Apply an approver's answer to exactly the request and digest that it was shown."""
        waiting = self.still_waiting(answer.id)
        if waiting is None:
            return AnswerEffect.OVER
        if (effect := refusal(self.levels, waiting.request, answer)) is not None:
            if effect is AnswerEffect.NO_WINDOW:
                # Nobody else will come: who waits hears so at once.
                left = Outcome.REFUSED_NO_APPROVER
                self._end(waiting, Event.REFUSED, left, WithdrawCause.DECIDED)
            return effect
        answer = with_level(answer)
        if answer.verdict is not AnswerVerdict.ALLOW_ONCE:
            self.denials.denied(waiting, answer)
            self._resolve(waiting, Event.DENIED, Outcome.DENIED_USER, answer)
            return AnswerEffect.APPLIED
        if waiting.state is State.DETACHED:
            self.grants.make_for(waiting.request, answer.level)
            self._resolve(waiting, Event.RETRY_GRANTED, waiting.left, answer)
            return AnswerEffect.RETRY_GRANTED
        self._resolve(waiting, Event.ALLOWED, waiting.allowed_as, answer)
        return AnswerEffect.APPLIED

    def take_retry_grant(self, digest: str, weighed: Weighed) -> bool:
        """Use up the grant for one identical call, if a person made one and it still lives."""
        return self.grants.take(digest, weighed.tier, self.levels.of_call(weighed))

    def client_left(self, request_id: str, *, host_gone: bool = False) -> None:
        """Say that the agent cancelled, timed out or vanished; the request is not sent."""
        waiting = self._waiting.get(request_id)
        if waiting is None:
            return
        left = Outcome.CANCELLED_BY_CLIENT
        if host_gone:
            self._end(waiting, Event.HOST_GONE, left, WithdrawCause.CANCELLED)
        elif waiting.state is State.PENDING:
            self._detach(waiting, Event.CLIENT_LEFT, left)

    def refuse(
        self, which: Callable[[ApprovalRequest], bool], outcome: Outcome, cause: WithdrawCause
    ) -> int:
        """Refuse what waits and matches; returns how many."""
        for waiting in (chosen := [w for w in self._waiting.values() if which(w.request)]):
            self._end(waiting, Event.REFUSED, outcome, cause)
        return len(chosen)

    def stop(self) -> int:
        """Refuse every call that waits and forget every grant; reviews stay, they send nothing."""
        self.grants.clear()
        cause = WithdrawCause.STOPPED
        return self.refuse(lambda request: request.kind in _STOPPED, Outcome.REFUSED_PAUSED, cause)

    def close(self) -> None:
        """End what no agent waits for any more, as what it was then: nobody will answer it now."""
        for waiting in self.waiting():
            if waiting.state is State.DETACHED:
                self._end_detached(waiting)

    def decide_by_rule(
        self, request_id: str, event: Event, outcome: Outcome, judgement: Judgement | None = None
    ) -> bool:
        """Settle a pending call that a new rule decides; False when it is too late for that."""
        waiting = self.still_waiting(request_id)
        if waiting is None or waiting.state is not State.PENDING:
            return False
        cause = WithdrawCause.DECIDED_BY_RULE
        self._resolve(waiting, event, outcome, None, cause, judgement=judgement)
        return True

    def still_waiting(self, request_id: str) -> Waiting | None:
        """Find what waits; a deadline that passed counts, whether its timer has run or not.

        Timers are late on a busy loop and after a machine slept; an answer is then late too.
        """
        waiting = self._waiting.get(request_id)
        if waiting is None or waiting.deadline_ns is None:
            return waiting
        if self._clock.monotonic_ns() >= waiting.deadline_ns:
            self._hold_ended(waiting)
        return self._waiting.get(request_id)

    def _hold_ended(self, waiting: Waiting) -> None:
        if waiting.state is State.PENDING:
            self._detach(waiting, Event.HOLD_ENDED, Outcome.EXPIRED_NO_ANSWER)
        else:
            self._end_detached(waiting)

    def _end_detached(self, waiting: Waiting, cause: WithdrawCause | None = None) -> None:
        """End what nobody answered in time, as what it was when its agent stopped waiting."""
        if waiting.left is Outcome.CANCELLED_BY_CLIENT:
            self._end(waiting, Event.CLIENT_LEFT, waiting.left, cause or WithdrawCause.CANCELLED)
        else:
            self._end(waiting, Event.HOLD_ENDED, waiting.left, cause or WithdrawCause.EXPIRED)

    def _detach(self, waiting: Waiting, event: Event, left: Outcome) -> None:
        if waiting.request.kind is RequestKind.RESULT:
            self._end(waiting, Event.REFUSED, left, _cause_of(left))
            return
        if waiting.call is not None and (asked := waiting.call.drop_edit()) is not None:
            self.ask_anew(waiting, asked)
        if self._waiting.get(waiting.request.id) is not waiting:
            return  # It could not be shown, and has ended as that.
        waiting.leave(event, left, self._clock.monotonic_ns())
        waiting.keep(self._recorder.detached(waiting.request, left.value, waiting.known_masked))
        waiting.settle(Resolution(State.DETACHED, left))
        waiting.deadline_ns = waiting.left_ns + int(self._limits.detached_seconds * _SECOND)
        waiting.timer = self._clock.call_at(waiting.deadline_ns, lambda: self._hold_ended(waiting))
        self._make_room(waiting.request.agent)
        if self._approver is not None and waiting.request.id in self._waiting:
            self._approver.detach(waiting.request.id, left.value)
        self._observers.changed(Topic.QUEUE)

    def _make_room(self, agent: str) -> None:
        for waiting in oldest_without_room(self._waiting.values(), agent, self._limits):
            self._end_detached(waiting)

    def _end(self, waiting: Waiting, event: Event, outcome: Outcome, cause: WithdrawCause) -> None:
        self._resolve(waiting, event, outcome, None, cause)

    def _resolve(
        self,
        waiting: Waiting,
        event: Event,
        outcome: Outcome,
        answer: Answer | None,
        cause: WithdrawCause = WithdrawCause.DECIDED,
        *,
        judgement: Judgement | None = None,
    ) -> None:
        was_detached = waiting.state is State.DETACHED
        waiting.state = advance(waiting.state, event)
        waiting.drop_timer()
        del self._waiting[waiting.request.id]
        if was_detached:
            granted = event is Event.RETRY_GRANTED
            self._recorder.ended(waiting.request, outcome, answer, waiting.masked, grant=granted)
        level = level_of(self.levels, waiting.request, answer)
        waiting.settle(Resolution(waiting.state, outcome, answer, judgement, level))
        if self._approver is not None:
            self._approver.withdraw(waiting.request.id, cause, outcome.value)
        self._observers.changed(Topic.QUEUE)


def _cause_of(left: Outcome) -> WithdrawCause:
    """Say why a result is not waited for; its call has run, so that nothing is tried again."""
    expired = left is Outcome.EXPIRED_NO_ANSWER
    return WithdrawCause.EXPIRED if expired else WithdrawCause.CANCELLED
