"""What the sheet offers becomes a rule that covers exactly what it says, as the domain judges."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Kind, Rule, RuleSubject, covers
from keyturn.domain.rule_data import rule_from_data
from keyturn.domain.tier import Tier
from keyturn.presentation.deny_message import MOST, deny_templates, is_sendable
from keyturn.presentation.rule_sheet import (
    LARGEST_ARGUMENTS,
    MOST_VALUES,
    RuleSheet,
    draft,
    rule_sheet,
)
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import a_call

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")
TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
KEY = st.text(st.sampled_from("abcdef/~é"), max_size=3)
"""No two alike but for letters that readers may overlook: such keys stop every rule."""
SCALAR = st.none() | st.booleans() | st.integers(-99, 99) | TEXT
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=3),
    max_leaves=8,
)
ARGUMENTS = st.dictionaries(KEY, VALUE, max_size=4)


def sheet_of(arguments: JsonObject, tier: Tier = Tier.T1, **more: Any) -> RuleSheet:
    """Return the sheet of a call of an enrolled agent."""
    facts: dict[str, Any] = {"lamps": "", "labels": ""}
    return rule_sheet(a_call(subject=arguments, tier=tier, **(facts | more)), WORDS)


def rule_of(sheet: RuleSheet, ticked: set[str]) -> Rule:
    """Return the rule that would be saved."""
    return rule_from_data(json.loads(draft(sheet, ticked, WORDS).data))


def call_with(arguments: JsonObject) -> RuleSubject:
    """Return a call that a rule may cover."""
    return RuleSubject(
        kind=Kind.CALL,
        agent="analyst",
        server="logistics",
        tool="dispatch_all",
        arguments=arguments,
        lamps=Lamps.NONE,
    )


@given(arguments=ARGUMENTS, other=ARGUMENTS)
def test_the_narrowest_rule_covers_this_call_and_no_other(
    arguments: JsonObject, other: JsonObject
) -> None:
    sheet = sheet_of(arguments)
    rule = rule_of(sheet, {value.path for value in sheet.values})
    assert covers(rule, call_with(arguments))
    assert covers(rule, call_with(other)) is (other == arguments and _alike(other, arguments))


@given(arguments=ARGUMENTS, data=st.data())
def test_every_tick_is_a_value_that_has_to_be_the_same(
    arguments: JsonObject, data: st.DataObject
) -> None:
    sheet = sheet_of(arguments)
    paths = [value.path for value in sheet.values]
    ticked: set[str] = data.draw(st.sets(st.sampled_from(paths))) if paths else set()
    rule = rule_of(sheet, ticked)
    assert covers(rule, call_with(arguments))
    if len(ticked) < len(paths):
        assert {test.path for test in rule.when} == ticked


def test_a_further_argument_is_not_let_in() -> None:
    sheet = sheet_of({"order": 41})
    rule = rule_of(sheet, {"/order"})
    assert not covers(rule, call_with({"order": 41, "force": True}))


def test_a_list_is_one_value() -> None:
    sheet = sheet_of({"files": ["a", "b"], "note": "x"})
    assert [value.path for value in sheet.values] == ["/files", "/note"]
    rule = rule_of(sheet, {"/files"})
    assert not covers(rule, call_with({"files": ["a", "b", "c"], "note": "x"}))
    assert covers(rule, call_with({"files": ["a", "b"], "note": "y"}))


def test_the_names_are_exact() -> None:
    rule = rule_of(sheet_of({}), set())
    assert (rule.agent, rule.server, rule.tool) == ("analyst", "logistics", "dispatch_all")


def test_a_t2_rule_without_a_fixed_value_is_refused() -> None:
    sheet = sheet_of({"order": 41}, Tier.T2)
    assert draft(sheet, set(), WORDS).fault
    assert not draft(sheet, {"/order"}, WORDS).fault
    assert not draft(sheet_of({}, Tier.T2), set(), WORDS).fault
    assert not draft(sheet_of({"order": 41}, Tier.T1), set(), WORDS).fault


@pytest.mark.parametrize(
    "more",
    [
        {"tier": Tier.T3},
        {"because": "three_lamps"},
        {"because": "unknown_agent"},
        {"because": "rule"},
        {"because": "rule_fault"},
        {"because": "other_params"},
        {"tool": "read_*"},
        {"server": "a?"},
        {"arguments": json.dumps({"x": "y" * LARGEST_ARGUMENTS})},
    ],
)
def test_what_no_rule_can_decide_is_refused_with_a_reason(more: dict[str, Any]) -> None:
    sheet = rule_sheet(a_call(subject={}, **({"tier": Tier.T1} | more)), WORDS)
    assert sheet.refusal.endswith(".")
    assert draft(sheet, set(), WORDS).fault == sheet.refusal


def test_too_many_values_leave_only_the_exact_call() -> None:
    arguments: JsonObject = {str(number): number for number in range(MOST_VALUES + 1)}
    sheet = sheet_of(arguments)
    assert sheet.values == ()
    assert covers(rule_of(sheet, set()), call_with(arguments))
    assert not covers(rule_of(sheet, set()), call_with({**arguments, "0": 1}))


def test_the_sentence_names_agent_tool_and_server() -> None:
    made = draft(sheet_of({"order": 41}), set(), WORDS)
    for name in ("analyst", "dispatch_all", "logistics"):
        assert name in made.sentence
    assert made.loose


def test_there_are_five_templates_and_each_can_be_sent() -> None:
    templates = deny_templates(WORDS)
    assert len({template.name for template in templates}) == 5
    assert all(is_sendable(template.text) for template in templates)
    assert is_sendable("x" * MOST)
    assert not is_sendable("x" * (MOST + 1))
    assert not is_sendable(" \n")


def _alike(one: JsonValue, other: JsonValue) -> bool:
    """Compare as JSON does: Python holds 1 and True, 0 and False to be equal."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
