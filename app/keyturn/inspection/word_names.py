"""Owns which parts of a text are a value or a name: lines, cells, addresses, long numbers."""

from collections.abc import Generator

import numpy as np
import numpy.typing as npt

from keyturn.inspection.letters import Codes, Flags, Positions
from keyturn.inspection.word_runs import (
    MOST_WORDS_OF_A_VALUE,
    NO_RUNS,
    Keys,
    Runs,
    Words,
    joined,
    keyed,
    shingles,
    words_of,
)

_SHORT_PIECE = 5
"""Longer lines, cells and quoted values are found by their runs of words."""
_LEAST_OF_A_NAME = 4
_LONG_DIGITS = 4
_LONG_HEX = 12
_LONG_ID = 20
_MANY_DIGITS = 9
_MIXED_DIGITS = 3
_TELLING_LETTERS = 8
_OF_1900 = ord("1") * 10 + ord("9")
_OF_2000 = ord("2") * 10 + ord("0")
_LINES, _TABLE, _COMMA, _DOUBLE, _SINGLE, _TICK, _NAMED, _OUTSIDE = (1 << bit for bit in range(8))
_SLASH = 256
CLASSES: dict[str, int] = {
    "\n\r": _LINES | _OUTSIDE,
    "|\t;": _TABLE | _OUTSIDE,
    ",": _COMMA | _OUTSIDE,
    '"“”': _DOUBLE | _OUTSIDE,
    "'": _SINGLE | _OUTSIDE,
    "`": _TICK | _OUTSIDE,
    ":=": _NAMED | _SLASH,
    "()[]{}<>": _NAMED | _OUTSIDE,
    " ": _OUTSIDE,
    "/\\@?&#": _SLASH,
}
"""What parts words, in which ways."""
_JOINTS = "/\\@.:_#~"
"""Between two words they say that both are one name."""
_PIECES = (
    _LINES,
    _LINES | _TABLE,
    _LINES | _COMMA,
    _LINES | _DOUBLE,
    _LINES | _SINGLE,
    _LINES | _TICK,
    _LINES | _NAMED,
    _LINES | _TABLE | _COMMA | _DOUBLE | _SINGLE | _TICK | _NAMED,
)
_NAMES = (_OUTSIDE, _OUTSIDE | _SLASH)


def _table(classes: dict[str, int]) -> npt.NDArray[np.uint16]:
    table = np.zeros(0x2100, np.uint16)
    for letters, bits in classes.items():
        table[[ord(letter) for letter in letters]] |= bits
    return table


_BOUNDS = _table(CLASSES)
_JOINED = _table({_JOINTS: 1}).astype(bool)


def pieces(words: Words) -> Runs:
    """Return the lines, cells and quoted values of at most five words."""
    bounds = bounds_between(words)
    present = int(np.bitwise_or.reduce(bounds, initial=0))
    found: list[Runs] = []
    for kinds in dict.fromkeys(kinds & (present | _LINES) for kinds in _PIECES):
        first, count = _groups(words, bounds & kinds != 0)
        short = count <= _SHORT_PIECE
        found.append(keyed(words, first[short], count[short]))
    return joined(found)


def names(words: Words) -> Runs:
    """Return what is the name of one thing, and its parts.

    Those are addresses, their hosts, paths, file names, ids and numbers of four digits or more.
    """
    if not len(words):
        return NO_RUNS
    bounds, joints = bounds_between(words), np.cumsum(_is_joint(words.codes))
    digits = np.append(0, np.cumsum(words.digits))
    letters = np.append(0, np.cumsum(words.letters))
    found = [_single_names(words)]
    for kinds in _NAMES:
        first, count = _groups(words, bounds & kinds != 0)
        many = (count > 1) & (count <= MOST_WORDS_OF_A_VALUE)
        first, count = first[many], count[many]
        last = first + count
        linked = joints[words.ends[last - 1] - 1] - joints[words.starts[first]] > 0
        told = linked | (digits[last] > digits[first])
        told &= letters[last] - letters[first] >= _LEAST_OF_A_NAME
        found.append(keyed(words, first[told], count[told]))
    return joined(found)


def every_key(text: str, key: bytes) -> Generator[None, None, Keys]:
    """Find, in pieces, the keys of every value, name and run of three words of a text, in order."""
    words = words_of(text, key)
    found: list[Keys] = []
    for runs_of in (pieces, names, shingles, _each):
        yield
        found.append(runs_of(words).keys)
    yield
    return np.unique(np.concatenate(found))


