"""Owns the reading of server-sent events, as far as MCP uses them (WHATWG HTML, section 9.2)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from keyturn.broker.frames import EDGE_BYTES, LineBudget, Oversize

_BESIDE_BYTES = 1024
"""What an event may have beside its data."""
_LONGEST_NAME = 64
"""Of the fields that are known, the longest has five letters."""
_MOST_LINES = 5_000
"""Of one event: each becomes an object, and an event may be long."""
_MOST_RETRY_MS = 3_600_000
_END = re.compile(rb"\n\r?\n")
_BOM = b"\xef\xbb\xbf"
_IN_HEADERS = re.compile(rb"[\x20-\x7e]*")


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

    __slots__ = ("_begun", "_budget", "_held", "_most", "_skipped")

    def __init__(self, limit: int, budget: LineBudget | None = None) -> None:
        self._most = limit + _BESIDE_BYTES
        self._budget = budget
        self._held = bytearray()
        """Of the event whose end has not come; of one that is too long only its last bytes."""
        self._begun = False
        """An event has ended: a byte order mark counts at the very beginning only."""
        self._skipped: Oversize | None = None
        """Of one that is being discarded: its first bytes, and how many are gone."""

    @property
    def skipping(self) -> bool:
        """Whether an event is being discarded."""
        return self._skipped is not None

    @property
    def held(self) -> int:
        """Bytes that are kept of an event whose end has not come."""
        return len(self._held)

    def feed(self, chunk: bytes) -> Iterator[Event | Oversize]:
        """Take what was read; the events that it completes are taken apart one by one.

        They may be thousands, so that whoever asks for the next one may pause before.
        """
        held = self._held
        # The end of an event may have begun in what came before.
        search = max(len(held) - 2, 0)
        held += chunk
        bare, full = held.rfind(b"\n\n", search), held.rfind(b"\n\r\n", search)
        whole, skipped = b"", self._skipped
        if max(bare, full) >= 0:
            last = max(bare + 2, full + 3)
            with memoryview(held) as view:
                whole = bytes(view[:last])
            del held[:last]
            self._skipped = None
        if self.skipping or len(held) > self._most:
            self._skip()
        self._account()
        return self._cut(whole, search, skipped)

    def give_up(self) -> None:
        """Take the event that is held for one that is too long."""
        if self._held and not self.skipping:
            self._skip()
            self._account()

    def close(self) -> None:
        """Forget what is held: nothing more will come."""
        self._held.clear()
        self._account()

    def _cut(
        self, whole: bytes, search: int, skipped: Oversize | None
    ) -> Iterator[Event | Oversize]:
        """Take whole events apart; of the first one most may have been discarded."""
        begin = 0
        for end in _END.finditer(whole, search):
            block = whole[begin : end.end()]
            begin = end.end()
            first, self._begun = not self._begun, True
            if skipped is not None:
                size = skipped.size + len(block)
                yield Oversize(size, skipped.head, block[-EDGE_BYTES:])
                skipped = None
            elif len(block) > self._most or block.count(b"\n") > _MOST_LINES:
                yield Oversize(len(block), block[:EDGE_BYTES], block[-EDGE_BYTES:])
            elif (event := _event(block.removeprefix(_BOM) if first else block)) is not None:
                yield event

    def _skip(self) -> None:
        """Keep the two edges of the event only."""
        held, skipped = self._held, self._skipped
        gone = max(len(held) - EDGE_BYTES, 0)
        head = bytes(held[:EDGE_BYTES]) if skipped is None else skipped.head
        self._skipped = Oversize(gone + (0 if skipped is None else skipped.size), head, b"")
        del held[:gone]

    def _account(self) -> None:
        if self._budget is not None:
            self._budget.holds(self, len(self._held))


def _event(block: bytes) -> Event | None:
    """Take one event apart, copying its data once; None for white space between events."""
    data: list[bytes] = []
    said: dict[bytes, bytes] = {}
    at = 0
    while at < len(block):
        end = block.find(b"\n", at)
        stop = end - 1 if block[end - 1 : end] == b"\r" and end > at else end
        colon = block.find(b":", at, min(stop, at + _LONGEST_NAME))
        name = block[at : colon if colon >= 0 else min(stop, at + _LONGEST_NAME)]
        start = stop if colon < 0 else colon + 1
        value = block[start + block.startswith(b" ", start, stop) : stop]
        if name == b"data":
            data.append(value)
        elif stop > at:
            said[name] = value
        at = end + 1
    if not data and not said:
        return None
    retry = said.get(b"retry", b"")
    milliseconds = int(retry) if retry.isdigit() and len(retry) < 10 else None
    return Event(
        data=b"\n".join(data),
        id=_id_of(said.get(b"id", b"")),
        kind=(said.get(b"event") or b"message").decode("latin-1"),
        retry=None if milliseconds is None else min(milliseconds, _MOST_RETRY_MS) / 1000,
    )


def _id_of(value: bytes) -> str:
    """Return an event's id, or none where it could not be said again in a header."""
    return value.decode() if _IN_HEADERS.fullmatch(value) else ""


def line_of(data: bytes) -> bytes:
    """Return what an event or a body holds as one line: between values JSON takes any space."""
    return data.strip().replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
