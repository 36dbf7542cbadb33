"""Owns the live judged calls of one connection: each a task through the gate, answered once."""

import asyncio
import logging
from collections import deque
from enum import Enum, auto
from functools import partial
from typing import assert_never

import msgspec
from msgspec import Raw

from keyturn.application.approval_request import WithdrawCause
from keyturn.application.call import (
    Admitted,
    AskAgain,
    Forwarded,
    IncomingCall,
    Refused,
    Replaced,
    Reply,
    Silence,
)
from keyturn.application.connection import Connection
from keyturn.application.rounds import Rounds
from keyturn.application.tasks import TaskOwner
from keyturn.broker.ends import Downstream, LinkServices
from keyturn.broker.envelope import ClientFrame, RequestId, request_line, result_line
from keyturn.broker.eras import modern_meta_of
from keyturn.broker.keep_alive import KeepAlive, Token, token_of
from keyturn.broker.listing import LOOK_SECONDS, ListedUpstream, Listing
from keyturn.broker.parted_lines import Written, answer_of
from keyturn.broker.passing import Passed, PassedRequests
from keyturn.broker.refusals import (
    REFUSED,
    TOO_MANY_REQUESTS,
    error_line,
    invalid_line,
    malformed_line,
    refusal_line,
)
from keyturn.broker.splicing import with_id
from keyturn.broker.upstream_stdio import StdioUpstream
from keyturn.domain.approval import State
from keyturn.domain.canonical import MAX_SAFE_INTEGER, JsonObject, Malformed
from keyturn.domain.client_request import PROMPT, TOOLS_CALL
from keyturn.domain.decision import Delivery, Outcome

_log = logging.getLogger(__name__)

MOST_RECORDED_AT_ONCE = 100
"""Malformed frames whose refusals are being committed; further ones are only answered."""
MOST_LIVE = 1_000
"""Calls of one connection that are not answered; those that wait for a person are bound before."""
MOST_LIVE_BYTES = 64 * 1024 * 1024
"""Of their frames together, beside one that is let in alone."""
MOST_GIVEN_UP = 1_000
"""Calls whose late answer is still told from a new one's."""
AFTER_CANCEL_SECONDS = 30.0
"""How long a cancelled call may still be answered, for the record, before it reads unknown."""


class Cancelled(Enum):
    """What a cancellation met."""

    NOTHING = auto()
    NOT_SENT = auto()
    SENT = auto()
    """The server has it, so the cancellation is passed on."""


class _Live(msgspec.Struct, eq=False):
    incoming: IncomingCall
    modern: bool
    since: float
    """The loop's time at which it came."""
    token: Token | None = None
    size: int = 0
    unlisted: bool = False
    """It came before the server's tools were known."""
    answered: bool = True
    """False once the client cancelled: a cancelled request gets no answer."""


def _is_held(live: _Live) -> bool:
    """Tell whether its client waits for a person."""
    incoming = live.incoming
    return live.answered and bool(incoming.approval_id or incoming.held_result)


def fault_of_call_id(request_id: RequestId | None) -> str:
    """Say why a judged call cannot have this id; readers round what is beyond 2^53."""
    if request_id is None:
        return "what is judged needs an id"
    beyond = isinstance(request_id, int) and abs(request_id) > MAX_SAFE_INTEGER
    return "the id is beyond 2^53" if beyond else ""


