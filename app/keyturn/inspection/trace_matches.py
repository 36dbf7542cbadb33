"""Owns which results hold what of an argument: what was found by key, compared word by word.

Words are compared here by a byte each, which is enough to leave nearly all false ones out; the
texts themselves are compared when a place is shown (`trace_places`).
"""

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from keyturn.inspection.letters import Flags, Positions
from keyturn.inspection.trace_alignment import beyond, beyond_gaps, extended, reaches
from keyturn.inspection.trace_hits import Hits, changes, hits_of, sizes_of
from keyturn.inspection.trace_kept import Kept
from keyturn.inspection.trace_query import (
    LEAST_RUN,
    RUN,
    WHOLE,
    Asked,
    AskedForm,
    Question,
)
from keyturn.inspection.trace_segments import Segment
from keyturn.inspection.trace_store import TraceStore
from keyturn.inspection.word_runs import SHINGLE, Keys

_LEAST_PLAIN = 8
"""Words in a row that count whichever they are."""
_LEAST_TELLING = 3
"""Of fewer, so many are no common words; of a weak row one less."""
_WEAK_RUN = 4
_MOST_OF_ALL = 0.6
"""A weak row counts alone where it is so much of an argument."""
_NEAR = 14
"""Words from one short row to the next, of which both count together."""
_SHIFT = 3
"""Words that may be left out or put in between them."""
_TOGETHER = 9
"""Words of both."""
MOST_OF_A_PART = 6
"""Results that are named for one part of an argument."""
_ROWS_OF_A_PART = 3
"""Of these, so many that share a row of words."""
MOST_ROWS = 512
"""Rows of words in common out of which is chosen."""
MOST_CHOSEN = 96
"""Rows that are followed to their ends; and so many values and names."""
_COMPARED_AT_ONCE = 4 * 1024
"""Hits whose words are compared at once (about 1 ms)."""
_FOLLOWED_BEYOND = 1024
"""Of these, so many beyond gaps."""
_FOLLOWED_AT_ONCE = 8
_SHORT = 40
"""Words of a part of which three in a row, and more beyond a gap, may be all there is."""
_ALMOST_ALL = 0.75
"""Of a part, with a gap in between."""
_LENGTH_BITS, _AGE_BITS = 18, 40
_MOST_WORDS, _MOST_AGE = (1 << _LENGTH_BITS) - 1, (1 << _AGE_BITS) - 1
_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Match:
    """Words of an argument that stood in a result."""

    leaf: int
    """Its number in the question."""
    form: AskedForm
    first: int
    count: int
    segment: Segment
    result: int
    """Its number in the segment."""
    word: int
    """The first of the words, by its number in the segment."""
    is_whole: bool
    """They are all words of the argument."""

    @property
    def kept(self) -> Kept:
        """The result."""
        return self.segment.results[self.result]

    @property
    def reach(self) -> tuple[int, int]:
        """From where to where its words stand in the text of all leaves."""
        starts, last = self.form.words.starts, self.first + self.count - 1
        if self.form.form.in_place:
            return int(starts[self.first]), int(starts[last]) + 1
        low, high = self.form.form.placed(np.array([starts[self.first], starts[last]])).tolist()
        return low, high + 1


def matches_of(
    question: Question, store: TraceStore, *, most: int, stop: Keys
) -> Generator[None, None, tuple[list[Match], bool]]:
    """Find, in pieces, what is in common: untrusted sources first, then long parts.

    The second value tells that there was more than can be compared.

    A run whose key is in `stop`, or in more than `most` results, never counts alone.
    """
    asked = question.asked
    segments, hits, cut = yield from hits_of(asked, store, most, stop)
    if not len(hits.runs):
        return [], cut
    is_run = asked.kinds[hits.runs] == RUN
    matches, more = yield from _named(asked, segments, hits.where(~is_run))
    cut |= more
    rows = hits.where(is_run)
    of = asked.of[rows.runs]
    for number, form in enumerate(asked.forms):
        here = rows.where(of == number) if len(asked.forms) > 1 else rows
        if len(here.runs):
            yield
            found, more = yield from _rows(form, segments, asked.first[here.runs], here)
            matches += found
            cut |= more
    matches.sort(key=lambda match: (not match.kept.source.untrusted, -match.count))
    return matches, cut


