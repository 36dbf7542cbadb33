"""The last two steps of a call: its result is inspected, indexed and controlled, then recorded.

The index and the lamps see what the server sent; the agent gets what the tool's controls leave.
"""

import json

from keyturn.application.asked_paths import asked_path
from keyturn.application.call import (
    Forwarded,
    IncomingCall,
    Judged,
    Refused,
    Replaced,
    Reply,
    Silence,
)
from keyturn.application.controlling import Controlling, framed, told, unframed
from keyturn.application.edit_told import ToldOfEdits, refused_of_edit
from keyturn.application.events import Observers, Topic
from keyturn.application.held_results import NOT_HANDED_ON, HeldResults
from keyturn.application.ports.inspection import (
    Controlled,
    ControlOrder,
    InspectedResult,
    ResultInspector,
    ResultSource,
)
from keyturn.application.ports.milestones import Milestone, Milestones
from keyturn.application.ports.payloads import InspectedAnswer, NotInspected
from keyturn.application.ports.upstream import Answered, AnsweredError, Lost, UpstreamReply
from keyturn.application.recording import Recorder
from keyturn.application.result_budgets import LEAST_BYTES, USED_UP, OfTool
from keyturn.application.slices import Slices
from keyturn.domain.answer import error_as_result
from keyturn.domain.canonical import JsonObject, JsonValue
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
        controlling: Controlling,
        recorder: Recorder,
        observers: Observers,
        milestones: Milestones,
        edits: ToldOfEdits,
    ) -> None:
        self._edits = edits
        self._inspector = inspector
        self._controlling = controlling
        self._recorder = recorder
        self._observers = observers
        self._milestones = milestones
        self.held: HeldResults | None = None
        """Put in by the gate; without it what a person is to be asked about is withheld."""

    def not_sent(self, incoming: IncomingCall, judged: Judged, refusal: Refused | Silence) -> Reply:
        """Say that an allowed call was given up before its first byte."""
        reason = refusal.outcome.value if isinstance(refusal, Refused) else "cancelled"
        details: JsonObject = {"reason": reason}
        if judged.retry_granted:
            details["retry_granted"] = True
        self._deliver(incoming, judged, Delivery.NOT_SENT, details)
        return refused_of_edit(judged, refusal)

    async def tell_of_edit(self, incoming: IncomingCall, judged: Judged, reply: Reply) -> Reply:
        """Tell an agent of a person's edit; what cannot say it is written down as kept back."""
        told = await self._edits.tell(judged, reply, incoming.connection)
        if isinstance(told, Refused) and not isinstance(reply, Refused):
            self._deliver(incoming, judged, Delivery.RESULT_WITHHELD, {"withheld": told.withheld})
        return told

    def void(self, incoming: IncomingCall, judged: Judged) -> None:
        """Write down that an allowed call was not sent, because it takes more by now."""
        self._deliver(incoming, judged, Delivery.NOT_SENT, {"reason": TAKES_MORE})

    async def receive(self, incoming: IncomingCall, judged: Judged, reply: UpstreamReply) -> Reply:
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
            return await self._inspected(incoming, judged, reply, self._inspector.inspect(raw))
        inspected = reply.inspected
        return await self._inspected(incoming, judged, reply, inspected.result, inspected)

    async def _inspected(
        self,
        incoming: IncomingCall,
        judged: Judged,
        reply: Answered | AnsweredError,
        inspected: InspectedResult,
        elsewhere: InspectedAnswer | None = None,
    ) -> Reply:
        """Pass on what was inspected, here or in another process."""
        failed, session = isinstance(reply, AnsweredError), incoming.connection.session
        turn, number = Slices(), session.next_result()
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
            # What is to be done to it is another step's work, where this was much.
            await turn.pause()
        return await self._controlled(
            incoming, judged, reply, inspected, elsewhere, source, details
        )

    async def _controlled(
        self,
        incoming: IncomingCall,
        judged: Judged,
        reply: Answered | AnsweredError,
        inspected: InspectedResult,
        elsewhere: InspectedAnswer | None,
        source: ResultSource,
        details: JsonObject,
    ) -> Reply:
        """Pass on what the tool's controls leave of it."""
        failed = isinstance(reply, AnsweredError)
        frame = b""
        if inspected.changed:
            frame = framed(_encoded(inspected.result)) if elsewhere is None else elsewhere.cut
        order = self._order(incoming, judged, failed=failed)
        controlled = await self._controlling.control(
            frame or reply.line,
            order,
            incoming.connection,
            None if failed else inspected.result,
            source,
        )
        details |= told(controlled)
        if controlled.shape and judged.definition is not None:
            shapes, server = self._controlling.shapes, judged.call.server
            details |= await shapes.noted(server, judged.definition, controlled.shape)
        if "removed" in details:
            details.pop("hidden_characters", None)
        of = OfTool(judged.call.server, order.tool, order.controls)
        withheld = (
            controlled.withheld
            or self._over(incoming, of, controlled.line)
            or await self._why_kept(incoming, judged, order, controlled, details)
            or self._given(incoming, of, controlled.line)
        )
        if withheld:
            details["withheld"] = withheld
            self._deliver(incoming, judged, Delivery.RESULT_WITHHELD, details)
            return Refused(
                outcome=Outcome.ERROR_BROKER,
                withheld=withheld,
                broke_schema=controlled.broke_schema,
            )
        kept = self._kept(incoming, controlled.whole, details)
        self._deliver(incoming, judged, _delivery(inspected, failed=failed), details, kept)
        asks = elsewhere is None or elsewhere.asks
        if frame:
            return Replaced(unframed(controlled.line), asks=asks)
        return Forwarded(controlled.line, asks=asks)

    def _kept(self, incoming: IncomingCall, whole: bytes, details: JsonObject) -> bytes:
        """Return the whole text of what was cut, as far as it is kept for the person."""
        budgets = self._controlling.budgets
        return b"" if budgets is None else budgets.kept.take(incoming.connection, whole, details)

    def _over(self, incoming: IncomingCall, of: OfTool, line: bytes) -> str:
        """Say so where a frame is more than what is left of a budget."""
        budgets = self._controlling.budgets
        left = None if budgets is None else budgets.left(incoming.connection, of)
        return USED_UP if left is not None and len(line) > left else ""

    def _given(self, incoming: IncomingCall, of: OfTool, line: bytes) -> str:
        """Count what an agent is given; others were given theirs while a person was asked."""
        over, budgets = self._over(incoming, of, line), self._controlling.budgets
        if budgets is not None and not over and budgets.given(incoming.connection, len(line), of):
            self._observers.changed(Topic.SERVERS)
            self._observers.changed(Topic.AGENTS)
        return over

    async def _why_kept(
        self,
        incoming: IncomingCall,
        judged: Judged,
        order: ControlOrder,
        controlled: Controlled,
        details: JsonObject,
    ) -> str:
        """Note a sign in the session, and hold the result where a person chose so for its tool."""
        sign, number = controlled.sign, details["result"]
        if sign is None:
            return ""
        if isinstance(number, int):
            incoming.connection.session.signs.append(number)
        if not order.controls.hold_signs:
            return ""
        if self.held is None:
            return NOT_HANDED_ON
        return await self.held.why_kept(incoming, judged, controlled.line, sign)

    def _order(self, incoming: IncomingCall, judged: Judged, *, failed: bool) -> ControlOrder:
        """Say what is wanted of an answer, by the person's choice for its tool."""
        call, definition = judged.call, judged.definition
        named = self._recorder.name_of(call)
        setting = incoming.connection.server.tool_setting(named) if call.is_of_tool else None
        controls = self._controlling.tools.of(call.server, named)
        if setting is not None and setting.controls is not None:
            controls = setting.controls
        declared = definition if call.is_of_tool and not failed else None
        schema = declared.output_schema if declared is not None and controls.schema else None
        return ControlOrder(
            controls=controls,
            def_hash=definition.def_hash if definition is not None else "",
            schema=schema,
            most_bytes=self._most(incoming, OfTool(call.server, named, controls)),
            shape=declared is not None and declared.output_schema is None,
            tool=named,
            path=asked_path(call),
            signs=True,
        )

    def _most(self, incoming: IncomingCall, of: OfTool) -> int:
        """Return the smaller one of a tool's limit and of what is left of the budgets."""
        budgets, of_tool = self._controlling.budgets, of.controls.bytes_at_most
        left = None if budgets is None else budgets.left(incoming.connection, of)
        if left is None or left < LEAST_BYTES:
            return of_tool
        return min(left, of_tool) if of_tool else left

    def _deliver(
        self,
        incoming: IncomingCall,
        judged: Judged,
        delivery: Delivery,
        details: JsonObject,
        kept: bytes = b"",
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
                kept=kept,
            )
        self._milestones.reached(Milestone.DELIVERED)
        self._observers.changed(Topic.HISTORY)


def _delivery(inspected: InspectedResult, *, failed: bool) -> Delivery:
    if failed:
        return Delivery.FAILED
    return Delivery.TOOL_ERROR if inspected.is_error else Delivery.COMPLETED


def _encoded(result: JsonValue) -> bytes:
    """Write a result that was cut; halves of surrogate pairs are gone from it."""
    return json.dumps(result, ensure_ascii=False, separators=(",", ":")).encode()
