"""Owns the socket that shims and the command line reach: who is at its other end, the first line.

The first line is one JSON object: a greeting, after which the bytes are MCP, or a control request,
which is answered with one object. Neither can approve anything (architecture.md law 4).
"""

import asyncio
import os
import select
import socket
import stat
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

import msgspec

from keyturn.application.ports.clock import Clock, Timer
from keyturn.application.tasks import TaskOwner
from keyturn.broker.ends import ClientEvents, Downstream
from keyturn.broker.envelope import RequestId
from keyturn.broker.frames import Line, LineBudget, LineSplitter, Oversize, Tap
from keyturn.broker.paced_writer import PacedWriter
from keyturn.broker.parted_lines import Written, with_end
from keyturn.broker.refusing import RefusedClient
from keyturn.broker.turn_writer import TurnWriter
from keyturn.broker.turns import Turns
from keyturn.domain.canonical import JsonObject, JsonValue, Parsed, parse_strict
from keyturn.domain.errors import ConfigurationError

FIRST_LINE_BYTES = 1 << 20
FIRST_LINE_SECONDS = 5.0
BACKLOG = 128
MOST_CLIENTS = 400
"""Open connections; beyond, the oldest that leads to no server makes room."""
REFUSED_FRAME_BYTES = 64 * 1024
REFUSED_IDLE_SECONDS = 600.0
"""How long a connection that leads to no server may go without a whole frame."""
_CLOSING_SECONDS = 5.0
"""How long a client may take to read what was written before its connection was closed."""
_UCRED = struct.Struct("3i")


class Hello(msgspec.Struct, frozen=True, kw_only=True):
    """A shim's greeting; all but the token's match is a claim."""

    v: int
    server: str
    agent: str = ""
    token: str = ""
    cwd: str = ""
    env: dict[str, str] = {}
    pid: int = 0

    def __repr__(self) -> str:
        """Keep token and environment out of logs."""
        return f"Hello(server={self.server!r}, agent={self.agent!r})"


class Connections(Protocol):
    """Takes over greeted connections."""

    async def accept(self, hello: Hello, pid: int, downstream: Downstream) -> ClientEvents:
        """Return who takes the client's frames; `pid` is the peer's, as the system says."""
        ...


class Controls(Protocol):
    """Answers control requests."""

    async def control(self, request: Mapping[str, JsonValue]) -> JsonObject:
        """Carry out one request and return one object."""
        ...


class DownstreamSocket:
    """Listens on one Unix socket, in a folder that only the user can enter."""

    def __init__(
        self,
        path: Path,
        *,
        connections: Connections,
        controls: Controls,
        clock: Clock,
        frame_bytes: int,
    ) -> None:
        self._path = path
        self._connections = connections
        self._controls = controls
        self._clock = clock
        self._frame_bytes = frame_bytes
        self._tasks = TaskOwner()
        self._clients: dict[_Client, None] = {}
        self._server: asyncio.Server | None = None
        self.budget = LineBudget()
        """Of what all clients have begun to say."""

    async def start(self) -> None:
        """Listen; raises ConfigurationError when that is impossible."""
        try:
            listener = _listener(self._path)
        except OSError as error:
            raise ConfigurationError(
                f"The socket {self._path} cannot be opened.",
                cause=f"{error.strerror}." if error.strerror else "",
                mend="Remove what is there, or choose another profile with KEYTURN_HOME.",
            ) from error
        self._server = await asyncio.get_running_loop().create_unix_server(
            self._new_client, sock=listener, backlog=BACKLOG
        )

    async def stop_listening(self) -> None:
        """Take no more connections and remove the socket; those that live go on."""
        if self._server is not None:
            self._server.close()
            self._server = None
            self._path.unlink(missing_ok=True)
        await self._tasks.close()

    async def close(self) -> None:
        """Take no more connections, and drop what is still open."""
        await self.stop_listening()
        for client in tuple(self._clients):
            client.close()

    def _new_client(self) -> "_Client":
        if len(self._clients) >= MOST_CLIENTS:
            self._make_room()
        client = _Client(self._frame_bytes, self._clock, self._tasks, self)
        self._clients[client] = None
        return client

    def _make_room(self) -> None:
        """Drop the oldest connection without a server: descriptors must not run out for others."""
        oldest = next((client for client in self._clients if not client.served), None)
        if oldest is not None:
            self.forget(oldest)
            oldest.abort()

    def forget(self, client: "_Client") -> None:
        """Drop a connection that is gone."""
        self._clients.pop(client, None)

    async def greeted(self, line: bytes, pid: int | None, client: "_Client") -> ClientEvents | None:
        """Act on a first line; None when the connection was answered or refused."""
        parsed = parse_strict(line)
        if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
            return None
        if "control" in parsed.value:
            # Not what the request says of itself, where the system says it.
            peer = parsed.value.get("pid", 0) if pid is None else pid
            answer = await self._controls.control({**parsed.value, "peer": peer})
            client.send(msgspec.json.encode(answer) + b"\n")
            return None
        try:
            hello = msgspec.convert(parsed.value, Hello)
        except msgspec.ValidationError:
            return None
        if hello.v != 1:
            return None
        # What the system says wins, also that it does not know: 0 is a process of another
        # namespace, which must not choose whose session it joins.
        return await self._connections.accept(hello, hello.pid if pid is None else pid, client)


