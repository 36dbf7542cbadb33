"""What a card demands, and the words in which it says what is still owed."""

from dataclasses import replace
from pathlib import Path

import pytest

from keyturn.domain.errors import KeyturnError
from keyturn.domain.tier import Tier
from keyturn.presentation.arming import (
    Arming,
    ArmingDelays,
    ArmState,
    Owed,
    Subject,
    terms_of,
)
from keyturn.presentation.arming_text import reason_text, short_reason_text
from keyturn.presentation.card import CardActions, CardKind, CardView, DecisiveValue
from keyturn.presentation.words import Words

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")
ADDRESS = DecisiveValue(
    path="/to", key="Ship to", value="14 Quarry Road", owed=True, object="the address"
)
CARD = CardView(
    request_id="r1",
    revision=1,
    digest="d",
    kind=CardKind.CALL,
    tier=Tier.T2,
    headline="h",
    action="a",
    server_tool="s / t",
    call_number="",
    chips=(),
    decisive=(ADDRESS,),
    actions=CardActions(allow="Allow once", armed_hint="Ctrl+Enter", deny="Deny"),
    tool_short_name="dispatch_all",
)


@pytest.mark.parametrize(
    ("tier", "decisive", "confirm", "look", "type_name"),
    [
        (Tier.T0, (), (), False, False),
        (Tier.T1, (replace(ADDRESS, owed=False),), (), False, False),
        (Tier.T1, (ADDRESS,), ("/to",), False, False),
        (Tier.T2, (ADDRESS,), ("/to",), True, False),
        (Tier.T2, (replace(ADDRESS, owed=False),), ("/to",), True, False),
        (Tier.T2, (), (), True, True),
        (Tier.T3, (ADDRESS,), ("/to",), True, True),
        (Tier.T3, (), (), True, True),
    ],
)
def test_a_careful_card_always_demands_something(
    tier: Tier,
    decisive: tuple[DecisiveValue, ...],
    confirm: tuple[str, ...],
    look: bool,
    type_name: bool,
) -> None:
    terms = terms_of(replace(CARD, tier=tier, decisive=decisive))
    assert (terms.confirm, terms.look, terms.type_name) == (frozenset(confirm), look, type_name)


@pytest.mark.parametrize(
    ("owed", "text"),
    [
        (Owed.NOTHING, "Ctrl+Enter"),
        (Owed.CONFIRM, "Confirm the address first"),
        (Owed.LOOK, "Look at lines 21-240"),
        (Owed.TYPE_NAME, "Type dispatch_all first"),
        (Owed.TIME, "Ready in 2 s"),
        (Owed.BROKER, "It no longer waits"),
        (Owed.RELEASE, "Let go of the key"),
        (Owed.WINDOW, "Come back to this window"),
    ],
)
def test_a_reason_names_what_the_person_owes(owed: Owed, text: str) -> None:
    state = ArmState(
        armed=False, owed=owed, progress=0, left_ms=1_001, path="/to", unseen=(21, 240)
    )
    assert reason_text(state, CARD, WORDS) == text
    # Lines are counted on one tab: on another one nobody could do what their numbers say.
    elsewhere = reason_text(replace(state, page="Readable"), CARD, WORDS)
    assert elsewhere == ("Look at “Readable” first" if owed is Owed.LOOK else text)


def test_a_reason_with_a_name_has_a_short_form() -> None:
    state = ArmState(armed=False, owed=Owed.CONFIRM, progress=0, path="/to")
    assert short_reason_text(state, WORDS) == "Confirm it first"
    assert short_reason_text(replace(state, owed=Owed.TIME), WORDS) == ""


@pytest.mark.parametrize(("plain", "careful"), [(699, 1200), (700, 1199), (5001, 5000), (0, 0)])
def test_a_delay_can_only_be_made_longer(plain: int, careful: int) -> None:
    with pytest.raises(KeyturnError):
        ArmingDelays(plain_ms=plain, careful_ms=careful)


def test_confirming_counts_as_input_and_not_as_a_change() -> None:
    arming = Arming()
    arming.window_active(True, 0)
    arming.shown(Subject("r1", 1, "d"), terms_of(CARD), 0)
    arming.lines_unseen(None)
    arming.confirmed("/to", 1_100)
    assert arming.state(1_399).owed is Owed.TIME
    assert arming.state(1_400).armed


def test_what_is_hidden_is_forgotten() -> None:
    arming = Arming()
    arming.window_active(True, 0)
    subject = Subject("r1", 1, "d")
    arming.shown(subject, terms_of(CARD), 0)
    arming.confirmed("/to", 10)
    arming.hidden(20)
    arming.shown(subject, terms_of(CARD), 30)
    assert not arming.is_confirmed("/to")
    assert arming.shown_for_ms(130) == 100


def test_the_time_since_arming_runs_from_when_the_time_first_ran_out() -> None:
    arming = Arming()
    arming.window_active(True, 0)
    assert arming.after_arming_ms(5_000) is None
    arming.shown(Subject("r1", 1, "d"), terms_of(CARD), 5_000)
    assert arming.after_arming_ms(6_199) is None
    assert arming.after_arming_ms(6_200) == 0
    # What else is owed, and an interruption after that, take nothing back.
    arming.confirmed("/to", 9_000)
    arming.window_active(False, 10_000)
    arming.window_active(True, 20_000)
    assert arming.after_arming_ms(20_100) == 13_900
    arming.shown(Subject("r2", 1, "d"), terms_of(CARD), 21_000)
    assert arming.after_arming_ms(22_199) is None
    arming.disturbed(22_000)
    assert arming.after_arming_ms(23_199) is None
    assert arming.after_arming_ms(23_300) == 100


def test_time_in_a_window_that_is_not_in_front_arms_nothing() -> None:
    arming = Arming()
    arming.shown(Subject("r1", 1, "d"), terms_of(CARD), 0)
    assert arming.after_arming_ms(60_000) is None
    arming.window_active(True, 60_000)
    assert arming.after_arming_ms(61_199) is None
    assert arming.after_arming_ms(61_250) == 50
