"""The gate: one judged call from top to bottom, and the only caller of `upstream.send`.

    1 identify   who asks, for which server and tool, under which pin   }
    2 validate   the arguments against the pinned schema                } application/
    3 trace      where each value came from                             } assessment.py
    4 judge      stop, rules, tier, lamps: ALLOW, ASK or DENY           }
    5 ask        a person, when the verdict is ASK
    6 record     the decision, committed before anything moves (law 1)
    7 send       the stop and the digest are looked at once more, with no await before the write
    8 inspect    the result, and what it asks for        } application/receiving.py, asked_within.py
    9 record     the delivery, not awaited               }

Every way out that is not a recorded ALLOW returns a refusal; `handle` never raises.
"""

import logging
from dataclasses import dataclass

from keyturn.application.approval_request import Answer
from keyturn.application.approvals import Approvals
from keyturn.application.asked_call import AskedCall
from keyturn.application.asked_within import AskedWithin
from keyturn.application.asking import rule_name
from keyturn.application.assessment import Assessment
from keyturn.application.call import (
    Admitted,
    Handled,
    IncomingCall,
    Judged,
    Refused,
    Reply,
    Silence,
)
from keyturn.application.events import Observers, Topic
from keyturn.application.hold_budgets import HoldBudgets
from keyturn.application.late_calls import FIRST, LateCalls
from keyturn.application.late_results import Claim
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.ids import Ids
from keyturn.application.ports.milestones import Milestone, Milestones
from keyturn.application.ports.upstream import AnsweredError, Ready, Upstream
from keyturn.application.receiving import Receiver
from keyturn.application.recording import Recorder, actor_of
from keyturn.application.rulebook import RuleBook
from keyturn.application.stop import StopSwitch
from keyturn.application.waiting import Resolution, bytes_of
from keyturn.domain.approval import State
from keyturn.domain.canonical import JsonObject
from keyturn.domain.client_request import LISTEN
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Delivery, Outcome, Verdict
from keyturn.domain.errors import KeyturnError, LogUnavailable, ServerUnavailable, StaleApproval
from keyturn.domain.policy import Because
from keyturn.domain.record import Durability
from keyturn.domain.tier import Tier

_log = logging.getLogger(__name__)
_ERROR = Refused(outcome=Outcome.ERROR_BROKER)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Decided:
    """The decision that is recorded: an allowing outcome, or the refusal to answer with."""

    outcome: Outcome
    refusal: Refused | Silence | None = None
    answer: Answer | None = None
    recorded: bool = False
    """The wait goes on without the agent; the outcome is written when it ends."""
    late: Claim | None = None
    """What an identical earlier call leaves to this one: nothing is sent again."""


