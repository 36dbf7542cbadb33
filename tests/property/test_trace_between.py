"""A link that is there when a look-up begins is found, whatever comes in between its pieces."""

import random
import string
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keyturn.application.ports.inspection import ResultSource
from keyturn.domain.canonical import JsonObject
from keyturn.domain.origin import Trace
from keyturn.inspection import postings, trace_store
from keyturn.inspection.trace import MemoryTraceIndex
from keyturn.inspection.trace_store import TraceMemory, TraceStore

SESSION = 96 * 1024 * 1024
"""Bytes: fewer have no sieve."""
PIECES = 60
"""So many of a look-up have something come after them; what follows comes alone."""


@pytest.fixture(autouse=True)
def small_parts() -> Iterator[None]:
    """Let a segment be full soon, and be settled in many steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trace_store, "SEGMENTS", SESSION // (128 * 1024))
        patch.setattr(trace_store, "_FOUND_AT_ONCE", 8)
        patch.setattr(postings, "_COPIED_AT_ONCE", 1024)
        patch.setattr(trace_store, "SEARCHED", 64 * 1024)
        yield


class Session:
    """A session that has read a lot, and the words of one result of it."""

    def __init__(self) -> None:
        self._chance = random.Random(5)
        self._memory = TraceMemory(b"k" * 16, session_bytes=SESSION, total_bytes=2 * SESSION)
        self.store = TraceStore(self._memory)
        self.index = MemoryTraceIndex(self.store)
        self.words = [self._word() for _ in range(9)]
        self._number = 0
        while len(self.store.segments) < 2:
            self.read(self._text(1_000))
        self.mine = self.read(f"once upon {' '.join(self.words)} end")
        while len(self.store.segments) < 3:
            self.read(self._text(1_000))

    def read(self, text: str) -> int:
        """Take in one result; return its number."""
        self._number += 1
        source = ResultSource(number=self._number, server="s", tool="t", untrusted=True)
        self.index.add(source, {"content": [{"type": "text", "text": text}]})
        while self.index.go_on():
            pass
        return self._number

    def others(self, many: int) -> None:
        """Take in so many that say something else."""
        for _ in range(many):
            self.read(self._text(5))

    def drop(self) -> None:
        """Make room as for other sessions, the oldest first; what is searched for is gone then."""
        if self.store.segments[0].results:
            self.store.drop_oldest()

    def _word(self) -> str:
        return "".join(self._chance.choices(string.ascii_lowercase, k=7))

    def _text(self, words: int) -> str:
        return " ".join(self._word() for _ in range(words))


def found(session: Session, between: list[int], drops: set[int]) -> Trace:
    """Look up in pieces, with so many results after each, and parts dropped after some."""
    argument: JsonObject = {"a": "nothing of it at all", "b": "  \n".join(session.words)}
    tracing = session.index.tracing(argument)
    for piece in range(1_000_000):
        try:
            next(tracing)
        except StopIteration as end:
            done: Trace = end.value
            return done
        if piece < len(between):
            session.others(between[piece])
        if piece in drops:
            session.drop()
    raise AssertionError("a look-up has an end")


@pytest.mark.requirement("TRACE-RUN")
def test_a_part_that_is_settled_after_any_one_piece_loses_no_link() -> None:
    for piece in range(16):
        session = Session()
        done = found(session, [*[0] * piece, 40], set())
        assert (piece, session.mine) in {(piece, origin.result) for origin in done.origins}


@pytest.mark.requirement("TRACE-RUN")
@settings(max_examples=12, deadline=None)
@given(
    before=st.integers(0, 40),
    between=st.lists(st.sampled_from([0, 0, 1, 5, 40]), max_size=PIECES),
)
def test_results_that_come_in_between_lose_no_link(before: int, between: list[int]) -> None:
    session = Session()
    session.others(before)
    done = found(session, between, set())
    assert session.mine in {origin.result for origin in done.origins}
    assert not done.incomplete


@pytest.mark.requirement("TRACE-RUN")
@settings(max_examples=8, deadline=None)
@given(
    between=st.lists(st.sampled_from([0, 1, 40]), max_size=PIECES),
    drops=st.sets(st.integers(0, PIECES), max_size=3),
)
@example(between=[], drops={0, 1})
def test_what_is_dropped_in_between_is_found_or_said_to_be_missing(
    between: list[int], drops: set[int]
) -> None:
    session = Session()
    done = found(session, between, drops)
    assert done.incomplete or session.mine in {origin.result for origin in done.origins}
