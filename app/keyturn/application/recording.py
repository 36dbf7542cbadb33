"""What the use cases write down: entries of the log made from calls, answers and events."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

from keyturn.application.answering import WINDOW
from keyturn.application.approval_request import Answer, ApprovalRequest, RequestKind
from keyturn.application.connection import Connection
from keyturn.application.masking import masked_details, masked_json, masked_text
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.inspection import SecretMask
from keyturn.application.recorded_names import RecordedNames, method_details
from keyturn.domain.attention import AFTER_ARMING
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.client_request import TOOLS_CALL
from keyturn.domain.decision import Actor, Delivery, Outcome, Verdict
from keyturn.domain.origin import Trace
from keyturn.domain.policy import Judgement
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.tier import Tier

DECISIVE_CHARACTERS = 200
"""Longest decisive value that the history list keeps; the whole arguments are beside it."""

_UNANSWERED = "the broker ended before anybody answered"
_VERDICT_OF_REFUSAL = Verdict.DENY.value


_ACTORS: Mapping[Outcome, Actor] = MappingProxyType(
    {
        Outcome.ALLOWED_ONCE: Actor.HUMAN,
        Outcome.ALLOWED_MODIFIED: Actor.HUMAN,
        Outcome.ALLOWED_RETRY_GRANT: Actor.HUMAN,
        Outcome.ALLOWED_GRANT: Actor.HUMAN,
        Outcome.DENIED_USER: Actor.HUMAN,
        Outcome.ALLOWED_RULE: Actor.RULE,
        Outcome.DENIED_RULE: Actor.RULE,
        Outcome.CONTINUATION: Actor.RULE,
        Outcome.EXPIRED_NO_ANSWER: Actor.TIMEOUT,
        Outcome.CANCELLED_BY_CLIENT: Actor.CLIENT,
        Outcome.REFUSED_PAUSED: Actor.STOP,
        Outcome.ERROR_BROKER: Actor.ERROR,
    }
)


def answered(
    request: ApprovalRequest,
    outcome: Outcome,
    answer: Answer | None,
    *,
    call: str,
    about: bytes,
    details: JsonObject,
    actor: Actor | None = None,
) -> Entry:
    """Return the decision about a request that belongs to no call of the gate.

    `about` is what stands for its arguments, in the clear and committed.
    """
    return Entry(
        type=RecordType.DECISION,
        call=call,
        session=request.session,
        agent=request.agent,
        server=request.server,
        tool=request.tool or "",
        tier=request.tier.name,
        call_digest=request.digest,
        taint=request.lamps,
        policy={"because": request.because},
        verdict=Verdict.ASK.value,
        outcome=outcome.value,
        actor=actor or actor_of(outcome),
        shown_ms=answer.shown_ms if answer is not None else 0,
        prompt_hash=answer.prompt_hash if answer is not None else "",
        details=details,
        arguments=about,
        committed=about,
    )


def actor_of(outcome: Outcome) -> Actor:
    """Name who decided from the outcome alone."""
    return _ACTORS.get(outcome, Actor.KEYTURN)


def provenance_rows(trace: Trace) -> tuple[JsonObject, ...]:
    """Say where values came from without the values."""
    rows: list[JsonObject] = [
        {
            "path": origin.path,
            "result": origin.result,
            "server": origin.server,
            "tool": origin.tool,
            "offset": origin.offset,
            "untrusted": origin.untrusted,
            **({} if origin.length is None else {"start": origin.start, "length": origin.length}),
        }
        for origin in trace.worst_first()
    ]
    if trace.incomplete:
        rows.append({"path": "", "incomplete": True})
    return tuple(rows)


class Recorder:
    """Builds the entries of calls and hands them to the log."""

    def __init__(self, log: DecisionLog, mask: SecretMask) -> None:
        self._log, self._mask = log, mask
        self.masked = partial(masked_json, mask=mask)
        self._names = RecordedNames(mask)
        self.on_decision: Callable[[str], None] = lambda _agent: None
        """Called with the agent of each decision, where it proved who it is."""

    def decision(
        self,
        *,
        call_id: str,
        connection: Connection,
        outcome: Outcome,
        call: ToolCall | None = None,
        arguments: bytes = b"",
        digest: str = "",
        tool: str = "",
        method: str = TOOLS_CALL,
        tier: Tier = Tier.T3,
        trace: Trace | None = None,
        judgement: Judgement | None = None,
        rules_hash: str = "",
        answer: Answer | None = None,
        actor: Actor | None = None,
        details: JsonObject | None = None,
    ) -> Entry:
        """Build a decision's record; `arguments` are canonical, `actor` if the outcome hides it."""
        kept, masked, committed = b"", False, b""
        if call is not None:
            committed = arguments or call.canonical_arguments()
            kept, masked = _masked_arguments(call, committed, self._mask)
        if connection.agent_enrolled:
            self.on_decision(connection.agent)
        return Entry(
            type=RecordType.DECISION,
            call=call_id,
            session=connection.session.id,
            agent=connection.agent,
            agent_peer=_peer_of(connection),
            server=connection.server.name,
            def_hash=call.def_hash if call is not None else "",
            tool=self.name_of(call) if call is not None else self._names.claimed(tool),
            tier=tier.name,
            call_digest=digest or (call.digest() if call is not None else ""),
            provenance=provenance_rows(trace) if trace is not None else (),
            taint=connection.session.lamps.letters(),
            policy=self._names.policy(judgement, rules_hash),
            verdict=judgement.verdict.value if judgement is not None else _VERDICT_OF_REFUSAL,
            outcome=outcome.value,
            actor=actor or actor_of(outcome),
            shown_ms=answer.shown_ms if answer is not None else 0,
            prompt_hash=answer.prompt_hash if answer is not None else "",
            details={
                **method_details(call.method if call is not None else method),
                **self._names.of_rule(judgement),
                **masked_details({**_answer_details(answer), **(details or {})}, self._mask),
            },
            arguments=kept,
            masked=masked,
            committed=committed,
        )

    def name_of(self, call: ToolCall) -> str:
        """Return what the records of a call name."""
        return self._names.of_call(call)

    def server_input(
        self,
        *,
        call_id: str,
        connection: Connection,
        subject: JsonObject,
        tier: Tier,
        outcome: Outcome,
        judgement: Judgement,
        rules_hash: str,
    ) -> Entry:
        """Build the record of what was decided of a server's request to the agent's side."""
        committed = canonical(subject)
        arguments, masked = masked_json(committed, self._mask)
        return Entry(
            type=RecordType.DECISION,
            call=call_id,
            session=connection.session.id,
            agent=connection.agent,
            server=connection.server.name,
            tool=str(subject["method"]),
            tier=tier.name,
            call_digest=digest_of(committed),
            taint=connection.session.lamps.letters(),
            policy=self._names.policy(judgement, rules_hash),
            verdict=judgement.verdict.value,
            outcome=outcome.value,
            actor=actor_of(outcome),
            details={
                **method_details(str(subject["method"])),
                **self._names.of_rule(judgement),
                "from_server": True,
            },
            arguments=arguments,
            masked=masked,
            committed=committed,
        )

    def delivery(
        self,
        *,
        call_id: str,
        connection: Connection,
        tool: str,
        delivery: Delivery,
        details: JsonObject,
        kept: bytes = b"",
    ) -> None:
        """Note what became of a sent call, in the next batch; `kept` is a text for the person."""
        self._log.note(
            Entry(
                type=RecordType.DELIVERY,
                call=call_id,
                session=connection.session.id,
                agent=connection.agent,
                server=connection.server.name,
                tool=tool,
                outcome=delivery.value,
                details=details,
                arguments=kept,
                committed=kept,
            )
        )

    def lost(self, *, call_id: str, agent: str, server: str, tool: str) -> None:
        """Record that nobody can say what became of a call that an earlier broker allowed."""
        self._log.note(
            Entry(
                type=RecordType.DELIVERY,
                call=call_id,
                agent=agent,
                server=server,
                tool=tool,
                outcome=Delivery.UNKNOWN.value,
                details={"reason": "the broker ended before the server answered"},
            )
        )

    def never_answered(self, detached: Entry) -> None:
        """Record how a detached call ended that an earlier broker left: as what it was then."""
        self._log.note(
            Entry(
                type=RecordType.DECISION,
                call=detached.call,
                session=detached.session,
                agent=detached.agent,
                server=detached.server,
                tool=detached.tool,
                tier=detached.tier,
                call_digest=detached.call_digest,
                verdict=Verdict.ASK.value,
                outcome=detached.outcome,
                actor=actor_of(Outcome(detached.outcome)),
                details={**detached.details, "reason": _UNANSWERED},
            )
        )

    def passed(self, connection: Connection, method: str) -> Entry:
        """Build the record of a request that no rule speaks of and nobody is asked about."""
        return Entry(
            type=RecordType.PASSED,
            session=connection.session.id,
            agent=connection.agent,
            server=connection.server.name,
            outcome="from_client",
            details={"method": self._names.claimed(method)},
        )

    def notice(self, connection: Connection, method: str, details: JsonObject) -> None:
        """Note what was found in something that a server told unasked."""
        self._log.note(
            Entry(
                type=RecordType.PASSED,
                session=connection.session.id,
                agent=connection.agent,
                server=connection.server.name,
                outcome="from_server",
                details={"method": self._names.claimed(method), **details},
            )
        )

    def detached(self, request: ApprovalRequest, cause: str, masked: bytes) -> bytes:
        """Record that the agent stopped waiting; return what of the arguments may be kept."""
        self._log.note(
            Entry(
                type=RecordType.DETACHED,
                call=request.call or request.id,
                session=request.session,
                agent=request.agent,
                server=request.server,
                tool=self._names.of_request(request),
                call_digest=request.digest if request.kind is RequestKind.CALL else "",
                tier=request.tier.name,
                outcome=cause,
                details={**method_details(request.method), "ticket": request.ticket},
            )
        )
        return masked or masked_text(request.arguments, self._mask)

    def ended(
        self,
        request: ApprovalRequest,
        outcome: Outcome,
        answer: Answer | None,
        masked: bytes,
        *,
        grant: bool,
    ) -> None:
        """Record how a detached call ended; nothing of it was sent."""
        committed = request.arguments.encode()
        details: JsonObject = {
            **method_details(request.method),
            "ticket": request.ticket,
            **_answer_details(answer),
        }
        if grant:
            details["retry_granted"] = True
        self._log.note(
            Entry(
                type=RecordType.DECISION,
                call=request.call or request.id,
                session=request.session,
                agent=request.agent,
                server=request.server,
                tool=self._names.of_request(request),
                tier=request.tier.name,
                call_digest=request.digest,
                provenance=provenance_rows(request.trace),
                taint=request.lamps,
                policy={"because": request.because},
                verdict=Verdict.ASK.value,
                outcome=outcome.value,
                actor=actor_of(outcome),
                shown_ms=answer.shown_ms if answer is not None else 0,
                prompt_hash=answer.prompt_hash if answer is not None else "",
                details=masked_details(details, self._mask),
                arguments=masked,
                masked=masked != committed,
                committed=committed,
            )
        )


def _peer_of(connection: Connection) -> JsonObject:
    host = connection.peer.host
    return {} if host is None else {"pid": host.pid, "executable": host.executable}


def _masked_arguments(call: ToolCall, committed: bytes, mask: SecretMask) -> tuple[bytes, bool]:
    """Return the arguments without secrets, as a worker found them where one did."""
    if call.sealed is not None and call.sealed.masked:
        return call.sealed.masked, call.sealed.masked != committed
    return masked_json(committed, mask)


def _answer_details(answer: Answer | None) -> JsonObject:
    if answer is None:
        return {}
    details: JsonObject = {"route": answer.route.value}
    if answer.route in WINDOW:
        details[AFTER_ARMING] = answer.after_arming_ms
    if answer.pin:
        details["via"] = "dialog" if answer.dialog else "pin"
    if answer.persons:
        details["persons"] = list(answer.persons)
    if answer.message:
        details["message"] = answer.message
    return details
