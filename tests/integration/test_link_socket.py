"""The socket and the hub: greetings, who is let in, control requests, shims and SDK clients."""

import asyncio
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import mcp
import pytest
from mcp.client.stdio import StdioServerParameters

from keyturn import shim
from keyturn.application.ports.processes import ObservedPeer, ObservedProcess
from keyturn.application.stop import StopLevel
from keyturn.broker.downstream_socket import DownstreamSocket
from keyturn.broker.hub import Hub, HubSettings
from keyturn.desktop.clock import SystemClock
from keyturn.desktop.paths import make_socket_folder, socket_path
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.configuration import (
    AgentConfig,
    CwdMode,
    Limits,
    ReviewMode,
    ServerConfig,
    ToolSetting,
)
from keyturn.domain.errors import ServerUnavailable
from keyturn.domain.tier import Tier
from tests.fakes.clock import FakeClock
from tests.integration.link_rig import SECONDS, RealCommands, World, line_of, request
from tests.integration.stories import tell

TOKEN = "a-token-of-this-test"
ANALYST = AgentConfig(
    name="analyst", token_sha256=hashlib.sha256(TOKEN.encode()).hexdigest(), http=True
)


class Peers(RealCommands):
    """Whoever connects is a shim whose host nobody knows, unless a test wrote it in."""

    looks = 0
    """How often somebody asked whether a process lives."""

    def alive(self, process: ObservedProcess) -> bool:
        """Count, and answer."""
        self.looks += 1
        return super().alive(process)

    def observe(self, pid: int) -> ObservedPeer:
        """Describe this process as the shim and its host."""
        me = ObservedProcess(pid=pid, started=1.0, executable="", name="shim")
        return self.peers.get(pid, ObservedPeer(process=me, parents=(), host=None))


class Controls:
    """Echoes."""

    async def control(self, request: Mapping[str, JsonValue]) -> JsonObject:
        """Return the request as done."""
        return {"ok": True, **request}


@dataclass
class Broker:
    """A listening socket with its hub."""

    world: World
    hub: Hub
    path: Path
    home: Path
    run: Path
    processes: "Peers"

    async def greet(self, **fields: Any) -> "Talk":
        """Connect as a shim does."""
        hello: dict[str, Any] = {
            "v": 1,
            "server": "raw",
            "agent": "analyst",
            "token": TOKEN,
            "cwd": "",
            "env": {},
        }
        return await self.connect(line_of({**hello, **fields}))

    async def connect(self, first: bytes) -> "Talk":
        """Connect and send a first line."""
        reader, writer = await asyncio.open_unix_connection(self.path, limit=1 << 24)
        writer.write(first)
        return Talk(reader, writer)


