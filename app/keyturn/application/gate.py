"""The gate: one judged call from top to bottom, and the only caller of `upstream.send`.

    1 identify   who asks, for which server and tool, under which pin   }
    2 validate   the arguments against the pinned schema                } application/
    3 trace      where each value came from                             } assessment.py
    4 judge      stop, rules, tier, lamps: ALLOW, ASK or DENY           }
    5 ask        a person, when the verdict is ASK: application/deciding.py
    6 record     the decision, committed before anything moves (law 1)
    7 send       the stop, the digest and what it takes to allow it are looked at once more, with
                 no await before the write
    8 inspect    the result, and what it asks for        } application/receiving.py, asked_within.py
    9 record     the delivery, not awaited               }

Every way out that is not a recorded ALLOW returns a refusal; `handle` never raises.
"""

import asyncio
import logging
from io import BytesIO

from keyturn.application.approval_request import Answer
from keyturn.application.approvals import Approvals
from keyturn.application.asked_within import AskedWithin
from keyturn.application.assessment import Assessment
from keyturn.application.call import (
    WANTS_SIGN_IN,
    Admitted,
    Handled,
    IncomingCall,
    Judged,
    Refused,
    Reply,
    Silence,
)
from keyturn.application.deciding import Decided, Decider, refused
from keyturn.application.edit_told import refused_of_edit
from keyturn.application.editing import ASKED, note_asked
from keyturn.application.events import Observers, Topic
from keyturn.application.held_results import HeldResults
from keyturn.application.hold_budgets import HoldBudgets
from keyturn.application.late_calls import FIRST, LateCalls
from keyturn.application.late_results import Claim
from keyturn.application.looking_again import LookAgain
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.ids import Ids
from keyturn.application.ports.milestones import Milestone, Milestones
from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.application.ports.upstream import AnsweredError, Lost, Ready, Upstream
from keyturn.application.raises import raised_details
from keyturn.application.receiving import AGAIN_FOR, Receiver
from keyturn.application.recording import Recorder, actor_of
from keyturn.application.rulebook import RuleBook
from keyturn.application.slices import give_back
from keyturn.application.stop import StopSwitch
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject
from keyturn.domain.client_request import LISTEN
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Delivery, Outcome, Verdict
from keyturn.domain.errors import KeyturnError, LogUnavailable, ServerUnavailable, StaleApproval
from keyturn.domain.flow import flows_to_data
from keyturn.domain.policy import Because
from keyturn.domain.record import Durability
from keyturn.domain.tier import Tier