class Gate:
    """Walks judged calls; see the module's docstring for the steps."""

    def __init__(
        self,
        *,
        assessment: Assessment,
        stop: StopSwitch,
        rules: RuleBook,
        approvals: Approvals,
        recorder: Recorder,
        log: DecisionLog,
        receiver: Receiver,
        within: AskedWithin,
        late: LateCalls,
        holds: HoldBudgets,
        clock: Clock,
        ids: Ids,
        observers: Observers,
        milestones: Milestones,
        limits: Limits,
    ) -> None:
        self._assessment = assessment
        self._stop = stop
        self._rules = rules
        self._approvals = approvals
        self._recorder = recorder
        self._log = log
        self._receiver = receiver
        self._within = within
        self._late = late
        self._holds = holds
        self._clock = clock
        self._ids = ids
        self._observers = observers
        self._milestones = milestones
        self._limits = limits

    async def handle(self, incoming: IncomingCall, upstream: Upstream) -> Handled:
        """Take one call through the gate and return what the agent is answered."""
        try:
            return await self._walk(incoming, upstream)
        except LogUnavailable as error:
            _log.error("call refused, no record possible call=%s cause=%s", incoming.id, error)
            return Refused(outcome=Outcome.ERROR_BROKER, unknown=incoming.sent)
        except Exception:  # noqa: BLE001 -- the protocol edge: a surprise denies
            _log.exception("call refused by an error call=%s", incoming.id)
            return await self._refuse_after_error(incoming)

    async def _walk(self, incoming: IncomingCall, upstream: Upstream) -> Handled:
        judged, refusal = self._assessment.assess(incoming)
        if judged is None or refusal is not None:
            return await self._record_refusal(incoming, refusal or _ERROR, judged)
        self._milestones.reached(Milestone.JUDGED)
        # Looked at before a person is asked, so that nobody answers a call that cannot run.
        decided = await self._unready(incoming, upstream)
        if decided is None:
            await self._look_at_the_tools(judged, upstream)
            refusal = self._assessment.look_again(incoming, judged)
            if refusal is not None:
                return await self._record_refusal(incoming, refusal, judged)
            claim = self._late.claim(incoming, judged)
            if claim is not None:
                return await self._answer_late(incoming, judged, claim)
            decided = await self._decide(incoming, judged)
            if decided.outcome.allows:
                decided = await self._unready(incoming, upstream, decided.answer) or decided
        if decided.refusal is not None:
            if not decided.recorded:
                await self._commit(incoming, judged, decided)
            return decided.refusal
        await self._commit(incoming, judged, decided)
        unsent = self._unsendable(incoming, judged)
        if unsent is not None:
            return self._receiver.not_sent(incoming, judged, unsent)
        if judged.call.method == LISTEN:
            return Admitted(judged.call.params)
        return await self._send(incoming, judged, upstream)

    async def _answer_late(self, incoming: IncomingCall, judged: Judged, claim: Claim) -> Reply:
        """Record that a retry was let through, then give it what the sent call brought."""
        decided = _Decided(outcome=Outcome.ALLOWED_RETRY_GRANT, late=claim)
        with self._late.holding(claim):
            await self._commit(incoming, judged, decided)
            return await self._late.deliver(incoming, judged, claim)

    async def _look_at_the_tools(self, judged: Judged, upstream: Upstream) -> None:
        """Have a list that is not fresh made anew before a person is asked on it (T2 and T3)."""
        judgement = judged.judgement
        asks = judgement is not None and judgement.verdict is not Verdict.ALLOW
        if judged.tier < Tier.T2 or not asks or not judged.call.is_of_tool:
            return
        await upstream.look_again(
            older_than=self._limits.listing_seconds, at_most=self._limits.look_seconds
        )

    # 5 ---------------------------------------------------------------- ask

    async def _decide(self, incoming: IncomingCall, judged: Judged) -> _Decided:
        judgement = judged.judgement
        if judgement is not None and judgement.verdict is Verdict.ALLOW:
            if judgement.because is not Because.CONTINUATION:
                self._rules.counted(judgement)
                return _Decided(outcome=Outcome.ALLOWED_RULE)
            # Used up here, so that the same state never allows a second call.
            if incoming.connection.session.continuations.take(judged.call):
                return _Decided(outcome=Outcome.CONTINUATION)
        if incoming.ended:
            return _refused(Outcome.ERROR_BROKER)
        if self._approvals.take_retry_grant(judged.digest, judged.tier):
            return _Decided(outcome=Outcome.ALLOWED_RETRY_GRANT)
        now, ticket = self._clock.now_utc, self._ids.ticket()
        asked = AskedCall(self._assessment, incoming, judged, now_utc=now, ticket=ticket)
        request = asked.shown
        self._approvals.noticed(request)
        if not self._approvals.somebody_answers:
            return _refused(Outcome.REFUSED_NO_APPROVER)
        if self._approvals.full(request.agent, bytes_of(request)):
            return _refused(Outcome.REFUSED_OVERLOAD)
        incoming.approval_id = request.id
        asked_ns = self._clock.monotonic_ns()
        hold = self._holds.of(request.agent)
        resolved = self._approvals.ask(
            request, hold_seconds=hold, call=asked, host=incoming.connection.peer.host
        )
        if incoming.cancelled:
            self._approvals.client_left(request.id)
        resolution = await resolved
        judged.decide_ms = (self._clock.monotonic_ns() - asked_ns) // 1_000_000
        incoming.approval_id = ""
        # A rule that was made meanwhile decided: the record names that one.
        judged.judgement = resolution.judgement or judged.judgement
        if resolution.outcome is Outcome.REFUSED_PAUSED:
            self._stop.refused_one()
        return _resolved(resolution, request.ticket, rule_name(judged.judgement), hold)

    # 6 ---------------------------------------------------------------- record

    async def _unready(
        self, incoming: IncomingCall, upstream: Upstream, answer: Answer | None = None
    ) -> _Decided | None:
        """Return the refusal of a call that could not be written at all; None when it could."""
        match Ready.GONE if incoming.ended else await upstream.ready():
            case Ready.READY:
                return None
            case Ready.KEYCHAIN:
                return _refused(Outcome.REFUSED_KEYCHAIN, answer)
            case Ready.GONE:
                return _refused(Outcome.ERROR_BROKER, answer)

    async def _commit(self, incoming: IncomingCall, judged: Judged, decided: _Decided) -> None:
        """Commit the decision; only after this returns may anything be sent (law 1)."""
        if decided.outcome.allows and judged.call.digest() != judged.digest:
            raise StaleApproval("The call changed after it was allowed, so it was not sent.")
        durability = _durability(judged, decided)
        if judged.only_noted and decided.outcome is Outcome.ALLOWED_RULE:
            # Nobody and no rule decided it, so that it is no decision; law 1 holds all the same.
            passed = self._recorder.passed(incoming.connection, incoming.method)
            await self._log.commit(passed, durability)
            incoming.decided = True
            return
        entry = self._recorder.decision(
            call_id=incoming.id,
            connection=incoming.connection,
            outcome=decided.outcome,
            call=judged.call,
            digest=judged.digest,
            tier=judged.tier,
            trace=judged.trace,
            judgement=judged.judgement,
            rules_hash=self._rules.hash,
            answer=decided.answer,
            actor=decided.late.actor if decided.late is not None else actor_of(decided.outcome),
            details=_details(judged, decided.late),
        )
        await self._log.commit(entry, durability)
        incoming.decided = True
        judged.outcome = decided.outcome
        incoming.connection.session.remember(judged.call, decided.outcome, judged.number)
        self._observers.changed(Topic.HISTORY)

    async def _record_refusal(
        self, incoming: IncomingCall, refusal: Refused, judged: Judged | None = None
    ) -> Refused:
        """Commit a refusal that needed no question."""
        entry = self._recorder.decision(
            call_id=incoming.id,
            connection=incoming.connection,
            outcome=refusal.outcome,
            call=judged.call if judged is not None else None,
            tool=incoming.claimed_name(),
            method=incoming.method,
            tier=judged.tier if judged is not None else Tier.T3,
            judgement=judged.judgement if judged is not None else None,
            rules_hash=self._rules.hash,
            details={"faults": list(refusal.faults)} if refusal.faults else None,
        )
        await self._log.commit(entry)
        self._observers.changed(Topic.HISTORY)
        return refusal

    async def _refuse_after_error(self, incoming: IncomingCall) -> Reply:
        """Refuse, and record it: as the decision, or as the fate of a call already decided."""
        refusal = Refused(outcome=Outcome.ERROR_BROKER, unknown=incoming.sent)
        if incoming.decided:
            self._recorder.delivery(
                call_id=incoming.id,
                connection=incoming.connection,
                tool="",
                delivery=Delivery.UNKNOWN if incoming.sent else Delivery.NOT_SENT,
                details={"reason": "an error in the broker"},
            )
            return refusal
        try:
            return await self._record_refusal(incoming, refusal)
        except KeyturnError:
            return refusal

    # 7 ---------------------------------------------------------------- send

    def _unsendable(self, incoming: IncomingCall, judged: Judged) -> Refused | Silence | None:
        """Look once more; from this to the write there is no await, so nothing comes between."""
        unsent = _given_up(incoming) or self._assessment.last_look(incoming, judged)
        if unsent is None and judged.call.digest() != judged.digest:
            _log.error("call changed after its decision, not sent call=%s", incoming.id)
            return _ERROR
        return unsent

    async def _send(self, incoming: IncomingCall, judged: Judged, upstream: Upstream) -> Reply:
        """Write, and wait for the server's answer."""
        self._milestones.reached(Milestone.RELEASED)
        # Any surprise from here on leaves the outcome unknown; only the port's own word says that
        # no byte was written.
        incoming.sent = True
        try:
            reply = upstream.send(incoming.request_id, judged.call.method, judged.call.params)
        except ServerUnavailable:
            incoming.sent = False
            return self._receiver.not_sent(incoming, judged, _ERROR)
        flight = self._late.sent(incoming, judged)
        answer: Reply = Refused(outcome=Outcome.ERROR_BROKER, unknown=True)
        try:
            answered = await reply
            flight.failed = isinstance(answered, AnsweredError)
            received = self._receiver.receive(incoming, judged, answered)
            answer = await self._within.admit(incoming, judged, received)
        finally:
            self._late.ended(flight, answer)
        return answer


