"""Owns framing: one JSON text a line, of bounded length, with back-pressure; decodes nothing.

A line keeps its own end of line, so that what is passed on is byte for byte what came (MCP, stdio
transport: messages are delimited by newlines and contain none).
"""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from io import BytesIO
from typing import Protocol

EDGE_BYTES = 512
"""Bytes kept of each end of a line that was too long, to find out what it answered."""
BUDGET_BYTES = 256 * 1024 * 1024
"""Of unfinished lines, of all clients and of all servers."""


@dataclass(frozen=True, slots=True)
class Oversize:
    """A line beyond the limit; it was discarded to its end, so the stream stays in step."""

    size: int
    head: bytes
    tail: bytes


Line = bytes | Oversize
"""One line with its end, or what is left of one that was too long."""


class Holder(Protocol):
    """Keeps one line, or event, whose end has not come."""

    def give_up(self) -> None:
        """Take what is held for too long, and discard it."""
        ...


class LineBudget:
    """Bounds what many connections keep together of lines whose end has not come, or that wait."""

    def __init__(self, limit: int = BUDGET_BYTES) -> None:
        self._limit = limit
        self._held: dict[Holder, int] = {}
        self._kept: dict[Holder, int] = {}
        """What is whole, and cannot be given up any more."""
        self._total = 0

    def holds(self, holder: Holder, size: int) -> None:
        """Note what one holds now; the longest line is given up when all are too much."""
        self._total += size - self._held.pop(holder, 0) - self._kept.pop(holder, 0)
        if size:
            self._held[holder] = size
        if self._total > self._limit and self._held:
            max(self._held, key=self._held.__getitem__).give_up()

    def keeps(self, holder: Holder) -> None:
        """Go on counting what one holds, and give it up no more."""
        if holder in self._held:
            self._kept[holder] = self._held.pop(holder)


class HeldBytes:
    """What has come of one body, within the budget of all."""

    def __init__(self, limit: int, budget: LineBudget) -> None:
        self._limit = limit
        self._budget = budget
        self._bytes = bytearray()
        self.size = 0
        """Bytes that have come."""
        self.too_long = False
        """It was over its limit, or given up; nothing is kept of it."""

    def add(self, chunk: bytes) -> None:
        """Take more in."""
        if self.too_long:
            return
        self._bytes += chunk
        self.size += len(chunk)
        if self.size > self._limit:
            self.give_up()
        else:
            self._budget.holds(self, len(self._bytes))

    def taken(self) -> bytes | None:
        """Return it whole, and hold it no more; None for one that was too long."""
        whole = None if self.too_long else bytes(self._bytes)
        self.close()
        return whole

    def kept(self) -> bytes | None:
        """Return it whole; it counts until it is closed. None for one that was too long."""
        if self.too_long:
            return None
        whole = bytes(self._bytes)
        self._bytes.clear()
        self._budget.keeps(self)
        return whole

    def give_up(self) -> None:
        """Take it for one that is too long."""
        self.too_long = True
        self.close()

    def close(self) -> None:
        """Forget what is held."""
        self._bytes.clear()
        self._budget.holds(self, 0)


class LineSplitter:
    """Cuts a byte stream into lines; holds at most one line within the limit."""

    __slots__ = ("_budget", "_head", "_held", "_limit", "_size", "_skipping", "_tail")

    def __init__(self, limit: int, budget: LineBudget | None = None) -> None:
        self._limit = limit
        self._budget = budget
        # Gives what was written away as it is: joining 60 MB anew takes as long as reading them.
        self._held = BytesIO()
        self._size = 0
        self._skipping = False
        self._head = b""
        self._tail = b""

    @property
    def held(self) -> int:
        """Bytes that are kept of a line whose end has not come."""
        return self._held.tell()

    def feed(self, data: bytes) -> list[Line]:
        """Take what was read and return the lines that it completes, blank ones left out."""
        end = data.find(b"\n")
        if end >= 0 and not self._size and end == len(data) - 1 and end < self._limit:
            return [] if data.isspace() else [data]
        lines: list[Line] = []
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

    def give_up(self) -> None:
        """Take the line that is held for one that is too long."""
        if not self._skipping and self._size:
            self._begin_to_skip()

    def close(self) -> None:
        """Forget what is held: nothing more will come."""
        self._held = BytesIO()
        self._account()

    def _complete(self, piece: bytes) -> Line:
        if self._skipping or self._size + len(piece) > self._limit:
            self._skip(piece)
            line = Oversize(self._size, self._head, self._tail)
        elif self._size:
            self._held.write(piece)
            line = self._held.getvalue()
        else:
            line = piece
        if self._size:
            self._held = BytesIO()
            self._account()
        self._size = 0
        self._skipping = False
        return line

    def _keep(self, piece: bytes) -> None:
        if self._skipping or self._size + len(piece) > self._limit:
            self._skip(piece)
            return
        self._held.write(piece)
        self._size += len(piece)
        self._account()

    def _skip(self, piece: bytes) -> None:
        """Forget the line but for its two ends, now and until its end comes."""
        if not self._skipping:
            self._begin_to_skip()
        self._head = (self._head + piece[:EDGE_BYTES])[:EDGE_BYTES]
        self._size += len(piece)
        self._tail = (self._tail + piece[-EDGE_BYTES:])[-EDGE_BYTES:]

    def _begin_to_skip(self) -> None:
        self._skipping = True
        with self._held.getbuffer() as held:
            self._head = bytes(held[:EDGE_BYTES])
            self._tail = bytes(held[-EDGE_BYTES:])
        self._held = BytesIO()
        self._account()

    def _account(self) -> None:
        if self._budget is not None:
            self._budget.holds(self, self._held.tell())


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

    def open_for_good(self, *, but: Collection[str]) -> None:
        """Read to the end, whatever held but for these reasons, which pass by themselves."""
        for reason in self._reasons.difference(but):
            self.release(reason)

    def release(self, reason: str) -> None:
        """Take one reason away; harmless when it does not hold."""
        if reason not in self._reasons:
            return
        self._reasons.remove(reason)
        transport = self._transport
        if transport is not None and not self._reasons and not transport.is_closing():
            transport.resume_reading()
