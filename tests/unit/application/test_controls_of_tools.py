"""Which results are held while it cannot be read, or trusted, what a person chose."""

import asyncio

import pytest

from keyturn.application.events import Observers
from keyturn.application.result_controls import (
    SETTING,
    ControlsOfTools,
    read_controls,
    write_controls,
)
from keyturn.domain.result_controls import (
    HOLDING,
    OF_AN_AGENT,
    STRICTEST,
    ResultControls,
    loosens,
)

HELD = ("pages", "read")
NO_HOLD = ResultControls(links=False)
READABLE = (
    '[{"controls":{"links":false},"server":"logs","tool":"tail"},'
    '{"controls":{"hold_signs":true},"server":"pages","tool":"read"}]'
)


class Kept:
    """The settings of a profile."""

    def __init__(self, text: str) -> None:
        self.settings = {SETTING: text} if text else {}

    async def put_setting(self, name: str, value: str) -> None:
        """Keep one."""
        self.settings[name] = value


def loaded(kept: Kept) -> ControlsOfTools:
    """Return what was kept, as a start reads it."""
    controls = ControlsOfTools(Observers())
    controls.attach(kept)
    controls.load()
    return controls


@pytest.mark.requirement("SIGN-HOLD")
def test_what_was_chosen_is_read_again_and_holds_no_other_tool() -> None:
    controls = loaded(Kept(READABLE))
    assert controls.of(*HELD) == HOLDING
    assert controls.of("logs", "tail") == NO_HOLD
    assert controls.of("pages", "other") == STRICTEST
    assert loaded(Kept("")).of(*HELD) == STRICTEST


@pytest.mark.requirement("SIGN-HOLD", "LAW-3")
@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        "null",
        "[1]",
        READABLE[:-1],
        READABLE.replace("true", "1"),
        READABLE.replace("hold_signs", "hold"),
        READABLE.replace('"server":"pages"', '"server":"pages","server":"x"'),
    ],
)
def test_while_it_cannot_be_read_every_tool_is_held(text: str) -> None:
    controls = loaded(Kept(text))
    assert controls.of(*HELD) == HOLDING
    assert controls.of("logs", "tail") == HOLDING


@pytest.mark.requirement("SIGN-HOLD", "LAW-3")
def test_a_choice_for_one_tool_does_not_let_the_others_go() -> None:
    kept = Kept("{")
    controls = loaded(kept)
    asyncio.run(controls.put("logs", "tail", STRICTEST))
    for read in (controls, loaded(kept)):
        assert read.of("logs", "tail") == STRICTEST
        assert read.of(*HELD) == HOLDING
    asyncio.run(controls.put("logs", "tail", HOLDING))
    assert loaded(kept).of("logs", "tail") == HOLDING


@pytest.mark.requirement("SIGN-HOLD", "LAW-3")
def test_while_a_setting_may_be_missing_every_tool_is_held() -> None:
    controls = loaded(Kept(READABLE))
    controls.trust(False)
    assert controls.of(*HELD) == HOLDING
    assert controls.of("logs", "tail") == ResultControls(links=False, hold_signs=True)
    assert controls.of("pages", "other") == HOLDING
    controls.trust(True)
    assert controls.of("logs", "tail") == NO_HOLD


@pytest.mark.requirement("SIGN-HOLD", "RESULT-BUDGET")
@pytest.mark.parametrize("text", ["", "{", READABLE])
def test_of_an_agent_only_its_budgets_are_kept_whatever_is_held(text: str) -> None:
    kept = Kept(text)
    controls = loaded(kept)
    controls.trust(False)
    budget = ResultControls(day_tokens=100)
    assert controls.of(OF_AN_AGENT, "a") == STRICTEST
    asyncio.run(controls.put(OF_AN_AGENT, "a", budget))
    # To give less is no loosening, though all else is held.
    assert not loosens(controls.of(OF_AN_AGENT, "a"), ResultControls(day_tokens=50))
    for read in (controls, loaded(kept)):
        assert read.of(OF_AN_AGENT, "a") == read.of_agent("a") == budget
    asyncio.run(controls.put(OF_AN_AGENT, "a", STRICTEST))
    assert kept.settings[SETTING] == write_controls(read_controls(text))
