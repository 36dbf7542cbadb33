"""An enrolled agent in another program than the enrolled one asks until a person agrees."""

import json
from dataclasses import replace

import pytest

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.connection import Connection
from keyturn.application.events import Topic
from keyturn.application.ports.processes import ObservedPeer
from keyturn.application.review_request import BECAUSE_PROGRAM
from keyturn.domain.configuration import AgentConfig
from keyturn.domain.policy import Because
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.factories import make_call, make_connection
from tests.sources import ROOT
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import World, play, settle
from tests.unit.application.test_enrolment import watch

pytestmark = pytest.mark.requirement("AGENT-PROGRAM")

OLD, NEW = "aa" * 32, "bb" * 32


def elsewhere(sha256: str = NEW) -> Connection:
    """Make a connection of the agent from another program."""
    return replace(make_connection(), program_changed=True, program_sha256=sha256)


async def connected(world: BrokerWorld, *connections: Connection) -> list[ApprovalRequest]:
    """Enrol the agent, let it connect so, and return what is asked."""
    if not world.registry.agents:
        await world.registry.enrol("analyst", "/opt/old", OLD)
    world.live.open += connections
    world.observers.changed(Topic.AGENTS)
    await settle()
    return world.approver.shown


@pytest.mark.parametrize(
    ("executable", "sha256", "same"),
    [
        ("/opt/host", OLD, True),
        ("/opt/host", NEW, False),
        ("/opt/host", "", False),
        ("/tmp/host", OLD, False),
    ],
)
def test_a_program_is_its_path_and_its_bytes(executable: str, sha256: str, same: bool) -> None:
    agent = AgentConfig(name="a", token_sha256="", executable="/opt/host", executable_sha256=OLD)
    assert agent.runs_in(executable, sha256) is same


def test_what_was_not_seen_at_the_enrolment_is_not_held_against_it() -> None:
    assert AgentConfig(name="a", token_sha256="").runs_in("/any", NEW)
    assert AgentConfig(name="a", token_sha256="", executable="/opt/host").runs_in("/opt/host", NEW)


def test_no_rule_allows_its_calls() -> None:
    async def story() -> None:
        world = World(Rule(id="r1", effect=Effect.ALLOW))
        connection = await world.connect(elsewhere())
        task = world.start(make_call(connection))
        request = await world.asked()
        assert request.because == Because.PROGRAM_CHANGED.value
        assert request.asked_by.program_changed
        world.answer(request, allow=False)
        await task

    play(story)


def test_a_person_is_shown_the_old_and_the_new_once() -> None:
    async def story() -> None:
        world = BrokerWorld()
        enrolment = watch(world)
        (request,) = await connected(world, elsewhere(), elsewhere())
        assert (request.kind, request.because) == (RequestKind.AGENT, BECAUSE_PROGRAM)
        subject = json.loads(request.arguments)
        assert (subject["executable"], subject["sha256"]) == ("/opt/host", NEW)
        assert subject["enrolled"] == {"executable": "/opt/old", "sha256": OLD}
        token = world.registry.agents[0].token_sha256
        world.answer(request, allow=True)
        await settle()
        (agent,) = world.registry.agents
        assert (agent.executable, agent.executable_sha256) == ("/opt/host", NEW)
        assert agent.token_sha256 == token
        assert world.live.agents == (agent,)
        entry = world.log.of_type(RecordType.AGENT)[-1]
        assert (entry.outcome, entry.agent) == ("program", "analyst")
        await enrolment.close()

    play(story)


def test_a_program_that_is_not_seen_is_asked_about_once_and_can_be_enrolled(words: Words) -> None:
    """As of a service that the system starts: only a person takes it for the agent."""

    async def story() -> None:
        world = BrokerWorld()
        enrolment = watch(world)
        unseen = ObservedPeer(process=None, parents=(), host=None)
        one = replace(elsewhere(""), peer=unseen)
        (request,) = await connected(world, one, replace(one, id="n-2"))
        phrases = CardBuilder(words, read_verbs(ROOT / "resources" / "verbs.toml")).phrases
        assert phrases.headline(request).startswith("analyst is not seen to run in the program")
        assert "counts from any program" in phrases.why_asked(request)
        world.answer(request, allow=True)
        await settle()
        (agent,) = world.registry.agents
        assert (agent.executable, agent.executable_sha256) == ("", "")
        assert agent.runs_in("", "")
        await enrolment.close()

    play(story)


@pytest.fixture(scope="module")
def words() -> Words:
    return Words(ROOT / "resources" / "translations")


def test_a_no_changes_nothing_and_another_program_is_asked_about() -> None:
    async def story() -> None:
        world = BrokerWorld()
        enrolment = watch(world)
        (request,) = await connected(world, elsewhere())
        world.answer(request, allow=False)
        await settle()
        assert world.registry.agents[0].executable_sha256 == OLD
        assert len(await connected(world, elsewhere("cc" * 32))) == 2
        await enrolment.close()

    play(story)


def test_an_agent_that_was_revoked_meanwhile_stays_out() -> None:
    async def story() -> None:
        world = BrokerWorld()
        enrolment = watch(world)
        (request,) = await connected(world, elsewhere())
        await world.registry.revoke("analyst")
        world.answer(request, allow=True)
        await settle()
        assert world.registry.agents == ()
        await enrolment.close()

    play(story)
