"""A server over HTTP in the test's own loop: answers by hand, and misbehaves as it is told."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, Router
from starlette.types import ASGIApp

from keyturn.application.tasks import TaskOwner

TOOLS: list[dict[str, Any]] = [
    {
        "name": "echo",
        "inputSchema": {
            "type": "object",
            "properties": {"text": {"type": "string", "x-mcp-header": "Text"}},
        },
    }
]


@dataclass
class HttpServer:
    """What it was asked, and how it answers a call."""

    url: str = ""
    seen: list[tuple[str, dict[str, str], Any]] = field(
        default_factory=list[tuple[str, dict[str, str], Any]]
    )
    """Method, headers and body of each request, in order."""
    on_call: Callable[[dict[str, Any]], Response] | None = None
    prompts: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    on_get: Callable[[Request], Response] | None = None
    session: str = "session-1"
    version: str = "2025-11-25"
    events: bool = False
    """Whether answers come as events."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client closed a stream that was not finished."""

    def calls(self) -> list[tuple[dict[str, str], dict[str, Any]]]:
        """Return headers and body of the calls that arrived."""
        return [
            (headers, body)
            for _, headers, body in self.seen
            if body is not None and body.get("method") == "tools/call"
        ]

    async def handle(self, request: Request) -> Response:
        """Take one request."""
        raw = await request.body()
        body: dict[str, Any] | None = json.loads(raw) if raw else None
        self.seen.append((request.method, dict(request.headers), body))
        if request.method == "GET":
            return self.on_get(request) if self.on_get is not None else Response(status_code=405)
        if request.method == "DELETE":
            return Response(status_code=200)
        if body is None or "id" not in body or "method" not in body:
            return Response(status_code=202)
        return self.answer(body)

    def answer(self, body: dict[str, Any]) -> Response:
        """Answer one frame."""
        match body["method"]:
            case "initialize":
                result: dict[str, Any] = {
                    "protocolVersion": self.version,
                    "capabilities": {"tools": {"listChanged": True}},
                    "serverInfo": {"name": "far", "version": "1"},
                }
                return self.say(body, result, {"mcp-session-id": self.session.replace("\r", "")})
            case "server/discover":
                capabilities: dict[str, Any] = {"tools": {}}
                if self.prompts:
                    capabilities["prompts"] = {}
                return self.say(
                    body, {"supportedVersions": ["2026-07-28"], "capabilities": capabilities}
                )
            case "prompts/list" if self.prompts:
                return self.say(body, {"prompts": self.prompts})
            case "tools/list":
                return self.say(body, {"tools": TOOLS})
            case "tools/call" if self.on_call is not None:
                return self.on_call(body)
            case "tools/call":
                text = body["params"]["arguments"].get("text", "")
                return self.say(body, {"content": [{"type": "text", "text": text}]})
            case _:
                return self.say(body, body.get("params", {}))

    def say(
        self, body: dict[str, Any], result: Any, headers: dict[str, str] | None = None
    ) -> Response:
        """Return a result in the form that is set."""
        frame = {"jsonrpc": "2.0", "id": body["id"], "result": result}
        if self.events:
            return self.stream([event(frame)], headers)
        return JSONResponse(frame, headers=headers)

    def stream(
        self,
        pieces: list[str],
        headers: dict[str, str] | None = None,
        *,
        hold: bool = False,
        breaks: bool = False,
    ) -> Response:
        """Return events, then keep the stream open (`hold`) or lose the connection (`breaks`)."""

        async def written() -> AsyncIterator[str]:
            try:
                for piece in pieces:
                    yield piece
                if breaks:
                    raise ConnectionResetError
                if hold:
                    await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.left.set()
                raise

        return StreamingResponse(written(), headers=headers, media_type="text/event-stream")


def event(frame: dict[str, Any], **fields: Any) -> str:
    """Write one event."""
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return "\n".join([*lines, f"data: {json.dumps(frame)}", "", ""])


class _Quiet(uvicorn.Server):
    def capture_signals(self) -> AbstractContextManager[None]:  # pyright: ignore[reportIncompatibleMethodOverride]  # a generator there
        """Take none."""
        return nullcontext()


@asynccontextmanager
async def serving(
    app: ASGIApp, tls: Callable[[], ssl.SSLContext] | None = None
) -> AsyncGenerator[str]:
    """Listen on a free port of the loopback interface, and return the address.

    `tls` returns what each new server shows; it is asked once, before the first connection.
    """
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = _Quiet(config)
    tasks = TaskOwner()
    if tls is not None:
        config.load()
        config.ssl = tls()
    listener = socket.create_server(("127.0.0.1", 0))
    served = tasks.start(server.serve([listener]), "server of a test")
    try:
        scheme = "http" if tls is None else "https"
        yield f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await asyncio.wait([served], timeout=5)
        await tasks.close()
        listener.close()


@asynccontextmanager
async def http_server(
    tls: Callable[[], ssl.SSLContext] | None = None,
) -> AsyncGenerator[HttpServer]:
    """Serve Streamable HTTP at `/mcp`."""
    made = HttpServer()
    async with serving(
        Router([Route("/mcp", made.handle, methods=["POST", "GET", "DELETE"])]), tls
    ) as at:
        made.url = f"{at}/mcp"
        yield made
