"""The same call made twice by one client: each waits for itself, told apart by its state alone."""

import pytest

from keyturn.application.call import Forwarded, Silence
from keyturn.application.rounds import Rounds
from keyturn.domain.approval import State
from tests.unit.application.gate_world import broken_law_1, play, settle
from tests.unit.application.rounds_rig import (
    GAP,
    PARAMS,
    REPEAT,
    ROUND,
    Rig,
    make_rig,
    refused,
    result,
)


def pending(rig: Rig) -> list[str]:
    """Return the ids of what a client waits for, or comes back for."""
    waiting = rig.world.approvals.waiting()
    return [one.request.id for one in waiting if one.state is State.PENDING]


@pytest.mark.requirement("I-05", "D2")
def test_one_that_begins_in_the_gap_of_the_other_ends_nothing() -> None:
    async def story() -> None:
        rig = await make_rig()
        state = await rig.state()
        second = await rig.request()
        first = await rig.request(state)
        assert pending(rig) == ["call-1", "call-2"]
        for number, task in ((1, first), (2, second)):
            rig.allow(number=number)
            await settle()
            assert isinstance(result(task), Forwarded)
            assert len(rig.world.server.arrivals) == number
        assert rig.outcomes == ["allowed_once"] * 2
        assert broken_law_1(rig.world, rig.connection) == []

    play(story)


@pytest.mark.requirement("D2")
def test_both_wait_on_through_further_rounds() -> None:
    async def story() -> None:
        rig = await make_rig()
        state = await rig.state()
        second = await rig.request()
        first = await rig.request(state)
        await rig.round_over(first)
        for task in (first, second):
            assert not (await rig.request(result(task).state)).done()
        assert pending(rig) == ["call-1", "call-2"]

    play(story)


@pytest.mark.requirement("LAW-4", "I-05")
@pytest.mark.parametrize("crosswise", [False, True])
def test_an_approval_of_one_runs_under_its_own_state_and_once(*, crosswise: bool) -> None:
    async def story() -> None:
        rig = await make_rig()
        tasks = [await rig.request(), await rig.request()]
        rig.world.clock.advance(ROUND)
        await settle()
        allowed, other = (result(task).state for task in tasks)
        rig.allow(number=1)
        await settle()
        for state in (other, allowed) if crosswise else (allowed, other):
            task = await rig.request(state)
            assert task.done() is (state == allowed)
        for state in (allowed, other, allowed):
            await refused(rig, state)
        assert len(rig.world.server.sent) == 1
        assert pending(rig) == ["call-2"]

    play(story)


@pytest.mark.requirement("LAW-4")
def test_a_state_with_the_arguments_of_another_call_continues_neither() -> None:
    async def story() -> None:
        rig = await make_rig()
        tasks = [await rig.request(), await rig.request(arguments={"order": 8})]
        rig.world.clock.advance(ROUND)
        await settle()
        of_seven, of_eight = (result(task).state for task in tasks)
        rig.allow(number=1)
        await refused(rig, of_seven, arguments={"order": 8})
        await refused(rig, of_eight)
        assert rig.world.server.sent == []
        assert isinstance(result(await rig.request(of_seven)), Forwarded)
        assert rig.world.server.sent == [PARAMS]

    play(story)


def test_a_client_that_is_known_to_come_back_is_not_waited_for() -> None:
    async def story() -> None:
        rig = await make_rig()
        task = await rig.request(await rig.state())
        await rig.round_over(task)
        await rig.request()
        assert pending(rig) == ["call-1", "call-3"]

    play(story)


@pytest.mark.parametrize("first", ["arguments", "server state", "method"])
def test_only_what_is_the_same_waits_for_it(first: str) -> None:
    async def story() -> None:
        rig = await make_rig()
        await rig.state()
        match first:
            case "arguments":
                await rig.request(arguments={"order": 8})
            case "server state":
                await rig.request("a server's")
            case _:
                await rig.request(method="resources/read", uri="file:///a", arguments={})
        assert "call-1" in pending(rig)
        assert len(rig.calls) == 2
        assert len(rig.world.approver.shown) + len(rig.world.server.sent) == 2

    play(story)


