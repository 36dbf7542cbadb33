"""Owns framing: one JSON text a line, of bounded length, with back-pressure; decodes nothing.

A line keeps its own end of line, so that what is passed on is byte for byte what came (MCP, stdio
transport: messages are delimited by newlines and contain none).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

EDGE_BYTES = 512
"""Bytes kept of each end of a line that was too long, to find out what it answered."""


@dataclass(frozen=True, slots=True)
class Oversize:
    """A line beyond the limit; it was discarded to its end, so the stream stays in step."""

    size: int
    head: bytes
    tail: bytes


class LineSplitter:
    """Cuts a byte stream into lines; holds at most one line within the limit."""

    __slots__ = ("_head", "_limit", "_parts", "_size", "_skipping", "_tail")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False
        self._head = b""
        self._tail = b""

    @property
    def held(self) -> int:
        """Bytes that are kept of a line whose end has not come."""
        return sum(map(len, self._parts))

    def feed(self, data: bytes) -> "list[bytes | Oversize]":
        """Take what was read and return the lines that it completes, blank ones left out."""
        end = data.find(b"\n")
        if end < 0:
            self._keep(data)
            return []
        if not self._size and end == len(data) - 1 and end < self._limit:
            return [] if data.isspace() else [data]
        lines: list[bytes | Oversize] = []
        start = 0
        while end >= 0:
            line = self._complete(data[start : end + 1])
            if isinstance(line, Oversize) or not line.isspace():
                lines.append(line)
            start = end + 1
            end = data.find(b"\n", start)
        if start < len(data):
            self._keep(data[start:])
        return lines

    def _complete(self, piece: bytes) -> "bytes | Oversize":
        if self._skipping or self._size + len(piece) > self._limit:
            self._skip(piece)
            line = Oversize(self._size, self._head, self._tail)
        elif self._parts:
            self._parts.append(piece)
            line = b"".join(self._parts)
        else:
            line = piece
        self._parts.clear()
        self._size = 0
        self._skipping = False
        return line

    def _keep(self, piece: bytes) -> None:
        if self._skipping or self._size + len(piece) > self._limit:
            self._skip(piece)
            return
        self._parts.append(piece)
        self._size += len(piece)

    def _skip(self, piece: bytes) -> None:
        """Forget the line but for its two ends, now and until its end comes."""
        if not self._skipping:
            self._skipping = True
            self._head = _few(self._parts)
            self._tail = _few(self._parts, from_end=True)
            self._parts.clear()
        self._head = (self._head + piece[:EDGE_BYTES])[:EDGE_BYTES]
        self._size += len(piece)
        self._tail = (self._tail + piece[-EDGE_BYTES:])[-EDGE_BYTES:]


def _few(parts: list[bytes], *, from_end: bool = False) -> bytes:
    """Return the first or last bytes of what the parts make up, without joining it all."""
    taken: list[bytes] = []
    size = 0
    for part in reversed(parts) if from_end else parts:
        taken.append(part[-EDGE_BYTES:] if from_end else part[:EDGE_BYTES])
        size += len(taken[-1])
        if size >= EDGE_BYTES:
            break
    whole = b"".join(reversed(taken) if from_end else taken)
    return whole[-EDGE_BYTES:] if from_end else whole[:EDGE_BYTES]


class Tap:
    """Counts the reasons not to read from one transport, and reads again when none is left."""

    __slots__ = ("_reasons", "_transport")

    def __init__(self) -> None:
        self._transport: asyncio.ReadTransport | None = None
        self._reasons: set[str] = set()

    def attach(self, transport: asyncio.ReadTransport) -> None:
        """Name the transport; reasons from before count."""
        self._transport = transport
        if self._reasons:
            transport.pause_reading()

    def hold(self, reason: str) -> None:
        """Stop reading for a reason."""
        self._reasons.add(reason)
        if self._transport is not None and len(self._reasons) == 1:
            self._transport.pause_reading()

    def open_for_good(self) -> None:
        """Read to the end, whatever held."""
        for reason in tuple(self._reasons):
            self.release(reason)

    def release(self, reason: str) -> None:
        """Take one reason away; harmless when it does not hold."""
        if reason not in self._reasons:
            return
        self._reasons.remove(reason)
        transport = self._transport
        if transport is not None and not self._reasons and not transport.is_closing():
            transport.resume_reading()


class LineReceiver(Protocol):
    """What a line reader tells."""

    def line(self, line: bytes) -> None:
        """Take one line with its end."""
        ...

    def oversize(self, line: Oversize) -> None:
        """Be told of a line that was too long and is gone."""
        ...

    def ended(self) -> None:
        """Be told once that nothing more will come."""
        ...


class LineReader(asyncio.Protocol):
    """Reads lines from one pipe."""

    def __init__(self, limit: int, receiver: LineReceiver) -> None:
        self._splitter = LineSplitter(limit)
        self._receiver = receiver
        self._ended = False
        self.tap = Tap()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read, unless somebody already holds the tap."""
        if isinstance(transport, asyncio.ReadTransport):
            self.tap.attach(transport)

    def data_received(self, data: bytes) -> None:
        """Hand on the lines that the data completes."""
        for line in self._splitter.feed(data):
            if isinstance(line, Oversize):
                self._receiver.oversize(line)
            else:
                self._receiver.line(line)

    def eof_received(self) -> None:
        """End."""
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, whatever the reason."""
        self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._receiver.ended()


class PipeWriter(asyncio.BaseProtocol):
    """The writing end of one pipe: says when its buffer is full."""

    def __init__(self, slow: Callable[[bool], None]) -> None:
        self._slow = slow
        self.gone = False

    def pause_writing(self) -> None:
        """Say that the other side does not keep up."""
        self._slow(True)

    def resume_writing(self) -> None:
        """Say that it caught up."""
        self._slow(False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hold nobody back for a reader that is gone."""
        self.gone = True
        self._slow(False)
