"""Step-up: what changed raises who came upon it, and only a person in the window lowers."""

import asyncio
import inspect
from dataclasses import replace

import pytest

from keyturn.application.agent_messages import ReviewChanges
from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    Route,
)
from keyturn.application.call import Forwarded
from keyturn.application.call_levels import CallLevels
from keyturn.application.connection import Connection
from keyturn.application.control import Control
from keyturn.application.pin_messages import SetSecond
from keyturn.application.seen_changes import (
    SeenEnvironments,
    command_seen,
    environment_seen,
    program_seen,
    tool_seen,
)
from keyturn.application.step_ups import StepUps
from keyturn.domain.certificate import Certificate, closure_with
from keyturn.domain.closure import Closure, ClosureFile
from keyturn.domain.closure_change import ClosureChange
from keyturn.domain.configuration import ReviewMode
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, KeyturnError
from keyturn.domain.lamps import Lamps
from keyturn.domain.pin import PinUse
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.step_up import Cause, Seen, Takes, shown_of
from keyturn.domain.tier import Tier
from tests.factories import (
    make_call,
    make_connection,
    make_launch,
    make_prompt,
    make_server,
    make_tool,
    make_weighed,
)
from tests.fakes.stores import FakeStepUpStore
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play, settle
from tests.unit.application.pins_rig import RIGHT, THEIRS, Keeper
from tests.unit.application.pins_rig import play as play_pins

ALLOW = Rule(
    id="r-1", effect=Effect.ALLOW, agent="analyst", server="logistics", tool="dispatch_order"
)
SERVER = make_server(tools=())
DRIFT = Seen(
    agent="analyst", server="logistics", cause=Cause.DRIFT, name="dispatch_order", mark="m-1"
)

ONE, OTHER = (
    Certificate(issuer="One", authority_sha256=key * 64, sha256="1" * 64) for key in ("a", "b")
)


class Raising(BrokerWorld):
    """A broker with a confirmed tool, whose agents are raised by what they come upon."""

    def __init__(self, *rules: Rule) -> None:
        super().__init__(*rules)
        self.store = FakeStepUpStore()
        self.step_ups = self.make_step_ups()

    def make_step_ups(self) -> StepUps:
        """Make the step-up of a broker on the profile of this world."""
        made = StepUps(store=self.store, log=self.log, clock=self.clock, observers=self.observers)
        self.rules.raised = made.is_raised
        self.reviews.seen.tell = made.note
        return made

    async def begin(self, tier: Tier = Tier.T1) -> Connection:
        """Start with nothing that changed."""
        await self.step_ups.load()
        self.step_ups.trust(True)
        connection = await self.connect(make_connection(server=SERVER))
        await self.agreements.set_tier(self.pin_shown(), tier, Lamps.NONE)
        return connection

    def shown(self, agent: str = "analyst") -> str:
        """Name what is on screen of an agent."""
        return shown_of(self.step_ups.of(agent))


def causes(step_ups: StepUps, agent: str = "analyst") -> list[Cause]:
    """Return why an agent is raised."""
    return [change.cause for change in step_ups.of(agent)]


@pytest.mark.requirement("STEP-1", "I-14")
def test_drift_raises_who_came_upon_it_and_nobody_else() -> None:
    """A rule that allowed its call asks from then on, and says why; reads pass as before."""

    async def story() -> None:
        world = Raising(ALLOW, replace(ALLOW, id="r-2", agent="auditor"))
        connection = await world.begin()
        assert isinstance(await world.start(make_call(connection)), Forwarded)
        await world.connect(connection, make_tool(), make_tool("more"))
        assert causes(world.step_ups) == [Cause.NEW_TOOL]
        await world.connect(connection, make_tool(), make_tool("more", description="Else."))
        assert causes(world.step_ups) == [Cause.DRIFT, Cause.NEW_TOOL]
        assert {change.names for change in world.step_ups.of("analyst")} == {("more",)}
        task = world.start(make_call(connection, id_="call-2"))
        request = await world.asked(len(world.approver.shown) + 1)
        assert (request.tool, request.because) == ("dispatch_order", "stepped_up")
        world.answer(request, allow=False)
        await task
        other = await world.connect(make_connection(agent="auditor", server=SERVER))
        assert isinstance(await world.start(make_call(other, id_="call-3")), Forwarded)
        await world.agreements.set_tier(world.pin_shown(), Tier.T0, Lamps.NONE)
        assert isinstance(await world.start(make_call(connection, id_="call-4")), Forwarded)
        await world.connect(connection, make_tool(description="Else."))
        assert causes(world.step_ups) == [Cause.DRIFT, Cause.NEW_TOOL]

    play(story)


def seen_of(connection: Connection, world: BrokerWorld) -> Cause | None:
    """Tell what a command is, compared with what was agreed to."""
    seen = command_seen(connection, world.agreements)
    return seen.cause if seen is not None else None


