"""Identifiers: random, never repeated, and in the order in which they were made."""

import os
import secrets
import threading
import time
from collections.abc import Callable

_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: its order is that of the values, and it has no I, L, O or U."""
_TICKET_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without 0 and 1 too, which read aloud are letters."""
_PAIRS = tuple(first + second for first in _DIGITS for second in _DIGITS)
_SEQUENCE_BITS = 10
_CHARACTERS = 28
_RANDOM_BITS = 80
"""Of them; the 60 before say the moment."""
_CHANCE_BYTES = _RANDOM_BITS // 8
_AT_ONCE = 64
_PLACES = range(5 * _CHARACTERS - 10, -1, -10)


class RandomIds:
    """Implements the Ids port: milliseconds since 1970, a place within them, 80 random bits.

    While the wall clock stands back, the count goes on from where it was.
    """

    def __init__(self, time_ns: Callable[[], int] = time.time_ns) -> None:
        self._time_ns = time_ns
        self._lock = threading.Lock()
        self._last_moment = 0
        self._chance = b""
        """Random bytes for the next ones: asking the system each time makes two threads wait."""

    def new(self, prefix: str) -> str:
        """Return `prefix-` and 28 characters; never the same twice."""
        now = self._time_ns() // 1_000_000 << _SEQUENCE_BITS
        with self._lock:
            last = self._last_moment
            self._last_moment = moment = now if now > last else last + 1
            chance = self._chance or os.urandom(_CHANCE_BYTES * _AT_ONCE)
            self._chance = chance[_CHANCE_BYTES:]
        # One number, whose lower bits are random: so is each of its last characters.
        number = moment << _RANDOM_BITS | int.from_bytes(chance[:_CHANCE_BYTES])
        return f"{prefix}-{_in_base_32(number)}"

    def ticket(self) -> str:
        """Return `KT-` and six characters that are not taken for one another when read aloud."""
        return "KT-" + "".join(secrets.choice(_TICKET_LETTERS) for _ in range(6))


def _in_base_32(value: int) -> str:
    return "".join([_PAIRS[value >> place & 1023] for place in _PLACES])
