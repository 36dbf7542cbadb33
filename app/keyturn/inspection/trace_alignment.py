"""Owns how far the words of an argument and those of a result go on alike, also beyond a gap.

Words are compared by a byte each, by their numbers in the argument and in the segment.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from keyturn.inspection.letters import Flags, Positions
from keyturn.inspection.trace_hits import Hits
from keyturn.inspection.trace_query import AskedForm
from keyturn.inspection.trace_segments import Segment
from keyturn.inspection.word_runs import SHINGLE, Prints

_STEP = 256
_GOES_ON = 6
"""Words that are looked at beyond a gap."""
_GAPS = ((0, 1), (0, 2), (0, 3), (1, 0), (1, 1))
"""Words that are left out: of the argument, of the result."""
_LONGEST_GAP = 3
_BACK = np.arange(-1, -1 - _GOES_ON - _LONGEST_GAP, -1)
_ON = np.arange(_GOES_ON + _LONGEST_GAP)
_AROUND = np.append(_BACK[:SHINGLE], _ON[:SHINGLE] + SHINGLE)
_MOST_GAPS = 8
"""Gaps on each side of a row beyond which it is followed."""
_LEAST_BEYOND = 2
"""Words beyond a gap that count; fewer where the argument ends with them."""
Windows = npt.NDArray[np.int16]
"""Words around some, each by its byte; negative for none."""


def reaches(
    form: AskedForm, segments: list[Segment], first: Positions, hits: Hits
) -> tuple[Positions, Positions]:
    """Count how many words before and after runs are alike, three at most."""
    same = _window(form, first, first, _AROUND) == _their_window(
        segments, hits, hits.words, _AROUND
    )
    return _leading(same[:, :SHINGLE]), _leading(same[:, SHINGLE:])


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
    mine_before, mine_after = _window(form, begin, begin, _BACK), _window(form, end, begin, _ON)
    theirs_before = _their_window(segments, hits, begin + shift, _BACK)
    theirs_after = _their_window(segments, hits, end + shift, _ON)
    for mine, theirs in _GAPS:
        before = _leading(_of_gap(mine_before, mine) == _of_gap(theirs_before, theirs))
        counts = (before >= _LEAST_BEYOND) | ((before > 0) & (begin - mine - before == lows))
        most_before = np.maximum(most_before, np.where(counts, before, 0))
        after = _leading(_of_gap(mine_after, mine) == _of_gap(theirs_after, theirs))
        counts = (after >= _LEAST_BEYOND) | ((after > 0) & (end + mine + after == highs))
        most_after = np.maximum(most_after, np.where(counts, after, 0))
    return most_before, most_after


def _of_gap(window: Windows, left_out: int) -> Windows:
    return window[:, left_out : left_out + _GOES_ON]


def _leading(same: Flags) -> Positions:
    """Count how many are alike before the first that is not."""
    ended = np.append(same, np.zeros((len(same), 1), bool), axis=1)
    return ended.argmin(axis=1)


def _window(form: AskedForm, at: Positions, part: Positions, steps: Positions) -> Windows:
    """Read words of the argument so many steps from some; what is in another part is none."""
    there = at[:, None] + steps
    inside = (there >= form.lows[part][:, None]) & (there < form.highs[part][:, None])
    return np.where(inside, form.prints.take(there, mode="clip").astype(np.int16), -1)


def _their_window(segments: list[Segment], hits: Hits, at: Positions, steps: Positions) -> Windows:
    """Read words of the results so many steps from some; what is in no segment is none."""
    window = np.full((len(at), len(steps)), -2, np.int16)
    cuts = hits.segments.searchsorted(np.arange(len(segments) + 1)).tolist()
    for segment, low, high in zip(segments, cuts, cuts[1:], strict=False):
        if low < high:
            there = at[low:high, None] + steps
            inside = (there >= 0) & (there < segment.words)
            window[low:high] = np.where(inside, segment.prints.take(there, mode="clip"), -2)
    return window


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
        # As numbers whose first digits are the first words: where they differ is one step.
        differ = int.from_bytes(mine[start:end].tobytes()) ^ int.from_bytes(
            theirs[start:end].tobytes()
        )
        if differ:
            return end - (differ.bit_length() + 7) // 8
    return size


def _same_before(mine: Prints, theirs: Prints) -> int:
    return _same_after(mine[::-1], theirs[::-1])