@pytest.mark.requirement("STEP-1", "LAUNCH-CLOSURE")
def test_another_command_files_or_address_raises() -> None:
    """Not at the first sight of a server, nor once it was agreed to."""

    async def story() -> None:
        world = Raising()
        asks = make_server(review=ReviewMode.ASK, tools=())
        first = make_connection(server=asks)
        assert seen_of(first, world) is None
        await world.agreements.agree(first, Actor.HUMAN, None)
        assert seen_of(first, world) is None
        files = Closure(files=(ClosureFile("a.js", 1, "1"),))
        loading = replace(first, closure=files)
        assert seen_of(loading, world) is Cause.CLOSURE
        changed = ClosureChange(changed=("/x/a.js",))
        named = command_seen(loading, world.agreements, changed)
        assert named is not None
        assert named.name == "/x/a.js"
        other = make_connection(server=asks, launch=make_launch("logistics", "--other"))
        assert seen_of(other, world) is Cause.LAUNCH
        remote = replace(make_launch(), argv=(), url="https://other.example/mcp")
        assert seen_of(replace(first, launch=remote), world) is Cause.HOST
        there = replace(first, launch=remote, closure=closure_with(ONE))
        await world.agreements.agree(there, Actor.HUMAN, None)
        elsewhere = replace(there, closure=closure_with(OTHER))
        assert seen_of(elsewhere, world) is Cause.ISSUER
        values = replace(asks, env={"MODE": "other"})
        assert seen_of(replace(first, server=values), world) in (None, Cause.VALUES)
        await world.reviews.consent(other, 0)
        assert causes(world.step_ups) == [Cause.LAUNCH]
        await world.reviews.consent(replace(other, agent="guest", agent_enrolled=False), 0)
        assert causes(world.step_ups, "guest") == []

    play(story)


@pytest.mark.requirement("STEP-1")
def test_what_nobody_reviewed_yet_is_no_change() -> None:
    """A server's first tools, and prompts that are reviewed as they come."""

    async def story() -> None:
        world = Raising()
        assert not world.reviews.seen.was_reviewed(make_connection())
        await world.connect()
        assert causes(world.step_ups) == []
        connection = await world.begin()
        assert world.reviews.seen.was_reviewed(connection)
        assert tool_seen(connection, make_tool(), world.agreements) is None
        assert tool_seen(connection, make_prompt(), world.agreements) is None
        assert tool_seen(connection, make_tool("more"), world.agreements) is not None
        moved = replace(connection, launch=make_launch("logistics", "--other"))
        assert tool_seen(moved, make_tool(), world.agreements) is None

    play(story)


@pytest.mark.requirement("STEP-1")
def test_an_environment_and_a_program_raise_too() -> None:
    """Each once, under a mark of its own."""
    server = make_server()
    assert environment_seen("analyst", server).cause is Cause.ENVIRONMENT
    other = replace(server, environment="production")
    assert environment_seen("a", server).mark != environment_seen("a", other).mark
    program = program_seen("analyst", "/opt/new", "1" * 64)
    assert (program.cause, program.server, program.name) == (Cause.PROGRAM, "", "/opt/new")


@pytest.mark.requirement("STEP-1")
def test_another_environment_is_told_once() -> None:
    """Of a server that was there before, also where it was taken out and put in again."""
    seen, server = SeenEnvironments(), make_server(environment="qa")
    moved = replace(server, environment="production")
    assert seen.changed([server]) == ()
    assert seen.changed([server]) == ()
    assert seen.changed([]) == ()
    assert seen.changed([replace(moved, confirmed=False)]) == ()
    assert seen.changed([moved]) == (moved,)
    assert seen.changed([moved]) == ()


@pytest.mark.requirement("STEP-2")
def test_a_restart_does_not_lower() -> None:
    """Nor one after the store refused it for a while, nor a look at changed tables."""

    async def story() -> None:
        world = Raising()
        await world.begin()
        world.store.refusing = True
        world.step_ups.note(DRIFT)
        await settle()
        assert world.store.kept == {}
        assert world.step_ups.is_raised("analyst")
        world.store.refusing = False
        await world.step_ups.load()
        await settle()
        again = world.make_step_ups()
        assert again.is_raised("analyst")
        assert again.is_raised("anybody")
        await again.load()
        again.trust(True)
        assert again.is_raised("analyst")
        assert not again.is_raised("anybody")
        assert [change.marks for change in again.of("analyst")] == [("m-1",)]
        (record,) = world.log.of_type(RecordType.AGENT)
        assert (record.outcome, record.actor) == ("stepped_up", Actor.KEYTURN)
        again.trust(False)
        assert again.is_raised("anybody")

    play(story)


