"""Judges what servers ask of an agent's side: sampling, elicitation, roots; asked about by default.

As for calls, nothing is passed on without a committed record, and no answer is no.
"""

import logging
from dataclasses import dataclass

from keyturn.application.alerts import Alert, AlertKind, Alerts
from keyturn.application.approval_request import ApprovalRequest, RequestKind, WithdrawCause
from keyturn.application.approvals import Approvals
from keyturn.application.asking import rule_name
from keyturn.application.connection import Connection
from keyturn.application.controlling import Controlling
from keyturn.application.events import Observers, Topic
from keyturn.application.known_secrets import HOLDS_A_CREDENTIAL, KnownSecrets
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.ids import Ids
from keyturn.application.ports.inspection import InputCheck
from keyturn.application.provenance import asked_by
from keyturn.application.recording import Recorder
from keyturn.application.rulebook import RuleBook
from keyturn.application.stop import StopSwitch
from keyturn.application.typed_faults import fault_in
from keyturn.application.waiting import bytes_of
from keyturn.domain.approval import State
from keyturn.domain.canonical import JsonObject, JsonValue, canonical, digest_of
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Delivery, Outcome, Verdict
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.finding import LONGEST_WORDS, Finding, FindingKind
from keyturn.domain.json_texts import texts_of
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Judgement
from keyturn.domain.rule import Kind, RuleSubject
from keyturn.domain.server_input import KINDS, tier_of, wants_a_secret
from keyturn.domain.tier import Tier

_log = logging.getLogger(__name__)
_UNREAD = "the agent's answer could not be read"


@dataclass(slots=True, eq=False, kw_only=True)
class ServerInput:
    """One request of a server, on its way to the agent."""

    id: str
    connection: Connection
    method: str
    params: JsonObject
    withdrawn: bool = False
    """The server gave it up, or one of its ends is gone."""
    approval_id: str = ""
    """Set while it waits for a person."""
    findings: tuple[Finding, ...] = ()
    """What in it reads like an order to the model, once it was read."""
    stops_seen: int = 0
    """How many stops there were when it came."""

    def subject(self) -> JsonObject:
        """Return what is shown and recorded (architecture.md section 2)."""
        return {"method": self.method, "params": self.params}


