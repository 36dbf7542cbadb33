"""Reviews and agreements: asked once, remembered, and never taken for more than was shown."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from keyturn.application.agreements import Agreements
from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    Route,
)
from keyturn.application.connection import Connection
from keyturn.application.events import Topic
from keyturn.application.reviews import MOST_OPEN
from keyturn.application.tasks import TaskOwner
from keyturn.domain.configuration import ReviewMode, ServerConfig, ToolSetting
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.definition import ReviewState, pinned_definition
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.lamps import Lamps
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.tier import Tier
from tests.factories import make_connection, make_launch, make_server, make_tool
from tests.unit.application.gate_world import World, play, settle

ASKED = make_server(review=ReviewMode.ASK, tools=())
CHANGED = make_tool(description="Also copies the order elsewhere.")
AGAIN = make_tool(description="And sends the copy away.")


def asked(server: ServerConfig = ASKED, *argv: str) -> Connection:
    """Make a connection to a server that is asked about."""
    return make_connection(server=server, launch=make_launch(*argv))


def answered(
    world: World,
    request: ApprovalRequest,
    verdict: AnswerVerdict = AnswerVerdict.ALLOW_ONCE,
    **facts: Any,
) -> None:
    """Answer a review with what a window or a program can say."""
    said: dict[str, Any] = {"route": Route.WINDOW, **facts}
    answer = Answer(id=request.id, digest=request.digest, verdict=verdict, **said)
    assert world.approvals.answer(answer) is AnswerEffect.APPLIED


def reviewed(world: World) -> list[Entry]:
    """Return the records of reviews."""
    return world.log.of_type(RecordType.REVIEW)


class TestConsent:
    """A server's command is agreed to once per launch identity."""

    def test_it_shows_what_would_be_started(self) -> None:
        async def story() -> None:
            world = World()
            connection = asked()
            task = TaskOwner().start(world.reviews.consent(connection, 60), "consent")
            request = await world.asked()
            assert (request.kind, request.tool) == (RequestKind.COMMAND, None)
            assert json.loads(request.arguments) == connection.launch.subject()
            assert request.asked_by.host_name == "host"
            answered(world, request)
            assert await task
            entry = reviewed(world)[0]
            assert (entry.outcome, entry.actor) == ("command_agreed", Actor.HUMAN)
            assert entry.details["route"] == "window"
            assert await world.reviews.consent(asked(), 60)
            assert len(world.approver.shown) == 1
            consent = world.agreements.latest_consent("logistics")
            assert consent is not None
            assert consent.launch_hash == connection.launch.launch_hash
            assert world.agreements.latest_consent("reports") is None

        play(story)

    def test_another_folder_is_another_question_at_the_same_time(self) -> None:
        async def story() -> None:
            world = World()
            owner = TaskOwner()
            there = make_connection(server=ASKED, launch=replace(make_launch(), cwd="/b"))
            first = owner.start(world.reviews.consent(asked(), 60), "one")
            second = owner.start(world.reviews.consent(there, 60), "two")
            one = await world.asked()
            two = await world.asked(2)
            assert one.digest != two.digest
            assert world.approver.withdrawn == []
            answered(world, one)
            answered(world, two, AnswerVerdict.DENY)
            assert (await first, await second) == (True, False)

        play(story)

    def test_several_connections_share_one_question(self) -> None:
        async def story() -> None:
            world = World()
            owner = TaskOwner()
            tasks = [owner.start(world.reviews.consent(asked(), 60), f"{n}") for n in range(3)]
            await settle()
            assert len(world.approver.shown) == 1
            answered(world, world.approver.shown[0])
            assert await asyncio.gather(*tasks) == [True, True, True]
            assert len(reviewed(world)) == 1

        play(story)

    def test_a_refusal_is_remembered_until_it_is_asked_again(self) -> None:
        async def story() -> None:
            world = World()
            owner = TaskOwner()
            task = owner.start(world.reviews.consent(asked(), 60), "consent")
            answered(world, await world.asked(), AnswerVerdict.DENY)
            assert not await task
            assert not await world.reviews.consent(asked(), 60)
            assert len(world.approver.shown) == 1
            world.reviews.ask_again("reports")
            assert not await world.reviews.consent(asked(), 60)
            world.reviews.ask_again("logistics")
            task = owner.start(world.reviews.consent(asked(), 60), "consent")
            answered(world, await world.asked(2))
            assert await task
            assert [e.outcome for e in reviewed(world)] == ["refused", "command_agreed"]

        play(story)

    def test_time_that_runs_out_leaves_the_question(self) -> None:
        async def story() -> None:
            world = World()
            assert not await world.reviews.consent(asked(), 0.001)
            answered(world, await world.asked())
            await settle()
            assert world.agreements.consented(asked())

        play(story)

    def test_nobody_to_ask_is_no_consent(self) -> None:
        async def story() -> None:
            world = World()
            world.approvals.attach(None)
            assert not await world.reviews.consent(asked(), 60)
            assert world.approvals.waiting() == ()

        play(story)

    def test_an_operator_can_accept_what_is_seen(self) -> None:
        async def story() -> None:
            world = World()
            assert await world.reviews.consent(make_connection(), 0)
            assert reviewed(world)[0].actor is Actor.KEYTURN
            assert world.approver.shown == []

        play(story)

    def test_without_a_record_there_is_no_consent(self, caplog: pytest.LogCaptureFixture) -> None:
        async def story() -> None:
            world = World()
            task = TaskOwner().start(world.reviews.consent(asked(), 60), "consent")
            request = await world.asked()
            world.log.failure = LogUnavailable("The disk is full.")
            answered(world, request)
            assert not await task
            assert await world.server_store.consents() == ()

        play(story)
        assert "task failed" in caplog.text

    def test_it_is_read_back_at_the_next_start(self) -> None:
        async def story() -> None:
            world = World()
            await world.connect()
            await world.reviews.consent(make_connection(), 0)
            again = Agreements(
                store=world.server_store,
                log=world.log,
                clock=world.clock,
                observers=world.observers,
            )
            await again.load()
            assert again.consented(make_connection())
            assert again.pins() == world.agreements.pins()

        play(story)