@pytest.mark.requirement("I-09")
@pytest.mark.parametrize("how", ["cancelled", "ended"])
def test_one_that_is_given_up_while_it_waits_for_the_other_asks_nobody(how: str) -> None:
    async def story() -> None:
        rig = await make_rig()
        await rig.state()
        task = await rig.request()
        assert not task.done()
        if how == "cancelled":
            rig.calls[1].cancel()
        else:
            rig.calls[1].end()
        await settle()
        assert pending(rig) == ["call-1"]
        assert len(rig.world.approver.shown) == 1
        assert isinstance(result(task), Silence) is (how == "cancelled")
        (entry,) = rig.decisions
        assert entry.outcome == ("cancelled_by_client" if how == "cancelled" else "error_broker")
        assert (entry.call, entry.tool) == ("call-2", "dispatch_order")

    play(story)


def test_many_repeats_wait_a_second_in_all_and_leave_one_card_each() -> None:
    async def story() -> None:
        rig = await make_rig()
        await rig.state()
        tasks = [await rig.request() for _ in range(5)]
        rig.world.clock.advance(REPEAT)
        await settle()
        assert pending(rig) == [f"call-{number}" for number in range(2, 7)]
        rig.world.clock.advance(GAP)
        assert not any(task.done() for task in tasks)

    play(story)


@pytest.mark.requirement("I-05", "D2")
@pytest.mark.parametrize("allowed", [False, True])
def test_a_client_that_takes_longer_than_its_twin_waits_has_rounds_all_the_same(
    *, allowed: bool
) -> None:
    async def story() -> None:
        rig = await make_rig()
        state = await rig.state()
        if allowed:
            rig.allow()
            await settle()
        twin = await rig.request()
        rig.world.clock.advance(REPEAT)
        await settle()
        first = await rig.request(state)
        if allowed:
            assert isinstance(result(twin), Forwarded), "by the retry that the answer left"
            assert len(rig.world.server.sent) == 1
            assert pending(rig) == ["call-3"]
        else:
            assert pending(rig) == ["call-2", "call-3"]
        again = await rig.round_over(first)
        assert not (await rig.request(again)).done()
        # Later calls have rounds too, and their twins do not wait.
        other = await rig.request(arguments={"order": 8})
        await rig.round_over(other)
        await rig.request(arguments={"order": 8})
        assert "call-6" in pending(rig)
        assert broken_law_1(rig.world, rig.connection) == []

    play(story)


def test_a_state_that_came_late_continues_nothing_and_only_once() -> None:
    async def story() -> None:
        rig = await make_rig()
        state = await rig.state()
        await rig.request()
        rig.world.clock.advance(REPEAT)
        await settle()
        await refused(rig, state, arguments={"order": 8})
        await rig.request(state)
        await refused(rig, state)
        assert rig.world.server.sent == []

    play(story)


def hurry_nobody(_rounds: Rounds, _keys: list[str]) -> None:
    """Stand in for what lets gaps end soon."""


def test_one_that_repeats_others_waits_for_them_only_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Whatever keeps the gap open: the repeat has a time of its own.
    monkeypatch.setattr(Rounds, "_hurry", hurry_nobody)

    async def story() -> None:
        rig = await make_rig()
        await rig.state()
        await rig.request()
        assert pending(rig) == ["call-1"]
        rig.world.clock.advance(2 * REPEAT)
        await settle()
        assert pending(rig) == ["call-1", "call-2"]

    play(story)


def test_a_close_lets_nothing_wait() -> None:
    async def story() -> None:
        rig = await make_rig()
        await rig.state()
        task = await rig.request()
        rig.calls[1].end()
        await rig.rounds.close()
        await settle()
        assert task.done()

    play(story)
