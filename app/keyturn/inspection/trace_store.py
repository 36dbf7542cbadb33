"""Owns what the trace indexes hold in memory: words by key, texts, and the limits.

It answers "which results held this key, and where"; what is drawn, searched and shown is decided
elsewhere.
"""

import weakref
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass
from itertools import count

from keyturn.application.ports.inspection import DrawnResult, ResultSource
from keyturn.inspection.postings import Held
from keyturn.inspection.sieve import Sieve
from keyturn.inspection.trace_kept import SHEET_CHARACTERS, Kept, Sheet
from keyturn.inspection.trace_segments import Segment
from keyturn.inspection.word_runs import Keys

SEGMENTS = 8
"""Parts of a session that are dropped one at a time, the oldest first."""
SEARCHED = 4 * 1024 * 1024
"""Characters of the newest texts, which are searched as they are; older ones are packed."""
_PACKED_AT_ONCE = 128 * 1024
"""Characters that are packed at once (about 1 ms)."""
_PACKED_EACH = 512
"""What a text costs besides its characters."""

_FOUND_AT_ONCE = 4 * 1024
"""Keys that are looked up in one segment at once (about 1 ms)."""


class TraceStore:
    """The segments of one session; `changed` must be called after a segment has grown."""

    def __init__(self, memory: "TraceMemory") -> None:
        """Start with one empty segment, bounded by `memory`."""
        self.segments = [Segment()]
        self.dropped = False
        """Something was dropped to make room."""
        self.sheets: deque[Sheet] = deque()
        """The newest texts, the oldest first."""
        self._segments: deque[Segment] = deque()
        """Of each sheet."""
        self.partly_written = 0
        """How many of them have to be searched."""
        self._sieve = Sieve(memory.session_bytes)
        self._memory = memory
        self._share = memory.watch(self)
        self._written = 0
        self._old: deque[tuple[Segment, Kept]] = deque()

    @property
    def key(self) -> bytes:
        """The key of the hashes."""
        return self._memory.key

    def keep(self, source: ResultSource, drawn: DrawnResult) -> None:
        """Add a result with what was drawn of it, and drop the oldest until the limits are kept."""
        segment = self._current(drawn)
        kept = segment.keep(source, drawn)
        # What was not drawn may stand in the structure only, and so may what is too long for keys.
        both = drawn.partly or len(drawn.rendering) > SHEET_CHARACTERS
        self._write_down(segment, kept, drawn.text, drawn.rendering if both else "")
        self._pack()
        self._changed()

    def pack_on(self) -> bool:
        """Pack a piece of what is old; False when all of that is packed.

        A large text is packed in many pieces: in one it would hold the loop up for 50 ms.
        """
        if self._old:
            self._pack()
            self._count()
        return bool(self._old)

    def find(self, keys: Keys) -> Generator[None, None, tuple[list[Segment], list[list[Held]]]]:
        """Look keys up in each segment of now, in pieces; they have to be in order."""
        segments = list(self.segments)
        held: list[list[Held]] = [[] for _ in segments]
        for low in range(0, len(keys), _FOUND_AT_ONCE):
            some = keys[low : low + _FOUND_AT_ONCE]
            for segment, several in zip(segments, held, strict=True):
                several += segment.find(some, self._sieve, low)
                yield
        return segments, held

    def unsearched(self) -> int:
        """Count the results that had to be searched and are no longer among the newest."""
        return sum(segment.partly for segment in self.segments) - self.partly_written

    @property
    def holds_any(self) -> bool:
        """Whether there is anything to drop."""
        return len(self.segments) > 1 or bool(self.segments[0].results)

    def drop_oldest(self) -> None:
        """Drop the oldest segment, texts and places together."""
        gone = self.segments.pop(0)
        gone.give_back(self._sieve)
        if not self.segments:
            self.segments.append(Segment())
        while self._segments and self._segments[0] is gone:
            self._erase()
        while self._old and self._old[0][0] is gone:
            self._old.popleft()
        self.dropped = True
        self._count()

    def _current(self, drawn: DrawnResult) -> Segment:
        last = self.segments[-1]
        full = last.bytes > self._memory.session_bytes // SEGMENTS
        if full or not last.has_room_for(drawn):
            self.segments.append(Segment())
        elif len(self.segments) > 1:
            self.segments[-2].finish(self._sieve)
        last = self.segments[-1]
        if not last.results:
            # Not before: a session that waits for its first result is no old one.
            last.age = self._memory.next_age()
        return last

    def _write_down(self, segment: Segment, kept: Kept, text: str, beside: str) -> None:
        last = self.sheets[-1] if self.sheets else None
        self._written += len(text) + len(beside) + 1
        if last is None or self._segments[-1] is not segment or not last.has_room_for(kept):
            self.sheets.append(Sheet(text, [kept], beside))
            self._segments.append(segment)
            self.partly_written += kept.partly
        else:
            segment.bytes += last.join(kept, text)
        while len(self.sheets) > 1 and self._written - self.sheets[0].length > SEARCHED:
            sheet, of = self._erase()
            of.bytes -= sheet.copied
            self._old.extend((of, one) for one in sheet.results)

    def _erase(self) -> tuple[Sheet, Segment]:
        sheet, segment = self.sheets.popleft(), self._segments.popleft()
        self._written -= sheet.length + 1
        self.partly_written -= sheet.partly
        return sheet, segment

    def _pack(self) -> None:
        left = _PACKED_AT_ONCE
        while self._old and left > 0:
            segment, kept = self._old[0]
            passage = kept.rendering if kept.text.is_packed else kept.text
            if passage.is_packed:
                self._old.popleft()
                left -= _PACKED_EACH
                continue
            segment.bytes -= passage.pack(left)
            left -= max(_PACKED_EACH, min(left, passage.length))

    def _changed(self) -> None:
        """Count what is held now, and drop the oldest until the limits are kept."""
        self._count()
        while self._share.bytes > self._memory.session_bytes and self.holds_any:
            self.drop_oldest()
        self._memory.make_room()

    def _count(self) -> None:
        held = sum(segment.bytes for segment in self.segments) + self._sieve.bytes
        self._memory.total += held - self._share.bytes
        self._share.bytes = held


@dataclass(slots=True, eq=False)
class _Share:
    """What one store holds, kept outside it so that it can be given back when the store is gone."""

    bytes: int = 0


class TraceMemory:
    """The limits that all indexes of one process share, and the key of their hashes."""

    def __init__(self, key: bytes, *, session_bytes: int, total_bytes: int) -> None:
        """Hash under `key`; limit each store and all together, in bytes."""
        self.session_bytes = session_bytes
        self.total_bytes = total_bytes
        self.total = 0
        """Bytes held by all stores that are alive."""
        self._ages = count()
        self.key = key
        """The key of the hashes."""
        self._stores: weakref.WeakSet[TraceStore] = weakref.WeakSet()

    def watch(self, store: TraceStore) -> _Share:
        """Bound a new store; its share comes back when it is let go."""
        share = _Share()
        self._stores.add(store)
        weakref.finalize(store, self._give_back, share).atexit = False
        return share

    def next_age(self) -> int:
        """Return a number greater than all before."""
        return next(self._ages)

    def make_room(self) -> None:
        """Drop the oldest segments of all stores until all of them fit."""
        while self.total > self.total_bytes and (holding := self._holding()):
            min(holding, key=lambda store: store.segments[0].age).drop_oldest()

    def _holding(self) -> list[TraceStore]:
        return [store for store in self._stores if store.holds_any]

    def _give_back(self, share: _Share) -> None:
        self.total -= share.bytes
