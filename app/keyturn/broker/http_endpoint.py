"""Owns the loopback endpoint for agents that speak HTTP: who is let in, and what HTTP they get.

`http://127.0.0.1:PORT/s/SERVER`, a bearer token for each agent, nothing for browsers: any Host or
Origin but its own is refused, and no header invites another (MCP, transports, "Security warning").
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Generator

import msgspec
import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from keyturn.application.tasks import TaskOwner
from keyturn.broker.batches import BATCH_VERSION, frames_of_batch, is_batch
from keyturn.broker.envelope import (
    BadFrame,
    ClientFrame,
    read_client,
    strict_params,
)
from keyturn.broker.eras import VERSION_KEY, modern_meta
from keyturn.broker.http_answers import (
    EVENTS,
    JSON,
    accepts,
    json_answer,
    listening,
    refusal,
)
from keyturn.broker.http_bodies import Bodies, Body
from keyturn.broker.http_client import HttpClient
from keyturn.broker.http_connections import Connections, Peer
from keyturn.broker.http_headers import (
    HEADER_MISMATCH,
    SESSION,
    UNSUPPORTED_VERSION,
    VERSION,
    Headers,
    fault_of_headers,
    fault_of_param_headers,
)
from keyturn.broker.http_prompt import CountedConfig
from keyturn.broker.http_sessions import Door, HttpSessions
from keyturn.broker.refusals import ID_IN_USE, INVALID_PARAMS, invalid_line
from keyturn.broker.routes import INITIALIZE
from keyturn.domain.canonical import Malformed
from keyturn.domain.client_request import TOOLS_CALL
from keyturn.domain.errors import ConfigurationError

_log = logging.getLogger(__name__)

HOST = "127.0.0.1"
MODERN_VERSIONS = ("2026-07-28",)
LEGACY_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
PRIMED_SINCE = "2025-11-25"
"""Clients of older versions cannot read an event without data."""
HEAD_BYTES = 32 * 1024
MOST_OPEN = 400
"""HTTP connections at a time."""
MOST_OF_AGENT = 250
"""Of one agent: as many calls as may wait of it, and some to list and listen with."""
METHOD_NOT_FOUND = -32601
_CLOSE = {"connection": "close"}
_CLOSING_SECONDS = 2


def listen_on(port: int) -> socket.socket:
    """Open a port of this machine only, a free one for 0; raises ConfigurationError."""
    # asyncio turns Nagle's algorithm off only where TCP is named: a body that follows its head
    # would wait for the client's acknowledgement, which comes 40 ms later.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"Port {port} cannot be opened.",
            cause=f"{error.strerror}." if error.strerror else "",
            mend="Choose another with --http PORT, or 0 for any that is free.",
        ) from error
    return listener


class _Server(uvicorn.Server):
    """Leaves the signals to the broker."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Take none."""
        yield


