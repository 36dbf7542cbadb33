"""The table that tells full segments apart: only where it is worth its memory."""

import numpy as np
import pytest

from keyturn.inspection.sieve import Sieve

KEYS = np.array([1, 1 << 60, (1 << 64) - 1], np.uint64)


def test_it_tells_which_segments_may_hold_a_key() -> None:
    sieve = Sieve(1 << 30)
    assert not sieve.bytes
    one, other = sieve.slot(), sieve.slot()
    sieve.let_through(KEYS[:1], one)
    sieve.let_through(KEYS[1:], other)
    assert sieve.told(KEYS).tolist() == [one, other, other]
    sieve.give_back(one)
    assert sieve.told(KEYS).tolist() == [0, other, other]


def test_the_last_segment_takes_the_table_with_it() -> None:
    """Sessions that were long once would fill all memory with empty tables otherwise."""
    sieve = Sieve(1 << 30)
    slots = [sieve.slot() for _ in range(9)]
    assert slots[-1] == 0, "the ninth is always searched"
    assert sieve.bytes
    for slot in slots:
        sieve.give_back(slot)
    assert not sieve.bytes
    assert sieve.told(KEYS).tolist() == [0, 0, 0]


@pytest.mark.parametrize("most_bytes", [0, 100_000, 1 << 25])
def test_a_small_session_has_none(most_bytes: int) -> None:
    """It would be all that the session may hold, however much of it is dropped."""
    sieve = Sieve(most_bytes)
    assert sieve.slot() == 0
    assert not sieve.bytes
