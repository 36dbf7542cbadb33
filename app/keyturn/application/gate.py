"""The gate: one judged call from top to bottom, and the only caller of `upstream.send`.

    1 identify   who asks, for which server and tool, and whether a person's pin covers it
    2 validate   the arguments against the pinned schema
    3 trace      where each value came from
    4 judge      stop, rules, tier, lamps: ALLOW, ASK or DENY with the reason
    5 ask        a person, when the verdict is ASK
    6 record     the decision, committed before anything moves (law 1)
    7 send       the stop and the digest are looked at once more, with no await before the write
    8 inspect    the result                              } application/receiving.py
    9 record     the delivery, not awaited               }

Every way out that is not a recorded ALLOW returns a refusal; `handle` never raises.
"""

import logging
from dataclasses import dataclass

from keyturn.application.agreements import Agreements
from keyturn.application.approval_request import Answer, ApprovalRequest, EarlierCall
from keyturn.application.approvals import Approvals, Resolution
from keyturn.application.asking import call_request, rule_name
from keyturn.application.call import IncomingCall, Judged, Refused, Reply, Silence
from keyturn.application.events import Observers, Topic
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.ids import Ids
from keyturn.application.ports.inspection import SchemaValidator
from keyturn.application.ports.milestones import Milestone, Milestones
from keyturn.application.ports.upstream import Ready, Upstream
from keyturn.application.receiving import Receiver
from keyturn.application.recording import Recorder
from keyturn.application.rulebook import RuleBook
from keyturn.application.stop import StopSwitch
from keyturn.domain.approval import State
from keyturn.domain.call import ToolCall, without_own_meta
from keyturn.domain.canonical import Malformed, canonical
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Delivery, Outcome, Verdict
from keyturn.domain.errors import KeyturnError, LogUnavailable, ServerUnavailable, StaleApproval
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Because, Judgement
from keyturn.domain.record import Durability
from keyturn.domain.rule import Kind, RuleSubject
from keyturn.domain.tier import Tier, effective_tier

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


