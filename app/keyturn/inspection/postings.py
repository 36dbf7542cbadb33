"""Owns where which key stood: sorted arrays of one number a posting, and the search in them.

A posting holds a key's upper 40 bits and the number of the word with which its run began. What
comes is gathered, sorted at 64k postings, and merged later, a part of it each time something is
added, so that nothing takes long at once; once none will come they are settled. Two keys that are
alike in those bits lead to a word that does not begin the run, which is found out when the two are
compared.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from keyturn.inspection.letters import Positions
from keyturn.inspection.settled_postings import SettledPostings
from keyturn.inspection.word_runs import Keys

MOST_WORDS = 1 << 24
BYTES = 8
"""What one posting costs."""
MOST_FOUND = 256
"""Words that one key is followed to in one array; a value with more of them is common."""
_WORD = np.uint64(MOST_WORDS - 1)
_KEY = ~_WORD
_GATHERED = 64 * 1024
_COPIED_AT_ONCE = 32 * 1024
"""Postings; memory that is touched first costs more than the copying."""
_PARTS = 4
_PART_SHIFT = np.uint64(62)


@dataclass(frozen=True, slots=True)
class Held:
    """Where keys stand in one sorted array; the others run in parallel."""

    array: Keys | SettledPostings
    which: Positions
    """Numbers of the keys asked for, those that are there."""
    lows: Positions
    counts: Positions
    """How often each stands there."""

    def words(self, chosen: Positions) -> tuple[Positions, Positions]:
        """Follow some of them, each to so many words at most: their keys' numbers, and words."""
        counts = np.minimum(self.counts[chosen], MOST_FOUND)
        ends = np.cumsum(counts)
        inner = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
        at = np.repeat(self.lows[chosen], counts) + inner
        which, array = np.repeat(self.which[chosen], counts), self.array
        if isinstance(array, SettledPostings):
            return which, array.words(at)
        return which, (array[at] & _WORD).astype(np.int64)


def packed(keys: Keys, words: Positions, alike: Keys) -> Keys:
    """Return the postings of keys, in order; of one key with one number in `alike` the first."""
    keys = keys & _KEY
    _, chosen = np.unique(keys ^ alike, return_index=True)
    postings = keys[chosen] | words[chosen].astype(np.uint64)
    postings.sort()
    return postings


class Postings:
    """The postings of one segment."""

    def __init__(self) -> None:
        """Start with none."""
        self._parts: list[list[Keys]] = [[] for _ in range(_PARTS)]
        self._gathered: list[Keys] = []
        self._settled: SettledPostings | None = None
        """All of them, after `finish`."""
        self._copied: tuple[SettledPostings, list[Keys]] | None = None
        """What becomes that, and what is not yet in it."""
        self._count = 0
        self._gathered_count = 0
        self._next = 0

    def __len__(self) -> int:
        return self._count

    @property
    def bytes(self) -> int:
        """What they hold."""
        return BYTES * self._count if self._settled is None else self._settled.bytes

    def add(self, postings: Keys, base: int) -> None:
        """Add what `packed` made, its words counted from `base`."""
        if not len(postings):
            return
        postings = postings + np.uint64(base)
        self._count += len(postings)
        if len(postings) >= _GATHERED:
            self._take(postings)
        else:
            self._gathered.append(postings)
            self._gathered_count += len(postings)
            if self._gathered_count >= _GATHERED:
                self._take(self._sorted())
                self._gathered, self._gathered_count = [], 0
        self.tidy()

    def tidy(self, *, last: bool = False) -> None:
        """Merge arrays of like sizes in one part of all; `last` all of them, as none will come."""
        part = self._parts[self._next]
        self._next = (self._next + 1) % _PARTS
        while len(part) > 1 and (last or len(part[-2]) <= 2 * len(part[-1])):
            newest = part.pop()
            merged = np.concatenate([part[-1], newest])
            merged.sort(kind="stable")
            part[-1] = merged

    def finish(self, note: Callable[[Keys], None]) -> bool:
        """Take in what was gathered, merge a part for good, settle a piece; False when all are.

        Each posting is noted once.
        """
        if self._gathered:
            self._take(self._sorted())
            self._gathered, self._gathered_count = [], 0
            return True
        for _ in range(_PARTS):
            if len(self._parts[self._next]) > 1:
                self.tidy(last=True)
                return True
            self._next = (self._next + 1) % _PARTS
        return self._settled is None and self._settle(note)

    def _settle(self, note: Callable[[Keys], None]) -> bool:
        """Settle a piece of all: each part holds a range of keys, so it is in order."""
        if self._copied is None:
            self._copied = (
                SettledPostings(self._count),
                [
                    array[low : low + _COPIED_AT_ONCE]
                    for part in self._parts
                    for array in part
                    for low in range(0, len(array), _COPIED_AT_ONCE)
                ],
            )
        settled, pieces = self._copied
        if not pieces:
            self._settled, self._parts, self._copied = settled, [[] for _ in range(_PARTS)], None
            return False
        piece = pieces.pop(0)
        settled.take(piece)
        note(piece)
        return True

    def find(self, keys: Keys) -> list[Held]:
        """Look keys up, which have to be in order: one search an array for all of them."""
        wanted = keys & _KEY
        found: list[Held] = []
        if self._settled is not None:
            which, lows, counts = self._settled.find(wanted)
            return [Held(self._settled, which, lows, counts)] if len(which) else found
        for array, first, last in self._arrays(wanted):
            mine = wanted[first:last]
            lows = array.searchsorted(mine)
            heads = array[np.minimum(lows, len(array) - 1)] & _KEY
            which = ((heads == mine) & (lows < len(array))).nonzero()[0]
            if len(which):
                lows = lows[which]
                counts = array.searchsorted(mine[which] | _WORD, side="right") - lows
                found.append(Held(array, which + first, lows, counts))
        return found

    def _arrays(self, wanted: Keys) -> "list[tuple[Keys, int, int]]":
        bounds = np.arange(1, _PARTS, dtype=np.uint64) << _PART_SHIFT
        cuts = [0, *np.searchsorted(wanted, bounds).tolist(), len(wanted)]
        arrays = [
            (array, cuts[number], cuts[number + 1])
            for number, part in enumerate(self._parts)
            for array in part
            if cuts[number] < cuts[number + 1]
        ]
        if self._gathered:
            self._gathered = [self._sorted()]
            arrays.append((self._gathered[0], 0, len(wanted)))
        return arrays

    def _sorted(self) -> Keys:
        if len(self._gathered) == 1:
            return self._gathered[0]
        return np.sort(np.concatenate(self._gathered))

    def _take(self, postings: Keys) -> None:
        bounds = np.arange(1, _PARTS, dtype=np.uint64) << _PART_SHIFT
        cuts = [0, *np.searchsorted(postings, bounds).tolist(), len(postings)]
        for number, part in enumerate(self._parts):
            if cuts[number] < cuts[number + 1]:
                part.append(postings[cuts[number] : cuts[number + 1]].copy())
