"""Words are parted by what stands between them, counted in one pass or from the start anew."""

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from keyturn.inspection import word_names
from keyturn.inspection.word_runs import Words, words_of

KEY = bytes(16)


def bits_between(words: Words) -> npt.NDArray[np.uint16]:
    """Count every bit from the start on, and tell where the count grew from word to word."""
    table = {
        ord(letter): bits for letters, bits in word_names.CLASSES.items() for letter in letters
    }
    between = np.zeros(max(0, len(words) - 1), np.uint16)
    for at in range(len(between)):
        for code in words.codes[words.starts[at] + 1 : words.starts[at + 1] + 1].tolist():
            between[at] |= table.get(code, 0)
    return between


@given(st.text(alphabet="ab1_ \n\t,;:|\"'=()[]{}<>/@.-\u2028ﷺ日é", max_size=60))
def test_what_parts_words_is_all_that_stands_between(text: str) -> None:
    words = words_of(text, KEY)
    assert word_names.bounds_between(words).tolist() == bits_between(words).tolist()
