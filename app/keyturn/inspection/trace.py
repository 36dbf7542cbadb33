"""Owns the memory of what a session's results said, so that an argument can be traced to its place.

Whole values are found by hash wherever they stood as a line, a cell, a quoted value or a scalar;
the newest text is also searched for values that stood in the middle of a line. What is found is
evidence for a person; that nothing is found proves nothing (security.md section 4).
"""

from collections.abc import Iterator
from itertools import islice

from keyturn.application.ports.inspection import ResultSource
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.origin import Origin, Trace
from keyturn.inspection.folding import fold
from keyturn.inspection.trace_store import Kept, Sheet, TraceMemory, TraceStore
from keyturn.inspection.trace_text import (
    MAX_PIECE,
    MIN_CHARACTERS,
    Place,
    excerpt_at,
    leaf_text,
    leaves,
    pieces,
    render,
    render_on_one_line,
    structure_of,
    text_blocks,
)

SESSION_BYTES = 128 * 1024 * 1024
TOTAL_BYTES = 512 * 1024 * 1024
_HASHED_CHARACTERS = 128 * 1024
_HASHED_PIECES = 800
"""How much of one result is hashed (about 4 ms); text beyond it is searched instead."""
_SCALAR_BYTES = 150
"""What one scalar of a decoded structure costs besides its text, estimated."""
_MAX_LEAVES = 1_000
"""Argument leaves that are traced; more of them make the trace incomplete."""
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
        self._results += 1
        blocks = text_blocks(result)
        if blocks:
            kept = Kept(source, "\n".join(blocks), structure_of(result))
            places = _places_of_text(kept, blocks)
        else:
            kept = Kept(source, "")
            places = _places_of_rendering(kept, structure_of(result))
        self._store.current().keep(kept, self._hashed(places))
        self._store.changed()

    def trace(self, arguments: JsonObject) -> Trace:
        """Find where each argument leaf was seen before."""
        texts = list(islice(_texts(arguments), _MAX_LEAVES + 1))
        too_many = len(texts) > _MAX_LEAVES
        searched, left_out = self._searched(_SEARCHED_CHARACTERS // max(1, len(texts)))
        origins: list[Origin] = []
        for path, text in texts[:_MAX_LEAVES]:
            origins.extend(_origins(path, self._found(text, searched)))
        incomplete = self._store.dropped or left_out or too_many
        return Trace(origins=tuple(origins), incomplete=incomplete)

    def _hashed(self, places: Iterator[tuple[str, Place]]) -> Iterator[tuple[int, Place]]:
        before = ""
        for text, place in places:
            # A text of one line comes as its line and as a whole, and the first place counts.
            if text == before:
                continue
            before = text
            folded = fold(text)
            if len(folded) >= MIN_CHARACTERS:
                yield self._store.hash_of(folded), place

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

    def _found(self, text: str, searched: list[Sheet]) -> dict[Kept, Place]:
        """Find the results that held a value; none where too many did to say anything."""
        found: dict[Kept, Place] = {}
        if len(text) <= MAX_PIECE:
            key = self._store.hash_of(fold(text))
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


def _texts(arguments: JsonObject) -> Iterator[tuple[str, str]]:
    for path, value in leaves(arguments):
        text = leaf_text(value)
        if text is not None:
            yield path, text


def _places_of_text(kept: Kept, blocks: list[str]) -> Iterator[tuple[str, Place]]:
    cut = pieces(kept.text[:_HASHED_CHARACTERS], _HASHED_PIECES)
    kept.partly_hashed = len(kept.text) > _HASHED_CHARACTERS or len(cut) >= _HASHED_PIECES
    # Pieces first: a block that says one line amid unseen characters stands where that line does.
    yield from cut
    start, line = 0, 1
    for block in blocks:
        if len(block) <= MAX_PIECE:
            blank = block[: len(block) - len(block.lstrip())]
            whole = block.strip()
            yield whole, Place(start + len(blank), len(whole), line + blank.count("\n"))
        start += len(block) + 1
        line += block.count("\n") + 1
    yield from _places_of_structure(kept)


def _places_of_structure(kept: Kept) -> Iterator[tuple[str, Place]]:
    if not kept.structure:
        return
    scalars = list(islice(leaves(kept.structure), _HASHED_PIECES + 1))
    if len(scalars) > _HASHED_PIECES:
        # Too large to be kept besides the text, which says the same.
        kept.structure = None
        kept.partly_hashed = True
        return
    for number, (_, value) in enumerate(scalars):
        text = leaf_text(value) or ""
        kept.structure_bytes += len(text) + _SCALAR_BYTES
        if text and len(text) <= MAX_PIECE:
            yield text, Place(number, 0, 0)


def _places_of_rendering(kept: Kept, structure: JsonValue) -> Iterator[tuple[str, Place]]:
    scalars = list(islice(leaves(structure), _HASHED_PIECES + 1))
    if len(scalars) > _HASHED_PIECES:
        # Too large to be set out with line breaks here; it is searched as it is.
        kept.text = render_on_one_line(structure)
        kept.partly_hashed = True
        return
    rendering = render(structure)
    kept.text = rendering.text
    for (_, value), place in zip(scalars, rendering.places, strict=True):
        text = leaf_text(value)
        if text is not None and len(text) <= MAX_PIECE:
            yield text, place


def _search(sheet: Sheet, text: str, found: dict[Kept, Place]) -> None:
    for kept in sheet.holding(text):
        if kept not in found:
            offset = _find_word(kept.text, text)
            if offset >= 0:
                found[kept] = _place_at(kept.text, offset, len(text))


def _find_word(text: str, word: str) -> int:
    """Find `word` where it does not continue a longer word or number; -1 when nowhere."""
    offset = text.find(word)
    for _ in range(_MAX_TRIES):
        if offset < 0:
            break
        end = offset + len(word)
        before, after = text[max(0, offset - 1) : offset], text[end : end + 1]
        if not (_joins(before, word[0]) or _joins(word[-1], after)):
            return offset
        offset = text.find(word, offset + 1)
    return -1


def _joins(left: str, right: str) -> bool:
    return (left.isalnum() or left == "_") and (right.isalnum() or right == "_")


def _place_at(text: str, offset: int, length: int) -> Place:
    return Place(offset, length, text.count("\n", 0, offset) + 1)


def _origins(path: str, found: dict[Kept, Place]) -> Iterator[Origin]:
    worst = sorted(found, key=lambda kept: (not kept.source.untrusted, -kept.source.number))
    for kept in worst[:_MAX_ORIGINS]:
        text, place = kept.text, found[kept]
        if place.line == 0:
            text, place = _place_of_scalar(kept, place.offset)
        excerpt = excerpt_at(text, place.offset, place.line)
        yield Origin(
            path=path,
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


def _place_of_scalar(kept: Kept, number: int) -> tuple[str, Place]:
    """Point into the text where it holds the scalar too, else into the structure's rendering."""
    _, value = next(islice(leaves(kept.structure), number, None))
    scalar = leaf_text(value) or ""
    offset = _find_word(kept.text, scalar)
    if offset >= 0:
        return kept.text, _place_at(kept.text, offset, len(scalar))
    rendering = render(kept.structure)
    return rendering.text, rendering.places[number]
