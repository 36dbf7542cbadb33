"""Owns the corpus of frames: what is written at one end and must come out at the other.

`frames.json` has a text for each frame, without its newline; a byte that is no UTF-8 is the low
surrogate that Python's `surrogateescape` makes of it. What arrives of a judged call was compared by
hand with RFC 8785: members in the order of UTF-16, numbers as ECMAScript writes them, no escape
that is not needed, and of the frame only what was digested.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("frames.json")
_LONG = "x" * (2 << 20)
_LONG_FRAMES = {
    "passed to the server": '{"jsonrpc":"2.0","id":1,"method":"x/y","params":{"a":"%s"}}',
    "passed to the client": '{"jsonrpc":"2.0","id":7,"result":"%s"}',
}
ANSWERED = 7
"""The id of the request that a frame of the server's answers."""


class Way(StrEnum):
    """What a frame is, and so how it must arrive. The values are the sections of the file."""

    TO_SERVER = "passed to the server"
    TO_CLIENT = "passed to the client"
    ANSWER = "answers to a judged call"
    CONTROLLED = "answers of which something is taken out"
    JUDGED = "judged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame."""

    name: str
    way: Way
    written: bytes
    arrives: bytes | None
    """None for one that is refused."""
    code: int = 0
    """The error that a refused one is answered with."""

    def arrives_as(self, line: bytes) -> bool:
        """Tell whether a line is what must arrive."""
        return line == self.arrives


def frames(*ways: Way) -> list[Frame]:
    """Return the frames of these ways."""
    file = json.loads(_FILE.read_text(encoding="ascii"))
    return [
        _frame(name, way, value) for way in ways for name, value in (file[way] | _long(way)).items()
    ]


def line_of_text(text: str) -> bytes:
    """Return the bytes of a frame, with its newline."""
    return text.encode("utf-8", "surrogateescape") + b"\n"


def text_of_line(line: bytes) -> str:
    """Return the text of a frame, without its newline."""
    return line.removesuffix(b"\n").decode("utf-8", "surrogateescape")


def _long(way: Way) -> dict[str, str]:
    return {"two MiB": _LONG_FRAMES[way] % _LONG} if way in _LONG_FRAMES else {}


def _frame(name: str, way: Way, value: Any) -> Frame:
    match way:
        case Way.JUDGED | Way.CONTROLLED:
            written, arrives = line_of_text(value["written"]), line_of_text(value["arrives"])
            return Frame(name=name, way=way, written=written, arrives=arrives)
        case Way.REFUSED:
            written = line_of_text(value["written"])
            return Frame(name=name, way=way, written=written, arrives=None, code=value["code"])
        case Way.TO_SERVER | Way.TO_CLIENT | Way.ANSWER:
            line = line_of_text(value)
            return Frame(name=name, way=way, written=line, arrives=line)
