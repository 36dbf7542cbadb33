"""Owns what is looked up of a call's arguments: leaves whole, names in them, runs of words.

All leaves are cut into words together, in every form in which they may stand.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from keyturn.domain.traceable import is_common
from keyturn.inspection.common_words import common_words
from keyturn.inspection.decoding import BETWEEN, Form, forms
from keyturn.inspection.letters import Positions, all_letters
from keyturn.inspection.word_names import names, telling
from keyturn.inspection.word_runs import (
    Keys,
    Prints,
    Runs,
    Words,
    prints,
    shingles,
    whole,
    winnowed,
    words_of,
)

WHOLE, NAME, RUN = range(3)
"""What a run of an argument's words is: all of it, a name in it, three words in a row."""
LEAST_RUN = 6
"""Words in a row that two texts share only when one is from the other, if three of them tell."""
MOST_CHARACTERS = 64 * 1024
"""Of the leaves that are cut into words; longer ones are only searched for as they are."""
_ALL_RUNS = 2_000
"""Words up to which every run is looked up; of more, those that a result remembers too."""
_MOST_OF_A_KEY = 4
"""Runs with one key that are looked up: a text may be one word again and again."""
_REACH = 5
"""Words on both sides of a change that a row of six words may take in."""
_NEVER = np.uint64(0xFFFFFFFFFFFFFFFF)


@dataclass(frozen=True, slots=True)
class AskedForm:
    """The leaves in one form, cut into words; arrays run in parallel to these."""

    form: Form
    words: Words
    prints: Prints
    leaves: Positions
    """The number of the leaf that each word is in."""
    lows: Positions
    """The first word of each word's part: of its leaf, or of what was decoded of it."""
    highs: Positions
    """The word after the last of it."""
    telling: Positions
    """How many words before each, and before the end, are no common ones."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The runs that are looked up; the arrays run in parallel."""

    forms: list[AskedForm]
    keys: Keys
    kinds: npt.NDArray[np.int64]
    of: Positions
    """Number of the run's form."""
    first: Positions
    count: Positions


class Question:
    """The leaves of one call, and the runs that are looked up of them; `asking` makes these."""

    def __init__(self, texts: list[str], key: bytes) -> None:
        """Take the leaves that fit, short ones first."""
        self.asked_of: list[int] = []
        """Numbers of the leaves that were cut into words."""
        self.common = {number for number, text in enumerate(texts) if is_common(text)}
        """Numbers of those that are a few common words; they are not looked up."""
        left = MOST_CHARACTERS
        told = (number for number in range(len(texts)) if number not in self.common)
        for number in sorted(told, key=lambda n: len(texts[n])):
            left -= len(texts[number]) + len(BETWEEN)
            if left < 0:
                break
            self.asked_of.append(number)
        self.asked_of.sort()
        self.whole = len(self.asked_of) + len(self.common) == len(texts)
        """False when some leaves were left out."""
        lengths = np.array([len(texts[number]) for number in self.asked_of], np.int64)
        self.starts = np.cumsum(lengths + len(BETWEEN)) - lengths - len(BETWEEN)
        """Where each of them begins."""
        self.lengths = lengths
        self._key = key
        self._text = BETWEEN.join(texts[number] for number in self.asked_of)

        self.asked = _asked([], [])
        """What is looked up, once `asking` has been driven to its end."""
        self._is_asked = False

    def asking(self) -> Generator[None, None, None]:
        """Cut the leaves into words and choose what is looked up, in pieces."""
        if not self._is_asked:
            self.asked = yield from self._ask(self._text)
            self._is_asked = True

    def stopped(self, stop: Keys) -> set[int]:
        """Return the numbers of the leaves that are, as a whole, among the keys of `stop`."""
        asked = self.asked
        chosen = np.flatnonzero(
            (asked.kinds == WHOLE) & (asked.of == 0) & np.isin(asked.keys, stop)
        )
        return {
            self.asked_of[int(asked.forms[0].leaves[asked.first[number]])]
            for number in chosen.tolist()
        }

    def _ask(self, text: str) -> Generator[None, None, Asked]:
        found: list[AskedForm] = []
        runs: list[tuple[int, int, Runs]] = []
        for form in forms(text) if text else ():
            yield from all_letters().lessons(form.text)
            yield
            words = words_of(form.text, self._key, learns=False)
            yield
            if len(words):
                asked = self._asked_form(form, words)
                yield
                near = _near_changes(asked, found[-1]) if found and form.in_place else None
                yield
                for kind, one in _runs_of(asked, near):
                    runs.append((kind, len(found), one))
                    yield
                found.append(asked)
        return _asked(found, runs)

    def _asked_form(self, form: Form, words: Words) -> AskedForm:
        leaves = np.searchsorted(self.starts, form.placed(words.starts), side="right") - 1
        parts = leaves if form.in_place else form.parts(words.starts)
        lows = np.append(0, np.flatnonzero(np.diff(parts)) + 1)
        sizes = np.diff(np.append(lows, len(words)))
        return AskedForm(
            form=form,
            words=words,
            prints=prints(words),
            leaves=leaves,
            lows=np.repeat(lows, sizes),
            highs=np.repeat(lows + sizes, sizes),
            telling=np.append(0, np.cumsum(~np.isin(words.hashes, common_words(self._key)))),
        )


