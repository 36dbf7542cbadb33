"""Owns sent calls whose requester may leave: identical retries attach, or get the kept result once.

Nothing is sent a second time for them. The result of a call is kept for ten minutes when nobody was
there to take it: its client had cancelled or timed out, or had closed its connection. A retry that
comes while the call is still running waits for the same answer. What a stop interrupts is over.

A confirmed read (T0) is worth less and ages faster: a retry after a change of the same session is
sent anew, because what was read before would no longer be true.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import msgspec

from keyturn.application.call import Forwarded, IncomingCall, Judged, Refused, Replaced, Reply
from keyturn.application.ports.clock import Clock
from keyturn.application.recording import actor_of
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Actor, Delivery
from keyturn.domain.late import Kept, LateBook
from keyturn.domain.tier import Tier

_UNWRITABLE = "it cannot be written as JSON"
MOST_LOOKED_AT = 32
"""Running calls that are the same, of which a retry may join one: the first and the last of them.
Whoever makes more than twice as many at once has them sent one by one, each as it is judged."""
_NO_ID = 0
"""Stands in a kept frame until it gets the id of the call that it answers."""


@dataclass(slots=True, kw_only=True, eq=False)
class Claim:
    """What a retry is owed of an earlier identical call."""

    first: str
    """Id of the call that was sent."""
    actor: Actor
    """Who allowed that one."""
    woken: "asyncio.Future[None] | None" = None
    """Set while the first call runs: done when it has ended, or waiting has no more use."""
    kept: Kept | None = None
    stops: int = 0
    """How often everything had been forgotten when it was made."""


class Flight(msgspec.Struct, kw_only=True, eq=False):
    """One sent call until its answer has been taken in."""

    incoming: IncomingCall
    digest: str
    number: int
    actor: Actor
    read: bool
    failed: bool = False
    """The server said that it did not run the call: a retry is then a call like any other."""
    outdated: bool = False
    """A stop or, for a read, a change came since: nothing of it is handed over."""
    claims: list[Claim] = msgspec.field(default_factory=list[Claim])

    @property
    def session(self) -> str:
        """Id of the session of the call."""
        return self.incoming.connection.session.id

    def may_be_joined_by(self, incoming: IncomingCall) -> bool:
        """Tell a retry from a second call that happens to be the same.

        It is a retry once the first one's client has left, or when it comes over a connection that
        its session opened since.
        """
        if self.outdated:
            return False
        first, connection = self.incoming, incoming.connection
        if connection.id != first.connection.id and connection.opened_after >= self.number:
            return True
        return first.cancelled or not first.heard()


class LateResults:
    """The running calls and the results that nobody took."""

    def __init__(self, clock: Clock, limits: Limits) -> None:
        self._clock = clock
        self._book = LateBook(limits)
        self._flights: dict[str, dict[Flight, None]] = {}
        """By digest, in the order in which they were sent."""
        self._reads: dict[str, set[Flight]] = {}
        """Of these the reads that no change has overtaken, by session."""
        self._stops = 0

    def sent(self, incoming: IncomingCall, judged: Judged) -> Flight:
        """Follow a call from its write on."""
        flight = Flight(
            incoming=incoming,
            digest=judged.digest,
            number=judged.number,
            actor=actor_of(judged.outcome),
            read=judged.tier is Tier.T0,
            # The state of a task, or a resource, changes without any call: it is asked for anew.
            # And what a person made of a call is an answer to that one alone.
            outdated=judged.asked is not None
            or (judged.tier is Tier.T0 and not judged.call.is_of_tool),
        )
        self._changed(flight)
        self._flights.setdefault(flight.digest, {})[flight] = None
        if flight.read and not flight.outdated:
            self._reads.setdefault(flight.session, set()).add(flight)
        return flight

    def ended(self, flight: Flight, reply: Reply) -> None:
        """Take the answer: wake who attached, keep it when its requester left and nobody did."""
        flights = self._flights[flight.digest]
        del flights[flight]
        if not flights:
            del self._flights[flight.digest]
        self._read_no_more(flight)
        self._changed(flight)
        if not flight.claims and not _is_owed(flight):
            return
        kept = _kept(flight, reply)
        waiting = [claim for claim in flight.claims if _wakes(claim)]
        for claim in waiting:
            claim.kept = kept
        if not waiting:
            self._keep(kept)

    def claim(self, incoming: IncomingCall, judged: Judged) -> Claim | None:
        """Return what an identical earlier call leaves to this one; None for a call of its own."""
        kept = self._book.take(judged.digest, self._clock.monotonic_ns())
        if kept is not None:
            return Claim(first=kept.call, actor=kept.actor, kept=kept, stops=self._stops)
        for flight in _some_of(self._flights.get(judged.digest, {})):
            if flight.may_be_joined_by(incoming):
                woken = asyncio.get_running_loop().create_future()
                incoming.awaits = woken
                claim = Claim(
                    first=flight.incoming.id, actor=flight.actor, woken=woken, stops=self._stops
                )
                flight.claims.append(claim)
                return claim
        return None

    def given(self, kept: Kept) -> None:
        """Count a result as taken: nobody gets it again."""
        kept.given = True
        self._book.forget(kept)

    def release(self, claim: Claim) -> None:
        """Give back what a retry did not take, for the next one."""
        if claim.woken is not None and not claim.woken.done():
            claim.woken.cancel()
        if claim.kept is not None and claim.stops == self._stops:
            self._keep(claim.kept)

    def clear(self) -> None:
        """Forget everything: who waits is woken and finds nothing."""
        self._stops += 1
        self._book.clear()
        flights = [flight for same in self._flights.values() for flight in same]
        for flight in flights:
            # Nobody joins what a stop interrupted, and its result is kept for nobody.
            flight.outdated = True
            flight.claims = [claim for claim in flight.claims if not _wakes(claim)]

    def _keep(self, kept: Kept | None) -> None:
        if kept is None or not kept.owed or kept.given:
            return
        self._book.keep(kept, self._clock.monotonic_ns())
        self._clock.call_at(kept.until_ns, self._purge)

    def _purge(self) -> None:
        self._book.purge(self._clock.monotonic_ns())

    def _changed(self, by: Flight) -> None:
        """Take it that what the session has read before may be true no longer."""
        if by.read:
            return
        self._book.changed(by.session)
        for flight in self._reads.pop(by.session, ()):
            flight.outdated = True

    def _read_no_more(self, flight: Flight) -> None:
        reads = self._reads.get(flight.session)
        if reads is not None:
            reads.discard(flight)
            if not reads:
                del self._reads[flight.session]


def _some_of(flights: dict[Flight, None]) -> Iterable[Flight]:
    """Return the first and the last of calls that are the same: so many are looked at, no more."""
    if len(flights) <= 2 * MOST_LOOKED_AT:
        return flights
    return (*islice(flights, MOST_LOOKED_AT), *islice(reversed(flights), MOST_LOOKED_AT))


def _wakes(claim: Claim) -> bool:
    """Wake who waits; False when it waits no longer."""
    if claim.woken is None or claim.woken.done():
        return False
    claim.woken.set_result(None)
    return True


def _kept(flight: Flight, reply: Reply) -> Kept | None:
    """Put a reply into a form that an identical call can be answered with."""
    line, withheld, delivery = b"", "", Delivery.DELIVERED_LATE
    match reply:
        case Forwarded():
            line = reply.line
            if flight.failed:
                delivery = Delivery.FAILED
        case Replaced():
            line = _frame_of(reply)
            if not line:
                withheld, delivery = _UNWRITABLE, Delivery.RESULT_WITHHELD
        case Refused() if reply.withheld:
            withheld, delivery = reply.withheld, Delivery.RESULT_WITHHELD
        case Refused() if reply.unknown:
            delivery = Delivery.UNKNOWN
        case _:
            return None
    return Kept(
        digest=flight.digest,
        call=flight.incoming.id,
        agent=flight.incoming.connection.agent,
        session=flight.session,
        actor=flight.actor,
        read=flight.read,
        delivery=delivery,
        line=line,
        withheld=withheld,
        owed=_is_owed(flight) and (bool(line) or not flight.read),
    )


def _is_owed(flight: Flight) -> bool:
    """Tell whether nobody was there to take an answer that an identical call may be given."""
    return flight.incoming.left and not flight.failed and not flight.outdated


def _frame_of(reply: Replaced) -> bytes:
    """Encode a result that was cut; empty where JSON has no form for it."""
    result = msgspec.Raw(reply.encoded)
    try:
        return msgspec.json.encode({"jsonrpc": "2.0", "id": _NO_ID, "result": result}) + b"\n"
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError):
        return b""
