"""Owns the place that is shown of a match: the texts are compared, and cut where they differ."""

from dataclasses import dataclass

import numpy as np

from keyturn.inspection.decoding import DECODED, Form, first_encoded_end, forms, unescaped
from keyturn.inspection.folding import fold
from keyturn.inspection.trace_kept import Passage
from keyturn.inspection.trace_matches import Match
from keyturn.inspection.trace_segments import Entry
from keyturn.inspection.trace_text import find_word
from keyturn.inspection.word_runs import Words, words_of

_BEFORE = 16
"""Characters before a stretch: the escape in whose place its first letter stands."""
_MOST_OPENED = 16 * 1024
"""Characters of a text that are opened for one match."""
_ENCODED = 96 * 1024
_CHEAPER = 8
"""Finding a text takes a fraction of cutting as much into words."""
_FOLDED_EXACTLY = 2
"""Words up to which what stands between them has to be the same, too."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an argument's text, or a part of it, stands in a result."""

    passage: Passage
    offset: int
    length: int
    start: int
    """Characters from the start of the argument's text."""
    size: int
    """Characters of the argument's text that stand there."""


@dataclass(frozen=True, slots=True)
class _Opened:
    form: Form
    words: Words
    start: int
    """Where in the passage its text begins."""


class Places:
    """Finds the places of one trace; what was opened once is not opened again."""

    def __init__(self, texts: list[str], starts: list[int], key: bytes) -> None:
        """Take the leaves, and where each begins in the question."""
        self._texts = texts
        self._starts = starts
        self._key = key
        self._opened: dict[tuple[int, int, int, int], _Opened | None] = {}
        self.characters = 0
        """How many were opened."""

    def spot(self, match: Match) -> Spot | None:
        """Return the place; None when the texts are not the same after all."""
        entry, after = match.segment.entry(match.result, match.word)
        last = match.word + match.count - 1
        if last >= entry.first and match.count > 1:
            other, after = match.segment.entry(match.result, last)
            if (other.layer, other.rendered) != (entry.layer, entry.rendered):
                return None
        if entry.rendered and match.is_whole:
            told = self._in_text(match)
            if told is not None:
                return told
        spot = self._as_it_is(match, entry, after)
        if spot is not None:
            return spot
        opened = self._open(entry, after)
        if opened is None:
            return None
        number = match.word - entry.first
        if entry.layer < DECODED:
            number += int(np.searchsorted(opened.words.starts, entry.place - opened.start))
        skip, count = _same_words(match, opened.words, number)
        if count < min(match.count, 3):
            return None
        offset, end = self._placed(opened, number + skip, count)
        start, size = self._in_leaf(match, match.first + skip, count)
        spot = Spot(entry.passage, offset, end - offset, start, size)
        as_it_is = entry.layer == 0 and match.form.form.layer == 0
        if count <= _FOLDED_EXACTLY and as_it_is and not self._is_same(match.leaf, spot):
            return None
        return self._widened(match, spot) if match.is_whole and count == match.count else spot

    def _as_it_is(self, match: Match, entry: Entry, after: int) -> Spot | None:
        """Find what stands there letter for letter, as most does, without cutting it into words."""
        if entry.layer or match.form.form.layer or after - entry.place > _MOST_OPENED:
            return None
        start, size = self._in_leaf(match, match.first, match.count)
        leaf = self._texts[match.leaf]
        low = max(0, entry.place - start if match.is_whole else entry.place)
        end = after + len(leaf) - start - size if match.is_whole else after
        held = entry.passage.part(low, min(end, entry.passage.length) + 1)
        self.characters += len(held) // _CHEAPER
        whole = find_word(held, leaf) if match.is_whole else -1
        if whole >= 0:
            return Spot(entry.passage, low + whole, len(leaf), 0, len(leaf))
        found = find_word(held, leaf[start : start + size])
        if found < 0 or (match.is_whole and size < len(leaf)):
            return None
        return Spot(entry.passage, low + found, size, start, size)

    def _in_text(self, match: Match) -> Spot | None:
        """Point into the text where it says what stands in the structure, too."""
        leaf, passage = self._texts[match.leaf], match.kept.text
        offset = find_word(passage.part(0, _MOST_OPENED), leaf)
        return Spot(passage, offset, len(leaf), 0, len(leaf)) if offset >= 0 else None

    def _is_same(self, leaf: int, spot: Spot) -> bool:
        mine = self._texts[leaf][spot.start : spot.start + spot.size]
        return fold(mine) == fold(spot.passage.part(spot.offset, spot.offset + spot.length))

    def _open(self, entry: Entry, after: int) -> _Opened | None:
        start = max(0, entry.place - _BEFORE) if entry.layer < DECODED else entry.place
        most = _MOST_OPENED if entry.layer < DECODED else _ENCODED
        end = min(entry.passage.length, max(after, start) + _BEFORE, start + most)
        if entry.layer >= DECODED:
            end = min(entry.passage.length, start + most)
        known = id(entry.passage), start, end, entry.layer
        if known not in self._opened:
            self.characters += end - start
            text = entry.passage.part(start, end)
            form = _form_of(text, entry.layer)
            self._opened[known] = (
                None if form is None else _Opened(form, words_of(form.text, self._key), start)
            )
        return self._opened[known]

    def _placed(self, opened: _Opened, number: int, count: int) -> tuple[int, int]:
        words = opened.words
        first, last = int(words.starts[number]), int(words.ends[number + count - 1]) - 1
        low, high = opened.form.placed(np.array([first, last])).tolist()
        return opened.start + low, opened.start + high + 1

    def _in_leaf(self, match: Match, first: int, count: int) -> tuple[int, int]:
        form, words = match.form.form, match.form.words
        at = np.array([words.starts[first], words.ends[first + count - 1] - 1])
        low, high = form.placed(at).tolist()
        begin = self._starts[match.leaf]
        size = min(high + 1 - begin, len(self._texts[match.leaf]))
        return low - begin, size - (low - begin)

    def _widened(self, match: Match, spot: Spot) -> Spot:
        """Take in what stands around the words, where that is the same on both sides."""
        leaf = self._texts[match.leaf]
        before, after = spot.start, len(leaf) - spot.start - spot.size
        low, high = max(0, spot.offset - before), spot.offset + spot.length + after
        around = spot.passage.part(low, high)
        if around != leaf and fold(around) != fold(leaf):
            # Spaces and marks around a value are no part of it.
            return Spot(spot.passage, spot.offset, spot.length, 0, len(leaf))
        blank = len(around) - len(around.lstrip())
        return Spot(spot.passage, low + blank, len(around.strip()), 0, len(leaf))


