"""What changes while a connection is made or a server started holds for that one as well."""

import asyncio
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.approval_request import AnswerVerdict
from keyturn.application.ports.secret_store import Secret
from keyturn.application.stop import StopLevel
from keyturn.application.tasks import TaskOwner
from keyturn.broker import transport
from keyturn.broker.child_process import ChildProcess
from keyturn.domain.configuration import ReviewMode, ServerConfig
from keyturn.domain.errors import ServerUnavailable
from keyturn.domain.launch import LaunchIdentity
from tests.fakes.secret_store import FakeSecretStore
from tests.integration.link_rig import SECONDS, World, raw_server
from tests.integration.stories import tell
from tests.integration.test_link_socket import ANALYST, Broker, Peers, broker

SOON = 5.0
"""Far below what a start, an answer or a consent is waited for."""


@dataclass(slots=True)
class HeldCommands(Peers):
    """Looks for a command only once the test lets it."""

    looking: threading.Event = field(default_factory=threading.Event)
    let: threading.Event = field(default_factory=threading.Event)

    def launch_identity(
        self, argv: Any, env_names: Any, cwd: str, search: Mapping[str, str]
    ) -> LaunchIdentity:
        """Wait, then look."""
        self.looking.set()
        assert self.let.wait(SECONDS)
        return Peers.launch_identity(self, argv, env_names, cwd, search)


