"""Owns the client's end of one connection over HTTP: on which stream each line is answered.

A POST carries one frame, and its response is the stream of that request: what belongs to it, then
its answer. What belongs to no request goes to the client's standing stream, or waits for one.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress

import msgspec
from msgspec import Raw

from keyturn.broker.batches import ids_answered, is_batch
from keyturn.broker.ends import ClientEvents
from keyturn.broker.envelope import (
    ClientFrame,
    RequestId,
    ServerFrame,
    notification_line,
    read_server,
)
from keyturn.broker.http_stream import Reader, Stream
from keyturn.broker.keep_alive import PROGRESS
from keyturn.broker.kept_streams import KEPT_SECONDS, KeptStreams
from keyturn.broker.parted_lines import PartedLine, Written, with_literal_id
from keyturn.broker.replay import Replay
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
COME_BACK_SECONDS = 5.0
"""How long, beyond what it was asked to wait, a client that lost a response may take to return."""
_TO_EVERYBODY = ("list_changed", "notifications/resources/updated")
"""Ends of the methods of notifications that belong to no request."""


class HttpClient:
    """Implements `Downstream` for one link.

    A shared one serves the requests of many clients, which know nothing of each other: its ids and
    progress tokens are the link's own, and a client that stops reading has cancelled. The client of
    another has only lost a response, and may take its stream up again.
    """

    def __init__(self, *, shared: bool) -> None:
        self._shared = shared
        self.events: ClientEvents | None = None
        """Set once the connection is accepted."""
        self.closed = asyncio.Event()
        self._readable = asyncio.Event()
        self._readable.set()
        self._holds: set[str] = set()
        self._loop = asyncio.get_running_loop()
        self._kept = KeptStreams()
        self._open: dict[RequestId, Stream] = {}
        self._standing = Stream(self, Replay(MOST_KEPT), keeps=True)
        self._kept.add(self._standing)
        self._waiting_bytes = 0
        self._slow = False
        self._last_id = 0

    # ---------------------------------------------------------------- for the endpoint

    @property
    def busy(self) -> bool:
        """Whether somebody waits for an answer or listens."""
        return any(one.reader is not None for one in (*self._open.values(), self._standing))

    def uses(self, *ids: RequestId) -> bool:
        """Tell whether a request of one of these ids is open."""
        return not self._shared and not self._open.keys().isdisjoint(ids)

    def schema_of(self, tool: str) -> JsonObject | None:
        """Return the input schema of a tool that the server is known to list."""
        return None if self.events is None else self.events.schema_of(tool)

    async def readable(self) -> None:
        """Wait until the link takes what the client says."""
        # Of those that waited each looks again: the one before may have been enough for now.
        while not self._readable.is_set():
            await self._readable.wait()

    def request(self, frame: ClientFrame, *, primed: bool = False) -> Reader:
        """Hand a request to the link and return the stream of its answer.

        `primed` for a client that knows what to do with an event that is only an id. Raises
        msgspec.DecodeError for params that cannot be spliced.
        """
        line, request_id = frame.line, frame.id
        if self._shared or request_id is None:
            self._last_id += 1
            request_id = self._last_id
            line, literal, token = spliced_in(line, request_id)
            stream = Stream(self, Replay(0, 0), request_id, literal, token)
        else:
            named = token_in(frame.params)
            stream = Stream(self, Replay(), request_id, named=named, keeps=True, primed=primed)
            self._kept.add(stream)
        self._open[request_id] = stream
        reader = stream.read()
        self.say(line)
        return reader

    def request_all(self, line: bytes, ids: Iterable[RequestId]) -> Reader:
        """Hand a batch to the link and return the stream of what its requests are answered."""
        stream = Stream(self, Replay(), batch=frozenset(ids), keeps=True)
        self._kept.add(stream)
        self._open |= dict.fromkeys(stream.batch, stream)
        reader = stream.read()
        self.say(line)
        return reader

    def say(self, line: bytes) -> None:
        """Hand a line to the link."""
        if self.events is not None:
            self.events.from_client(line)

    def listen(self) -> Reader | None:
        """Open the standing stream, or go on with it; None when somebody reads it."""
        return None if self._standing.reader is not None else self._standing.read()

    def resume(self, event_id: str) -> Reader | None:
        """Go on with a stream after this event, instead of whoever read it before.

        None for an event that was not on a stream of this client, or from which on not all is kept.
        """
        found = self._kept.find(event_id)
        stream, number = found or (None, 0)
        return stream.read(number) if stream and stream.replay.reaches(number) else None

    def sweep(self, now: float) -> None:
        """Forget the streams that nobody took up again for long."""
        for stream in self._kept.all():
            gone = stream.reader is None and stream.left_at < now - KEPT_SECONDS
            if gone and stream is not self._standing:
                self._forget(stream)

    # ---------------------------------------------------------------- for its streams

    def left(self, stream: Stream) -> None:
        """Give up the request of a stream that its client closed, unless it may come back."""
        stream.left_at = self._loop.time()
        ids = _open_on(stream, self._open)
        if not ids:
            if not stream.known and stream is not self._standing:
                self._forget(stream)
        elif self._shared:
            self._forget(stream)
            # Over HTTP of this era closing the stream is how a request is cancelled.
            self.say(notification_line(CANCELLED, {"requestId": ids[0]}))
        elif stream.known and not self.closed.is_set():
            wait = stream.retry + COME_BACK_SECONDS
            stream.timer = self._loop.call_later(wait, self._abandon, ids)
        else:
            self._forget(stream)
            self._abandon(ids)

    def holds(self, stream: Stream, size: int) -> None:
        """Count bytes that are kept for a client that comes back."""
        self._kept.holds(stream, size)

    def waits(self, size: int) -> None:
        """Count bytes that the client has not read, and hold the server while they are many."""
        self._waiting_bytes += size
        slow = self._waiting_bytes > (_FAST_BYTES if self._slow else _SLOW_BYTES)
        if slow is not self._slow:
            self._slow = slow
            if self.events is not None:
                self.events.client_slow(slow)

    # ---------------------------------------------------------------- for the link

    def send(self, line: Written) -> None:
        """Put one line on the stream that it belongs to."""
        if isinstance(line, PartedLine):
            self._answer(line, line.answers)
            return
        frame = read_server(line)
        if is_batch(line):
            self._answer(line, ids_answered(line))
        if frame is None or self.closed.is_set():
            return
        if not frame.method:
            self._answer(frame.line, () if frame.id is None else (frame.id,))
        elif self._shared:
            # What reads in two ways beside what is beyond JSON cannot be spliced, and is dropped.
            with suppress(msgspec.DecodeError):
                self._to_its_request(frame)
        else:
            self._to_somebody(frame)

    def hears(self, request_id: RequestId) -> bool:
        """Tell whether the response of this request is still read."""
        stream = self._open.get(request_id)
        return stream is not None and stream.reader is not None and not self.closed.is_set()

    def server_paused(self, request_id: RequestId, retry: float | None, *, ended: bool) -> None:
        """Do with a response as the server did with its own."""
        stream = None if self._shared else self._open.get(request_id)
        if stream is None:
            return
        if ended:
            stream.pause(retry)
        else:
            stream.prime(retry)

    def unanswered(self, request_id: RequestId) -> None:
        """End the stream of a batch with the last of its members."""
        stream = self._open.pop(request_id, None)
        if stream is not None:
            stream.unanswered = True
            _finish_answered(stream, self._open)

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
            stream.finish()
        self._open.clear()

    # ---------------------------------------------------------------- inside

    def _answer(self, line: Written, ids: Iterable[RequestId]) -> None:
        """Put the answer to a request, or to a batch, on its stream, which ends with the last."""
        streams = [self._open.pop(one, None) for one in ids]
        stream = next(filter(None, streams), None)
        if stream is not None:
            stream.put(_spelt(line, stream.literal))
            _finish_answered(stream, self._open)

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
        to_everybody = frame.method.endswith(_TO_EVERYBODY)
        soonest = _read_soonest(self._open.values(), self._standing, to_everybody=to_everybody)
        (stream or soonest).put(frame.line)

    def _abandon(self, ids: Iterable[RequestId]) -> None:
        for request_id in ids:
            if self.events is not None:
                self.events.abandoned(request_id)

    def _forget(self, stream: Stream) -> None:
        stream.stop_timer()
        self._kept.remove(stream)
        for request_id in _open_on(stream, self._open):
            del self._open[request_id]

    def _stream(self, request_id: RequestId | None) -> Stream | None:
        return None if request_id is None else self._open.get(request_id)

    def _stream_of_token(self, token: RequestId | None) -> Stream | None:
        same = (one for one in self._open.values() if one.named == token)
        return None if token is None else next(same, None)


def _spelt(line: Written, literal: Raw | None) -> Written:
    """Return an answer with the id that its client used, where that is another one."""
    if isinstance(line, PartedLine):
        return line if literal is None else with_literal_id(line, literal)
    return line if literal is None or is_batch(line) else with_id(line, literal)


def _open_on(stream: Stream, streams: Mapping[RequestId, Stream]) -> tuple[RequestId, ...]:
    """Return the ids whose answers are still to come on a stream."""
    alone = () if stream.request_id is None else (stream.request_id,)
    return tuple(one for one in (*alone, *stream.batch) if streams.get(one) is stream)


def _finish_answered(stream: Stream, streams: Mapping[RequestId, Stream]) -> None:
    if not _open_on(stream, streams):
        stream.finish()


def _read_soonest(streams: Collection[Stream], standing: Stream, *, to_everybody: bool) -> Stream:
    """Return the stream, of those that are open, on which a client hears soonest."""
    read = next((s for s in reversed(tuple(streams)) if s.reader is not None), None)
    listens = standing.reader is not None
    if read is None and not listens:
        # Nobody reads: whoever has lost its response may come back for it.
        newest = next(reversed(tuple(streams)), standing)
        return standing if to_everybody else newest
    return standing if read is None or listens and to_everybody else read
