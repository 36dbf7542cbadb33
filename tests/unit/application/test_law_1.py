"""The check of law 1 bites: gates that break the law in a way of their own are caught by it.

The same function watches the real gate here and in the stateful test.
"""

import asyncio
from typing import Any

import pytest

from keyturn.application.call import IncomingCall, Judged, Reply
from keyturn.application.gate import Gate
from keyturn.application.ports.upstream import Ready, Upstream
from keyturn.application.tasks import TaskOwner
from keyturn.domain.canonical import JsonObject
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.rule import Effect, Kind, Rule
from tests.factories import make_asked, make_call
from tests.unit.application.gate_world import World, broken_law_1, play, settle

ALLOW = (
    Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order"),
    Rule(id="r-reads", effect=Effect.ALLOW, kind=Kind.READ),
)


class ForgetsToWait(Gate):
    """Starts the commit and goes on: the mistake of one missing `await`."""

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self._later = TaskOwner()

    async def _commit(self, incoming: IncomingCall, judged: Judged, decided: Any) -> None:
        self._later.start(
            super()._commit(incoming, judged, decided), "a commit that nobody waits for"
        )


class IgnoresTheDisk(Gate):
    """Sends although the record could not be made."""

    async def _commit(self, incoming: IncomingCall, judged: Judged, decided: Any) -> None:
        try:
            await super()._commit(incoming, judged, decided)
        except LogUnavailable:
            return


class _Twice:
    """An upstream that writes every call again, as a retry after a time-out would."""

    def __init__(self, server: Upstream) -> None:
        self._server = server

    @property
    def running(self) -> bool:
        return self._server.running

    async def ready(self) -> Ready:
        return await self._server.ready()

    async def look_again(self, *, older_than: float, at_most: float) -> None:
        await self._server.look_again(older_than=older_than, at_most=at_most)

    def send(self, request_id: str | int, method: str, params: JsonObject) -> "asyncio.Future[Any]":
        self._server.send(request_id, method, params)
        return self._server.send(request_id, method, params)


class SendsTwice(Gate):
    """Sends one approved call two times."""

    async def _send(self, incoming: IncomingCall, judged: Judged, upstream: Upstream) -> Reply:
        return await super()._send(incoming, judged, _Twice(upstream))


class ChangesOnTheWay(Gate):
    """Sends other arguments than those that were decided about."""

    async def _send(self, incoming: IncomingCall, judged: Judged, upstream: Upstream) -> Reply:
        params: JsonObject = {"name": "dispatch_order", "arguments": {"order": 8}}
        upstream.send(incoming.request_id, "tools/call", params)
        return await super()._send(incoming, judged, upstream)


async def sent_by(
    gate: type[Gate], *, disk_full: bool = False, method: str = "tools/call"
) -> list[str]:
    """Let one allowed call through a gate and return what law 1's check says of it."""
    world = World(*ALLOW, gate=gate)
    connection = await world.connect()
    if disk_full:
        world.log.failure = LogUnavailable("The disk is full.")
    incoming = make_call(connection, arguments={"order": 7})
    if method == "resources/read":
        incoming = make_asked(connection, method, {"uri": "file:///x"})
    await world.gate.handle(incoming, world.server)
    await settle()
    assert len(world.server.arrivals) >= (0 if gate is Gate and disk_full else 1)
    return broken_law_1(world, connection)


@pytest.mark.requirement("LAW-1", "H2")
@pytest.mark.parametrize("method", ["tools/call", "resources/read"])
def test_the_gate_keeps_law_1(method: str) -> None:
    async def story() -> None:
        assert await sent_by(Gate, method=method) == []
        assert await sent_by(Gate, disk_full=True, method=method) == []

    play(story)


@pytest.mark.parametrize(
    ("gate", "disk_full"),
    [
        (ForgetsToWait, False),
        (IgnoresTheDisk, True),
        (SendsTwice, False),
        (ChangesOnTheWay, False),
    ],
)
@pytest.mark.requirement("LAW-1", "I-01", "I-05")
@pytest.mark.parametrize("method", ["tools/call", "resources/read"])
def test_a_gate_that_breaks_law_1_is_caught(gate: type[Gate], disk_full: bool, method: str) -> None:
    async def story() -> None:
        assert await sent_by(gate, disk_full=disk_full, method=method) != []

    play(story)
