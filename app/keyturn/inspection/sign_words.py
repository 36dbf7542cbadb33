"""Owns in which words an order to a model is given: notions, and the rules of which stand together.

A text is cut into words (of scripts without blanks: letters), each word is looked up once, and two
windows are moved over what was found. The work grows with the text and with nothing else.
"""

import re
import unicodedata
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from keyturn.inspection.folding import fold
from keyturn.inspection.sign_spelling import Spelling

TOGETHER = 10
"""Words within which the notions of a rule stand."""
CLOSE_BY = 24
"""Words within which rules that are met are added up."""
BREAK = "\0"
"""Parts the texts that are read in one go; nothing stands together across it."""
_LETTER_WORDS = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_ALONE = re.compile(f"([{_LETTER_WORDS}])")
_HANGUL = re.compile("[\uac00-\ud7af]")
_ADDRESS = r"@\w{1,64}(?=[.\-]\w)"
_OPENING = "<[{`"
_MARKS = frozenset(_OPENING)
_SCHEMES = frozenset({"http:", "https:"})
_NAME, _ADDRESSED, _CALLED = "name", "address", "called"
_INVOKE, _CODE = "invoke", "code"
_CODED = r"[a-z][a-z0-9]{1,20}+(?=-[a-z0-9\-]{0,40}\d)(?:-[a-z0-9]{1,20}){1,6}"
"""A word that is none: letters and digits in groups."""
_START = 3
"""Letters by which it is told that a word is none of those that are known."""
_STARTS_OF_STEMS = range(1, _START + 1)
"""Letters by which stems are looked up: shorter ones by all that they have."""
_JUST_BEFORE = 2
"""Words before a tool's name, one of which tells to call it."""


class Met(NamedTuple):
    """Where a text reads most like an order."""

    score: int
    kind: str
    """Of the heaviest rule that is met there."""
    first: int
    last: int
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


