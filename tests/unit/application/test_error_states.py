"""Every error state refuses new calls whatever the rules say, and lets them go once it is over.

The states are those of console.md section 3.10 in which a call comes to the gate at all: without a
broker it does not (tests/e2e/test_gone_broker.py), nor to a second one (test_bad_starts.py).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from keyturn.application.approval_request import RequestKind
from keyturn.application.call import Forwarded, IncomingCall, Refused
from keyturn.application.connection import Connection
from keyturn.application.ports.upstream import Ready
from keyturn.domain.canonical import Malformed
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import LogFault, LogUnavailable
from keyturn.domain.rule import Effect, Rule
from tests.factories import make_call, make_tool
from tests.unit.application.gate_world import World, play, settle

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, server="logistics", tool="dispatch_order")
Step = Callable[[World, Connection], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorState:
    """How it comes about, how it ends, and what a call is told meanwhile."""

    outcome: Outcome
    begin: Step
    end: Step
    rules: tuple[Rule, ...] = (ALLOW,)


def log_fails(fault: LogFault) -> ErrorState:
    """Have no decision be recorded for a reason."""

    async def begin(world: World, _connection: Connection) -> None:
        world.log.failure = LogUnavailable("No decision can be recorded.")
        world.log.failure.fault = fault

    async def end(world: World, _connection: Connection) -> None:
        world.log.failure = None

    return ErrorState(outcome=Outcome.ERROR_BROKER, begin=begin, end=end)


def server_is(state: Ready, outcome: Outcome) -> ErrorState:
    """Have the server not take the call."""

    async def begin(world: World, _connection: Connection) -> None:
        world.server.state = state

    async def end(world: World, _connection: Connection) -> None:
        world.server.state = Ready.READY

    return ErrorState(outcome=outcome, begin=begin, end=end)


async def server_ends(world: World, _connection: Connection) -> None:
    world.server.dead = True


async def server_is_back(world: World, _connection: Connection) -> None:
    world.server.dead = False


async def definition_changes(world: World, connection: Connection) -> None:
    changed = make_tool(description="Also copies the order elsewhere.")
    await world.reviews.listed(connection, [changed])
    await settle()


async def definition_is_the_pinned_one(world: World, connection: Connection) -> None:
    await world.reviews.listed(connection, [make_tool()])
    await settle()


async def window_ends(world: World, _connection: Connection) -> None:
    world.approvals.attach(None)


async def window_is_back_and_allows(world: World, _connection: Connection) -> None:
    world.approvals.attach(world.approver)
    world.rules.use((ALLOW,))


STATES = {
    **{f"log {fault.value}": log_fails(fault) for fault in LogFault},
    "keychain locked": server_is(Ready.KEYCHAIN, Outcome.REFUSED_KEYCHAIN),
    "sign-in ended": server_is(Ready.SIGN_IN, Outcome.ERROR_BROKER),
    "server gone": server_is(Ready.GONE, Outcome.ERROR_BROKER),
    "server ended just then": ErrorState(
        outcome=Outcome.ERROR_BROKER, begin=server_ends, end=server_is_back
    ),
    "definition changed": ErrorState(
        outcome=Outcome.BLOCKED_DEFINITION_CHANGED,
        begin=definition_changes,
        end=definition_is_the_pinned_one,
    ),
    "nobody to ask": ErrorState(
        outcome=Outcome.REFUSED_NO_APPROVER,
        begin=window_ends,
        end=window_is_back_and_allows,
        rules=(),
    ),
}


def call_of(connection: Connection, number: int) -> IncomingCall:
    """Return the same call under another id, as an agent that tries again sends it."""
    return make_call(connection, id_=f"call-{number}", arguments={"order": 7})


@pytest.mark.requirement("E3", "E4")
@pytest.mark.parametrize("name", STATES)
def test_an_error_state_refuses_new_calls_and_ends_without_a_restart(name: str) -> None:
    state = STATES[name]

    async def story() -> None:
        world = World(*state.rules)
        connection = await world.connect()
        await state.begin(world, connection)
        for number in range(3):
            reply = await world.gate.handle(call_of(connection, number), world.server)
            assert isinstance(reply, Refused)
            assert reply.outcome is state.outcome
        assert world.server.sent == []
        # Nobody is asked about such a call; of a definition, its review may be.
        assert not [one for one in world.approver.shown if one.kind is RequestKind.CALL]
        await state.end(world, connection)
        reply = await world.gate.handle(call_of(connection, 3), world.server)
        assert isinstance(reply, Forwarded)
        assert len(world.server.sent) == 1
        await world.reviews.close()

    play(story)


@pytest.mark.requirement("E3", "E4")
def test_what_cannot_be_read_is_refused_and_the_next_call_is_not() -> None:
    async def story() -> None:
        world = World(ALLOW)
        connection = await world.connect()
        unreadable = call_of(connection, 1)
        unreadable.params = Malformed("an object has the same key twice")
        reply = await world.gate.handle(unreadable, world.server)
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.REFUSED_MALFORMED
        assert world.server.sent == []
        assert isinstance(await world.gate.handle(call_of(connection, 2), world.server), Forwarded)

    play(story)


@pytest.mark.requirement("E3", "I-08")
def test_after_a_sleep_no_answer_lets_go_what_expired_meanwhile() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        waiting = world.start(call_of(connection, 1))
        request = await world.asked()
        # The machine slept, and no timer has noticed yet.
        world.clock.late_ns = 10 * 60 * 1_000_000_000
        world.answer(request, allow=True)
        await settle()
        assert world.server.sent == []
        world.clock.advance(10 * 60)
        assert isinstance(await waiting, Refused)
        assert world.server.sent == []

    play(story)


@pytest.mark.requirement("E3", "LAW-5")
def test_stopped_and_broken_at_once_it_stays_stopped_when_it_is_mended() -> None:
    async def story() -> None:
        world = World(ALLOW)
        connection = await world.connect()
        state = STATES["keychain locked"]
        await state.begin(world, connection)
        await world.stop.engage("command")
        for step in (None, state.end):
            if step is not None:
                await step(world, connection)
            reply = await world.gate.handle(call_of(connection, 1), world.server)
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.REFUSED_PAUSED
        assert world.server.sent == []

    play(story)
