"""Owns where secrets stand in canonical JSON, for whoever shows it and does not write it down.

The same is found as where it is masked for the log. What is found is counted, so that no text can
hold up the broker's loop; of a text with more than that nothing is said, and nothing is hidden.
"""

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import pairwise

from keyturn.domain.secret_places import SecretPlace, Secrets
from keyturn.inspection.secret_kinds import Span
from keyturn.inspection.secret_search import BETWEEN, spans_in
from keyturn.inspection.secrets import MOST_ON_THE_LOOP, joints_of

_TEXTS_WITH_ESCAPES = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)++"')
_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{4}|\\.")
_MOST_TEXTS = 1_000
"""Texts with escapes that are looked at one by one; of more all are left alone."""
MOST_PLACES = 50
"""A text with more is one that nobody reads for its secrets."""


class DetectedPlaces:
    """`SecretFinder` over the kinds that the mask knows."""

    def __init__(self, most: int = MOST_ON_THE_LOOP) -> None:
        """Say nothing of a text that holds more than `most` candidates."""
        self._most = most

    def find(self, text: str) -> Secrets:
        """Return where secrets stand in canonical JSON."""
        data = text.encode("utf-8", "replace")
        found = spans_in(data, self._most)
        if found is None:
            return Secrets(all_looked_at=False)
        spans = list(_in_characters(found, data))
        if "\\" in text:
            escaped = self._escaped(text)
            if escaped is None:
                return Secrets(all_looked_at=False)
            spans += escaped
        apart = _apart(spans)
        if len(apart) > MOST_PLACES:
            return Secrets(all_looked_at=False)
        return Secrets(places=tuple(apart))

    def _escaped(self, text: str) -> list[SecretPlace] | None:
        """Find what stands in texts that look otherwise in JSON, a key of several lines."""
        texts = list(_TEXTS_WITH_ESCAPES.finditer(text))
        if len(texts) > _MOST_TEXTS:
            return None
        values: list[str] = json.loads(f"[{','.join(one.group() for one in texts)}]")
        whole = BETWEEN.join(values)
        data = whole.encode("utf-8", "replace")
        joints = partial(joints_of, values) if len(values) > 1 else None
        found = spans_in(data, self._most, joints)
        if found is None:
            return None
        return list(_in_json(list(_in_characters(found, data)), values, texts))


def _in_json(
    places: list[SecretPlace], values: list[str], texts: list[re.Match[str]]
) -> Iterator[SecretPlace]:
    """Yield places in joined texts as places in the JSON, within the quotation marks of each."""
    at = 0
    for value, found in zip(values, texts, strict=True):
        end = at + len(value)
        within = list(_touching(places, at, end))
        if within:
            escapes = _Escapes(found.group()[1:-1])
            first = found.start() + 1
            for place in within:
                yield SecretPlace(
                    start=first + escapes.place(max(0, place.start - at)),
                    end=first + escapes.place(min(place.end, end) - at),
                    kind=place.kind,
                )
        at = end + len(BETWEEN)


def _touching(places: list[SecretPlace], start: int, end: int) -> Iterator[SecretPlace]:
    """Yield those of the places, which are in order, that touch a stretch."""
    last = bisect_left(places, end, key=lambda place: place.start)
    return (place for place in places[:last] if place.end > start)


class _Escapes:
    """Where the characters of a text stand in its JSON form."""

    def __init__(self, body: str) -> None:
        self._after, self._longer = [0], [0]
        longer = 0
        for found in _ESCAPE.finditer(body):
            at = found.start() - longer
            longer += len(found.group()) - 1
            self._after.append(at + 1)
            self._longer.append(longer)

    def place(self, character: int) -> int:
        """Return where a character begins."""
        return character + self._longer[bisect_right(self._after, character) - 1]


def _in_characters(spans: Iterable[Span], data: bytes) -> Iterator[SecretPlace]:
    """Turn places in UTF-8 bytes into places in the text, in order."""
    ordered = sorted(spans, key=lambda span: (span.start, -span.end))
    edges = sorted({edge for span in ordered for edge in (span.start, span.end)})
    at, characters = {0: 0}, 0
    for before, edge in pairwise([0, *edges]):
        characters += len(data[before:edge].decode("utf-8", "ignore"))
        at[edge] = characters
    for span in ordered:
        yield SecretPlace(start=at[span.start], end=at[span.end], kind=span.kind)


def _apart(places: list[SecretPlace]) -> list[SecretPlace]:
    """Join what overlaps: the one that begins first names it, and of those the longest."""
    apart: list[SecretPlace] = []
    for place in sorted(places, key=lambda place: (place.start, -place.end)):
        if not apart or place.start >= apart[-1].end:
            apart.append(place)
        elif place.end > apart[-1].end:
            last = apart[-1]
            apart[-1] = SecretPlace(start=last.start, end=place.end, kind=last.kind)
    return apart
