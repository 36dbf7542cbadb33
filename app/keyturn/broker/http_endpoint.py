"""Owns the loopback endpoint for agents that speak HTTP: who is let in, and what HTTP they get.

`http://127.0.0.1:PORT/s/SERVER`, a bearer token for each agent, nothing for browsers: any Host or
Origin but its own is refused, and no header invites another (MCP, transports, "Security warning").
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Generator

import msgspec
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, Router

from keyturn.application.tasks import TaskOwner
from keyturn.broker.envelope import (
    INVALID_REQUEST,
    BadFrame,
    ClientFrame,
    read_client,
    strict_params,
)
from keyturn.broker.eras import VERSION_KEY, modern_meta
from keyturn.broker.http_client import HttpClient, Stream, lines_of
from keyturn.broker.http_headers import (
    HEADER_MISMATCH,
    SESSION,
    UNSUPPORTED_VERSION,
    VERSION,
    Headers,
    fault_of_headers,
    fault_of_param_headers,
)
from keyturn.broker.http_prompt import PromptProtocol
from keyturn.broker.http_sessions import Door, HttpSessions
from keyturn.broker.refusals import ID_IN_USE, INVALID_PARAMS, error_line, invalid_line
from keyturn.broker.routes import INITIALIZE
from keyturn.domain.canonical import Malformed
from keyturn.domain.client_request import TOOLS_CALL
from keyturn.domain.errors import ConfigurationError

_log = logging.getLogger(__name__)

HOST = "127.0.0.1"
MODERN_VERSIONS = ("2026-07-28",)
LEGACY_VERSIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
PING_SECONDS = 15.0
COMMIT_SECONDS = PING_SECONDS
"""An answer that is there by then, with nothing before it, is sent as JSON; others as events."""
HEAD_BYTES = 32 * 1024
MOST_OPEN = 400
"""HTTP connections at a time."""
METHOD_NOT_FOUND = -32601
_LONG_EVENT = 256 * 1024
_CLOSING_SECONDS = 2
_JSON, _EVENTS = "application/json", "text/event-stream"
_NO_STORE = {"cache-control": "no-store"}
_STATUS = dict.fromkeys((-32700, -32600, -32602, -32020, -32021, -32022), 400) | {-32601: 404}
"""Of an error that answers a request of 2026-07-28 (transports, "Response status")."""


class _Outcome(msgspec.Struct):
    code: int = 0


class _Answer(msgspec.Struct):
    error: _Outcome | None = None


_answer_of = msgspec.json.Decoder(_Answer).decode


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
        self._frame_bytes = frame_bytes
        self._tasks = TaskOwner()
        self._sessions = HttpSessions(door)
        self._server: _Server | None = None
        self._serving: asyncio.Task[None] | None = None
        self._listener: socket.socket | None = None
        self.port = 0

    async def start(self, port: int) -> None:
        """Listen, on a free port for 0; raises ConfigurationError when that is impossible."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
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
        self._listener = listener
        self.port = listener.getsockname()[1]
        route = Route("/s/{server}", self._handle, methods=["POST", "GET", "DELETE"])
        config = uvicorn.Config(
            Router([route], redirect_slashes=False),
            http=PromptProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            limit_concurrency=MOST_OPEN,
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
            return _refusal(403, "Only programs of this machine may ask, under its own name.")
        token = _bearer(request)
        agent = self._door.agent_of(token) if token else None
        if agent is None:
            return _refusal(
                401,
                "A bearer token of an enrolled agent is needed.",
                headers={"www-authenticate": 'Bearer realm="keyturn"'},
            )
        server = request.path_params["server"]
        if request.method == "POST":
            return await self._post(request, agent, token, server)
        session = self._sessions.find(request.headers.get(SESSION, ""), agent, server)
        if session is None:
            if SESSION in request.headers:
                return _refusal(404, "There is no such session.")
            return _refusal(405, "Without a session there is only POST.")
        if request.method == "DELETE":
            self._sessions.end(session)
            return Response(status_code=200)
        return _listening(request, session.client)

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
        line = await self._body(request)
        if line is None:
            return _refusal(413, f"The frame is over {self._frame_bytes} bytes.")
        if not _accepts(request, _JSON) or not _accepts(request, _EVENTS):
            return _refusal(406, f"Accept {_JSON} and {_EVENTS}.")
        if request.headers.get("content-type", "").partition(";")[0].strip() != _JSON:
            return _refusal(415, f"The content type must be {_JSON}.")
        frame = read_client(line)
        if isinstance(frame, BadFrame):
            return await self._bad(frame, line, request, agent, server)
        headers: Headers = [(name.lower(), value) for name, value in request.headers.items()]
        version = _modern_version(frame)
        if version is not None or request.headers.get(VERSION) in MODERN_VERSIONS:
            who = (agent, token, server)
            return await self._post_modern(request, frame, headers, version, who)
        return await self._post_legacy(frame, request, (agent, token, server))

    async def _bad(
        self, frame: BadFrame, line: bytes, request: Request, agent: str, server: str
    ) -> Response:
        """Refuse what is no frame; where it belongs to a connection, that counts it."""
        session = self._sessions.find(request.headers.get(SESSION, ""), agent, server)
        if session is not None:
            session.client.say(line)
        return _json(400, invalid_line(frame.id, frame.reason, frame.code))

    async def _post_legacy(
        self, frame: ClientFrame, request: Request, who: tuple[str, str, str]
    ) -> Response:
        agent, token, server = who
        version = request.headers.get(VERSION)
        if version is not None and version not in LEGACY_VERSIONS:
            return _json(400, invalid_line(frame.id, f"the header {VERSION} is not known"))
        session_id = request.headers.get(SESSION)
        headers: dict[str, str] = {}
        if session_id is None and frame.method == INITIALIZE and frame.id is not None:
            session = await self._sessions.open(agent, token, server)
            if not session.refused:
                headers[SESSION] = session.id
        elif session_id is None:
            return _json(400, invalid_line(frame.id, "the session id is missing"))
        else:
            found = self._sessions.find(session_id, agent, server)
            if found is None:
                return _json(404, invalid_line(frame.id, "there is no such session"))
            session = found
        await session.client.readable()
        if frame.id is None:
            session.client.say(frame.line)
            return Response(status_code=202)
        if session.client.uses(frame.id):
            return _json(400, invalid_line(frame.id, ID_IN_USE))
        stream = session.client.request(frame)
        return await _answering(request, stream, headers, modern=False)

    async def _post_modern(
        self,
        request: Request,
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
            return _json(400, invalid_line(frame.id, reason, INVALID_PARAMS))
        fault = fault_of_headers(headers, version=version, method=frame.method, params=frame.params)
        if fault:
            return _json(400, invalid_line(frame.id, fault, HEADER_MISMATCH))
        if version not in MODERN_VERSIONS:
            return _json(400, _unsupported(frame, version))
        if frame.method == INITIALIZE:
            reason = "there is no handshake in this version"
            return _json(404, invalid_line(frame.id, reason, METHOD_NOT_FOUND))
        session = await self._sessions.shared(agent, token, server)
        await session.client.readable()
        fault = _fault_of_params(frame, headers, session.client)
        if fault:
            return _json(400, invalid_line(frame.id, fault, HEADER_MISMATCH))
        try:
            stream = session.client.request(frame)
        except msgspec.DecodeError:
            return _json(400, invalid_line(frame.id, "the params could not be read"))
        return await _answering(request, stream, {}, modern=True)

    async def _body(self, request: Request) -> bytes | None:
        """Read one frame as a line; None when it is too long."""
        body = bytearray()
        with contextlib.suppress(ClientDisconnect):
            async for chunk in request.stream():
                body += chunk
                if len(body) > self._frame_bytes:
                    return None
        # Outside of texts, where JSON has none, the ends of lines are white space.
        return bytes(body).strip().replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"


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


def _listening(request: Request, client: HttpClient) -> Response:
    if not _accepts(request, _EVENTS):
        return _refusal(406, f"Accept {_EVENTS}.")
    stream = client.listen()
    if stream is None:
        return _refusal(409, "This session has a stream already.")
    return StreamingResponse(_events(stream, []), headers=_NO_STORE, media_type=_EVENTS)


async def _answering(
    request: Request, stream: Stream, headers: dict[str, str], *, modern: bool
) -> Response:
    """Answer as JSON when the answer alone is there soon, else with events as they come."""
    watch = asyncio.get_running_loop().create_task(_left(request, stream))
    try:
        first = await stream.next(COMMIT_SECONDS)
    except asyncio.CancelledError:
        stream.left()
        raise
    finally:
        watch.cancel()
    # The older era's clients are used to events; some of them cannot read a long one.
    as_json = modern or first is not None and len(first) > _LONG_EVENT
    if first and as_json and stream.finished and stream.empty:
        return _json(_status(first) if modern else 200, first, headers)
    if first == b"":
        return _json(502, error_line(None, INVALID_REQUEST, "The connection ended."), headers)
    begun = [first] if first else []
    return StreamingResponse(
        _events(stream, begun), headers=_NO_STORE | headers, media_type=_EVENTS
    )


async def _left(request: Request, stream: Stream) -> None:
    """Wait for the client to close its end before it got anything."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    stream.left()
    stream.finish()


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


async def _events(stream: Stream, begun: list[bytes]) -> AsyncIterator[bytes]:
    """Write lines as server-sent events, and a comment after each while of silence."""
    for line in begun:
        yield _event(line)
    async for line in lines_of(stream, PING_SECONDS):
        yield _event(line) if line else b": ping\n\n"


def _event(line: bytes) -> bytes:
    return b"event: message\ndata: " + line.rstrip(b"\r\n") + b"\n\n"


def _status(line: bytes) -> int:
    try:
        error = _answer_of(line).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 200
    return 200 if error is None else _STATUS.get(error.code, 200)


def _bearer(request: Request) -> str:
    given = request.headers.getlist("authorization")
    if len(given) != 1:
        return ""
    scheme, _, token = given[0].partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _accepts(request: Request, kind: str) -> bool:
    ranges = {
        part.partition(";")[0].strip().lower()
        for value in request.headers.getlist("accept")
        for part in value.split(",")
    }
    return bool(ranges & {kind, "*/*", f"{kind.partition('/')[0]}/*"})


def _json(status: int, line: bytes, headers: dict[str, str] | None = None) -> Response:
    return Response(
        line.rstrip(b"\n"), status, headers=_NO_STORE | (headers or {}), media_type=_JSON
    )


def _refusal(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return _json(status, error_line(None, INVALID_REQUEST, sentence), headers)
