"""Owns the memory of what a session's results said, so that an argument can be traced to its place.

Values, names and runs of words are found by key in all texts; the newest text is also searched for
other values that stood in the middle of a line. What is found is evidence for a person; that
nothing is found proves nothing (security.md section 4).
"""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from keyturn.application.ports.inspection import DrawnResult, ResultSource, Tracing
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.origin import Origin, Trace, bounded
from keyturn.inspection.drawing import Steps, steps_of
from keyturn.inspection.trace_kept import Kept, Sheet
from keyturn.inspection.trace_matches import Match, matches_of
from keyturn.inspection.trace_places import Places, Spot
from keyturn.inspection.trace_query import MOST_CHARACTERS, Question
from keyturn.inspection.trace_store import TraceStore
from keyturn.inspection.trace_text import (
    EXCERPT_CHARACTERS,
    excerpt_at,
    find_word,
    leaf_text,
    leaves,
)
from keyturn.inspection.word_names import every_key
from keyturn.inspection.word_runs import Keys

_MAX_LEAVES = 1_000
"""Argument leaves that are traced; more of them make the trace incomplete."""
_LEAVES_AT_ONCE = 256
_MAX_PATHS = 4 * 1024 * 1024
"""Characters of the leaves' paths; each of them repeats the keys that lead to it."""
_MAX_ORIGINS = 6
"""Places that are named for one part of a leaf."""
_MAX_PARTS = 12
"""Parts of one leaf of which places are named."""
_ALL = 1 << 60
_SEARCHED_CHARACTERS = 4 * 1024 * 1024
"""Characters that one trace searches for values in the middle of lines (about 1 ms)."""
_DRAWN_SHARE = 4
"""Of these, a part for texts whose values and names are known by key."""
_SEARCH_START = 4096
"""What beginning with one more text costs, in characters."""
_MIN_SEARCHED = 6
"""Shortest word that is looked for in the middle of lines."""
_OPENED_CHARACTERS = 128 * 1024
"""Characters of texts that one trace opens to compare them; more make it incomplete."""
_OPENED_PLACES = 12
"""Places at which texts are opened for one trace, if the parts of its arguments are no more."""
_OPENED_FIRSTS = 64
"""Places of as many parts, one of each; more make it incomplete."""
_DRAWN_AT_ONCE = 32 * 1024
"""Characters that the steps of a drawing go over before others have their turn."""
_COMMON_FROM_RESULTS = 20
_COMMON_SHARE = 0.05
_NEVER_COMMON = 4
"""A value in so few results always counts, or two copies of it would hide each other."""
_DEFINITION_CHARACTERS = 64 * 1024
"""Of a tool's definition whose words never count alone."""
_TOO_LONG = " " * (MOST_CHARACTERS + 1)
"""Stands for a leaf that is never cut into words: to look megabytes up in a cache takes long."""
_AROUND = EXCERPT_CHARACTERS + 2
_NO_KEYS: Keys = np.zeros(0, np.uint64)