_log = logging.getLogger(__name__)
_ERROR = Refused(outcome=Outcome.ERROR_BROKER)
_GIVEN_UP = Refused(outcome=Outcome.CANCELLED_BY_CLIENT)


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
        self._recorder = recorder
        self._log = log
        self._receiver = receiver
        receiver.held = HeldResults(stop, approvals, recorder, log, clock, ids, observers, limits)
        self._within = within
        self._late = late
        self._observers = observers
        self._milestones = milestones
        self._looks = LookAgain(assessment, limits)
        self._ids = ids
        self._decider = Decider(
            assessment=assessment,
            stop=stop,
            rules=rules,
            approvals=approvals,
            holds=holds,
            clock=clock,
            ids=ids,
        )

    async def handle(self, incoming: IncomingCall, upstream: Upstream) -> Handled:
        """Take one call through the gate and return what the agent is answered."""
        try:
            if incoming.cancelled:
                await self._record_refusal(incoming, _GIVEN_UP)
                return Silence()
            return await self._walk(incoming, upstream)
        except LogUnavailable as error:
            _log.error("call refused, no record possible call=%s cause=%s", incoming.id, error)
            return Refused(outcome=Outcome.ERROR_BROKER, unknown=incoming.sent)
        except Exception:  # noqa: BLE001 -- the protocol edge: a surprise denies
            _log.exception("call refused by an error call=%s", incoming.id)
            return await self._refuse_after_error(incoming)

    async def _walk(self, incoming: IncomingCall, upstream: Upstream) -> Handled:
        judged, refusal = await self._assessment.assess(incoming)
        if judged is None or refusal is not None:
            return await self._record_refusal(incoming, refusal or _ERROR, judged)
        self._milestones.reached(Milestone.JUDGED)
        # Nothing comes in between of what is done in one step, so nothing is looked at again.
        at_once = _waits_for_nothing(incoming, judged, upstream)
        return await self._settle(incoming, judged, upstream, at_once=at_once)

    async def _settle(
        self, incoming: IncomingCall, judged: Judged, upstream: Upstream, *, at_once: bool = False
    ) -> Handled:
        """Have it decided, and let it go or refuse it."""
        # Looked at before a person is asked, so that nobody answers a call that cannot run.
        decided = None if at_once else await _unready(incoming, upstream)
        if decided is None:
            if not at_once:
                refusal = await self._looks.look(incoming, judged, upstream)
                if refusal is not None:
                    return await self._record_refusal(incoming, refusal, judged)
            claim = self._late.claim(incoming, judged)
            if claim is not None:
                return await self._answer_late(incoming, judged, claim)
            decided = await self._decider.settle(incoming, judged)
            if decided.outcome.allows and judged.is_edit:
                # A person may have made more of it than what they were asked about.
                await self._looks.look_at_the_tools(judged, upstream)
            if decided.outcome.allows and not at_once:
                decided = await _unready(incoming, upstream, decided.answer) or decided
        if decided.refusal is not None:
            if not decided.recorded:
                await self._commit(incoming, judged, decided)
            return refused_of_edit(judged, decided.refusal)
        return await self._release(incoming, judged, upstream, decided)

    async def _release(
        self, incoming: IncomingCall, judged: Judged, upstream: Upstream, decided: Decided
    ) -> Handled:
        """Record what was allowed, look once more, and let it go."""
        await self._commit(incoming, judged, decided)
        # Of what nothing can change: a thread hashes it, and only then is looked once more.
        unsent = self._unsendable(incoming, judged, await _digest_of_large(judged.call))
        if unsent is not None:
            return self._receiver.not_sent(incoming, judged, unsent)
        if self._decider.takes(incoming, judged) > decided.level:
            return await self._ask_anew(incoming, judged, upstream)
        if judged.call.method == LISTEN:
            return Admitted(judged.call.params)
        return await self._send(incoming, judged, upstream)

    async def _ask_anew(
        self, incoming: IncomingCall, judged: Judged, upstream: Upstream
    ) -> Handled:
        """Take it as another call: what allowed it is worth less than it takes by now."""
        self._receiver.void(incoming, judged)
        incoming.begin_anew(self._ids.new("c"))
        return await self._settle(incoming, judged, upstream)

    async def _answer_late(self, incoming: IncomingCall, judged: Judged, claim: Claim) -> Reply:
        """Record that a retry was let through, then give it what the sent call brought."""
        decided = Decided(outcome=Outcome.ALLOWED_RETRY_GRANT, late=claim)
        with self._late.holding(claim):
            await self._commit(incoming, judged, decided)
            return await self._late.deliver(incoming, judged, claim)

    # 6 ---------------------------------------------------------------- record

    async def _commit(self, incoming: IncomingCall, judged: Judged, decided: Decided) -> None:
        """Commit the decision; only after this returns may anything be sent (law 1)."""
        call = judged.call
        arguments = call.canonical_arguments()
        digest = await _digest_of_large(call) or call.digest(arguments)
        if decided.outcome.allows and digest != judged.digest:
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
            call=call,
            arguments=arguments,
            digest=judged.digest,
            tier=judged.tier,
            trace=judged.trace,
            judgement=judged.judgement,
            rules_hash=self._rules.hash,
            answer=decided.answer,
            actor=decided.late.actor if decided.late is not None else actor_of(decided.outcome),
            details=_details(incoming, judged, decided),
        )
        if decided.outcome is Outcome.ALLOWED_RULE:
            await self._rules.keep_use(judged.judgement)
        note_asked(incoming, judged, self._log, self._recorder)
        await self._log.commit(entry, durability)
        incoming.decided, judged.outcome = True, decided.outcome
        session = incoming.connection.session
        session.remember(call, decided.outcome, judged.number, judged.writes, judged.sends_to)
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
            digest=judged.digest if judged is not None else "",
            tool=incoming.claimed_name(),
            method=incoming.method,
            tier=judged.tier if judged is not None else Tier.T3,
            judgement=judged.judgement if judged is not None else None,
            rules_hash=self._rules.hash,
            details=_details_of(refusal, judged),
        )
        note_asked(incoming, judged, self._log, self._recorder)
        await self._log.commit(entry)
        self._observers.changed(Topic.HISTORY)
        return refused_of_edit(judged, refusal)

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

    def _unsendable(
        self, incoming: IncomingCall, judged: Judged, digest: str
    ) -> Refused | Silence | None:
        """Look once more; from this to the write there is no await, so nothing comes between."""
        unsent = _given_up(incoming) or self._assessment.last_look(incoming, judged)
        if unsent is None and (digest or judged.call.digest()) != judged.digest:
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
            received = await self._receiver.receive(incoming, judged, answered)
            admitted = await self._within.admit(incoming, judged, received)
            answer = await self._receiver.tell_of_edit(incoming, judged, admitted)
            # Before the agent can use what it says: calls are traced against all of it.
            await incoming.connection.session.remembered()
        finally:
            self._late.ended(flight, answer)
        if not isinstance(answered, Lost) and len(answered.line) > LARGE_BYTES:
            spent = BytesIO(answered.line)
            del answered, reply
            await give_back(spent)
        elif judged.call.sealed is not None:
            # What was made of a large call goes in another step, several times its size.
            await asyncio.sleep(0)
        return answer


