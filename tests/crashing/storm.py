"""Kills a busy broker at a random moment, again and again over one profile."""

import random
import signal
from dataclasses import dataclass

from tests.crashing.evidence import Evidence, contradictions
from tests.crashing.rig import READ, SECONDS, SEND, Crashing

_IN_FLIGHT = 4
_MOST_ANSWERS = 40
_MOST_SECONDS_MORE = 0.003


@dataclass(slots=True)
class Tally:
    """What a storm came to."""

    kills: int = 0
    asked: int = 0
    answered: int = 0
    contradictions: tuple[str, ...] = ()


def strike(world: Crashing, chance: random.Random, tally: Tally) -> Evidence:
    """Run a broker under calls of both kinds, kill it, and look at what it left."""
    with world.broker() as broker, world.agent() as agent:
        assert agent.shake(), world.broker_log()
        wanted, answers, asked = chance.randint(0, _MOST_ANSWERS), 0, 0
        while answers < wanted:
            while asked - answers < _IN_FLIGHT:
                agent.ask(chance.choice((READ, SEND)), f"call {tally.kills}-{asked}")
                asked += 1
            assert agent.hear() is not None, world.broker_log()
            answers += 1
        # Somewhere within the next calls, which go on meanwhile.
        agent.ask(chance.choice((READ, SEND)), f"call {tally.kills}-{asked}")
        agent.has_more_within(chance.random() * _MOST_SECONDS_MORE)
        broker.kill()
        while agent.hear() is not None:
            answers += 1
        assert broker.wait(SECONDS) == -signal.SIGKILL
    tally.kills += 1
    tally.asked += asked + 1
    tally.answered += answers
    left = world.evidence()
    tally.contradictions += tuple(contradictions(left))
    return left
