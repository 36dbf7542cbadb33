"""Holds a result that reads like an order to the model, until a person hands it on or not.

Only for tools that a person chose this for. No answer keeps it back; so do a stop, a cancellation
and whatever cannot be shown or recorded. What is handed on is what was shown, or nothing.
"""

import asyncio
from hashlib import sha256

from keyturn.application.approval_request import BECAUSE_SIGNS, Answer, ApprovalRequest, RequestKind
from keyturn.application.approvals import Approvals
from keyturn.application.call import IncomingCall, Judged
from keyturn.application.events import Observers, Topic
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.ids import Ids
from keyturn.application.ports.inspection import Sign
from keyturn.application.provenance import asked_by
from keyturn.application.recording import Recorder, answered
from keyturn.application.stop import StopSwitch
from keyturn.application.waiting import Resolution, bytes_of
from keyturn.domain.approval import State
from keyturn.domain.canonical import JsonObject, Parsed, canonical, digest_of, parse_strict
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.finding import LONGEST_WORDS, Finding, FindingKind
from keyturn.domain.record import Entry
from keyturn.domain.tier import LARGE_ARGUMENTS_BYTES

NOT_HANDED_ON = "it reads like an order to the model, and the user did not hand it on"
TOO_LARGE_TO_SHOW = "it reads like an order to the model, and is too large to be shown"
NOT_SHOWN = "it reads like an order to the model, and could not be shown to the user"


class HeldResults:
    """Asks about each; see the module's docstring."""

    def __init__(
        self,
        stop: StopSwitch,
        approvals: Approvals,
        recorder: Recorder,
        log: DecisionLog,
        clock: Clock,
        ids: Ids,
        observers: Observers,
        limits: Limits,
    ) -> None:
        self._stop = stop
        self._approvals = approvals
        self._recorder = recorder
        self._log = log
        self._clock = clock
        self._ids = ids
        self._observers = observers
        self._limits = limits

    async def why_kept(
        self, incoming: IncomingCall, judged: Judged, line: bytes, sign: Sign
    ) -> str:
        """Return why a frame is not handed on; empty once a person has handed on these bytes."""
        if len(line) > LARGE_ARGUMENTS_BYTES:
            return TOO_LARGE_TO_SHOW
        stops = self._stop.count
        subject = await asyncio.to_thread(_subject_of, line)
        if subject is None:
            return NOT_SHOWN
        request = self._request(incoming, judged, subject, sign)
        digest = sha256(line).digest()
        resolved = await self._resolution(incoming, request, stops)
        outcome = resolved.outcome
        if outcome.allows and self._stopped_since(stops):
            outcome = Outcome.REFUSED_PAUSED
        if outcome.allows and (incoming.cancelled or incoming.ended):
            outcome = Outcome.CANCELLED_BY_CLIENT
        entry = _entry(request, outcome, incoming.id, resolved.answer)
        try:
            await self._log.commit(entry)
        except LogUnavailable:
            return NOT_HANDED_ON
        self._observers.changed(Topic.HISTORY)
        if not outcome.allows or self._stopped_since(stops):
            return NOT_HANDED_ON
        if incoming.cancelled or incoming.ended:
            return NOT_HANDED_ON
        return "" if sha256(line).digest() == digest else NOT_HANDED_ON

    def _stopped_since(self, stops: int) -> bool:
        """Tell whether a stop holds or came since there were so many, also one that is over."""
        return self._stop.engaged or self._stop.count != stops

    async def _resolution(
        self, incoming: IncomingCall, request: ApprovalRequest, stops: int
    ) -> Resolution:
        if self._stopped_since(stops):
            self._stop.refused_one()
            return _unasked(Outcome.REFUSED_PAUSED)
        if incoming.cancelled or incoming.ended:
            return _unasked(Outcome.CANCELLED_BY_CLIENT)
        self._approvals.asked.tell(request)
        if not self._approvals.somebody_answers:
            return _unasked(Outcome.REFUSED_NO_APPROVER)
        if self._approvals.full(request.agent, bytes_of(request)):
            return _unasked(Outcome.REFUSED_OVERLOAD)
        incoming.held_result = request.id
        try:
            return await self._approvals.ask(
                request,
                hold_seconds=self._limits.hold_seconds,
                host=incoming.connection.peer.host,
            )
        finally:
            incoming.held_result = ""

    def _request(
        self, incoming: IncomingCall, judged: Judged, subject: bytes, sign: Sign
    ) -> ApprovalRequest:
        connection, call = incoming.connection, judged.call
        session = connection.session
        return ApprovalRequest(
            id=self._ids.new("c"),
            kind=RequestKind.RESULT,
            agent=connection.agent,
            session=session.id,
            server=connection.server.name,
            tool=self._recorder.name_of(call),
            arguments=subject.decode(),
            digest=digest_of(subject),
            tier=judged.tier,
            because=BECAUSE_SIGNS,
            lamps=session.lamps.letters(),
            lit_by=tuple(session.lit_by.items()),
            asked_by=asked_by(connection),
            environment=connection.server.environment,
            created_utc=self._clock.now_utc(),
            ticket=self._ids.ticket(),
            findings=(
                Finding(
                    kind=FindingKind.ORDER,
                    words=sign.words[:LONGEST_WORDS],
                    place=sign.path[:LONGEST_WORDS],
                ),
            ),
        )


def _unasked(outcome: Outcome) -> Resolution:
    return Resolution(state=State.REFUSED, outcome=outcome)


def _entry(
    request: ApprovalRequest, outcome: Outcome, call_id: str, answer: Answer | None
) -> Entry:
    """Build the record of what was decided; nothing of the result's text is in it."""
    about = canonical({"result_of": call_id, "sha256": request.digest})
    details: JsonObject = {"from_server": True, "result_of": call_id}
    if answer is not None:
        details["route"] = answer.route.value
        details |= {"via": "pin"} if answer.pin else {}
        details |= {"persons": list(answer.persons)} if answer.persons else {}
    return answered(request, outcome, answer, call=request.id, about=about, details=details)


def _subject_of(line: bytes) -> bytes | None:
    """Return what is shown of a frame, as canonical JSON; None for what has no such form."""
    # Strictly: of equal names a person could be shown one, and the agent read the other.
    parsed = parse_strict(line)
    frame = parsed.value if isinstance(parsed, Parsed) else None
    if not isinstance(frame, dict):
        return None
    shown: JsonObject = {name: frame[name] for name in ("result", "error") if name in frame}
    return canonical(shown) if shown else None
