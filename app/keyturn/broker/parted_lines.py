"""Owns a line to a client in parts: what is large in it goes out without having been copied.

Joined, an answer of 8 MB held the loop up for 12 ms.
"""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Raw

from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.broker.envelope import RequestId, result_line

PIECE = 256 * 1024
"""Bytes that are copied at once where only bytes are taken."""

Part = bytes | memoryview
_END = b"\n"
_encode = msgspec.json.encode


class PartedLine(msgspec.Struct, frozen=True):
    """A line with its end; it is written whole or not at all, like one in one piece."""

    parts: tuple[Part, ...]
    answers: tuple[RequestId, ...]
    """The requests that it answers, so that nobody has to read it to know."""

    def __len__(self) -> int:
        """Return its bytes."""
        return sum(map(len, self.parts))


Written = bytes | PartedLine
"""What is written to a client as one line."""


def answer_of(request_id: RequestId, result: Part) -> Written:
    """Return the response with a result in JSON, in parts where that is large."""
    if len(result) <= LARGE_BYTES:
        return result_line(request_id, Raw(result))
    return PartedLine((_head(_encode(request_id)), result, b"}\n"), (request_id,))


def with_literal_id(answer: PartedLine, literal: Raw) -> PartedLine:
    """Give an answer to one request the id that its client used."""
    return PartedLine((_head(literal), *answer.parts[1:]), answer.answers)


def gathered(answers: Iterable[Written], ids: Iterable[RequestId]) -> PartedLine:
    """Return answers to these requests as one array."""
    parts: list[Part] = []
    for answer in answers:
        parts += (b"," if parts else b"[", *without_end(answer))
    parts.append(b"]\n")
    return PartedLine(tuple(_joined_where_small(parts)), tuple(ids))


def without_end(line: Written) -> tuple[Part, ...]:
    """Return the parts of a line but for its end."""
    *parts, last = (line,) if isinstance(line, bytes) else line.parts
    kept = len(last)
    while kept and last[kept - 1] in b"\r\n":
        kept -= 1
    return (*parts, last if kept == len(last) else memoryview(last)[:kept])


def with_end(line: Written) -> tuple[Part, ...]:
    """Return the parts of a line, which has its end by then."""
    parts = (line,) if isinstance(line, bytes) else line.parts
    return parts if parts[-1][-1:] == _END else (*parts, _END)


def pieces_of(parts: Iterable[Part]) -> Iterator[bytes]:
    """Return the same bytes in pieces that are copied one at a time, as they are asked for."""
    for part in parts:
        if len(part) <= PIECE:
            yield bytes(part)
            continue
        whole = memoryview(part)
        for at in range(0, len(part), PIECE):
            yield bytes(whole[at : at + PIECE])


def _joined_where_small(parts: Iterable[Part]) -> Iterator[Part]:
    """Join parts that would take a system call each; what is large stays as it is."""
    small: list[Part] = []
    size = 0
    for part in parts:
        if size and size + len(part) > LARGE_BYTES:
            yield b"".join(small)
            small, size = [], 0
        if len(part) > LARGE_BYTES:
            yield part
        else:
            small.append(part)
            size += len(part)
    if small:
        yield b"".join(small)


def _head(literal: Part | Raw) -> bytes:
    return b"".join((b'{"jsonrpc":"2.0","id":', literal, b',"result":'))
