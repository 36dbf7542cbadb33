"""The HTTP endpoint on a hub, and a client of it that a test writes by hand."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2

from keyturn.broker.certificates import trusted
from keyturn.broker.downstream_socket import Hello
from keyturn.broker.ends import ClientEvents, Downstream
from keyturn.broker.http_client import HttpClient
from keyturn.broker.http_endpoint import HttpEndpoint
from keyturn.broker.hub import Hub
from tests.integration.link_rig import SECONDS, World, request
from tests.integration.test_link_socket import TOKEN, Broker, broker

URL = "/s/raw"
BOTH = "application/json, text/event-stream"
LEGACY = "2025-11-25"
MODERN = "2026-07-28"
META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
    "io.modelcontextprotocol/clientInfo": {"name": "tester", "version": "2"},
}
SHAKE = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}


@dataclass
class Endpoint:
    """Where the tests' clients ask."""

    b: Broker
    http: httpx2.AsyncClient
    endpoint: HttpEndpoint
    door: "WatchedDoor"

    @property
    def world(self) -> World:
        """The use cases behind it."""
        return self.b.world

    async def legacy(self, http: httpx2.AsyncClient | None = None) -> "Legacy":
        """Open a session of the era with a handshake."""
        client = Legacy(http or self.http)
        answer = await client.ask("init", "initialize", SHAKE)
        assert answer["result"]["serverInfo"]["name"] in ("raw", "far")
        await client.tell("notifications/initialized")
        return client

    async def modern(
        self, request_id: str | int, method: str, params: dict[str, Any] | None = None, **more: Any
    ) -> httpx2.Response:
        """Post one request of 2026-07-28 and return the whole response."""
        body, headers = modern_request(request_id, method, params, **more)
        return await self.http.post(URL, content=body, headers=headers)

    @asynccontextmanager
    async def streaming(
        self, request_id: str | int, method: str, params: dict[str, Any] | None = None
    ) -> AsyncGenerator["Events"]:
        """Post one such request, and read its response as it comes."""
        body, headers = modern_request(request_id, method, params)
        async with self.http.stream("POST", URL, content=body, headers=headers) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            yield Events(response.aiter_lines())


@dataclass
class WatchedDoor:
    """Lets in who the hub lets in, and remembers the clients' ends."""

    hub: Hub
    clients: list[HttpClient] = field(default_factory=list[HttpClient])

    def agent_of(self, token: str) -> str | None:
        """Ask the hub."""
        return self.hub.agent_of(token)

    async def accept(self, hello: Hello, pid: int | None, downstream: Downstream) -> ClientEvents:
        """Ask the hub."""
        assert isinstance(downstream, HttpClient)
        self.clients.append(downstream)
        return await self.hub.accept(hello, pid, downstream)


@dataclass
class Legacy:
    """A client of one session."""

    http: httpx2.AsyncClient
    headers: dict[str, str] = field(default_factory=dict[str, str])

    async def post(self, frame: dict[str, Any]) -> httpx2.Response:
        """Post one frame."""
        response = await self.http.post(URL, content=json.dumps(frame), headers=self.headers)
        if "mcp-session-id" in response.headers:
            self.headers = {
                "mcp-session-id": response.headers["mcp-session-id"],
                "mcp-protocol-version": LEGACY,
            }
        return response

    async def ask(self, request_id: str | int, method: str, params: Any = None) -> dict[str, Any]:
        """Post a request and return its answer."""
        response = await self.post(request(request_id, method, params))
        assert response.status_code == 200, response.text
        return answers_in(response)[-1]

    async def tell(self, method: str) -> None:
        """Post a notification."""
        response = await self.post({"jsonrpc": "2.0", "method": method})
        assert (response.status_code, response.content) == (202, b"")

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator["Events"]:
        """Open the standing stream."""
        headers = {**self.headers, "accept": "text/event-stream"}
        async with self.http.stream("GET", URL, headers=headers) as response:
            assert response.status_code == 200
            yield Events(response.aiter_lines())


@dataclass
class Events:
    """Frames as a stream of events brings them."""

    lines: AsyncIterator[str]

    async def next(self) -> dict[str, Any]:
        """Return the next one."""
        async for line in self.lines:
            if line.startswith("data: {"):
                return json.loads(line.removeprefix("data: "))
        raise EOFError

    async def ping(self) -> None:
        """Read on to the next comment."""
        async for line in self.lines:
            if line.startswith(":"):
                return
        raise EOFError


@asynccontextmanager
async def endpoint(world: World, **more: Any) -> AsyncGenerator[Endpoint]:
    """Run a broker with its endpoint, and a client with the analyst's token."""
    async with broker(world, **more) as b:
        door = WatchedDoor(b.hub)
        served = HttpEndpoint(door, frame_bytes=world.limits.frame_bytes)
        await served.start(0)
        client = httpx2.AsyncClient(
            verify=trusted(),
            base_url=f"http://127.0.0.1:{served.port}",
            headers={
                "authorization": f"Bearer {TOKEN}",
                "accept": BOTH,
                "content-type": "application/json",
            },
            timeout=SECONDS,
        )
        try:
            async with client:
                yield Endpoint(b, client, served, door)
        finally:
            await served.close()


def modern_request(
    request_id: str | int, method: str, params: dict[str, Any] | None = None, **more: Any
) -> tuple[str, dict[str, str]]:
    """Return body and headers of a request of 2026-07-28; `more` overrides headers."""
    meta = {**META, **(params or {}).get("_meta", {})}
    body = request(request_id, method, {**(params or {}), "_meta": meta})
    headers = {"mcp-protocol-version": MODERN, "mcp-method": method}
    if method == "tools/call":
        headers["mcp-name"] = body["params"]["name"]
    changed = {name.replace("_", "-"): value for name, value in more.items()}
    return json.dumps(body), {k: v for k, v in (headers | changed).items() if v is not None}


def answers_in(response: httpx2.Response) -> list[dict[str, Any]]:
    """Return the frames of a response of either kind."""
    if response.headers["content-type"].startswith("application/json"):
        return [response.json()]
    events = response.text.splitlines()
    return [json.loads(one.removeprefix("data: ")) for one in events if one.startswith("data: {")]