class MemoryTraceIndex:
    """`TraceIndex` over the results of one session, in memory only."""

    def __init__(self, store: TraceStore) -> None:
        """Start with an empty store."""
        self._store = store
        self._results = 0
        self._drawn: deque[tuple[ResultSource, Steps]] = deque()
        """What was added and is not yet kept."""

    def add(self, source: ResultSource, result: JsonValue) -> None:
        """Index a result's text and structured leaves: a large one in steps, see `go_on`."""
        self._drawn.append((source, steps_of(result, self._store.key)))
        self.go_on()

    def go_on(self) -> bool:
        """Draw a piece of what was added, or pack one (about 2 ms); False when nothing is left."""
        left = _DRAWN_AT_ONCE
        while self._drawn and left > 0:
            source, steps = self._drawn[0]
            try:
                left -= next(steps) + 1
            except StopIteration as end:
                self._drawn.popleft()
                self.keep(source, end.value)
        return bool(self._drawn) or self._store.pack_on()

    def keep(self, source: ResultSource, drawn: DrawnResult) -> None:
        """Index a result out of which was drawn, elsewhere, what is remembered of it."""
        self._results += 1
        self._store.keep(source, drawn)

    def trace(self, arguments: JsonObject, definition: str = "") -> Trace:
        """Find where each argument leaf, or a part of it, was seen before.

        What the tool's `definition`, a JSON text, says itself never counts alone.
        """
        tracing = self.tracing(arguments, definition)
        while True:
            try:
                next(tracing)
            except StopIteration as end:
                trace: Trace = end.value
                return trace

    def tracing(self, arguments: JsonObject, definition: str = "") -> Tracing:
        """Find the same in pieces, each bounded by the limits of what it is about.

        What is read of the index is either never changed in place or read in one piece.
        """
        texts, too_many = yield from _texts(arguments)
        if not self._results or not texts:
            incomplete = self._store.dropped or too_many or bool(self._drawn)
            return bounded((), incomplete=incomplete)
        # Of now: what comes between the pieces could push others out of the newest texts.
        searched, left_out = self._searched(_SEARCHED_CHARACTERS // len(texts))
        asked = (text if len(text) <= MOST_CHARACTERS else _TOO_LONG for _, text in texts)
        question = _question(tuple(asked), self._store.key)
        yield from question.asking()
        stop = yield from _definition(definition, self._store.key).keys()
        matches, cut = yield from matches_of(
            question, self._store, most=self._most_results, stop=stop
        )
        cut |= too_many or not question.whole
        seen = list(_by_match(matches, question.asked_of))
        stopped = question.stopped(stop) if len(stop) else set[int]()
        for leaf, (_, text) in enumerate(texts):
            yield
            if leaf in stopped or leaf in question.common:
                continue
            known = {id(one.kept) for one in seen if one.leaf == leaf and one.is_whole}
            found = self._in_lines(leaf, text, searched, known)
            if found is None:
                seen = [one for one in seen if one.leaf != leaf or not one.is_whole]
            else:
                seen.extend(found)
        # What the tool says itself counts where a result that holds another value holds it, too.
        others = {id(one.kept) for one in seen}
        for leaf in sorted(stopped) if others else ():
            yield
            found = self._in_lines(leaf, texts[leaf][1], searched, set())
            seen.extend(one for one in found or () if id(one.kept) in others)
        incomplete = self._store.dropped or left_out or cut or bool(self._drawn)
        if not seen:
            return bounded((), incomplete=incomplete)
        return (yield from self._shown(texts, question, seen, incomplete=incomplete))

    def _shown(
        self,
        texts: list[tuple[str, str]],
        question: Question,
        seen: "list[_Seen]",
        *,
        incomplete: bool,
    ) -> Tracing:
        """Open the texts of what is needed most, and compare."""
        chosen, cut = _most_needed(seen)
        asked = [texts[number][1] for number in question.asked_of]
        places = Places(asked, question.starts.tolist(), self._store.key)
        origins: list[Origin] = []
        for rank, one in chosen:
            yield
            if places.characters > _OPENED_CHARACTERS:
                cut |= rank == 0
                break
            spot = one.spot if one.match is None else places.spot(one.match)
            if spot is not None:
                origins.append(_origin(texts[one.leaf], one.kept, spot))
        return bounded(_distinct(origins), incomplete=incomplete or cut)

    def _searched(self, budget: int) -> tuple[list[Sheet], bool]:
        """Choose the newest texts that fit the budget; True when one that needed it did not.

        Those that were drawn whole are searched only for what is no value and no name.
        """
        chosen: list[Sheet] = []
        needing = self._store.partly_written
        left_out = self._store.unsearched() > 0
        others = budget // _DRAWN_SHARE
        for sheet in reversed(self._store.sheets):
            cost = sheet.length + _SEARCH_START
            if sheet.partly:
                budget -= cost
                needing -= budget >= 0
            else:
                others -= cost
            if (budget if sheet.partly else others) >= 0:
                chosen.append(sheet)
            elif needing <= 0 or budget < 0:
                break
        return chosen, left_out or needing > 0

    def _in_lines(
        self, leaf: int, text: str, searched: list[Sheet], known: set[int]
    ) -> "list[_Seen] | None":
        """Find the newest results that hold a value and were not found by key.

        None when so many hold it that it says nothing: of the runs of words in a text only some
        are remembered, so that their number alone does not tell.
        """
        before, most = len(known), self._most_results
        found: list[_Seen] = []
        in_lines = len(text) >= _MIN_SEARCHED or text.isdigit()
        for sheet in searched:
            if in_lines or sheet.partly:
                found.extend(_search(sheet, leaf, text, known))
                if before + len(found) > most:
                    return None
        return found

    @property
    def _most_results(self) -> int:
        """In so many results something may be and still count."""
        if self._results < _COMMON_FROM_RESULTS:
            return _COMMON_FROM_RESULTS
        return max(_NEVER_COMMON, int(self._results * _COMMON_SHARE))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """A result where an argument, or a part of it, was seen, before its text is opened."""

    leaf: int
    kept: Kept
    is_whole: bool
    words: int
    match: Match | None = None
    spot: Spot | None = None

    @property
    def need(self) -> tuple[bool, bool, int, int]:
        """Order by how much it is needed: as `bounded` does."""
        source = self.kept.source
        return not source.untrusted, not self.is_whole, -self.words, -source.number


def _by_match(matches: list[Match], leaves_asked: list[int]) -> "Iterator[_Seen]":
    """Yield what was matched; what lies within a longer part in one result is left out."""
    taken: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for match in sorted(matches, key=lambda match: (not match.is_whole, -match.count)):
        spans = taken.setdefault((match.leaf, id(match.kept)), [])
        low, high = match.reach
        if any(begin <= low and high <= end for begin, end in spans):
            continue
        spans.append((low, high))
        yield _Seen(
            leaf=leaves_asked[match.leaf],
            kept=match.kept,
            is_whole=match.is_whole,
            words=match.count,
            match=match,
        )


def _most_needed(seen: list[_Seen]) -> tuple[list[tuple[int, _Seen]], bool]:
    """Choose the worst place of each part, then the second worst of each, as many as are opened.

    Each comes with how many there are before it of its part. True when of some part there is none.
    A leaf that was found whole is not told in parts as well, unless a part is from a worse source.
    """
    by_leaf: dict[int, list[_Seen]] = {}
    for one in sorted(seen, key=lambda one: one.need):
        told = by_leaf.setdefault(one.leaf, [])
        if one.is_whole or not told or not told[0].is_whole:
            told.append(one)
    ranked = [
        (rank, one.need, number, order, one)
        for number, told in by_leaf.items()
        for order, (rank, one) in enumerate(_by_rank(told))
    ]
    ranked.sort(key=lambda each: each[:4])
    firsts = sum(each[0] == 0 for each in ranked)
    most = max(_OPENED_PLACES, min(firsts, _OPENED_FIRSTS))
    return [(each[0], each[4]) for each in ranked[:most]], firsts > _OPENED_FIRSTS


def _by_rank(told: list[_Seen]) -> "Iterator[tuple[int, _Seen]]":
    """Yield a few places of each part of one leaf, with how many came before of the same part."""
    parts: list[tuple[int, int]] = []
    counts: list[int] = []
    for one in told:
        low, high = (0, _ALL) if one.match is None or one.is_whole else one.match.reach
        same = [n for n, (begin, end) in enumerate(parts) if low < end and high > begin]
        rank = max((counts[n] for n in same), default=0)
        if rank == _MAX_ORIGINS or (not same and len(parts) == _MAX_PARTS):
            continue
        if same:
            counts[same[0]] += 1
        else:
            parts.append((low, high))
            counts.append(1)
        yield rank, one


def _distinct(origins: list[Origin]) -> Iterable[Origin]:
    """Order origins by their leaf, each place once."""
    return dict.fromkeys(sorted(origins, key=lambda origin: origin.path))


def _texts(
    arguments: JsonObject,
) -> Generator[None, None, tuple[list[tuple[str, str]], bool]]:
    """Collect what is traced; True when there is more of it."""
    found: list[tuple[str, str]] = []
    left = _MAX_PATHS
    for number, (path, value) in enumerate(leaves(arguments), 1):
        if number % _LEAVES_AT_ONCE == 0:
            yield
        text = leaf_text(value)
        left -= len(path)
        if left < 0 or (text is not None and len(found) == _MAX_LEAVES):
            return found, True
        if text is not None:
            found.append((path, text))
    return found, False


def _search(sheet: Sheet, leaf: int, text: str, known: set[int]) -> Iterator[_Seen]:
    for kept, passage, held in sheet.holding(text):
        if id(kept) not in known:
            offset = find_word(held, text)
            if offset >= 0:
                known.add(id(kept))
                spot = Spot(passage, offset, len(text), 0, len(text))
                yield _Seen(leaf=leaf, kept=kept, is_whole=True, words=len(text), spot=spot)


def _origin(leaf: tuple[str, str], kept: Kept, spot: Spot) -> Origin:
    path, text = leaf
    start = max(0, spot.offset - _AROUND)
    around = spot.passage.part(start, spot.offset + spot.length + _AROUND)
    offset = spot.offset - start
    line = spot.passage.line_at(spot.offset)
    excerpt = excerpt_at(around, offset, line, spot.length)
    value = around[offset : offset + min(spot.length, EXCERPT_CHARACTERS)]
    is_whole = spot.start == 0 and spot.size == len(text)
    return Origin(
        path=path,
        value=value,
        result=kept.source.number,
        server=kept.source.server,
        tool=kept.source.tool,
        offset=spot.offset,
        line=line,
        excerpt=excerpt.text,
        excerpt_line=excerpt.first_line,
        untrusted=kept.source.untrusted,
        start=spot.start,
        length=None if is_whole else spot.size,
    )


@lru_cache(maxsize=2)
def _question(texts: tuple[str, ...], key: bytes) -> Question:
    """Cut a call's leaves into words, once for all indexes in which they are looked up."""
    return Question(list(texts), key)


class _Definition:
    """What a tool says of itself."""

    def __init__(self, text: str, key: bytes) -> None:
        self._text = text[:_DEFINITION_CHARACTERS]
        self._key = key
        self._keys = None if text else _NO_KEYS

    def keys(self) -> Generator[None, None, Keys]:
        """Return the keys of all that it says, in order; worked out once, in pieces."""
        if self._keys is None:
            self._keys = yield from every_key(self._text, self._key)
        return self._keys


@lru_cache(maxsize=64)
def _definition(definition: str, key: bytes) -> _Definition:
    """Return what a tool says of itself, the same for all of its calls."""
    return _Definition(definition, key)
