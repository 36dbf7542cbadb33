"""How much a call touches is in its headline and on a chip, with what that was read off."""

import pytest

from keyturn.domain.policy import Because
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_life import RuleLimits
from keyturn.domain.touches import ONE, Touches, Way
from keyturn.presentation.card_builder import CardBuilder
from keyturn.presentation.marks import Role
from keyturn.presentation.rule_sentences import RuleSentences
from keyturn.presentation.touches import touches_chip, with_touches
from keyturn.presentation.verbs import read_verbs
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import a_call
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
CARDS = CardBuilder(WORDS, read_verbs(ROOT / "resources" / "verbs.toml"))
ORDERS = Touches(count=41, way=Way.LIST, path="/orders")


def test_a_card_says_how_many_at_once() -> None:
    one, many = CARDS.card(a_call()), CARDS.card(a_call(touches=ORDERS))
    assert many.headline == f"{one.headline}, 41 at once"
    (chip,) = set(many.chips) - set(one.chips)
    assert (chip.role, chip.text) == (Role.WARNING, "Touches 41: the list at /orders")


COUNTED = (Way.LIST, Way.RANGE, Way.PAGE)


@pytest.mark.parametrize("way", [way for way in Way if way not in COUNTED])
def test_what_nothing_bounds_is_said(way: Way) -> None:
    touches = Touches(count=None, way=way, path="/a\u202eb")
    headline = "x wants y" if way is Way.UNKNOWN else "x wants y, without any limit"
    assert with_touches("x wants y", touches, WORDS) == headline
    chip = touches_chip(touches, WORDS)
    assert chip is not None and chip.role is Role.WARNING
    assert chip.text.startswith("No limit to what it touches: ") and "\u202e" not in chip.text


def test_of_one_thing_and_of_a_page_the_headline_says_nothing() -> None:
    assert with_touches("x", ONE, WORDS) == "x"
    assert touches_chip(ONE, WORDS) is None
    page = Touches(count=9, way=Way.PAGE, path="/limit")
    assert with_touches("x", page, WORDS) == "x"
    chip = touches_chip(page, WORDS)
    assert chip is not None and (chip.role, chip.text) == (
        Role.NEUTRAL,
        "Touches 9: the page at /limit",
    )


def test_a_rule_says_its_bounds_and_a_card_which_was_met() -> None:
    limits = RuleLimits(touches_per_call=3, touches_per_hour=40)
    said = RuleSentences(WORDS).limits(Rule(id="r", effect=Effect.ALLOW, limits=limits))
    assert said == (
        "only what touches at most 3 things, else it asks",
        "40 things an hour in all, then it asks",
    )
    for because in (Because.RULE_TOO_MANY, Because.RULE_HOUR):
        for rule in ("Orders", ""):
            assert "does not allow so much" in CARDS.phrases.why_asked(
                a_call(because=because.value, rule=rule)
            )
