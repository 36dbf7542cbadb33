"""What all connections together keep of lines that have not ended."""

from keyturn.broker.frames import LineBudget, LineSplitter, Oversize


def test_the_longest_line_is_given_up_when_all_are_too_much() -> None:
    budget = LineBudget(100)
    small, large = LineSplitter(1000, budget), LineSplitter(1000, budget)
    assert small.feed(b"s" * 40) == []
    assert large.feed(b"l" * 50) == []
    assert large.feed(b"l" * 50) == []
    assert (small.held, large.held) == (40, 0)
    (given_up,) = large.feed(b"end\n")
    assert isinstance(given_up, Oversize)
    assert (given_up.size, given_up.tail[-4:]) == (104, b"end\n")
    assert small.feed(b"\n") == [b"s" * 40 + b"\n"]
    assert large.feed(b"whole\n") == [b"whole\n"]


def test_what_has_ended_is_not_counted() -> None:
    budget = LineBudget(100)
    for _ in range(10):
        gone, other = LineSplitter(1000, budget), LineSplitter(1000, budget)
        assert gone.feed(b"x" * 60) == []
        gone.close()
        assert len(other.feed(b"x" * 60) + other.feed(b"\n")) == 1


def test_many_small_pieces_of_a_line_cost_no_more_than_the_line() -> None:
    splitter = LineSplitter(1000)
    for _ in range(500):
        assert splitter.feed(b"x") == []
    assert splitter.held == 500
    assert splitter.feed(b"\n") == [b"x" * 500 + b"\n"]
