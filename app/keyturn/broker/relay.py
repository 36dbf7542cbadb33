"""Owns the way of each frame between a client and its running server: judged, inspected or passed.

What is passed keeps its bytes and its order within its direction (architecture.md law 7).
"""

from dataclasses import dataclass

from keyturn.application.connection import Connection
from keyturn.broker.batches import BATCH_VERSION, Batches
from keyturn.broker.clean_answers import CleanAnswers
from keyturn.broker.declared import Declared
from keyturn.broker.ends import LinkServices
from keyturn.broker.envelope import (
    INVALID_REQUEST,
    BadFrame,
    ClientFrame,
    RequestId,
    ServerFrame,
    cancelled_id,
    notification_line,
    strict_params,
)
from keyturn.broker.eras import (
    claims_in_initialize,
    claims_in_meta,
    modern_meta,
    modern_meta_of,
)
from keyturn.broker.frames import Oversize
from keyturn.broker.held_inputs import HeldInputs
from keyturn.broker.judged_calls import Cancelled, JudgedCalls, fault_of_call_id
from keyturn.broker.large_calls import ReadClient
from keyturn.broker.listing import Listing
from keyturn.broker.notices import Notices
from keyturn.broker.passing import LONGEST_METHOD, Passed, PassedRequests
from keyturn.broker.patience import Patience
from keyturn.broker.refusals import (
    ANSWER_TOO_LONG,
    ANSWER_UNCLEAR,
    ID_IN_USE,
    INTERNAL_ERROR,
    PAUSED,
    REFUSED,
    TOO_MANY_REQUESTS,
    error_line,
    invalid_line,
    overload_line,
)
from keyturn.broker.routes import (
    CANCELLED,
    DISCOVER,
    INITIALIZE,
    INITIALIZED,
    INSPECTED,
    LIST_CHANGED,
    PROMPTS_CHANGED,
    Route,
    route_of,
    sent_while_stopped,
)
from keyturn.broker.shown_tools import Shower, ShownTools
from keyturn.broker.upstream_stdio import StdioUpstream
from keyturn.domain.canonical import JsonObject, Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayParts:
    """What a link shares with its relay."""

    services: LinkServices
    connection: Connection
    upstream: StdioUpstream
    listing: Listing
    judged: JudgedCalls
    passed: PassedRequests
    batches: Batches
    patience: Patience


