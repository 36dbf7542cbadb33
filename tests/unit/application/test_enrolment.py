"""Agents that are not enrolled: asked about once by name, and nobody is enrolled by silence."""

import json

import pytest

from keyturn.application.approval_request import RequestKind
from keyturn.application.connection import Connection
from keyturn.application.enrolment import MOST_ASKED, Enrolment
from keyturn.application.events import Topic
from tests.factories import make_connection
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play, settle


def watch(world: BrokerWorld) -> Enrolment:
    """Let enrolment watch a world."""
    return Enrolment(
        live=world.live,
        registry=world.registry,
        approvals=world.approvals,
        clock=world.clock,
        ids=world.ids,
        observers=world.observers,
    )


async def connect(world: BrokerWorld, *names: str) -> list[Connection]:
    """Let agents connect without a token."""
    made = [make_connection(agent=name, enrolled=False) for name in names]
    world.live.open += made
    world.observers.changed(Topic.AGENTS)
    await settle()
    return made


def test_it_is_asked_about_once_with_what_was_observed() -> None:
    async def story() -> None:
        world = BrokerWorld()
        enrolment = watch(world)
        await connect(world, "stranger")
        await connect(world, "stranger")
        world.observers.changed(Topic.RULES)
        (request,) = world.approver.shown
        assert request.kind is RequestKind.AGENT
        assert json.loads(request.arguments) == {
            "agent": "stranger",
            "executable": "/opt/host",
            "pid": 4000,
            "started_by": ["host"],
            "workspace": "/home/person/freight",
        }
        world.answer(request, allow=True)
        await settle()
        (agent,) = world.registry.agents
        assert (agent.name, agent.executable) == ("stranger", "/opt/host")
        await enrolment.close()

    play(story)


def test_refused_or_unanswered_it_stays_out() -> None:
    async def story() -> None:
        world = BrokerWorld()
        enrolment = watch(world)
        await connect(world, "stranger", "other")
        world.answer(world.approver.shown[0], allow=False)
        await settle()
        await connect(world, "stranger")
        assert len(world.approver.shown) == 2
        await enrolment.close()
        await settle()
        assert world.registry.agents == ()
        assert world.tokens.files == {}
        world.observers.changed(Topic.AGENTS)

    play(story)


@pytest.mark.parametrize("name", ["", "../x", "a b"])
def test_what_is_no_name_is_not_asked_about(name: str) -> None:
    async def story() -> None:
        world = BrokerWorld()
        enrolment = watch(world)
        await connect(world, name)
        assert world.approver.shown == []
        await enrolment.close()

    play(story)


def test_enrolled_names_are_not_asked_about() -> None:
    async def story() -> None:
        world = BrokerWorld()
        await world.registry.enrol("analyst")
        enrolment = watch(world)
        # Its token was wrong: the name is somebody's already.
        await connect(world, "analyst")
        world.live.open.append(make_connection(agent="coder"))
        world.observers.changed(Topic.AGENTS)
        await settle()
        assert world.approver.shown == []
        await enrolment.close()

    play(story)


def test_names_do_not_fill_the_queue() -> None:
    async def story() -> None:
        world = BrokerWorld()
        enrolment = watch(world)
        await connect(world, *(f"agent-{n}" for n in range(MOST_ASKED + 5)))
        assert len(world.approver.shown) == MOST_ASKED
        await enrolment.close()

    play(story)


def test_a_host_that_is_not_known_is_said_so() -> None:
    async def story() -> None:
        world = BrokerWorld()
        enrolment = watch(world)
        connection = make_connection(agent="stranger", enrolled=False)
        connection.peer = type(connection.peer)(process=None, parents=(), host=None)
        world.live.open.append(connection)
        world.observers.changed(Topic.AGENTS)
        await settle()
        subject = json.loads(world.approver.shown[0].arguments)
        assert (subject["executable"], subject["pid"]) == ("", None)
        await enrolment.close()

    play(story)
