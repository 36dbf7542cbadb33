"""Revoking tightens: the label of a revoked agent holds until a person takes it away."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.application.call import Refused
from keyturn.application.environment_messages import SetEnvironment
from keyturn.application.former_labels import FORMER_SETTING, read_former
from keyturn.domain.configuration import ServerConfig, ToolSetting
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import ConfigurationError, LogUnavailable, PinWanted
from keyturn.domain.pin import PinUse
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_server, make_tool
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play, settle

PRODUCTION = make_server(tools=(ToolSetting(pattern="*", tier=Tier.T0),), environment="production")
TOOL = make_tool(inputSchema={"type": "object"})


def a_world(*servers: ServerConfig) -> BrokerWorld:
    """Return a broker with a labelled server, whose labels follow the registry."""
    world = BrokerWorld(Rule(id="all", effect=Effect.ALLOW), servers=servers or (PRODUCTION,))
    world.labelling.follow(world.observers)
    return world


async def enrolled_in_qa(world: BrokerWorld, name: str = "tester") -> None:
    await world.registry.enrol(name)
    await world.labelling.agent(name, "qa")


async def restart(world: BrokerWorld) -> None:
    """Load what is kept, with nothing of it in memory before, as a new broker does."""
    world.registry.former.load("")
    await world.registry.load()


def crosses(world: BrokerWorld, name: str = "other") -> bool:
    """Tell whether who proved no name would cross into production."""
    connection = make_connection(server=PRODUCTION, enrolled=False)
    connection.agent = name
    return world.environments.find(connection, {}).crossing is not None


@pytest.mark.requirement("ENV-FORMER")
@pytest.mark.parametrize("name", ["tester", "tester (not proven)", "somebody else", ""])
def test_revoking_over_the_socket_opens_nothing(name: str) -> None:
    async def story() -> None:
        world = a_world()
        await enrolled_in_qa(world)
        answer = await world.control.control({"control": "revoke_agent", "name": "tester"})
        assert answer["ok"] is True
        assert world.registry.agents == ()
        connection = await world.connect(make_connection(server=PRODUCTION, enrolled=False), TOOL)
        connection.agent = name
        reply = await asyncio.wait_for(world.gate.handle(make_call(connection), world.server), 5)
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.DENIED_RULE
        assert world.server.sent == []
        assert world.approver.shown == []

    play(story)


@pytest.mark.requirement("ENV-FORMER")
def test_it_holds_over_a_restart_and_ends_with_a_person() -> None:
    async def story() -> None:
        world = a_world()
        await enrolled_in_qa(world)
        await world.registry.revoke("tester")
        await restart(world)
        assert crosses(world)
        await world.intents.carry_out(label("former", "tester", ""))
        assert not crosses(world)
        await restart(world)
        assert not crosses(world)

    play(story)


@pytest.mark.requirement("ENV-FORMER")
def test_taking_it_away_takes_the_pin() -> None:
    async def story() -> None:
        world = a_world()
        await enrolled_in_qa(world)
        await world.registry.revoke("tester")
        world.pin_use = PinUse.T2_T3
        with pytest.raises(PinWanted):
            await world.intents.carry_out(label("former", "tester", ""))
        assert crosses(world)

    play(story)


@pytest.mark.requirement("ENV-FORMER")
@settings(max_examples=30, deadline=None)
@given(
    labels=st.dictionaries(st.sampled_from("abc"), st.sampled_from(["", "qa", "dev"]), min_size=1),
    revoked=st.lists(st.sampled_from("abcd"), max_size=6),
    enrolled_again=st.sets(st.sampled_from("abc")),
)
def test_no_revoking_ends_a_crossing(
    labels: dict[str, str], revoked: list[str], enrolled_again: set[str]
) -> None:
    async def story() -> None:
        world = a_world()
        for name, environment in labels.items():
            await world.registry.enrol(name)
            await world.labelling.agent(name, environment)
        before = crosses(world)
        assert before is any(labels.values())
        for name in revoked:
            await world.control.control({"control": "revoke_agent", "name": name})
            assert crosses(world) is before
        for name in sorted(enrolled_again & labels.keys()):
            await world.registry.enrol(name)
            assert crosses(world) is before
        await restart(world)
        assert crosses(world) is before
        kept = {agent.name: agent.environment for agent in world.registry.agents}
        assert {**world.registry.former.labels, **kept}.items() >= {
            (name, label) for name, label in labels.items() if label
        }
        assert not world.registry.former.labels.keys() & kept.keys()

    play(story)


def test_enrolled_anew_it_works_where_it_did() -> None:
    async def story() -> None:
        world = a_world()
        await enrolled_in_qa(world)
        await world.registry.revoke("tester")
        await world.registry.enrol("tester")
        (agent,) = world.registry.agents
        assert agent.environment == "qa"
        assert world.registry.settings[FORMER_SETTING] == "{}"
        await world.intents.carry_out(label("agent", "tester", ""))
        assert not crosses(world)

    play(story)


@pytest.mark.requirement("ENV-FORMER", "LAW-4")
def test_revoking_while_its_label_is_being_taken_away_keeps_it() -> None:
    """A program can send it as often as it takes to hit the instant."""

    async def story() -> None:
        world = a_world()
        await enrolled_in_qa(world)
        await world.registry.revoke("tester")
        store, reached, go = world.setting_store, asyncio.Event(), asyncio.Event()
        put = store.put_setting

        async def late(name: str, value: str) -> None:
            store.put_setting = put
            reached.set()
            await go.wait()
            await put(name, value)

        store.put_setting = late
        async with asyncio.timeout(5), asyncio.TaskGroup() as both:
            both.create_task(world.registry.enrol("tester"))
            await reached.wait()
            revoke = world.control.control({"control": "revoke_agent", "name": "tester"})
            both.create_task(revoke)
            await settle()
            assert crosses(world)
            go.set()
        assert crosses(world)
        assert read_former(world.registry.settings[FORMER_SETTING]) == {"tester": "qa"}
        await world.registry.enrol("tester")
        assert [agent.environment for agent in world.registry.agents] == ["qa"]

    play(story)


@pytest.mark.requirement("ENV-FORMER")
def test_revoking_one_while_another_label_is_taken_away_keeps_it_over_a_restart() -> None:
    """What is written last has both: each waits for what the other one writes."""

    async def story() -> None:
        world = a_world()
        await enrolled_in_qa(world)
        await enrolled_in_qa(world, "other")
        await world.registry.revoke("tester")
        store, reached, go = world.setting_store, asyncio.Event(), asyncio.Event()
        put = store.put_setting

        async def late(name: str, value: str) -> None:
            store.put_setting = put
            reached.set()
            await go.wait()
            await put(name, value)

        store.put_setting = late
        async with asyncio.timeout(5), asyncio.TaskGroup() as both:
            both.create_task(world.labelling.former("tester", ""))
            await reached.wait()
            both.create_task(world.registry.revoke("other"))
            await settle()
            go.set()
        await restart(world)
        assert dict(world.registry.former.labels) == {"other": "qa"}

    play(story)


def test_where_it_cannot_be_written_down_it_holds_and_the_agent_is_shut_out() -> None:
    async def story() -> None:
        world = a_world()
        await enrolled_in_qa(world)
        world.log.failure = LogUnavailable("The disk is full.")
        with pytest.raises(LogUnavailable):
            await world.registry.revoke("tester")
        assert world.registry.agents == ()
        assert crosses(world)
        with pytest.raises(LogUnavailable):
            await world.labelling.former("tester", "")
        assert crosses(world)

    play(story)


@pytest.mark.parametrize(("name", "environment"), [("nobody", ""), ("nobody", "qa")])
def test_a_label_that_is_not_kept_cannot_be_changed(name: str, environment: str) -> None:
    async def story() -> None:
        world = a_world()
        await enrolled_in_qa(world)
        with pytest.raises(ConfigurationError):
            await world.labelling.former(name, environment)
        with pytest.raises(ConfigurationError):
            await world.labelling.former("tester", environment)
        assert dict(world.registry.former.labels) == {}

    play(story)


@pytest.mark.parametrize("text", ["", "[", "7", '["a"]', '{"a":1}'])
def test_what_cannot_be_read_names_none(text: str) -> None:
    assert read_former(text) == {}


def test_what_is_written_is_read_again() -> None:
    async def story() -> None:
        world = a_world()
        await enrolled_in_qa(world)
        await enrolled_in_qa(world, "other")
        await asyncio.gather(
            world.registry.revoke("tester"),
            world.registry.revoke("other"),
            world.labelling.former("tester", "dev"),
        )
        former = {"other": "qa", "tester": "dev"}
        assert dict(world.registry.former.labels) == former
        assert read_former(world.registry.settings[FORMER_SETTING]) == former

    play(story)


def label(of: str, name: str, environment: str) -> SetEnvironment:
    return SetEnvironment(n=1, of=of, name=name, environment=environment)
