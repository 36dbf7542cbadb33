"""Owns a text as a row of words with places, and the keys under which its parts are remembered.

A key stands for a run of words, whatever stood between them: a whole value, a name of a thing in
the middle of a line, or three words in a row. Of the latter only some are remembered, the least of
each four, so that every run of six words that two texts share is found (Schleimer, Wilkerson and
Aiken, "Winnowing", 2003). Keys are hashed under a secret of the process: who writes a text cannot
choose them.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from keyturn.inspection.letters import Codes, Flags, Positions, all_letters

_Number = TypeVar("_Number", np.uint64, np.int64)
Keys = npt.NDArray[np.uint64]
Prints = npt.NDArray[np.uint8]

SHINGLE = 3
"""Words of which one key is made."""
WINDOW = 4
"""Of so many keys in a row the least is remembered: runs of six words are always found."""
MOST_WORDS_OF_A_VALUE = 32
"""A longer value is found by its runs of words."""
_LONGEST_WORD = 64
"""Letters; longer words are cut."""
_COUNT_BITS = 20
_COUNT = (1 << _COUNT_BITS) - 1


def _counted() -> Positions:
    """Say of each letter, in one number: is it a digit, a to f, an underscore."""
    counts = np.zeros(0x250, np.int64)
    counts[[ord(letter) for letter in "0123456789"]] = 1
    counts[[ord(letter) for letter in "abcdef"]] = 1 << _COUNT_BITS
    counts[ord("_")] = 1 << 2 * _COUNT_BITS
    return counts


_COUNTED = _counted()


@dataclass(frozen=True, slots=True)
class _Hashing:
    """Numbers that only this process knows."""

    salt: np.uint64
    common: Keys
    """The most common letters, spread."""
    letters: Keys
    """Powers by a letter's place in its word."""
    words: Keys
    """Powers by a word's place in its run."""


@lru_cache(maxsize=8)
def _hashing(key: bytes) -> _Hashing:
    numbers = np.frombuffer(blake2b(b"words", key=key, digest_size=24).digest(), np.uint64)
    salt, letter, word = (int(number) | 1 for number in numbers)
    common = _spread(np.arange(len(_COUNTED), dtype=np.uint32), np.uint64(salt))
    return _Hashing(
        np.uint64(salt),
        common,
        _powers(letter, _LONGEST_WORD),
        _powers(word, MOST_WORDS_OF_A_VALUE),
    )


def _powers(base: int, count: int) -> Keys:
    return np.array([pow(base, n + 1, 1 << 64) for n in range(count)], np.uint64)


def _spread(letters: Codes, salt: np.uint64) -> Keys:
    return _mixed(letters.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + salt)


def _mixed(keys: Keys) -> Keys:
    """Spread every bit over all others (the last step of SplitMix64)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of a text; arrays run in parallel."""

    codes: Codes
    """The text's code points."""
    folded: Codes
    """Its letters in the form in which they are compared, those of all words in a row."""
    opens: Positions
    """Where in these a word begins."""
    hashes: Keys
    starts: Positions
    ends: Positions
    """Of the last letter, plus one."""
    digits: Positions
    """How many of a word's letters are digits."""
    letters: Positions
    """How many letters a word has."""
    hexes: Flags
    """Words of nothing but hexadecimal digits."""
    lines: Flags
    """Words that hold an underscore."""
    key: bytes
    whole: bool
    """False when some letters were left out."""

    def __len__(self) -> int:
        return len(self.hashes)


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of words, each with its key; arrays run in parallel."""

    keys: Keys
    first: Positions
    """Number of the run's first word."""
    count: Positions
    """How many words it has."""

    def where(self, chosen: "Flags | Positions") -> "Runs":
        """Return some of them."""
        return Runs(self.keys[chosen], self.first[chosen], self.count[chosen])


def words_of(text: str, key: bytes, *, learns: bool = True) -> Words:
    """Cut a text into words; halves of surrogate pairs part them.

    Without `learns`, letters that are not yet known do so, too.
    """
    table = all_letters()
    if text.isascii():
        raw = text.encode()
        codes = np.frombuffer(raw, np.uint8).astype(np.uint32)
        folded = table.fold_ascii(raw)
    else:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
        folded = table.fold(codes, learns=learns)
    letters, at = folded.letters, folded.at
    opens = _word_starts(letters, at, codes, folded.alone)
    lengths = np.diff(np.append(opens, len(letters)))
    within = np.arange(len(letters)) - np.repeat(opens, lengths)
    hashing = _hashing(key)
    # Few texts have other letters; of the common ones all is looked up.
    common = letters.max(initial=0) < len(_COUNTED)
    spread = hashing.common[letters] if common else _spread(letters, hashing.salt)
    counts = _sums(
        _COUNTED[letters if common else np.where(letters < len(_COUNTED), letters, 0)], opens
    )
    digits = counts & _COUNT
    return Words(
        codes=codes,
        folded=letters,
        opens=opens,
        hashes=_mixed(_sums(spread * hashing.letters[within], opens)),
        starts=at[opens] if len(opens) else at,
        ends=at[opens + lengths - 1] + 1 if len(opens) else at,
        digits=digits,
        letters=lengths,
        hexes=digits + (counts >> _COUNT_BITS & _COUNT) == lengths,
        lines=counts >> (2 * _COUNT_BITS) > 0,
        key=key,
        whole=folded.whole,
    )


