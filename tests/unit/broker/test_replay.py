"""The last lines of one stream: what is kept, what can be asked for, and what is no id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.broker.replay import Replay, event_id, event_of, new_key


def filled(lines: list[bytes], *, most_lines: int = 1_000, most_bytes: int = 1_000) -> Replay:
    """Return one that holds lines."""
    replay = Replay(most_lines, most_bytes)
    for line in lines:
        replay.append(line)
    return replay


def test_every_line_has_its_number() -> None:
    replay = filled([b"a", b"bb", b"ccc"])
    assert (replay.first, replay.last, replay.size) == (1, 3, 6)
    assert [replay.at(number) for number in (1, 2, 3)] == [b"a", b"bb", b"ccc"]
    assert [replay.bytes_after(number) for number in range(4)] == [6, 5, 3, 0]
    assert [number for number in range(-2, 6) if replay.reaches(number)] == [0, 1, 2, 3]


def test_the_oldest_go_first_and_what_came_before_them_cannot_be_asked_for() -> None:
    replay = filled([b"a", b"b", b"c", b"d"], most_lines=2)
    replay.trim(1)
    assert (replay.first, replay.last) == (2, 4)
    replay.trim(4)
    assert (replay.first, replay.last) == (3, 4)
    assert [number for number in range(6) if replay.reaches(number)] == [2, 3, 4]


def test_a_line_beyond_the_bound_is_not_kept_at_all() -> None:
    replay = filled([b"x" * 100], most_bytes=50)
    replay.trim(1)
    assert (replay.size, replay.first, replay.last) == (0, 2, 1)
    assert not replay.reaches(0)
    assert replay.reaches(1)


@given(
    sizes=st.lists(st.integers(0, 40), max_size=40),
    most_lines=st.integers(0, 10),
    most_bytes=st.integers(0, 100),
)
def test_it_is_never_over_its_bounds_and_what_is_left_is_the_end(
    sizes: list[int], most_lines: int, most_bytes: int
) -> None:
    lines = [b"x" * size for size in sizes]
    replay = Replay(most_lines=most_lines, most_bytes=most_bytes)
    for line in lines:
        replay.append(line)
        replay.trim(replay.last)
    kept = [replay.at(number) for number in range(replay.first, replay.last + 1)]
    assert len(kept) <= most_lines
    assert sum(map(len, kept)) == replay.size <= most_bytes
    assert lines[len(lines) - len(kept) :] == kept


def test_an_id_leads_back_to_its_event() -> None:
    key = new_key()
    assert event_of(event_id(key, 12)) == (key, 12)
    assert key != new_key()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-1",
        "A" * 22,
        f"{'A' * 22}-",
        f"{'A' * 22}-01",
        f"{'A' * 22}-1 ",
        f"{'A' * 22}--1",
        f"{'A' * 21}-1",
        f"{'A' * 22}-{'9' * 16}",
        f"{'A' * 22}-1\n",
        f"{'A' * 22}-١",
        f"{'é' * 22}-1",
    ],
)
def test_what_is_no_id_of_ours_is_none(text: str) -> None:
    assert event_of(text) is None
