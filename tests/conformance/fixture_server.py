"""Owns the server that the official suite is run against: what its scenarios need, and no more.

Run: python -m tests.conformance.fixture_server --http PORT | --stdio

HTTP is `http://localhost:PORT/mcp`. On top of the SDK's server, so that the bytes are those of a
server that is widely used; only the tools, resources and prompts are ours.
"""

import argparse
import secrets
from typing import Any

from mcp import types
from mcp.server.mcpserver import MCPServer, RequestStateSecurity
from mcp.server.streamable_http import EventCallback, EventMessage, EventStore

from tests.conformance import fixture_contents, fixture_questions

RETRY_MILLISECONDS = 100
SUBSCRIPTIONS = (
    ("logging/setLevel", types.SetLevelRequestParams),
    ("resources/subscribe", types.SubscribeRequestParams),
    ("resources/unsubscribe", types.UnsubscribeRequestParams),
)
"""Requests that it takes and has no use for."""


class FixtureServer(MCPServer[Any]):
    """The SDK's server with the suite's tools, and one schema as it was written."""

    def __init__(self) -> None:
        """Register everything."""
        security = RequestStateSecurity(keys=[secrets.token_bytes(32)])
        super().__init__(name="keyturn-fixture", version="1.0.0", request_state_security=security)
        tools = {**fixture_contents.TOOLS, **fixture_questions.TOOLS}
        for name, (function, description) in tools.items():
            self.add_tool(function, name=name, description=description)
        fixture_contents.put_contents(self)
        fixture_questions.put_questions(self)
        for method, params in SUBSCRIPTIONS:
            self._lowlevel_server.add_request_handler(method, params, _nothing)

    async def list_tools(self) -> list[types.Tool]:
        """List them; the SDK makes schemas from functions, which knows fewer keywords."""
        tools = await super().list_tools()
        return [
            tool.model_copy(update={"input_schema": fixture_contents.SCHEMA})
            if tool.name == fixture_contents.SCHEMA_TOOL
            else tool
            for tool in tools
        ]


async def _nothing(ctx: Any, params: Any) -> types.EmptyResult:
    return types.EmptyResult()


class Replay(EventStore):
    """Keeps every event, so that a stream that was dropped can be taken up again."""

    def __init__(self) -> None:
        """Begin with none."""
        self._events: list[tuple[str, types.JSONRPCMessage | None]] = []

    async def store_event(self, stream_id: str, message: types.JSONRPCMessage | None) -> str:
        """Keep an event and return its id."""
        self._events.append((stream_id, message))
        return str(len(self._events))

    async def replay_events_after(
        self, last_event_id: str, send_callback: EventCallback
    ) -> str | None:
        """Send what its stream had after an event, and return which stream that is."""
        last = int(last_event_id) if last_event_id.isdigit() else 0
        if not 0 < last <= len(self._events):
            return None
        stream = self._events[last - 1][0]
        for number, (owner, message) in enumerate(self._events[last:], last + 1):
            if owner == stream and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream


def main() -> None:
    """Serve until ended."""
    options = argparse.ArgumentParser(prog="fixture_server")
    how = options.add_mutually_exclusive_group(required=True)
    how.add_argument("--http", type=int, metavar="PORT")
    how.add_argument("--stdio", action="store_true")
    chosen = options.parse_args()
    server = FixtureServer()
    if chosen.stdio:
        server.run(transport="stdio")
    else:
        server.run(
            transport="streamable-http",
            port=chosen.http,
            event_store=Replay(),
            retry_interval=RETRY_MILLISECONDS,
        )


if __name__ == "__main__":
    main()
