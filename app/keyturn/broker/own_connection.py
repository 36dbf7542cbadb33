"""Owns a look at a server on a connection of the broker's own, for a review without an agent.

It discovers, initializes where that has no answer, declares no capabilities, lists the tools and
ends (architecture.md section 7); it calls nothing.
"""

import asyncio
from contextlib import suppress
from typing import Protocol

from keyturn.application.ports.upstream import Answered, UpstreamReply
from keyturn.broker.envelope import RequestId, ServerFrame, notification_line
from keyturn.broker.eras import CAPABILITIES_KEY, CLIENT_KEY, VERSION_KEY, server_says
from keyturn.broker.instructions import instructions_of
from keyturn.broker.listing import Asks, listed_beside, tools_of
from keyturn.broker.routes import DISCOVER, INITIALIZE, INITIALIZED
from keyturn.broker.upstream_stdio import StdioUpstream
from keyturn.domain.canonical import JsonObject
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.errors import ServerUnavailable, filled

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
DISCOVER_SECONDS = 5.0
_INITIALIZE_SECONDS = 30.0


class Unattended:
    """Takes what a server says that nobody asked for: requests are refused, the rest is dropped."""

    def __init__(self) -> None:
        self.upstream: StdioUpstream | None = None

    def from_server(self, frame: ServerFrame) -> None:
        """Refuse a request; there is no client that could answer it."""
        if frame.asks and self.upstream is not None:
            self.upstream.refuse(frame, "no client is connected")

    def answer_too_long(self, request_id: RequestId) -> None:
        """Nothing was passed."""

    def schema_of(self, tool: str) -> JsonObject | None:
        """It calls nothing."""
        return None

    def server_paused(self, request_id: RequestId, retry: float | None, *, ended: bool) -> None:
        """It waits for its answers, in however many pieces."""

    def server_slow(self, slow: bool) -> None:
        """Nobody writes in bulk."""

    def server_ended(self, reason: str) -> None:
        """What was asked has been answered as lost."""


class OwnConnection(Asks, Protocol):
    """A server that runs for a look only."""

    async def start(self) -> None:
        """Start it; raises ServerUnavailable or SecretStoreUnavailable."""
        ...

    def write(self, line: bytes) -> None:
        """Tell it something."""
        ...

    async def end(self) -> None:
        """End it, and wait for that."""
        ...


async def list_on_own_connection(
    upstream: OwnConnection, version: str, discover_seconds: float = DISCOVER_SECONDS
) -> list[ToolDefinition]:
    """Start the server, return what it lists, end it; `version` is what Keyturn says of itself.

    Servers of the older revisions may answer nothing but `initialize`: after `discover_seconds`
    that is asked too, and what is answered first counts.
    Raises ServerUnavailable or SecretStoreUnavailable when it does not start or does not answer.
    """
    client: JsonObject = {"name": "keyturn", "version": version}
    meta: JsonObject = {VERSION_KEY: MODERN, CLIENT_KEY: client, CAPABILITIES_KEY: {}}
    try:
        await upstream.start()
        discovered = upstream.ask(DISCOVER, {"_meta": meta})
        await asyncio.wait((discovered,), timeout=discover_seconds)
        if declared := _answered(discovered):
            return await _tools(upstream, declared, meta)
        initialized = upstream.ask(
            INITIALIZE, {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": client}
        )
        # A server that still loads its code has read neither: it answers the one that it knows.
        await _first_answer(discovered, initialized)
        if declared := _answered(discovered):
            return await _tools(upstream, declared, meta)
        if (declared := _answered(initialized)) is None:
            raise ServerUnavailable(
                "The server did not answer.", mend="Look at its log, then review it again."
            )
        upstream.write(notification_line(INITIALIZED))
        return await _tools(upstream, declared, None)
    finally:
        await upstream.end()


async def _first_answer(*replies: "asyncio.Future[UpstreamReply]") -> None:
    """Wait until one is answered by a result, or all are otherwise, or the time is over."""
    waits = {reply for reply in replies if not reply.done()}
    with suppress(TimeoutError):
        async with asyncio.timeout(_INITIALIZE_SECONDS):
            while waits and not any(map(_answered, replies)):
                _done, waits = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)


def _answered(reply: "asyncio.Future[UpstreamReply]") -> Answered | None:
    """Return what was answered, or None for no answer yet and for one that is none."""
    told = reply.result() if reply.done() else None
    return told if isinstance(told, Answered) else None


async def _tools(
    upstream: OwnConnection, declared: Answered, meta: JsonObject | None
) -> list[ToolDefinition]:
    says = server_says(declared.result)
    beside = await listed_beside(upstream, meta, says.beside)
    if (instructions := instructions_of(says)) is not None:
        beside.append(instructions)
    if not says.tools:
        return beside
    listed = await tools_of(upstream, meta)
    if listed.left_out and not listed.tools:
        raise ServerUnavailable(
            "The server's list of tools is longer than Keyturn reads.",
            cause=filled("In short: {left_out}.", left_out=listed.left_out),
            mend="Ask its maker for a shorter list, or configure it to offer fewer tools.",
        )
    return [*listed.tools, *beside]
