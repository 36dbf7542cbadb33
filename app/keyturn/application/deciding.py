"""Step 5 of a call's walk: what decides it, be it a rule, a grant, or a person who is asked."""

from functools import partial

import msgspec

from keyturn.application.approval_request import Answer, AnswerVerdict, ApprovalRequest, Route
from keyturn.application.approvals import Approvals
from keyturn.application.asked_call import AskedCall
from keyturn.application.asking import BY_RULES, allowed_by, denied, rule_name
from keyturn.application.assessment import Assessment
from keyturn.application.call import (
    NO_SECOND_PERSON,
    NO_WINDOW,
    IncomingCall,
    Judged,
    Refused,
    Silence,
)
from keyturn.application.editing import with_latest
from keyturn.application.hold_budgets import HoldBudgets
from keyturn.application.late_results import Claim
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.ids import Ids
from keyturn.application.rulebook import RuleBook
from keyturn.application.silent_denials import SilentDenial
from keyturn.application.stop import StopSwitch
from keyturn.application.waiting import Resolution, bytes_of
from keyturn.domain.approval import State
from keyturn.domain.canonical import Malformed
from keyturn.domain.decision import Outcome, Verdict
from keyturn.domain.policy import LIMITED, Because, Judgement
from keyturn.domain.step_up import Takes
from keyturn.domain.typed import IN_KEYTURN

_TYPED_HERE = frozenset({Route.WINDOW, Route.ACCESSIBILITY, Route.TERMINAL})
"""Ways by which a message comes from a person's keys; a program's is not typed."""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """The decision that is recorded: an allowing outcome, or the refusal to answer with."""

    outcome: Outcome
    refusal: Refused | Silence | None = None
    answer: Answer | None = None
    recorded: bool = False
    """The wait goes on without the agent; the outcome is written when it ends."""
    level: Takes = Takes.CLICK
    """What was met by whatever allowed it."""
    late: Claim | None = None
    """What an identical earlier call leaves to this one: nothing is sent again."""
    repeats: SilentDenial | None = None
    """The denial that this call repeats, so that nobody was asked about it."""