class HttpEndpoint:
    """Listens on the loopback interface and hands each frame to its connection."""

    def __init__(self, door: Door, *, frame_bytes: int) -> None:
        self._door = door
        self._bodies = Bodies(frame_bytes)
        self._tasks = TaskOwner()
        self._sessions = HttpSessions(door)
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._listener: socket.socket | None = None
        self._connections = Connections(most=MOST_OPEN, most_of_agent=MOST_OF_AGENT)
        self.port = 0

    async def start(self, port: int) -> None:
        """Listen, on a free port for 0; raises ConfigurationError when that is impossible."""
        self._listener = listener = listen_on(port)
        self.port = listener.getsockname()[1]
        route = Route("/s/{server}", self._handle, methods=["POST", "GET", "DELETE"])
        config = CountedConfig(
            Router([route], redirect_slashes=False),
            self._connections,
            # Nobody between the two ends says where a request comes from.
            proxy_headers=False,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            h11_max_incomplete_event_size=HEAD_BYTES,
            timeout_graceful_shutdown=_CLOSING_SECONDS,
        )
        self._server = _Server(config)
        self._serving = self._tasks.start(self._server.serve([listener]), "HTTP endpoint")

    async def stop_listening(self) -> None:
        """Take no more requests, and end the connections of those that came."""
        if self._server is not None:
            self._server.should_exit = True
        await self._sessions.close()

    async def close(self) -> None:
        """End it and wait until nothing is left."""
        await self.stop_listening()
        if self._serving is not None:
            await asyncio.wait([self._serving], timeout=_CLOSING_SECONDS + 1)
        await self._tasks.close()
        if self._listener is not None:
            self._listener.close()

    # ---------------------------------------------------------------- requests

    async def _handle(self, request: Request) -> Response:
        if not self._is_at_home(request):
            return refusal(403, "Only programs of this machine may ask, under its own name.")
        token = _bearer(request)
        agent = self._door.agent_of(token) if token else None
        if agent is None:
            return refusal(
                401,
                "A bearer token of an enrolled agent is needed.",
                headers={"www-authenticate": 'Bearer realm="keyturn"'},
            )
        if not self._connections.prove(_peer_of(request), agent):
            return refusal(429, "This agent has too many connections.", headers=_CLOSE)
        server = request.path_params["server"]
        if request.method == "POST":
            return await self._post(request, agent, token, server)
        session = self._sessions.find(request.headers.get(SESSION, ""), agent, server)
        if session is None:
            if SESSION in request.headers:
                return refusal(404, "There is no such session.")
            return refusal(405, "Without a session there is only POST.")
        if request.method == "DELETE":
            self._sessions.end(session)
            return Response(status_code=200)
        return listening(request, session.client)

    def _is_at_home(self, request: Request) -> bool:
        """Tell whether the request is for this endpoint, and not made by a page of another."""
        names = {f"{host}:{self.port}" for host in (HOST, "localhost")}
        hosts = request.headers.getlist("host")
        origins = request.headers.getlist("origin")
        return (
            len(hosts) == 1
            and hosts[0].lower() in names
            and all(origin.lower() in {f"http://{name}" for name in names} for origin in origins)
        )

    async def _post(self, request: Request, agent: str, token: str, server: str) -> Response:
        async with self._bodies.read(request, agent) as body:
            if isinstance(body, Response):
                return body
            return await self._posted(body, agent, token, server)

    async def _posted(self, body: Body, agent: str, token: str, server: str) -> Response:
        request, line = body.request, body.line
        if not accepts(request, JSON) or not accepts(request, EVENTS):
            return refusal(406, f"Accept {JSON} and {EVENTS}.")
        if request.headers.get("content-type", "").partition(";")[0].strip() != JSON:
            return refusal(415, f"The content type must be {JSON}.")
        session = self._sessions.find(request.headers.get(SESSION, ""), agent, server)
        if is_batch(line) and session is not None and session.takes_batches:
            return await self._post_batch(body, session.client)
        frame = read_client(line)
        if isinstance(frame, BadFrame):
            return await self._bad(frame, line, request, agent, server)
        headers: Headers = [(name.lower(), value) for name, value in request.headers.items()]
        version = _modern_version(frame)
        if version is not None or request.headers.get(VERSION) in MODERN_VERSIONS:
            who = (agent, token, server)
            return await self._post_modern(body, frame, headers, version, who)
        return await self._post_legacy(frame, body, (agent, token, server))

    async def _bad(
        self, frame: BadFrame, line: bytes, request: Request, agent: str, server: str
    ) -> Response:
        """Refuse what is no frame; where it belongs to a connection, that counts it."""
        session = self._sessions.find(request.headers.get(SESSION, ""), agent, server)
        if session is not None:
            session.client.say(line)
        return json_answer(400, invalid_line(frame.id, frame.reason, frame.code))

    async def _post_legacy(
        self, frame: ClientFrame, body: Body, who: tuple[str, str, str]
    ) -> Response:
        request = body.request
        agent, token, server = who
        version = request.headers.get(VERSION)
        if version is not None and version not in LEGACY_VERSIONS:
            return json_answer(400, invalid_line(frame.id, f"the header {VERSION} is not known"))
        session_id = request.headers.get(SESSION)
        headers: dict[str, str] = {}
        if session_id is None and frame.method == INITIALIZE and frame.id is not None:
            session = await self._sessions.open(agent, token, server)
            if not session.refused:
                headers[SESSION] = session.id
        elif session_id is None:
            return json_answer(400, invalid_line(frame.id, "the session id is missing"))
        else:
            found = self._sessions.find(session_id, agent, server)
            if found is None:
                return json_answer(404, invalid_line(frame.id, "there is no such session"))
            session = found
        await session.client.readable()
        if frame.id is None:
            session.client.say(frame.line)
            return Response(status_code=202)
        if session.client.uses(frame.id):
            return json_answer(400, invalid_line(frame.id, ID_IN_USE))
        primed = version is not None and version >= PRIMED_SINCE
        reader = session.client.request(frame, primed=primed)
        return await body.answered(reader, headers, modern=False)

    async def _post_batch(self, body: Body, client: HttpClient) -> Response:
        """Have each member of a batch go its way; one without a request gets no answer."""
        line = body.line
        if body.request.headers.get(VERSION, BATCH_VERSION) != BATCH_VERSION:
            return json_answer(400, invalid_line(None, f"the header {VERSION} has no batches"))
        frames = frames_of_batch(line)
        if isinstance(frames, BadFrame):
            client.say(line)
            return json_answer(400, invalid_line(None, frames.reason, frames.code))
        await client.readable()
        ids = {frame.id for frame in frames if frame.id is not None}
        if client.uses(*ids):
            return json_answer(400, invalid_line(None, ID_IN_USE))
        if ids:
            return await body.answered(client.request_all(line, ids), {}, modern=False)
        client.say(line)
        bad = next((frame for frame in frames if isinstance(frame, BadFrame)), None)
        if bad is not None:
            return json_answer(400, invalid_line(None, bad.reason, bad.code))
        return Response(status_code=202)

    async def _post_modern(
        self,
        body: Body,
        frame: ClientFrame,
        headers: Headers,
        version: str | None,
        who: tuple[str, str, str],
    ) -> Response:
        agent, token, server = who
        if frame.id is None:
            # This era has no notification from a client: what is cancelled is left.
            return Response(status_code=202)
        if version is None:
            reason = "params._meta names no protocol version"
            return json_answer(400, invalid_line(frame.id, reason, INVALID_PARAMS))
        fault = fault_of_headers(headers, version=version, method=frame.method, params=frame.params)
        if fault:
            return json_answer(400, invalid_line(frame.id, fault, HEADER_MISMATCH))
        if version not in MODERN_VERSIONS:
            return json_answer(400, _unsupported(frame, version))
        if frame.method == INITIALIZE:
            reason = "there is no handshake in this version"
            return json_answer(404, invalid_line(frame.id, reason, METHOD_NOT_FOUND))
        session = await self._sessions.shared(agent, token, server)
        await session.client.readable()
        fault = _fault_of_params(frame, headers, session.client)
        if fault:
            return json_answer(400, invalid_line(frame.id, fault, HEADER_MISMATCH))
        try:
            reader = session.client.request(frame)
        except msgspec.DecodeError:
            return json_answer(400, invalid_line(frame.id, "the params could not be read"))
        return await body.answered(reader, {}, modern=True)


