"""Owns where the members of an object and the elements of a list stand in a JSON text.

Whoever changes one of them leaves every other character as it came.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

from keyturn.domain.canonical import JsonObject, JsonValue

_read = json.JSONDecoder(strict=False).raw_decode
_BLANKS = " \t\r\n"
_STEPPED = 4
"""Levels of a text that are read member by member; rows of a table are at the third."""


class Member(NamedTuple):
    """One member of an object, in characters; of a list's element the name is empty."""

    name: str
    start: int
    """Where its name begins."""
    value: int
    """Where its value begins."""
    end: int


def members_at(text: str, at: int) -> Iterator[Member]:
    """Yield the members of the object that opens at `at`; raises ValueError for what is none."""
    at = _skipped(text, _opened(text, at, "{"))
    while text[at : at + 1] != "}":
        start = at
        name, at = _read(text, at)
        at = _skipped(text, _opened(text, _skipped(text, at), ":"))
        value = at
        _, at = _read(text, at)
        yield Member(str(name), start, value, at)
        at = _next(text, at, "}")


def elements_at(text: str, at: int) -> Iterator[Member]:
    """Yield the elements of the list that opens at `at`; raises ValueError for what is none."""
    at = _skipped(text, _opened(text, at, "["))
    while text[at : at + 1] != "]":
        start = at
        _, at = _read(text, at)
        yield Member("", start, start, at)
        at = _next(text, at, "]")


def _opened(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise ValueError(f"there is no {mark}")
    return at + 1


def _next(text: str, at: int, end: str) -> int:
    at = _skipped(text, at)
    return at if text[at : at + 1] == end else _skipped(text, _opened(text, at, ","))


def _skipped(text: str, at: int) -> int:
    while text[at : at + 1] and text[at] in _BLANKS:
        at += 1
    return at


def read_in_steps(text: str) -> JsonValue:
    """Read a JSON text without blanks in many small steps, between which other threads may go on.

    One step for a whole text keeps the interpreter for as long as the text is. Raises ValueError
    for what is no such text.
    """
    value, end = _stepped(text, 0, _STEPPED)
    if end != len(text):
        raise ValueError("there is more behind it")
    return value


def _stepped(text: str, at: int, levels: int) -> tuple[JsonValue, int]:
    first = text[at : at + 1]
    if not levels or first not in ("{", "["):
        return _read(text, at)
    values: list[JsonValue] = []
    members: JsonObject = {}
    closes = "}" if first == "{" else "]"
    at += 1
    while text[at : at + 1] != closes:
        name = ""
        if first == "{":
            name, at = _read(text, at)
            at = _opened(text, at, ":")
        value, at = _stepped(text, at, levels - 1)
        if first == "{":
            members[name] = value
        else:
            values.append(value)
        at = at if text[at : at + 1] == closes else _opened(text, at, ",")
    return (members if first == "{" else values), at + 1
