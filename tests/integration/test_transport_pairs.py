"""Every way to an agent with every way to a server, with the SDK's client and the SDK's server."""

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import product
from pathlib import Path

import httpx2
import mcp
import pytest
from mcp.client.client import ConnectMode
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, TextContent

from keyturn import shim
from keyturn.application.tasks import TaskOwner
from keyturn.domain.configuration import RemoteTransport, ReviewMode, ServerConfig, ToolSetting
from keyturn.domain.decision import Delivery
from keyturn.domain.tier import Tier
from tests.integration.http_rig import endpoint
from tests.integration.link_rig import SECONDS, World
from tests.integration.stories import tell
from tests.integration.test_link import deliveries
from tests.integration.test_link_socket import TOKEN, Broker, broker

SDK_SERVER = Path(__file__).parent / "servers" / "sdk_server.py"
TOOLS = ["echo", "note", "work", "cancelled", "leave"]


@asynccontextmanager
async def sdk_server(world: World, way: str) -> AsyncGenerator[ServerConfig]:
    """Configure the SDK's server; over HTTP it runs already."""
    command, url = (sys.executable, str(SDK_SERVER), way), ""
    process = None
    if way != "stdio":
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        assert process.stdout is not None
        port = (await asyncio.wait_for(process.stdout.readline(), SECONDS)).decode().strip()
        command, url = (), f"http://127.0.0.1:{port}/{'sse' if way == 'sse' else 'mcp'}"
    try:
        yield ServerConfig(
            name="sdk",
            command=command,
            url=url,
            transport=RemoteTransport.SSE if way == "sse" else RemoteTransport.HTTP,
            review=ReviewMode.ACCEPT,
            cwd_path=str(world.folder),
            tools=(ToolSetting(pattern="*", tier=Tier.T0),),
        )
    finally:
        if process is not None:
            if process.returncode is None:
                process.kill()
            await process.wait()


@asynccontextmanager
async def client_of(
    world: World, server: ServerConfig, way: str, mode: ConnectMode
) -> AsyncGenerator[mcp.Client]:
    """Connect the SDK's client as an agent's host does."""
    if way == "http":
        async with endpoint(world, servers=(server,)) as e:
            url = f"http://127.0.0.1:{e.endpoint.port}/s/sdk"
            headers = {"authorization": f"Bearer {TOKEN}"}
            async with (
                httpx2.AsyncClient(headers=headers, timeout=SECONDS) as http,
                mcp.Client(streamable_http_client(url, http_client=http), mode=mode) as client,
            ):
                yield client
        return
    async with broker(world, servers=(server,)) as b, mcp.Client(_shim(b), mode=mode) as client:
        yield client


def _shim(b: Broker) -> StdioServerParameters:
    agents = b.home / "agents"
    agents.mkdir(mode=0o700)
    token = agents / "analyst.token"
    token.touch(0o600)
    token.write_text(f"{TOKEN}\n", encoding="ascii")
    return StdioServerParameters(
        command=sys.executable,
        args=["-I", "-S", str(Path(shim.__file__)), "sdk", "--agent", "analyst"],
        env={"KEYTURN_HOME": str(b.home), "XDG_RUNTIME_DIR": str(b.run)},
    )


def text_of(result: CallToolResult) -> str:
    """Return the text of a result."""
    return "".join(one.text for one in result.content if isinstance(one, TextContent))


async def given_up(client: mcp.Client) -> None:
    """Have a call begin, and cancel it; the server hears of it."""
    began = asyncio.Event()
    tasks = TaskOwner()

    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        # Keyturn's own keep-alive came first, at 0.
        if progress >= 1:
            began.set()

    tasks.start(client.call_tool("work", {"name": "it"}, progress_callback=progressed), "work")
    await asyncio.wait_for(began.wait(), SECONDS)
    await tasks.close()
    async with asyncio.timeout(SECONDS):
        while text_of(await client.call_tool("cancelled", {})) != "it":
            pass


async def left(client: mcp.Client) -> None:
    """Call what ends the server, and be told."""
    try:
        result = await asyncio.wait_for(client.call_tool("leave", {}), SECONDS)
    except mcp.MCPError:
        return
    assert result.is_error


# anyio's connect_tcp keeps what it had just connected when it is cancelled then; the collector
# closes that socket, and is asked to do so here.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <(socket.socket|function _SelectorTransport.__del__)"
    ":pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize(
    ("agent_way", "server_way", "mode"),
    [
        *product(("stdio", "http"), ("stdio", "http", "sse"), ("auto",)),
        ("stdio", "sse", "legacy"),
        ("http", "sse", "legacy"),
    ],
)
def test_calls_progress_a_cancellation_and_a_death(
    tmp_path: Path, agent_way: str, server_way: str, mode: ConnectMode
) -> None:
    async def story(world: World) -> None:
        async with (
            sdk_server(world, server_way) as server,
            client_of(world, server, agent_way, mode) as client,
        ):
            assert [tool.name for tool in (await client.list_tools()).tools] == TOOLS
            asked = [client.call_tool("echo", {"text": f"é{n}"}) for n in range(10)]
            texts = [text_of(result) for result in await asyncio.gather(*asked)]
            assert texts == [f"é{n}" for n in range(10)]
            await given_up(client)
            done = len(deliveries(world))
            await left(client)
            # The call that was given up may be the other one.
            assert set(deliveries(world)[done:]) == {Delivery.UNKNOWN.value}

    tell(tmp_path, story)
    gc.collect()