def _named(
    asked: Asked, segments: list[Segment], hits: Hits
) -> Generator[None, None, tuple[list[Match], bool]]:
    """Choose of each value and each name the worst and newest places, one in a result."""
    ages = hits.ages
    order = np.argsort(hits.words)
    yield
    needs = (~hits.untrusted[order]).astype(np.int64) << _AGE_BITS | (_MOST_AGE - ages[order])
    order = order[np.argsort(hits.runs[order] << _AGE_BITS + 1 | needs, kind="stable")]
    yield
    told = changes(hits.runs[order])
    begins = told | (changes(ages[order]))
    order, told = order[begins], told[begins]
    rank = np.arange(len(order)) - np.repeat(np.flatnonzero(told), sizes_of(told))
    by_rank = np.argsort(rank, kind="stable")
    by_rank = by_rank[: int(np.searchsorted(rank[by_rank], MOST_OF_A_PART))]
    cut = len(by_rank) > MOST_CHOSEN and int(rank[by_rank[MOST_CHOSEN]]) == 0
    matches: list[Match] = []
    for at in order[by_rank[:MOST_CHOSEN]].tolist():
        run = int(hits.runs[at])
        form = asked.forms[int(asked.of[run])]
        matches.append(
            Match(
                leaf=int(form.leaves[asked.first[run]]),
                form=form,
                first=int(asked.first[run]),
                count=int(asked.count[run]),
                segment=segments[int(hits.segments[at])],
                result=int(hits.results[at]),
                word=int(hits.words[at]),
                is_whole=form.form.in_place and int(asked.kinds[run]) == WHOLE,
            )
        )
    return matches, cut


def _rows(
    form: AskedForm, segments: list[Segment], first: Positions, hits: Hits
) -> Generator[None, None, tuple[list[Match], bool]]:
    """Find rows of words in common that are long enough, each once."""
    kept, before, after = yield from _measured(form, segments, first, hits)
    first, hits = first[kept], hits.where(kept)
    length = before + SHINGLE + after
    size = form.highs[first] - form.lows[first]
    strong = (length >= LEAST_RUN) | (length >= size)
    weak = np.flatnonzero(~strong & (length >= _WEAK_RUN))
    strong[weak] = length[weak] >= _MOST_OF_ALL * size[weak]
    goes_on = (before == SHINGLE) | (after == SHINGLE)
    strong &= goes_on | _tells(form, first - before, length)
    yield
    says = form.telling[first - before + length] > form.telling[first - before]
    company = np.flatnonzero((length >= _WEAK_RUN) & says)
    together = np.zeros(len(first), bool)
    together[company] = yield from _have_company(
        hits.where(company), (first - before)[company], before[company], length[company]
    )
    strong |= together
    rest = np.flatnonzero(~strong & ((length >= _WEAK_RUN) | (size <= _SHORT)))
    for low in range(0, len(rest), _FOLLOWED_BEYOND):
        yield
        some = rest[low : low + _FOLLOWED_BEYOND]
        begin = (first - before)[some]
        together[some] = _goes_on_beyond_gaps(
            form, segments, hits.where(some), (begin, begin + length[some]), first[some]
        )
    yield
    at = np.flatnonzero(strong | together)
    if not len(at):
        return [], False
    at, ends = _joined(hits, first, first + SHINGLE + after, at)
    yield
    return (yield from _chosen(form, segments, (hits, first, before, ends), at, together))


def _measured(
    form: AskedForm, segments: list[Segment], first: Positions, hits: Hits
) -> Generator[None, None, tuple[Positions, Positions, Positions]]:
    """Choose hits that go on on one side at least, and say how far; others of short parts, too."""
    kept, befores, afters = [_NONE], [_NONE], [_NONE]
    for low in range(0, len(first), _COMPARED_AT_ONCE):
        some = np.arange(low, min(low + _COMPARED_AT_ONCE, len(first)))
        before, after = reaches(form, segments, first[some], hits.where(some))
        near = form.highs[first[some]] - form.lows[first[some]] <= _SHORT
        chosen = np.flatnonzero(near | (before > 0) | (after > 0))
        kept.append(chosen + low)
        befores.append(before[chosen])
        afters.append(after[chosen])
        yield
    return np.concatenate(kept), np.concatenate(befores), np.concatenate(afters)


def _chosen(
    form: AskedForm,
    segments: list[Segment],
    found: tuple[Hits, Positions, Positions, Positions],
    at: Positions,
    together: Flags,
) -> Generator[None, None, tuple[list[Match], bool]]:
    """Follow the most needed rows to their ends, a few of each part of the argument."""
    hits, first, before, ends = found
    begins = (first - before)[at]
    order = _by_need(hits.where(at), ends - begins)
    matches: list[Match] = []
    more: list[Match] = []
    taken = np.zeros(len(form.prints), np.int64)
    for number, one in enumerate(order[:MOST_ROWS].tolist()):
        if number % _FOLLOWED_AT_ONCE == 0:
            yield
        part = taken[int(begins[one]) : int(ends[one])]
        least = int(part.min())
        if least >= _ROWS_OF_A_PART:
            continue
        if len(matches) >= MOST_CHOSEN:
            if least == 0:
                return matches + more, True
            continue
        segment = segments[int(hits.segments[at[one]])]
        match = _followed_row(form, segment, hits, int(at[one]), int(first[at[one]]))
        row = np.array([match.first]), np.array([match.count])
        if together[at[one]] or _tells(form, *row)[0]:
            part += 1
            matches.append(match)
            more += _beyond_gaps(match)
    return matches + more, len(order) > MOST_ROWS and _leaves_out(
        order[MOST_ROWS:], begins, ends, taken
    )


