"""Postings are set in order a piece at a time, and stay findable all the while."""

import numpy as np
import pytest

from keyturn.inspection.postings import MOST_WORDS, Postings, packed
from keyturn.inspection.word_runs import Keys

COUNT = 300_000
PIECE = 32 * 1024


def keys_found(postings: Postings, keys: Keys) -> int:
    return sum(len(held.which) for held in postings.find(keys))


@pytest.mark.requirement("TRACE-WORK")
def test_what_is_full_is_copied_a_piece_at_a_time_and_stays_findable() -> None:
    keys = np.random.default_rng(4).integers(0, 1 << 63, COUNT, np.uint64) << np.uint64(1)
    postings = Postings()
    for low in range(0, COUNT, 1_000):
        here = keys[low : low + 1_000]
        postings.add(packed(here, np.arange(len(here)), np.zeros(len(here), np.int64)), low)
    asked = np.sort(keys[::997])
    steps = 0
    while postings.finish():
        steps += 1
        if steps % 5 == 0:
            assert keys_found(postings, asked) >= len(asked)
    assert steps >= COUNT // PIECE
    assert postings.whole is not None
    assert len(postings.whole) == len(postings)
    assert (np.diff(postings.whole) > 0).all()
    assert keys_found(postings, asked) == len(asked)
    assert COUNT < MOST_WORDS
