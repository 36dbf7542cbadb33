"""Owns how trace indexes come to be: cheaply, and with what they need only once something is kept.

Arrays need a library that takes a tenth of a second to load. A broker starts without it; it is
loaded beside the loop when the first session begins.
"""

import secrets
import threading
from functools import cache
from typing import TYPE_CHECKING

from keyturn.application.ports.inspection import DrawnResult, ResultSource, Tracing
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.origin import Trace

if TYPE_CHECKING:
    from keyturn.inspection.trace import MemoryTraceIndex
    from keyturn.inspection.trace_store import TraceMemory

SESSION_BYTES = 128 * 1024 * 1024
TOTAL_BYTES = 512 * 1024 * 1024
_NOTHING = Trace()


class MemoryTraceIndexes:
    """`TraceIndexes` within one memory limit; an index that is let go gives its share back."""

    def __init__(
        self, *, session_bytes: int = SESSION_BYTES, total_bytes: int = TOTAL_BYTES
    ) -> None:
        """Limit each index and all together, in bytes."""
        self._limits = session_bytes, total_bytes
        # Hashes are keyed, so that no server can craft values that collide with others.
        self.key = secrets.token_bytes(16)
        """Under which what is drawn elsewhere has to be hashed."""
        self._memory: TraceMemory | None = None

    def new_index(self) -> "LateTraceIndex":
        """Return an empty index, and begin to load what the first result will need."""
        _begin_to_load()
        return LateTraceIndex(self)

    def made(self) -> "MemoryTraceIndex":
        """Return an index that can keep results."""
        from keyturn.inspection.trace import MemoryTraceIndex
        from keyturn.inspection.trace_store import TraceMemory, TraceStore

        if self._memory is None:
            session_bytes, total_bytes = self._limits
            self._memory = TraceMemory(
                self.key, session_bytes=session_bytes, total_bytes=total_bytes
            )
        return MemoryTraceIndex(TraceStore(self._memory))


class LateTraceIndex:
    """`TraceIndex` that is made when its first result comes."""

    def __init__(self, indexes: MemoryTraceIndexes) -> None:
        """Start empty."""
        self._indexes = indexes
        self._made: MemoryTraceIndex | None = None

    def add(self, source: ResultSource, result: JsonValue) -> None:
        """Index a result's text and structured leaves: a large one in steps, see `go_on`."""
        self._index().add(source, result)

    def go_on(self) -> bool:
        """Draw a piece of what was added; False when nothing is left."""
        return self._made is not None and self._made.go_on()

    def keep(self, source: ResultSource, drawn: DrawnResult) -> None:
        """Index a result out of which was drawn, elsewhere, what is remembered of it."""
        self._index().keep(source, drawn)

    def trace(self, arguments: JsonObject, definition: str = "") -> Trace:
        """Find where each argument leaf, or a part of it, was seen before."""
        return _NOTHING if self._made is None else self._made.trace(arguments, definition)

    def tracing(self, arguments: JsonObject, definition: str = "") -> Tracing:
        """Find the same in pieces."""
        if self._made is None:
            return _NOTHING
        return (yield from self._made.tracing(arguments, definition))

    def _index(self) -> "MemoryTraceIndex":
        if self._made is None:
            self._made = self._indexes.made()
        return self._made


@cache
def _begin_to_load() -> None:
    """Begin once a process: what is loaded stays, and a whole index is made for it each time."""
    threading.Thread(target=_load, name="keyturn trace", daemon=True).start()


def _load() -> None:
    """Load what an index is made of, with all that is made at the first use of it."""
    index = MemoryTraceIndexes().made()
    source = ResultSource(number=1, server="", tool="", untrusted=True)
    text = "Six words and a number, 4711, are traced once."
    index.add(source, {"content": [{"type": "text", "text": text}]})
    index.trace({"said": f"{text} %41 {text}"}, text)
