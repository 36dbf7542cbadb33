"""An agent host as a test holds it: a real MCP client behind the real shim, on its own thread.

Calls come back as futures, so that a test reads top to bottom: the agent asks, a person decides,
the agent is answered.
"""

from collections.abc import Generator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client, StdioServerParameters
from mcp.shared.dispatcher import ProgressFnT
from mcp.types import CallToolResult, TextContent

from tests.e2e.desk import SECONDS, shim_argv, wait_until
from tests.e2e.seeding import AGENT

ANSWER_SECONDS = 60.0
"""How long an agent waits for the answer to a call."""


class AgentHost:
    """One client, connected."""

    def __init__(self, portal: BlockingPortal, client: Client) -> None:
        """Speak through `client`, which lives on the portal's thread."""
        self._portal = portal
        self.client = client

    def call(
        self, tool: str, arguments: Mapping[str, Any], progress: ProgressFnT | None = None
    ) -> "Future[CallToolResult]":
        """Call a tool; the future is its result, and cancelling it cancels the call."""
        return self._portal.start_task_soon(
            partial(self.client.call_tool, tool, dict(arguments), progress_callback=progress)
        )

    def tools(self) -> list[str]:
        """List the names of the tools that the agent sees."""
        listed = self._portal.call(self.client.list_tools)
        return [tool.name for tool in listed.tools]

    def reviewed_tools(self) -> list[str]:
        """List them once there are any: what starts slowly is reviewed after an empty list."""
        return wait_until(self.tools, "its tools, started and reviewed")

    def do(self, function: Any, *arguments: Any, **named: Any) -> Any:
        """Await any other method of the client."""
        return self._portal.start_task_soon(partial(function, *arguments, **named)).result(SECONDS)


@contextmanager
def connected(
    env: Mapping[str, str], server: str, *, agent: str = AGENT, mode: str = "auto"
) -> Generator[AgentHost]:
    """Launch the shim as a host would, with this environment, and connect."""
    argv = shim_argv(server, agent)
    parameters = StdioServerParameters(command=argv[0], args=list(argv[1:]), env=dict(env))
    with host_of(parameters, mode=mode) as host:
        yield host


@contextmanager
def host_of(parameters: StdioServerParameters, *, mode: str = "auto") -> Generator[AgentHost]:
    """Connect to whatever these parameters launch."""
    with start_blocking_portal() as portal:
        client = Client(parameters, mode=mode, read_timeout_seconds=ANSWER_SECONDS)
        context = portal.wrap_async_context_manager(client)
        context.__enter__()
        try:
            yield AgentHost(portal, client)
        finally:
            # A failing test is no business of the client's, which would wrap it in groups.
            context.__exit__(None, None, None)


def text_of(result: CallToolResult) -> str:
    """Return the text that the agent was given."""
    return "\n".join(one.text for one in result.content if isinstance(one, TextContent))
