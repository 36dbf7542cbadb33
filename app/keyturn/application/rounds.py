"""Owns how one connection's calls wait for a person over several requests of their client.

From 2026-07-28 on a result may ask for nothing but the same call again, with an opaque
`requestState` (MCP, multi-round requests). Shortly before a client's patience ends, a call that
waits is answered that way, and the client's next request waits on: the same call, the same card,
the same deadline. Only waiting is continued so; nothing that a client sends decides anything.

A state is random, is known to its connection alone, holds for exactly the call that it was given
for, and is used up by the first request that brings it. It never reaches a server: once a person
allowed the call, it is sent as it first came.
"""

import asyncio
import secrets
from dataclasses import dataclass, field
from functools import partial

from keyturn.application.approvals import Approvals
from keyturn.application.call import (
    AskAgain,
    CallRounds,
    Handled,
    IncomingCall,
    Reply,
    Silence,
)
from keyturn.application.continuations import RESPONSES, STATE
from keyturn.application.gate import Gate
from keyturn.application.ports.clock import Clock, Timer
from keyturn.application.ports.upstream import Upstream
from keyturn.application.tasks import TaskOwner
from keyturn.domain.call import OWN_META_PREFIX, ToolCall, without_own_meta
from keyturn.domain.canonical import JsonObject, Malformed, digest_of
from keyturn.domain.client_request import PROMPT, READ, TOOLS_CALL
from keyturn.domain.configuration import Limits
from keyturn.domain.hold_budget import round_seconds
from keyturn.domain.sealed import SealedParams

OWN_STATE = f"{OWN_META_PREFIX}waits."
"""Before each of Keyturn's own states; a server's may be anything else."""
NOTHING_WAITS = "no call waits under this request state; make the call again without one"
_STATE_BYTES = 32
_IN_ROUNDS = frozenset({TOOLS_CALL, READ, PROMPT})
"""What may be answered with the wish for more (MCP, multi-round requests)."""
_REPEAT_SECONDS = 1.0
"""How long a client has to come back for a call that it makes once more meanwhile."""
_REPEATS_SECONDS = 2 * _REPEAT_SECONDS
"""Longest that a call waits to learn whether the client comes back for identical ones."""
_MOST_HURRIED = 100
"""States of calls that were not waited for as long as others, and whose client may come yet."""
_SECOND = 1_000_000_000


@dataclass(slots=True, kw_only=True, eq=False)
class _Gap:
    """A call between two requests of its client."""

    incoming: IncomingCall
    asks: str
    """Digest of what the next request has to ask."""
    timer: Timer
    due_ns: int
    """When it is taken that no request comes."""
    hurried: bool = False
    """That is sooner than for others, for the sake of an identical call."""
    repeats: "list[asyncio.Future[None]]" = field(default_factory=list["asyncio.Future[None]"])
    """Of the calls that are the same, and wait until it is known whether this one is left."""

    def over(self) -> None:
        """Let them go on."""
        self.timer.cancel()
        for repeat in self.repeats:
            _done(repeat)