@pytest.mark.requirement("STEP-3", "LAW-4")
def test_only_what_was_on_screen_is_lowered() -> None:
    """And only once its review is answered; what comes meanwhile stays."""

    async def story() -> None:
        world = Raising()
        await world.begin()
        world.step_ups.note(DRIFT)
        shown = world.shown()
        world.step_ups.note(replace(DRIFT, mark="m-2"))
        for agent, said in (("analyst", shown), ("auditor", shown), ("analyst", "")):
            with pytest.raises(ConfigurationError):
                await world.step_ups.review(agent, said)
        world.step_ups.unanswered = lambda _agent, _server: True
        with pytest.raises(ConfigurationError, match="still waits"):
            await world.step_ups.review("analyst", world.shown())
        assert world.step_ups.is_raised("analyst")
        world.step_ups.unanswered = lambda _agent, _server: False
        await settle()
        lowered: list[bool] = []
        world.step_ups.on_lower = lambda: lowered.append(True)
        task = asyncio.get_running_loop().create_task(
            world.step_ups.review("analyst", world.shown())
        )
        world.store.on_put = lambda: world.step_ups.note(replace(DRIFT, name="late", mark="m-3"))
        await task
        await settle()
        assert lowered == [True]
        assert [change.marks for change in world.step_ups.of("analyst")] == [("m-3",)]
        world.store.on_put = lambda: None
        await world.step_ups.review("analyst", world.shown())
        assert not world.step_ups.is_raised("analyst")
        world.step_ups.note(DRIFT)
        assert not world.step_ups.is_raised("analyst")
        last = world.log.of_type(RecordType.AGENT)[-1]
        assert (last.outcome, last.actor) == ("changes_reviewed", Actor.HUMAN)

    play(story)


@pytest.mark.requirement("STEP-3", "LAW-4")
def test_nothing_an_agent_or_an_approver_program_reaches_lowers() -> None:
    """Answering the review does not either: whoever answers, the level stays."""

    async def story() -> None:
        world = Raising()
        connection = await world.begin()
        await world.connect(connection, make_tool(description="Else."))
        review = await world.asked(len(world.approver.shown))
        for route in (Route.EXEC, Route.WINDOW):
            answer = Answer(
                id=review.id, digest=review.digest, verdict=AnswerVerdict.ALLOW_ONCE, route=route
            )
            assert world.approvals.answer(answer) in (AnswerEffect.APPLIED, AnswerEffect.OVER)
            await settle()
            assert world.step_ups.is_raised("analyst")
        source = inspect.getsource(Control)
        assert "step_up" not in source
        assert "ReviewChanges" not in source

    play(story)


@pytest.mark.requirement("STEP-3", "PIN-1")
def test_lowering_takes_the_pin_where_one_is_asked() -> None:
    """A program that presses the button gets no further than with a card."""
    world = BrokerWorld()
    world.pin_use = world.pin_use.T2_T3
    assert world.make_guard().wants_pin(ReviewChanges(n=1, agent="analyst", shown=""))


@pytest.mark.requirement("STEP-3")
def test_the_intent_lowers() -> None:
    """Through the window's own way, and nowhere else."""

    async def story() -> None:
        world = Raising()
        with pytest.raises(KeyturnError, match="Nothing is raised"):
            await world.intents.carry_out(ReviewChanges(n=1, agent="analyst", shown=""))

    play(story)


def test_the_overview_tells_what_changed() -> None:
    """As the window shows it, with what it sends back."""

    async def story() -> None:
        world = Raising()
        await world.begin()
        await world.registry.enrol("analyst")
        world.overview.step_ups = world.step_ups
        world.step_ups.note(DRIFT)
        agents = (await world.overview.state(frozenset(world.topics))).agents
        assert agents is not None
        (agent,) = agents
        assert agent.raised is not None
        assert agent.raised.shown == world.shown()
        assert [(one.cause, one.server, one.names) for one in agent.raised.changes] == [
            ("drift", "logistics", ("dispatch_order",))
        ]

    play(story)


@pytest.mark.requirement("STEP-1", "PIN-1")
def test_a_raised_call_takes_what_is_set_up() -> None:
    """A read none; a change the PIN; what takes the PIN anyway both; and changes of rules, too."""

    async def story(keeper: Keeper) -> None:
        pins = await keeper.with_pin(PinUse.T2_T3)
        second = await keeper.second_of(pins)
        step_ups = Raising().step_ups
        levels = CallLevels(pins=pins, second=second, step_ups=step_ups)
        asked = {tier: make_weighed(tier) for tier in Tier}
        assert [levels.of_call(asked[tier]) for tier in (Tier.T0, Tier.T1, Tier.T2)] == [
            Takes.CLICK,
            Takes.PIN,
            Takes.PIN,
        ]
        wish = SetSecond(n=1, first=RIGHT, present="", beside="Ada", name="Berta", new=THEIRS)
        assert await second.set(wish) is None
        assert levels.of_call(asked[Tier.T2]) is Takes.BOTH
        assert levels.of_call(asked[Tier.T1]) is Takes.PIN
        assert levels.covers(Tier.T1)
        step_ups.trust(True)
        step_ups.note(replace(DRIFT, agent="other"))
        stranger = asked[Tier.T1]._replace(enrolled=False)
        assert levels.of_call(stranger) is Takes.PIN
        assert levels.of_call(asked[Tier.T1]) is Takes.CLICK
        await step_ups.review("other", shown_of(step_ups.of("other")))
        assert levels.of_call(asked[Tier.T2]) is Takes.PIN
        assert levels.of_call(asked[Tier.T1]) is Takes.CLICK
        assert not levels.covers(Tier.T1)
        assert levels.of_call(asked[Tier.T0]._replace(two_persons=True)) is Takes.BOTH

    play_pins(story)
