"""Conditions as they are typed: each is read as what it was made of, and nothing is guessed."""

from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonValue
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_data import conditions_from_data
from keyturn.presentation.rule_drafts import (
    RuleDraft,
    draft_of_rule,
    fault_of_typed,
    rule_of,
)
from keyturn.presentation.typed_conditions import (
    CHOICES,
    HAS_NOT,
    TypedCondition,
    choices_of_tests,
    read_conditions,
    typed_condition,
)
from keyturn.presentation.words import Words
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.one_of(TEXTS, st.integers(-(2**40), 2**40), st.booleans(), st.lists(TEXTS, max_size=3))
PATHS = TEXTS.filter(lambda text: text == text.strip()).map(lambda text: f"/{text}x")


@st.composite
def usable(draw: st.DrawFn) -> Condition:
    """Return a condition that a rule can have."""
    op = draw(st.sampled_from(Operator))
    value = cast("JsonValue", draw(VALUES))
    if op is Operator.HAS:
        value = draw(st.booleans())
    if op is Operator.TAINT_HAS:
        value = draw(st.sampled_from(["U", "PX"]))
    path = draw(PATHS) if op is not Operator.TAINT_HAS else ""
    try:
        (made,) = conditions_from_data([{"path": path, "op": op.value, "value": value}])
    except ConfigurationError:
        return Condition(path=path, op=Operator.EQ, value=value)
    return made


@pytest.mark.requirement("RULE-FORM")
@given(usable())
def test_what_a_condition_looks_like_is_read_as_that_condition(condition: Condition) -> None:
    """Typed anew as well as left alone: no field widens what a rule was bounded by."""
    typed = typed_condition(condition)
    for one in (typed, replace(typed, kept=None)):
        read = read_conditions([one])
        if one.kept is None and condition.op is Operator.HOST_IN:
            # One host is a list of one: the same test, written another way.
            continue
        if read.fault is None:
            assert read.conditions == (condition,)
        else:
            assert not typed.value.strip()


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        (TypedCondition(path="amount", test="le", value="5"), 5),
        (TypedCondition(path="/id", test="eq", value='"5"'), "5"),
        (TypedCondition(path="/id", test="eq", value=" true "), True),
        (TypedCondition(path="/city", test="in", value="Bonn, Berlin, 5"), ["Bonn", "Berlin", 5]),
        (
            TypedCondition(path="/url", test="host_in", value="a.example, b.example"),
            ["a.example", "b.example"],
        ),
        (TypedCondition(path="/file", test="path_under", value="/srv/data"), "/srv/data"),
        (TypedCondition(path="/x", test=HAS_NOT), False),
    ],
)
def test_values_are_written_as_people_write_them(typed: TypedCondition, value: JsonValue) -> None:
    (read,) = read_conditions([typed]).conditions
    assert read.value == value
    assert type(read.value) is type(value)
    assert read.path.startswith("/")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (TypedCondition(test="le", value="5"), "Name the argument"),
        (TypedCondition(value="5"), "Choose what is tested"),
        (TypedCondition(path="/n", test="le", value="many"), "cannot use the value “many”"),
        (TypedCondition(path="/n", test="le"), "cannot use the value “”"),
        (TypedCondition(path="/n", test="matches", value="("), "cannot use the value “(”"),
        (TypedCondition(test="taint_has", value="Z"), "cannot use the value “Z”"),
    ],
)
def test_what_cannot_be_read_is_named_and_keeps_the_rule_from_being_saved(
    typed: TypedCondition, told: str
) -> None:
    draft = RuleDraft(effect=Effect.ALLOW, agent="a", server="s", tool="t", when=(typed,))
    assert told in fault_of_typed(draft, WORDS)


@pytest.mark.requirement("RULE-FORM")
def test_a_rule_that_is_changed_has_the_conditions_that_stand_in_the_form() -> None:
    old = Condition(path="", op=Operator.EQ, value={"a": 1})
    rule = Rule(id="r-1", effect=Effect.ALLOW, when=(old,))
    draft = draft_of_rule(rule)
    more = TypedCondition(path="n", test="lt", value="3")
    added = rule_of(replace(draft, when=(*draft.when, more, TypedCondition())))
    assert added.when == (old, Condition(path="/n", op=Operator.LT, value=3))
    assert added.id == "r-1"
    assert rule_of(replace(draft, when=())).when == ()


def test_every_operator_can_be_chosen() -> None:
    assert {choice.name for choice in choices_of_tests(WORDS)} == {*CHOICES}
    assert set(CHOICES) == {*(operator.value for operator in Operator), HAS_NOT}