class Decider:
    """Decides calls that could be sent; records nothing and sends nothing."""

    def __init__(
        self,
        *,
        assessment: Assessment,
        stop: StopSwitch,
        rules: RuleBook,
        approvals: Approvals,
        holds: HoldBudgets,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._assessment = assessment
        self._stop = stop
        self._rules = rules
        self._approvals = approvals
        self._holds = holds
        self._clock = clock
        self._ids = ids

    async def settle(self, incoming: IncomingCall, judged: Judged) -> Decided:
        """Have it decided, and let a client that was had to ask again do so first.

        It comes back when it likes: what was allowed is refused where it is denied by then. Its
        last request is answered.
        """
        decided, rounds = await self.decide(incoming, judged), incoming.rounds
        if not decided.outcome.allows or rounds is None or not rounds.given:
            return decided
        if rounds.returns is not None:
            await rounds.returns
        if incoming.ended or incoming.cancelled:
            return decided
        # The digest is the same: only the token for progress is the last request's.
        if not isinstance(incoming.params, Malformed):
            judged.call = with_latest(judged, incoming.params)
        looked = self.look_again(incoming, judged, decided)
        return looked if looked is not None else await self.settle(incoming, judged)

    async def decide(self, incoming: IncomingCall, judged: Judged) -> Decided:
        """Let a rule, a continuation or a grant decide, or else a person.

        Whatever allowed it but the rules of just now: a rule that denies by then beats it.
        """
        decided = await self._decide(incoming, judged)
        if not decided.outcome.allows or decided.outcome in BY_RULES:
            return decided
        known, flows = judged.ran, judged.flows
        denied_now = self._denied_by_now(incoming, judged, decided.answer)
        grown = not set(judged.ran) <= set(known) or not judged.flows.within(flows)
        if denied_now is None and grown:
            # What it runs was written, or what it sends was read as a secret, while it waited:
            # that is not what was allowed.
            return await self.decide(incoming, judged)
        return denied_now or decided

    def _denied_by_now(
        self, incoming: IncomingCall, judged: Judged, answer: Answer | None
    ) -> Decided | None:
        """Refuse what was allowed by a click or by what a click left, and a rule denies."""
        judgement = self._assessment.judge(incoming, judged, suspended=self._stop.careful)
        if judged.standing.two_persons and answer is not None and not answer.persons:
            # It was marked since: what one person allowed was a call that took one.
            return refused(Outcome.REFUSED_UNREVIEWED, answer)
        if judgement.verdict is not Verdict.DENY:
            return None
        judged.judgement = judgement
        self._rules.counted(judgement)
        refusal = denied(judgement)
        return Decided(outcome=refusal.outcome, refusal=refusal, answer=answer)

    async def _decide(self, incoming: IncomingCall, judged: Judged) -> Decided:
        judgement, level = judged.judgement, self.takes(incoming, judged)
        if judgement is not None and judgement.verdict is Verdict.ALLOW:
            if judgement.because is not Because.CONTINUATION:
                if self._rules.take(judgement):
                    return Decided(outcome=allowed_by(judgement), level=level)
                # Others took what was left of it since this call was judged.
                careful = self._stop.careful
                judged.judgement = self._assessment.judge(incoming, judged, suspended=careful)
            # Used up here, so that the same state never allows a second call.
            if incoming.connection.session.continuations.take(judged.call):
                return Decided(outcome=Outcome.CONTINUATION, level=level)
        if incoming.ended:
            return refused(Outcome.ERROR_BROKER)
        weighed = judged.weighed(incoming.connection)
        asked = judged.asked is None
        if asked and self._approvals.take_retry_grant(judged.digest, weighed):
            return Decided(outcome=Outcome.ALLOWED_RETRY_GRANT, level=level)
        denial = self._approvals.denials.repeated(judged.digest)
        if denial is not None:
            refusal = Refused(outcome=Outcome.DENIED_USER, message=denial.message)
            return Decided(outcome=refusal.outcome, refusal=refusal, repeats=denial)
        return await self._ask(incoming, judged)

    def takes(self, incoming: IncomingCall, judged: Judged) -> Takes:
        """Return what it takes by now to allow a call, as it was weighed last."""
        return self._approvals.levels.of_call(judged.weighed(incoming.connection))

    def look_again(
        self, incoming: IncomingCall, judged: Judged, decided: Decided
    ) -> Decided | None:
        """Refuse an allowed call that waited on, for what came in between or is denied by now.

        None for a call that a rule allowed and none allows now: it is to be decided again. But for
        these the record says what was judged when it was allowed.
        """
        refusal = self._assessment.last_look(incoming, judged)
        if refusal is None:
            careful = self._stop.careful
            judgement = self._assessment.judge(incoming, judged, suspended=careful)
            by_rule = decided.outcome in BY_RULES
            if (
                judgement.verdict is Verdict.ASK
                and by_rule
                and not _took_the_last(judged, judgement)
            ):
                judged.judgement = judgement
                return None
            if judgement.verdict is not Verdict.DENY:
                return decided
            judged.judgement = judgement
            self._rules.counted(judgement)
            refusal = denied(judgement)
        return Decided(outcome=refusal.outcome, refusal=refusal, answer=decided.answer)

    async def _ask(self, incoming: IncomingCall, judged: Judged) -> Decided:
        """Ask a person, and wait as long as the agent can be held."""
        now, ticket = self._clock.now_utc, self._ids.ticket()
        asked = AskedCall(
            self._assessment,
            incoming,
            judged,
            careful=lambda: self._stop.careful,
            now_utc=now,
            ticket=ticket,
        )
        request = asked.shown
        self._approvals.asked.tell(request)
        if request.two_persons and not self._approvals.somebody_second():
            return refused(Outcome.REFUSED_NO_APPROVER, faults=(NO_SECOND_PERSON,))
        if not self._approvals.somebody_answers:
            return refused(Outcome.REFUSED_NO_APPROVER)
        if self._types_nobody(incoming, judged):
            return refused(Outcome.REFUSED_NO_APPROVER, faults=(NO_WINDOW,))
        if self._approvals.full(request.agent, bytes_of(request)):
            return refused(Outcome.REFUSED_OVERLOAD)
        incoming.approval_id = request.id
        asked_ns = self._clock.monotonic_ns()
        agent = request.agent
        hold = incoming.held_for(self._holds.of(agent), self._holds.in_all(agent))
        resolved = self._approvals.ask(
            request, hold_seconds=hold, call=asked, host=incoming.connection.peer.host
        )
        if incoming.cancelled:
            self._approvals.client_left(request.id)
        resolution = await resolved
        ended_ns = self._clock.monotonic_ns()
        judged.decide_ms = (ended_ns - asked_ns) // 1_000_000
        incoming.approval_id = ""
        # A rule that was made meanwhile decided: the record names that one.
        judged.judgement = resolution.judgement or judged.judgement
        if resolution.outcome is Outcome.REFUSED_PAUSED:
            self._stop.refused_one()
        if incoming.rounds is not None and resolution.answer is not None:
            unheard = partial(self._unheard, judged, asked.shown, resolution.answer, ended_ns)
            incoming.rounds.unheard = unheard
            if incoming.cancelled:
                incoming.rounds.left_unheard()
        if resolution.outcome is Outcome.REFUSED_NO_APPROVER and self._types_nobody(
            incoming, judged
        ):
            return refused(resolution.outcome, faults=(NO_WINDOW,))
        _remember_typed(incoming, resolution)
        return _resolved(resolution, request.ticket, rule_name(judged.judgement), hold)

    def _types_nobody(self, incoming: IncomingCall, judged: Judged) -> bool:
        """Tell whether a call takes what nobody here can type."""
        more = self.takes(incoming, judged) > Takes.CLICK
        return more and not self._approvals.somebody_types

    def _unheard(
        self, judged: Judged, shown: ApprovalRequest, answer: Answer, answered_ns: int
    ) -> None:
        """Take what a person answered as if the agent had stopped waiting before.

        An allowed call is not sent, and its next identical one may be; the stop forgets that.
        """
        if answer.verdict is not AnswerVerdict.ALLOW_ONCE:
            self._approvals.denials.unheard(shown, answer)
        elif shown.edited is not None:
            # Its agent repeats what it asked itself, which nobody has allowed.
            return
        elif not self._stop.engaged and self._stop.count == judged.stops_seen:
            self._approvals.grants.make_for(shown, answer.level, since_ns=answered_ns)
            judged.retry_granted = True


def refused(
    outcome: Outcome, answer: Answer | None = None, faults: tuple[str, ...] = ()
) -> Decided:
    """Decide that nothing is sent, for this reason."""
    refusal = Refused(outcome=outcome, faults=faults)
    return Decided(outcome=outcome, refusal=refusal, answer=answer)


def _took_the_last(judged: Judged, now: Judgement) -> bool:
    """Tell whether a rule would not allow a call again only because it allowed this one."""
    took = judged.judgement.rule if judged.judgement is not None else None
    return took is not None and now.because in LIMITED and now.rule == took


def _remember_typed(incoming: IncomingCall, resolution: Resolution) -> None:
    """Make what a person typed to the agent, as they denied its call, an origin of its values."""
    answer = resolution.answer
    if resolution.state is not State.DENIED or answer is None or not answer.message:
        return
    if answer.route in _TYPED_HERE:
        incoming.connection.session.take_typed(IN_KEYTURN, answer.message)


def _resolved(resolution: Resolution, ticket: str, rule: str, hold_seconds: float) -> Decided:
    """Put how the wait ended into what is recorded and answered."""
    outcome, answer = resolution.outcome, resolution.answer
    match resolution.state:
        case State.APPROVED:
            return Decided(outcome=outcome, answer=answer, level=resolution.level)
        case State.DENIED:
            message = answer.message if answer is not None else ""
            refusal = Refused(outcome=outcome, message=message, rule=rule)
            return Decided(outcome=outcome, refusal=refusal, answer=answer)
        case State.DETACHED if outcome is Outcome.CANCELLED_BY_CLIENT:
            return Decided(outcome=outcome, refusal=Silence(), recorded=True)
        case State.DETACHED:
            refusal = Refused(outcome=outcome, ticket=ticket, hold_seconds=round(hold_seconds))
            return Decided(outcome=outcome, refusal=refusal, recorded=True)
        case State.WITHDRAWN:
            return Decided(outcome=outcome, refusal=Silence())
        case _:
            return refused(outcome)
