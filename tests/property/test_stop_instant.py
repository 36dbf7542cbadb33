"""Thousands of calls around the instant of the stop: none is sent after it.

Ten thousand of them with `--thorough 5`.
Beside test_stop.py and not in it, because what is measured for coverage takes twice the time.
"""

import asyncio

import pytest

from keyturn.application.call import Handled, Refused
from keyturn.application.tasks import TaskOwner
from keyturn.domain.decision import Outcome
from keyturn.domain.rule import Effect, Rule
from tests.factories import make_call
from tests.unit.application.gate_world import World, settle

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order")


@pytest.mark.requirement("K2")
def test_no_call_around_the_instant_of_the_stop_is_sent_after_it(thorough: int) -> None:
    each = 500 * thorough

    async def story() -> None:
        world = World(ALLOW)
        connection = await world.connect()

        def burst(first: int, count: int) -> "list[asyncio.Task[Handled]]":
            calls = range(first, first + count)
            return [world.start(make_call(connection, id_=f"call-{n}")) for n in calls]

        through = burst(0, each)
        await asyncio.gather(*through)
        assert len(world.server.arrivals) == each
        world.log.hold()
        decided = burst(each, each)
        await settle()
        owner = TaskOwner()
        late = burst(2 * each, each)
        pressed = owner.start(world.stop.engage("window"), "stop")
        later = burst(3 * each, each)
        await settle()
        world.log.release()
        replies = await asyncio.gather(*decided, *late, *later)
        await pressed
        assert len(world.server.arrivals) == each
        outcomes = {reply.outcome for reply in replies if isinstance(reply, Refused)}
        assert outcomes == {Outcome.REFUSED_PAUSED}
        assert world.stop.view().refused_since == len(replies) == 3 * each

    asyncio.run(story())