def _asked(found: list[AskedForm], runs: list[tuple[int, int, Runs]]) -> Asked:
    """Gather the runs of all forms, each with its kind and the number of its form."""
    none = np.zeros(0, np.int64)
    return Asked(
        forms=found,
        keys=np.concatenate([one.keys for *_, one in runs] or [np.zeros(0, np.uint64)]),
        kinds=np.concatenate([np.full(len(one.keys), kind) for kind, _, one in runs] or [none]),
        of=np.concatenate([np.full(len(one.keys), of) for _, of, one in runs] or [none]),
        first=np.concatenate([one.first for *_, one in runs] or [none]),
        count=np.concatenate([one.count for *_, one in runs] or [none]),
    )


def _near_changes(asked: AskedForm, before: AskedForm) -> Positions:
    """Count, before each word and at the end, those that lie near an escape that was undone.

    What is far from all was asked for in the form before; a row of words that reaches an escape is
    found by any of its runs.
    """
    odd = np.uint64(0x9E3779B97F4A7C15)
    mine, theirs = (
        one.words.hashes ^ (one.words.starts.astype(np.uint64) * odd) for one in (asked, before)
    )
    changed = ~np.isin(mine, theirs)
    # What was undone may have been a word, or a mark between two.
    gone = before.words.starts[~np.isin(theirs, mine)]
    changed[np.minimum(asked.words.starts.searchsorted(gone), len(mine) - 1)] = True
    near = np.convolve(changed, np.ones(2 * _REACH + 1, np.int64))
    return np.append(0, np.cumsum(near[_REACH : _REACH + len(mine)] > 0))


def _runs_of(asked: AskedForm, near: Positions | None) -> Iterator[tuple[int, Runs]]:
    """Yield the runs of one form by their kind, none of them across two parts; see above."""
    for kind, runs in _all_runs_of(asked):
        if near is not None:
            runs = runs.where(near[runs.first + runs.count] > near[runs.first])
        yield kind, runs


def _all_runs_of(asked: AskedForm) -> Iterator[tuple[int, Runs]]:
    words = asked.words
    lows = np.unique(asked.lows)
    counts = asked.highs[lows] - lows
    yield WHOLE, whole(words, lows, counts)
    named = telling(words, _within(asked, names(words)))
    all_of_it = np.isin(named.first, lows) & (asked.highs[named.first] == named.first + named.count)
    yield NAME, named.where(~all_of_it)
    every = shingles(words)
    inside = asked.lows[every.first] == asked.lows[every.first + every.count - 1]
    if len(words) <= _ALL_RUNS:
        yield RUN, _few_of_each(every.where(inside))
    else:
        # What lies across two parts is in no result, so it must never be the least.
        chosen = winnowed(Runs(np.where(inside, every.keys, _NEVER), every.first, every.count))
        yield RUN, _few_of_each(_within(asked, chosen))


def _within(asked: AskedForm, runs: Runs) -> Runs:
    return runs.where(asked.lows[runs.first] == asked.lows[runs.first + runs.count - 1])


def _few_of_each(runs: Runs) -> Runs:
    order = np.argsort(runs.keys, kind="stable")
    keys = runs.keys[order]
    begins = np.flatnonzero(np.diff(keys, prepend=_NEVER) != 0)
    sizes = np.diff(np.append(begins, len(keys)))
    rank = np.arange(len(keys)) - np.repeat(begins, sizes)
    return runs.where(order[rank < _MOST_OF_A_KEY])
