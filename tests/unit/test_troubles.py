"""What failed of the broker itself is said: at once, or by the window that came back."""

import asyncio

import pytest

from keyturn.application.events import Topic
from keyturn.bootstrap.overseeing import Troubles
from keyturn.presentation.words import Words
from tests.sources import ROOT
from tests.unit.application.broker_world import BrokerWorld

WORDS = Words(ROOT / "resources" / "translations")


@pytest.mark.requirement("E1")
def test_a_part_that_ended_is_a_problem_until_the_broker_starts_again() -> None:
    async def story() -> None:
        world = BrokerWorld()
        troubles = Troubles(world.clock, world.observers, world.overview, WORDS)
        world.topics.clear()
        troubles.task_failed("stop file", RuntimeError("x"))
        assert world.topics == [Topic.HEALTH]
        state = await world.overview.state(frozenset({Topic.HEALTH}))
        assert state.health is not None
        assert state.health.problem == (
            "A part of Keyturn ended by an error: stop file. Start Keyturn again."
            " Its log file says why."
        )

    asyncio.run(story())


@pytest.mark.requirement("E1")
def test_a_window_that_came_back_says_once_since_when_there_was_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def story() -> None:
        world = BrokerWorld()
        troubles, told = Troubles(world.clock, world.observers, world.overview, WORDS), list[str]()
        troubles.tell = told.append
        troubles.window_comes()
        await asyncio.sleep(0)
        assert told == []
        troubles.window_gave_up("The window stopped working.")
        assert capsys.readouterr().err == "keyturn: The window stopped working.\n"
        world.clock.advance(300)
        troubles.window_gave_up("The window stopped working.")
        troubles.window_comes()
        # The window's welcome is written first.
        assert told == []
        await asyncio.sleep(0)
        (sentence,) = told
        assert sentence.startswith("There was no window since ")
        troubles.window_comes()
        await asyncio.sleep(0)
        assert len(told) == 1

    asyncio.run(story())
