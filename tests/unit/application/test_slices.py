"""The memory of a long text goes back in parts, and only where nobody has the text any more."""

import asyncio
import tracemalloc
from io import BytesIO

import pytest

from keyturn.application.slices import GIVEN_BACK_AT_ONCE, give_back

SIZE = 4 * GIVEN_BACK_AT_ONCE


def held_after_each_turn(text: list[bytes], kept: list[bytes]) -> list[int]:
    """Give one text back, and say how much memory was held after each turn of the loop."""

    async def run() -> list[int]:
        spent = BytesIO(text.pop())
        tracemalloc.reset_peak()
        task = asyncio.get_running_loop().create_task(give_back(spent))
        held = [tracemalloc.get_traced_memory()[0]]
        while not task.done():
            await asyncio.sleep(0)
            held.append(tracemalloc.get_traced_memory()[0])
        return held

    tracemalloc.start()
    try:
        text.append(bytes(SIZE))
        kept += text * bool(kept)
        before = tracemalloc.get_traced_memory()[0] - SIZE
        held = [one - before for one in asyncio.run(run())]
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < SIZE + GIVEN_BACK_AT_ONCE, "nothing of it was copied"
    return held


def test_a_text_that_nobody_has_any_more_goes_back_in_parts() -> None:
    held = held_after_each_turn([], [])
    gone = [before - after for before, after in zip(held, held[1:], strict=False)]
    assert max(gone) < SIZE // 2 + GIVEN_BACK_AT_ONCE // 4
    assert held[-1] < GIVEN_BACK_AT_ONCE // 4


@pytest.mark.parametrize("size", [0, 1, 100_000])
def test_a_small_one_goes_back_too(size: int) -> None:
    spent = BytesIO(bytes(size))
    asyncio.run(give_back(spent))
    assert spent.closed


def test_a_text_that_somebody_has_stays_as_it_is() -> None:
    kept = [b""]
    held = held_after_each_turn([], kept)
    assert min(held) >= SIZE
    assert kept[-1] == bytes(SIZE)
