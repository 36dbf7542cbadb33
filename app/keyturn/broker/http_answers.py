"""Owns what the endpoint answers over HTTP: JSON, or events as they come, and which of the two.

A client of the era with a handshake gets an id with each event, and comes back with the last one.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.broker.envelope import INVALID_REQUEST
from keyturn.broker.http_client import HttpClient
from keyturn.broker.http_stream import Reader, Stream, lines_of
from keyturn.broker.parted_lines import Part, PartedLine, Written, pieces_of, without_end
from keyturn.broker.refusals import error_line

LAST_EVENT = "last-event-id"
PING_SECONDS = 15.0
COMMIT_SECONDS = PING_SECONDS
"""An answer that is there by then, with nothing before it, is sent as JSON; others as events."""
_LONG_EVENT = 256 * 1024
JSON, EVENTS = "application/json", "text/event-stream"
_NO_STORE = {"cache-control": "no-store"}
_STATUS = dict.fromkeys((-32700, -32600, -32602, -32020, -32021, -32022), 400) | {-32601: 404}
"""Of an error that answers a request of 2026-07-28 (transports, "Response status")."""


class _Outcome(msgspec.Struct):
    code: int = 0


class _Answer(msgspec.Struct):
    error: _Outcome | None = None


_answer_of = msgspec.json.Decoder(_Answer).decode


async def answering(
    request: Request, reader: Reader, headers: dict[str, str], *, modern: bool
) -> Response:
    """Answer as JSON when the answer alone is there soon, else with events as they come."""
    watch = asyncio.get_running_loop().create_task(_left(request, reader))
    try:
        await reader.begin(COMMIT_SECONDS)
    except asyncio.CancelledError:
        reader.left()
        raise
    finally:
        watch.cancel()
    if reader.ended and reader.stream.unanswered:
        reader.left()
        return Response(status_code=202, headers=headers)
    if reader.ended and not reader.paused:
        return json_answer(502, error_line(None, INVALID_REQUEST, "The connection ended."), headers)
    only = reader.stream.only()
    # The older era's clients are used to events; some of them cannot read a long one.
    if only is not None and (modern or len(only) > _LONG_EVENT):
        reader.left()
        return json_answer(_status(only) if modern else 200, only, headers)
    return _EventResponse(reader, headers)


def listening(request: Request, client: HttpClient) -> Response:
    """Answer with the standing stream, or with what came after the event that is named."""
    if not accepts(request, EVENTS):
        return refusal(406, f"Accept {EVENTS}.")
    last = [value for value in request.headers.getlist(LAST_EVENT) if value]
    if len(last) > 1:
        return refusal(400, f"The header {LAST_EVENT} comes twice.")
    if not last:
        reader = client.listen()
        if reader is None:
            return refusal(409, "This session has a stream already.")
        return _EventResponse(reader, {})
    reader = client.resume(last[0])
    if reader is None:
        # No 404, which would say that the session is over.
        return refusal(400, "What came after this event is not kept, or there was none.")
    if reader.ended:
        reader.left()
        return Response(status_code=204)
    return _EventResponse(reader, {})


async def _left(request: Request, reader: Reader) -> None:
    """Wait for the client to close its end before it got anything."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
    reader.left()


class _EventResponse(StreamingResponse):
    """Leaves its stream however it ends, even before its first byte."""

    def __init__(self, reader: Reader, headers: dict[str, str]) -> None:
        super().__init__(_events(reader), headers=_NO_STORE | headers, media_type=EVENTS)
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Write it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._reader.left()


async def _events(reader: Reader) -> AsyncIterator[bytes]:
    """Write lines as server-sent events, and a comment after each while of silence."""
    stream = reader.stream
    if stream.primed and not stream.known:
        yield b"id: " + reader.named().encode() + b"\n" + _retry(stream) + b"data: \n\n"
    async for line in lines_of(reader, PING_SECONDS):
        if not line:
            yield b": ping\n\n"
            continue
        for piece in _event(line, reader.named()):
            yield piece
    if reader.paused:
        yield _retry(stream) + b"\n"


def _event(line: Written, event_id: str) -> Iterable[bytes]:
    """Write an event, in one piece where it is not large."""
    name = b"id: " + event_id.encode() + b"\n" if event_id else b""
    parts = (name + b"event: message\ndata: ", *without_end(line), b"\n\n")
    return pieces_of(parts) if len(line) > LARGE_BYTES else (b"".join(parts),)


def _retry(stream: Stream) -> bytes:
    return f"retry: {round(stream.retry * 1000)}\n".encode()


def _status(line: Written) -> int:
    if isinstance(line, PartedLine):
        # A result, or several answers.
        return 200
    try:
        error = _answer_of(line).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 200
    return 200 if error is None else _STATUS.get(error.code, 200)


def accepts(request: Request, kind: str) -> bool:
    """Tell whether a client takes answers of this kind."""
    ranges = {
        part.partition(";")[0].strip().lower()
        for value in request.headers.getlist("accept")
        for part in value.split(",")
    }
    return bool(ranges & {kind, "*/*", f"{kind.partition('/')[0]}/*"})


def json_answer(status: int, line: Written, headers: dict[str, str] | None = None) -> Response:
    """Answer with one frame."""
    body, described = without_end(line), _NO_STORE | (headers or {})
    if len(line) <= LARGE_BYTES:
        return Response(b"".join(body), status, headers=described, media_type=JSON)
    described["content-length"] = str(sum(map(len, body)))
    return StreamingResponse(one_by_one(body), status, headers=described, media_type=JSON)


async def one_by_one(parts: Iterable[Part]) -> AsyncIterator[bytes]:
    """Yield the bytes of a body in pieces."""
    for piece in pieces_of(parts):
        yield piece


def refusal(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """Answer with an error and no more."""
    return json_answer(status, error_line(None, INVALID_REQUEST, sentence), headers)
