"""Owns where the texts of a frame stand in its bytes, each with its name and its path.

The frame is not decoded: whoever changes one text leaves every other byte as it came.
"""

import json
import re
from typing import NamedTuple

_PARTS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]]', re.DOTALL)
_NAMES = re.compile(rb"[ \t\r\n]*:")
_LONGEST_KEY = 64
_LONG_KEY = "[long name]"
_DEEPEST = 12
"""Levels of a path that are told; further ones are left out of it."""
OPAQUE = frozenset(
    {
        "/id",
        "/method",
        "/result/requestState",
        "/result/nextCursor",
        "/result/resultType",
        "/result/taskId",
        "/result/task/taskId",
        "/params/requestId",
        "/params/progressToken",
        "/params/taskId",
        "/params/elicitationId",
    }
)
"""What one end has to give back to the other as it is, and no model is shown (MCP)."""


class FrameText(NamedTuple):
    """One text of a frame, quotation marks included."""

    start: int
    end: int
    key: str
    """The name that it stands for; empty in a list, and for a name itself."""
    path: str
    """A JSON Pointer with `*` for each place of a list; of a name, that of its object."""
    opaque: bool


class _Level:
    __slots__ = ("key", "path")

    def __init__(self, path: str, *, listed: bool) -> None:
        self.path = path
        self.key: str | None = "*" if listed else None


def texts_of_frame(line: bytes) -> list[FrameText]:
    """Return every text in the order of the bytes; of what is no JSON, what looks like one."""
    found: list[FrameText] = []
    levels = [_Level("", listed=False)]
    for part in _PARTS.finditer(line):
        first = line[part.start()]
        level = levels[-1]
        if first in b"{[":
            if len(levels) <= _DEEPEST:
                path = level.path if level.key is None else f"{level.path}/{level.key}"
            else:
                path = level.path
            levels.append(_Level(path, listed=first == ord("[")))
        elif first in b"}]":
            if len(levels) > 1:
                levels.pop()
        elif _NAMES.match(line, part.end()) is not None and level.key != "*":
            level.key = _short(line[part.start() : part.end()])
            found.append(FrameText(*part.span(), "", f"{level.path}/", opaque=False))
        else:
            key = level.key or ""
            path = f"{level.path}/{key}"
            name = "" if key == "*" else key
            found.append(FrameText(*part.span(), name, path, opaque=path in OPAQUE))
    return found


def read_of(line: bytes, text: FrameText) -> str:
    """Return a text as it is read; what is beyond JSON in it is replaced."""
    raw = line[text.start : text.end]
    if b"\\" not in raw:
        return raw[1:-1].decode("utf-8", "replace")
    try:
        return str(json.loads(raw.decode("utf-8", "replace"), strict=False))
    except ValueError:
        return raw[1:-1].decode("utf-8", "replace")


def written(text: str) -> bytes:
    """Write a text as JSON."""
    try:
        return json.dumps(text, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(text).encode()


def _short(raw: bytes) -> str:
    """Return a name for a path; one that could be read in two ways is told as it is written."""
    if b"\\" in raw:
        try:
            return _pointed(str(json.loads(raw.decode("utf-8", "replace"), strict=False)))
        except ValueError:
            pass
    return _pointed(raw[1:-1].decode("utf-8", "replace"))


def _pointed(key: str) -> str:
    # Half of a secret would not be known for one.
    name = key if len(key) <= _LONGEST_KEY else _LONG_KEY
    return name.replace("~", "~0").replace("/", "~1")
