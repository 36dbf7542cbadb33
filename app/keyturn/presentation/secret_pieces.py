"""Says which stretches of canonical JSON are hidden: of where secrets stand, what may be.

What a person stored always may. All of it takes a bounded time, whatever an agent sends, for the
window waits for it.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Final

from keyturn.domain.secret_places import SecretPlace, Secrets
from keyturn.presentation.json_nodes import pointer_below, pointer_parts
from keyturn.presentation.secret_likeness import (
    is_by_form,
    may_decode,
    named_before,
    reads,
    refers_to,
    stretches,
)

_start = attrgetter("start")
_read = json.JSONDecoder().raw_decode
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\.")
_TIMES_READ: Final = 4
_FREE: Final = 1_000_000
"""So many times its length a text is read, and so many characters besides."""
_MOST_DECODED: Final = 20_000
"""Characters that look like secrets and are tried for what they could be an encoding of."""
_MOST_ESCAPES: Final = 50_000
"""In one scalar; a text of so many lines is read by nobody for its secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One stretch that is hidden."""

    path: str
    """JSON Pointer of the value that it stands in."""
    start: int
    end: int
    """Characters of that value, or of its JSON where it is no text."""
    in_json: tuple[int, int]
    """The same in the canonical text of the value, its quotation marks included."""
    at: int
    """Where the value's canonical text begins in the whole."""
    text: str
    """The hidden characters."""
    kind: str
    credential: str | None
    """Name of the stored credential that it is, "" for one without a name; None for none."""
    is_whole: bool
    """Nothing of the value stays."""
    is_text: bool = True
    """False of a number."""


class Pieces(tuple[Piece, ...]):
    """What is hidden of one text, in order."""

    __slots__ = ()
    are_all = True
    """False where it would take too long to say: then there are none."""


class _TooManyPieces(Pieces):
    __slots__ = ()
    are_all = False


@lru_cache(maxsize=8)
def pieces_of(text: str, secrets: Secrets) -> Pieces:
    """Return what is hidden of canonical JSON; nothing where it would hold the window up."""
    try:
        return Pieces(_pieces(text, secrets.places)) if secrets.places else Pieces()
    except _TooMuch:
        return _TooManyPieces()


def _pieces(text: str, places: tuple[SecretPlace, ...]) -> Iterator[Piece]:
    maker = _Maker(text)
    for leaf, within in _leaves(text, 0, "", places, _Effort(_TIMES_READ * len(text) + _FREE)):
        yield from maker.of_leaf(leaf, within)


class _TooMuch(Exception):
    """It would take the window too long to say where the places are."""


class _Effort:
    """How many characters are read yet, however deep what holds a secret stands, or how often."""

    def __init__(self, left: int) -> None:
        self._left = left

    def take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise _TooMuch


class _Leaf:
    """One scalar in canonical JSON, with where its characters stand in it."""

    def __init__(self, path: str, at: int, raw: str) -> None:
        self.path, self.at, self.raw = path, at, raw
        self.is_text = raw.startswith('"')
        self._first = 1 if self.is_text else 0
        self.value = raw[1:-1] if self.is_text else raw
        self._starts: list[int] = []
        """Where the escapes begin in the JSON, and the characters that they are in the value."""
        self._places: list[int] = []
        self._ends: list[int] = []
        if self.is_text and "\\" in raw:
            if raw.count("\\") > _MOST_ESCAPES:
                raise _TooMuch
            self.value = str(json.loads(raw))
            self._find_escapes()

    def _find_escapes(self) -> None:
        shift = 1
        for found in _ESCAPE.finditer(self.raw):
            start, end = found.span()
            self._starts.append(start)
            self._places.append(start - shift)
            self._ends.append(end)
            shift += end - start - 1

    def characters(self, start: int, end: int) -> tuple[int, int]:
        """Return which characters of the value a stretch of its JSON is, rounded outwards."""
        inside = (self._first, len(self.raw) - self._first)
        start, end = max(start, inside[0]), min(end, inside[1])
        return self._character(start, up=False), self._character(end, up=True)

    def in_json(self, start: int, end: int) -> tuple[int, int]:
        """Return where characters of the value stand in its JSON."""
        return self._place(start), self._place(end)

    def _character(self, at: int, *, up: bool) -> int:
        before = bisect_left(self._starts, at) - 1
        if before < 0:
            return at - self._first
        if at < self._ends[before]:
            return self._places[before] + (1 if up else 0)
        return self._places[before] + 1 + at - self._ends[before]

    def _place(self, character: int) -> int:
        before = bisect_left(self._places, character) - 1
        if before < 0:
            return character + self._first
        return self._ends[before] + character - self._places[before] - 1


class _Maker:
    """Says what is hidden of the scalars of one canonical text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._decodes: bool | None = None
        self._effort = _Effort(_MOST_DECODED)
        self._taken: dict[str, bool] = {}
        """Whether something takes the value of a name."""

    def of_leaf(self, leaf: _Leaf, places: Sequence[SecretPlace]) -> Iterator[Piece]:
        value = leaf.value
        for place in places:
            start, end = leaf.characters(place.start - leaf.at, place.end - leaf.at)
            for first, last in self._stretches(leaf, place, start, end):
                yield Piece(
                    path=leaf.path,
                    start=first,
                    end=last,
                    in_json=leaf.in_json(first, last),
                    at=leaf.at,
                    text=value[first:last],
                    kind=place.kind,
                    credential=None if place.kind else place.credential,
                    is_whole=(first, last) == (0, len(value)),
                    is_text=leaf.is_text,
                )

    def _stretches(
        self, leaf: _Leaf, place: SecretPlace, start: int, end: int
    ) -> Iterator[tuple[int, int]]:
        value = leaf.value
        text = value[start:end]
        if not text:
            return
        if not place.kind:
            # One without a name was issued by a server, which may have chosen what it spells.
            if place.credential or not reads(text, marked=True):
                yield start, end
            return
        self._effort.take(len(text))
        whole = start == 0 and end == len(value)
        found = list(stretches(text, kind=place.kind, whole=whole))
        if not found or self._may_be_a_command():
            return
        if not is_by_form(place.kind) and self._is_taken(leaf, start, whole=whole):
            return
        for first, last in found:
            yield start + first, start + last

    def _may_be_a_command(self) -> bool:
        if self._decodes is None:
            self._decodes = may_decode(self._text)
        return self._decodes

    def _is_taken(self, leaf: _Leaf, start: int, *, whole: bool) -> bool:
        key = next(reversed(pointer_parts(leaf.path)), "")
        name = key if whole else named_before(leaf.value[max(0, start - 200) : start])
        if name not in self._taken:
            self._taken[name] = bool(name) and refers_to(name, self._text)
        return self._taken[name]


def _leaves(
    text: str, at: int, path: str, places: Sequence[SecretPlace], effort: _Effort
) -> Iterator[tuple[_Leaf, Sequence[SecretPlace]]]:
    """Yield each scalar of a value that places stand in, with these; the value begins at `at`."""
    if text[at] not in "{[":
        _, end = _read(text, at)
        yield _Leaf(path, at, text[at:end]), places
        return
    first = 0
    for name, start, end in members_of(text, at):
        effort.take(end - start)
        while first < len(places) and places[first].end <= start:
            first += 1
        if first == len(places):
            return
        within = places[first : bisect_left(places, end, first, key=_start)]
        if within:
            yield from _leaves(text, start, pointer_below(path, name), within, effort)


def members_of(text: str, at: int) -> Iterator[tuple[str, int, int]]:
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
