"""Lists of what an agent sees: what they cover, when one shows more than another, what is none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.rule import Kind
from keyturn.domain.sight import (
    LONGEST_TEXT,
    MOST_GLOBS,
    MOST_ROWS,
    SEEN_KINDS,
    Covering,
    SightRow,
    row_of,
    rows_from_data,
    rows_to_data,
    wider,
)

READS = row_of("shipments/read_*")
ALL = row_of("shipments/*")
NOTES = row_of("read docs/file:///notes/*")
GREET = row_of("prompt docs/greet")


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("read_page", True),
        ("read_", True),
        ("READ_page", False),
        ("Read_page", False),
        ("ｒｅａｄ_page", False),
        ("read_page\u200b", True),
        (" read_page", False),
        ("reads", False),
        ("dispatch", False),
        ("", False),
    ],
)
def test_a_tool_is_seen_as_it_is_spelt(name: str, seen: bool) -> None:
    assert Covering((READS,), "shipments").covers(Kind.CALL, name) is seen


@pytest.mark.parametrize(
    ("uri", "seen"),
    [
        ("file:///notes/today.md", True),
        ("file:///notes/../etc/passwd", False),
        ("file:///notes/%2e%2e/etc/passwd", False),
        ("file:///etc/passwd", False),
        ("file:///notes/a%00b", False),
    ],
)
def test_a_resource_is_seen_only_as_every_server_would_read_it(uri: str, seen: bool) -> None:
    assert Covering((NOTES,), "docs").covers(Kind.READ, uri) is seen


def test_a_row_speaks_of_its_kinds_only() -> None:
    docs = Covering((NOTES, GREET), "docs")
    assert docs.covers(Kind.PROMPT, "greet")
    assert docs.covers(Kind.COMPLETE, "greet")
    assert docs.covers(Kind.COMPLETE, "file:///notes/a")
    assert not docs.covers(Kind.CALL, "greet")
    assert not docs.covers(Kind.PROMPT, "file:///notes/a")
    assert not docs.covers(Kind.COMPLETE, "other")


def test_tasks_are_seen_where_any_tool_is() -> None:
    assert Covering((READS,), "shipments").covers(Kind.TASK, "tasks/get")
    assert not Covering((GREET,), "docs").covers(Kind.TASK, "tasks/get")
    assert not Covering((READS,), "other").covers(Kind.TASK, "tasks/get")


@pytest.mark.parametrize("server", ["Shipments", "shipments2", "shipment", ""])
def test_another_server_is_not_covered(server: str) -> None:
    assert not Covering((ALL,), server).covers_any


def test_no_row_covers_nothing() -> None:
    assert not Covering((), "shipments").covers_any
    assert not Covering((), "shipments").covers(Kind.CALL, "read_page")


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        (None, None, False),
        (None, (ALL,), False),
        ((ALL,), None, True),
        ((), None, True),
        ((), (), False),
        ((), (READS,), True),
        ((ALL,), (READS,), False),
        ((READS,), (ALL,), True),
        ((READS,), (row_of("shipments/read_page"),), False),
        ((row_of("shipments/read_page"),), (READS,), True),
        ((row_of("*/*"),), (ALL, GREET), False),
        ((GREET,), (row_of("docs/greet"),), True),
        ((row_of("call docs/greet"), row_of("prompt read docs/greet")), (row_of("docs/greet"),), 0),
        ((row_of("docs/a?"),), (row_of("docs/a*"),), True),
        ((row_of("docs/a?"),), (row_of("docs/ab"),), False),
        ((row_of("docs/a*c"),), (row_of("docs/a*b*c"),), False),
        ((row_of("docs/a*c"),), (row_of("docs/a*"),), True),
    ],
)
def test_what_shows_more_is_told(before: Any, after: Any, more: bool) -> None:
    assert wider(before, after) is bool(more)


NAMES = st.text(alphabet="ab*?", min_size=1, max_size=4)
ROWS = st.lists(
    st.builds(
        SightRow,
        server=st.just("s"),
        name=NAMES,
        kinds=st.frozensets(st.sampled_from(SEEN_KINDS), max_size=2),
    ),
    max_size=3,
).map(tuple)


@given(before=ROWS, after=ROWS, kind=st.sampled_from(SEEN_KINDS), name=st.text("abc", max_size=4))
def test_what_is_not_wider_shows_nothing_new(
    before: tuple[SightRow, ...], after: tuple[SightRow, ...], kind: Kind, name: str
) -> None:
    if kind is not Kind.CALL or wider(before, after):
        return
    if Covering(after, "s").covers(kind, name):
        assert Covering(before, "s").covers(kind, name)


@given(ROWS)
def test_a_list_is_read_as_it_was_written(rows: tuple[SightRow, ...]) -> None:
    assert rows_from_data(rows_to_data(rows)) == rows
    assert tuple(row_of(row.text) for row in rows) == rows


@pytest.mark.parametrize(
    "data",
    [
        None,
        {},
        "shipments/*",
        [7],
        ["shipments"],
        ["/read"],
        ["shipments/"],
        ["x" * (LONGEST_TEXT + 1) + "/a"],
        [{"server": "a"}],
        [{"server": "a", "name": 1}],
        [{"server": "a", "name": "b", "kinds": "call"}],
        [{"server": "a", "name": "b", "kinds": ["task"]}],
        [{"server": "a", "name": "b", "kinds": ["call", "call"]}],
        [{"server": "a", "name": "b", "more": 1}],
        ["a/b"] * (MOST_ROWS + 1),
        ["a/b*"] * (MOST_GLOBS + 1),
    ],
)
def test_what_is_no_list_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match=r"^(is|has) "):
        rows_from_data(data)


def test_names_may_hold_spaces_and_strokes() -> None:
    row = row_of("call docs/do it/now")
    assert (row.server, row.name, row.kinds) == ("docs", "do it/now", frozenset({Kind.CALL}))
