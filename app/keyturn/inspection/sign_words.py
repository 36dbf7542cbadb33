"""Owns in which words an order to a model is given: notions, and the rules of which stand together.

A text is cut into words (of scripts without blanks: letters), each word is looked up once, and two
windows are moved over what was found. The work grows with the text and with nothing else.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from keyturn.inspection.folding import fold

TOGETHER = 10
"""Words within which the notions of a rule stand."""
CLOSE_BY = 24
"""Words within which rules that are met are added up."""
BREAK = "\0"
"""Parts the texts that are read in one go; nothing stands together across it."""
_LETTER_WORDS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_ALONE = re.compile(f"([{_LETTER_WORDS}])")
_HANGUL = re.compile("[\uac00-\ud7af]")
_ADDRESS = r"https?://|@\w{1,64}(?=[.\-]\w)"
_MARKS = frozenset("<[:{")
_NAME, _ADDRESSED, _CALLED = "name", "address", "called"
_INVOKE, _CODE = "invoke", "code"
_CODED = r"(?=[a-z\-]{0,40}\d)[a-z][a-z0-9]{1,20}(?:-[a-z0-9]{1,20}){1,6}"
"""A word that is none: letters and digits in groups."""
_JUST_BEFORE = 2
"""Words before a tool's name, one of which tells to call it."""


class Met(NamedTuple):
    """Where a text reads most like an order."""

    score: int
    kind: str
    """Of the heaviest rule that is met there."""
    first: int
    last: int
    rules: int
    """The words from which to which the rules are met, counted from 0."""


class Rule(NamedTuple):
    """What weighs how much."""

    kind: str
    weigh: int
    notions: int
    """A bit for each notion that it takes."""


class _Entry(NamedTuple):
    """A phrase by its first word."""

    rest: tuple[str, ...]
    stem: bool
    """Its last word may end as it likes."""
    notion: int


class _Hit(NamedTuple):
    at: int
    notion: int


def plain(text: str) -> str:
    """Fold a text as for tracing, and take the accents off its letters."""
    folded = fold(text)
    if folded.isascii():
        return folded
    bare = (c for c in unicodedata.normalize("NFD", folded) if unicodedata.category(c) != "Mn")
    return _ALONE.sub(r" \1 ", unicodedata.normalize("NFC", "".join(bare)))


@dataclass(slots=True)
class Vocabulary:
    """All words of `[signs]` in `suspicious_words.toml`, ready to be looked up."""

    mark: int
    rules: tuple[Rule, ...]
    acts: frozenset[str]
    words: frozenset[str]
    """Single words, by which a text that is written otherwise is recognised."""
    _tokens: re.Pattern[str]
    _whole: dict[str, list[_Entry]]
    _stems: dict[str, list[_Entry]]
    _lengths: tuple[int, ...]
    _bits: Mapping[str, int]
    _met_by: dict[int, int] = field(default_factory=dict[int, int])
    """Rules by the notions that stand together, as they were met before."""

    def tokens(self, folded: str) -> list[str]:
        """Cut a plain text into words."""
        return self._tokens.findall(folded)

    def place(self, folded: str, met: Met) -> tuple[int, int]:
        """Return where in a plain text the words stand."""
        spans = [one.span() for one in self._tokens.finditer(folded)]
        return spans[met.first][0], spans[met.last][1]

    def hits(self, tokens: Sequence[str]) -> list[_Hit]:
        """Return what notions stand where."""
        said = {token: found for token in set(tokens) if (found := self._entries(token))}
        invoke, name, called = (self._bits[one] for one in (_INVOKE, _NAME, _CALLED))
        told = -_JUST_BEFORE - 1
        hits: list[_Hit] = []
        for at, token in enumerate(tokens):
            if token not in said:
                continue
            notions = {e.notion for e in said[token] if _goes_on(tokens, at, e)}
            if name in notions and at - told <= _JUST_BEFORE:
                notions.add(called)
            if invoke in notions:
                told = at
            hits += (_Hit(at, notion) for notion in notions)
        return hits

    def strongest(self, hits: Sequence[_Hit]) -> Met | None:
        """Return where the rules that are met weigh most; None where none is met."""
        best: Met | None = None
        near = _Window(TOGETHER)
        close = _Window(CLOSE_BY)
        known = -1
        for hit in hits:
            if hit.notion < 0:
                near.clear()
                close.clear()
                continue
            start = near.add(hit.at, hit.notion)
            met = self._met(near.held)
            score = 0
            first = start
            for bit in _bits_of(met):
                first = close.add(hit.at, bit)
            close.forget(hit.at)
            if close.held != known:
                known = close.held
                score = sum(self.rules[bit].weigh for bit in _bits_of(known))
            if score and (best is None or score > best.score):
                heaviest = max(_bits_of(known), key=lambda bit: self.rules[bit].weigh)
                first = max(0, min(first, start))
                best = Met(score, self.rules[heaviest].kind, first, hit.at, known)
        return best

    def _met(self, notions: int) -> int:
        met = self._met_by.get(notions)
        if met is None:
            met = 0
            for at, rule in enumerate(self.rules):
                if rule.notions & notions == rule.notions:
                    met |= 1 << at
            if len(self._met_by) > _MOST_KEPT:
                self._met_by.clear()
            self._met_by[notions] = met
        return met

    def _entries(self, token: str) -> list[_Entry]:
        found = list(self._whole.get(token, ()))
        for length in self._lengths:
            if length > len(token):
                break
            found += self._stems.get(token[:length], ())
        if token == BREAK:
            found.append(_Entry((), False, -1))
        elif "@" in token or "://" in token:
            found.append(_Entry((), False, self._bits[_ADDRESSED]))
        elif "-" in token and token[-1] != ">":
            found.append(_Entry((), False, self._bits[_CODE]))
        elif "_" in token and not self.acts.isdisjoint(token.split("_")):
            found.append(_Entry((), False, self._bits[_NAME]))
        return found


