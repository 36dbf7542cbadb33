"""Owns the reading of server-sent events, as far as MCP uses them (WHATWG HTML, section 9.2)."""

import re
from dataclasses import dataclass, field

_BESIDE_BYTES = 1024
"""What an event may have beside its data."""
_MOST_RETRY_MS = 3_600_000
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


@dataclass(slots=True)
class EventReader:
    """Cuts a stream of bytes into events; holds at most one of the limit's length."""

    limit: int
    _rest: bytearray = field(default_factory=bytearray)
    _lines: list[bytes] = field(default_factory=list[bytes])
    _size: int = 0

    def feed(self, chunk: bytes) -> list[Event]:
        """Take what was read and return the events that it completes; raises TooLong."""
        events: list[Event] = []
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            line = bytes(self._rest) + chunk[start:end]
            self._rest.clear()
            start = end + 1
            stripped = line.removesuffix(b"\r")
            if stripped:
                self._lines.append(stripped)
                self._hold(len(stripped))
            elif self._lines:
                events.append(_event(self._lines))
                self._lines, self._size = [], 0
        self._rest += chunk[start:]
        self._hold(0)
        return events

    def _hold(self, more: int) -> None:
        self._size += more
        if self._size + len(self._rest) > self.limit + _BESIDE_BYTES:
            raise TooLong


def _event(lines: list[bytes]) -> Event:
    data: list[bytes] = []
    said: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        else:
            said[name] = value
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
