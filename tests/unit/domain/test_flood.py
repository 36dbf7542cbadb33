"""What counts as too much of a person's time: asks, denials held on to, tools tried after one."""

from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.flood import MOST_DENIED, PROMPTS, Flood, FloodCause, FloodTally

SECOND = 1_000_000_000


def test_the_thirty_first_ask_within_a_minute_is_too_much() -> None:
    tally = FloodTally()
    for number in range(PROMPTS):
        assert tally.asked("files", "write", number * SECOND) is None
    assert tally.asked("files", "write", 37 * SECOND) == Flood(FloodCause.PROMPTS, 31, 38)


def test_thirty_a_minute_go_on_for_ever() -> None:
    tally = FloodTally()
    for number in range(500):
        assert tally.asked("files", "write", number * 2 * SECOND) is None


@given(st.lists(st.integers(0, 3 * SECOND), max_size=120))
def test_it_is_a_flood_exactly_where_more_than_thirty_are_within_any_minute(
    gaps: list[int],
) -> None:
    tally, times = FloodTally(), list[int]()
    for gap in gaps:
        times.append((times[-1] if times else 0) + gap)
        flood = tally.asked("files", "write", times[-1])
        within = [one for one in times if times[-1] - one < 60 * SECOND]
        assert (flood is not None) is (len(within) > PROMPTS)
        assert flood is None or flood.count == len(within)


def test_the_third_denial_of_the_identical_call_is_too_much() -> None:
    tally = FloodTally()
    assert tally.denied("a", 0) is None
    assert tally.denied("b", 1) is None
    assert tally.denied("a", 2 * 3600 * SECOND) is None
    assert tally.denied("a", 3 * 3600 * SECOND) == Flood(FloodCause.SAME_DENIED, 3, 0)


def test_denials_of_other_calls_do_not_push_a_repeated_one_out() -> None:
    tally = FloodTally()
    tally.denied("bomb", 0)
    for number in range(MOST_DENIED - 2):
        tally.denied(f"chaff-{number}", 0)
    tally.denied("bomb", 0)
    for number in range(MOST_DENIED - 2):
        tally.denied(f"more-{number}", 0)
    assert tally.denied("bomb", 0) is not None


def test_the_sixth_tool_within_ten_seconds_of_a_denial_is_too_much() -> None:
    tally = FloodTally()
    tally.denied("a", 0)
    for number in range(5):
        assert tally.asked("files", f"tool-{number}", number * SECOND) is None
    assert tally.asked("files", "tool-0", 9 * SECOND) is None
    assert tally.asked("mail", "tool-0", 10 * SECOND) == Flood(FloodCause.TOOLS, 6, 10)


def test_tools_tried_later_or_after_no_denial_are_none() -> None:
    tally = FloodTally()
    for number in range(8):
        assert tally.asked("files", f"tool-{number}", 0) is None
    tally.denied("a", SECOND)
    for number in range(8):
        assert tally.asked("files", f"tool-{number}", 12 * SECOND) is None
