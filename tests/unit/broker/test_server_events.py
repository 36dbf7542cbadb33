"""Server-sent events, however the stream is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.broker.frames import BUDGET_BYTES, EDGE_BYTES, LineBudget, Oversize
from keyturn.broker.server_events import Event, EventReader

STREAM = (
    b": a comment\n\n"
    b'id: 1\nretry: 250\ndata: {"a":1}\n\n'
    b"event: message\r\ndata: one\r\ndata: two\r\n\r\n"
    b"id: 2\ndata:\n\n"
    b"unknown: x\ndata: last\n\n"
    b"data: unfinished\n"
)
EVENTS = [
    Event(),
    Event(data=b'{"a":1}', id="1", retry=0.25),
    Event(data=b"one\ntwo"),
    Event(id="2"),
    Event(data=b"last"),
]
TOO_LONG = b'data: {"id":7,"a":"' + b"x" * 3_000 + b'","id":8}\r\n\r\n'
LONG = len(TOO_LONG) + len(b"data: next\n\n")


@given(cuts=st.lists(st.integers(min_value=0, max_value=len(STREAM)), max_size=12))
def test_events_are_the_same_however_they_arrive(cuts: list[int]) -> None:
    reader = EventReader(1_000)
    edges = [0, *sorted(cuts), len(STREAM)]
    read = [
        found
        for start, end in zip(edges, edges[1:], strict=False)
        for found in reader.feed(STREAM[start:end])
    ]
    assert read == EVENTS


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 3_000, b"data: x\n" * 500])
def test_an_event_without_an_end_is_not_kept_for_ever(piece: bytes) -> None:
    budget = LineBudget(BUDGET_BYTES)
    reader = EventReader(1_000, budget)
    for _ in range(10):
        assert not list(reader.feed(piece))
        assert reader.skipping
        assert reader.held <= EDGE_BYTES


@given(cuts=st.lists(st.integers(min_value=0, max_value=LONG), max_size=12))
def test_one_that_is_too_long_is_discarded_to_its_end_and_no_further(cuts: list[int]) -> None:
    reader = EventReader(1_000)
    edges = [0, *sorted(cuts), LONG]
    stream = TOO_LONG + b"data: next\n\n"
    read = [
        found
        for start, end in zip(edges, edges[1:], strict=False)
        for found in reader.feed(stream[start:end])
    ]
    gone, following = read
    assert isinstance(gone, Oversize)
    assert gone.head.startswith(b'data: {"id":7,')
    assert gone.tail.strip().endswith(b'"id":8}')
    assert gone.size == len(TOO_LONG)
    assert following == Event(data=b"next")


def test_one_of_too_many_lines_is_not_taken_apart() -> None:
    (event,) = EventReader(1_000_000).feed(b"data:\n" * 20_000 + b"\n")
    assert isinstance(event, Oversize)


def test_the_longest_is_given_up_when_all_servers_together_say_too_much() -> None:
    budget = LineBudget(1_000)
    small, large = EventReader(10_000, budget), EventReader(10_000, budget)
    assert not list(small.feed(b"data: s"))
    assert not list(large.feed(b"data: " + b"l" * 1_000))
    assert (small.skipping, large.skipping) == (False, True)
    (event,) = large.feed(b"\n\n")
    assert isinstance(event, Oversize)
    assert list(small.feed(b"\n\n")) == [Event(data=b"s")]
    small.close()
    large.close()


def test_thousands_of_events_are_taken_apart_one_by_one() -> None:
    events = EventReader(1_000).feed(b"data:x\n\n" * 5_000 + b"data: last\n\n")
    assert next(events) == Event(data=b"x")
    assert [event for event in events if event != Event(data=b"x")] == [Event(data=b"last")]


def test_odd_lines_are_read_as_the_standard_says() -> None:
    stream = b"data\ndata:\ndata:  two spaces\nda: x\n:data: no\nevent\nid:7:8\n\n"
    assert list(EventReader(1_000).feed(stream)) == [Event(data=b"\n\n two spaces", id="7:8")]


def test_a_byte_order_mark_hides_nothing() -> None:
    (event,) = EventReader(1_000).feed(b"\xef\xbb\xbfevent: endpoint\ndata: /m\n\n")
    assert event == Event(kind="endpoint", data=b"/m")


def test_a_byte_order_mark_later_on_is_part_of_a_name_that_means_nothing() -> None:
    reader = EventReader(1_000)
    found = [*reader.feed(b"data: 1\n\n"), *reader.feed(b"\xef\xbb\xbfdata: 2\n\ndata: 3\n\n")]
    assert [event.data for event in found if isinstance(event, Event)] == [b"1", b"", b"3"]


def test_a_retry_is_never_longer_than_an_hour() -> None:
    (event,) = EventReader(1_000).feed(b"retry: 999999999\n\n")
    assert event == Event(retry=3600)


@pytest.mark.parametrize("value", [b"a\x00b", b"\xc3\xa9", b"a\rb"])
def test_an_id_that_no_header_could_hold_is_none(value: bytes) -> None:
    (event,) = EventReader(1_000).feed(b"id: " + value + b"\ndata: x\n\n")
    assert event == Event(data=b"x")


def test_a_kind_that_is_empty_is_the_usual_one() -> None:
    (event,) = EventReader(1_000).feed(b"event:\ndata: x\n\n")
    assert event == Event(data=b"x")
