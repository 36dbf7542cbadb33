"""How many origins a card may have, and which are left out when there are more."""

from dataclasses import replace
from typing import Any

import pytest

from keyturn.domain.origin import (
    MOST_ORIGIN_BYTES,
    MOST_ORIGINS,
    Origin,
    Trace,
    bounded,
)

ONE = Origin(
    path="/a",
    value="R. Talbot",
    result=1,
    server="reports",
    tool="read_report",
    offset=0,
    line=1,
    excerpt="R. Talbot",
    excerpt_line=1,
    untrusted=False,
)


def at(path: str, result: int = 1, **other: Any) -> Origin:
    return replace(ONE, path=path, result=result, **other)


@pytest.mark.parametrize("incomplete", [True, False])
def test_few_origins_stay_as_they_are(incomplete: bool) -> None:
    origins = (at("/b"), at("/a", 2), at("/a", 1))
    assert bounded(origins, incomplete=incomplete) == Trace(origins=origins, incomplete=incomplete)


def test_each_argument_keeps_one_before_any_keeps_two() -> None:
    origins = [at(f"/{n}", result) for n in range(200) for result in (1, 2)]
    trace = bounded(origins, incomplete=False)
    assert trace.incomplete
    assert len(trace.origins) == MOST_ORIGINS
    assert {origin.path for origin in trace.origins} == {f"/{n}" for n in range(200)}
    # The newest of each, and the oldest of as many as there is room for; in the order they came.
    assert sum(origin.result == 2 for origin in trace.origins) == 200
    assert list(trace.origins) == [one for one in origins if one in trace.origins]


def test_untrusted_sources_come_first() -> None:
    origins = [at(f"/{n}", untrusted=n >= 300) for n in range(400)]
    trace = bounded(origins, incomplete=False)
    assert sum(origin.untrusted for origin in trace.origins) == 100
    again = [at("/a", 9), at("/a", 1, untrusted=True), *(at(f"/{n}") for n in range(300))]
    kept = [origin for origin in bounded(again, incomplete=False).origins if origin.path == "/a"]
    assert kept == [at("/a", 1, untrusted=True)]


@pytest.mark.parametrize("text", ["x", "\u00e9", "\ud800"])
def test_long_excerpts_leave_room_for_shorter_ones(text: str) -> None:
    long = text * (MOST_ORIGIN_BYTES // 2)
    origins = [at("/a", excerpt=long), at("/b", excerpt=long + long), at("/c")]
    trace = bounded(origins, incomplete=False)
    assert trace.incomplete
    assert [origin.path for origin in trace.origins] == ["/a", "/c"][: len(trace.origins)]
    size = sum(len(origin.excerpt.encode(errors="replace")) for origin in trace.origins)
    assert size <= MOST_ORIGIN_BYTES


def test_one_is_kept_however_long() -> None:
    long = at("/a", value="x" * (MOST_ORIGIN_BYTES + 1))
    assert bounded([long], incomplete=False) == Trace(origins=(long,))
