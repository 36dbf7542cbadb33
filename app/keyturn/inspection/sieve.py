"""Owns which full segments may hold a key at all, so that few of them are searched for it.

One table for all of a session: of each value of a key's upper bits a byte, with a bit for each
segment that holds such a key. What it lets through is searched; what it holds back is not there.
"""

import numpy as np

from keyturn.inspection.letters import Positions
from keyturn.inspection.word_runs import Keys

_SLOTS = 8
_BYTES = 1 << 22
"""Of a segment of a million keys a fifth of all other keys is let through."""
_LEAST_SHARE = 16
_SHIFT = np.uint64(64 - 22)


class Sieve:
    """The table of one session, made when its first segment is full, and given up with the last."""

    def __init__(self, most_bytes: int) -> None:
        """Start without a table; there is none where it would be most of a session's memory."""
        self._worth_it = most_bytes >= _LEAST_SHARE * _BYTES
        self._table = np.zeros(0, np.uint8)
        self._free = [1 << slot for slot in range(_SLOTS)]

    @property
    def bytes(self) -> int:
        """What the table holds."""
        return len(self._table)

    def slot(self) -> int:
        """Return a free bit; 0 when there is none, and the segment is always searched."""
        if not self._worth_it:
            return 0
        if not len(self._table):
            self._table = np.zeros(_BYTES, np.uint8)
        return self._free.pop() if self._free else 0

    def let_through(self, keys: Keys, slot: int) -> None:
        """Note keys of a segment, where it has a slot."""
        if slot:
            self._table[keys >> _SHIFT] |= np.uint8(slot)

    def give_back(self, slot: int) -> None:
        """Forget a segment's keys."""
        if slot:
            self._table &= np.uint8(255 - slot)
            self._free.append(slot)
        if len(self._free) == _SLOTS:
            self._table = np.zeros(0, np.uint8)

    def told(self, keys: Keys) -> Positions:
        """Return the bits of the segments that may hold each key."""
        if not len(self._table):
            return np.zeros(len(keys), np.int64)
        return self._table[keys >> _SHIFT].astype(np.int64)
