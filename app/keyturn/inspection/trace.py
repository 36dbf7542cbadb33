"""Owns the memory of what a session's results said, so that an argument can be traced to its place.

Whole values are found by hash wherever they stood as a line, a cell, a quoted value or a scalar;
the newest text is also searched for values that stood in the middle of a line. What is found is
evidence for a person; that nothing is found proves nothing (security.md section 4).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from keyturn.application.ports.inspection import DrawnResult, Place, ResultSource
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.origin import MOST_ORIGINS, Origin, Trace, bounded
from keyturn.inspection.drawing import HASHED_CHARACTERS, draw, structure_bytes
from keyturn.inspection.folding import FOLDED_AT_ONCE, fold_cost
from keyturn.inspection.trace_store import Kept, Sheet, TraceMemory, TraceStore
from keyturn.inspection.trace_text import (
    MAX_PIECE,
    Rendering,
    excerpt_at,
    leaf_text,
    leaves,
    render,
    scalars,
)

SESSION_BYTES = 128 * 1024 * 1024
TOTAL_BYTES = 512 * 1024 * 1024
_MAX_LEAVES = 1_000
"""Argument leaves that are traced; more of them make the trace incomplete."""
_MAX_PATHS = 4 * 1024 * 1024
"""Characters of the leaves' paths; each of them repeats the keys that lead to it."""
_MAX_ORIGINS = 20
"""Places that are named for one leaf."""
_SEARCHED_CHARACTERS = 4 * 1024 * 1024
"""Characters that one trace searches for values in the middle of lines (about 1 ms)."""
_SEARCH_START = 1024
"""What beginning with one more text costs, in characters."""
_MIN_SEARCHED = 6
"""Shortest word that is looked for in the middle of lines."""
_MAX_TRIES = 100
"""Times that a text is searched further when the word found was part of a longer one."""
_COMMON_FROM_RESULTS = 20
_COMMON_SHARE = 0.05
_NEVER_COMMON = 4
"""A value in so few results always counts, or two copies of it would hide each other."""


class MemoryTraceIndexes:
    """`TraceIndexes` within one memory limit; an index that is let go gives its share back."""

    def __init__(
        self, *, session_bytes: int = SESSION_BYTES, total_bytes: int = TOTAL_BYTES
    ) -> None:
        """Limit each index and all together, in bytes."""
        self._memory = TraceMemory(session_bytes=session_bytes, total_bytes=total_bytes)
        self.key = self._memory.key
        """Under which what is drawn elsewhere has to be hashed."""

    def new_index(self) -> "MemoryTraceIndex":
        """Return an empty index."""
        return MemoryTraceIndex(TraceStore(self._memory))


