"""Owns which words are in so many texts that a few of them in a row come from nowhere.

They are English, the language of most phrases that software and its documents share; a row of words
of another language counts as before.
"""

from functools import lru_cache

import numpy as np

from keyturn.domain.traceable import COMMON_WORDS
from keyturn.inspection.word_runs import Keys, words_of


@lru_cache(maxsize=8)
def common_words(key: bytes) -> Keys:
    """Return the hashes of the common words under a key, in order."""
    return np.unique(words_of(COMMON_WORDS, key).hashes)
