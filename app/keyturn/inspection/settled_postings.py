"""Owns the postings of a segment to which none will come: in order for good, in six bytes each.

Keys are spread evenly, so that a table of where each value of their upper bits begins says nearly
where a key is: what is looked up touches a few neighbours instead of a whole array.
"""

import numpy as np
import numpy.typing as npt

from keyturn.inspection.letters import Positions
from keyturn.inspection.word_runs import Keys

_REST_BITS = 24
"""Of a key, beside those that the table is made of: fewer postings need fewer to be told apart."""
_MOST_BITS = 16
_IN_A_BUCKET = 4
"""Postings that have the same upper bits, as a power of two."""
_COMPARED = 16 * 1024
"""Postings with the same upper bits as some key, of all keys, up to which each is compared."""
_WIDE = 128
"""Of one key, where all of them are more."""
_BYTES = 6
_BYTE, _PAIR, _REST = np.uint64(0xFF), np.uint64(0xFFFF), np.uint64((1 << _REST_BITS) - 1)


class SettledPostings:
    """So many postings, which have to be given in order."""

    def __init__(self, count: int) -> None:
        """Make room for them."""
        self._bits = min(_MOST_BITS, max(0, count.bit_length() - _IN_A_BUCKET))
        self._heads: npt.NDArray[np.uint32] = np.empty(count, np.uint32)
        """The rest of each key, and the upper eight bits of its word's number."""
        self._tails: npt.NDArray[np.uint16] = np.empty(count, np.uint16)
        """The lower sixteen bits of that."""
        self._starts: npt.NDArray[np.int32] = np.zeros((1 << self._bits) + 1, np.int32)
        self._at = 0

    def __len__(self) -> int:
        return len(self._heads)

    @property
    def bytes(self) -> int:
        """What it holds."""
        return _BYTES * len(self._heads) + self._starts.nbytes

    def take(self, postings: Keys) -> None:
        """Add the next ones; each holds a key's upper 40 bits and a word's number in 24."""
        here = slice(self._at, self._at + len(postings))
        self._at = here.stop
        words = postings >> np.uint64(16) & _BYTE
        self._heads[here] = self._rest(postings) << np.uint64(8) | words
        self._tails[here] = postings & _PAIR
        buckets = self._bucket(postings)
        first, last = int(buckets[0]), int(buckets[-1])
        counts = np.bincount(buckets - first)
        self._starts[first + 1 : last + 2] += counts.astype(np.int32)
        if self._at == len(self):
            np.cumsum(self._starts, out=self._starts)

    def find(self, keys: Keys) -> tuple[Positions, Positions, Positions]:
        """Return which keys are here, where each has its first posting, and how many it has."""
        buckets, rest = self._bucket(keys), self._rest(keys).astype(np.uint32)
        lows = self._starts[buckets].astype(np.int64)
        highs = self._starts[buckets + 1].astype(np.int64)
        if int((highs - lows).sum()) <= _COMPARED:
            return self._narrow(np.arange(len(keys)), lows, highs, rest)
        wide = highs - lows > _WIDE
        few, many = np.flatnonzero(~wide), np.flatnonzero(wide)
        both = (
            self._narrow(few, lows[few], highs[few], rest[few]),
            self._searched(many, lows[many], highs[many], rest[many]),
        )
        which, firsts, counts = (np.concatenate(pair) for pair in zip(*both, strict=True))
        order = np.argsort(which)
        return which[order], firsts[order], counts[order]

    def _narrow(
        self, which: Positions, lows: Positions, highs: Positions, rest: npt.NDArray[np.uint32]
    ) -> tuple[Positions, Positions, Positions]:
        """Compare all that begin alike at once, of which there are few."""
        sizes = highs - lows
        before = np.cumsum(sizes) - sizes
        of = np.repeat(np.arange(len(which)), sizes)
        at = np.arange(len(of)) + (lows - before)[of]
        same = np.flatnonzero(self._heads[at] >> 8 == rest[of])
        counts = np.bincount(of[same], minlength=len(which))
        here = np.flatnonzero(counts)
        firsts = at[same[(np.cumsum(counts) - counts)[here]]]
        return which[here], firsts, counts[here]

    def _searched(
        self, which: Positions, lows: Positions, highs: Positions, rest: npt.NDArray[np.uint32]
    ) -> tuple[Positions, Positions, Positions]:
        """Halve what begins alike again and again: some key has very many postings."""
        lows = self._first(lows, highs, rest)
        here = np.flatnonzero(lows < highs)
        here = here[self._heads[lows[here]] >> 8 == rest[here]]
        lows = lows[here]
        counts = self._first(lows, highs[here], rest[here] + np.uint32(1)) - lows
        return which[here], lows, counts

    def words(self, at: Positions) -> Positions:
        """Return the numbers of the words of some postings."""
        return (self._heads[at] & 0xFF).astype(np.int64) << 16 | self._tails[at]

    def _first(self, lows: Positions, highs: Positions, rest: npt.NDArray[np.uint32]) -> Positions:
        """Return the first places from `lows` on where a key is no less; `highs` for nowhere."""
        while (lows < highs).any():
            middles = (lows + highs) >> 1
            less = lows < highs
            less &= self._heads[np.minimum(middles, len(self) - 1)] >> 8 < rest
            lows = np.where(less, middles + 1, lows)
            highs = np.where(less, highs, middles)
        return lows

    def _bucket(self, keys: Keys) -> Positions:
        # In two steps, as no number can be shifted by all of its bits.
        return (keys >> np.uint64(1) >> np.uint64(63 - self._bits)).astype(np.int64)

    def _rest(self, keys: Keys) -> Keys:
        return keys >> np.uint64(64 - _REST_BITS - self._bits) & _REST
