"""What a host process leaves behind when it closes its connections first and exits then."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.application.approval_request import AnswerVerdict, WithdrawCause
from keyturn.broker import hub
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.lamps import Lamps
from keyturn.domain.step_up import Takes
from keyturn.domain.tier import Tier
from tests.factories import make_request
from tests.integration.link_rig import SECONDS, World
from tests.integration.stories import tell
from tests.integration.test_link import outcomes
from tests.integration.test_link_socket import Broker, Talk, broker

HOST = 4242


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "LOOK_SECONDS", 0.02)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is true."""
    for _ in range(int(SECONDS * 100)):
        if true():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def ask(b: Broker) -> Talk:
    """Have a call of a host wait for a person."""
    b.processes.add(os.getpid(), host=HOST)
    talk = await b.greet()
    await talk.ask(1, "initialize", {"capabilities": {}})
    talk.writer.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
    talk.writer.write(
        b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{}}}\n'
    )
    await b.world.approver.asked()
    return talk


@pytest.mark.requirement("I-09")
def test_what_it_left_detached_is_withdrawn_and_its_session_ends(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await ask(b)
            await talk.close()
            (waiting,) = world.approvals.waiting()
            await until(lambda: not b.hub.connections())
            assert world.approver.detached == [waiting.request.id]
            assert len(world.sessions.all()) == 1
            b.processes.ended.add(HOST)
            await until(lambda: not world.sessions.all())
            assert world.approvals.waiting() == ()
            assert (waiting.request.id, WithdrawCause.CANCELLED) in world.approver.withdrawn
            assert outcomes(world) == [Outcome.CANCELLED_BY_CLIENT.value]

    tell(tmp_path, story, rules=())


@pytest.mark.requirement("I-09")
def test_a_call_whose_hold_ran_out_is_withdrawn_with_its_host(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await ask(b)
            await until(lambda: bool(world.approver.detached))
            b.processes.ended.add(HOST)
            await until(lambda: not world.approvals.waiting())
            assert outcomes(world) == [Outcome.CANCELLED_BY_CLIENT.value]
            await talk.close()

    tell(tmp_path, story, rules=(), limits=Limits(hold_seconds=0.05))


@pytest.mark.requirement("I-09")
def test_a_retry_that_was_granted_it_ends_with_it(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await ask(b)
            await talk.close()
            await until(lambda: not b.hub.connections())
            (waiting,) = world.approvals.waiting()
            world.approver.answer(waiting.request, AnswerVerdict.ALLOW_ONCE)
            grants = world.approvals.grants
            other = replace(make_request(), digest="another's", session="another", tier=Tier.T0)
            grants.make_for(other, Takes.CLICK)
            assert len(grants) == 2
            b.processes.ended.add(HOST)
            await until(lambda: not world.sessions.all())
            assert len(grants) == 1
            assert grants.take("another's", Tier.T0, Takes.CLICK)

    tell(tmp_path, story, rules=())


def test_a_session_stays_while_a_connection_is_in_it(tmp_path: Path) -> None:
    """Somebody else may hold the pipes of a host that has exited."""

    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await ask(b)
            b.processes.ended.add(HOST)
            looks = b.processes.looks
            await until(lambda: b.processes.looks > looks + 10)
            (session,) = world.sessions.all()
            world.sessions.join("analyst", b.processes.observe(1)).light(Lamps.U, 1)
            assert session.lamps is Lamps.U
            await talk.close()
            await until(lambda: session not in world.sessions.all())

    tell(tmp_path, story, rules=())
