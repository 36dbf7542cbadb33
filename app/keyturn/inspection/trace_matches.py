"""Owns which results hold what of an argument: what was found by key, compared word by word.

Words are compared here by a byte each, which is enough to leave nearly all false ones out; the
texts themselves are compared when a place is shown (`trace_places`).
"""

from dataclasses import dataclass

import numpy as np

from keyturn.inspection.letters import Flags, Positions
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
from keyturn.inspection.word_runs import SHINGLE, Keys, Prints

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
_STEP = 256
_BESIDE = np.array([-1, SHINGLE])
_BEFORE, _AFTER = np.arange(-1, -1 - _WEAK_RUN, -1), np.arange(_WEAK_RUN)
_AROUND = np.append(_BEFORE[:SHINGLE], _AFTER[:SHINGLE] + SHINGLE)


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
) -> tuple[list[Match], bool]:
    """Return what was found, untrusted sources first, then long parts.

    The second value tells that there was more than can be compared.

    A run whose key is in `stop`, or in more than `most` results, never counts alone.
    """
    asked = question.asked
    segments = store.segments
    hits, cut = hits_of(asked, store, most, stop)
    if not len(hits.runs):
        return [], cut
    is_run = asked.kinds[hits.runs] == RUN
    matches, more = _named(asked, segments, hits.where(~is_run))
    cut |= more
    rows = hits.where(is_run)
    of = asked.of[rows.runs]
    for number, form in enumerate(asked.forms):
        here = rows.where(of == number) if len(asked.forms) > 1 else rows
        if len(here.runs):
            found, more = _rows(form, segments, asked.first[here.runs], here)
            matches += found
            cut |= more
    matches.sort(key=lambda match: (not match.kept.source.untrusted, -match.count))
    return matches, cut


def _named(asked: Asked, segments: list[Segment], hits: Hits) -> tuple[list[Match], bool]:
    """Choose of each value and each name the worst and newest places, one in a result."""
    ages = hits.ages
    order = np.lexsort((hits.words, -ages, ~hits.untrusted, hits.runs))
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
) -> tuple[list[Match], bool]:
    """Return rows of words in common that are long enough, each once."""
    near = _near(form, segments, first, hits)
    first, hits = first[near], hits.where(near)
    before, after = _reaches(form, segments, first, hits)
    length = before + SHINGLE + after
    size = form.highs[first] - form.lows[first]
    strong = (length >= LEAST_RUN) | (length >= size)
    weak = np.flatnonzero(~strong & (length >= _WEAK_RUN))
    strong[weak] = length[weak] >= _MOST_OF_ALL * size[weak]
    goes_on = (before == SHINGLE) | (after == SHINGLE)
    strong &= goes_on | _tells(form, first - before, length)
    says = form.telling[first - before + length] > form.telling[first - before]
    company = np.flatnonzero((length >= _WEAK_RUN) & says)
    together = np.zeros(len(first), bool)
    together[company] = _have_company(
        hits.where(company), (first - before)[company], before[company], length[company]
    )
    strong |= together
    rest = np.flatnonzero(~strong & (length >= _WEAK_RUN))
    if len(rest):
        begin, shift = (first - before)[rest], (hits.words - first)[rest]
        ends = begin, begin + length[rest]
        together[rest] = _goes_on_beyond_a_gap(form, segments, ends, hits.where(rest), shift)
        strong |= together
    at = np.flatnonzero(strong)
    if not len(at):
        return [], False
    at, ends = _joined(hits, first, first + SHINGLE + after, at)
    begins = (first - before)[at]
    order = np.lexsort((-hits.ages[at], begins - ends, ~hits.untrusted[at]))
    matches: list[Match] = []
    taken = np.zeros(len(form.prints), np.int64)
    for one in order[:MOST_ROWS].tolist():
        part = taken[int(begins[one]) : int(ends[one])]
        least = int(part.min())
        if least >= _ROWS_OF_A_PART:
            continue
        if len(matches) >= MOST_CHOSEN:
            if least == 0:
                return matches, True
            continue
        segment = segments[int(hits.segments[at[one]])]
        match = _followed_row(form, segment, hits, int(at[one]), int(first[at[one]]))
        row = np.array([match.first]), np.array([match.count])
        if together[at[one]] or _tells(form, *row)[0]:
            part += 1
            matches.append(match)
    return matches, len(order) > MOST_ROWS and _leaves_out(order[MOST_ROWS:], begins, ends, taken)


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


def _joined(
    hits: Hits, first: Positions, reached: Positions, at: Positions
) -> tuple[Positions, Positions]:
    """Take hits of one row together: the first of each, and how far the last reaches."""
    shifts = (hits.places - first)[at]
    ages = hits.ages[at]
    order = np.lexsort((first[at], shifts, ages))
    at, shifts, ages = at[order], shifts[order], ages[order]
    begins = (changes(shifts)) | (changes(ages))
    begins[1:] |= first[at[1:]] > reached[at[:-1]]
    starts = np.flatnonzero(begins)
    ends = np.append(starts[1:], len(at)) - 1
    return at[starts], reached[at[ends]]


