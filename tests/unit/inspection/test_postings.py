"""Postings are set in order a piece at a time, and stay findable all the while."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.inspection.postings import MOST_WORDS, Postings, packed
from keyturn.inspection.settled_postings import SettledPostings
from keyturn.inspection.word_runs import Keys

COUNT = 300_000
PIECE = 32 * 1024
WORD_BITS = np.uint64(24)


def keys_found(postings: Postings, keys: Keys) -> int:
    return sum(len(held.which) for held in postings.find(keys))


@pytest.mark.requirement("TRACE-WORK")
def test_what_is_full_is_settled_a_piece_at_a_time_and_stays_findable() -> None:
    keys = np.random.default_rng(4).integers(0, 1 << 63, COUNT, np.uint64) << np.uint64(1)
    postings = Postings()
    for low in range(0, COUNT, 1_000):
        here = keys[low : low + 1_000]
        postings.add(packed(here, np.arange(len(here)), np.zeros(len(here), np.uint64)), low)
    asked, before = np.sort(keys[::997]), postings.bytes
    noted: list[Keys] = []
    steps = 0
    while postings.finish(noted.append):
        steps += 1
        if steps % 5 == 0:
            assert keys_found(postings, asked) >= len(asked)
    assert steps >= COUNT // PIECE
    assert max(map(len, noted)) <= PIECE
    every = np.concatenate(noted)
    assert len(every) == len(postings) == COUNT
    assert (np.diff(every) > 0).all()
    assert postings.bytes < before * 0.85
    (held,) = postings.find(asked)
    which, words = held.words(np.arange(len(held.which)))
    assert np.array_equal(which, np.arange(len(asked)))
    assert np.array_equal(keys[words], asked)
    assert COUNT < MOST_WORDS


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, MOST_WORDS - 1)), max_size=300),
    st.integers(1, 40),
)
def test_each_key_is_followed_to_all_of_its_words(said: list[tuple[int, int]], pieces: int) -> None:
    """Keys stand close together and far apart, each as often as it likes."""
    keys = np.array([(number * 0x0419_5A7B_3C5D_7E9F) % (1 << 64) for number, _ in said], np.uint64)
    words = np.array([word for _, word in said], np.uint64)
    postings = np.unique(keys >> WORD_BITS << WORD_BITS | words)
    settled = SettledPostings(len(postings))
    for piece in np.array_split(postings, pieces):
        if len(piece):
            settled.take(piece)
    asked = np.unique(np.append(keys, [np.uint64(0), np.uint64((1 << 64) - 1)]))
    which, lows, counts = settled.find(asked)
    found = {
        (int(asked[number]) >> 24, int(word))
        for number, low, count in zip(which, lows, counts, strict=True)
        for word in settled.words(np.arange(int(low), int(low + count)))
    }
    assert {(int(one) >> 24, int(one) & (MOST_WORDS - 1)) for one in postings} <= found
    assert len(settled) == len(postings)


@pytest.mark.parametrize("often", [1, 900, 9_000, 40_000])
def test_a_key_that_stands_very_often_is_found_with_all_its_words(often: int) -> None:
    """So many that their neighbours are not compared one by one; others are found as before."""
    keys = np.random.default_rng(7).integers(0, 1 << 63, 4_000, np.uint64) << np.uint64(1)
    keys = np.unique(keys >> WORD_BITS << WORD_BITS)
    crowded = np.full(often, keys[1_700], np.uint64) | np.arange(often, dtype=np.uint64)
    postings = np.unique(np.append(keys | np.uint64(3), crowded))
    settled = SettledPostings(len(postings))
    settled.take(postings)
    asked = np.unique(np.append(keys[::5], keys + np.uint64(1 << 30)))
    which, lows, counts = settled.find(asked)
    assert (np.diff(which) > 0).all()
    told = dict(zip(asked[which].tolist(), counts.tolist(), strict=True))
    whole = postings >> WORD_BITS << WORD_BITS
    for key in keys[::5].tolist():
        assert told[key] == int((whole == key).sum())
    for number, low, count in zip(which.tolist(), lows.tolist(), counts.tolist(), strict=True):
        assert len(set(settled.words(np.arange(int(low), int(low + count))).tolist())) == count, (
            number
        )
