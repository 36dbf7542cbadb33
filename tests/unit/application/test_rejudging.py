"""A call is judged and shown by what holds when it is decided, not by what held when it came in."""

import asyncio
from dataclasses import replace

import pytest

from keyturn.application.approval_request import AnswerEffect, ApprovalRequest, WithdrawCause
from keyturn.application.call import Forwarded, Refused
from keyturn.application.connection import Connection
from keyturn.application.console_protocol import Intent, PutServer, SetTier
from keyturn.application.rejudging import judge_waiting
from keyturn.domain.configuration import ReviewMode
from keyturn.domain.decision import Outcome
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Posture
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_server
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import World, play, settle

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order")


async def confirmed(world: World, tier: Tier, labels: Lamps = Lamps.NONE) -> Connection:
    """Connect a server whose tool a person has confirmed in the window."""
    connection = await world.connect(make_connection(server=make_server(tools=())))
    await world.agreements.set_tier(world.pin_shown(), tier, labels)
    return connection


def rejudge(world: World) -> int:
    return judge_waiting(world.approvals, world.rules, suspended=False)


class TestWaiting:
    """What a card says follows what a person says of the tool meanwhile."""

    def test_a_tier_taken_back_is_asked_anew_and_no_rule_allows_it(self) -> None:
        async def story() -> None:
            world = World()
            connection = await confirmed(world, Tier.T1)
            task = world.start(make_call(connection))
            first = await world.asked()
            assert (first.id, first.call, first.tier) == ("call-1", "call-1", Tier.T1)
            await world.agreements.set_tier(world.pin_shown(), None, Lamps.NONE)
            await world.rules.add(ALLOW)
            assert rejudge(world) == 0
            second = await world.asked(2)
            assert (second.id, second.call, second.tier) == ("call-1.2", "call-1", Tier.T3)
            assert second.digest == first.digest
            assert world.approver.withdrawn == [("call-1", WithdrawCause.ASKED_ANEW, "")]
            assert [w.request for w in world.approvals.waiting()] == [second]
            assert world.answer(first, allow=True) is AnswerEffect.OVER
            assert world.server.sent == []
            assert world.answer(second, allow=True) is AnswerEffect.APPLIED
            assert isinstance(await task, Forwarded)
            (entry,) = world.log.of_type(RecordType.DECISION)
            assert (entry.call, entry.tier, entry.outcome) == ("call-1", "T3", "allowed_once")

        play(story)

    def test_a_server_marked_as_production_raises_what_waits(self) -> None:
        async def story() -> None:
            world = World()
            world.rules.posture = Posture.ASK_WRITES
            connection = await confirmed(world, Tier.T0)
            await world.rules.add(Rule(id="r-ask", effect=Effect.ASK))
            task = world.start(make_call(connection))
            await world.asked()
            connection.server = replace(connection.server, environment="production")
            await world.rules.remove("r-ask")
            # T0 would be allowed by the posture; T1 is not.
            assert rejudge(world) == 0
            second = await world.asked(2)
            assert (second.tier, second.environment) == (Tier.T1, "production")
            world.answer(second, allow=False)
            await task

        play(story)

    def test_labels_added_meanwhile_count_and_are_shown(self) -> None:
        async def story() -> None:
            world = World()
            connection = await confirmed(world, Tier.T1)
            connection.session.light(Lamps.U | Lamps.P, 1)
            task = world.start(make_call(connection))
            await world.asked()
            await world.agreements.set_tier(world.pin_shown(), Tier.T1, Lamps.X)
            await world.rules.add(ALLOW)
            assert rejudge(world) == 0
            second = await world.asked(2)
            assert second.labels == "X"
            world.answer(second, allow=False)
            await task

        play(story)

    def test_a_tier_lowered_lets_a_rule_decide_and_is_recorded(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            connection = await world.connect(make_connection(server=make_server(tools=())))
            task = world.start(make_call(connection))
            await world.asked()
            await world.agreements.set_tier(world.pin_shown(), Tier.T1, Lamps.NONE)
            assert rejudge(world) == 1
            assert isinstance(await task, Forwarded)
            (entry,) = world.log.of_type(RecordType.DECISION)
            assert (entry.tier, entry.outcome) == ("T1", "allowed_rule")

        play(story)

    def test_the_agent_waits_no_longer_for_it_and_nothing_is_shown_twice(self) -> None:
        async def story() -> None:
            world = World()
            connection = await confirmed(world, Tier.T0)
            call = make_call(connection)
            task = world.start(call)
            other = world.start(make_call(connection, id_="call-2"))
            await world.asked(2)
            world.clock.advance(30)
            for tier in (Tier.T1, Tier.T2):
                await world.agreements.set_tier(world.pin_shown(), tier, Lamps.NONE)
                assert rejudge(world) == rejudge(world) == 0
            assert [r.id for r in world.approver.shown] == [
                *("call-1", "call-2", "call-1.2", "call-2.2", "call-1.3", "call-2.3")
            ]
            assert [w.request.id for w in world.approvals.waiting()] == ["call-1.3", "call-2.3"]
            assert call.approval_id == "call-1.3"
            world.clock.advance(20)
            for reply in (await task, await other):
                assert isinstance(reply, Refused)
                assert reply.outcome is Outcome.EXPIRED_NO_ANSWER
            assert {e.call for e in world.log.of_type(RecordType.DETACHED)} == {"call-1", "call-2"}

        play(story)

    def test_the_agent_can_still_give_it_up(self) -> None:
        async def story() -> None:
            world = World()
            connection = await confirmed(world, Tier.T1)
            call = make_call(connection)
            task = world.start(call)
            await world.asked()
            await world.agreements.set_tier(world.pin_shown(), Tier.T2, Lamps.NONE)
            rejudge(world)
            world.approvals.client_left(call.approval_id, host_gone=True)
            await task
            assert world.approvals.waiting() == ()

        play(story)


class TestDetached:
    """One retry is allowed as far as the tool reached when a person allowed it."""

    def test_a_detached_card_follows_too(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            connection = await confirmed(world, Tier.T1)
            await world.rules.remove("r-allow")
            task = world.start(make_call(connection))
            first = await world.asked()
            world.clock.advance(50)
            await task
            await world.agreements.set_tier(world.pin_shown(), Tier.T2, Lamps.NONE)
            assert rejudge(world) == 0
            second = await world.asked(2)
            assert second.tier is Tier.T2
            assert world.approver.detached == ["call-1", "call-1.2"]
            assert world.answer(first, allow=True) is AnswerEffect.OVER
            assert world.answer(second, allow=True) is AnswerEffect.RETRY_GRANTED
            again = await world.gate.handle(make_call(connection, id_="call-2"), world.server)
            assert isinstance(again, Forwarded)

        play(story)

    @pytest.mark.parametrize(("tier", "covered"), [(Tier.T0, True), (Tier.T2, False)])
    def test_a_grant_covers_no_higher_tier(self, tier: Tier, covered: bool) -> None:
        async def story() -> None:
            world = World()
            connection = await confirmed(world, Tier.T1)
            task = world.start(make_call(connection))
            first = await world.asked()
            world.clock.advance(50)
            await task
            assert world.answer(first, allow=True) is AnswerEffect.RETRY_GRANTED
            await world.agreements.set_tier(world.pin_shown(), tier, Lamps.NONE)
            retry = world.start(make_call(connection, id_="call-2"))
            await settle()
            assert retry.done() is covered
            if not covered:
                world.answer(await world.asked(2), allow=False)
            await retry

        play(story)


class TestOnItsWay:
    """Also what is not asked about is judged by what holds at each look."""

    def test_a_tier_taken_back_while_the_server_starts_asks(self) -> None:
        async def story() -> None:
            world = World(ALLOW)
            connection = await confirmed(world, Tier.T1)
            world.server.started = asyncio.Event()
            task = world.start(make_call(connection))
            await settle()
            await world.agreements.set_tier(world.pin_shown(), None, Lamps.NONE)
            world.server.started.set()
            request = await world.asked()
            assert request.tier is Tier.T3
            world.answer(request, allow=False)
            await task
            assert world.server.sent == []

        play(story)

    @pytest.mark.parametrize(
        ("tier", "labels"), [(None, Lamps.NONE), (Tier.T2, Lamps.NONE), (Tier.T1, Lamps.X)]
    )
    @pytest.mark.parametrize("by_rule", [True, False])
    def test_a_tool_that_reaches_further_while_the_decision_is_written_voids_it(
        self, tier: Tier | None, labels: Lamps, by_rule: bool
    ) -> None:
        async def story() -> None:
            world = World(*((ALLOW,) if by_rule else ()))
            connection = await confirmed(world, Tier.T1)
            shown = world.pin_shown()
            world.log.hold()
            task = world.start(make_call(connection))
            if not by_rule:
                world.answer(await world.asked(), allow=True)
            await settle()
            setting = world.agreements.set_tier(shown, tier, labels)
            world.log.release()
            await setting
            reply = await task
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.REFUSED_UNREVIEWED
            assert world.server.sent == []
            assert world.outcomes()[-1] == "not_sent"

        play(story)


@pytest.mark.parametrize("which", ["tier", "server"])
def test_the_intents_that_raise_a_tool_judge_what_waits_again(which: str) -> None:
    async def story() -> None:
        server = make_server(review=ReviewMode.ACCEPT, tools=())
        world = BrokerWorld(servers=(server,))
        connection = await world.connect(make_connection(server=server))
        shown = world.pin_shown()
        await world.agreements.set_tier(shown, Tier.T1, Lamps.NONE)
        task = world.start(make_call(connection))
        await world.asked()
        intents: dict[str, Intent] = {
            "tier": SetTier(
                n=1,
                server=shown.server,
                launch_hash=shown.launch_hash,
                tool=shown.tool,
                def_hash=shown.def_hash,
                tier=Tier.T2,
                labels="",
            ),
            "server": PutServer(
                n=1, name="logistics", command=("server",), env={}, environment="production"
            ),
        }
        if which == "server":
            # As the hub does when it is told of the new configuration.
            connection.server = replace(server, environment="production")
        await world.intents.carry_out(intents[which])
        second: ApprovalRequest = await world.asked(2)
        assert second.tier is Tier.T2
        world.answer(second, allow=False)
        await task

    play(story)
