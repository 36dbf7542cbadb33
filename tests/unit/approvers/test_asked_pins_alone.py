"""What a PIN was asked for, with no broker around it: each field that says what is done counts."""

import pytest
from msgspec import structs

from keyturn.application.console_protocol import Decide, RemoveRule, encode_line
from keyturn.application.pin_messages import TOGETHER, WithPin
from keyturn.approvers.asked_pins import AskedPins, Carried, carried_by
from keyturn.domain.tier import Tier

ONE = Decide(n=1, id="c-1", digest="d" * 64, allow=True, tier=Tier.T1, labels="U", hide=True)
OTHER = RemoveRule(n=2, id="r-1")


def asking() -> AskedPins:
    """Return one whose sentences name nothing, so that only what is carried tells them apart."""
    return AskedPins(lambda carried, both: f"{len(carried)} {both}")


@pytest.mark.requirement("PIN-5", "LAW-4")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "c-2"),
        ("digest", "e" * 64),
        ("allow", False),
        ("tier", Tier.T0),
        ("tier", None),
        ("labels", ""),
        ("labels", None),
        ("hide", False),
    ],
)
def test_an_answer_that_does_something_else_was_not_asked_for(field: str, value: object) -> None:
    asked = asking()
    asked.ask((ONE,), both=False)
    assert asked.holds((ONE,))
    assert not asked.holds((structs.replace(ONE, **{field: value}),))


@pytest.mark.requirement("PIN-5")
def test_how_an_answer_was_given_makes_it_no_other() -> None:
    """The PIN itself above all: it comes with the second message only."""
    asked = asking()
    asked.ask((ONE,), both=False)
    how = {
        "n": 7,
        "pin": "2580",
        "second": True,
        "named": True,
        "shown_ms": 9_000,
        "accessibility": True,
        "prompt_hash": "p",
        "message": "m",
    }
    for field, value in how.items():
        assert asked.holds((structs.replace(ONE, **{field: value}),)), field
    asked.ask((OTHER,), both=False)
    assert asked.holds((structs.replace(OTHER, n=9),))


@pytest.mark.requirement("PIN-5", "TWO-4", "LAW-4")
def test_several_go_together_only_where_each_was_asked_for() -> None:
    """And take both persons where one of them does."""
    asked = asking()
    asked.ask((ONE,), both=False)
    third = structs.replace(OTHER, id="r-2")
    assert asked.together((ONE,)) is None
    assert asked.together((ONE, OTHER)) is None
    asked.ask((OTHER,), both=True)
    asked.ask((third,), both=False)
    assert asked.together((ONE, third)) is False
    assert asked.together((ONE, OTHER)) is True
    assert asked.together((ONE,) * TOGETHER) is False
    assert asked.together((ONE,) * (TOGETHER + 1)) is None


@pytest.mark.requirement("PIN-5")
def test_a_sentence_that_is_true_no_more_holds_nothing() -> None:
    said = ["before"]
    asked = AskedPins(lambda _carried, _both: said[0])
    assert asked.ask((ONE,), both=False) == "before"
    assert asked.holds((ONE,))
    said[0] = "after"
    assert not asked.holds((ONE,))
    assert asked.ask((ONE,), both=False) == "after"
    assert asked.holds((ONE,))
    said[0] = ""
    asked.ask((ONE,), both=False)
    assert not asked.holds((ONE,))


def test_what_was_asked_long_ago_is_forgotten_first() -> None:
    """A window that asks without end fills nothing; what is asked again is the latest."""
    asked = asking()
    many = [(structs.replace(ONE, id=f"c-{n}"),) for n in range(501)]
    for one in many[:500]:
        asked.ask(one, both=False)
    asked.ask(many[0], both=False)
    asked.ask(many[500], both=False)
    held = [asked.holds(one) for one in many]
    assert held == [True, False, *[True] * 499]


@pytest.mark.requirement("LAW-4")
@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    "odd",
    [
        "no line",
        '{"type":"pong","n":1}',
        encode_line(WithPin(n=1, pin="2580", intent="")).decode(),
    ],
)
def test_a_pin_that_comes_with_anything_odd_comes_with_nothing(place: int, odd: str) -> None:
    """Not with the rest of it: its sentence would list less than was sent."""
    lines = [encode_line(one).decode() for one in (ONE, OTHER)]
    carried: Carried = carried_by(WithPin(n=1, pin="", intent=lines[0], more=(lines[1],)))
    assert carried == (ONE, OTHER)
    lines[place] = odd
    assert carried_by(WithPin(n=1, pin="", intent=lines[0], more=(lines[1],))) == ()