class _Client(asyncio.Protocol):
    """One connection: its first line, then its frames, with back-pressure both ways."""

    def __init__(
        self, frame_bytes: int, clock: Clock, tasks: TaskOwner, owner: DownstreamSocket
    ) -> None:
        self._lines = LineSplitter(frame_bytes, owner.budget)
        self._clock = clock
        self._tasks = tasks
        self._owner = owner
        self._tap = Tap()
        self._turns = Turns(self._tap, self._hand_on)
        self._transport: asyncio.Transport | None = None
        self._writer = PacedWriter(self._slow)
        self._answers = TurnWriter(self._writer.write)
        self._events: ClientEvents | None = None
        self._greeting = bytearray()
        self._timer: Timer | None = None
        self._pid: int | None = None
        self._left = False

    @property
    def served(self) -> bool:
        """Whether it leads to a server; there are at most `Limits.connections` of those."""
        return self._events is not None and not isinstance(self._events, RefusedClient)

    def abort(self) -> None:
        """Close at once, dropping what was not written."""
        self._writer.abort()

    # ---------------------------------------------------------------- the transport's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Check whose process it is, and give it some seconds for its first line."""
        made = self._transport = cast(asyncio.Transport, transport)
        self._writer.attach(made)
        self._tap.attach(made)
        peer = _peer(made.get_extra_info("socket"))
        if peer is not None:
            self._pid, uid = peer
            if uid != os.getuid():
                made.abort()
                return
        due = self._clock.monotonic_ns() + int(FIRST_LINE_SECONDS * 1e9)
        self._timer = self._clock.call_at(due, made.abort)

    def data_received(self, data: bytes) -> None:
        """Take the first line, later frames."""
        if self._events is not None:
            self._frames(data)
            return
        self._greeting += data
        end = self._greeting.find(b"\n")
        if end < 0 and len(self._greeting) <= FIRST_LINE_BYTES:
            return
        self._drop_timer()
        if end < 0 or end > FIRST_LINE_BYTES:
            self.close()
            return
        self._tap.hold("greeting")
        line, rest = bytes(self._greeting[: end + 1]), bytes(self._greeting[end + 1 :])
        self._greeting.clear()
        self._tasks.start(self._greet(line, rest), "greeting")

    def eof_received(self) -> bool:
        """Keep the way to the client open: it may have closed its own end only."""
        self._has_left()
        return self._events is not None

    def connection_lost(self, exc: Exception | None) -> None:
        """Say that the client is gone."""
        self._drop_timer()
        self._transport = None
        self._lines.close()
        self._turns.afterwards(self._has_left)
        self._writer.connection_lost(exc)
        self._owner.forget(self)

    def pause_writing(self) -> None:
        """Hold back what waits to be written."""
        self._writer.pause_writing()

    def resume_writing(self) -> None:
        """Go on."""
        self._writer.resume_writing()

    # ---------------------------------------------------------------- the link's side

    def send(self, line: Written) -> None:
        """Write one line; dropped when the client is gone."""
        self._answers.write(*with_end(line))

    def hears(self, request_id: RequestId) -> bool:
        """Tell whether there is still somebody to read answers; a client may close its end only."""
        transport = self._transport
        if transport is None or not self._writer.writable:
            return False
        return not self._left or not _is_gone(transport.get_extra_info("socket"))

    def server_paused(self, request_id: RequestId, retry: float | None, *, ended: bool) -> None:
        """Nothing can be taken up again on a socket, nor has to be."""

    def unanswered(self, request_id: RequestId) -> None:
        """Nothing on a socket waits for one answer alone."""

    def hold_reading(self, reason: str) -> None:
        """Read nothing for now."""
        self._tap.hold(reason)

    def release_reading(self, reason: str) -> None:
        """Read again when no reason is left."""
        self._tap.release(reason)

    def close(self) -> None:
        """Close once everything is written, or soon."""
        transport = self._transport
        if transport is None or not self._writer.writable:
            return
        self._answers.flush()
        self._writer.close()
        self._drop_timer()
        due = self._clock.monotonic_ns() + int(_CLOSING_SECONDS * 1e9)
        self._timer = self._clock.call_at(due, transport.abort)

    # ---------------------------------------------------------------- inside

    def _slow(self, is_slow: bool) -> None:
        """Read nothing from a client that does not read: its answers would pile up."""
        (self._tap.hold if is_slow else self._tap.release)("client does not read")
        if self._events is not None:
            self._events.client_slow(is_slow)

    async def _greet(self, line: bytes, rest: bytes) -> None:
        events = None
        try:
            events = await self._owner.greeted(line, self._pid, self)
        finally:
            if events is None:
                self.close()
        if events is None:
            return
        self._events = events
        if self._transport is None:
            events.client_left()
            return
        if not self.served:
            self._lines = LineSplitter(REFUSED_FRAME_BYTES, self._owner.budget)
            self._idle_from_now()
        self._frames(rest)
        self._tap.release("greeting")

    def _frames(self, data: bytes) -> None:
        lines = self._lines.feed(data)
        if lines and not self.served:
            self._idle_from_now()
        self._turns.hand_on(lines)

    def _hand_on(self, line: Line) -> None:
        events = self._events
        if events is None:
            return
        if isinstance(line, Oversize):
            events.oversize_from_client(line)
        else:
            events.from_client(line)

    def _idle_from_now(self) -> None:
        """Close a connection that leads nowhere when it has nothing more to say."""
        if self._transport is None or self._transport.is_closing():
            return
        self._drop_timer()
        due = self._clock.monotonic_ns() + int(REFUSED_IDLE_SECONDS * 1e9)
        self._timer = self._clock.call_at(due, self.close)

    def _has_left(self) -> None:
        if self._events is not None and not self._left:
            self._left = True
            self._events.client_left()

    def _drop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _is_gone(end: socket.socket) -> bool:
    """Tell whether the other process has closed both directions, or ended.

    Where the system has no poll() it cannot be known before something is written.
    """
    if not hasattr(select, "poll"):
        return False
    look = select.poll()
    look.register(end.fileno(), 0)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in look.poll(0))


def _listener(path: Path) -> socket.socket:
    """Bind a socket that nobody else may use, in place of one that a dead broker left."""
    if path.is_socket():
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(os.fspath(path))
        # Before it listens nobody can connect, whatever the mode it was made with.
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    except OSError:
        listener.close()
        raise
    return listener


def _peer(end: socket.socket) -> tuple[int, int] | None:
    """Return (pid, uid) of the process that connected, where the system says so (unix(7)).

    Elsewhere the socket's folder, which only the user can enter, is what keeps others out.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    pid, uid, _gid = _UCRED.unpack(end.getsockopt(socket.SOL_SOCKET, option, _UCRED.size))
    return pid, uid
