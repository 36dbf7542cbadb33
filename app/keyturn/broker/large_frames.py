"""Owns how a large frame of a server is read elsewhere: what comes back of it, and in which bytes.

What a worker finds is an outline; the values stay slices of the line, so that nothing large is
decoded, or copied, on the broker's loop.
"""

import json
from collections.abc import Sequence
from typing import Protocol

import msgspec
from msgspec import Raw

from keyturn.application.ports.payloads import InspectedAnswer, NotInspected
from keyturn.broker.envelope import ServerFrame
from keyturn.broker.members import NOTHING, place_of

PARTS = 3


class ReadFrame(msgspec.Struct, frozen=True):
    """A frame of a server as it was read."""

    frame: ServerFrame | None
    """None for what is no frame at all."""
    inspected: InspectedAnswer | NotInspected | None = None
    """Of a large answer: what was made of its result or error; of any other large frame that nobody
    looked. None for what is inspected later."""


class LargeFrames(Protocol):
    """Reads large frames of servers without holding up the loop."""

    async def read(self, line: bytes, agent: str) -> ReadFrame:
        """Read one that came on an agent's connection; never fails."""
        ...


def outline_of(frame: ServerFrame | None, line: bytes) -> list[bytes]:
    """Write down what was read of a line, in `PARTS` parts."""
    if frame is None:
        return [b"null", b"", b""]
    which, value = _value_of(frame)
    # Wherever the same bytes stand: what lies in between is all that counts.
    at = place_of(value, line)
    head = [
        frame.method,
        frame.id,
        frame.asks,
        frame.without_id,
        frame.ambiguous,
        which,
        at,
        at + len(value),
    ]
    return [
        json.dumps(head).encode(),
        value if at < 0 else b"",
        b"" if frame.line == line else frame.line,
    ]


def frame_of(line: bytes, parts: Sequence[bytes]) -> ServerFrame | None:
    """Read an outline; raises ValueError for what is none."""
    head, value, other_line = parts
    outline = json.loads(head)
    if outline is None:
        return None
    method, request_id, asks, without_id, ambiguous, which, start, end = outline
    raw = Raw(value) if start < 0 else Raw(memoryview(line)[start:end])
    return ServerFrame(
        line=other_line or line,
        method=method,
        id=request_id,
        asks=asks,
        params=raw if which == "params" else NOTHING,
        result=raw if which == "result" else None,
        error=raw if which == "error" else None,
        without_id=without_id,
        ambiguous=ambiguous,
    )


def _value_of(frame: ServerFrame) -> tuple[str, bytes]:
    """Return the one member that matters; nothing is taken out of what is ambiguous."""
    if frame.ambiguous:
        return "", b""
    if frame.result is not None:
        return "result", bytes(frame.result)
    if frame.error is not None:
        return "error", bytes(frame.error)
    return "params", bytes(frame.params)
