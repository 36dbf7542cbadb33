"""The last two steps of a call: its result is inspected and indexed, its delivery recorded."""

from keyturn.application.call import (
    Forwarded,
    IncomingCall,
    Judged,
    Refused,
    Replaced,
    Reply,
    Silence,
)
from keyturn.application.events import Observers, Topic
from keyturn.application.ports.inspection import InspectedResult, ResultInspector, ResultSource
from keyturn.application.ports.milestones import Milestone, Milestones
from keyturn.application.ports.payloads import InspectedAnswer, NotInspected
from keyturn.application.ports.upstream import Answered, AnsweredError, Lost, UpstreamReply
from keyturn.application.recording import Recorder
from keyturn.domain.answer import error_as_result
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.lamps import Lamps

_NO_CUT = "it is an error larger than the limit"
TAKES_MORE = "takes_more"
"""Why an allowed call was not sent: it took more by then than was met."""
AGAIN_FOR = "again_for"
"""In the details of the call that it was asked about as then: the one that it was."""
_AS_EXPECTED = frozenset({Delivery.COMPLETED, Delivery.TOOL_ERROR, Delivery.FAILED})


class Receiver:
    """Takes what a server answered; an unclear answer is said to be unknown, never guessed."""

    def __init__(
        self,
        *,
        inspector: ResultInspector,
        recorder: Recorder,
        observers: Observers,
        milestones: Milestones,
    ) -> None:
        self._inspector = inspector
        self._recorder = recorder
        self._observers = observers
        self._milestones = milestones

    def not_sent(self, incoming: IncomingCall, judged: Judged, refusal: Refused | Silence) -> Reply:
        """Say that an allowed call was given up before its first byte."""
        reason = refusal.outcome.value if isinstance(refusal, Refused) else "cancelled"
        details: JsonObject = {"reason": reason}
        if judged.retry_granted:
            details["retry_granted"] = True
        self._deliver(incoming, judged, Delivery.NOT_SENT, details)
        return refusal

    def void(self, incoming: IncomingCall, judged: Judged) -> None:
        """Write down that an allowed call was not sent, because it takes more by now."""
        self._deliver(incoming, judged, Delivery.NOT_SENT, {"reason": TAKES_MORE})

    def receive(self, incoming: IncomingCall, judged: Judged, reply: UpstreamReply) -> Reply:
        """Inspect the server's answer, index it for tracing, note the delivery, pass it on.

        An error is an answer like any other: its text reaches the agent, too.
        """
        self._milestones.reached(Milestone.RESULT)
        session = incoming.connection.session
        session.light(judged.standing.labels, judged.number)
        if isinstance(reply, Lost):
            self._deliver(incoming, judged, Delivery.UNKNOWN, {"reason": reply.reason})
            return Refused(outcome=Outcome.ERROR_BROKER, unknown=True)
        failed = isinstance(reply, AnsweredError)
        if isinstance(reply.inspected, NotInspected):
            reason = reply.inspected.reason
            details: JsonObject = {"result": session.next_result(), "withheld": reason}
            self._deliver(incoming, judged, Delivery.RESULT_WITHHELD, details)
            return Refused(outcome=Outcome.ERROR_BROKER, withheld=reason)
        if reply.inspected is None:
            raw = reply.error if failed else reply.result
            return self._inspected(incoming, judged, reply, self._inspector.inspect(raw))
        return self._inspected(incoming, judged, reply, reply.inspected.result, reply.inspected)

    def _inspected(
        self,
        incoming: IncomingCall,
        judged: Judged,
        reply: Answered | AnsweredError,
        inspected: InspectedResult,
        elsewhere: InspectedAnswer | None = None,
    ) -> Reply:
        """Pass on what was inspected, here or in another process."""
        failed, session = isinstance(reply, AnsweredError), incoming.connection.session
        number = session.next_result()
        details: JsonObject = {"result": number, "bytes": inspected.size}
        if isinstance(reply, AnsweredError):
            details["code"] = reply.code
        if inspected.hidden_characters:
            details["hidden_characters"] = inspected.hidden_characters
        withheld = inspected.withheld or (_NO_CUT if failed and inspected.changed else "")
        if withheld:
            details["withheld"] = withheld
            self._deliver(incoming, judged, Delivery.RESULT_WITHHELD, details)
            return Refused(outcome=Outcome.ERROR_BROKER, withheld=withheld)
        source = ResultSource(
            number=number,
            server=judged.call.server,
            tool=self._recorder.name_of(judged.call),
            untrusted=Lamps.U in judged.standing.labels,
        )
        if elsewhere is None:
            said = error_as_result(inspected.result) if failed else inspected.result
            session.index.add(source, said)
        else:
            session.index.keep(source, elsewhere.drawn)
        self._deliver(incoming, judged, _delivery(inspected, failed=failed), details)
        if elsewhere is None:
            return Replaced(inspected.result) if inspected.changed else Forwarded(reply.line)
        if inspected.changed:
            return Replaced(None, encoded=elsewhere.cut, asks=elsewhere.asks)
        return Forwarded(reply.line, asks=elsewhere.asks)

    def _deliver(
        self, incoming: IncomingCall, judged: Judged, delivery: Delivery, details: JsonObject
    ) -> None:
        # What was only noted has no decision to follow; what went wrong with it is written all the
        # same.
        if not judged.only_noted or delivery not in _AS_EXPECTED:
            self._recorder.delivery(
                call_id=incoming.id,
                connection=incoming.connection,
                tool=self._recorder.name_of(judged.call),
                delivery=delivery,
                details=details,
            )
        self._milestones.reached(Milestone.DELIVERED)
        self._observers.changed(Topic.HISTORY)


def _delivery(inspected: InspectedResult, *, failed: bool) -> Delivery:
    if failed:
        return Delivery.FAILED
    return Delivery.TOOL_ERROR if inspected.is_error else Delivery.COMPLETED
