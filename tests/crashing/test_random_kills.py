"""Random kill -9 of a busy broker, one life after the other over the same log.

`tests.bench.kill9` does two hundred.
"""

import random

import pytest

from keyturn.domain.decision import Delivery
from tests.crashing.rig import READ, crashing
from tests.crashing.storm import Tally, strike

_KILLS = 8


@pytest.mark.requirement("LAW-1", "I-01", "I-05")
def test_random_kills_leave_a_true_log() -> None:
    chance, tally = random.Random(20961), Tally()
    lost: set[str] = set()
    with crashing() as world:
        for _ in range(_KILLS):
            left = strike(world, chance, tally)
            assert tally.contradictions == ()
            # What the killed brokers before this one left open was closed when it started.
            assert {left.delivery_of(text) for text in lost} <= {Delivery.UNKNOWN}
            lost |= left.unfinished
        world.live_again(READ, "after")
        last = world.evidence()
    assert {last.delivery_of(text) for text in lost} <= {Delivery.UNKNOWN}
    assert last.unfinished == set()
    assert len(last.seen) >= tally.answered > _KILLS
