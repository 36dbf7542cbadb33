"""Owns how far the words of an argument and those of a result go on alike, also beyond a gap.

Words are compared by a byte each, by their numbers in the argument and in the segment.
"""

from collections.abc import Iterator

import numpy as np

from keyturn.inspection.letters import Flags, Positions
from keyturn.inspection.trace_hits import Hits
from keyturn.inspection.trace_query import AskedForm
from keyturn.inspection.trace_segments import Segment
from keyturn.inspection.word_runs import SHINGLE, Prints

_STEP = 256
_GOES_ON = 6
"""Words that are looked at beyond a gap."""
_BEFORE, _AFTER = np.arange(-1, -1 - _GOES_ON, -1), np.arange(_GOES_ON)
_AROUND = np.append(_BEFORE[:SHINGLE], _AFTER[:SHINGLE] + SHINGLE)
_GAPS = ((0, 1), (0, 2), (0, 3), (1, 0), (1, 1))
"""Words that are left out: of the argument, of the result."""
_MOST_GAPS = 8
"""Gaps on each side of a row beyond which it is followed."""
_LEAST_BEYOND = 2
"""Words beyond a gap that count; fewer where the argument ends with them."""


def reaches(
    form: AskedForm, segments: list[Segment], first: Positions, hits: Hits
) -> tuple[Positions, Positions]:
    """Count how many words before and after runs are alike, three at most."""
    same = _alike(form, segments, (first, hits.words), hits, _AROUND)
    before, after = same[:, :SHINGLE], same[:, SHINGLE:]
    return before.cumprod(axis=1).sum(axis=1), after.cumprod(axis=1).sum(axis=1)


def _alike(
    form: AskedForm,
    segments: list[Segment],
    pair: tuple[Positions, Positions],
    hits: Hits,
    steps: Positions,
    part: Positions | None = None,
) -> Flags:
    """Compare words so many steps from some of the argument with those as far from the result's.

    A row for each, a column for each step. Of the argument only the part counts that holds the
    words themselves, or `part`.
    """
    asked, words = pair
    at = asked[:, None] + steps
    part = asked if part is None else part
    inside = (at >= form.lows[part][:, None]) & (at < form.highs[part][:, None])
    theirs = np.zeros(at.shape, np.uint8)
    cuts = hits.segments.searchsorted(np.arange(len(segments) + 1)).tolist()
    for segment, low, high in zip(segments, cuts, cuts[1:], strict=False):
        if low < high:
            there = words[low:high, None] + steps
            inside[low:high] &= (there >= 0) & (there < segment.words)
            theirs[low:high] = segment.prints.take(there, mode="clip")
    return inside & (form.prints.take(at, mode="clip") == theirs)


def beyond_gaps(
    form: AskedForm,
    segments: list[Segment],
    ends: tuple[Positions, Positions],
    hits: Hits,
    shift: Positions,
) -> tuple[Positions, Positions]:
    """Count how many words go on alike beyond one gap before rows, and beyond one after them.

    `ends` are a row's first word and the one after its last; `shift` leads to the result's.
    """
    begin, end = ends
    lows, highs = form.lows[begin], form.highs[begin]
    most_before = most_after = np.zeros(len(begin), np.int64)
    for mine, theirs in _GAPS:
        at, there = begin - mine, begin + shift - theirs
        same = _alike(form, segments, (at, there), hits, _BEFORE, begin)
        before = same.cumprod(axis=1).sum(axis=1)
        counts = (before >= _LEAST_BEYOND) | ((before > 0) & (at - before == lows))
        most_before = np.maximum(most_before, np.where(counts, before, 0))
        at, there = end + mine, end + shift + theirs
        same = _alike(form, segments, (at, there), hits, _AFTER, begin)
        after = same.cumprod(axis=1).sum(axis=1)
        counts = (after >= _LEAST_BEYOND) | ((after > 0) & (at + after == highs))
        most_after = np.maximum(most_after, np.where(counts, after, 0))
    return most_before, most_after


def beyond(
    form: AskedForm, segment: Segment, result: int, row: tuple[int, int, int]
) -> Iterator[tuple[int, int, int]]:
    """Yield what goes on alike beyond the gaps before a row and after it, each as a row.

    A row is its first word and the one after its last, and what leads from these to the result's.
    """
    part = int(form.lows[row[0]]), int(form.highs[row[0]])
    span = segment.span(result)
    for step in (-1, 1):
        begin, end, shift = row
        for _ in range(_MOST_GAPS):
            found = _next_row(form.prints, segment.prints, (part, span), (begin, end, shift), step)
            if found is None:
                break
            begin, end, shift = found
            yield found


def _next_row(
    mine: Prints,
    theirs: Prints,
    bounds: tuple[tuple[int, int], tuple[int, int]],
    row: tuple[int, int, int],
    step: int,
) -> tuple[int, int, int] | None:
    """Return the longest row beyond a gap after this one, or before it; None for no such."""
    (low, high), (begin, end) = bounds
    first, last, shift = row
    best: tuple[int, int, int] | None = None
    for skipped, left_out in _GAPS:
        moved = shift + step * (left_out - skipped)
        if step > 0:
            at = last + skipped
            count = _same_after(mine[at:high], theirs[at + moved : end])
            found = at, at + count, moved
            counts = count >= _LEAST_BEYOND or (count > 0 and at + count == high)
        else:
            at = first - skipped
            there = max(begin, at + moved)
            count = _same_before(mine[low:at], theirs[begin:there]) if at > low else 0
            found = at - count, at, moved
            counts = count >= _LEAST_BEYOND or (count > 0 and at - count == low)
        if counts and (best is None or count > best[1] - best[0]):
            best = found
    return best


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
    size = min(len(mine), len(theirs))
    for start in range(0, size, _STEP):
        end = min(start + _STEP, size)
        differ = mine[start:end] != theirs[start:end]
        first = int(differ.argmax())
        if differ[first]:
            return start + first
    return size


def _same_before(mine: Prints, theirs: Prints) -> int:
    return _same_after(mine[::-1], theirs[::-1])