class Relay:
    """Routes frames while the server runs; see `routes` for which goes where."""

    def __init__(self, parts: RelayParts) -> None:
        self._services = parts.services
        self._connection = parts.connection
        self._upstream = parts.upstream
        self._listing = parts.listing
        self._judged = parts.judged
        self._batches = parts.batches
        self._answer = parts.batches.send
        self._stop = parts.services.stop
        self._passed = parts.passed
        self._patience = parts.patience
        self._declared = Declared(parts.connection, parts.services, parts.listing)
        self._handshaken = False
        self._notices = Notices(parts.services, parts.connection, parts.judged.keep_alive)
        self._answers = CleanAnswers(parts.services, parts.connection, parts.passed, self._answer)
        self._inputs = HeldInputs(
            parts.services,
            parts.connection,
            to_client=self._answer,
            to_server=parts.upstream.write,
        )
        self._tools = ShownTools(
            Shower(
                services=parts.services,
                connection=parts.connection,
                listing=parts.listing,
                passed=self._passed,
                answer=self._answer,
                begin=self._declared.begin_listing,
            )
        )

    # ---------------------------------------------------------------- from the client

    def from_client(self, read: ReadClient) -> None:
        """Route one frame."""
        frame = read.frame
        if isinstance(frame, BadFrame):
            self.refuse_bad(frame)
        elif route_of(frame.method, frame.line) is Route.JUDGED:
            self._call(frame, read.params)
        elif self._stop.engaged and not sent_while_stopped(frame.method):
            self._refuse_paused(frame)
        elif frame.id is not None:
            self._request(frame.id, frame)
        elif frame.method == CANCELLED:
            self._cancelled(frame)
        elif frame.method or not self._inputs.keeps_back(frame):
            self._upstream.write(frame.line)
            if frame.method == INITIALIZED:
                self._handshaken = True
                self._declared.begin_listing(None)
        else:
            self._patience.try_on()

    def oversize_from_client(self, line: Oversize) -> None:
        """Refuse a line that was too long."""
        limit = self._services.limits.frame_bytes
        reason = (
            f"the frame is over {limit} bytes"
            if line.size > limit
            else "too many long frames are under way"
        )
        self.refuse_bad(BadFrame(code=INVALID_REQUEST, reason=reason))

    def refuse_bad(self, frame: BadFrame) -> None:
        """Refuse what is no frame, and count it."""
        self._answer(invalid_line(frame.id, frame.reason, frame.code))
        self._judged.record_malformed(frame.reason)
        self._patience.try_on()

    def _call(self, frame: ClientFrame, params: JsonObject | Malformed | None) -> None:
        fault = fault_of_call_id(frame.id)
        if frame.id is None or fault:
            self.refuse_bad(BadFrame(code=INVALID_REQUEST, reason=fault, id=frame.id))
            return
        if self._in_use(frame.id):
            self._answer(invalid_line(frame.id, ID_IN_USE))
            return
        if self._judged.full(frame):
            self._answer(overload_line(frame.id, frame.method))
            return
        params = strict_params(frame) if params is None else params
        if not self._listing.begun and not isinstance(params, Malformed):
            # A first call of the era without a handshake, or of a client that left out its
            # `initialized`: what it may call must be known first.
            meta = modern_meta_of(params)
            if meta is not None:
                self._claim(meta)
            if meta is not None or self._declared.says is not None:
                self._declared.begin_listing(meta)
        self._judged.take(frame.id, frame, params)

    def _request(self, request_id: RequestId, frame: ClientFrame) -> None:
        if self._in_use(request_id):
            self._answer(invalid_line(request_id, ID_IN_USE))
            return
        if self._passed.full:
            self._answer(error_line(request_id, REFUSED, TOO_MANY_REQUESTS))
            return
        method = frame.method
        meta = None
        if not self._listing.begun or method in INSPECTED:
            meta = modern_meta(frame.params)
            if meta is not None:
                self._claim(meta)
        if method in INSPECTED:
            self._tools.asked()
        if method == INITIALIZE:
            claims = claims_in_initialize(frame.params)
            if claims is not None:
                self._connection.claims = claims
        self._passed.add(Passed(request_id, method[:LONGEST_METHOD], meta))
        self._upstream.write(frame.line)

    def _cancelled(self, frame: ClientFrame) -> None:
        """Withdraw a call that waits; tell the server only of what it has."""
        request_id = cancelled_id(frame.params)
        if request_id is not None:
            self._batches.cancelled(request_id)
        met = Cancelled.NOTHING if request_id is None else self._judged.cancel(request_id)
        if met is Cancelled.NOT_SENT:
            return
        in_flight = met is Cancelled.SENT
        if request_id is not None and request_id in self._passed:
            in_flight = True
            self._passed.cancel(request_id)
        if in_flight or not self._stop.engaged:
            self._upstream.write(frame.line)

    def _refuse_paused(self, frame: ClientFrame) -> None:
        if frame.id is not None:
            self._stop.refused_one()
            self._answer(error_line(frame.id, REFUSED, PAUSED))

    def _in_use(self, request_id: RequestId) -> bool:
        """Tell whether an answer to an earlier request of that id may still come."""
        # It would be taken for the new one's, whose own would then be passed uninspected.
        return (
            request_id in self._judged
            or request_id in self._passed
            or self._judged.gave_up(request_id)
            or self._passed.was_cancelled(request_id)
        )

    def _claim(self, meta: JsonObject) -> None:
        claims = claims_in_meta(meta)
        if claims is not None:
            self._connection.claims = claims

    # ---------------------------------------------------------------- from the server

    def from_server(self, frame: ServerFrame) -> None:
        """Route a frame that answers nothing that the broker itself asked."""
        if frame.method:
            self._from_server_unasked(frame)
        elif frame.id is None:
            # An error without an id says that the server could not read something. Any other id
            # that nobody here uses may be one to the client: 5.0 is 5 where numbers are doubles.
            if frame.without_id and frame.error is not None and not frame.ambiguous:
                self._answers.send_unasked(frame.line)
            else:
                self._upstream.note("an answer to no request", frame.line)
        elif (request := self._passed.answered(frame.id)) is not None:
            self._answered(request, frame)
        elif self._passed.was_cancelled(frame.id) and not frame.ambiguous:
            self._answers.send_unasked(frame.line)
        else:
            self._upstream.note("an answer that nobody waits for", frame.line)

    def answer_too_long(self, request_id: RequestId) -> None:
        """Answer a request whose answer was discarded."""
        request = self._passed.answered(request_id)
        if request is not None:
            self._passed.close(request_id)
            self._answer(error_line(request_id, INTERNAL_ERROR, ANSWER_TOO_LONG))

    def _from_server_unasked(self, frame: ServerFrame) -> None:
        if frame.asks and self._stop.engaged:
            self._stop.refused_one()
            self._upstream.refuse(frame, PAUSED)
            return
        if self._inputs.judges(frame):
            self._inputs.take(frame)
            return
        if frame.method == CANCELLED and self._inputs.cancelled(frame):
            return
        if frame.method in (LIST_CHANGED, PROMPTS_CHANGED):
            self._listing.again()
        line = self._notices.line_of(frame)
        if line is not None:
            self._answer(line)

    def _answered(self, request: Passed, frame: ServerFrame) -> None:
        if frame.ambiguous:
            self._passed.close(request.id)
            self._answer(error_line(request.id, INTERNAL_ERROR, ANSWER_UNCLEAR))
            return
        if request.method in (INITIALIZE, DISCOVER) and frame.result is not None:
            says = self._declared.take(frame.result)
            accepted = request.method == INITIALIZE and says.version == BATCH_VERSION
            self._batches.accepted = self._upstream.in_batches = accepted
        if request.meta is not None and frame.result is not None:
            self._declared.begin_listing(request.meta)
        if self._tools.looks_at(request.method) and frame.result is not None:
            self._tools.answered(request, frame)
            return
        self._answers.send(request, self._declared.as_agreed(frame, request.method))

    # ---------------------------------------------------------------- for the link

    def tools_changed(self) -> None:
        """Have the client list again, because a person agreed to more or to less.

        Only where the server declared that it may say so, and only in the era that has the
        handshake: later clients hear it over a stream of their own, and their lists go stale at
        once (`ttlMs` 0).
        """
        for notice in self._declared.notices(self._tools.seen) if self._handshaken else ():
            self._answer(notification_line(notice))

    def cancel_sent(self, reason: str) -> None:
        """Ask the server to give up every judged call that it works on."""
        for request_id in self._judged.stop_sent():
            self._upstream.write(
                notification_line(CANCELLED, {"requestId": request_id, "reason": reason})
            )

    def refuse_open(self, code: int, message: str, *, keyturn: str = "") -> None:
        """Answer every passed request that is open."""
        for request in self._passed.take_all():
            if not request.cancelled:
                self._answer(error_line(request.id, code, message, keyturn=keyturn))

    def is_open(self, request_id: RequestId) -> bool:
        """Tell whether a passed request is not answered yet."""
        return request_id in self._passed

    def leave(self) -> None:
        """Give up what the server asks: one of the two ends is gone."""
        self._inputs.leave()

    async def close(self) -> None:
        """End what is left."""
        await self._inputs.close()
        for part in (self._answers, self._notices, self._tools):
            await part.close()