def _modern_version(frame: ClientFrame) -> str | None:
    meta = modern_meta(frame.params)
    version = meta.get(VERSION_KEY) if meta is not None else None
    return version if isinstance(version, str) else None


def _unsupported(frame: ClientFrame, version: str) -> bytes:
    error = {
        "code": UNSUPPORTED_VERSION,
        "message": "Unsupported protocol version",
        "data": {"supported": list(MODERN_VERSIONS), "requested": version},
    }
    return msgspec.json.encode({"jsonrpc": "2.0", "id": frame.id, "error": error})


def _fault_of_params(frame: ClientFrame, headers: Headers, client: HttpClient) -> str:
    """Hold the headers that repeat a call's arguments against these."""
    if frame.method != TOOLS_CALL:
        return ""
    params = strict_params(frame)
    if isinstance(params, Malformed):
        return ""
    schema = client.schema_of(str(params.get("name")))
    arguments = params.get("arguments")
    if schema is None or not isinstance(arguments, dict):
        return ""
    return fault_of_param_headers(headers, schema, arguments)


def _peer_of(request: Request) -> Peer | None:
    client = request.client
    return None if client is None else (client.host, client.port)


def _bearer(request: Request) -> str:
    given = request.headers.getlist("authorization")
    if len(given) != 1:
        return ""
    scheme, _, token = given[0].partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
