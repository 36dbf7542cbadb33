"""Owns where the runs that are looked up stand in a session: the rarest first, so many at most."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from keyturn.inspection.letters import Flags, Positions
from keyturn.inspection.postings import MOST_FOUND, Held
from keyturn.inspection.trace_query import Asked
from keyturn.inspection.trace_segments import Segment
from keyturn.inspection.trace_store import TraceStore
from keyturn.inspection.word_runs import Keys

MOST_HITS = 48 * 1024
"""Places that are compared for one trace; more of them make it incomplete.

What stands in the fewest places tells the most, and comes first.
"""
_RESULT_BITS = 25
_WORD_BITS = 32
_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Hits:
    """Places where runs that are looked up begin; arrays run in parallel."""

    runs: Positions
    segments: Positions
    results: Positions
    """Their numbers in their segments, as those of the words."""
    words: Positions
    untrusted: Flags

    def where(self, chosen: Flags | Positions) -> "Hits":
        """Return some of them."""
        return Hits(
            self.runs[chosen],
            self.segments[chosen],
            self.results[chosen],
            self.words[chosen],
            self.untrusted[chosen],
        )

    @property
    def ages(self) -> Positions:
        """Number each result among all: greater ones are newer."""
        return self.segments << _RESULT_BITS | self.results

    @property
    def places(self) -> Positions:
        """Number each word among all."""
        return self.segments << _WORD_BITS | self.words


def hits_of(
    asked: Asked, store: TraceStore, most: int, stop: Keys
) -> Generator[None, None, tuple[list[Segment], Hits, bool]]:
    """Find where the runs begin, those that stand in the fewest places first.

    The segments are those of one moment, which the hits are numbered by; the last value tells
    that there are more places than are compared.
    """
    keys, of_run = np.unique(asked.keys, return_inverse=True)
    yield
    segments, held = yield from store.find(keys)
    counts = np.zeros(len(keys), np.int64)
    for one in (one for several in held for one in several):
        counts[one.which] += one.counts
    common = yield from _common(segments, held, counts, most)
    told = (counts > 0) & ~common
    if len(stop):
        told &= ~np.isin(keys, stop)
    runs_of = np.bincount(of_run, minlength=len(keys))
    rarest = np.argsort(counts, kind="stable")
    costs = np.cumsum(np.where(told, np.minimum(counts, MOST_FOUND) * runs_of, 0)[rarest])
    beyond = rarest[costs > MOST_HITS]
    cut = bool(told[beyond].any())
    told[beyond] = False
    yield
    hits = yield from _followed(segments, held, told, of_run, runs_of)
    return segments, hits, cut


def _followed(
    segments: list[Segment],
    held: list[list[Held]],
    told: Flags,
    of_run: Positions,
    runs_of: Positions,
) -> Generator[None, None, Hits]:
    which: list[Positions] = []
    words: list[Positions] = []
    results: list[Positions] = []
    untrusted: list[Flags] = []
    sizes: list[int] = []
    for segment, several in zip(segments, held, strict=True):
        found = [one.words(np.flatnonzero(told[one.which])) for one in several]
        here = np.concatenate([at for _, at in found] or [_NONE])
        which.extend(one for one, _ in found)
        words.append(here)
        results.append(segment.results_of(here))
        untrusted.append(segment.are_untrusted(results[-1]))
        sizes.append(len(here))
        yield
    hits = Hits(
        np.concatenate([*which, _NONE]),
        np.repeat(np.arange(len(segments)), sizes),
        np.concatenate(results),
        np.concatenate(words),
        np.concatenate(untrusted),
    )
    order = np.argsort(of_run, kind="stable")
    begins = np.cumsum(runs_of) - runs_of
    again = runs_of[hits.runs]
    inner = np.arange(int(again.sum())) - np.repeat(np.cumsum(again) - again, again)
    runs = order[np.repeat(begins[hits.runs], again) + inner]
    yield
    each = hits.where(np.repeat(np.arange(len(again)), again))
    return Hits(runs, each.segments, each.results, each.words, each.untrusted)


def _common(
    segments: list[Segment], held: list[list[Held]], counts: Positions, most: int
) -> Generator[None, None, Flags]:
    """Tell which keys are in more than `most` results; of many places only some are looked at."""
    many = counts > most
    results = np.zeros(len(counts), np.int64)
    if not many.any():
        return many
    for segment, several in zip(segments, held, strict=True):
        for one in several:
            chosen = np.flatnonzero(many[one.which])
            if len(chosen):
                which, words = one.words(chosen)
                pairs = which << 32 | segment.results_of(words)
                changed = changes(pairs).nonzero()[0]
                distinct = np.bincount(which[changed], minlength=len(counts))
                named = np.minimum(one.counts[chosen], MOST_FOUND)
                keys = one.which[chosen]
                results[keys] += distinct[keys] * one.counts[chosen] // named
                yield
    return results > most


def changes(numbers: Positions) -> Flags:
    """Tell where another number than before begins."""
    told = np.ones(len(numbers), bool)
    np.not_equal(numbers[1:], numbers[:-1], out=told[1:])
    return told


def sizes_of(begins: Flags) -> Positions:
    """Return how many there are in each group, given where one begins."""
    return np.diff(np.append(np.flatnonzero(begins), len(begins)))