class _Begun(NamedTuple):
    """All that begins with one word."""

    alone: list[int]
    """The notions that it says by itself."""
    after: dict[str, list[_Entry]]
    """Longer phrases, by their second word."""
    open_ended: list[_Entry]
    """Phrases of two words, of which the second may end as it likes."""


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
    _spelling: Spelling
    _tokens: re.Pattern[str]
    _whole: dict[str, "_Begun"]
    _stems: dict[str, list[int]]
    _lengths: Mapping[str, tuple[int, ...]]
    """Of the stems, by their first letters."""
    _starts: frozenset[str]
    """Of all that is known."""
    _inner: frozenset[str]
    """What phrases go on with."""
    _inner_stems: Mapping[str, tuple[str, ...]]
    """How that begins, where it may end as it likes; by the first letter."""
    _bits: Mapping[str, int]
    _with_colon: frozenset[str]
    _met_by: dict[int, int] = field(default_factory=dict[int, int])
    _scores: dict[int, int] = field(default_factory=dict[int, int])
    """Rules by the notions that stand together, as they were met before."""

    def tokens(self, folded: str) -> list[str]:
        """Cut a plain text into words; a colon stays where a word is known with it."""
        found: list[str] = self._tokens.findall(folded)
        # Most words come many times, and nearly all are read as they stand.
        meant = {t: read for t in set(found) if (read := self._meant(t)) != t}
        return [meant.get(t, t) for t in found] if meant else found

    def _meant(self, token: str) -> str:
        read = self._spelling.read(token)
        return read[:-1] if read[-1] == ":" and read not in self._with_colon else read

    def brings(self, word: str, before: str) -> bool:
        """Tell whether a word says what it did not `before` some of its letters were others."""
        if word[:_START] not in self._starts and "_" not in word:
            return False
        read = self._meant(word)
        if read in self._inner or any(map(read.startswith, self._inner_stems.get(read[:1], ()))):
            return True
        begun = self._begun_by(read)
        if begun is None:
            return False
        if begun.after or begun.open_ended:
            return True
        found = (self._begun_by(token) for token in self.tokens(before))
        return not {n for one in found if one is not None for n in one.alone}.issuperset(
            begun.alone
        )

    def place(self, folded: str, met: Met) -> tuple[int, int]:
        """Return where in a plain text the words stand."""
        spans = [one.span() for one in self._tokens.finditer(folded)]
        return spans[met.first][0], spans[met.last][1]

    def hits(self, tokens: Sequence[str]) -> list[_Hit]:
        """Return what notions stand where."""
        said = {token: found for token in set(tokens) if (found := self._begun_by(token))}
        invoke, name, called = (self._bits[one] for one in (_INVOKE, _NAME, _CALLED))
        told = -_JUST_BEFORE - 1
        hits: list[_Hit] = []
        for at in [at for at, token in enumerate(tokens) if token in said]:
            begun = said[tokens[at]]
            notions = set(begun.alone)
            longer = begun.after.get(tokens[at + 1]) if at + 1 < len(tokens) else None
            for entry in (*longer, *begun.open_ended) if longer else begun.open_ended:
                if _goes_on(tokens, at, entry):
                    notions.add(entry.notion)
            if not notions:
                continue
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
        close: deque[tuple[int, int, int]] = deque()
        for hit in hits:
            if hit.notion < 0:
                near.clear()
                close.clear()
                continue
            start = near.add(hit.at, hit.notion)
            met = self._met(near.held)
            if not met:
                continue
            while close and hit.at - close[0][1] > CLOSE_BY:
                close.popleft()
            if close and close[-1][2] == met:
                close[-1] = (close[-1][0], hit.at, met)
                continue
            close.append((start, hit.at, met))
            known = 0
            for _, _, rules in close:
                known |= rules
            score = self._score(known)
            if best is None or score > best.score:
                heaviest = max(_bits_of(known), key=lambda bit: self.rules[bit].weigh)
                best = Met(score, self.rules[heaviest].kind, close[0][0], hit.at)
        return best

    def _score(self, known: int) -> int:
        score = self._scores.get(known)
        if score is None:
            score = sum(self.rules[bit].weigh for bit in _bits_of(known))
            if len(self._scores) > _MOST_KEPT:
                self._scores.clear()
            self._scores[known] = score
        return score

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

    def _begun_by(self, token: str) -> "_Begun | None":
        if token[:_START] not in self._starts and token.isascii() and token.isalnum():
            return None
        begun = self._whole.get(token)
        more = [
            notion
            for start in _STARTS_OF_STEMS
            for length in self._lengths.get(token[:start], ())
            if start <= length <= len(token)
            for notion in self._stems.get(token[:length], ())
        ]
        if token == BREAK:
            more.append(-1)
        elif "@" in token or token in _SCHEMES:
            more.append(self._bits[_ADDRESSED])
        elif "-" in token and token[-1] != ">":
            more.append(self._bits[_CODE])
        elif "_" in token and not self.acts.isdisjoint(token.split("_")):
            more.append(self._bits[_NAME])
        if begun is None:
            return _Begun(more, {}, []) if more else None
        return begun._replace(alone=[*begun.alone, *more]) if more else begun


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
    """Make it ready; raises KeyError for an unknown notion, ValueError for too short a stem."""
    bits = {name: at for at, name in enumerate((*notions, _NAME, _ADDRESSED, _CALLED, _CODE))}
    said = [(plain(words), bits[name]) for name, all_of in notions.items() for words in all_of]
    marks = sorted({w for w, _ in said if w[0] in _MARKS}, key=len, reverse=True)
    alternatives = "|".join(map(re.escape, marks)) or "(?!)"
    # Most are words, so that these are tried first.
    tokens = re.compile(
        rf"{_CODED}|\w+:?|{_ADDRESS}|{BREAK}|(?=[{re.escape(_OPENING)}])(?:{alternatives})"
    )
    colons = _SCHEMES.union(w for words, _ in said for w in words.split() if w[-1] == ":")
    whole: dict[str, _Begun] = {}
    stems: dict[str, list[int]] = {}
    for words, notion in said:
        stem = words.endswith("*") or _HANGUL.search(words[-1]) is not None
        first, *rest = (
            part[:-1] if part[-1] == ":" and part not in colons else part
            for part in tokens.findall(words.rstrip("*"))
        )
        if stem and not rest:
            if first.isascii() and len(first) < _START:
                raise ValueError(f"{words} is too short for the beginning of a word")
            stems.setdefault(first, []).append(notion)
            continue
        begun = whole.setdefault(first, _Begun([], {}, []))
        entry = _Entry(tuple(rest), stem, notion)
        if not rest:
            begun.alone.append(notion)
        elif stem and len(rest) == 1:
            begun.open_ended.append(entry)
        else:
            begun.after.setdefault(rest[0], []).append(entry)
    words = frozenset(w for text, _ in said for w in text.rstrip("*").split() if w.isalpha())
    return Vocabulary(
        mark,
        tuple(
            Rule(kind, weigh, sum({1 << bits[name] for name in names}))
            for kind, weigh, names in rules
        ),
        frozenset(acts),
        words,
        Spelling(words),
        tokens,
        whole,
        stems,
        _lengths_of(stems),
        frozenset(word[:_START] for word in (*words, *whole, *stems)),
        frozenset(said for begun in whole.values() for one in _longer(begun) for said in one.rest),
        _by_first_letter(
            {one.rest[-1] for begun in whole.values() for one in _longer(begun) if one.stem}
        ),
        bits,
        colons,
    )


def _lengths_of(stems: Collection[str]) -> dict[str, tuple[int, ...]]:
    lengths: dict[str, set[int]] = {}
    for stem in stems:
        lengths.setdefault(stem[:_START], set()).add(len(stem))
    return {start: tuple(sorted(found)) for start, found in lengths.items()}


def _by_first_letter(stems: Collection[str]) -> dict[str, tuple[str, ...]]:
    grouped = groupby(sorted(stems), key=itemgetter(0))
    return {first: tuple(group) for first, group in grouped}


def _longer(begun: _Begun) -> Iterator[_Entry]:
    yield from begun.open_ended
    for entries in begun.after.values():
        yield from entries


def _goes_on(tokens: Sequence[str], at: int, entry: _Entry) -> bool:
    end = at + len(entry.rest)
    if end >= len(tokens):
        return False
    *middle, last = entry.rest
    goes_on = tokens[end].startswith(last) if entry.stem else tokens[end] == last
    return goes_on and list(tokens[at + 1 : end]) == middle


def _bits_of(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low