def prints(words: Words) -> Prints:
    """Return a byte of each word: two texts can be compared by them before they are opened."""
    return (words.hashes >> np.uint64(56)).astype(np.uint8)


def shingles(words: Words) -> Runs:
    """Return the runs of three words, all of them, in order."""
    count = len(words) - SHINGLE + 1
    if count < 1:
        return NO_RUNS
    powers = _hashing(words.key).words
    sums = sum(
        (words.hashes[n : n + count] * powers[n] for n in range(SHINGLE)),
        np.zeros(count, np.uint64),
    )
    keys = _mixed(sums + np.uint64(SHINGLE))
    return Runs(keys, np.arange(count), np.full(count, SHINGLE))


def surroundings(every: Runs, words: int) -> Keys:
    """Return, of each of so many words, a number for the three before it and those up to the ninth.

    `every` are the runs of three of a text, in order. Where a run stands twice and this is the same
    for both, all rows of six words that hold the one are those that hold the other.
    """
    keys = np.zeros(words + 2 * SHINGLE, np.uint64)
    keys[SHINGLE : SHINGLE + len(every.keys)] = every.keys
    before, after = keys[:words], keys[2 * SHINGLE :]
    return _mixed(before) ^ (after * np.uint64(0x9E3779B97F4A7C15))


def whole(words: Words, first: Positions, count: Positions) -> Runs:
    """Return runs that are given by their first word and length, where they are short enough."""
    short = (count > 0) & (count <= MOST_WORDS_OF_A_VALUE)
    return keyed(words, first[short], count[short])


def winnowed(runs: Runs) -> Runs:
    """Choose of each four runs in a row the one with the least key, the last of equal ones."""
    if len(runs.keys) < 2:
        return runs
    if len(runs.keys) <= WINDOW:
        return runs.where(np.array([len(runs.keys) - 1 - int(np.argmin(runs.keys[::-1]))]))
    count = len(runs.keys) - WINDOW + 1
    stacked = np.stack([runs.keys[n : n + count] for n in range(WINDOW - 1, -1, -1)])
    chosen = np.arange(count) + (WINDOW - 1) - np.argmin(stacked, axis=0)
    kept = np.zeros(len(runs.keys), bool)
    kept[chosen] = True
    return runs.where(kept)


def _word_starts(letters: Codes, at: Positions, codes: Codes, alone: Flags | None) -> Positions:
    if not len(letters):
        return np.zeros(0, np.int64)
    gaps = np.flatnonzero(np.diff(at) > 1)
    opens = np.zeros(len(letters), bool)
    opens[0] = True
    if len(gaps):
        # What lies between two letters parts them, unless all of it is unseen.
        opens[gaps + 1] = _parted(codes, at[gaps], at[gaps + 1])
    if alone is not None:
        opens[alone] = True
        opens[1:] |= alone[:-1]
    starts = np.flatnonzero(opens)
    lengths = np.diff(np.append(starts, len(letters)))
    if lengths.max() > _LONGEST_WORD:
        within = np.arange(len(letters)) - np.repeat(starts, lengths)
        starts = np.flatnonzero(opens | (within % _LONGEST_WORD == 0))
    return starts


def _parted(codes: Codes, left: Positions, right: Positions) -> Flags:
    seen = np.cumsum(all_letters().parts(codes))
    return seen[right] > seen[left]


def keyed(words: Words, first: Positions, count: Positions) -> Runs:
    """Return runs that are given by their first word and length."""
    return Runs(_run_keys(words, first, count), first, count)


def _run_keys(words: Words, first: Positions, count: Positions) -> Keys:
    if not len(first):
        return np.zeros(0, np.uint64)
    opens = np.cumsum(count) - count
    inner = np.arange(int(count.sum())) - np.repeat(opens, count)
    which = np.repeat(first, count) + inner
    spread = words.hashes[which] * _hashing(words.key).words[inner]
    return _mixed(np.add.reduceat(spread, opens) + count.astype(np.uint64))


def _sums(values: "npt.NDArray[_Number]", starts: Positions) -> "npt.NDArray[_Number]":
    return np.add.reduceat(values, starts) if len(starts) else values[:0]


def joined(runs: list[Runs]) -> Runs:
    """Return all of several runs."""
    return Runs(
        np.concatenate([one.keys for one in runs]),
        np.concatenate([one.first for one in runs]),
        np.concatenate([one.count for one in runs]),
    )


NO_RUNS = Runs(np.zeros(0, np.uint64), np.zeros(0, np.int64), np.zeros(0, np.int64))
