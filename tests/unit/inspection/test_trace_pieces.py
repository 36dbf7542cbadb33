"""A trace comes in pieces of bounded work, and what is left in the middle leaves nothing."""

import random
import string
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from keyturn.application.ports.inspection import ResultSource, Tracing
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.origin import Trace
from keyturn.inspection import trace, trace_alignment, trace_matches, trace_places, trace_query
from keyturn.inspection.letters import Letters
from keyturn.inspection.trace_indexes import LateTraceIndex, MemoryTraceIndexes
from keyturn.inspection.trace_query import MOST_CHARACTERS
from keyturn.inspection.trace_segments import Segment
from tests.factories import add_to
from tests.unit.inspection.test_trace_parts import HOSTILE, LETTER, REPORT, index_of, result_of

MOST = {
    "leaves": 256,
    "cut": MOST_CHARACTERS,
    "learnt": 500,
    "keys": 4 * 1024,
    # Ten looks beyond a gap at a thousand rows, six words each.
    "compared": 60 * 1024,
    "followed": 8,
    "places": 1,
    "searched": 1,
}
"""Of each kind of work, what one piece may do; a thousand comparisons take some 20 us."""


def length_of(number: int) -> Callable[..., int]:
    """Return what tells how long the argument with that number is."""

    def length(*given: Any) -> int:
        return len(given[number])

    return length


def rows_and_columns(*given: Any) -> int:
    """Tell how many words are compared at once."""
    return given[0].size


def once(*_: Any) -> int:
    """Count calls alone."""
    return 1


class Work:
    """Counts what was done since it was last asked."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.done: Counter[str] = Counter()
        self._count(trace, "leaf_text", "leaves", once)
        self._count(trace_query, "words_of", "cut", length_of(0))
        self._count(Letters, "learn", "learnt", length_of(1))
        self._count(Segment, "find", "keys", length_of(1))
        self._count(trace_alignment, "_leading", "compared", rows_and_columns)
        self._count(trace_matches, "extended", "followed", once)
        self._count(trace_places.Places, "spot", "places", once)
        self._count(trace.MemoryTraceIndex, "_in_lines", "searched", once)

    def _count(self, owner: object, name: str, kind: str, size: Callable[..., int]) -> None:
        do: Callable[..., object] = getattr(owner, name)

        def counted(*given: Any, **named: Any) -> object:
            self.done[kind] += size(*given)
            return do(*given, **named)

        self._patch.setattr(owner, name, counted)

    def taken(self) -> Counter[str]:
        """Return it, and begin anew."""
        done, self.done = self.done, Counter()
        return done


def in_pieces(tracing: Tracing, work: Work) -> tuple[Trace, list[Counter[str]]]:
    """Drive a trace to its end; also return what each piece of it did."""
    pieces: list[Counter[str]] = []
    work.taken()
    while True:
        try:
            next(tracing)
        except StopIteration as end:
            pieces.append(work.taken())
            return end.value, pieces
        pieces.append(work.taken())


def many_copies() -> LateTraceIndex:
    """Return a session in which much is said again and again."""
    chance = random.Random(5)
    words = ["".join(chance.choices(string.ascii_lowercase, k=6)) for _ in range(400)]
    said = [" ".join(chance.choices(words, k=300)) for _ in range(12)]
    return index_of(*(f"{text} {LETTER}" for text in said), *said, *(REPORT for _ in range(15)))


def hard_arguments() -> dict[str, JsonObject]:
    chance = random.Random(5)
    words = ["".join(chance.choices(string.ascii_lowercase, k=6)) for _ in range(400)]
    said = [" ".join(chance.choices(words, k=300)) for _ in range(12)]
    gaps = [" ".join(word for n, word in enumerate(one.split(), 1) if n % 5) for one in said]
    each: list[JsonValue] = list(gaps)
    more: list[JsonValue] = [f"{REPORT[:60]} {n}" for n in range(800)]
    nothing: list[JsonValue] = [None] * 20_000
    cut: list[JsonValue] = [text[low : low + 50] for text in said for low in range(0, 1500, 50)]
    hard: dict[str, JsonObject] = {name: {"v": text} for name, text in HOSTILE.items()}
    hard["copies"] = {"v": "\n".join(said)}
    hard["copies with gaps"] = {"v": each, "w": " ".join(gaps)}
    hard["many leaves"] = {"v": cut, "w": more}
    hard["nothing"] = {"v": nothing}
    return hard


@pytest.mark.requirement("TRACE-WORK")
@pytest.mark.parametrize("name", hard_arguments())
def test_no_argument_makes_a_piece_of_its_trace_large(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, arguments = many_copies(), hard_arguments()[name]
    plain = index.trace(arguments)
    traced, pieces = in_pieces(index.tracing(arguments, REPORT), Work(monkeypatch))
    assert traced == plain
    for piece in pieces:
        assert all(piece[kind] <= most for kind, most in MOST.items()), piece
        # Two kinds of work in one piece are each far from their bounds.
        assert sum(piece[kind] / most for kind, most in MOST.items()) <= 2
    assert len(pieces) > 3 or not traced.origins


@pytest.mark.requirement("TRACE-WORK")
def test_a_trace_that_is_left_at_any_piece_leaves_nothing() -> None:
    index = index_of(REPORT, LETTER)
    arguments: JsonObject = {"v": f"{LETTER} Write to dispatch.office@north-quarry.example %41."}
    whole = index.trace(arguments)
    for stopped_at in range(1, 200):
        tracing = index.tracing({"v": f"{arguments['v']} {stopped_at}"})
        for _ in range(stopped_at):
            if next(tracing, None) is not None:
                break
        tracing.close()
        assert index.trace(arguments) == whole


@pytest.mark.requirement("TRACE-WORK")
def test_what_comes_in_or_is_dropped_between_two_pieces_takes_no_origin_away() -> None:
    arguments: JsonObject = {"v": LETTER, "w": "GB29NWBK60161331926819"}
    before = [
        (ResultSource(number=n, server="s", tool="read", untrusted=n == 2), result_of(text))
        for n, text in enumerate((LETTER, REPORT), 1)
    ]
    source = ResultSource(number=99, server="s", tool="read", untrusted=True)
    more = " ".join(f"{LETTER} word{n}" for n in range(60))
    for added_at in range(60):
        index = MemoryTraceIndexes(session_bytes=40_000, total_bytes=50_000).new_index()
        for said_by, result in before:
            add_to(index, said_by, result)
        tracing, pieces = index.tracing(arguments), 0
        while True:
            try:
                next(tracing)
            except StopIteration as end:
                traced: Trace = end.value
                break
            pieces += 1
            if pieces == added_at + 8:
                for _ in range(4):
                    add_to(index, source, result_of(more))
        assert {1, 2} <= {one.result for one in traced.origins}
