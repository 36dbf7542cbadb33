"""Server-sent events, however the stream is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.broker.server_events import Event, EventReader, TooLong

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
    reader = EventReader(1_000)
    with pytest.raises(TooLong):
        reader.feed(piece)


def test_a_retry_is_never_longer_than_an_hour() -> None:
    (event,) = EventReader(1_000).feed(b"retry: 999999999\n\n")
    assert event.retry == 3600


@pytest.mark.parametrize("value", [b"a\x00b", b"\xc3\xa9", b"a\rb"])
def test_an_id_that_no_header_could_hold_is_none(value: bytes) -> None:
    (event,) = EventReader(1_000).feed(b"id: " + value + b"\ndata: x\n\n")
    assert (event.id, event.data) == ("", b"x")


def test_a_kind_that_is_empty_is_the_usual_one() -> None:
    (event,) = EventReader(1_000).feed(b"event:\ndata: x\n\n")
    assert event.kind == "message"
