"""A stop that is over again still ends what was under way when it came, whatever it waited for."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from keyturn.application.call import Refused
from keyturn.application.connection import Connection
from keyturn.application.held_results import NOT_HANDED_ON
from keyturn.application.inputs import ServerInput
from keyturn.application.ports.inspection import Sign
from keyturn.application.ports.upstream import Ready
from keyturn.domain.decision import Outcome
from keyturn.domain.record import Durability, Entry, RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from tests.factories import make_call
from tests.unit.application.gate_world import WatchedServer, World, play, settle
from tests.unit.application.test_held_results import ALLOW, holding
from tests.unit.application.test_traced_inputs import QUESTION

SAMPLING = Rule(id="r-sampling", effect=Effect.ALLOW, kind=Kind.SAMPLING)


async def stop_and_resume(world: World) -> None:
    """Press the stop, and end it at once."""
    await world.stop.engage("window")
    await world.stop.resume(looked_at=(), careful=False)
    assert not world.stop.engaged


def asked_by(connection: Connection) -> ServerInput:
    """Return what a server asks."""
    return ServerInput(
        id="i-1", connection=connection, method="sampling/createMessage", params=QUESTION
    )


def stop_after_decision(world: World, patch: pytest.MonkeyPatch) -> None:
    """Let a stop come and go while a decision is being written down."""
    commit = world.log.commit

    async def slowly(entry: Entry, durability: Durability = Durability.FULL) -> int:
        number = await commit(entry, durability)
        if entry.type is RecordType.DECISION:
            await stop_and_resume(world)
        return number

    patch.setattr(world.log, "commit", slowly)


def read_during(
    world: World, patch: pytest.MonkeyPatch, meanwhile: Callable[[], Awaitable[None]]
) -> None:
    """Let something happen while what a server asks is read for orders."""

    async def slowly(_line: bytes, _connection: Connection) -> Sign | None:
        await meanwhile()
        return None

    patch.setattr(world.inputs, "_controlling", world.controlling)
    patch.setattr(world.controlling, "sign_in", slowly)


@pytest.mark.requirement("K7")
@pytest.mark.parametrize("rules", [(), (SAMPLING,)])
def test_what_a_server_asks_is_not_asked_about_after_a_stop_within_its_reading(
    rules: tuple[Rule, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        world = World(*rules)
        asked = asked_by(await world.connect())
        read_during(world, monkeypatch, lambda: stop_and_resume(world))
        task = asyncio.get_running_loop().create_task(world.inputs.decide(asked))
        await settle()
        assert world.approver.shown == []
        assert await task is Outcome.REFUSED_PAUSED

    play(story)


@pytest.mark.requirement("LAW-3")
def test_what_a_server_gave_up_while_it_was_read_is_shown_to_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        world = World()
        asked = asked_by(await world.connect())

        async def give_up() -> None:
            world.inputs.withdraw(asked)

        read_during(world, monkeypatch, give_up)
        assert await world.inputs.decide(asked) is Outcome.CANCELLED_BY_CLIENT
        assert world.approver.shown == []

    play(story)


@pytest.mark.requirement("K7")
@pytest.mark.parametrize("rules", [(), (SAMPLING,)])
def test_what_a_server_asks_does_not_pass_after_a_stop_within_its_record(
    rules: tuple[Rule, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        world = World(*rules)
        stop_after_decision(world, monkeypatch)
        asked = asked_by(await world.connect())
        task = asyncio.get_running_loop().create_task(world.inputs.decide(asked))
        if not rules:
            world.answer(await world.asked(), allow=True)
        assert await task is Outcome.REFUSED_PAUSED
        (entry,) = world.log.of_type(RecordType.DECISION)
        assert Outcome(entry.outcome).allows

    play(story)


@pytest.mark.requirement("K7", "SIGN-HOLD")
def test_a_held_result_is_not_handed_on_after_a_stop_within_its_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        world = await holding(ALLOW)
        task = world.start(make_call(await world.connect()))
        request = await world.asked()
        stop_after_decision(world, monkeypatch)
        world.answer(request, allow=True)
        reply = await task
        assert isinstance(reply, Refused)
        assert reply.withheld == NOT_HANDED_ON

    play(story)


@pytest.mark.requirement("K7", "SIGN-HOLD")
def test_a_held_result_is_not_asked_about_after_a_stop_before_its_card(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        world = await holding(ALLOW)
        elsewhere = asyncio.to_thread

        async def slowly(work: Callable[..., Any], *given: Any) -> Any:
            done = await elsewhere(work, *given)
            await stop_and_resume(world)
            return done

        incoming = make_call(await world.connect())
        monkeypatch.setattr(asyncio, "to_thread", slowly)
        reply = await world.start(incoming)
        assert isinstance(reply, Refused)
        assert reply.withheld == NOT_HANDED_ON
        assert world.approver.shown == []

    play(story)


async def until_ready(world: World, patch: pytest.MonkeyPatch) -> None:
    """Let a stop come and go while the server starts."""

    async def slowly(_server: WatchedServer) -> Ready:
        await stop_and_resume(world)
        return Ready.READY

    world.server.started = asyncio.Event()
    patch.setattr(WatchedServer, "ready", slowly)


async def within_the_record(world: World, patch: pytest.MonkeyPatch) -> None:
    """Let a stop come and go while the call is written down."""
    stop_after_decision(world, patch)


async def before_the_gate(world: World, patch: pytest.MonkeyPatch) -> None:
    """Let a stop have come and gone since the call came."""
    del patch
    await stop_and_resume(world)


@pytest.mark.requirement("K7", "LAW-5")
@pytest.mark.parametrize("when", [until_ready, within_the_record, before_the_gate])
def test_a_call_is_not_sent_after_a_stop_within_any_of_its_waits(
    when: Callable[[World, pytest.MonkeyPatch], Awaitable[None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        world = World(ALLOW)
        incoming = make_call(await world.connect())
        incoming.stops_seen = world.stop.count
        await when(world, monkeypatch)
        reply = await world.start(incoming)
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.REFUSED_PAUSED
        assert world.server.sent == []

    play(story)
