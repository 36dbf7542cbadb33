"""Owns the reading of server-sent events, as far as MCP uses them (WHATWG HTML, section 9.2)."""

import re
from dataclasses import dataclass

from keyturn.broker.frames import EDGE_BYTES, LineBudget, Oversize

_BESIDE_BYTES = 1024
"""What an event may have beside its data."""
_MOST_LINES = 10_000
"""Of one event: each becomes an object, and an event may be long."""
_MOST_RETRY_MS = 3_600_000
_END = re.compile(rb"\n\r?\n")
_BOM = b"\xef\xbb\xbf"


class TooLong(Exception):
    """One event was longer than a frame may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What one block of lines said."""

    data: bytes = b""
    id: str = ""
    kind: str = "message"
    retry: float | None = None
    """Seconds to wait before connecting again."""


class EventReader:
    """Cuts a stream of bytes into events; holds at most one of the limit's length.

    One that is longer is discarded to its end, so that the stream stays in step.
    """

    __slots__ = ("_budget", "_gone", "_head", "_held", "_most", "skipping")

    def __init__(self, limit: int, budget: LineBudget | None = None) -> None:
        self._most = limit + _BESIDE_BYTES
        self._budget = budget
        self._held = bytearray()
        """Of the event whose end has not come; of one that is too long only its last bytes."""
        self.skipping = False
        """Whether an event is being discarded."""
        self._head = b""
        self._gone = 0
        """Bytes of it that are not held any more."""

    @property
    def held(self) -> int:
        """Bytes that are kept of an event whose end has not come."""
        return len(self._held)

    def feed(self, chunk: bytes) -> list[Event | Oversize]:
        """Take what was read and return the events that it completes."""
        events: list[Event | Oversize] = []
        held = self._held
        # The end of an event may have begun in what came before.
        search, begin = max(len(held) - 2, 0), 0
        held += chunk
        while (end := _END.search(held, search)) is not None:
            events += self._completed(bytes(held[begin : end.end()]))
            search = begin = end.end()
        del held[:begin]
        if self.skipping or len(held) > self._most:
            self._skip()
        self._account()
        return events

    def give_up(self) -> None:
        """Take the event that is held for one that is too long."""
        if self._held and not self.skipping:
            self._skip()
            self._account()

    def close(self) -> None:
        """Forget what is held: nothing more will come."""
        self._held.clear()
        self._account()

    def _completed(self, block: bytes) -> list[Event | Oversize]:
        if not self.skipping:
            lines = block.removeprefix(_BOM).strip(b"\r\n")
            if len(lines) <= self._most and lines.count(b"\n") < _MOST_LINES:
                return [_event(lines)] if lines else []
            return [Oversize(len(block), block[:EDGE_BYTES], block[-EDGE_BYTES:])]
        self.skipping = False
        return [Oversize(self._gone + len(block), self._head, block[-EDGE_BYTES:])]

    def _skip(self) -> None:
        """Keep the two edges of the event only."""
        held = self._held
        if not self.skipping:
            self.skipping, self._head, self._gone = True, bytes(held[:EDGE_BYTES]), 0
        gone = max(len(held) - EDGE_BYTES, 0)
        del held[:gone]
        self._gone += gone

    def _account(self) -> None:
        if self._budget is not None:
            self._budget.holds(self, len(self._held))


def _event(lines: bytes) -> Event:
    data: list[bytes] = []
    said: dict[bytes, bytes] = {}
    for line in lines.split(b"\n"):
        name, _, value = line.removesuffix(b"\r").partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        else:
            said[name] = value
    retry = said.get(b"retry", b"")
    milliseconds = int(retry) if retry.isdigit() and len(retry) < 10 else None
    return Event(
        data=b"\n".join(data),
        id=said.get(b"id", b"").decode("latin-1"),
        kind=said.get(b"event", b"message").decode("latin-1"),
        retry=None if milliseconds is None else min(milliseconds, _MOST_RETRY_MS) / 1000,
    )


def line_of(data: bytes) -> bytes:
    """Return what an event or a body holds as one line: between values JSON takes any space."""
    return data.strip().replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
