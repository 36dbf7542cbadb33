"""Compares two texts line by line, and inside changed lines word by word.

Every line of both texts is in the result; nothing is left out between changes.
"""

import re
from difflib import SequenceMatcher

from keyturn.presentation.card import DiffRow, DiffSide

_MOST_LINES = 500
"""Longer stretches are shown as removed and added whole: comparing takes quadratic time."""
_MOST_CHARACTERS = 500
_MOST_PAIRS = 200
"""Changed lines that are compared word by word."""
_PIECE = re.compile(r"\w+|\s+|.", re.DOTALL)

Stretches = list[tuple[int, int]]
"""Parts of a line as start and end, `end` not included."""


def diff_rows(before: str, after: str) -> tuple[DiffRow, ...]:
    """Return the unified difference; joining the rows of one side gives its text back."""
    old, new = before.split("\n"), after.split("\n")
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    rows = [_both(old, head_at, head_at) for head_at in range(head)]
    rows += _middle(old, new, head, tail)
    shift = len(new) - len(old)
    rows += [_both(old, at, at + shift) for at in range(len(old) - tail, len(old))]
    return tuple(rows)


def changed_stretches(before: str, after: str) -> tuple[Stretches, Stretches]:
    """Return the stretches of `before` and of `after` that the other does not have."""
    if len(before) > _MOST_CHARACTERS or len(after) > _MOST_CHARACTERS:
        return [(0, len(before))], [(0, len(after))]
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    removed: Stretches = []
    added: Stretches = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        if b > a:
            removed.append(_stretch(old, a, b))
        if d > c:
            added.append(_stretch(new, c, d))
    return removed, added


def _stretch(pieces: list[str], first: int, last: int) -> tuple[int, int]:
    start = sum(map(len, pieces[:first]))
    return start, start + sum(map(len, pieces[first:last]))


def _common(old: list[str], new: list[str]) -> int:
    for index, (one, other) in enumerate(zip(old, new, strict=False)):
        if one != other:
            return index
    return min(len(old), len(new))


def _both(old: list[str], before: int, after: int) -> DiffRow:
    return DiffRow(side=DiffSide.BOTH, before=before + 1, after=after + 1, text=old[before])


def _middle(old: list[str], new: list[str], head: int, tail: int) -> list[DiffRow]:
    old_end, new_end = len(old) - tail, len(new) - tail
    if old_end - head > _MOST_LINES or new_end - head > _MOST_LINES:
        return _replaced(old, new, (head, old_end), (head, new_end))
    rows: list[DiffRow] = []
    matcher = SequenceMatcher(None, old[head:old_end], new[head:new_end], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            rows += [_both(old, head + a + k, head + c + k) for k in range(b - a)]
        else:
            rows += _replaced(old, new, (head + a, head + b), (head + c, head + d))
    return rows


def _replaced(
    old: list[str], new: list[str], before: tuple[int, int], after: tuple[int, int]
) -> list[DiffRow]:
    """Return a block of removed lines and then the added ones; lines that pair show their words."""
    removed: dict[int, tuple[tuple[int, int], ...]] = {}
    added: dict[int, tuple[tuple[int, int], ...]] = {}
    if before[1] - before[0] == after[1] - after[0] <= _MOST_PAIRS:
        for a, b in zip(range(*before), range(*after), strict=True):
            one, other = changed_stretches(old[a], new[b])
            removed[a], added[b] = tuple(one), tuple(other)
    rows = [
        DiffRow(
            side=DiffSide.BEFORE, before=a + 1, after=None, text=old[a], changed=removed.get(a, ())
        )
        for a in range(*before)
    ]
    rows += [
        DiffRow(
            side=DiffSide.AFTER, before=None, after=b + 1, text=new[b], changed=added.get(b, ())
        )
        for b in range(*after)
    ]
    return rows