def _by_need(hits: Hits, lengths: Positions) -> Positions:
    """Order rows: untrusted ones first, then long ones, then new ones."""
    needs = (~hits.untrusted).astype(np.int64) << _LENGTH_BITS | (_MOST_WORDS - lengths)
    return np.argsort(needs << _AGE_BITS | (_MOST_AGE - hits.ages), kind="stable")


def _tells(form: AskedForm, first: Positions, count: Positions) -> Flags:
    """Tell which rows count alone: long ones, whole parts, and those of words that tell."""
    told = form.telling[first + count] - form.telling[first]
    least = np.where(count < LEAST_RUN, _LEAST_TELLING - 1, _LEAST_TELLING)
    is_all = count == form.highs[first] - form.lows[first]
    return (count >= _LEAST_PLAIN) | (told >= least) | is_all


def _leaves_out(rows: Positions, begins: Positions, ends: Positions, taken: Positions) -> bool:
    """Tell whether some row has a word of which no place was named."""
    free = np.append(0, np.cumsum(taken == 0))
    return bool((free[ends[rows]] > free[begins[rows]]).any())


def _followed_row(form: AskedForm, segment: Segment, hits: Hits, at: int, first: int) -> Match:
    result, word = int(hits.results[at]), int(hits.words[at])
    low, high = extended(form, segment, result, first, word)
    size = int(form.highs[first] - form.lows[first])
    return Match(
        leaf=int(form.leaves[low]),
        form=form,
        first=low,
        count=high - low,
        segment=segment,
        result=result,
        word=word - first + low,
        is_whole=form.form.in_place and high - low == size,
    )


def _beyond_gaps(match: Match) -> list[Match]:
    """Return what goes on beyond the gaps around a row, each part by itself."""
    row = match.first, match.first + match.count, match.word - match.first
    return [
        replace(
            match,
            leaf=int(match.form.leaves[begin]),
            first=begin,
            count=end - begin,
            word=begin + shift,
            is_whole=False,
        )
        for begin, end, shift in beyond(match.form, match.segment, match.result, row)
    ]


def _joined(
    hits: Hits, first: Positions, reached: Positions, at: Positions
) -> tuple[Positions, Positions]:
    """Take hits of one row together: the first of each, and how far the last reaches."""
    shifts = (hits.places - first)[at]
    ages = hits.ages[at]
    # Words of one result, and no others, lie between its first and its last.
    order = np.argsort(shifts << _LENGTH_BITS | first[at])
    at, shifts, ages = at[order], shifts[order], ages[order]
    begins = (changes(shifts)) | (changes(ages))
    begins[1:] |= first[at[1:]] > reached[at[:-1]]
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(at)) - 1
    return at[starts], reached[at[ends]]


def _goes_on_beyond_gaps(
    form: AskedForm,
    segments: list[Segment],
    hits: Hits,
    ends: tuple[Positions, Positions],
    first: Positions,
) -> Flags:
    """Tell which rows are long enough with what goes on beyond a gap on either side.

    Such is a text of which a word was left out, put in or replaced.
    """
    before, after = beyond_gaps(form, segments, ends, hits, hits.words - first)
    begin, end = ends
    count = end - begin + before + after
    told = form.telling[end + after] - form.telling[begin - before]
    long = (count >= _LEAST_PLAIN) | (count > LEAST_RUN) & (told > _LEAST_TELLING)
    long &= end - begin >= _WEAK_RUN
    all_of_it = count >= _ALMOST_ALL * (form.highs[first] - form.lows[first])
    return (long | all_of_it & (count > _WEAK_RUN)) & (told >= _LEAST_TELLING - 1)


def _have_company(
    hits: Hits, begins: Positions, before: Positions, length: Positions
) -> Generator[None, None, Flags]:
    """Tell which short rows have another one near, at nearly the same distance on both sides.

    Such is a text of which some words were left out or replaced.
    """
    found = np.zeros(len(length), bool)
    if len(length) < 2:
        return found
    ages, words = hits.ages, hits.words - before
    order = np.argsort(hits.places - before)
    for step in (1, 2, 3):
        yield
        one, other = order[:-step], order[step:]
        ahead, ahead_mine = words[other] - words[one], begins[other] - begins[one]
        near = (ages[one] == ages[other]) & (ahead <= _NEAR)
        apart = (ahead_mine >= length[one]) & (ahead >= length[one])
        together = near & apart & (abs(ahead - ahead_mine) <= _SHIFT)
        together &= length[one] + length[other] >= _TOGETHER
        found[one[together]] = found[other[together]] = True
    return found
