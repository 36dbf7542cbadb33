"""Owns the masking of secrets in text that would otherwise be written down.

What can be a secret is looked for in bytes: first one pass for all beginnings, then only the kinds
whose beginning is there. What is found is counted, so that no text can hold up the broker's loop;
a text with more than that is masked whole, which is never too little.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import accumulate, islice
from typing import NamedTuple

from keyturn.application.ports.inspection import MASKED_WHOLE
from keyturn.inspection.secret_kinds import Span
from keyturn.inspection.secret_search import BETWEEN, Joints, spans_in
from keyturn.inspection.secret_views import Break

MOST_ON_THE_LOOP = 256
"""Candidates looked at in one text where it comes in: more would take over 5 ms."""
MOST_IN_A_WORKER = 150_000
"""The same in a process of its own: half a second, or two on a slow machine."""
_ENDING = 4
_MIN_FOR_ENDING = 16
"""Of a shorter secret four characters would give too much away."""


class DetectSecretsMask:
    """`SecretMask` over the kinds that can be told by their form or by the name before them."""

    def __init__(self, most: int = MOST_ON_THE_LOOP) -> None:
        """Mask a text whole that holds more than `most` candidates."""
        self._most = most

    def mask(self, text: str) -> str:
        """Return the text with each secret replaced by its kind and last four characters.

        Short secrets are replaced by their kind alone. The replacement holds no quotation mark and
        no backslash, so a JSON text stays one.
        """
        data = _encoded(text)
        cuts = cuts_in(data, self._most)
        if cuts is None:
            return MASKED_WHOLE
        return _replaced(data, cuts) if cuts else text

    def mask_each(self, texts: Sequence[str]) -> list[str]:
        """Mask many texts, at the cost of one as long as all of them.

        A secret that begins in one text and ends in the next is masked in both.
        """
        whole = _encoded(BETWEEN.join(texts))
        cuts = cuts_in(whole, self._most, partial(joints_of, texts) if len(texts) > 1 else None)
        if cuts is None:
            return [MASKED_WHOLE] * len(texts)
        return _masked_each(texts, cuts) if cuts else list(texts)


def joints_of(texts: Sequence[str]) -> list[Break]:
    """Return where one text ends and the next begins, when all are looked through as one."""
    ends = accumulate(map(len, map(_encoded, texts)))
    between = enumerate(ends)
    return [
        (end + number * len(BETWEEN), end + (number + 1) * len(BETWEEN))
        for number, end in islice(between, len(texts) - 1)
    ]


class Cut(NamedTuple):
    """What is replaced in a text, in bytes, and by what."""

    start: int
    end: int
    replacement: str


def cuts_in(data: bytes, most: int, joints: Joints | None = None) -> list[Cut] | None:
    """Return what is masked in UTF-8 bytes, in order and apart; None for all of it."""
    spans = spans_in(data, most, joints)
    return None if spans is None else _apart(data, spans)


def _apart(data: bytes, spans: list[Span]) -> list[Cut]:
    """Join what overlaps: the one that begins first names it, and of those the longest."""
    apart: list[Cut] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        last = apart[-1] if apart else None
        if last is None or span.start >= last.end:
            apart.append(Cut(span.start, span.end, _replacement(data, span)))
        elif span.end > last.end:
            apart[-1] = last._replace(end=span.end)
    return apart


def _replacement(data: bytes, span: Span) -> str:
    # Four characters take sixteen bytes at most; the first of them may be cut in two.
    last = data[max(span.start, span.end - 4 * _ENDING) : span.end].decode("utf-8", "ignore")
    ending = last[-_ENDING:]
    if span.encoded or not ending.isalnum() or not _is_long(data, span):
        ending = ""
    text = f"[{span.kind}, ends {ending}]" if ending else f"[{span.kind}]"
    return f'"{text}"' if span.quoted else text


def _is_long(data: bytes, span: Span) -> bool:
    enough = data[span.start : min(span.end, span.start + 4 * _MIN_FOR_ENDING)]
    return len(enough.decode("utf-8", "ignore")) >= _MIN_FOR_ENDING


def _masked_each(texts: Sequence[str], cuts: list[Cut]) -> list[str]:
    """Replace in each of some texts, which were looked through as one, what is cut of it."""
    masked: list[str] = []
    start = 0
    for text in texts:
        raw = _encoded(text)
        within = _within(cuts, start, start + len(raw))
        shifted = (Cut(max(0, c.start - start), c.end - start, c.replacement) for c in within)
        masked.append(_replaced(raw, shifted) if within else text)
        start += len(raw) + len(BETWEEN)
    return masked


def _within(cuts: list[Cut], start: int, end: int) -> list[Cut]:
    """Return those of the cuts, which are in order and apart, that touch a stretch."""
    first = bisect_right(cuts, start, key=lambda cut: cut.end)
    return cuts[first : bisect_left(cuts, end, key=lambda cut: cut.start)]


def _replaced(data: bytes, cuts: Iterable[Cut]) -> str:
    """Replace what is cut; of a cut that goes beyond the end, what is within."""
    parts: list[str] = []
    done = 0
    for cut in cuts:
        parts += data[done : cut.start].decode(), cut.replacement
        done = cut.end
    return "".join(parts) + data[done:].decode()


def _encoded(text: str) -> bytes:
    """Halves of surrogate pairs, which no secret has, become question marks where one is masked."""
    return text.encode("utf-8", "replace")
