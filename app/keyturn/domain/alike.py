"""When two words of the protocol are one to a careless reader.

Go's encoding/json matches keys without regard to case, and C libraries keep texts up to their first
NUL: to both `"Method"` or `"method\\0x"` is the method, whatever was judged of `"method"`. A method
is a value, which servers may also trim, normalise or look up by its plain letters.
"""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

_TRIMMED = "".join(map(chr, range(33))) + "\x7f\x85\xa0\u200b\u2028\u2029\u3000\ufeff"
"""What trimming takes away somewhere: Java's takes all controls, the first NUL included."""
LONGEST_IMITATION = 256
"""Characters beyond which nobody takes a word for one of the protocol's."""


def folded(key: str) -> str:
    """Return what a careless reader compares of a key."""
    return key.partition("\0")[0].casefold()


def imitates(keys: Iterable[str], known: Iterable[str]) -> bool:
    """Tell whether a key is not among the known ones, and yet alike to one of them."""
    names = frozenset(known)
    strangers = set(keys).difference(names)
    if not strangers:
        return False
    taken = {folded(name) for name in names}
    return any(folded(key) in taken for key in strangers)


def resembles(word: str, known: frozenset[str]) -> bool:
    """Tell whether a value is not among the known ones, and yet could be taken for one of them.

    Stricter than `imitates`: white space, controls, unseen characters and accents count for
    nothing, and a letter from outside ASCII may stand for any, a sign for the stroke between.
    """
    start = word.strip(_TRIMMED).partition("\0")[0].strip(_TRIMMED)
    if word in known or len(start) > LONGEST_IMITATION:
        return False
    return _resembles(start, known)


@lru_cache(maxsize=256)
def _resembles(word: str, known: frozenset[str]) -> bool:
    plain = plain_letters(word)
    return any(
        len(plain) == len(name) and all(map(_may_stand_for, plain, name))
        for name in map(plain_letters, known)
    )


def plain_letters(word: str) -> str:
    """Leave out what is not seen or only dresses a letter: categories C, Z and M of Unicode."""
    normal = unicodedata.normalize("NFKD", word)
    return "".join(c for c in normal if unicodedata.category(c)[0] not in "CZM").casefold()


def _may_stand_for(letter: str, plain: str) -> bool:
    return letter == plain or (not letter.isascii() and letter.isalpha() == plain.isalpha())
