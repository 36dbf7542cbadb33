"""Owns what the trace indexes hold in memory: places of values by hash, texts, and the limits.

It answers "which results held this hash, and where"; what is hashed, searched and shown is decided
in `trace`.
"""

import secrets
import sys
import weakref
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count

from keyturn.application.ports.inspection import Place, ResultSource
from keyturn.domain.canonical import JsonValue
from keyturn.inspection.folding import fold

SEGMENTS = 8
"""Parts of a session that are dropped one at a time, the oldest first."""
_POSTING_BYTES = 176
"""What one place costs: its key, its number and their share of the table (measured)."""
_RESULT_BYTES = 400
_MAX_POSTINGS = 64
"""Places that are kept of one value and segment: a value with more of them is common."""
_SHEET_CHARACTERS = 16 * 1024
_SHORT = 1024
"""Texts up to this many characters share a sheet."""
_REMEMBERED_CHARACTERS = 1024 * 1024
"""Of texts whose folded hashes are remembered."""
_BITS = 28
_MASK = (1 << _BITS) - 1


@dataclass(slots=True, eq=False)
class Kept:
    """One result of the session."""

    source: ResultSource
    text: str
    structure: JsonValue = None
    """Structured content whose scalars have places of their own, besides the text."""
    scalars: tuple[JsonValue, ...] = ()
    """The structure's, in order: a place names one by its number."""
    structure_bytes: int = 0
    partly_hashed: bool = False
    """Not all of the text was hashed, so it must be searched."""


@dataclass(slots=True, eq=False)
class Sheet:
    """A stretch of text that is searched in one go: one result's, or those of many short ones.

    A session of a thousand one-line results is searched as fast as one result of a thousand lines.
    """

    text: str
    results: list[Kept]
    _starts: list[int] = field(default_factory=lambda: [0])

    @property
    def partly_hashed(self) -> bool:
        """Whether its text must be searched; such a result has a sheet of its own."""
        return self.results[0].partly_hashed

    def has_room_for(self, kept: Kept) -> bool:
        """Tell whether a result may join the others here."""
        room = _SHEET_CHARACTERS - len(self.text)
        return len(kept.text) <= min(room, _SHORT) and not (
            kept.partly_hashed or self.partly_hashed
        )

    def join(self, kept: Kept) -> None:
        """Write one more text below the others."""
        self._starts.append(len(self.text) + 1)
        self.results.append(kept)
        self.text = f"{self.text}\n{kept.text}"

    def holding(self, text: str) -> Iterator[Kept]:
        """Yield the results whose own text holds `text`, each once."""
        if len(self.results) == 1:
            yield self.results[0]
            return
        at = self.text.find(text)
        while at >= 0:
            number = bisect_right(self._starts, at) - 1
            kept = self.results[number]
            end = self._starts[number] + len(kept.text)
            # What begins in one text and ends in the next was never said.
            if at + len(text) <= end:
                yield kept
            at = self.text.find(text, max(end, at + 1))


@dataclass(slots=True, eq=False)
class Segment:
    """Results that came one after another, and the places of their values."""

    age: int = 0
    """Grows over all indexes, in the order of first results."""
    results: list[Kept] = field(default_factory=list[Kept])
    sheets: list[Sheet] = field(default_factory=list[Sheet])
    partly_hashed: int = 0
    bytes: int = 0
    _places: dict[int, int | list[int]] = field(default_factory=dict[int, "int | list[int]"])
    _unplaced: dict[int, int] = field(default_factory=dict[int, int])
    """How many more results held a value than places of it are kept."""

    def keep(self, kept: Kept, values: Iterable[tuple[int, Place]]) -> None:
        """Add a result with the hashes of its values; of equal ones the first place counts."""
        number = len(self.results)
        self.results.append(kept)
        seen: set[int] = set()
        for key, place in values:
            if key not in seen:
                seen.add(key)
                self._put(key, _packed(number, place))
        self._write_down(kept)
        self.partly_hashed += kept.partly_hashed
        self.bytes += sys.getsizeof(kept.text) + kept.structure_bytes
        self.bytes += len(seen) * _POSTING_BYTES + _RESULT_BYTES

    def count(self, key: int) -> int:
        """Count the results that held the value."""
        known = self._places.get(key)
        if known is None:
            return 0
        return 1 if isinstance(known, int) else len(known) + self._unplaced.get(key, 0)

    def find(self, key: int) -> Iterator[tuple[Kept, Place]]:
        """Yield each result that held the value, with its first place."""
        known = self._places.get(key, ())
        for packed in (known,) if isinstance(known, int) else known:
            number, place = _unpacked(packed)
            yield self.results[number], place

    def _put(self, key: int, packed: int) -> None:
        known = self._places.get(key)
        if known is None:
            self._places[key] = packed
        elif isinstance(known, int):
            self._places[key] = [known, packed]
        elif len(known) < _MAX_POSTINGS:
            known.append(packed)
        else:
            self._unplaced[key] = self._unplaced.get(key, 0) + 1

    def _write_down(self, kept: Kept) -> None:
        last = self.sheets[-1] if self.sheets else None
        if last is None or not last.has_room_for(kept):
            self.sheets.append(Sheet(kept.text, [kept]))
            return
        last.join(kept)
        self.bytes += sys.getsizeof(kept.text)