class Rounds:
    """The calls of one connection that are held over more than one request."""

    def __init__(self, *, gate: Gate, approvals: Approvals, clock: Clock, limits: Limits) -> None:
        self._gate = gate
        self._approvals = approvals
        self._clock = clock
        self._limits = limits
        self._tasks = TaskOwner()
        self._walks: set[asyncio.Task[Handled]] = set()
        """Those that run."""
        self._gaps: dict[str, _Gap] = {}
        """By the hash of the state that the client was given."""
        self._hurried: dict[str, str] = {}
        """What the next request had to ask in gaps that ended sooner than others, by the same."""
        self._most = limits.rounds
        """How often the client is had to ask again; fewer once it showed that it does so less."""
        self._came_back = False
        self._missed: int = 0
        """At which round it last did not come back."""

    def admit(self, incoming: IncomingCall, *, modern: bool) -> IncomingCall:
        """Return the call that a request continues, or the request's own.

        What claims to continue a call and does not is marked, so that the gate refuses it.
        """
        if isinstance(incoming.params, Malformed):
            return incoming
        state = incoming.params.get(STATE)
        if not isinstance(state, str) or not state.startswith(OWN_STATE):
            return self._begin(incoming, modern=modern)
        # Nothing large is held over several requests, so that none continues anything.
        large = isinstance(incoming.params, SealedParams)
        key, asks = ("", "") if large else (_hash_of(state), _asks(incoming))
        gap = None if large else self._gaps.get(key)
        if gap is not None and gap.asks == asks:
            del self._gaps[key]
            return self._resume(gap, incoming)
        if not large and self._hurried.get(key) == asks:
            del self._hurried[key]
            self._came_late()
            incoming.params = _without_state(incoming.params)
            return self._begin(incoming, modern=modern)
        # A server that shows its agents the same kind of state is one behind another Keyturn.
        if gap is not None or not incoming.connection.session.continuations.knows(state):
            incoming.fault = NOTHING_WAITS
        return incoming

    async def handle(self, incoming: IncomingCall, upstream: Upstream) -> Handled:
        """Take a call through the gate, or wait on for it; return what this request is answered."""
        await self._after_the_same(incoming)
        rounds = incoming.rounds
        if incoming.cancelled and rounds is not None and rounds.walk is not None:
            return Silence()
        if rounds is None or incoming.cancelled:
            return await self._gate.handle(incoming, upstream)
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        rounds.on_asked = lambda: self._bound(incoming, rounds, over)
        if rounds.walk is None:
            rounds.walk = self._walk(incoming, upstream)
        elif incoming.approval_id:
            rounds.on_asked()
        await asyncio.wait({rounds.walk, over}, return_when=asyncio.FIRST_COMPLETED)
        rounds.drop_timer()
        # Decided in the same moment, it is on its way under this request's id already.
        decided = not incoming.approval_id or rounds.walk.done()
        if decided or incoming.cancelled or incoming.ended:
            await asyncio.wait({rounds.walk})
            return rounds.walk.result()
        return self._ask_again(incoming, rounds)

    def waited(self, incoming: IncomingCall) -> float | None:
        """Return how long a client has waited over several rounds; None in the first."""
        rounds = incoming.rounds
        if rounds is None or not rounds.given:
            return None
        return (self._clock.monotonic_ns() - rounds.since_ns) / _SECOND

    def between(self) -> tuple[IncomingCall, ...]:
        """Return the calls that no request of the client waits for now."""
        return tuple(gap.incoming for gap in self._gaps.values())

    def client_left(self, *, host_gone: bool) -> None:
        """Take it that the client comes back for none of them; without its host nobody retries."""
        left = () if host_gone else self.between()
        for rounds in (incoming.rounds for incoming in left):
            if rounds is not None:
                rounds.left_unheard()

    async def ended(self) -> None:
        """Wait until every call has come to its end."""
        if self._walks:
            await asyncio.wait(self._walks)

    async def close(self) -> None:
        """End what is left."""
        for gap in self._gaps.values():
            gap.over()
        self._gaps.clear()
        self._hurried.clear()
        await self._tasks.close()

    def _walk(self, incoming: IncomingCall, upstream: Upstream) -> "asyncio.Task[Handled]":
        walk = self._tasks.start(self._gate.handle(incoming, upstream), "call in rounds")
        self._walks.add(walk)
        walk.add_done_callback(self._walks.discard)
        return walk

    def _begin(self, incoming: IncomingCall, *, modern: bool) -> IncomingCall:
        """Take a call of its own, which waits in rounds where its client can be had to."""
        if isinstance(incoming.params, Malformed):
            return incoming
        if modern and self._most and _may_wait_in_rounds(incoming.method, incoming.params):
            now = self._clock.monotonic_ns()
            incoming.rounds = CallRounds(left=self._most, since_ns=now)
        return incoming

    def _bound(
        self, incoming: IncomingCall, rounds: CallRounds, over: "asyncio.Future[None]"
    ) -> None:
        """End this request's wait in time, while there is a next round to wait in."""
        if not rounds.left:
            return

        def end() -> None:
            if incoming.approval_id and not over.done():
                over.set_result(None)

        seconds = round_seconds(rounds.hold_seconds)
        due = self._clock.monotonic_ns() + int(seconds * _SECOND)
        rounds.timer = self._clock.call_at(due, end)

    def _ask_again(self, incoming: IncomingCall, rounds: CallRounds) -> Reply:
        """Let the call wait without a request for a moment, until its client asks again."""
        state = OWN_STATE + secrets.token_urlsafe(_STATE_BYTES)
        rounds.left -= 1
        rounds.given += 1
        rounds.returns = asyncio.get_running_loop().create_future()
        key = _hash_of(state)
        due = self._clock.monotonic_ns() + int(self._limits.round_gap_seconds * _SECOND)
        timer = self._clock.call_at(due, lambda: self._did_not_return(key))
        self._gaps[key] = _Gap(incoming=incoming, asks=_asks(incoming), timer=timer, due_ns=due)
        return AskAgain(state)

    def _resume(self, gap: _Gap, request: IncomingCall) -> IncomingCall:
        """Let a request of the client wait for its call from now on."""
        self._came_back = True
        gap.over()
        incoming = gap.incoming
        incoming.request_id, incoming.heard = request.request_id, request.heard
        incoming.params = _with_token_of(request.params, incoming.params)
        if incoming.rounds is not None:
            incoming.rounds.await_no_longer()
        return incoming

    async def _after_the_same(self, incoming: IncomingCall) -> None:
        """Let a call wait that repeats one in its gap, while nobody knows what its client does.

        A client that knows nothing of rounds makes the call anew, in place of the first: then it
        is asked about in its place. Another one makes the same call twice, and comes back for the
        first: only that request's state can tell.
        """
        due = self._clock.monotonic_ns() + int(_REPEATS_SECONDS * _SECOND)
        while not (incoming.cancelled or incoming.ended) and self._clock.monotonic_ns() < due:
            same = self._same_in_their_gaps(incoming)
            if not same:
                break
            self._hurry(same)
            incoming.awaits = waits = asyncio.get_running_loop().create_future()
            self._gaps[same[-1]].repeats.append(waits)
            timer = self._clock.call_at(due, partial(_done, waits))
            try:
                await waits
            finally:
                timer.cancel()
            incoming.awaits = None
        rounds = incoming.rounds
        if rounds is not None and not rounds.given:
            rounds.left = min(rounds.left, self._most)

    def _same_in_their_gaps(self, incoming: IncomingCall) -> list[str]:
        """Return the keys of gaps of the same call; empty where there is none to wait for."""
        params, rounds = incoming.params, incoming.rounds
        if self._came_back or not self._gaps or rounds is not None and rounds.given:
            return []
        if isinstance(params, Malformed | SealedParams) or STATE in params:
            return []
        asks = _asks(incoming)
        return [key for key, gap in self._gaps.items() if gap.asks == asks]

    def _hurry(self, keys: list[str]) -> None:
        """Let gaps end soon: a client that comes back does so at once, and another one waits."""
        soon = self._clock.monotonic_ns() + int(_REPEAT_SECONDS * _SECOND)
        for key in keys:
            gap = self._gaps[key]
            if soon < gap.due_ns:
                gap.timer.cancel()
                gap.hurried = True
                gap.due_ns = soon
                gap.timer = self._clock.call_at(soon, partial(self._did_not_return, key))

    def _did_not_return(self, key: str) -> None:
        """Take it that the client stopped waiting."""
        gap = self._gaps.pop(key, None)
        if gap is None:
            return
        try:
            if gap.hurried:
                self._hurried[key] = gap.asks
                self._forget_oldest()
            if gap.incoming.rounds is not None:
                self._learn(gap.incoming.rounds.given)
                gap.incoming.rounds.left_unheard()
            gap.incoming.cancel()
            if gap.incoming.approval_id:
                self._approvals.client_left(gap.incoming.approval_id)
        finally:
            # Whatever went wrong: others wait for this.
            gap.over()

    def _came_late(self) -> None:
        """Unlearn that a client does not come back: it was not given the time that others have.

        Its call ended meanwhile, and is asked about anew as any other.
        """
        if not self._came_back:
            self._came_back = True
            self._most, self._missed = self._limits.rounds, 0

    def _forget_oldest(self) -> None:
        while len(self._hurried) > _MOST_HURRIED:
            del self._hurried[next(iter(self._hurried))]

    def _learn(self, given: int) -> None:
        """Take note of a round that the client did not come back from.

        One that never did knows nothing of rounds; one that stops at the same round twice has a
        limit of its own, after which it tells its agent of an error.
        """
        if not self._came_back:
            self._most = 0
        elif given == self._missed:
            self._most = min(self._most, max(1, given - 1))
        self._missed = given


