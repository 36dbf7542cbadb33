"""Owns the last lines of one stream, within bounds, and the ids by which they are asked for.

Event ids are ours, not the server's: nobody who did not get one can guess it, and none leads beyond
the session that it was given in (MCP 2025-11-25, transports, "Resumability and redelivery").
"""

import re
import secrets
from collections import deque
from dataclasses import dataclass, field

from keyturn.broker.parted_lines import Written

STREAM_BYTES = 2 * 1024 * 1024
STREAM_LINES = 1_000
_KEY_BYTES = 16
_EVENT = re.compile(r"([A-Za-z0-9_-]{22})-(0|[1-9][0-9]{0,14})", re.ASCII)


def new_key() -> str:
    """Return what the event ids of one stream begin with."""
    return secrets.token_urlsafe(_KEY_BYTES)


@dataclass(slots=True)
class Replay:
    """The last lines of one stream, each with its number; the first ever is 1."""

    most_lines: int = STREAM_LINES
    most_bytes: int = STREAM_BYTES
    last: int = 0
    size: int = 0
    _lines: deque[Written] = field(default_factory=deque[Written])

    @property
    def first(self) -> int:
        """Number of the oldest line that is still here; of the next one when there is none."""
        return self.last - len(self._lines) + 1

    def append(self, line: Written) -> None:
        """Add a line; nothing is dropped for it."""
        self._lines.append(line)
        self.last += 1
        self.size += len(line)

    def at(self, number: int) -> Written:
        """Return a line that is here."""
        return self._lines[number - self.first]

    def reaches(self, number: int) -> bool:
        """Tell whether all that came after a line is here, and whether it ever was a line."""
        return self.first - 1 <= number <= self.last

    def bytes_after(self, number: int) -> int:
        """Return the size of what came after a line."""
        skipped = max(0, number - self.first + 1)
        return sum(len(line) for place, line in enumerate(self._lines) if place >= skipped)

    def trim(self, upto: int) -> None:
        """Drop the oldest lines while there are too many, none that comes after `upto`."""
        while self.first <= upto and (
            len(self._lines) > self.most_lines or self.size > self.most_bytes
        ):
            self._drop()

    def forget(self, upto: int) -> None:
        """Drop all lines up to this one."""
        while self._lines and self.first <= upto:
            self._drop()

    def _drop(self) -> None:
        self.size -= len(self._lines.popleft())


def event_id(key: str, number: int) -> str:
    """Return the id of an event of a stream."""
    return f"{key}-{number}"


def event_of(text: str) -> tuple[str, int] | None:
    """Return the stream and the number that an event's id names; None for what is no such id."""
    found = _EVENT.fullmatch(text)
    return None if found is None else (found[1], int(found[2]))
