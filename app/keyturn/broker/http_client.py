"""Owns the client's end of one connection over HTTP: on which stream each line is answered.

A POST carries one frame, and its response is the stream of that request: what belongs to it, then
its answer. What belongs to no request goes to the client's standing stream, or waits for one.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from keyturn.broker.ends import ClientEvents
from keyturn.broker.envelope import (
    ClientFrame,
    RequestId,
    ServerFrame,
    notification_line,
    read_server,
)
from keyturn.broker.keep_alive import PROGRESS
from keyturn.broker.routes import CANCELLED
from keyturn.broker.splicing import (
    progress_of,
    spliced_in,
    subscription_of,
    token_in,
    with_id,
    with_subscription,
    with_token,
)
from keyturn.domain.canonical import JsonObject

MOST_KEPT = 100
"""Lines that wait for a standing stream; the oldest are dropped."""
_SLOW_BYTES = 1024 * 1024
"""What may wait to be read by the client; then the server is not read."""
_FAST_BYTES = 128 * 1024
_TO_EVERYBODY = ("list_changed", "notifications/resources/updated")
"""Ends of the methods of notifications that belong to no request."""


@dataclass(slots=True, eq=False)
class Stream:
    """One response: lines in order, until it is finished by us or left by the client."""

    client: "HttpClient"
    request_id: RequestId | None = None
    """The id by which the link knows its request; None for a standing stream."""
    literal: Raw | None = None
    """The id as the client spells it, where it is not the link's."""
    token: Raw | None = None
    """The client's progress token, likewise."""
    named: RequestId | None = None
    """The progress token, where it is not spliced."""
    finished: bool = False
    _lines: deque[bytes] = field(default_factory=deque[bytes])
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, line: bytes) -> None:
        """Add a line."""
        self._lines.append(line)
        self.client.waits(len(line))
        self._changed.set()

    def finish(self) -> None:
        """Add nothing more."""
        self.finished = True
        self._changed.set()

    async def next(self, seconds: float | None) -> bytes | None:
        """Return the next line, None after so long without one, empty at the end."""
        while not self._lines:
            if self.finished:
                return b""
            self._changed.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                return None
        line = self._lines.popleft()
        self.client.waits(-len(line))
        return line

    @property
    def empty(self) -> bool:
        """Whether everything was taken."""
        return not self._lines

    def left(self) -> None:
        """Say that nobody reads it any more."""
        while self._lines:
            self.client.waits(-len(self._lines.popleft()))
        self.client.left(self)