_MOST_KEPT = 4_000


class _Window:
    """What was seen within the last so many words."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._seen: dict[int, int] = {}
        """By the bit, the last word at which it was seen; the oldest first."""
        self.held = 0

    def add(self, at: int, bit: int) -> int:
        """Take one in; return the first word of the window that counts."""
        self._seen.pop(bit, None)
        self._seen[bit] = at
        self.held |= 1 << bit
        self.forget(at)
        return next(iter(self._seen.values()))

    def forget(self, at: int) -> None:
        """Drop what is too far behind a word."""
        while self._seen:
            bit, seen = next(iter(self._seen.items()))
            if at - seen <= self._size:
                return
            del self._seen[bit]
            self.held &= ~(1 << bit)

    def clear(self) -> None:
        """Drop all."""
        self._seen.clear()
        self.held = 0


def vocabulary(
    mark: int,
    acts: Sequence[str],
    notions: Mapping[str, Sequence[str]],
    rules: Sequence[tuple[str, int, Sequence[str]]],
) -> Vocabulary:
    """Make it ready; raises KeyError for a rule of an unknown notion."""
    bits = {name: at for at, name in enumerate((*notions, _NAME, _ADDRESSED, _CALLED, _CODE))}
    said = [(plain(words), bits[name]) for name, all_of in notions.items() for words in all_of]
    marks = sorted({words for words, _ in said if _MARKS & set(words)}, key=len, reverse=True)
    alternatives = "|".join(map(_as_pattern, marks))
    tokens = re.compile(f"{BREAK}|{alternatives}|{_ADDRESS}|\\b{_CODED}|\\w+")
    whole: dict[str, list[_Entry]] = {}
    stems: dict[str, list[_Entry]] = {}
    for words, notion in said:
        stem = words.endswith("*") or _HANGUL.search(words[-1]) is not None
        first, *rest = tokens.findall(words.rstrip("*"))
        into = stems if stem and not rest else whole
        into.setdefault(first, []).append(_Entry(tuple(rest), stem, notion))
    return Vocabulary(
        mark,
        tuple(
            Rule(kind, weigh, sum({1 << bits[name] for name in names}))
            for kind, weigh, names in rules
        ),
        frozenset(acts),
        frozenset(w for words, _ in said for w in words.rstrip("*").split() if w.isalpha()),
        tokens,
        whole,
        stems,
        tuple(sorted({len(first) for first in stems})),
        bits,
    )


def _as_pattern(mark: str) -> str:
    escaped = re.escape(mark)
    return rf"\b{escaped}" if mark[0].isalpha() else escaped


def _goes_on(tokens: Sequence[str], at: int, entry: _Entry) -> bool:
    if not entry.rest:
        return True
    *middle, last = entry.rest
    end = at + len(entry.rest)
    if end >= len(tokens) or list(tokens[at + 1 : end]) != middle:
        return False
    return tokens[end].startswith(last) if entry.stem else tokens[end] == last


def _bits_of(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
