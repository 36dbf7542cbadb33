"""A trace that takes many turns of the loop: its verdict waits, and is overtaken as any other."""

import asyncio
from dataclasses import dataclass

import pytest

from keyturn.application import assessment, slices
from keyturn.application.call import Forwarded, Handled, IncomingCall, Refused, Silence
from keyturn.application.connection import Connection
from keyturn.application.ports.inspection import ResultSource, Tracing
from keyturn.domain.canonical import JsonObject, Malformed
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.decision import Outcome
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.sealed import SealedParams, seal
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_server, make_session
from tests.fakes.inspection import FakeTraceIndex
from tests.unit.application.gate_world import World, broken_law_1, play, settle

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order")
SAID: JsonObject = {"orders": "all_open", "name": "R. Talbot"}


@dataclass(slots=True)
class SlowIndex(FakeTraceIndex):
    """Is at it until the test lets it go on."""

    pieces: int = 0
    goes_on: bool = False
    done: bool = False

    def tracing(self, arguments: JsonObject, definition: str = "") -> Tracing:
        while not self.goes_on:
            self.pieces += 1
            yield
        self.done = True
        return self.trace(arguments, definition)


class OnePiece(FakeTraceIndex):
    """Looks in one piece, as of a small call."""

    def tracing(self, arguments: JsonObject, definition: str = "") -> Tracing:
        yield from ()
        return self.trace(arguments, definition)


@pytest.fixture(autouse=True)
def every_piece_is_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE_SECONDS", -1)


@dataclass(slots=True)
class Traced:
    """A call whose trace is under way."""

    world: World
    connection: Connection
    incoming: IncomingCall
    index: SlowIndex
    task: "asyncio.Task[Handled]"

    async def outcome(self) -> Handled:
        """Let the trace come to its end, and return what the agent is answered."""
        self.index.goes_on = True
        return await self.task


async def traced_slowly(*rules: Rule, tier: Tier = Tier.T0) -> Traced:
    """Start a call, up to the middle of its trace."""
    world, session = World(*rules), make_session()
    index = session.index = SlowIndex()
    server = make_server(tools=(ToolSetting(pattern="*", tier=tier),))
    connection = await world.connect(make_connection(server=server, session=session))
    incoming = make_call(connection, arguments=SAID)
    task = world.start(incoming)
    await settle()
    assert index.pieces > 1
    assert not task.done()
    assert (world.server.sent, world.outcomes(), world.approver.shown) == ([], [], [])
    return Traced(world, connection, incoming, index, task)


@pytest.mark.requirement("TRACE-WAITS")
@pytest.mark.parametrize("tier", [Tier.T0, Tier.T2])
def test_a_call_is_sent_only_once_all_of_its_trace_is_there(tier: Tier) -> None:
    async def story() -> None:
        traced = await traced_slowly(ALLOW, tier=tier)
        assert isinstance(await traced.outcome(), Forwarded)
        assert broken_law_1(traced.world, traced.connection) == []

    play(story)


@pytest.mark.requirement("TRACE-WAITS")
def test_what_the_last_piece_finds_still_asks_a_person() -> None:
    async def story() -> None:
        traced = await traced_slowly(ALLOW, tier=Tier.T2)
        source = ResultSource(number=1, server="s", tool="read", untrusted=True)
        traced.connection.session.light(Lamps.U, 1)
        traced.index.add(source, SAID)
        traced.index.goes_on = True
        request = await traced.world.asked()
        assert [origin.path for origin in request.trace.origins] == ["/orders", "/name"]
        traced.world.answer(request, allow=False)
        assert isinstance(await traced.task, Refused)
        assert traced.world.server.sent == []

    play(story)


@pytest.mark.requirement("TRACE-WAITS")
def test_a_lamp_that_lights_meanwhile_counts() -> None:
    async def story() -> None:
        traced = await traced_slowly(ALLOW, tier=Tier.T2)
        traced.connection.session.light(Lamps.U | Lamps.P, 1)
        traced.index.goes_on = True
        traced.world.answer(await traced.world.asked(), allow=False)
        assert isinstance(await traced.task, Refused)
        assert traced.world.server.sent == []

    play(story)


@pytest.mark.requirement("TRACE-WAITS")
def test_a_large_call_s_trace_shares_no_step_with_what_comes_before_and_after_it() -> None:
    """Each may take as long as a step may; what then comes in between is looked at again."""

    async def story() -> None:
        world, session = World(ALLOW), make_session()
        index = session.index = SlowIndex()
        connection = await world.connect(make_connection(session=session))
        others: list[tuple[int, bool, int]] = []

        async def beside() -> None:
            while not world.server.sent:
                others.append((index.pieces, index.done, len(world.log.records)))
                await asyncio.sleep(0)

        before = len(world.log.records)
        incoming = make_call(connection, arguments=SAID)
        assert not isinstance(incoming.params, Malformed)
        incoming.params = SealedParams(incoming.params, *seal(incoming.params))
        task = world.start(incoming)
        watch = asyncio.get_running_loop().create_task(beside())
        index.goes_on = True
        await watch
        assert isinstance(await task, Forwarded)
        assert (0, False, before) in others, "a turn of others before the first piece"
        assert any(done and records == before for _, done, records in others)

    play(story)


@pytest.mark.requirement("TRACE-WAITS")
def test_a_small_call_keeps_its_place_however_long_what_came_before_its_trace_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[slices.Slices] = []

    class FirstUsedUp(slices.Slices):
        def __init__(self) -> None:
            monkeypatch.setattr(slices, "SLICE_SECONDS", 60 if made else -1)
            super().__init__()
            made.append(self)

    async def story() -> None:
        monkeypatch.setattr(assessment, "Slices", FirstUsedUp)
        world = World()
        connection = await world.connect(make_connection(session=make_session()))
        connection.session.index = OnePiece()
        for n in range(3):
            world.start(make_call(connection, arguments={"n": n}, id_=f"call-{n}", request_id=n))
        shown = [await world.asked(n) for n in (1, 2, 3)]
        assert [request.id for request in shown] == ["call-0", "call-1", "call-2"]

    play(story)


@pytest.mark.requirement("TRACE-WAITS")
@pytest.mark.parametrize("resumed", [False, True])
def test_a_stop_in_the_middle_of_a_trace_refuses_the_call(*, resumed: bool) -> None:
    async def story() -> None:
        traced = await traced_slowly(ALLOW)
        await traced.world.stop.engage("window")
        if resumed:
            await traced.world.stop.resume(looked_at=(), careful=False)
        reply = await traced.outcome()
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.REFUSED_PAUSED
        assert traced.world.server.sent == []

    play(story)


@pytest.mark.requirement("TRACE-WAITS")
def test_a_call_that_is_cancelled_in_the_middle_of_its_trace_is_not_sent() -> None:
    async def story() -> None:
        traced = await traced_slowly(ALLOW)
        traced.incoming.cancel()
        assert isinstance(await traced.outcome(), Silence)
        assert traced.world.server.sent == []
        assert traced.world.approver.shown == []

    play(story)


@pytest.mark.requirement("TRACE-WAITS")
def test_a_connection_that_ends_in_the_middle_of_a_trace_leaves_nothing_to_answer() -> None:
    async def story() -> None:
        traced = await traced_slowly()
        traced.incoming.end()
        assert isinstance(await traced.outcome(), Refused | Silence)
        assert traced.world.server.sent == []
        assert traced.world.approvals.waiting() == ()

    play(story)