def _form_of(text: str, layer: int) -> Form | None:
    """Return the form of a stretch of text that was drawn in that layer."""
    if layer >= DECODED:
        text = text[: first_encoded_end(text)]
        return next((form for form in forms(text) if form.layer == layer), None)
    plain = text
    for _ in range(layer):
        plain = unescaped(plain) or plain
    first = next(iter(forms("")))
    whole = np.array([len(plain)])
    return Form(
        layer=layer,
        text=plain,
        starts=first.starts,
        sizes=whole,
        places=first.places,
        lengths=whole,
    )


def _same_words(match: Match, words: Words, number: int) -> tuple[int, int]:
    """Return the longest stretch that is the same letter by letter: words to skip, and how many.

    Some words may be alike in the byte by which they were compared, and no others.
    """
    count = min(match.count, len(words) - number)
    if number < 0 or count < 1:
        return 0, 0
    mine = match.form.words
    same = mine.hashes[match.first : match.first + count] == words.hashes[number : number + count]
    edges = np.flatnonzero(np.diff(same, prepend=False, append=False))
    if not len(edges):
        return 0, 0
    longest = int(np.argmax(edges[1::2] - edges[0::2]))
    skip, count = int(edges[2 * longest]), int(edges[2 * longest + 1] - edges[2 * longest])
    first, number = match.first + skip, number + skip
    left = mine.folded[mine.opens[first] : _letters_end(mine, first + count)]
    right = words.folded[words.opens[number] : _letters_end(words, number + count)]
    return skip, count if np.array_equal(left, right) else 0


def _letters_end(words: Words, number: int) -> int:
    return int(words.opens[number]) if number < len(words) else len(words.folded)