@dataclass
class Talk:
    """A client of the socket, in this process."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def ask(self, request_id: int, method: str, params: Any = None) -> dict[str, Any]:
        """Send a request and return its answer."""
        self.writer.write(line_of(request(request_id, method, params)))
        while True:
            frame = json.loads(await self.line())
            if frame.get("id") == request_id:
                return frame

    async def line(self) -> bytes:
        """Read one line; empty at the end."""
        return await asyncio.wait_for(self.reader.readline(), SECONDS)

    async def close(self) -> None:
        """Close both ways."""
        self.writer.close()
        await self.writer.wait_closed()


@asynccontextmanager
async def broker(world: World, *, headless: bool = False, **more: Any) -> AsyncGenerator[Broker]:
    run = Path(tempfile.mkdtemp(prefix="kt-", dir=os.environ["XDG_RUNTIME_DIR"]))
    processes = more.get("processes") or Peers()
    services = replace(world.services, processes=processes)
    hub = Hub(
        services,
        replace(world.means, processes=processes),
        HubSettings(
            headless=headless,
            environment=os.environ,
            server_log=lambda _server: world.server_log.append,
            token_used=more.get("token_used", list[str]().append),
        ),
    )
    time_server = ServerConfig(
        name="time",
        command=(sys.executable, "-m", "mcp_server_time"),
        review=ReviewMode.ACCEPT,
        cwd_path=str(world.folder),
        tools=(ToolSetting(pattern="*", tier=Tier.T0),),
    )
    servers = more.get("servers", (world.raw_server(), time_server))
    hub.use(servers, more.get("agents", (ANALYST,)))
    path = socket_path(world.folder, str(run), "", os.getuid())
    make_socket_folder(path)
    listening = DownstreamSocket(
        path,
        connections=hub,
        controls=Controls(),
        clock=more.get("clock", SystemClock()),
        frame_bytes=world.limits.frame_bytes,
    )
    await listening.start()
    try:
        yield Broker(
            world=world, hub=hub, path=path, home=world.folder, run=run, processes=processes
        )
    finally:
        await listening.close()
        await hub.close()


def test_a_greeted_connection_reaches_its_server(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        used = list[str]()
        async with broker(world, token_used=used.append) as b:
            assert b.path.stat().st_mode & 0o777 == 0o600
            talk = await b.greet()
            assert (await talk.ask(1, "ping", {"a": 1}))["result"] == {"a": 1}
            (connection,) = b.hub.connections()
            assert (connection.agent, connection.agent_enrolled) == ("analyst", True)
            assert used == ["analyst"]
            assert b.hub.running("raw") == 1
            await talk.close()
        assert b.hub.connections() == ()
        assert not b.path.exists()

    tell(tmp_path, story)


@pytest.mark.parametrize(
    ("fields", "agent"),
    [
        ({"agent": "coder", "token": ""}, "coder"),
        ({"agent": "", "token": ""}, "unknown"),
        ({"token": "wrong"}, "analyst (not proven)"),
        ({"token": ""}, "analyst (not proven)"),
        # The broker's own name: a card would say that no agent asks.
        ({"agent": "keyturn", "token": ""}, "keyturn (not proven)"),
        ({"agent": "KEYTURN", "token": ""}, "KEYTURN (not proven)"),
        # Its practice agent's: what that one asks for goes nowhere.
        ({"agent": "practice agent", "token": ""}, "practice agent (not proven)"),
        ({"agent": "Practice agent", "token": ""}, "Practice agent (not proven)"),
        ({"agent": "practice agent 2", "token": ""}, "practice agent 2 (not proven)"),
        ({"agent": "practice-agent", "token": ""}, "practice-agent (not proven)"),
        ({"agent": "prac\u0442ice agent", "token": ""}, "prac\u0442ice agent (not proven)"),
        # A rule would read it as a pattern.
        ({"agent": "analys?", "token": ""}, "analys? (not proven)"),
    ],
)
def test_who_has_no_token_is_not_taken_for_its_bearer(
    tmp_path: Path, fields: dict[str, str], agent: str
) -> None:
    async def story(world: World) -> None:
        used = list[str]()
        async with broker(world, token_used=used.append) as b:
            talk = await b.greet(**fields)
            await talk.ask(1, "ping")
            (connection,) = b.hub.connections()
            assert (connection.agent, connection.agent_enrolled) == (agent, False)
            assert used == []
            await talk.close()

    tell(tmp_path, story)


def test_a_headless_broker_lets_only_named_agents_in(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world, headless=True) as b:
            talk = await b.greet(token="wrong")
            error = (await talk.ask(1, "initialize"))["error"]
            assert error["code"] == -32010
            await talk.close()
        async with broker(world, headless=True, agents=()) as b:
            talk = await b.greet(agent="", token="")
            await talk.ask(1, "ping")
            assert b.hub.connections()[0].agent == "local"
            await talk.close()

    tell(tmp_path, story)


def test_an_unknown_server_is_answered_and_not_closed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await b.greet(server="nobody")
            for number in (1, 2):
                error = (await talk.ask(number, "initialize"))["error"]
                assert error["code"] == -32010
                assert "No server of this name" in error["message"]
            await talk.close()

    tell(tmp_path, story)


def test_one_connection_too_many_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            first, second = await b.greet(), await b.greet()
            await first.ask(1, "ping")
            assert "Too many" in (await second.ask(1, "ping"))["error"]["message"]
            await first.close()
            await second.close()

    tell(tmp_path, story, limits=Limits(connections=1))


def test_a_control_request_gets_one_object(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await b.connect(b'{"v":1,"control":"status"}\n')
            answer = json.loads(await talk.line())
            peer = os.getpid() if sys.platform == "linux" else 0
            assert answer == {"ok": True, "v": 1, "control": "status", "peer": peer}
            assert await talk.line() == b""
            await talk.close()

    tell(tmp_path, story)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not say")
@pytest.mark.requirement("INPUT-5")
def test_nobody_chooses_whose_process_asks(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await b.connect(b'{"v":1,"control":"check_input","peer":1,"pid":1}\n')
            assert json.loads(await talk.line())["peer"] == os.getpid()
            await talk.close()

    tell(tmp_path, story)


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\n",
        b'{"v":2,"server":"raw"}\n',
        b'{"v":1}\n',
        b'{"v":1,"server":"raw","server":"time"}\n',
        b'{"v":1,"server":"raw","env":{"A":1}}\n',
        b"x" * (1 << 21),
    ],
)
def test_what_is_no_greeting_is_closed(tmp_path: Path, first: bytes) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await b.connect(first)
            try:
                assert await talk.line() == b""
            except (BrokenPipeError, ConnectionResetError):
                assert len(first) > 1 << 20
            assert b.hub.connections() == ()
            talk.writer.transport.abort()

    tell(tmp_path, story)


def test_a_stranger_that_says_nothing_is_closed(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        clock = FakeClock()
        async with broker(world, clock=clock) as b:
            talk = await b.connect(b"")
            other = await b.connect(b'{"v":1,"control":"status"}\n')
            assert await other.line()
            clock.advance(5.0)
            assert await talk.line() == b""
            await talk.close()
            await other.close()

    tell(tmp_path, story)


def test_another_users_process_is_not_listened_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
            with pytest.raises(ConnectionError):
                talk = await b.connect(b'{"v":1,"control":"status"}\n')
                assert await talk.line() == b""
                raise ConnectionResetError
            monkeypatch.undo()

    tell(tmp_path, story)


def test_frames_behind_the_greeting_are_not_lost(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            hello: dict[str, Any] = {"v": 1, "server": "raw", "agent": "analyst", "token": TOKEN}
            talk = await b.connect(line_of(hello) + line_of(request(1, "ping", {"early": 1})))
            assert json.loads(await talk.line())["result"] == {"early": 1}
            await talk.close()

    tell(tmp_path, story)


def test_the_agents_environment_reaches_a_server_by_configured_names_only(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            server = world.raw_server(env={"MODE": "demo", "REGION": "agent:REGION"})
            b.hub.use((server,), (ANALYST,))
            talk = await b.greet(env={"REGION": "north", "MODE": "other", "LD_PRELOAD": "x.so"})
            environment = (await talk.ask(1, "x/environment"))["result"]
            assert environment["MODE"] == "demo"
            assert environment["REGION"] == "north"
            assert not {"LD_PRELOAD", "KEYTURN_HOME"} & set(environment)
            await talk.close()

    tell(tmp_path, story)


def test_a_removed_server_and_a_revoked_agent_are_ended(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        for change in ((), (ANALYST,)), ((world.raw_server(),), ()):
            async with broker(world) as b:
                talk = await b.greet()
                await talk.ask(1, "ping")
                b.hub.use(*change)
                assert await talk.line() == b""
                assert b.hub.connections() == ()
                await talk.close()

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-5")
def test_the_second_level_of_the_stop_ends_servers_and_starts_none(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await b.greet()
            await talk.ask(1, "ping")
            await world.stop.engage("window", level=StopLevel.SERVERS)
            assert await talk.line() == b""
            await talk.close()
            again = await b.greet()
            refused = await again.ask(1, "initialize", {})
            assert "stopped in Keyturn" in refused["error"]["message"]
            assert b.hub.running("raw") == 0
            with pytest.raises(ServerUnavailable):
                await b.hub.review("time")
            await again.close()

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-5")
def test_the_third_level_of_the_stop_lets_no_agent_in_until_the_resume(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            await world.stop.engage("window", level=StopLevel.CONNECTIONS)
            talk = await b.greet()
            assert "stopped in Keyturn" in (await talk.ask(1, "ping"))["error"]["message"]
            assert b.hub.connections() == ()
            await talk.close()
            await world.stop.resume(looked_at=(), careful=False)
            after = await b.greet()
            assert "result" in await after.ask(1, "ping")
            await after.close()

    tell(tmp_path, story)


def test_a_review_without_an_agent_lists_and_ends_the_server(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            await b.hub.review("time")
            assert {pin.definition.name for pin in world.agreements.pins()} == {
                "get_current_time",
                "convert_time",
            }
            assert b.hub.running("time") == 0
            with pytest.raises(ServerUnavailable):
                await b.hub.review("nobody")

    tell(tmp_path, story)


def test_connections_that_come_and_go_leave_one_command_to_agree_to(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            b.hub.use((world.raw_server(review=ReviewMode.ASK, cwd=CwdMode.AGENT),), (ANALYST,))
            for number in range(3):
                (tmp_path / str(number)).mkdir()
                talk = await b.greet(cwd=str(tmp_path / str(number)))
                answer = await talk.ask(1, "initialize", {})
                assert "waiting for review" in answer["error"]["message"]
                await talk.close()
            with pytest.raises(ServerUnavailable, match="waits for your agreement"):
                await b.hub.review("raw")
            (waiting,) = world.approvals.waiting()
            assert json.loads(waiting.request.arguments)["cwd"] == str(tmp_path)

    tell(tmp_path, story, limits=Limits(review_seconds=0.05))


def test_a_client_that_does_not_read_does_not_grow_the_broker(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await b.greet()
            await talk.ask(1, "ping")
            transport: Any = talk.writer.transport
            transport.pause_reading()
            text = "x" * 100_000
            for number in range(200):
                talk.writer.write(line_of(request(number + 2, "x/echo", {"text": text})))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(talk.writer.drain(), 2)
            transport.resume_reading()
            seen = {json.loads(await talk.line())["id"] for _ in range(200)}
            assert seen == set(range(2, 202))
            await talk.close()

    tell(tmp_path, story)


@pytest.mark.parametrize("mode", ["auto", "legacy", "2026-07-28"])
def test_the_sdk_talks_to_a_real_server_through_the_shim(tmp_path: Path, mode: Any) -> None:
    async def story(world: World) -> None:
        async with broker(world) as b:
            agents = b.home / "agents"
            agents.mkdir(mode=0o700)
            token = agents / "analyst.token"
            token.touch(0o600)
            token.write_text(f"{TOKEN}\n", encoding="ascii")
            parameters = StdioServerParameters(
                command=sys.executable,
                args=["-I", "-S", str(Path(shim.__file__)), "time", "--agent", "analyst"],
                env={"KEYTURN_HOME": str(b.home), "XDG_RUNTIME_DIR": str(b.run)},
            )
            async with mcp.Client(parameters, mode=mode) as client:
                tools = await client.list_tools()
                assert [tool.name for tool in tools.tools] == ["get_current_time", "convert_time"]
                result = await client.call_tool("get_current_time", {"timezone": "Europe/Berlin"})
                assert not result.is_error
                (connection,) = b.hub.connections()
                assert connection.claims.name == "mcp"
                assert connection.agent_enrolled

    tell(tmp_path, story)