class HttpClient:
    """Implements `Downstream` for one link.

    A shared one serves the requests of many clients, which know nothing of each other: its ids and
    progress tokens are the link's own, and a client that stops reading has cancelled.
    """

    def __init__(self, *, shared: bool) -> None:
        self._shared = shared
        self.events: ClientEvents | None = None
        """Set once the connection is accepted."""
        self.closed = asyncio.Event()
        self._readable = asyncio.Event()
        self._readable.set()
        self._holds: set[str] = set()
        self._open: dict[RequestId, Stream] = {}
        self._standing: Stream | None = None
        self._kept: deque[bytes] = deque(maxlen=MOST_KEPT)
        self._waiting_bytes = 0
        self._slow = False
        self._last_id = 0

    # ---------------------------------------------------------------- for the endpoint

    @property
    def busy(self) -> bool:
        """Whether a request is open or somebody listens."""
        return bool(self._open) or self._standing is not None

    def uses(self, request_id: RequestId) -> bool:
        """Tell whether a request of that id is open."""
        return not self._shared and request_id in self._open

    def schema_of(self, tool: str) -> JsonObject | None:
        """Return the input schema of a tool that the server is known to list."""
        return None if self.events is None else self.events.schema_of(tool)

    async def readable(self) -> None:
        """Wait until the link takes what the client says."""
        await self._readable.wait()

    def request(self, frame: ClientFrame) -> Stream:
        """Hand a request to the link and return the stream of its answer.

        Raises msgspec.DecodeError for params that cannot be spliced.
        """
        line, request_id = frame.line, frame.id
        if self._shared or request_id is None:
            self._last_id += 1
            request_id = self._last_id
            line, literal, token = spliced_in(line, request_id)
            stream = Stream(self, request_id, literal, token)
        else:
            stream = Stream(self, request_id, named=token_in(frame.params))
        self._open[request_id] = stream
        self.say(line)
        return stream

    def say(self, line: bytes) -> None:
        """Hand a line to the link."""
        if self.events is not None:
            self.events.from_client(line)

    def listen(self) -> Stream | None:
        """Open the standing stream; None when there is one."""
        if self._standing is not None:
            return None
        self._standing = Stream(self)
        while self._kept:
            self._standing.put(self._kept.popleft())
        return self._standing

    def left(self, stream: Stream) -> None:
        """Take a stream away that its client closed."""
        if stream is self._standing:
            self._standing = None
        request_id = stream.request_id
        if request_id is None or self._open.get(request_id) is not stream:
            return
        del self._open[request_id]
        if self._shared:
            # Over HTTP of this era closing the stream is how a request is cancelled.
            self.say(notification_line(CANCELLED, {"requestId": request_id}))

    def waits(self, size: int) -> None:
        """Count bytes that the client has not read, and hold the server while they are many."""
        self._waiting_bytes += size
        slow = self._waiting_bytes > (_FAST_BYTES if self._slow else _SLOW_BYTES)
        if slow is not self._slow:
            self._slow = slow
            if self.events is not None:
                self.events.client_slow(slow)

    # ---------------------------------------------------------------- for the link

    def send(self, line: bytes) -> None:
        """Put one line on the stream that it belongs to."""
        frame = read_server(line)
        if frame is None or self.closed.is_set():
            return
        if not frame.method:
            self._answer(frame)
        elif self._shared:
            # What reads in two ways beside what is beyond JSON cannot be spliced, and is dropped.
            with suppress(msgspec.DecodeError):
                self._to_its_request(frame)
        else:
            self._to_somebody(frame)

    def hold_reading(self, reason: str) -> None:
        """Take nothing from the client for now."""
        self._holds.add(reason)
        self._readable.clear()

    def release_reading(self, reason: str) -> None:
        """Take again when no reason is left."""
        self._holds.discard(reason)
        if not self._holds:
            self._readable.set()

    def close(self) -> None:
        """End every stream."""
        self.closed.set()
        self._readable.set()
        for stream in (*self._open.values(), self._standing):
            if stream is not None:
                stream.finish()
        self._open.clear()

    # ---------------------------------------------------------------- inside

    def _answer(self, frame: ServerFrame) -> None:
        stream = self._open.pop(frame.id, None) if frame.id is not None else None
        if stream is not None:
            line = frame.line
            stream.put(line if stream.literal is None else with_id(line, stream.literal))
            stream.finish()

    def _to_its_request(self, frame: ServerFrame) -> None:
        """Give a notification to the one request that it names; who else would it be for."""
        if frame.method == PROGRESS:
            stream = self._stream(progress_of(frame.params))
            if stream is not None and stream.token is not None:
                stream.put(with_token(frame.line, stream.token))
            return
        stream = self._stream(subscription_of(frame.params))
        if stream is not None and stream.literal is not None:
            stream.put(with_subscription(frame.line, stream.literal))
        elif len(self._open) == 1 and not frame.asks:
            # Of a notification without a name only this is certain.
            next(iter(self._open.values())).put(frame.line)

    def _to_somebody(self, frame: ServerFrame) -> None:
        """Give what names no request to the stream where it is read soonest, never to two."""
        stream = None
        if frame.method == PROGRESS:
            stream = self._stream_of_token(progress_of(frame.params))
        if stream is None:
            newest = next(reversed(self._open.values()), None)
            to_everybody = frame.method.endswith(_TO_EVERYBODY)
            stream = self._standing or newest if to_everybody else newest or self._standing
        if stream is not None:
            stream.put(frame.line)
        else:
            self._kept.append(frame.line)

    def _stream(self, request_id: RequestId | None) -> Stream | None:
        return None if request_id is None else self._open.get(request_id)

    def _stream_of_token(self, token: RequestId | None) -> Stream | None:
        same = (one for one in self._open.values() if one.named == token)
        return None if token is None else next(same, None)


async def lines_of(stream: Stream, seconds: float) -> AsyncIterator[bytes]:
    """Yield the lines of a stream as they come, and an empty one after each silence."""
    try:
        while True:
            line = await stream.next(seconds)
            if line is None:
                yield b""
            elif line:
                yield line
            else:
                return
    finally:
        stream.left()
