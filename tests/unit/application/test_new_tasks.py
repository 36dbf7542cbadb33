"""A new task: only the window begins one, it is recorded, and it releases nothing that waits."""

from dataclasses import replace

import pytest

from keyturn.application.agent_messages import NewTask
from keyturn.application.call import Forwarded
from keyturn.application.connection import Connection
from keyturn.application.rejudging import judge_waiting
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, LogUnavailable, PinWanted
from keyturn.domain.lamps import Lamps
from keyturn.domain.pin import PinUse
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.factories import PEER, make_call, make_connection, make_server
from tests.sources import ROOT
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play, settle

ALLOW = Rule(id="all", effect=Effect.ALLOW)
TASK = NewTask(n=1, agent="analyst")


async def lit(world: BrokerWorld, labels: Lamps = Lamps.X) -> Connection:
    """Let an agent be connected whose session has read untrusted text and private data."""
    session = world.sessions.join("analyst", PEER)
    server = make_server(tools=(ToolSetting(pattern="*", tier=Tier.T1, labels=labels),))
    connection = await world.connect(make_connection(server=server, session=session))
    session.light(Lamps.U | Lamps.P, 1)
    return connection


@pytest.mark.requirement("TASK-NEW")
def test_it_puts_the_lamps_out_and_forgets_what_was_read() -> None:
    async def story() -> None:
        world = BrokerWorld(ALLOW)
        connection = await lit(world)
        session = connection.session
        told: JsonObject = {"content": [], "structuredContent": "Mill Lane 66"}
        session.take_notice("mail", "notifications/message", told, 12)
        assert session.trace({"to": "Mill Lane 66"}).origins != ()
        hidden = world.sessions.join("analyst", replace(PEER, host=None))
        assert hidden.lamps == Lamps.U | Lamps.P
        await world.intents.carry_out(TASK)
        assert (session.lamps, hidden.lamps, session.lit_by) == (Lamps.NONE, Lamps.NONE, {})
        assert session.trace({"to": "Mill Lane 66"}).origins == ()
        handled = await world.gate.handle(make_call(connection), world.server)
        assert isinstance(handled, Forwarded)
        assert session.lamps == Lamps.X

    play(story)


@pytest.mark.requirement("TASK-NEW")
def test_it_is_recorded_first_with_what_was_lit() -> None:
    async def story() -> None:
        world = BrokerWorld()
        session = (await lit(world)).session
        await world.intents.carry_out(TASK)
        entry = world.log.of_type(RecordType.AGENT)[-1]
        assert (entry.outcome, entry.agent, entry.actor) == ("new_task", "analyst", Actor.HUMAN)
        said: JsonObject = {"session": session.id, "task": 2, "lamps": "UP"}
        assert entry.details == {"sessions": [said]}
        session.light(Lamps.U, 2)
        world.log.failure = LogUnavailable("The disk is full.")
        with pytest.raises(LogUnavailable):
            await world.intents.carry_out(TASK)
        assert session.lamps == Lamps.U

    play(story)


@pytest.mark.requirement("TASK-NEW", "LAW-4")
def test_nothing_that_waits_is_released_by_it() -> None:
    async def story() -> None:
        world = BrokerWorld(ALLOW)
        connection = await lit(world)
        task = world.start(make_call(connection))
        request = await world.asked()
        assert request.because == "three_lamps"
        await world.intents.carry_out(TASK)
        judge_waiting(world.approvals, world.rules, suspended=False)
        await settle()
        assert not task.done() and world.server.sent == []
        shown = world.approver.shown[-1]
        world.answer(shown, allow=False)
        await task

    play(story)


@pytest.mark.requirement("TASK-NEW")
def test_another_agent_keeps_its_lamps_and_one_that_is_away_has_none() -> None:
    async def story() -> None:
        world = BrokerWorld()
        await lit(world)
        other = world.sessions.join("coder", PEER)
        other.light(Lamps.U, 1)
        await world.intents.carry_out(TASK)
        assert other.lamps == Lamps.U
        with pytest.raises(ConfigurationError):
            await world.intents.carry_out(NewTask(n=2, agent="nobody"))

    play(story)


@pytest.mark.requirement("TASK-NEW", "PIN-1")
def test_it_takes_the_pin() -> None:
    async def story() -> None:
        world = BrokerWorld()
        session = (await lit(world)).session
        world.pin_use = PinUse.T2_T3
        with pytest.raises(PinWanted):
            await world.intents.carry_out(TASK)
        assert session.lamps == Lamps.U | Lamps.P
        await world.intents.carry_out(TASK, pin=True)
        assert session.lamps == Lamps.NONE

    play(story)


@pytest.mark.requirement("TASK-NEW", "LAW-4")
def test_nothing_that_an_agent_reaches_can_begin_one() -> None:
    """Lamps go out in one place, which only the window's intents lead to."""
    app = ROOT / "app" / "keyturn"
    callers = {
        path.relative_to(app).as_posix()
        for path in app.rglob("*.py")
        if "begin_task(" in path.read_text(encoding="utf-8")
    }
    assert callers == {"application/new_tasks.py", "application/sessions.py"}
    for folder in ("broker", "cli"):
        for path in (app / folder).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            assert "NewTask" not in source and "new_tasks" not in source, path


def test_numbers_go_on() -> None:
    async def story() -> None:
        world = BrokerWorld()
        one = (await lit(world)).session
        one.next_call()
        one.next_result()
        await world.intents.carry_out(TASK)
        assert (one.next_call(), one.next_result(), one.task) == (2, 2, 2)

    play(story)