@dataclass(slots=True)
class HeldSecrets(FakeSecretStore):
    """Gives a secret only once the test lets it."""

    fetching: asyncio.Event = field(default_factory=asyncio.Event)
    let: asyncio.Event = field(default_factory=asyncio.Event)

    async def get(self, server: str, name: str) -> Secret | None:
        """Wait, then give."""
        self.fetching.set()
        await self.let.wait()
        return Secret("of-the-test")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Return the commands of the servers that are started."""
    commands: list[tuple[str, ...]] = []
    spawn = ChildProcess.spawn

    async def noted(command: Any, *rest: Any) -> ChildProcess:
        commands.append(command.argv)
        return await spawn(command, *rest)

    monkeypatch.setattr(transport.ChildProcess, "spawn", noted)
    return commands


async def greeted_while(b: Broker, commands: HeldCommands, happens: Callable[[], Any]) -> Any:
    """Greet, let something happen in the middle of it, and return the answer to a ping."""
    talk = await b.greet()
    assert await asyncio.to_thread(commands.looking.wait, SECONDS)
    made = happens()
    if asyncio.iscoroutine(made):
        await made
    commands.let.set()
    answer = await talk.ask(1, "ping")
    await talk.close()
    return answer


@pytest.mark.requirement("LAW-5")
def test_a_stop_while_a_connection_is_made_lets_it_not_in(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        commands = HeldCommands()
        async with broker(world, processes=commands) as b:
            answer = await greeted_while(
                b, commands, lambda: world.stop.engage("window", level=StopLevel.CONNECTIONS)
            )
            assert "stopped in Keyturn" in answer["error"]["message"]
            assert b.hub.connections() == ()

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-1")
def test_who_is_greeted_while_the_broker_ends_is_not_let_in(
    tmp_path: Path, started: list[tuple[str, ...]]
) -> None:
    async def story(world: World) -> None:
        commands = HeldCommands()
        async with broker(world, processes=commands) as b:
            answer = await greeted_while(b, commands, b.hub.close)
            assert "stopped in Keyturn" in answer["error"]["message"]
            with pytest.raises(ServerUnavailable):
                await b.hub.review("raw")
            assert (b.hub.connections(), started) == ((), [])

    tell(tmp_path, story)


def test_a_server_that_is_removed_while_a_connection_is_made_is_not_reached(
    tmp_path: Path, started: list[tuple[str, ...]]
) -> None:
    async def story(world: World) -> None:
        commands = HeldCommands()
        async with broker(world, processes=commands) as b:
            answer = await greeted_while(b, commands, lambda: b.hub.use((), (ANALYST,)))
            assert "No server of this name" in answer["error"]["message"]
            assert b.hub.connections() == ()
            assert started == []

    tell(tmp_path, story)


def test_an_agent_that_is_revoked_while_its_connection_is_made_is_unknown(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        commands = HeldCommands()
        async with broker(world, processes=commands) as b:
            talk = await b.greet()
            assert await asyncio.to_thread(commands.looking.wait, SECONDS)
            b.hub.use((world.raw_server(),), ())
            commands.let.set()
            await talk.ask(1, "ping")
            assert [one.agent_enrolled for one in b.hub.connections()] == [False]
            await talk.close()

    tell(tmp_path, story)


def test_a_new_token_ends_what_the_earlier_one_opened(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await b.greet()
            await talk.ask(1, "ping")
            b.hub.use((world.raw_server(),), (ANALYST,))
            await talk.ask(2, "ping")
            b.hub.use((world.raw_server(),), (replace(ANALYST, token_sha256="0" * 64),))
            assert await talk.line() == b""
            assert b.hub.connections() == ()
            await talk.close()

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-5")
def test_a_stop_while_a_person_thinks_about_a_command_starts_nothing(
    tmp_path: Path, started: list[tuple[str, ...]]
) -> None:
    async def story(world: World) -> None:
        server = world.raw_server(review=ReviewMode.ASK)
        async with broker(world, servers=(server,)) as b:
            talk = await b.greet()
            asking = TaskOwner().start(talk.ask(1, "ping"), "beside")
            (request,) = await world.approver.asked()
            await world.stop.engage("window", level=StopLevel.SERVERS)
            # Nobody's consent is waited for any more.
            with pytest.raises(ValueError, match="Expecting value"):
                await asyncio.wait_for(asking, SOON)
            world.approver.answer(request, AnswerVerdict.ALLOW_ONCE)
            await asyncio.sleep(0.1)
            assert started == []
            await talk.close()

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-5")
@pytest.mark.parametrize("reviewed", [False, True])
def test_a_stop_while_a_secret_is_fetched_starts_nothing(
    tmp_path: Path, started: list[tuple[str, ...]], reviewed: bool
) -> None:
    async def story(world: World) -> None:
        server = world.raw_server(env={"TOKEN": "keychain:ship"})
        world.secrets = secrets = HeldSecrets()
        async with broker(world, servers=(server,)) as b:
            talk = await b.greet()
            asking = TaskOwner().start(
                b.hub.review("raw") if reviewed else talk.ask(1, "ping"), "beside"
            )
            await asyncio.wait_for(secrets.fetching.wait(), SECONDS)
            await world.stop.engage("window", level=StopLevel.SERVERS)
            await asyncio.sleep(0)
            secrets.let.set()
            with pytest.raises((ValueError, ServerUnavailable)):
                await asyncio.wait_for(asking, SOON)
            assert started == []
            await talk.close()

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-5")
def test_a_stop_ends_a_server_that_is_being_reviewed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        mute = raw_server(
            tmp_path, name="mute", command=(sys.executable, "-c", "import time; time.sleep(60)")
        )
        await _ends_the_review(world, mute, lambda: world.stop.engage("w", level=StopLevel.SERVERS))

    tell(tmp_path, story)


def test_removing_a_server_ends_its_review(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        mute = raw_server(
            tmp_path, name="mute", command=(sys.executable, "-c", "import time; time.sleep(60)")
        )
        await _ends_the_review(world, mute, None)

    tell(tmp_path, story)


async def _ends_the_review(
    world: World, server: ServerConfig, happens: Callable[[], Any] | None
) -> None:
    running = asyncio.Event()
    spawn = ChildProcess.spawn

    async def noted(*all_of_it: Any) -> ChildProcess:
        child = await spawn(*all_of_it)
        running.set()
        return child

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport.ChildProcess, "spawn", noted)
        async with broker(world, servers=(server,)) as b:
            reviewing = TaskOwner().start(b.hub.review("mute"), "beside")
            await asyncio.wait_for(running.wait(), SECONDS)
            if happens is None:
                b.hub.use((), ())
            else:
                await happens()
            with pytest.raises(ServerUnavailable):
                await asyncio.wait_for(reviewing, SOON)


@pytest.mark.requirement("LAW-5")
def test_a_stop_while_a_person_thinks_about_a_review_starts_nothing(
    tmp_path: Path, started: list[tuple[str, ...]]
) -> None:
    async def story(world: World) -> None:
        async with broker(world, servers=(world.raw_server(review=ReviewMode.ASK),)) as b:
            reviewing = TaskOwner().start(b.hub.review("raw"), "beside")
            (request,) = await world.approver.asked()
            await world.stop.engage("window", level=StopLevel.SERVERS)
            world.approver.answer(request, AnswerVerdict.ALLOW_ONCE)
            with pytest.raises(ServerUnavailable, match="stopped"):
                await asyncio.wait_for(reviewing, SOON)
            assert started == []

    tell(tmp_path, story)
