"""Owns where the members of an object and the elements of a list stand in a JSON text.

Whoever changes one of them leaves every other character as it came.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple

_read = json.JSONDecoder(strict=False).raw_decode
_BLANKS = " \t\r\n"


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