class JudgedCalls:
    """Takes calls off the wire, hands them to the gate and writes the gate's replies."""

    def __init__(
        self,
        services: LinkServices,
        connection: Connection,
        upstream: StdioUpstream,
        listing: Listing,
        downstream: Downstream,
        passed: PassedRequests,
    ) -> None:
        self._services = services
        self._connection = connection
        self._upstream = upstream
        self._listing = listing
        self._passed = passed
        self._gate_end = ListedUpstream(upstream, listing)
        self._answer = downstream.send
        self._hears = downstream.hears
        self._tasks = TaskOwner()
        self.keep_alive = KeepAlive(downstream.send)
        self._rounds = _rounds_of(services)
        self._live: dict[RequestId, _Live] = {}
        self._live_bytes = 0
        self._unlisted = 0
        """Calls that wait until the server's tools are known."""
        self._given_up: deque[RequestId] = deque(maxlen=MOST_GIVEN_UP)
        self._recording = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def __contains__(self, request_id: RequestId) -> bool:
        """Tell whether a call of that id is not answered yet."""
        return request_id in self._live

    def full(self, frame: ClientFrame) -> bool:
        """Tell whether one more call is too much, by number or by size."""
        waits = self._waits_for_list(frame.method)
        return (
            len(self._live) >= MOST_LIVE
            or bool(self._live)
            and self._live_bytes + len(frame.line) > MOST_LIVE_BYTES
            or waits
            and self._unlisted >= self._services.limits.queue_per_agent
        )

    def gave_up(self, request_id: RequestId) -> bool:
        """Tell whether the server still owes the answer to a call that is awaited no longer."""
        return request_id in self._given_up

    def take(
        self, request_id: RequestId, frame: ClientFrame, params: JsonObject | Malformed
    ) -> None:
        """Hand one call to the gate, or have it wait on for the one that it continues."""
        modern = not isinstance(params, Malformed) and modern_meta_of(params) is not None
        asked = IncomingCall(
            id=self._services.ids.new("c"),
            connection=self._connection,
            request_id=request_id,
            params=params,
            method=frame.method,
            heard=partial(self._hears, request_id),
            stops_seen=self._services.stop.count,
        )
        incoming = self._rounds.admit(asked, modern=modern)
        since = asyncio.get_running_loop().time()
        live = self._live[request_id] = _Live(incoming, modern, since=since, size=len(frame.line))
        self._live_bytes += live.size
        live.unlisted = self._waits_for_list(frame.method)
        self._unlisted += live.unlisted
        self._idle.clear()
        live.token = None if isinstance(params, Malformed) else token_of(params)
        if live.token is not None:
            self.keep_alive.begin(live.token, partial(_is_held, live))
        self._tasks.start(self._run(live), "call")

    def record_malformed(self, reason: str) -> None:
        """Have a refused frame recorded; what it was answered is not the gate's business."""
        if self._recording >= MOST_RECORDED_AT_ONCE:
            return
        self._recording += 1
        incoming = IncomingCall(
            id=self._services.ids.new("c"),
            connection=self._connection,
            request_id="",
            params=Malformed(reason),
        )
        self._tasks.start(self._record(incoming), "record of a malformed frame")

    def cancel(self, request_id: RequestId) -> Cancelled:
        """Withdraw a call that the client gave up."""
        live = self._live.get(request_id)
        if live is None:
            return Cancelled.NOTHING
        live.answered = False
        live.incoming.cancel()
        if held := live.incoming.held_result:
            self._services.approvals.client_left(held)
            return Cancelled.NOT_SENT
        if live.incoming.sent:
            self._bound(live)
            return Cancelled.SENT
        if live.incoming.approval_id:
            self._learn(live)
            self._services.approvals.client_left(live.incoming.approval_id)
        return Cancelled.NOT_SENT

    def abandoned(self, request_id: RequestId) -> None:
        """Withdraw a call that nobody waits for, unless it was sent; say so to who returns."""
        live = self._live.get(request_id)
        if live is None or not live.answered or live.incoming.sent:
            return
        self.cancel(request_id)
        self._answer(_refusal_line(Refused(outcome=Outcome.CANCELLED_BY_CLIENT), live))

    def stop_sent(self) -> tuple[RequestId, ...]:
        """Return the calls to cancel at the server, whose answers are not awaited for ever."""
        sent = [live for live in self._live.values() if live.incoming.sent]
        for live in sent:
            self._bound(live)
        return tuple(live.incoming.request_id for live in sent)

    def refuse_unsent(self) -> None:
        """Refuse what was not sent, whoever allows it: the connection or its server ended."""
        unsent = [incoming for incoming in self._calls() if not incoming.sent]
        for incoming in unsent:
            incoming.end()
        approvals = self._services.approvals
        asked = {incoming.approval_id for incoming in unsent}
        # What was given up in this very turn has its outcome already.
        pending = {w.request.id for w in approvals.waiting() if w.state is State.PENDING} & asked
        approvals.refuse(
            lambda request: request.id in pending, Outcome.ERROR_BROKER, WithdrawCause.CANCELLED
        )

    def leave(self, *, host_gone: bool) -> None:
        """Give up what was not sent, because the client has left."""
        self._rounds.client_left(host_gone=host_gone)
        for incoming in self._calls():
            if not incoming.sent:
                incoming.cancel()
            if asked := incoming.held_result if incoming.sent else incoming.approval_id:
                self._services.approvals.client_left(asked, host_gone=host_gone)

    async def drain(self, seconds: float) -> None:
        """Wait until no call is live, at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
                await self._rounds.ended()
        except TimeoutError:
            return

    async def close(self) -> None:
        """End what is left."""
        self.keep_alive.close()
        await self._tasks.close()
        await self._rounds.close()

    def _calls(self) -> tuple[IncomingCall, ...]:
        """Return what is not answered for good, with or without a request that waits."""
        return (*(live.incoming for live in self._live.values()), *self._rounds.between())

    def _learn(self, live: _Live) -> None:
        """Take note of how long a client waited for a person; a claimed name proves nothing."""
        if not self._connection.agent_enrolled:
            return
        agent, holds = self._connection.agent, self._services.holds
        in_all = self._rounds.waited(live.incoming)
        if in_all is None:
            holds.gave_up(agent, asyncio.get_running_loop().time() - live.since)
        else:
            holds.gave_up(agent, in_all, in_rounds=True)

    def _bound(self, live: _Live) -> None:
        asyncio.get_running_loop().call_later(AFTER_CANCEL_SECONDS, self._give_up, live)

    def _give_up(self, live: _Live) -> None:
        # The id may be another call's by now.
        request_id = live.incoming.request_id
        if self._live.get(request_id) is live:
            self._given_up.append(request_id)
            self._upstream.give_up(request_id, "cancelled, and the server did not answer")

    async def _run(self, live: _Live) -> None:
        try:
            if live.unlisted:
                await self._listing.wait(LOOK_SECONDS)
            self._waits_for_list_no_longer(live)
            reply = await self._rounds.handle(live.incoming, self._gate_end)
            self._keep_no_longer(live)
            if isinstance(reply, Admitted):
                self._let_through(live, reply)
                return
            if (line := self._encoded(reply, live)) is not None and live.answered:
                self._answer(line)
        finally:
            self._keep_no_longer(live)
            del self._live[live.incoming.request_id]
            self._live_bytes -= live.size
            self._waits_for_list_no_longer(live)
            if not self._live:
                self._idle.set()

    def _let_through(self, live: _Live, admitted: Admitted) -> None:
        """Send what is answered by a stream, which is carried as other passed requests are."""
        request_id, method = live.incoming.request_id, live.incoming.method
        if self._passed.full:
            self._answer(error_line(request_id, REFUSED, TOO_MANY_REQUESTS))
            return
        self._passed.add(Passed(request_id, method, None))
        self._upstream.write(request_line(request_id, method, admitted.params))

    def _encoded(self, reply: Reply, live: _Live) -> Written | None:
        """Encode a reply; one that cannot be is withheld, so that nobody waits for it for ever."""
        try:
            return _line_of(reply, live)
        except Exception:  # noqa: BLE001 -- the protocol edge: a surprise withholds
            _log.exception("answer cannot be written, withheld call=%s", live.incoming.id)
        refusal = Refused(outcome=Outcome.ERROR_BROKER, withheld="it cannot be written as JSON")
        incoming = live.incoming
        named = incoming.params if incoming.method == TOOLS_CALL else {}
        self._services.recorder.delivery(
            call_id=incoming.id,
            connection=self._connection,
            tool="" if isinstance(named, Malformed) else str(named.get("name", "")),
            delivery=Delivery.RESULT_WITHHELD,
            details={"withheld": refusal.withheld},
        )
        return _refusal_line(refusal, live)

    def _waits_for_list(self, method: str) -> bool:
        """Tell whether what may be called must be known first; tools and prompts are pinned."""
        return method in (TOOLS_CALL, PROMPT) and not self._listing.settled

    def _waits_for_list_no_longer(self, live: _Live) -> None:
        self._unlisted -= live.unlisted
        live.unlisted = False

    def _keep_no_longer(self, live: _Live) -> None:
        if live.token is not None:
            self.keep_alive.end(live.token)
            live.token = None

    async def _record(self, incoming: IncomingCall) -> None:
        try:
            await self._services.gate.handle(incoming, self._gate_end)
        finally:
            self._recording -= 1


def _rounds_of(services: LinkServices) -> Rounds:
    return Rounds(
        gate=services.gate,
        approvals=services.approvals,
        clock=services.clock,
        limits=services.limits,
    )


def _line_of(reply: Reply, live: _Live) -> Written | None:
    request_id = live.incoming.request_id
    match reply:
        case Forwarded() if reply.other_id:
            return with_id(reply.line, Raw(msgspec.json.encode(request_id)))
        case Forwarded():
            return reply.line
        case Replaced():
            return answer_of(request_id, reply.encoded)
        case Refused() if reply.outcome is Outcome.REFUSED_MALFORMED:
            params = live.incoming.params
            if isinstance(params, Malformed):
                return invalid_line(request_id, params.reason)
            return malformed_line(request_id, reply)
        case Refused():
            return _refusal_line(reply, live)
        case AskAgain():
            result: JsonObject = {"resultType": "input_required", "requestState": reply.state}
            return result_line(request_id, result)
        case Silence():
            return None
        case _:
            assert_never(reply)


def _refusal_line(refused: Refused, live: _Live) -> bytes:
    incoming = live.incoming
    return refusal_line(incoming.request_id, refused, modern=live.modern, method=incoming.method)