class TraceStore:
    """The segments of one session; `changed` must be called after a segment has grown."""

    def __init__(self, memory: "TraceMemory") -> None:
        """Start with one empty segment, bounded by `memory`."""
        self.segments = [Segment()]
        self.dropped = False
        """Something was dropped to make room."""
        self._memory = memory
        self._share = memory.watch(self)

    def hash_of(self, folded: str) -> int:
        """Hash a folded text to 64 bits."""
        return self._memory.hash_of(folded)

    def key_of(self, text: str) -> int:
        """Fold a text and hash it."""
        return self._memory.key_of(text)

    def current(self) -> Segment:
        """Return the segment that takes the next result."""
        if self.segments[-1].bytes > self._memory.session_bytes // SEGMENTS:
            self.segments.append(Segment())
        last = self.segments[-1]
        if not last.results:
            # Not before: a session that waits for its first result is no old one.
            last.age = self._memory.next_age()
        return last

    def changed(self) -> None:
        """Count what is held now, and drop the oldest until the limits are kept."""
        self._count()
        while self._share.bytes > self._memory.session_bytes:
            self.drop_oldest()
        self._memory.make_room()

    def drop_oldest(self) -> None:
        """Drop the oldest segment, texts and places together: its places weigh more than it."""
        del self.segments[0]
        if not self.segments:
            self.segments.append(Segment())
        self.dropped = True
        self._count()

    def _count(self) -> None:
        held = sum(segment.bytes for segment in self.segments)
        self._memory.total += held - self._share.bytes
        self._share.bytes = held


@dataclass(slots=True, eq=False)
class _Share:
    """What one store holds, kept outside it so that it can be given back when the store is gone."""

    bytes: int = 0


class TraceMemory:
    """The limits that all indexes of one process share, and the key of their hashes."""

    def __init__(self, *, session_bytes: int, total_bytes: int) -> None:
        """Limit each store and all together, in bytes."""
        self.session_bytes = session_bytes
        self.total_bytes = total_bytes
        self.total = 0
        """Bytes held by all stores that are alive."""
        self._ages = count()
        # Keyed, so that no server can craft values that collide with others.
        self._key = secrets.token_bytes(16)
        self._keys: dict[str, int] = {}
        self._remembered = 0
        self._stores: weakref.WeakSet[TraceStore] = weakref.WeakSet()

    @property
    def key(self) -> bytes:
        """The key of the hashes, for who draws results elsewhere."""
        return self._key

    def watch(self, store: TraceStore) -> _Share:
        """Bound a new store; its share comes back when it is let go."""
        share = _Share()
        self._stores.add(store)
        weakref.finalize(store, self._give_back, share).atexit = False
        return share

    def next_age(self) -> int:
        """Return a number greater than all before."""
        return next(self._ages)

    def hash_of(self, folded: str) -> int:
        """Hash a text to 64 bits under this process's key."""
        return keyed_hash(folded, self._key)

    def key_of(self, text: str) -> int:
        """Fold a text and hash it; done once for a call that is looked for in several indexes."""
        key = self._keys.get(text)
        if key is None:
            key = self.hash_of(fold(text))
            self._remembered += len(text)
            if self._remembered > _REMEMBERED_CHARACTERS:
                self._keys.clear()
                self._remembered = len(text)
            self._keys[text] = key
        return key

    def make_room(self) -> None:
        """Drop the oldest segments of all stores until all of them fit."""
        while self.total > self.total_bytes:
            holding = [store for store in self._stores if store.segments[0].bytes]
            min(holding, key=lambda store: store.segments[0].age).drop_oldest()

    def _give_back(self, share: _Share) -> None:
        self.total -= share.bytes


def keyed_hash(folded: str, key: bytes) -> int:
    """Hash a folded text to 64 bits under a key."""
    text = folded.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(text, digest_size=8, key=key).digest())


def _packed(number: int, place: Place) -> int:
    # One integer instead of four objects: there are millions of them.
    return ((number << _BITS | place.offset) << _BITS | place.length) << _BITS | place.line


def _unpacked(packed: int) -> tuple[int, Place]:
    offset = packed >> 2 * _BITS & _MASK
    return packed >> 3 * _BITS, Place(offset, packed >> _BITS & _MASK, packed & _MASK)
