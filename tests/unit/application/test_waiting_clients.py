"""Clients with time limits of their own, and a person who decides ten minutes late."""

from dataclasses import dataclass

import pytest

from keyturn.application.approval_request import AnswerEffect, WithdrawCause
from keyturn.application.call import Forwarded, IncomingCall, Refused, Silence
from keyturn.domain.decision import Outcome
from keyturn.domain.record import RecordType
from tests.factories import make_call
from tests.unit.application.gate_world import World, broken_law_1, play, settle

HOLD = 50.0
TEN_MINUTES = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """How a client waits for the answer to a call."""

    limit: float
    """Seconds until it gives up; progress that resets it makes that none."""
    says_so: bool = True
    """It cancels; else it closes its connection, and its host lives on."""

    def gives_up(self, world: World, incoming: IncomingCall) -> None:
        """Leave a call that is not answered."""
        if not self.says_so:
            incoming.heard = lambda: False
        incoming.cancel()
        world.approvals.client_left(incoming.approval_id)


CLIENTS = {
    "SDK default, progress resets nothing": Client(limit=60),
    "progress resets the limit": Client(limit=float("inf")),
    "short limit": Client(limit=10),
    "a person cancels": Client(limit=3),
    "connection closed": Client(limit=20, says_so=False),
    **{f"limit of {limit} s": Client(limit=limit) for limit in (30, 120, 240, 300)},
}


@pytest.mark.requirement("D1", "D2", "I-05")
@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS.keys())
@pytest.mark.parametrize("retries_before", [0, 2])
def test_a_decision_ten_minutes_late_runs_the_next_identical_call_once(
    client: Client, retries_before: int
) -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        arguments = {"order": 41}
        for number in range(1 + retries_before):
            incoming = make_call(connection, arguments=dict(arguments), id_=f"call-{number}")
            task = world.start(incoming)
            await world.asked(number + 1)
            world.clock.advance(min(client.limit, HOLD))
            if client.limit < HOLD:
                client.gives_up(world, incoming)
            reply = await task
            if client.limit < HOLD:
                assert isinstance(reply, Silence)
            else:
                assert isinstance(reply, Refused)
                assert reply.outcome is Outcome.EXPIRED_NO_ANSWER
        world.clock.advance(TEN_MINUTES)
        (waiting,) = world.approvals.waiting()
        assert waiting.request == world.approver.shown[-1]
        assert world.answer(waiting.request, allow=True) is AnswerEffect.RETRY_GRANTED
        assert world.server.sent == [], "nothing runs without its agent"
        again = make_call(connection, arguments=dict(arguments), id_="again")
        assert isinstance(await world.gate.handle(again, world.server), Forwarded)
        assert len(world.server.sent) == 1
        third = world.start(make_call(connection, arguments=dict(arguments), id_="third"))
        await world.asked(2 + retries_before)
        assert len(world.server.sent) == 1, "a second retry asks again"
        world.answer(world.approver.shown[-1], allow=False)
        await third
        assert broken_law_1(world, connection) == []
        outcomes = [entry.outcome for entry in world.log.of_type(RecordType.DECISION)]
        assert outcomes[-2:] == ["allowed_retry_grant", "denied_user"]
        silent = "cancelled_by_client" if client.limit < HOLD else "expired_no_answer"
        assert outcomes[:-2] == [silent] * (1 + retries_before)

    play(story)


def test_a_retry_takes_the_place_of_the_card_that_its_agent_left() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        world.start(make_call(connection, id_="call-1"))
        first = await world.asked()
        world.clock.advance(HOLD)
        await settle()
        other = world.start(make_call(connection, arguments={"order": 2}, id_="call-2"))
        await world.asked(2)
        retry = world.start(make_call(connection, id_="call-3"))
        second = await world.asked(3)
        assert [w.request.call for w in world.approvals.waiting()] == ["call-2", "call-3"]
        assert world.approver.withdrawn == [
            (first.id, WithdrawCause.RETRIED, Outcome.EXPIRED_NO_ANSWER.value)
        ]
        assert world.answer(first, allow=True) is AnswerEffect.OVER
        world.answer(second, allow=True)
        assert isinstance(await retry, Forwarded)
        assert len(world.server.sent) == 1
        world.answer(world.approver.shown[1], allow=False)
        await other

    play(story)