class MemoryTraceIndex:
    """`TraceIndex` over the results of one session, in memory only."""

    def __init__(self, store: TraceStore) -> None:
        """Start with an empty store."""
        self._store = store
        self._results = 0

    def add(self, source: ResultSource, result: JsonValue) -> None:
        """Index a result's text and structured leaves."""
        self.keep(source, draw(result, self._store.hash_of))

    def keep(self, source: ResultSource, drawn: DrawnResult) -> None:
        """Index a result out of which was drawn, elsewhere, what is remembered of it."""
        self._results += 1
        kept = Kept(source, drawn.text, drawn.structure, partly_hashed=drawn.partly_hashed)
        if kept.structure:
            kept.scalars = tuple(scalars(kept.structure))
            kept.structure_bytes = structure_bytes(kept.structure, kept.scalars)
        self._store.current().keep(kept, drawn.values)
        self._store.changed()

    def trace(self, arguments: JsonObject) -> Trace:
        """Find where each argument leaf was seen before."""
        texts, too_many = _texts(arguments)
        keys, too_long = self._keys(text for _, text in texts)
        searched, left_out = self._searched(_SEARCHED_CHARACTERS // max(1, len(texts)))
        seen: list[_Seen] = []
        for path, text in texts:
            seen.extend(_worst(path, self._found(text, keys.get(text), searched)))
        if not seen:
            incomplete = self._store.dropped or left_out or too_many or too_long
            return bounded((), incomplete=incomplete)
        # Chosen before anything is cut out of the texts, which are long.
        needed = sorted(range(len(seen)), key=lambda n: seen[n].need)[:MOST_ORIGINS]
        drawn: dict[Kept, Rendering] = {}
        cut = too_many or too_long or len(seen) > MOST_ORIGINS
        return bounded(
            (_origin(seen[n], drawn) for n in sorted(needed)),
            incomplete=self._store.dropped or left_out or cut,
        )

    def _keys(self, texts: Iterable[str]) -> tuple[dict[str, int], bool]:
        """Hash the texts, short ones first; True when the rest of them takes too long to fold."""
        keys: dict[str, int] = {}
        left = FOLDED_AT_ONCE
        for text in sorted(texts, key=len):
            if len(text) > MAX_PIECE:
                break
            left -= 0 if text in keys else fold_cost(text)
            if left < 0:
                return keys, True
            keys[text] = self._store.key_of(text)
        return keys, False

    def _searched(self, budget: int) -> tuple[list[Sheet], bool]:
        """Choose the newest texts that fit the budget; True when one that needed it did not."""
        chosen: list[Sheet] = []
        needing = sum(segment.partly_hashed for segment in self._store.segments)
        for segment in reversed(self._store.segments):
            for sheet in reversed(segment.sheets):
                budget -= len(sheet.text) + _SEARCH_START
                if budget < 0:
                    return chosen, needing > 0
                chosen.append(sheet)
                needing -= sheet.partly_hashed
        return chosen, False

    def _found(self, text: str, key: int | None, searched: list[Sheet]) -> dict[Kept, Place]:
        """Find the results that held a value; none where too many did to say anything."""
        found: dict[Kept, Place] = {}
        if key is not None:
            segments = self._store.segments
            if self._is_common(sum(segment.count(key) for segment in segments)):
                return {}
            for segment in segments:
                found.update(segment.find(key))
        in_lines = len(text) >= _MIN_SEARCHED or text.isdigit()
        for sheet in searched:
            if in_lines or sheet.partly_hashed:
                _search(sheet, text, found)
                if self._is_common(len(found)):
                    return {}
        return found

    def _is_common(self, results: int) -> bool:
        if self._results < _COMMON_FROM_RESULTS:
            return False
        return results > max(_NEVER_COMMON, self._results * _COMMON_SHARE)


def _texts(arguments: JsonObject) -> tuple[list[tuple[str, str]], bool]:
    """Collect what is traced; True when there is more of it."""
    found: list[tuple[str, str]] = []
    left = _MAX_PATHS
    for path, value in leaves(arguments):
        text = leaf_text(value)
        left -= len(path)
        if left < 0 or (text is not None and len(found) == _MAX_LEAVES):
            return found, True
        if text is not None:
            found.append((path, text))
    return found, False


def _search(sheet: Sheet, text: str, found: dict[Kept, Place]) -> None:
    for kept in sheet.holding(text):
        if kept not in found:
            offset = _find_word(kept.text, text)
            if offset >= 0:
                found[kept] = _place_at(kept.text, offset, len(text))


def _find_word(text: str, word: str, before: int | None = None) -> int:
    """Find `word` where it does not continue a longer word or number; -1 when nowhere.

    With `before` only so many characters are looked through.
    """
    offset = text.find(word, 0, before)
    for _ in range(_MAX_TRIES):
        if offset < 0:
            break
        end = offset + len(word)
        left, right = text[max(0, offset - 1) : offset], text[end : end + 1]
        if not (_joins(left, word[0]) or _joins(word[-1], right)):
            return offset
        offset = text.find(word, offset + 1, before)
    return -1


def _joins(left: str, right: str) -> bool:
    return (left.isalnum() or left == "_") and (right.isalnum() or right == "_")


def _place_at(text: str, offset: int, length: int) -> Place:
    return Place(offset, length, text.count("\n", 0, offset) + 1)


@dataclass(frozen=True, slots=True)
class _Seen:
    """One place where an argument leaf was seen, before anything is cut out of its text."""

    path: str
    rank: int
    """0 for the worst place of its leaf."""
    kept: Kept
    place: Place

    @property
    def need(self) -> tuple[int, bool, int]:
        """Order by how much it is needed: as `bounded` does."""
        return self.rank, not self.kept.source.untrusted, -self.kept.source.number


def _worst(path: str, found: dict[Kept, Place]) -> Iterator[_Seen]:
    worst = sorted(found, key=lambda kept: (not kept.source.untrusted, -kept.source.number))
    for rank, kept in enumerate(worst[:_MAX_ORIGINS]):
        yield _Seen(path, rank, kept, found[kept])


def _origin(seen: _Seen, drawn: dict[Kept, Rendering]) -> Origin:
    kept, text, place = seen.kept, seen.kept.text, seen.place
    if place.line == 0:
        text, place = _place_of_scalar(kept, place.offset, drawn)
    excerpt = excerpt_at(text, place.offset, place.line)
    return Origin(
        path=seen.path,
        value=text[place.offset : place.offset + place.length],
        result=kept.source.number,
        server=kept.source.server,
        tool=kept.source.tool,
        offset=place.offset,
        line=place.line,
        excerpt=excerpt.text,
        excerpt_line=excerpt.first_line,
        untrusted=kept.source.untrusted,
    )


def _place_of_scalar(kept: Kept, number: int, drawn: dict[Kept, Rendering]) -> tuple[str, Place]:
    """Point into the text where it holds the scalar too, else into the structure's rendering.

    `drawn` keeps the renderings of one trace: a thousand values may stand in one structure.
    """
    scalar = leaf_text(kept.scalars[number]) or ""
    offset = _find_word(kept.text, scalar, HASHED_CHARACTERS)
    if offset >= 0:
        return kept.text, _place_at(kept.text, offset, len(scalar))
    rendering = drawn.get(kept)
    if rendering is None:
        rendering = drawn[kept] = render(kept.structure)
    return rendering.text, rendering.places[number]
