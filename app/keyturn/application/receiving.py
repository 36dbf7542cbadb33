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
from keyturn.application.ports.inspection import ResultInspector, ResultSource
from keyturn.application.ports.milestones import Milestone, Milestones
from keyturn.application.ports.upstream import Answered, AnsweredError, UpstreamReply
from keyturn.application.recording import Recorder
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.lamps import Lamps


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
        self._deliver(incoming, judged, Delivery.NOT_SENT, {"reason": reason})
        return refusal

    def receive(self, incoming: IncomingCall, judged: Judged, reply: UpstreamReply) -> Reply:
        """Inspect the server's answer, index it for tracing, note the delivery, pass it on."""
        self._milestones.reached(Milestone.RESULT)
        session = incoming.connection.session
        session.light(judged.standing.labels, judged.number)
        if isinstance(reply, AnsweredError):
            self._deliver(incoming, judged, Delivery.FAILED, {"code": reply.code})
            return Forwarded(reply.line)
        if not isinstance(reply, Answered):
            self._deliver(incoming, judged, Delivery.UNKNOWN, {"reason": reply.reason})
            return Refused(outcome=Outcome.ERROR_BROKER, unknown=True)
        inspected = self._inspector.inspect(reply.result)
        number = session.next_result()
        details: JsonObject = {"result": number, "bytes": inspected.size}
        if inspected.hidden_characters:
            details["hidden_characters"] = inspected.hidden_characters
        if inspected.withheld:
            details["withheld"] = inspected.withheld
            self._deliver(incoming, judged, Delivery.RESULT_WITHHELD, details)
            return Refused(outcome=Outcome.ERROR_BROKER, withheld=inspected.withheld)
        source = ResultSource(
            number=number,
            server=judged.call.server,
            tool=judged.call.tool,
            untrusted=Lamps.U in judged.standing.labels,
        )
        session.index.add(source, inspected.result)
        delivery = Delivery.TOOL_ERROR if inspected.is_error else Delivery.COMPLETED
        self._deliver(incoming, judged, delivery, details)
        return Replaced(inspected.result) if inspected.changed else Forwarded(reply.line)

    def _deliver(
        self, incoming: IncomingCall, judged: Judged, delivery: Delivery, details: JsonObject
    ) -> None:
        self._recorder.delivery(
            call_id=incoming.id,
            connection=incoming.connection,
            tool=judged.call.tool,
            delivery=delivery,
            details=details,
        )
        self._milestones.reached(Milestone.DELIVERED)
        self._observers.changed(Topic.HISTORY)
