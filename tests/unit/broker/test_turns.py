"""What one read holds is worked off in turns, in order."""

import asyncio
from typing import cast

import pytest

from keyturn.broker import turns as turns_module
from keyturn.broker.frames import Line, Oversize, Tap
from keyturn.broker.line_reader import LineReader
from keyturn.broker.turns import TURN_LINES, Turns


class Pipe:
    """A transport that is paused and resumed."""

    def __init__(self) -> None:
        self.reading = True
        self.pauses = 0

    def pause_reading(self) -> None:
        self.reading = False
        self.pauses += 1

    def resume_reading(self) -> None:
        self.reading = True

    def is_closing(self) -> bool:
        return False


def held_pipe(tap: Tap) -> Pipe:
    pipe = Pipe()
    tap.attach(cast(asyncio.ReadTransport, pipe))
    return pipe


class Receiver:
    """Keeps what a reader says."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def line(self, line: bytes) -> None:
        self.said.append(line)

    def oversize(self, line: Oversize) -> None:
        self.said.append(line.size)

    def ended(self) -> None:
        self.said.append("ended")


def test_a_flood_is_handed_on_in_order_with_the_loop_in_between() -> None:
    async def story() -> None:
        tap, taken, others = Tap(), list[Line](), 0
        pipe = held_pipe(tap)
        turns = Turns(tap, taken.append)
        lines: list[Line] = [b"%d\n" % number for number in range(10 * TURN_LINES)]
        turns.hand_on(lines[:-1])
        assert 0 < len(taken) <= TURN_LINES
        assert not pipe.reading
        turns.hand_on(lines[-1:])
        while len(taken) < len(lines):
            others += 1
            await asyncio.sleep(0)
        assert others >= 9
        assert taken == lines
        assert pipe.reading

    asyncio.run(story())


def test_lines_that_take_long_are_fewer_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "TURN_SECONDS", 0.0)

    async def story() -> None:
        taken: list[Line] = []
        turns = Turns(Tap(), taken.append)
        turns.hand_on([b"1\n", b"2\n", b"3\n"])
        assert taken == [b"1\n"]
        await asyncio.sleep(0)
        assert taken == [b"1\n", b"2\n"]

    asyncio.run(story())


def test_a_line_that_fails_does_not_hold_up_the_next() -> None:
    async def story() -> None:
        taken: list[Line] = []

        def take(line: Line) -> None:
            taken.append(line)
            if line == b"1\n":
                raise ValueError("first")

        turns = Turns(Tap(), take)
        with pytest.raises(ValueError, match="first"):
            turns.hand_on([b"1\n", b"2\n"])
        await asyncio.sleep(0)
        assert taken == [b"1\n", b"2\n"]

    asyncio.run(story())


def test_the_end_comes_after_the_last_line() -> None:
    async def story() -> None:
        receiver = Receiver()
        reader = LineReader(1000, receiver)
        reader.data_received(b"x\n" * 1_000 + b"rest")
        reader.connection_lost(None)
        assert "ended" not in receiver.said
        for _ in range(100):
            await asyncio.sleep(0)
        assert receiver.said == [b"x\n"] * 1_000 + ["ended"]

    asyncio.run(story())


def test_a_reader_that_is_opened_for_good_still_takes_turns() -> None:
    tap = Tap()
    pipe = held_pipe(tap)
    tap.hold("client")
    tap.hold(turns_module.TURN)
    tap.open_for_good(but=[turns_module.TURN])
    assert not pipe.reading
    tap.release(turns_module.TURN)
    assert pipe.reading
