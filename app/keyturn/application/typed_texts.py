"""Owns what is said to have been typed in one session, so that arguments can be traced to it.

Apart from the index of results: no flood of such texts, which any program of the same user can
make, drops a result or makes a value seem common.
"""

from collections.abc import Callable

from keyturn.application.ports.inspection import ResultSource, TraceIndex, Tracing
from keyturn.domain.canonical import JsonObject

MOST_KEPT = 1024 * 1024
"""Characters of one session; beyond, it begins anew, and old texts are no origin any more."""


class TypedTexts:
    """Texts, each with a number from 1 and with who says that it was typed."""

    def __init__(self, new_index: Callable[[], TraceIndex]) -> None:
        self._new_index = new_index
        self._index = new_index()
        self._kept = 0
        self._number = 0

    def take(self, where: str, text: str, *, suspicious: bool) -> None:
        """Remember one text; `suspicious` when it holds what others wrote to the model."""
        if self._kept + len(text) > MOST_KEPT:
            self._index, self._kept = self._new_index(), 0
        self._kept += len(text)
        self._number += 1
        # No server: that is how an origin is told to be typed.
        source = ResultSource(number=self._number, server="", tool=where, untrusted=suspicious)
        self._index.add(source, {"content": [{"type": "text", "text": text}]})

    def go_on(self) -> bool:
        """Index more of what was taken; False when all of it is in."""
        return self._index.go_on()

    def tracing(self, arguments: JsonObject, definition: str) -> Tracing:
        """Find where argument values stand in these texts; see `TraceIndex.tracing`."""
        return self._index.tracing(arguments, definition)
