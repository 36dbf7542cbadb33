"""Cuts a long text into pieces that can be laid out one at a time, without hiding anything.

A cut never falls into a run of white space or next to a character that is drawn as a mark, where
it could make a run look shorter than it is.
"""

import re
from collections.abc import Iterator

from keyturn.presentation.visible_text import HIDDEN, PICTURE

CHUNK = 4_000
"""Characters that are laid out at a time; a few milliseconds of work."""
_LOOK_BACK = 1_000
_COST_OF_MARK = 40
"""What a mark takes to be laid out and painted with its box, in letters of a long text."""
_LEAST = 64
"""Characters of a piece, however many of them are marks."""
# What is drawn as itself: letters of every script but the fillers, which draw nothing.
_DRAWN = r"(?:[^\W\u115f\u1160\u3164\uffa0]|[!-~])"
_LINE_END = re.compile(rf"(?<={_DRAWN})\n(?={_DRAWN})")
_WORD_END = re.compile(rf"(?<={_DRAWN}) (?={_DRAWN})")
_BETWEEN = re.compile(rf"(?<={_DRAWN})(?={_DRAWN})")
# Where no two drawn characters meet: before a mark, unless it belongs to an emoji; behind a mark,
# before a few spaces; and where a line ends that is not empty, as there the next one begins anyway.
_BY_MARKS = (
    rf"(?<=[^\s{HIDDEN}{PICTURE[1:-1]}])(?![\ufe0f\r])(?=[{HIDDEN}])"
    rf"|(?<={PICTURE})(?![\ufe0e\ufe0f\u200d\r\U000e0020-\U000e007f])(?=[{HIDDEN}])"
    rf"|(?<=[^\s]\n)"
    rf"|(?<=[{HIDDEN}])(?<!\r)(?=[ \t]{{1,7}}[^ \t\n\r])"
    rf"|(?<=[^\s{HIDDEN}])(?=\r\n[ \t]{{0,7}}[^ \t\n\r])"
)
_MARK_EDGE = re.compile(_BY_MARKS)
_ANY_EDGE = re.compile(f"{_BETWEEN.pattern}|{_BY_MARKS}")
_LAYING_OUT = {ord("\n"): None, ord("\t"): None}
_ANY_HIDDEN = re.compile(f"[{HIDDEN}]")


def chunks(text: str, most: int = CHUNK) -> Iterator[str]:
    """Yield pieces of at most about `most` characters; joined they are `text`.

    A cut is made after a line end, else after a space, else between two letters, else beside a
    mark, looking back from where the piece would be full; where none of these is near, the piece
    goes on. It is full the sooner the more marks it has: each costs as much as some letters.
    """
    start, room = 0, most
    while len(text) - start > (room := _room(text, start, most, 4 * room)):
        end = _cut(text, max(start + 1, start + room - _LOOK_BACK), start + room)
        if end >= len(text):
            break
        yield text[start:end]
        start = end
    if start < len(text) or not text:
        yield text[start:]


def _room(text: str, start: int, most: int, look: int) -> int:
    """Return how many characters a piece may have; what hides is counted, runs of it as well.

    Looks no farther than `look`, where there are so many marks that this tells enough.
    """
    window = text[start : start + min(look, most)]
    if look >= most and window.isascii() and window.translate(_LAYING_OUT).isprintable():
        # As most are, and told at once.
        return most
    hidden = len(_ANY_HIDDEN.findall(window))
    cost = len(window) + hidden * (_COST_OF_MARK - 1)
    if cost <= most:
        return most if look >= most else _room(text, start, most, most)
    return max(min(_LEAST, most), len(window) * most // cost)


def line_chunks(text: str, most: int = CHUNK) -> Iterator[str]:
    """Yield pieces that end where a line does; of a line that is longer than `most`, its chunks.

    For a text that we laid out ourselves, whose lines may begin with spaces of ours.
    """
    start = 0
    while len(text) - start > most:
        end = text.rfind("\n", start, start + most) + 1
        if end > start:
            yield text[start:end]
        else:
            line_end = text.find("\n", start)
            end = line_end + 1 if line_end >= 0 else len(text)
            yield from chunks(text[start:end], most)
        start = end
    if start < len(text) or not text:
        yield text[start:]


def _cut(text: str, floor: int, full: int) -> int:
    for pattern, end in ((_LINE_END, "\n"), (_WORD_END, " ")):
        # From the end: what is cut last is cut there, and most texts have an edge nearby.
        place = text.rfind(end, floor, full)
        while place >= 0:
            if pattern.match(text, place, full):
                return place + 1
            place = text.rfind(end, floor, place)
    for place in range(full - 1, floor - 1, -1):
        if _BETWEEN.match(text, place, full):
            return place
    for first in (max(floor, full - _LEAST), floor):
        edges = [found.end() for found in _MARK_EDGE.finditer(text, first, full)]
        if edges:
            return edges[-1]
    ahead = _ANY_EDGE.search(text, full)
    return ahead.end() if ahead is not None else len(text)