class Inputs:
    """Decides each; see the module's docstring."""

    def __init__(
        self,
        *,
        stop: StopSwitch,
        rules: RuleBook,
        known: KnownSecrets,
        approvals: Approvals,
        recorder: Recorder,
        log: DecisionLog,
        clock: Clock,
        ids: Ids,
        observers: Observers,
        alerts: Alerts,
        limits: Limits,
        check: InputCheck | None = None,
        controlling: Controlling | None = None,
    ) -> None:
        """`check` looks at what a person answered, on the loop: it has to be a quick one.

        Without `controlling` nothing is read for orders.
        """
        self._controlling = controlling
        self._check = check
        self._stop = stop
        self._rules = rules
        self._known = known
        self._approvals = approvals
        self._recorder = recorder
        self._log = log
        self._clock = clock
        self._ids = ids
        self._observers = observers
        self._alerts = alerts
        self._limits = limits

    async def decide(self, asked: ServerInput) -> Outcome:
        """Return the recorded outcome; only one that allows lets the request pass."""
        try:
            outcome = await self._decide(asked)
            if outcome.allows:
                _trace(asked, asked.params, untrusted=True)
            return outcome
        except LogUnavailable as error:
            _log.error("input refused, no record possible id=%s cause=%s", asked.id, error)
        except Exception:  # noqa: BLE001 -- the protocol edge: a surprise denies
            _log.exception("input refused by an error id=%s", asked.id)
        return Outcome.ERROR_BROKER

    def overtaken(self, asked: ServerInput) -> bool:
        """Tell whether a stop came since it was asked, also one that is over, or its end is gone.

        To be looked at last before anything of it is passed on, with no await in between.
        """
        return self._stopped(asked) or asked.withdrawn

    def withdraw(self, asked: ServerInput) -> None:
        """Give a request up: its server or its client is gone, or does not want it any more."""
        asked.withdrawn = True
        if asked.approval_id:
            self._refuse(asked, Outcome.CANCELLED_BY_CLIENT)

    def keeps_back(self, asked: ServerInput, answer: JsonValue, *, freely: bool) -> bool:
        """Tell whether an answer is kept from the server, and record that; None was unreadable."""
        reason, alert = self._why_kept(asked, answer, freely=freely)
        if not reason:
            if KINDS[asked.method] is Kind.ELICITATION:
                _trace(asked, answer, untrusted=False)
            return False
        if alert is not None:
            self._alerts.happened(Alert(alert, asked.connection.server.name))
        self._recorder.delivery(
            call_id=asked.id,
            connection=asked.connection,
            tool=asked.method,
            delivery=Delivery.RESULT_WITHHELD,
            details={"withheld": reason},
        )
        self._observers.changed(Topic.HISTORY)
        return True

    def _why_kept(
        self, asked: ServerInput, answer: JsonValue, *, freely: bool
    ) -> tuple[str, AlertKind | None]:
        if answer is None:
            return _UNREAD, None
        if self._known.held_in(answer, freely=freely):
            return HOLDS_A_CREDENTIAL, AlertKind.CREDENTIAL_KEPT_BACK
        if self._check is None:
            return "", None
        findings = self._check.findings("\n".join(texts_of(answer)))
        fault = fault_in(findings, secrets_wanted=wants_a_secret(asked.params))
        return fault, AlertKind.ANSWER_KEPT_BACK

    async def _decide(self, asked: ServerInput) -> Outcome:
        # Before anything is awaited: what a stop came in between of is not asked about (K7).
        asked.stops_seen = self._stop.count
        if not self.overtaken(asked):
            asked.findings = await self._read(asked)
        tier = tier_of(KINDS[asked.method], asked.params)
        judgement = self._judge(asked, tier)
        outcome, recorded = await self._outcome(asked, tier, judgement)
        if recorded:
            return outcome
        if outcome.allows and self._stopped(asked):
            outcome = Outcome.REFUSED_PAUSED
        if outcome.allows and asked.withdrawn:
            outcome = Outcome.CANCELLED_BY_CLIENT
        entry = self._recorder.server_input(
            call_id=asked.id,
            connection=asked.connection,
            subject=asked.subject(),
            tier=tier,
            outcome=outcome,
            judgement=judgement,
            rules_hash=self._rules.hash,
        )
        await self._log.commit(entry)
        self._observers.changed(Topic.HISTORY)
        if outcome.allows and self.overtaken(asked):
            # Between the record and the agent: the record stands, and nothing is passed.
            return Outcome.REFUSED_PAUSED
        return outcome

    def _stopped(self, asked: ServerInput) -> bool:
        return self._stop.engaged or self._stop.count != asked.stops_seen

    async def _read(self, asked: ServerInput) -> tuple[Finding, ...]:
        """Return what in a request reads like an order: marked for the person, and no verdict."""
        if self._controlling is None:
            return ()
        said = canonical({"params": asked.params})
        sign = await self._controlling.sign_in(said, asked.connection)
        if sign is None or not sign.words:
            return ()
        words, place = sign.words[:LONGEST_WORDS], sign.path[:LONGEST_WORDS]
        return (Finding(kind=FindingKind.ORDER, words=words, place=place),)

    def _judge(self, asked: ServerInput, tier: Tier) -> Judgement:
        connection = asked.connection
        subject = RuleSubject(
            kind=KINDS[asked.method],
            agent=connection.agent,
            server=connection.server.name,
            tool=asked.method,
            arguments=asked.params,
            lamps=connection.session.lamps,
            proven=connection.agent_enrolled,
        )
        return self._rules.judge(
            subject, tier=tier, labels=Lamps.NONE, suspended=self._stop.careful
        )

    async def _outcome(
        self, asked: ServerInput, tier: Tier, judgement: Judgement
    ) -> tuple[Outcome, bool]:
        """Return how it was decided, and whether that is in the log already."""
        if self._stopped(asked):
            self._stop.refused_one()
            return Outcome.REFUSED_PAUSED, False
        if asked.withdrawn:
            return Outcome.CANCELLED_BY_CLIENT, False
        if judgement.verdict is Verdict.DENY:
            self._rules.counted(judgement)
            return Outcome.DENIED_RULE, False
        by_rule = judgement.verdict is Verdict.ALLOW and asked.connection.is_known
        if by_rule and self._rules.take(judgement):
            await self._rules.keep_use(judgement)
            return Outcome.ALLOWED_RULE, False
        return await self._ask(asked, tier, judgement)

    async def _ask(
        self, asked: ServerInput, tier: Tier, judgement: Judgement
    ) -> tuple[Outcome, bool]:
        request = self._request(asked, tier, judgement)
        self._approvals.asked.tell(request)
        if not self._approvals.somebody_answers:
            return Outcome.REFUSED_NO_APPROVER, False
        if self._approvals.full(request.agent, bytes_of(request)):
            return Outcome.REFUSED_OVERLOAD, False
        asked.approval_id = request.id
        resolved = self._approvals.ask(
            request,
            hold_seconds=self._limits.hold_seconds,
            host=asked.connection.peer.host,
        )
        if asked.withdrawn:
            self._refuse(asked, Outcome.CANCELLED_BY_CLIENT)
        resolution = await resolved
        if resolution.state is State.DETACHED:
            # A server does not repeat what it asked; its card ends with its wait.
            self._refuse(asked, resolution.outcome)
            return resolution.outcome, True
        asked.approval_id = ""
        return resolution.outcome, False

    def _refuse(self, asked: ServerInput, outcome: Outcome) -> None:
        request_id, asked.approval_id = asked.approval_id, ""
        cause = (
            WithdrawCause.EXPIRED
            if outcome is Outcome.EXPIRED_NO_ANSWER
            else WithdrawCause.CANCELLED
        )
        self._approvals.refuse(lambda request: request.id == request_id, outcome, cause)

    def _request(self, asked: ServerInput, tier: Tier, judgement: Judgement) -> ApprovalRequest:
        connection = asked.connection
        session = connection.session
        arguments = canonical(asked.subject())
        return ApprovalRequest(
            id=asked.id,
            call=asked.id,
            kind=RequestKind.INPUT,
            agent=connection.agent,
            session=session.id,
            server=connection.server.name,
            tool=None,
            arguments=arguments.decode(),
            digest=digest_of(arguments),
            tier=tier,
            because=judgement.because.value,
            rule=rule_name(judgement),
            lamps=session.lamps.letters(),
            lit_by=tuple(session.lit_by.items()),
            asked_by=asked_by(connection),
            environment=connection.server.environment,
            created_utc=self._clock.now_utc(),
            ticket=self._ids.ticket(),
            findings=asked.findings,
        )


def _trace(asked: ServerInput, said: JsonValue, *, untrusted: bool) -> None:
    """Let the session remember what the agent was asked, or what it says was answered."""
    result: JsonObject = {"content": [], "structuredContent": said}
    asked.connection.session.take_said(
        asked.connection.server.name,
        asked.method,
        result,
        sum(map(len, texts_of(said))),
        untrusted=untrusted,
    )
