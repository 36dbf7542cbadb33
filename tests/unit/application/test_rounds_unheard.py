"""What a person answers between two requests of a client that does not come back for it.

It holds as an answer does that is given after an agent had stopped waiting.
"""

import pytest

from keyturn.application.call import Forwarded, Refused
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.decision import Outcome
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.factories import make_connection, make_server
from tests.unit.application.gate_world import play, settle
from tests.unit.application.rounds_rig import GAP, HOLD, Rig, make_rig, refused, result, rounds_of

TEN_MINUTES = 600.0


async def unheard(rig: Rig, *, allow: bool, after: float = 0.0) -> str:
    """Have a person answer in the gap, and the client not come back; return its state."""
    state = await rig.state()
    rig.world.clock.advance(after)
    rig.world.answer(rig.world.approver.shown[0], allow=allow, message="" if allow else "No.")
    await settle()
    rig.world.clock.advance(GAP - after)
    await settle()
    return state


@pytest.mark.requirement("D2", "I-05")
def test_what_was_allowed_leaves_one_retry() -> None:
    async def story() -> None:
        rig = await make_rig()
        state = await unheard(rig, allow=True)
        assert rig.world.server.sent == []
        await refused(rig, state)
        assert isinstance(result(await rig.request()), Forwarded)
        assert not (await rig.request()).done(), "the second asks"
        assert len(rig.world.server.sent) == 1
        assert len(rig.world.approver.shown) == 2
        assert rig.outcomes == ["allowed_once", "refused_malformed", "allowed_retry_grant"]
        delivery = rig.world.log.of_type(RecordType.DELIVERY)[0]
        assert delivery.details == {"reason": "cancelled", "retry_granted": True}

    play(story)


@pytest.mark.parametrize("late", [False, True])
def test_the_retry_lives_ten_minutes_from_the_click(*, late: bool) -> None:
    async def story() -> None:
        rig = await make_rig()
        await unheard(rig, allow=True, after=4)
        rig.world.clock.advance(TEN_MINUTES - (GAP - 4) - (0 if late else 0.001))
        task = await rig.request()
        assert task.done() is not late
        assert len(rig.world.server.sent) == (0 if late else 1)

    play(story)


@pytest.mark.requirement("LAW-5", "K7")
def test_a_stop_forgets_it() -> None:
    async def story() -> None:
        rig = await make_rig()
        await rig.state()
        rig.allow()
        await rig.world.stop.engage("window")
        await rig.world.stop.resume(looked_at=(), careful=False)
        rig.world.clock.advance(GAP)
        await settle()
        assert not (await rig.request()).done()
        assert rig.world.server.sent == []

    play(story)


@pytest.mark.parametrize("change", ["a deny rule", "a higher tier", "other arguments"])
def test_it_is_no_way_round_what_holds_by_then(change: str) -> None:
    async def story() -> None:
        rig = await make_rig()
        await unheard(rig, allow=True)
        arguments = {"order": 7}
        match change:
            case "a deny rule":
                await rig.world.rules.add(Rule(id="r-no", effect=Effect.DENY))
            case "a higher tier":
                raised = (ToolSetting(pattern="*", tier=Tier.T2),)
                rig.connection.server = make_server(tools=raised)
            case _:
                arguments = {"order": 8}
        await rig.request(arguments=arguments)
        assert rig.world.server.sent == []

    play(story)


@pytest.mark.requirement("D2")
def test_what_was_denied_is_denied_to_identical_repeats() -> None:
    async def story() -> None:
        rig = await make_rig()
        await unheard(rig, allow=False)
        for _ in range(2):
            reply = result(await rig.request())
            assert isinstance(reply, Refused)
            assert (reply.outcome, reply.message) == (Outcome.DENIED_USER, "No.")
        assert len(rig.world.approver.shown) == 1
        assert [entry.details.get("repeat") for entry in rig.decisions] == [None, 1, 2]

    play(story)


def test_a_denial_that_the_client_comes_back_for_holds_for_that_call_alone() -> None:
    async def story() -> None:
        rig = await make_rig()
        state = await rig.state()
        rig.world.answer(rig.world.approver.shown[0], allow=False)
        assert isinstance(result(await rig.request(state)), Refused)
        rig.world.clock.advance(GAP + HOLD)
        assert not (await rig.request()).done()

    play(story)


def test_an_answer_that_was_carried_out_leaves_nothing() -> None:
    async def story() -> None:
        rig = await make_rig()
        state = await rig.state()
        rig.allow()
        assert isinstance(result(await rig.request(state)), Forwarded)
        rig.rounds.client_left(host_gone=False)
        rig.world.clock.advance(GAP)
        assert not (await rig.request()).done()
        assert len(rig.world.server.sent) == 1

    play(story)


@pytest.mark.parametrize("host_gone", [False, True])
def test_a_connection_that_ends_in_the_gap_leaves_it_to_the_next_one_of_the_session(
    *, host_gone: bool
) -> None:
    async def story() -> None:
        rig = await make_rig()
        await rig.state()
        (incoming,) = rig.rounds.between()
        rig.allow()
        await settle()
        rig.rounds.client_left(host_gone=host_gone)
        incoming.cancel()
        await rig.rounds.ended()
        again = await rig.world.connect(make_connection(session=rig.connection.session))
        next_one = Rig(rig.world, again, rounds_of(rig.world))
        assert (await next_one.request()).done() is not host_gone
        assert len(rig.world.server.sent) == int(not host_gone)

    play(story)