def _may_wait_in_rounds(method: str, params: JsonObject) -> bool:
    """Tell whether a client can be had to ask again; what continues a server's state cannot.

    The client would bring Keyturn's state in place of the server's.
    """
    large = isinstance(params, SealedParams)
    return method in _IN_ROUNDS and not large and STATE not in params and RESPONSES not in params


def _done(waits: "asyncio.Future[None]") -> None:
    """Let go on who waits, if that was not done before."""
    if not waits.done():
        waits.set_result(None)


def _without_state(params: JsonObject) -> JsonObject:
    """Return what a request asks without what only continued it.

    An empty object of responses answers nothing; anything in it would be sent to nobody.
    """
    left_out = {STATE} if params.get(RESPONSES, {}) else {STATE, RESPONSES}
    return {key: value for key, value in params.items() if key not in left_out}


def _hash_of(state: str) -> str:
    return digest_of(state.encode())


def _asks(incoming: IncomingCall) -> str:
    """Return the digest of what a request asks, without what only continues it."""
    if isinstance(incoming.params, Malformed):
        return ""
    params = _without_state(incoming.params)
    connection = incoming.connection
    return ToolCall(
        agent=connection.agent,
        session=connection.session.id,
        server=connection.server.name,
        launch_hash=connection.launch.launch_hash,
        tool=incoming.claimed_name(),
        def_hash="",
        params=without_own_meta(params),
        method=incoming.method,
    ).digest()


def _with_token_of(
    request: JsonObject | Malformed, params: JsonObject | Malformed
) -> JsonObject | Malformed:
    """Put the progress token of the latest request into the call; no approval binds it."""
    if isinstance(request, Malformed) or isinstance(params, Malformed):
        return params
    meta, latest = params.get("_meta"), request.get("_meta")
    if not isinstance(meta, dict):
        return params
    kept: JsonObject = {key: value for key, value in meta.items() if key != "progressToken"}
    if isinstance(latest, dict) and "progressToken" in latest:
        kept["progressToken"] = latest["progressToken"]
    return {**params, "_meta": kept}