def _waits_for_nothing(incoming: IncomingCall, judged: Judged, upstream: Upstream) -> bool:
    """Tell whether a call goes on in the step in which it was judged, up to its record."""
    judgement = judged.judgement
    return (
        judgement is not None
        and judgement.verdict is Verdict.ALLOW
        and judgement.because is not Because.CONTINUATION
        and not judged.apart
        and incoming.rounds is None
        and not incoming.ended
        and upstream.running
    )


async def _unready(
    incoming: IncomingCall, upstream: Upstream, answer: Answer | None = None
) -> Decided | None:
    """Return the refusal of a call that could not be written at all; None when it could."""
    match Ready.GONE if incoming.ended else await upstream.ready():
        case Ready.READY:
            return None
        case Ready.KEYCHAIN:
            return refused(Outcome.REFUSED_KEYCHAIN, answer)
        case Ready.SIGN_IN:
            return refused(Outcome.ERROR_BROKER, answer, (WANTS_SIGN_IN,))
        case Ready.GONE:
            return refused(Outcome.ERROR_BROKER, answer)


async def _digest_of_large(call: ToolCall) -> str:
    """Compute a large call's digest anew, in a thread; empty for all others."""
    return "" if call.sealed is None else await asyncio.to_thread(call.digest)


def _durability(judged: Judged, decided: Decided) -> Durability:
    """Return what "committed" means in law 1: less only for a read that a rule allows."""
    by_rule = decided.outcome is Outcome.ALLOWED_RULE and judged.tier is Tier.T0
    return Durability.WRITTEN if by_rule else Durability.FULL


def _details(incoming: IncomingCall, judged: Judged, decided: Decided) -> JsonObject:
    more: JsonObject = {FIRST: decided.late.first} if decided.late is not None else {}
    if decided.repeats is not None:
        more["denied_as"] = decided.repeats.call
        more["repeat"] = decided.repeats.repeats
    if judged.flows.found:
        more["flows"] = flows_to_data(judged.flows)
    more |= raised_details(judged)
    if incoming.rounds is not None and incoming.rounds.given:
        more["rounds"] = incoming.rounds.given
    if incoming.again_for:
        more[AGAIN_FOR] = incoming.again_for
    if judged.asked is not None:
        more[ASKED] = judged.asked.digest
    if isinstance(decided.refusal, Refused) and decided.refusal.faults:
        more["faults"] = list(decided.refusal.faults)
    return {"call_number": judged.number, "decide_ms": judged.decide_ms, **more}


def _details_of(refusal: Refused, judged: Judged | None) -> JsonObject:
    details: JsonObject = {"faults": list(refusal.faults)} if refusal.faults else {}
    if judged is not None and judged.asked is not None:
        details[ASKED] = judged.asked.digest
    return details


def _given_up(incoming: IncomingCall) -> Refused | Silence | None:
    """Return what a call is answered whose client left, or whose connection ended."""
    if incoming.ended:
        return _ERROR
    return Silence() if incoming.cancelled else None
