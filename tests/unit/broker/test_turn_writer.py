"""What is written in one turn of the loop goes out in order, in few writes, and whole."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from keyturn.broker.parted_lines import Part
from keyturn.broker.turn_writer import LARGE, TurnWriter


class Written(list[bytes]):
    """Remembers what is written at once, in one piece."""

    def write(self, *parts: Part) -> None:
        self.append(b"".join(parts))


def test_the_first_line_of_a_turn_goes_at_once_and_the_rest_together() -> None:
    written = Written()

    async def run() -> None:
        writer = TurnWriter(written.write)
        for line in (b"a\n", b"b\n", b"c\n"):
            writer.write(line)
        assert written == [b"a\n"]
        await asyncio.sleep(0)
        assert written == [b"a\n", b"b\nc\n"]
        writer.write(b"d\n")
        assert written[-1] == b"d\n"

    asyncio.run(run())


def test_what_waits_is_written_before_the_end() -> None:
    written = Written()

    async def run() -> None:
        writer = TurnWriter(written.write)
        writer.write(b"a\n")
        writer.write(b"b\n")
        writer.flush()
        assert written == [b"a\n", b"b\n"]
        await asyncio.sleep(0)
        assert written == [b"a\n", b"b\n"]

    asyncio.run(run())


def test_much_does_not_wait_for_the_end_of_the_turn() -> None:
    written = Written()

    async def run() -> None:
        writer = TurnWriter(written.write)
        for _ in range(3):
            writer.write(b"x" * LARGE)
        assert written == [b"x" * LARGE] * 3

    asyncio.run(run())


@given(turns=st.lists(st.lists(st.binary(max_size=20), max_size=6), max_size=6))
def test_nothing_is_lost_and_nothing_overtakes(turns: list[list[bytes]]) -> None:
    written = Written()

    async def run() -> None:
        writer = TurnWriter(written.write)
        for turn in turns:
            for line in turn:
                writer.write(line[:1], line[1:])
            await asyncio.sleep(0)

    asyncio.run(run())
    assert b"".join(written) == b"".join(line for turn in turns for line in turn)
