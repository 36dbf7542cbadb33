"""Owns what the card of a held result says of it: the words that read like an order, as they stand.

What was noticed comes folded and cut to a line; it is looked up in the result, so that it is shown
in its own letters and to the end of its sentence. What only repeats a text says so.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from keyturn.application.approval_request import BECAUSE_SIGNS, ApprovalRequest
from keyturn.domain.canonical import JsonValue
from keyturn.domain.finding import Finding
from keyturn.presentation.card import ArgumentRow, TracedSpan, ValueKind
from keyturn.presentation.json_nodes import Node, first_nodes, read_json
from keyturn.presentation.visible_text import shown_line
from keyturn.presentation.words import Words

_TO_THE_END: Final = re.compile(r"[^.!?\n]{0,160}?(?:[.!?]+|(?=\n)|\Z)")
"""What is left of a sentence; of one that goes on for longer, nothing is added."""
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{0,24}")
_LONGEST_PLACE: Final = 60
_ENDS: Final = (".", "!", "?")
_LEAST_REPEATED: Final = 20
"""Characters; what is shorter is as quickly read as said to be the same."""


def found_span(value: JsonValue, findings: Iterable[Finding]) -> tuple[TracedSpan, ...]:
    """Return the stretches of a quoted leaf in which what was noticed stands, as spans of it."""
    text = value if isinstance(value, str) else ""
    places = [_place(text, finding) for finding in findings]
    spans = [span for span in places if span is not None]
    merged: list[TracedSpan] = []
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        if merged and span.start <= merged[-1].end:
            merged[-1] = TracedSpan(start=merged[-1].start, end=max(merged[-1].end, span.end))
        else:
            merged.append(span)
    return tuple(merged)


def words_noticed(request: ApprovalRequest) -> str:
    """Return what reads like an order in the result's own letters, in one line.

    As it was read where it does not stand there so: it was decoded, or respelt. Empty for none.
    """
    finding = request.findings[0] if request.because == BECAUSE_SIGNS and request.findings else None
    if finding is None or not finding.words:
        return ""
    for text in _texts(first_nodes(read_json(request.arguments))):
        span = _place(text, finding)
        if span is not None:
            return " ".join(text[span.start - 1 : span.end - 1].split()).removesuffix(".")
    return " ".join(finding.words.split())


def without_repeats(
    rows: Sequence[ArgumentRow], shown: Sequence[Node], words: Words
) -> list[ArgumentRow]:
    """Have a text that stands above, letter for letter, say that instead of standing there again.

    Servers send one text as `content` and as `structuredContent`; the raw tab has both.
    """
    first: dict[str, str] = {}
    kept: list[ArgumentRow] = []
    for row, node in zip(rows, shown, strict=True):
        text = node.value if isinstance(node.value, str) else ""
        place = first.setdefault(text, node.path) if len(text) >= _LEAST_REPEATED else node.path
        if place == node.path:
            kept.append(row)
        else:
            said = words("phrases.repeats", place=_plain_place(place, words))
            kept.append(replace(row, value=said, value_kind=ValueKind.CONTAINER, spans=()))
    return kept


def _plain_place(place: str, words: Words) -> str:
    """Return a place for a sentence of Keyturn's own: a server may have named it with one.

    A name that is long, or has more than letters, digits, dots and dashes, is told as any.
    """
    names = [name if _PLAIN_NAME.fullmatch(name) else "*" for name in place.split("/")]
    return shown_line("/".join(names), words, most=_LONGEST_PLACE)


def _texts(shown: Sequence[Node]) -> Iterator[str]:
    return (node.value for node in shown if node.is_leaf and isinstance(node.value, str))


def _place(text: str, finding: Finding) -> TracedSpan | None:
    """Find what was noticed, to its sentence's end; one is added for the quotation mark."""
    said = r"\s+".join(map(re.escape, finding.words.split()))
    found = re.search(said, text, re.IGNORECASE) if said else None
    if found is None:
        return None
    end = found.end()
    if not found.group().endswith(_ENDS):
        rest = _TO_THE_END.match(text, end)
        end = rest.end() if rest is not None else end
    return TracedSpan(start=found.start() + 1, end=end + 1)
