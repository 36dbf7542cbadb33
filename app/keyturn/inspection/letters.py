"""Owns the form of single letters in which two texts count as the same, for whole texts at once.

A letter is a code point after NFKC, case folding and the removal of marks; punctuation and spaces
part words, unseen characters are taken out. Each code point is worked out once, when it first
comes, so that a text costs a few passes over arrays.
"""

import re
import unicodedata
from collections.abc import Generator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from keyturn.inspection.hidden import BIDI, ZERO_WIDTH

Codes = npt.NDArray[np.uint32]
Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Kinds = npt.NDArray[np.uint8]

FILLER = 0x200B
"""A code point that is taken out: decoding fills with it what an escape was longer."""
LEARNT_AT_ONCE = 2_000
"""Code points that one text may bring anew (about 4 ms); others in it part words."""
_LESSON = 500
_SORTED = 4_096
"""Characters that were never seen, up to which they are sorted to know them apart."""
_CODE_POINTS = 0x110000
_LONGEST = 4
"""Letters of one code point; some Arabic ones stand for a whole phrase."""
_UNKNOWN, _PARTS, _LETTER, _ALONE, _DROPPED, _GROWS = range(6)
_UNSEEN = re.compile(f"[{ZERO_WIDTH}{BIDI}]")
_ALONE_RANGES = (
    # Scripts without spaces: each character is a word, so that six of them are a run.
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3040, 0x30FF),
    (0x3400, 0x9FFF),
    (0x20000, 0x3FFFF),
)
_HANGUL = range(0xAC00, 0xD7A4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """The letters of a text, in order."""

    letters: Codes
    at: Positions
    """Where in the text each letter stood."""
    alone: Flags | None
    """Letters that are a word each; None for no such letter."""
    whole: bool
    """False when some code points were left out, as there were too many new ones."""


class Letters:
    """The letters of every code point seen so far."""

    def __init__(self) -> None:
        """Learn the most common scripts."""
        self._kinds = np.zeros(_CODE_POINTS, np.uint8)
        self._folded = np.zeros(_CODE_POINTS, np.uint32)
        self._long = np.zeros((64, _LONGEST), np.uint32)
        self._lengths = np.zeros(64, np.int64)
        self._longs = 0
        self.learn(range(0x250))
        self._ascii = np.where(self._kinds[:128] == _LETTER, self._folded[:128], 0).astype(np.uint8)

    def fold_ascii(self, text: bytes) -> Folded:
        """Fold a text of nothing but ASCII."""
        folded = self._ascii[np.frombuffer(text, np.uint8)]
        at = np.flatnonzero(folded)
        return Folded(letters=folded[at].astype(np.uint32), at=at, alone=None, whole=True)

    def lessons(self, text: str) -> Generator[None, None, None]:
        """Learn what is new in a text in pieces, so that folding it need not."""
        if text.isascii():
            return
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        new = codes[self._kinds[codes] == _UNKNOWN]
        if not len(new):
            return
        yield
        # In the order of code points; a table of all of them costs more than most texts.
        if len(new) <= _SORTED:
            new = np.unique(new)
        else:
            said = np.zeros(_CODE_POINTS, bool)
            said[new] = True
            new = np.flatnonzero(said)
        unknown: list[int] = new[:LEARNT_AT_ONCE].tolist()
        for low in range(0, len(unknown), _LESSON):
            yield
            self.learn(unknown[low : low + _LESSON])

    def fold(self, codes: Codes, *, learns: bool = True) -> Folded:
        """Fold the code points of a text; without `learns` those that are not yet known part it."""
        kinds = self._kinds[codes]
        whole = True
        if not kinds.all():
            unknown = np.unique(codes[kinds == _UNKNOWN]) if learns else codes[:0]
            self.learn(unknown[:LEARNT_AT_ONCE].tolist())
            whole = learns and len(unknown) <= LEARNT_AT_ONCE
            kinds = self._kinds[codes]
        at = np.flatnonzero((kinds != _PARTS) & (kinds != _DROPPED) & (kinds != _UNKNOWN))
        letters, kinds = self._folded[codes[at]], kinds[at]
        if (kinds == _GROWS).any():
            letters, at, kinds = self._grown(letters, at, kinds)
        alone = kinds == _ALONE
        return Folded(letters=letters, at=at, alone=alone if alone.any() else None, whole=whole)

    def parts(self, codes: Codes) -> Flags:
        """Tell of code points that were folded before which part words."""
        kinds = self._kinds[codes]
        return (kinds == _PARTS) | (kinds == _UNKNOWN)

    def _grown(self, letters: Codes, at: Positions, kinds: Kinds) -> tuple[Codes, Positions, Kinds]:
        grows = kinds == _GROWS
        lengths = np.ones(len(at), np.int64)
        lengths[grows] = self._lengths[letters[grows]]
        which = np.repeat(np.arange(len(at)), lengths)
        inner = np.arange(len(which)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        long = grows[which]
        grown = letters[which]
        grown[long] = self._long[grown[long], inner[long]]
        return grown, at[which], kinds[which]

    def learn(self, codes: "range | list[int]") -> None:
        """Work code points out, and keep what they are."""
        for code in codes:
            kind, letters = _letters_of(code)
            self._kinds[code] = kind
            if kind == _GROWS:
                self._folded[code] = self._learn_long(letters)
            elif len(letters) == 1:
                self._folded[code] = letters[0]

    def _learn_long(self, letters: tuple[int, ...]) -> int:
        number = self._longs
        if number == len(self._long):
            self._long = np.concatenate([self._long, np.zeros_like(self._long)])
            self._lengths = np.concatenate([self._lengths, np.zeros_like(self._lengths)])
        self._long[number, : len(letters)] = letters
        self._lengths[number] = len(letters)
        self._longs += 1
        return number


@cache
def all_letters() -> Letters:
    """Return the one table of this process: what it knows depends on nothing but Unicode."""
    return Letters()


def _letters_of(code: int) -> tuple[int, tuple[int, ...]]:
    letter = chr(code)
    if code in _HANGUL:
        return _LETTER, (code,)
    if _UNSEEN.match(letter) or _is_mark(letter):
        return _DROPPED, ()
    plain = unicodedata.normalize("NFKC", letter).casefold()
    parts = [part for part in unicodedata.normalize("NFKD", plain) if not _is_mark(part)]
    letters = tuple([ord(part) for part in parts if _is_letter(part)][:_LONGEST])
    if not letters:
        return _PARTS, ()
    if len(letters) > 1:
        return _GROWS, letters
    alone = any(low <= one <= high for one in letters for low, high in _ALONE_RANGES)
    return (_ALONE if alone else _LETTER), letters


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter) in ("Mn", "Me", "Cf")


def _is_letter(letter: str) -> bool:
    return letter.isalnum() or letter == "_" or unicodedata.category(letter) == "Mc"
