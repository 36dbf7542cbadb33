"""Shown equals executed, over calls in every spelling that an agent may choose."""

import random
from collections import Counter

import pytest

from tests.property.spelt_calls import arguments_text, connected
from tests.unit.application.gate_world import World, play


@pytest.mark.requirement("LAW-2", "I-02", "I-03")
@pytest.mark.parametrize("seed", range(4))
def test_what_is_shown_is_what_the_agent_said_and_what_the_server_gets(seed: int) -> None:
    ends: Counter[str] = Counter()

    async def story() -> None:
        dice = random.Random(seed)
        agent = await connected(World()).begin()
        for number in range(1, 61):
            ends[await agent.send(arguments_text(dice), number)] += 1

    play(story)
    assert set(ends) == {"sent", "refused"}, ends
    assert ends["sent"] > 10 and ends["refused"] > 5