class Assessment:
    """Steps 1 to 4: everything that is decided before anybody is asked; waits for nothing."""

    def __init__(
        self,
        *,
        stop: StopSwitch,
        agreements: Agreements,
        rules: RuleBook,
        validator: SchemaValidator,
        limits: Limits,
    ) -> None:
        self._stop = stop
        self._agreements = agreements
        self._rules = rules
        self._validator = validator
        self._limits = limits

    def assess(self, incoming: IncomingCall) -> tuple[Judged | None, Refused | None]:
        """Walk steps 1 to 4; a refusal comes with what was found out until then."""
        judged = self.identify(incoming)
        if isinstance(judged, Refused):
            return None, judged
        return judged, self.validate(judged) or self.trace_and_judge(incoming, judged)

    def still_covered(self, incoming: IncomingCall, judged: Judged) -> Refused | None:
        """Look once more whether a pin covers the tool as its server lists it now."""
        refused = self._agreements.standing(incoming.connection, judged.call.tool).refused
        return Refused(outcome=refused) if refused is not None else None

    # 1 ---------------------------------------------------------------- identify

    def identify(self, incoming: IncomingCall) -> Judged | Refused:
        """Find out who asks for what, and whether a person's pin covers it."""
        connection = incoming.connection
        if self._stop.engaged:
            self._stop.refused_one()
            return Refused(outcome=Outcome.REFUSED_PAUSED)
        if isinstance(incoming.params, Malformed):
            return Refused(outcome=Outcome.REFUSED_MALFORMED, faults=(incoming.params.reason,))
        tool = incoming.params.get("name")
        if not isinstance(tool, str) or not isinstance(incoming.params.get("arguments", {}), dict):
            return Refused(
                outcome=Outcome.REFUSED_MALFORMED,
                faults=("a call needs a tool's name and an object of arguments",),
            )
        standing = self._agreements.standing(connection, tool)
        if standing.refused is not None:
            return Refused(outcome=standing.refused)
        definition = standing.definition
        call = ToolCall(
            agent=connection.agent,
            session=connection.session.id,
            server=connection.server.name,
            launch_hash=connection.launch.launch_hash,
            tool=tool,
            def_hash=definition.def_hash if definition is not None else "",
            params=without_own_meta(incoming.params),
        )
        return Judged(call=call, standing=standing, number=connection.session.next_call())

    # 2 ---------------------------------------------------------------- validate

    def validate(self, judged: Judged) -> Refused | None:
        """Hold the arguments against the pinned schema and the size limit."""
        definition = judged.standing.definition
        if definition is None:
            return Refused(outcome=Outcome.REFUSED_UNREVIEWED)
        judged.canonical_arguments = canonical(judged.call.arguments)
        if len(judged.canonical_arguments) > self._limits.arguments_bytes:
            return Refused(
                outcome=Outcome.REFUSED_INVALID_ARGUMENTS,
                faults=(f"the arguments are over {self._limits.arguments_bytes} bytes",),
            )
        faults = self._validator.faults(
            definition.def_hash, definition.input_schema, judged.call.arguments
        )
        if faults:
            return Refused(
                outcome=Outcome.REFUSED_INVALID_ARGUMENTS,
                faults=tuple(f"{fault.path or 'arguments'}: {fault.message}" for fault in faults),
            )
        return None

    # 3, 4 -------------------------------------------------------------- trace, judge

    def trace_and_judge(self, incoming: IncomingCall, judged: Judged) -> Refused | None:
        """Find where the values came from, then judge; a DENY is returned as its refusal."""
        connection, call, standing = incoming.connection, judged.call, judged.standing
        session = connection.session
        judged.digest = call.digest()
        judged.trace = session.index.trace(call.arguments)
        judged.tier = effective_tier(
            standing.tier,
            environment_raises=connection.server.environment == "production",
            arguments_bytes=len(judged.canonical_arguments),
        )
        labels = standing.labels | (Lamps.X if judged.tier >= Tier.T2 else Lamps.NONE)
        lamps = session.lamps | (Lamps.U if judged.trace.incomplete else Lamps.NONE)
        subject = RuleSubject(
            kind=Kind.CALL,
            agent=call.agent,
            server=call.server,
            tool=call.tool,
            arguments=call.arguments,
            lamps=lamps,
        )
        judged.judgement = self._rules.judge(
            subject, tier=judged.tier, labels=labels, suspended=self._stop.careful
        )
        if not connection.agent_enrolled and judged.judgement.verdict is Verdict.ALLOW:
            judged.judgement = Judgement(verdict=Verdict.ASK, because=Because.UNKNOWN_AGENT)
        if judged.judgement.verdict is Verdict.DENY:
            self._rules.counted(judged.judgement)
            return Refused(outcome=Outcome.DENIED_RULE, rule=rule_name(judged.judgement))
        return None


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
        self._clock = clock
        self._ids = ids
        self._observers = observers
        self._milestones = milestones
        self._limits = limits

    async def handle(self, incoming: IncomingCall, upstream: Upstream) -> Reply:
        """Take one call through the gate and return what the agent is answered."""
        try:
            return await self._walk(incoming, upstream)
        except LogUnavailable as error:
            _log.error("call refused, no record possible call=%s cause=%s", incoming.id, error)
            return _ERROR
        except Exception:  # noqa: BLE001 -- the protocol edge: a surprise denies
            _log.exception("call refused by an error call=%s", incoming.id)
            return await self._refuse_after_error(incoming)

    async def _walk(self, incoming: IncomingCall, upstream: Upstream) -> Reply:
        judged, refusal = self._assessment.assess(incoming)
        if judged is None or refusal is not None:
            return await self._record_refusal(incoming, refusal or _ERROR, judged)
        self._milestones.reached(Milestone.JUDGED)
        decided = await self._decide(incoming, judged)
        if decided.outcome.allows:
            decided = await self._check_upstream(upstream, decided)
        if decided.refusal is not None:
            if not decided.recorded:
                await self._commit(incoming, judged, decided)
            return decided.refusal
        await self._commit(incoming, judged, decided)
        return await self._send(incoming, judged, upstream)

    # 5 ---------------------------------------------------------------- ask

    async def _decide(self, incoming: IncomingCall, judged: Judged) -> _Decided:
        judgement = judged.judgement
        if judgement is not None and judgement.verdict is Verdict.ALLOW:
            self._rules.counted(judgement)
            return _Decided(outcome=Outcome.ALLOWED_RULE)
        if self._approvals.take_retry_grant(judged.digest):
            return _Decided(outcome=Outcome.ALLOWED_RETRY_GRANT)
        if not self._approvals.somebody_answers:
            return _refused(Outcome.REFUSED_NO_APPROVER)
        if self._approvals.full(judged.call.agent):
            return _refused(Outcome.REFUSED_OVERLOAD)
        request = call_request(
            incoming, judged, created_utc=self._clock.now_utc(), ticket=self._ids.ticket()
        )
        incoming.approval_id = request.id
        asked_ns = self._clock.monotonic_ns()
        resolution = await self._approvals.ask(request, hold_seconds=self._limits.hold_seconds)
        judged.decide_ms = (self._clock.monotonic_ns() - asked_ns) // 1_000_000
        incoming.approval_id = ""
        return self._resolved(resolution, request)

    def _resolved(self, resolution: Resolution, request: ApprovalRequest) -> _Decided:
        outcome, answer = resolution.outcome, resolution.answer
        match resolution.state:
            case State.APPROVED:
                return _Decided(outcome=outcome, answer=answer)
            case State.DENIED:
                message = answer.message if answer is not None else ""
                return _Decided(
                    outcome=outcome,
                    refusal=Refused(outcome=outcome, message=message, rule=request.rule),
                    answer=answer,
                )
            case State.DETACHED if outcome is Outcome.CANCELLED_BY_CLIENT:
                return _Decided(outcome=outcome, refusal=Silence(), recorded=True)
            case State.DETACHED:
                refusal = Refused(
                    outcome=outcome,
                    ticket=request.ticket,
                    hold_seconds=round(self._limits.hold_seconds),
                )
                return _Decided(outcome=outcome, refusal=refusal, recorded=True)
            case State.WITHDRAWN:
                return _Decided(outcome=outcome, refusal=Silence())
            case _:
                if outcome is Outcome.REFUSED_PAUSED:
                    self._stop.refused_one()
                return _refused(outcome)

    # 6 ---------------------------------------------------------------- record

    async def _check_upstream(self, upstream: Upstream, decided: _Decided) -> _Decided:
        """See before the record whether the call could be written at all."""
        match await upstream.ready():
            case Ready.READY:
                return decided
            case Ready.KEYCHAIN:
                return _refused(Outcome.REFUSED_KEYCHAIN, decided.answer)
            case Ready.GONE:
                return _refused(Outcome.ERROR_BROKER, decided.answer)

    async def _commit(self, incoming: IncomingCall, judged: Judged, decided: _Decided) -> None:
        """Commit the decision; only after this returns may anything be sent (law 1)."""
        by_rule = decided.outcome is Outcome.ALLOWED_RULE and judged.tier is Tier.T0
        entry = self._recorder.decision(
            call_id=incoming.id,
            connection=incoming.connection,
            outcome=decided.outcome,
            call=judged.call,
            tier=judged.tier,
            trace=judged.trace,
            judgement=judged.judgement,
            rules_hash=self._rules.hash,
            answer=decided.answer,
            details={"call_number": judged.number, "decide_ms": judged.decide_ms},
        )
        await self._log.commit(entry, Durability.WRITTEN if by_rule else Durability.FULL)
        self._remember(incoming, judged, decided.outcome)

    async def _record_refusal(
        self, incoming: IncomingCall, refusal: Refused, judged: Judged | None = None
    ) -> Refused:
        """Commit a refusal that needed no question."""
        params = incoming.params
        name = params.get("name") if isinstance(params, dict) else ""
        entry = self._recorder.decision(
            call_id=incoming.id,
            connection=incoming.connection,
            outcome=refusal.outcome,
            call=judged.call if judged is not None else None,
            tool=name if isinstance(name, str) else "",
            tier=judged.tier if judged is not None else Tier.T3,
            judgement=judged.judgement if judged is not None else None,
            rules_hash=self._rules.hash,
            details={"faults": list(refusal.faults)} if refusal.faults else None,
        )
        await self._log.commit(entry)
        self._observers.changed(Topic.HISTORY)
        return refusal

    async def _refuse_after_error(self, incoming: IncomingCall) -> Reply:
        refusal = Refused(outcome=Outcome.ERROR_BROKER, unknown=incoming.sent)
        if incoming.sent:
            self._recorder.delivery(
                call_id=incoming.id,
                connection=incoming.connection,
                tool="",
                delivery=Delivery.UNKNOWN,
                details={"reason": "an error in the broker"},
            )
            return refusal
        try:
            return await self._record_refusal(incoming, refusal)
        except KeyturnError:
            return refusal

    # 7 ---------------------------------------------------------------- send

    async def _send(self, incoming: IncomingCall, judged: Judged, upstream: Upstream) -> Reply:
        """Look once more, write, and wait for the server's answer.

        Between the last look and the write there is no await, so nothing can come between.
        """
        if self._stop.engaged:
            self._stop.refused_one()
            return self._receiver.not_sent(
                incoming, judged, Refused(outcome=Outcome.REFUSED_PAUSED)
            )
        if incoming.cancelled:
            return self._receiver.not_sent(incoming, judged, Silence())
        refusal = self._assessment.still_covered(incoming, judged)
        if refusal is not None:
            return self._receiver.not_sent(incoming, judged, refusal)
        if judged.call.digest() != judged.digest:
            raise StaleApproval("The call changed after it was allowed, so it was not sent.")
        self._milestones.reached(Milestone.RELEASED)
        try:
            reply = upstream.send(incoming.request_id, "tools/call", judged.call.params)
        except ServerUnavailable:
            return self._receiver.not_sent(incoming, judged, _ERROR)
        incoming.sent = True
        return self._receiver.receive(incoming, judged, await reply)

    def _remember(self, incoming: IncomingCall, judged: Judged, outcome: Outcome) -> None:
        """Keep what the next card of this session says of this call."""
        session = incoming.connection.session
        call = judged.call
        session.earlier.append(
            EarlierCall(
                server=call.server, tool=call.tool, outcome=outcome.value, number=judged.number
            )
        )
        if outcome.allows:
            session.tools_used.add((call.server, call.tool))
        self._observers.changed(Topic.HISTORY)


def _refused(outcome: Outcome, answer: Answer | None = None) -> _Decided:
    return _Decided(outcome=outcome, refusal=Refused(outcome=outcome), answer=answer)