def _near(form: AskedForm, segments: list[Segment], first: Positions, hits: Hits) -> Positions:
    """Choose hits that go on on one side at least, or are all of their part."""
    goes_on = form.highs[first] - form.lows[first] <= SHINGLE
    goes_on |= _alike(form, segments, first, hits.words, hits, _BESIDE).any(axis=1)
    return np.flatnonzero(goes_on)


def _reaches(
    form: AskedForm, segments: list[Segment], first: Positions, hits: Hits
) -> tuple[Positions, Positions]:
    """Count how many words before and after are alike, three at most."""
    same = _alike(form, segments, first, hits.words, hits, _AROUND)
    before, after = same[:, :SHINGLE], same[:, SHINGLE:]
    return before.cumprod(axis=1).sum(axis=1), after.cumprod(axis=1).sum(axis=1)


def _alike(
    form: AskedForm,
    segments: list[Segment],
    asked: Positions,
    words: Positions,
    hits: Hits,
    steps: Positions,
) -> Flags:
    """Compare the argument's words so many steps from `asked` with those as far from `words`.

    A row for each, a column for each step; `words` run in parallel to the hits.
    """
    at = asked[:, None] + steps
    part = np.minimum(asked, len(form.lows) - 1)
    inside = (at >= form.lows[part][:, None]) & (at < form.highs[part][:, None])
    theirs = np.zeros(at.shape, np.uint8)
    cuts = hits.segments.searchsorted(np.arange(len(segments) + 1)).tolist()
    for segment, low, high in zip(segments, cuts, cuts[1:], strict=False):
        if low < high:
            there = words[low:high, None] + steps
            inside[low:high] &= (there >= 0) & (there < segment.words)
            theirs[low:high] = segment.prints.take(there, mode="clip")
    return inside & (form.prints.take(at, mode="clip") == theirs)


def _goes_on_beyond_a_gap(
    form: AskedForm,
    segments: list[Segment],
    ends: tuple[Positions, Positions],
    hits: Hits,
    shift: Positions,
) -> Flags:
    """Tell which rows go on beyond a few left-out words of the result, eight words in all.

    `ends` are the row's first word and the one after its last; `shift` leads to the result's.
    """
    found = np.zeros(len(shift), bool)
    for left_out in range(1, _SHIFT + 1):
        begin, end = ends
        before = _alike(form, segments, begin, begin + shift - left_out, hits, _BEFORE)
        after = _alike(form, segments, end, end + shift + left_out, hits, _AFTER)
        reach = np.maximum(before.cumprod(axis=1).sum(axis=1), after.cumprod(axis=1).sum(axis=1))
        found |= end - begin + reach >= _LEAST_PLAIN
    return found


def _have_company(hits: Hits, begins: Positions, before: Positions, length: Positions) -> Flags:
    """Tell which short rows have another one near, at nearly the same distance on both sides.

    Such is a text of which some words were left out or replaced.
    """
    found = np.zeros(len(length), bool)
    if len(length) < 2:
        return found
    ages, words = hits.ages, hits.words - before
    order = np.lexsort((words, ages))
    for step in (1, 2, 3):
        one, other = order[:-step], order[step:]
        ahead, ahead_mine = words[other] - words[one], begins[other] - begins[one]
        near = (ages[one] == ages[other]) & (ahead <= _NEAR)
        apart = (ahead_mine >= length[one]) & (ahead >= length[one])
        together = near & apart & (abs(ahead - ahead_mine) <= _SHIFT)
        together &= length[one] + length[other] >= _TOGETHER
        found[one[together]] = found[other[together]] = True
    return found


def extended(
    form: AskedForm, segment: Segment, result: int, first: int, word: int
) -> tuple[int, int]:
    """Return from where to where the argument's words go on to be those of the result."""
    low, high = int(form.lows[first]), int(form.highs[first])
    begin, end = segment.span(result)
    low, high = max(low, first - (word - begin)), min(high, first + (end - word))
    mine, theirs = form.prints, segment.prints
    shift = word - first
    before = _same_before(mine[low:first], theirs[low + shift : word])
    after = _same_after(mine[first:high], theirs[word : high + shift])
    return first - before, first + after


def _same_after(mine: Prints, theirs: Prints) -> int:
    for start in range(0, len(mine), _STEP):
        differ = np.flatnonzero(mine[start : start + _STEP] != theirs[start : start + _STEP])
        if len(differ):
            return start + int(differ[0])
    return len(mine)


def _same_before(mine: Prints, theirs: Prints) -> int:
    return _same_after(mine[::-1], theirs[::-1])
