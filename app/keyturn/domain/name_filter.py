"""Which of many patterns may cover a name that an agent writes: looked up by how each begins.

A pattern is left out only where `spelling.fit_of` says no: where it begins otherwise than every
reading of the name does.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from keyturn.domain.spelling import FORMS, forms_of, readings_of

_WILD = re.compile(r"[*?]")
_Starts = defaultdict[int, dict[str, list[int]]]


class NameFilter:
    """A set of patterns, ready to be narrowed to those that may cover a name."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._count = 0
        self._starts = tuple(_Starts(dict) for _ in range(FORMS))
        """For each form of a pattern how it begins, by its length, and whose form it is."""
        for place, pattern in enumerate(patterns):
            self._add(pattern, place)

    def fitting(self, name: str) -> Sequence[int]:
        """Return the places of the patterns that may cover a name, in their order."""
        readings = readings_of(name)
        if readings is None:
            return range(self._count)
        kept: set[int] = set()
        for by_size, texts in zip(self._starts, readings, strict=True):
            for size, starts in by_size.items():
                kept.update(*(starts.get(text[:size], ()) for text in texts))
        return sorted(kept)

    def _add(self, pattern: str, place: int) -> None:
        self._count += 1
        starts = [_WILD.split(form, maxsplit=1)[0] for form in forms_of(pattern)]
        for by_size, start in zip(self._starts, starts, strict=False):
            by_size[len(start)].setdefault(start, []).append(place)
