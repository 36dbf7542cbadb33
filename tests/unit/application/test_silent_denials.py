"""Identical repeats of a call that was denied after its agent had stopped waiting."""

import asyncio
from dataclasses import replace

import pytest

from keyturn.application.approval_request import Answer, AnswerVerdict, Route
from keyturn.application.call import Forwarded, IncomingCall, Refused
from keyturn.application.connection import Connection
from keyturn.application.silent_denials import MOST, SilentDenials
from keyturn.application.waiting import Resolution, Waiting
from keyturn.domain.approval import State
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from tests.factories import make_call, make_request
from tests.fakes.clock import FakeClock
from tests.unit.application.gate_world import World, play, settle

HOLD, TEN_MINUTES = 50.0, 600.0


async def denied_late(message: str = "") -> tuple[World, Connection]:
    """Have a person deny a call whose agent was told that it is undecided."""
    world = World()
    connection = await world.connect()
    task = world.start(make_call(connection))
    request = await world.asked()
    world.clock.advance(HOLD)
    await task
    world.answer(request, allow=False, message=message)
    return world, connection


def repeat(connection: Connection, number: int) -> IncomingCall:
    return make_call(connection, id_=f"again-{number}", request_id=number)


@pytest.mark.requirement("D2")
def test_repeats_are_denied_without_asking_counted_and_recorded() -> None:
    async def story() -> None:
        world, connection = await denied_late("Not this one.")
        for number in (1, 2, 3):
            reply = await world.gate.handle(repeat(connection, number), world.server)
            assert isinstance(reply, Refused)
            assert (reply.outcome, reply.message) == (Outcome.DENIED_USER, "Not this one.")
        assert len(world.approver.shown) == 1
        assert world.server.sent == []
        decisions = world.log.of_type(RecordType.DECISION)[1:]
        assert [entry.details["repeat"] for entry in decisions] == [1, 2, 3]
        assert [entry.details["denied_as"] for entry in decisions] == ["call-1"] * 3
        assert {entry.actor for entry in decisions} == {Actor.HUMAN}

    play(story)


def test_after_ten_minutes_it_is_asked_about_again() -> None:
    async def story() -> None:
        world, connection = await denied_late()
        world.clock.advance(TEN_MINUTES - 0.001)
        await world.gate.handle(repeat(connection, 1), world.server)
        assert len(world.approver.shown) == 1
        world.clock.advance(0.001)
        task = world.start(repeat(connection, 2))
        world.answer(await world.asked(2), allow=True)
        assert isinstance(await task, Forwarded)

    play(story)


def test_another_call_and_another_session_ask() -> None:
    async def story() -> None:
        world, connection = await denied_late()
        world.start(make_call(connection, arguments={"order": 8}, id_="other"))
        await world.asked(2)
        connection.session.id = "s-2"
        world.start(repeat(connection, 1))
        await world.asked(3)

    play(story)


def test_a_denial_that_the_agent_waited_for_holds_for_that_call_alone() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        task = world.start(make_call(connection))
        world.answer(await world.asked(), allow=False)
        await task
        world.start(repeat(connection, 1))
        await world.asked(2)

    play(story)


def test_a_rule_of_the_persons_is_newer_than_their_denial() -> None:
    async def story() -> None:
        world, connection = await denied_late()
        world.rules.use((Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order"),))
        assert isinstance(await world.gate.handle(repeat(connection, 1), world.server), Forwarded)

    play(story)


def test_silence_and_withdrawal_deny_no_repeat() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        task = world.start(make_call(connection))
        await world.asked()
        world.clock.advance(HOLD)
        await task
        world.clock.advance(24 * 3600)
        await settle()
        assert world.approvals.waiting() == ()
        world.start(repeat(connection, 1))
        await world.asked(2)

    play(story)


def test_only_so_many_are_kept_and_the_oldest_go() -> None:
    async def story() -> None:
        answer = Answer(id="", digest="", verdict=AnswerVerdict.DENY, route=Route.WINDOW)
        denials = SilentDenials(FakeClock(), TEN_MINUTES)
        resolved: asyncio.Future[Resolution] = asyncio.get_running_loop().create_future()
        for number in range(MOST + 5):
            request = replace(make_request(), digest=f"{number}")
            waiting = Waiting(
                request=request, asked_ns=0, deadline_ns=0, state=State.DETACHED, resolved=resolved
            )
            denials.denied(waiting, answer)
        assert denials.repeated("4") is None
        assert denials.repeated("5") is not None

    play(story)
