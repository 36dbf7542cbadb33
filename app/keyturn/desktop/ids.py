"""Identifiers: random, never repeated, and in the order in which they were made."""

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
_MOMENT_CHARACTERS = 12
_RANDOM_BITS = 80
_RANDOM_CHARACTERS = 16


class RandomIds:
    """Implements the Ids port: milliseconds since 1970, a place within them, 80 random bits.

    While the wall clock stands back, the count goes on from where it was.
    """

    def __init__(self, time_ns: Callable[[], int] = time.time_ns) -> None:
        self._time_ns = time_ns
        self._lock = threading.Lock()
        self._last_moment = 0

    def new(self, prefix: str) -> str:
        """Return `prefix-` and 28 characters; never the same twice."""
        with self._lock:
            now = self._time_ns() // 1_000_000 << _SEQUENCE_BITS
            self._last_moment = moment = max(now, self._last_moment + 1)
        chance = secrets.randbits(_RANDOM_BITS)
        return (
            f"{prefix}-{_in_base_32(moment, _MOMENT_CHARACTERS)}"
            f"{_in_base_32(chance, _RANDOM_CHARACTERS)}"
        )

    def ticket(self) -> str:
        """Return `KT-` and six characters that are not taken for one another when read aloud."""
        return "KT-" + "".join(secrets.choice(_TICKET_LETTERS) for _ in range(6))


def _in_base_32(value: int, characters: int) -> str:
    places = range(5 * characters - 10, -1, -10)
    return "".join([_PAIRS[value >> place & 1023] for place in places])