class TestFirstSight:
    """A tool that nobody has reviewed is neither listed nor callable."""

    @pytest.mark.requirement("I-13")
    def test_it_is_refused_and_asked_about_as_a_definition(self) -> None:
        async def story() -> None:
            world = World()
            tool = make_tool(annotations={"destructiveHint": True})
            connection = await world.connect(asked(), tool)
            standing = world.agreements.standing(connection, tool.name)
            assert standing.refused is Outcome.REFUSED_UNREVIEWED
            request = await world.asked()
            assert (request.kind, request.tool) == (RequestKind.DEFINITION, tool.name)
            subject = json.loads(request.arguments)
            assert subject == {**tool.body, "proposed_tier": "T2", "labels": []}
            assert request.proposed_tier is Tier.T2
            await world.reviews.close()

        play(story)

    def test_a_read_only_hint_proposes_nothing(self) -> None:
        async def story() -> None:
            world = World()
            await world.connect(asked(), make_tool(annotations={"readOnlyHint": True}))
            assert (await world.asked()).proposed_tier is None
            await world.reviews.close()

        play(story)

    @pytest.mark.parametrize(
        ("tier", "labels", "lamps"),
        [(Tier.T1, "UX", Lamps.U | Lamps.X), (Tier.T0, None, Lamps.NONE), (None, "Q", Lamps.NONE)],
    )
    def test_the_window_pins_with_tier_and_labels(
        self, tier: Tier | None, labels: str | None, lamps: Lamps
    ) -> None:
        async def story() -> None:
            world = World()
            told: list[tuple[str, str]] = []
            forget = world.agreements.on_change(lambda name, launch: told.append((name, launch)))
            connection = await world.connect(asked(), make_tool())
            answered(world, await world.asked(), tier=tier, labels=labels)
            await world.reviews.settle(connection, 5)
            standing = world.agreements.standing(connection, "dispatch_order")
            assert (standing.refused, standing.tier, standing.labels) == (None, tier, lamps)
            assert told == [("logistics", connection.launch.launch_hash)]
            entry = reviewed(world)[0]
            assert (entry.outcome, entry.tier) == ("pinned", tier.name if tier is not None else "")
            forget()
            await world.agreements.pin_all(connection, [make_tool("other")], Actor.HUMAN, None)
            assert len(told) == 1

        play(story)

    def test_a_program_pins_and_confirms_no_tier(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect(asked(), make_tool())
            answered(world, await world.asked(), route=Route.EXEC)
            await world.reviews.settle(connection, 5)
            standing = world.agreements.standing(connection, "dispatch_order")
            assert (standing.state, standing.tier) == (ReviewState.PINNED, None)
            assert reviewed(world)[0].details["route"] == "exec"

        play(story)

    @pytest.mark.parametrize("verdict", list(AnswerVerdict))
    def test_hiding_removes_it_from_agents(self, verdict: AnswerVerdict) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect(asked(), make_tool())
            answered(world, await world.asked(), verdict, hide=True)
            await world.reviews.settle(connection, 5)
            standing = world.agreements.standing(connection, "dispatch_order")
            assert standing.refused is Outcome.REFUSED_HIDDEN
            # A hidden tool that changes stays hidden and is not asked about.
            await world.reviews.listed(connection, [CHANGED])
            assert len(world.approver.shown) == 1
            assert world.approvals.waiting() == ()

        play(story)

    def test_a_denial_is_remembered_for_exactly_this_definition(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect(asked(), make_tool())
            answered(world, await world.asked(), AnswerVerdict.DENY)
            await world.reviews.settle(connection, 5)
            await world.reviews.listed(connection, [make_tool()])
            assert len(world.approver.shown) == 1
            assert [(e.outcome, e.actor) for e in reviewed(world)] == [("refused", Actor.HUMAN)]
            await world.reviews.listed(connection, [CHANGED])
            assert len(world.approver.shown) == 2
            await world.reviews.close()

        play(story)

    def test_an_operator_can_accept_tools_as_seen_without_a_tier(self) -> None:
        async def story() -> None:
            world = World()
            server = make_server(tools=(ToolSetting(pattern="read_*", tier=Tier.T0),))
            connection = await world.connect(
                make_connection(server=server), make_tool("read_a"), make_tool("drop_b")
            )
            read, drop = (world.agreements.standing(connection, n) for n in ("read_a", "drop_b"))
            assert (read.refused, read.tier) == (None, Tier.T0)
            assert (drop.refused, drop.tier) == (None, None)
            assert {e.actor for e in reviewed(world)} == {Actor.KEYTURN}

        play(story)

    @pytest.mark.unmeasured
    def test_a_server_with_endless_tools_asks_about_so_many(self) -> None:
        async def story() -> None:
            world = World()
            tools = [make_tool(f"tool_{n}") for n in range(MOST_OPEN + 5)]
            connection = await world.connect(asked(), *tools)
            assert len(world.approvals.waiting()) == MOST_OPEN
            last = world.agreements.standing(connection, tools[-1].name)
            assert last.refused is Outcome.REFUSED_UNREVIEWED
            await world.reviews.close()

        play(story)

    def test_nobody_to_ask_leaves_it_unreviewed(self) -> None:
        async def story() -> None:
            world = World()
            world.approvals.attach(None)
            connection = await world.connect(asked(), make_tool())
            await world.reviews.settle(connection, 5)
            assert world.approvals.waiting() == ()
            state = world.agreements.standing(connection, "dispatch_order").state
            assert state is ReviewState.UNREVIEWED

        play(story)


class TestDrift:
    """A tool that differs from its pin is refused until a person accepts the difference."""

    @staticmethod
    async def pinned(world: World, tier: Tier | None = Tier.T1) -> Connection:
        """Let the window pin the tool."""
        connection = await world.connect(asked(), make_tool())
        answered(world, await world.asked(), tier=tier)
        await world.reviews.settle(connection, 5)
        return connection

    @pytest.mark.requirement("I-14")
    def test_the_review_shows_both_and_keeps_the_tier_as_a_proposal(self) -> None:
        async def story() -> None:
            world = World()
            connection = await self.pinned(world)
            await world.reviews.listed(connection, [CHANGED])
            blocked = world.agreements.standing(connection, "dispatch_order")
            assert blocked.refused is Outcome.BLOCKED_DEFINITION_CHANGED
            request = await world.asked(2)
            assert request.kind is RequestKind.CHANGE
            assert json.loads(request.arguments) == {
                "before": make_tool().body,
                "after": CHANGED.body,
            }
            assert request.proposed_tier is Tier.T1
            assert request.pinned_at != ""
            answered(world, request)
            await world.reviews.settle(connection, 5)
            accepted = world.agreements.standing(connection, "dispatch_order")
            assert (accepted.refused, accepted.tier) == (None, None)

        play(story)

    def test_a_denied_change_stays_refused(self) -> None:
        async def story() -> None:
            world = World()
            connection = await self.pinned(world)
            await world.reviews.listed(connection, [CHANGED])
            answered(world, await world.asked(2), AnswerVerdict.DENY)
            await world.reviews.settle(connection, 5)
            blocked = world.agreements.standing(connection, "dispatch_order")
            assert blocked.refused is Outcome.BLOCKED_DEFINITION_CHANGED
            # The tool as it was pinned needs no new question.
            await world.reviews.listed(connection, [make_tool()])
            assert world.agreements.standing(connection, "dispatch_order").refused is None
            assert len(world.approver.shown) == 2

        play(story)

    @pytest.mark.parametrize("wait", [True, False])
    def test_a_tool_that_changes_again_is_asked_about_as_it_is_now(self, wait: bool) -> None:
        async def story() -> None:
            world = World()
            connection = await self.pinned(world)
            await world.reviews.listed(connection, [CHANGED])
            first = await world.asked(2)
            if wait:
                await settle()
            await world.reviews.listed(connection, [AGAIN])
            second = await world.asked(3)
            await settle()
            assert [w.request.id for w in world.approvals.waiting()] == [second.id]
            assert world.approver.withdrawn[-1][0] == first.id
            assert json.loads(second.arguments)["after"] == AGAIN.body
            entries = [(e.outcome, e.actor) for e in reviewed(world)[1:]]
            assert entries == [("withdrawn", Actor.KEYTURN)]
            # And back: what was withdrawn before is asked about anew.
            await world.reviews.listed(connection, [CHANGED])
            third = await world.asked(4)
            assert third.digest == first.digest
            answered(world, third)
            await world.reviews.settle(connection, 5)
            assert world.agreements.standing(connection, "dispatch_order").refused is None

        play(story)

    def test_an_operators_acceptance_covers_no_drift(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect()
            await world.reviews.listed(connection, [CHANGED])
            blocked = world.agreements.standing(connection, "dispatch_order")
            assert blocked.refused is Outcome.BLOCKED_DEFINITION_CHANGED
            await world.reviews.close()

        play(story)

    def test_another_launch_identity_keeps_its_own_review_and_pin(self) -> None:
        async def story() -> None:
            world = World()
            connection = await self.pinned(world)
            other = asked(ASKED, "server", "--beta")
            await world.reviews.listed(other, [CHANGED])
            await world.reviews.listed(connection, [make_tool()])
            request = await world.asked(2)
            assert request.kind is RequestKind.DEFINITION
            assert world.agreements.standing(connection, "dispatch_order").refused is None
            answered(world, request)
            await world.reviews.settle(other, 5)
            assert world.agreements.standing(other, "dispatch_order").refused is None
            assert len(world.agreements.pins()) == 2

        play(story)

    def test_a_tool_that_is_listed_no_more_is_not_callable(self) -> None:
        async def story() -> None:
            world = World()
            connection = await self.pinned(world)
            await world.reviews.listed(connection, [])
            standing = world.agreements.standing(connection, "dispatch_order")
            assert standing.refused is Outcome.REFUSED_UNREVIEWED

        play(story)


class TestSettingTiers:
    """A person confirms, changes or takes back a tier in the window."""

    def test_it_is_recorded_and_holds_at_once(self) -> None:
        async def story() -> None:
            world = World()
            topics: list[Topic] = []
            connection = await world.connect(make_connection(server=make_server(tools=())))
            world.observers.subscribe(topics.append)
            told: list[tuple[str, str]] = []
            world.agreements.on_change(lambda name, launch: told.append((name, launch)))
            assert await world.agreements.set_tier(world.pin_shown(), Tier.T0, Lamps.P)
            standing = world.agreements.standing(connection, "dispatch_order")
            assert (standing.tier, standing.labels) == (Tier.T0, Lamps.P)
            entry = reviewed(world)[-1]
            assert (entry.outcome, entry.tier, entry.actor) == ("tier", "T0", Actor.HUMAN)
            assert entry.details == {
                "launch_hash": connection.launch.launch_hash,
                "labels": "P",
                "hidden": False,
            }
            assert topics == [Topic.SERVERS]
            assert told == []
            assert await world.agreements.set_tier(world.pin_shown(), None, Lamps.NONE)
            assert reviewed(world)[-1].tier == "T3"
            assert (await world.server_store.pins())[0].tier is None

        play(story)

    def test_hiding_and_showing_tells_the_listeners(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect()
            told: list[tuple[str, str]] = []
            world.agreements.on_change(lambda name, launch: told.append((name, launch)))
            for hidden, refused in ((True, Outcome.REFUSED_HIDDEN), (False, None)):
                await world.agreements.set_tier(world.pin_shown(), None, Lamps.NONE, hidden=hidden)
                standing = world.agreements.standing(connection, "dispatch_order")
                assert standing.refused is refused
            assert len(told) == 2

        play(story)

    def test_another_tool_of_that_name_keeps_its_own(self) -> None:
        async def story() -> None:
            world = World()
            server = make_server(tools=())
            await world.connect(make_connection(server=server))
            shown = world.pin_shown()
            other = await world.connect(
                make_connection(server=server, launch=make_launch("server", "--old")), CHANGED
            )
            assert await world.agreements.set_tier(shown, Tier.T0, Lamps.NONE)
            assert world.agreements.standing(other, "dispatch_order").tier is None

        play(story)

    @pytest.mark.parametrize("what", ["tool", "launch_hash", "def_hash"])
    def test_what_was_not_on_screen_is_not_changed(self, what: str) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect(make_connection(server=make_server(tools=())))
            shown = replace(world.pin_shown(), **{what: "another"})
            records = len(world.log.records)
            assert not await world.agreements.set_tier(shown, Tier.T0, Lamps.NONE, hidden=True)
            standing = world.agreements.standing(connection, "dispatch_order")
            assert (standing.tier, standing.refused) == (None, None)
            assert len(world.log.records) == records

        play(story)

    def test_a_definition_pinned_meanwhile_is_not_overwritten(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect(make_connection(server=make_server(tools=())))
            shown = world.pin_shown()
            world.log.hold()
            pinning = asyncio.get_running_loop().create_task(
                world.agreements.pin_all(connection, [CHANGED], Actor.HUMAN, None)
            )
            await settle()
            setting = asyncio.get_running_loop().create_task(
                world.agreements.set_tier(shown, Tier.T0, Lamps.NONE, hidden=False)
            )
            await settle()
            world.log.release()
            await pinning
            assert await setting is False
            (pin,) = world.agreements.pins()
            assert (pin.definition.def_hash, pin.tier) == (CHANGED.def_hash, None)

        play(story)

    def test_a_tool_hidden_while_a_pin_is_written_is_hidden(self) -> None:
        async def story() -> None:
            world = World()
            connection = await world.connect(make_connection(server=make_server(tools=())))
            world.log.hold()
            setting = asyncio.get_running_loop().create_task(
                world.agreements.set_tier(world.pin_shown(), Tier.T0, Lamps.P, hidden=True)
            )
            await settle()
            pinning = asyncio.get_running_loop().create_task(
                world.agreements.pin_all(connection, [CHANGED], Actor.HUMAN, None)
            )
            await settle()
            world.log.release()
            assert await setting is True
            await pinning
            (pin,) = world.agreements.pins()
            # The later agreement is to another definition; it rests on what the first one left.
            assert (pin.definition.def_hash, pin.tier, pin.labels) == (
                CHANGED.def_hash,
                None,
                Lamps.P,
            )

        play(story)


def test_settling_waits_at_most_so_long() -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect(asked(), make_tool())
        await world.reviews.settle(connection, 0.001)
        assert len(world.approvals.waiting()) == 1
        assert world.reviews.agreements is world.agreements
        await world.reviews.close()

    play(story)


@pytest.mark.parametrize("key", ["icons", "_meta", "execution"])
def test_what_is_not_pinned_may_change(key: str) -> None:
    async def story() -> None:
        world = World()
        connection = await world.connect()
        dressed = pinned_definition({**make_tool().body, key: {"a": 1}})
        assert dressed is not None
        await world.reviews.listed(connection, [dressed])
        assert world.agreements.standing(connection, "dispatch_order").refused is None

    play(story)
