"""Owns where the values of canonical JSON stand in its text, and their characters in it.

Only what is asked for is taken apart here; all else is skipped as fast as JSON is read.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Final

from keyturn.domain.secret_places import SecretPlace
from keyturn.presentation.json_nodes import pointer_below, pointer_parts

_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\.")
_start = attrgetter("start")
_TIMES_READ: Final = 4
_FREE: Final = 1_000_000
"""So many times its length a text is read, and so many characters besides."""
_MOST_ESCAPES: Final = 50_000
"""In one scalar; a text of so many lines is read by nobody for its secrets."""
_read = json.JSONDecoder().raw_decode


class TooMuch(Exception):
    """It would take longer than a window may wait."""


class Effort:
    """How much may still be done, in characters."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, size: int) -> None:
        """Do some of it; raises TooMuch where nothing is left."""
        self._left -= size
        if self._left < 0:
            raise TooMuch


class Leaf:
    """One scalar, with where its characters stand in it."""

    def __init__(self, path: str, at: int, raw: str) -> None:
        """`raw` is its JSON, which begins at `at` of the whole text; raises TooMuch."""
        if raw.count("\\") > _MOST_ESCAPES:
            raise TooMuch
        self.path, self.at = path, at
        self.is_text = raw.startswith('"')
        self.value = str(json.loads(raw)) if self.is_text else raw
        """A text without its escapes, else the JSON."""
        self._first = 1 if self.is_text else 0
        self._end = len(raw) - self._first
        self._starts = [0]
        """Characters of the value that follow an escape, and by how much these are longer."""
        self._longer = [0]
        longer = 0
        for found in _ESCAPE.finditer(raw, self._first, self._end) if self.is_text else ():
            character = found.start() - self._first - longer
            longer += len(found.group()) - 1
            self._starts.append(character + 1)
            self._longer.append(longer)
        self._in_raw = [start + by for start, by in zip(self._starts, self._longer, strict=True)]

    def characters(self, start: int, end: int) -> tuple[int, int]:
        """Return which characters of the value a stretch of its JSON is, rounded outwards."""
        inside = [min(max(edge, self._first), self._end) - self._first for edge in (start, end)]
        return self._character(inside[0], up=False), self._character(inside[1], up=True)

    def in_json(self, start: int, end: int) -> tuple[int, int]:
        """Return where characters of the value stand in its JSON."""
        return self._place(start), self._place(end)

    def _character(self, at: int, *, up: bool) -> int:
        number = bisect_right(self._in_raw, at) - 1
        character = at - self._longer[number]
        if number + 1 == len(self._starts) or character < self._starts[number + 1]:
            return character
        # Within the next escape, which is one character.
        return self._starts[number + 1] - (0 if up else 1)

    def _place(self, character: int) -> int:
        number = bisect_right(self._starts, character) - 1
        return self._first + character + self._longer[number]


def leaves_with(
    text: str, places: Sequence[SecretPlace]
) -> Iterator[tuple[Leaf, Sequence[SecretPlace]]]:
    """Yield each scalar that places stand in, with these; they are in order and apart.

    Raises TooMuch where they stand so deep that the text would be read many times.
    """
    return _leaves(text, places, 0, "", Effort(_TIMES_READ * len(text) + _FREE))


def _leaves(
    text: str, places: Sequence[SecretPlace], at: int, path: str, effort: Effort
) -> Iterator[tuple[Leaf, Sequence[SecretPlace]]]:
    if text[at] not in "{[":
        _, end = _read(text, at)
        yield Leaf(path, at, text[at:end]), places
        return
    first = 0
    for name, start, end in _members(text, at):
        effort.take(end - start)
        while first < len(places) and places[first].end <= start:
            first += 1
        if first == len(places):
            return
        within = places[first : bisect_left(places, end, first, key=_start)]
        if within:
            yield from _leaves(text, within, start, pointer_below(path, name), effort)


def start_of(text: str, pointer: str) -> int | None:
    """Return where the value that a pointer names begins; None where there is none."""
    at = 0
    for part in pointer_parts(pointer):
        if text[at] not in "{[":
            return None
        found = (start for name, start, _ in _members(text, at) if name == part)
        start = next(found, None)
        if start is None:
            return None
        at = start
    return at


def _members(text: str, at: int) -> Iterator[tuple[str, int, int]]:
    """Yield name, start and end of what is in the object or list that opens at `at`.

    Canonical JSON has no blanks, so that the next character is the next token.
    """
    is_object, number = text[at] == "{", 0
    at += 1
    while text[at] not in "}]":
        name = str(number)
        if is_object:
            read, colon = _read(text, at)
            name, at = str(read), colon + 1
        _, end = _read(text, at)
        yield name, at, end
        number += 1
        at = end + 1 if text[end] == "," else end