def _durability(judged: Judged, decided: _Decided) -> Durability:
    """Return what "committed" means in law 1: less only for a read that a rule allows."""
    by_rule = decided.outcome is Outcome.ALLOWED_RULE and judged.tier is Tier.T0
    return Durability.WRITTEN if by_rule else Durability.FULL


def _details(judged: Judged, late: Claim | None) -> JsonObject:
    first: JsonObject = {FIRST: late.first} if late is not None else {}
    return {"call_number": judged.number, "decide_ms": judged.decide_ms, **first}


def _resolved(resolution: Resolution, ticket: str, rule: str, hold_seconds: float) -> _Decided:
    """Put how the wait ended into what is recorded and answered."""
    outcome, answer = resolution.outcome, resolution.answer
    match resolution.state:
        case State.APPROVED:
            return _Decided(outcome=outcome, answer=answer)
        case State.DENIED:
            message = answer.message if answer is not None else ""
            refusal = Refused(outcome=outcome, message=message, rule=rule)
            return _Decided(outcome=outcome, refusal=refusal, answer=answer)
        case State.DETACHED if outcome is Outcome.CANCELLED_BY_CLIENT:
            return _Decided(outcome=outcome, refusal=Silence(), recorded=True)
        case State.DETACHED:
            refusal = Refused(outcome=outcome, ticket=ticket, hold_seconds=round(hold_seconds))
            return _Decided(outcome=outcome, refusal=refusal, recorded=True)
        case State.WITHDRAWN:
            return _Decided(outcome=outcome, refusal=Silence())
        case _:
            return _refused(outcome)


def _given_up(incoming: IncomingCall) -> Refused | Silence | None:
    """Return what a call is answered whose client left, or whose connection ended."""
    if incoming.ended:
        return _ERROR
    return Silence() if incoming.cancelled else None


def _refused(outcome: Outcome, answer: Answer | None = None) -> _Decided:
    return _Decided(outcome=outcome, refusal=Refused(outcome=outcome), answer=answer)