def _each(words: Words) -> Runs:
    return keyed(words, np.arange(len(words)), np.ones(len(words), np.int64))


def telling(words: Words, runs: Runs) -> Runs:
    """Return those of the names that say enough to count amid other words.

    An address, a path, what was told where to find, a long number; no version, date or file name.
    """
    first, last = runs.first, runs.first + runs.count - 1
    digits, letters = np.append(0, np.cumsum(words.digits)), np.append(0, np.cumsum(words.letters))
    told_digits = digits[last + 1] - digits[first]
    told_letters = letters[last + 1] - letters[first]
    single = runs.count == 1
    long = (words.digits[first] >= _LONG_DIGITS) | (told_letters >= _LONG_ID)
    long |= (told_digits >= _MIXED_DIGITS) & (told_letters >= _TELLING_LETTERS)
    long |= words.hexes[first] & (told_letters >= _LONG_HEX)
    start, end = words.starts[first], words.ends[last]
    ats, dots, slashes = (_count(words.codes, mark, start, end) for mark in ("@", ".", "/\\"))
    placed = (ats > 0) | (slashes >= 2) | (dots >= 2)
    placed |= (dots > 0) & ((slashes > 0) | _is_host(words, first))
    only_digits = told_digits == told_letters
    many = np.where(
        only_digits, told_digits >= _MANY_DIGITS, placed | (told_digits >= _LONG_DIGITS)
    )
    return runs.where(np.where(single, long, many & (told_letters >= _TELLING_LETTERS)))


def _is_host(words: Words, first: Positions) -> Flags:
    """Tell what stands after the @ of an address, or after two strokes."""
    start = words.starts[first]
    before, at = words.codes[np.maximum(0, start - 1)], np.maximum(0, start - 2)
    strokes = (before == ord("/")) & (words.codes[at] == ord("/"))
    joined = words.ends[np.maximum(0, first - 1)] == start - 1
    return strokes | ((before == ord("@")) & joined)


def _count(codes: Codes, marks: str, start: Positions, end: Positions) -> Positions:
    counts = np.append(0, np.cumsum(np.isin(codes, [ord(mark) for mark in marks])))
    return counts[end] - counts[start]


def _single_names(words: Words) -> Runs:
    mixed = (words.digits > 0) & (words.digits < words.letters)
    told = (words.digits >= _LONG_DIGITS) & ~_years(words) | mixed | words.lines
    told &= words.letters >= _LEAST_OF_A_NAME
    told |= (words.hexes & (words.letters >= _LONG_HEX)) | (words.letters >= _LONG_ID)
    first = np.flatnonzero(told)
    return keyed(words, first, np.ones(len(first), np.int64))


def _years(words: Words) -> Flags:
    """Tell which words are four digits that begin like a year of ours."""
    told = (words.digits == _LONG_DIGITS) & (words.letters == _LONG_DIGITS)
    begin = (
        words.folded[words.opens] * 10
        + words.folded[np.minimum(words.opens + 1, len(words.folded) - 1)]
    )
    return told & ((begin == _OF_1900) | (begin == _OF_2000))


def _bounds_of(codes: Codes) -> npt.NDArray[np.uint16]:
    return _BOUNDS[np.where(codes < len(_BOUNDS), codes, 0)]


def _is_joint(codes: Codes) -> Flags:
    return _JOINED[np.where(codes < len(_JOINED), codes, 0)]


def bounds_between(words: Words) -> npt.NDArray[np.uint16]:
    """Return what parts each word from the one after it: the bits of all that stands between."""
    starts = words.starts
    if len(starts) < 2:
        return np.zeros(0, np.uint16)
    bounds = _bounds_of(words.codes[: starts[-1] + 1])
    between = np.bitwise_or.reduceat(bounds, np.minimum(starts[:-1], starts[-1] - 1) + 1)
    # Several words can begin in one code point, and nothing is between those.
    return np.where(np.diff(starts) > 0, between, 0).astype(np.uint16)


def _groups(words: Words, parted: Flags) -> tuple[Positions, Positions]:
    """Return first word and number of words of each stretch that nothing parts."""
    if not len(words):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    first = np.append(0, np.flatnonzero(parted) + 1)
    return first, np.diff(np.append(first, len(words)))
