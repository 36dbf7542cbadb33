"""A server over HTTP+SSE in the test's own loop: answers by hand, and misbehaves as it is told."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, Router

from tests.integration.servers.http_server import TOOLS, serving

Frame = dict[str, Any]
ENDPOINT = "/messages?session=of-the-test"


@dataclass
class SseServer:
    """What it was asked, and how it answers."""

    url: str = ""
    endpoint: str | None = ENDPOINT
    """What the stream names first; None for nothing at all."""
    seen: list[tuple[str, dict[str, str], Any]] = field(
        default_factory=list[tuple[str, dict[str, str], Any]]
    )
    """Method, headers and body of each request, in order."""
    on_get: Callable[[Request], Response] | None = None
    on_post: Callable[[Frame], Response | None] | None = None
    """Answers the POST of a frame; None for the usual way."""
    on_call: Callable[[Frame], None] | None = None
    """Takes a call, which is accepted, and answers it or not."""
    before_accepting: asyncio.Event | None = None
    """What each call's POST waits for, after the call was answered."""
    left: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client closed a stream."""
    called: asyncio.Event = field(default_factory=asyncio.Event)
    _streams: list[asyncio.Queue[str]] = field(default_factory=list[asyncio.Queue[str]])

    def bodies(self, method: str) -> list[Frame]:
        """Return the frames of a method that arrived."""
        return [body for _, _, body in self.seen if body and body.get("method") == method]

    def calls(self) -> list[Frame]:
        """Return the calls that arrived."""
        return self.bodies("tools/call")

    def write(self, text: str) -> None:
        """Write text on the newest stream; an empty one ends it."""
        self._streams[-1].put_nowait(text)

    def say(self, frame: Frame) -> None:
        """Write a frame on it."""
        self.write(f"event: message\r\ndata: {json.dumps(frame)}\r\n\r\n")

    def result(self, call: Frame, text: str) -> None:
        """Answer a call."""
        result = {"content": [{"type": "text", "text": text}]}
        self.say({"jsonrpc": "2.0", "id": call["id"], "result": result})

    def die(self) -> None:
        """End the stream."""
        self.write("")

    def close(self) -> None:
        """End every stream, and accept what is not accepted yet."""
        for queue in self._streams:
            queue.put_nowait("")
        if self.before_accepting is not None:
            self.before_accepting.set()

    async def stream(self, request: Request) -> Response:
        """Open a stream."""
        self.seen.append(("GET", dict(request.headers), None))
        if self.on_get is not None:
            return self.on_get(request)
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._streams.append(queue)
        if self.endpoint is not None:
            self.write(f"event: endpoint\r\ndata: {self.endpoint}\r\n\r\n")
        return StreamingResponse(self._written(queue), media_type="text/event-stream")

    async def message(self, request: Request) -> Response:
        """Take one frame."""
        body: Frame = json.loads(await request.body())
        self.seen.append(("POST", dict(request.headers), body))
        response = self.on_post(body) if self.on_post is not None else None
        if response is not None:
            return response
        if "id" in body and "method" in body:
            self._answer(body)
        if body.get("method") == "tools/call" and self.before_accepting is not None:
            await self.before_accepting.wait()
        return Response("Accepted", status_code=202)

    def _answer(self, body: Frame) -> None:
        result: Any = body.get("params", {})
        match body["method"]:
            case "initialize":
                result = {
                    "protocolVersion": "2024-11-05",
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "far", "version": "1"},
                }
            case "server/discover":
                error = {"code": -32601, "message": "Method not found"}
                self.say({"jsonrpc": "2.0", "id": body["id"], "error": error})
                return
            case "tools/list":
                result = {"tools": TOOLS}
            case "tools/call":
                self.called.set()
                if self.on_call is not None:
                    self.on_call(body)
                else:
                    self.result(body, body["params"]["arguments"].get("text", ""))
                return
            case _:
                pass
        self.say({"jsonrpc": "2.0", "id": body["id"], "result": result})

    async def _written(self, queue: "asyncio.Queue[str]") -> AsyncIterator[str]:
        try:
            while piece := await queue.get():
                yield piece
        except asyncio.CancelledError:
            self.left.set()
            raise


@asynccontextmanager
async def sse_server() -> AsyncGenerator[SseServer]:
    """Serve HTTP+SSE at `/sse`."""
    made = SseServer()
    routes = [
        Route("/sse", made.stream, methods=["GET"]),
        Route("/messages", made.message, methods=["POST"]),
    ]
    async with serving(Router(routes)) as at:
        made.url = f"{at}/sse"
        try:
            yield made
        finally:
            made.close()
