"""Says which stretches of canonical JSON are hidden: of where secrets stand, what may be.

All of it takes a bounded time, whatever an agent sends, for the
window waits for it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from keyturn.domain.secret_places import SecretPlace, Secrets
from keyturn.presentation.json_leaves import Effort, Leaf, TooMuch, leaves_with
from keyturn.presentation.json_nodes import pointer_parts
from keyturn.presentation.secret_likeness import (
    is_by_form,
    may_decode,
    named_before,
    reads,
    refers_to,
    stretches,
)

_LINE = re.compile(r"[^\r\n]{4,}")
_MOST_DECODED: Final = 10_000
"""Characters that look like secrets and are tried for what they could be an encoding of."""


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
    except TooMuch:
        return _TooManyPieces()


def _pieces(text: str, places: tuple[SecretPlace, ...]) -> Iterator[Piece]:
    maker = _Maker(text)
    for leaf, within in leaves_with(text, places):
        yield from maker.of_leaf(leaf, within)


class _Maker:
    """Says what is hidden of the scalars of one canonical text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._decodes: bool | None = None
        self._effort = Effort(_MOST_DECODED)
        self._taken: dict[str, bool] = {}
        """Whether something takes the value of a name."""

    def of_leaf(self, leaf: Leaf, places: Sequence[SecretPlace]) -> Iterator[Piece]:
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
        self, leaf: Leaf, place: SecretPlace, start: int, end: int
    ) -> Iterator[tuple[int, int]]:
        value = leaf.value
        text = value[start:end]
        if not text:
            return
        if not place.kind:
            # A server chose some of them, and could have chosen a command.
            for line in _LINE.finditer(text):
                if not reads(line.group(), marked=True):
                    yield start + line.start(), start + line.end()
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

    def _is_taken(self, leaf: Leaf, start: int, *, whole: bool) -> bool:
        key = next(reversed(pointer_parts(leaf.path)), "")
        name = key if whole else named_before(leaf.value[max(0, start - 200) : start])
        if name not in self._taken:
            self._taken[name] = bool(name) and refers_to(name, self._text)
        return self._taken[name]
