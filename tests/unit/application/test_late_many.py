"""Many identical calls at once: each looks at a few of the others, and reads age all the same."""

import pytest

from keyturn.application.late_results import MOST_LOOKED_AT
from tests.unit.application.gate_world import play
from tests.unit.application.test_late_calls import LINE, late, make_rig

MANY = 4 * MOST_LOOKED_AT


def test_one_of_many_looks_at_a_bounded_number_of_the_others() -> None:
    async def story() -> None:
        rig = await make_rig()
        asked: list[int] = []

        def heard(number: int) -> bool:
            asked.append(number)
            return True

        for number in range(MANY):
            await rig.call()
            rig.incoming[-1].heard = lambda number=number: heard(number)
        asked.clear()
        await rig.call()
        assert rig.sent == MANY + 1
        assert len(asked) == 2 * MOST_LOOKED_AT
        assert {0, MANY - 1} <= set(asked)

    play(story)


@pytest.mark.requirement("D1")
@pytest.mark.parametrize("number", [1, MANY])
def test_a_retry_finds_its_call_among_many(number: int) -> None:
    async def story() -> None:
        rig = await make_rig()
        for _ in range(MANY):
            await rig.call()
        await rig.leave(number)
        retry = await rig.call()
        assert rig.sent == MANY
        await rig.answer(number=number)
        assert late(retry) == LINE

    play(story)


def test_a_change_overtakes_the_reads_of_its_session_and_what_ended_is_forgotten() -> None:
    async def story() -> None:
        rig = await make_rig(tools=("read_report",))
        for _ in range(3):
            await rig.call(tool="read_report")
        await rig.answer(number=1)
        await rig.leave(2)
        await rig.call()
        await rig.call(tool="read_report")
        assert rig.sent == 5, "the read that was left is read again"
        await rig.leave(5)
        joined = await rig.call(tool="read_report")
        assert rig.sent == 5
        await rig.answer(number=5)
        assert late(joined) == LINE

    play(story)
