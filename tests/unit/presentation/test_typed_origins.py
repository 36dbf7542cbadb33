"""How a card says that a value was typed: as a claim, and behind whatever result holds it."""

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from keyturn.domain.canonical import JsonObject
from keyturn.domain.origin import Origin, Trace
from keyturn.domain.typed import IN_KEYTURN
from keyturn.presentation.card import CardView, OriginLabel
from keyturn.presentation.marks import Icon
from tests.fakes.approval_requests import a_call, origin
from tests.unit.presentation.test_card_builder import CARDS, chip_texts


def typed(path: str, value: str, where: str, **changes: Any) -> Origin:
    """Make an origin in a typed text."""
    made: dict[str, Any] = {"untrusted": False, "result": 1} | changes
    return replace(origin(path, value, **made), server="", tool=where)


def label(card: CardView, path: str) -> OriginLabel:
    found = next(row.origin for row in card.rows if row.path == path)
    assert found is not None
    return found


@pytest.mark.requirement("INPUT-3")
@pytest.mark.parametrize(
    ("where", "short", "words", "claimed"),
    [
        ("claude-code", "Claude Code says: typed", "typed in Claude Code, as its hook says", True),
        ("cursor", "Cursor says: typed", "typed in Cursor, as its hook says", True),
        ("gemini", "Gemini CLI says: typed", "typed in Gemini CLI, as its hook says", True),
        ("plain", "a program says: typed", "typed, as a program says", True),
        ("no host", "a program says: typed", "typed, as a program says", True),
        (IN_KEYTURN, "typed by you, in Keyturn", "typed by you, in Keyturn", False),
    ],
)
def test_where_a_value_was_typed_is_said_with_who_says_so(
    where: str, short: str, words: str, claimed: bool
) -> None:
    card = CARDS.card(a_call(trace=Trace(origins=(typed("/orders", "all_open", where),))))
    shown = label(card, "/orders")
    assert (shown.text, shown.claimed) == (short, claimed)
    (excerpt,) = card.excerpts
    assert (excerpt.title, excerpt.opens) == (f"{words}: text 1", "")
    said = [chip.text for chip in card.chips if chip.icon is Icon.CLAIMED]
    assert said == ["1 value said to be typed"] * claimed
    assert not any(one.icon is Icon.TRACED for one in card.chips)


@pytest.mark.requirement("INPUT-4")
def test_a_result_is_named_before_what_a_hook_says() -> None:
    trace = Trace(
        origins=(
            typed("/orders", "all_open", "claude-code", result=9),
            origin("/orders", "all_open", untrusted=False, result=3),
        )
    )
    card = CARDS.card(a_call(trace=trace))
    assert label(card, "/orders").text == "reports, result 3 and 1 other"
    assert not label(card, "/orders").claimed
    assert "1 value from a result" in chip_texts(card)
    assert not any("typed" in text for text in chip_texts(card))
    assert [excerpt.opens for excerpt in card.excerpts] == ["result:3"]


@pytest.mark.requirement("INPUT-4", "LAW-4")
@pytest.mark.parametrize("orders", [True, False])
def test_a_claim_shows_no_value_in_the_place_of_another(orders: bool) -> None:
    subject: JsonObject = {"alfa": "one", "bravo": "two", "charlie": "three", "delta": "four"}
    said = Trace(origins=(typed("/delta", "four", "plain", untrusted=orders),))
    call = partial(a_call, subject=subject, tool="unknown_tool")
    chosen = [value.path for value in CARDS.card(call(trace=said)).decisive]
    assert chosen == [value.path for value in CARDS.card(call(trace=Trace())).decisive]
    found = Trace(origins=(origin("/delta", "four", untrusted=False),))
    assert chosen != [value.path for value in CARDS.card(call(trace=found)).decisive]


@pytest.mark.requirement("INPUT-3")
def test_a_value_of_a_text_with_pasted_orders_brings_a_warning() -> None:
    said = typed("/ship_to/address", "14 Quarry Road", "claude-code", untrusted=True)
    card = CARDS.card(a_call(trace=Trace(origins=(said,))))
    assert "Pasted text gives orders" in chip_texts(card)
