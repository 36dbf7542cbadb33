"""A rule for a group lets in what fits it, by values alone: no outlier by having come along."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from keyturn.application.agent_messages import FloodState
from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import RequestDetached, StateChanged
from keyturn.application.console_state import AgentState
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.policy import Because
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.queue.rule_sheet import RuleSheetPane
from keyturn.presentation.group_rule import decided_by, group_sheet, witness
from keyturn.presentation.rule_sheet import MOST_VALUES, RuleSheet, Span, draft
from keyturn.presentation.triage import FROM
from keyturn.presentation.words import Words
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.test_groups import CONTROL, Burst, write
from tests.sources import ROOT

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("LAW-4"),
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
WORDS = Words(ROOT / "resources" / "translations")
VALUES = st.one_of(st.text(max_size=6), st.integers(-5, 5), st.booleans(), st.none())
ARGUMENTS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)


def ask(number: int, arguments: JsonObject, tier: Tier = Tier.T1, **more: Any) -> ApprovalRequest:
    return replace(
        make_request(f"call-{number}", tool="write_file", arguments=arguments, tier=tier), **more
    )


# ---------------------------------------------------------------- the rule itself


@given(calls=st.lists(ARGUMENTS, min_size=2, max_size=6), joins=ARGUMENTS)
def test_the_narrowest_rule_insists_on_all_that_is_the_same_and_no_more_fits(
    calls: list[dict[str, JsonValue]], joins: dict[str, JsonValue]
) -> None:
    requests = [ask(number, arguments) for number, arguments in enumerate(calls)]
    sheet = group_sheet(requests, (), WORDS)
    made = draft(sheet, ticked(sheet), WORDS, Span.QUARTER)
    rule = made.rule
    first = requests[0]
    assert (rule.agent, rule.server, rule.tool) == (first.agent, first.server, first.tool)
    assert decided_by(rule, requests, WORDS) == len(requests), "all of them are alike"
    # Whoever joins is let in by its values, whatever stands around it.
    newcomer = ask(99, joins)
    in_all = [key for key in calls[0] if all(key in one for one in calls)]
    seen = {key: {json.dumps(one[key]) for one in calls} for key in in_all}
    fits = all(key in joins and json.dumps(joins[key]) in seen[key] for key in in_all)
    assert decided_by(rule, [newcomer], WORDS) == int(fits)
    assert decided_by(rule, [*requests, newcomer], WORDS) == len(requests) + int(fits)


def ticked(sheet: RuleSheet) -> set[str]:
    """Return everything that can be ticked."""
    return {value.path for value in sheet.values}


def test_what_is_unlike_the_others_leaves_no_value_open_for_its_sake() -> None:
    like = [ask(n, {"path": f"/srv/{n}", "host": "files.example.com"}) for n in range(4)]
    odd = ask(9, {"path": "/srv/9", "host": "evil.example.net"})
    sheet = group_sheet([*like, odd], {odd.id}, WORDS)
    values = {value.path: value.value for value in sheet.values}
    assert values == {"/host": "files.example.com", "/path": [f"/srv/{n}" for n in range(4)]}
    made = draft(sheet, {"/host"}, WORDS)
    assert decided_by(made.rule, [*like, odd], WORDS) == 4
    assert decided_by(made.rule, [odd], WORDS) == 0


def test_a_list_or_a_longer_argument_is_the_same_as_a_whole_only() -> None:
    requests = [ask(n, {"n": n, "to": ["a@x.org"]}) for n in range(4)]
    made = draft(group_sheet(requests, (), WORDS), {"/to"}, WORDS)
    assert decided_by(made.rule, [ask(9, {"n": 9, "to": ["a@x.org", "b@y.org"]})], WORDS) == 0


def test_t2_needs_a_fixed_argument_and_never_is_wider_than_the_tool() -> None:
    requests = [ask(n, {"n": n, "to": "ann"}, Tier.T2) for n in range(4)]
    sheet = group_sheet(requests, (), WORDS)
    assert draft(sheet, (), WORDS).fault == WORDS("sheets.needs_a_value")
    assert not draft(sheet, {"/to"}, WORDS).fault
    vary = [ask(n, {"n": [n]}, Tier.T2) for n in range(4)]
    sheet = group_sheet(vary, (), WORDS)
    assert draft(sheet, ticked(sheet), WORDS).fault == WORDS("sheets.needs_a_value")


def test_no_rule_for_t3_nor_for_one_of_t3_among_them() -> None:
    requests = [ask(n, {"n": n}, Tier.T3) for n in range(4)]
    assert group_sheet(requests, (), WORDS).refusal == WORDS("sheets.no_rule_t3")
    mixed = [ask(n, {"n": n, "a": 1}) for n in range(4)] + [ask(9, {"n": 9, "a": 1}, Tier.T3)]
    sheet = group_sheet(mixed, (), WORDS)
    assert sheet.refusal == WORDS("sheets.no_rule_t3")
    assert draft(sheet, {"/a"}, WORDS).fault
    assert decided_by(draft(sheet, {"/a"}, WORDS).rule, mixed, WORDS) == 4


@pytest.mark.parametrize(
    "because",
    [Because.TWO_PERSONS, Because.SENDS_SECRET, Because.ENVIRONMENT_DIFFERS, Because.STEPPED_UP],
)
def test_a_call_that_no_rule_may_decide_is_not_counted_as_decided(because: Because) -> None:
    like = [ask(n, {"n": n, "a": 1}) for n in range(4)]
    asks_on = ask(9, {"n": 9, "a": 1}, because=because.value)
    sheet = group_sheet([*like, asks_on], (), WORDS)
    assert not sheet.refusal
    assert sheet.request_id != asks_on.id
    assert decided_by(draft(sheet, {"/a"}, WORDS).rule, [*like, asks_on], WORDS) == 4
    alone = [replace(one, because=because.value) for one in like]
    assert group_sheet(alone, (), WORDS).refusal


def test_of_more_values_than_can_be_ticked_no_rule_is_made_that_leaves_all_of_them_open() -> None:
    many: JsonObject = {f"k{place:02}": place for place in range(MOST_VALUES + 1)}
    sheet = group_sheet([ask(n, many | {"n": n}) for n in range(4)], (), WORDS)
    assert sheet.refusal == WORDS("sheets.no_rule_many", n=MOST_VALUES)
    assert draft(sheet, ticked(sheet), WORDS).fault == sheet.refusal
    few = {key: many[key] for key in list(many)[:MOST_VALUES]}
    assert not group_sheet([ask(n, few) for n in range(4)], (), WORDS).refusal


def test_one_value_does_not_read_like_two() -> None:
    requests = [ask(n, {"to": to}) for n, to in enumerate(["ann", 'bob", "eve', "ann"])]
    (value,) = group_sheet(requests, (), WORDS).values
    assert json.loads(f"[{value.text.removeprefix('one of ')}]") == value.value


@given(calls=st.lists(ARGUMENTS, min_size=2, max_size=6), data=st.data())
def test_what_is_remembered_is_remembered_by_a_call_that_waits(
    calls: list[dict[str, JsonValue]], data: st.DataObject
) -> None:
    requests = [ask(number, arguments) for number, arguments in enumerate(calls)]
    sheet = group_sheet(requests, (), WORDS)
    rule = draft(sheet, ticked(sheet), WORDS, Span.QUARTER).rule
    left = data.draw(st.lists(st.sampled_from(requests), unique_by=lambda one: one.id))
    found = witness(rule, sheet, left, WORDS)
    assert not left or found in {(one.id, one.digest) for one in left}


# ---------------------------------------------------------------- in the window


@pytest.fixture
def burst(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[Burst]:
    """Return an empty queue."""
    made = Burst(qtbot, look, clock)
    yield made
    let_go(made.scene.window)


def opened(burst: Burst, *more: ApprovalRequest, count: int = 7) -> RuleSheetPane:
    """Let calls come, open their group and its rule sheet."""
    burst.arrive(*map(write, range(count)), *more)
    burst.open_group()
    burst.scene.click(burst.pane.block.rule)
    sheet = burst.scene.group_rules.sheet
    assert sheet.isVisible()
    burst.settle()
    return sheet


def decides(sheet: RuleSheetPane) -> str:
    found = sheet.findChild(type(sheet.title), "rule_decides")
    assert found is not None
    return found.text()


def untick(burst: Burst, path: str) -> None:
    """Leave an argument open."""
    sheet = burst.scene.group_rules.sheet
    burst.scene.click(next(choice for value, choice in sheet.choices if value.path == path))


def press_save(burst: Burst, milliseconds: int = 5_000) -> None:
    sheet = burst.scene.group_rules.sheet
    burst.scene.window.grab()
    burst.clock.advance(milliseconds)
    sheet.action.watch.ticked.emit()
    burst.scene.click(sheet.save)


def test_it_opens_at_the_narrowest_for_a_quarter_of_an_hour_and_says_how_many(
    burst: Burst,
) -> None:
    sheet = opened(burst)
    assert {value.path: choice.isChecked() for value, choice in sheet.choices} == {
        "/mode": True,
        "/path": True,
    }
    count = len(burst.pane.choice.calls) if burst.pane.choice is not None else 0
    assert decides(sheet).startswith(f"As they wait now: {count} of {count}")
    burst.scene.window.grab()
    burst.clock.advance(5_000)
    sheet.action.watch.ticked.emit()
    assert sheet.save.reason == "For what fits, now and later", "it is not about one call"
    press_save(burst)
    (message,) = burst.scene.saved()
    data = json.loads(message.data)
    tests = {test["path"]: (test["op"], test["value"]) for test in data["when"]}
    assert tests["/mode"] == ("eq", "0644")
    assert tests["/path"][0] == "in"
    assert len(tests["/path"][1]) == count, "exactly the values that wait"
    assert (data["tool"], data["effect"]) == ("write_file", "allow")
    assert message.seconds == Span.QUARTER.value
    assert message.request
    assert burst.allowed() == [], "the broker decides what fits, and no press allows beside it"


def test_an_outlier_that_joins_while_it_is_open_is_let_in_by_its_values_only(
    burst: Burst,
) -> None:
    sheet = opened(burst)
    untick(burst, "/path")
    before = sheet.sheet
    count = len(burst.pane.choice.calls) if burst.pane.choice is not None else 0
    burst.arrive(write(50, mode="0777"))
    assert sheet.isVisible()
    assert decides(sheet).startswith(f"As they wait now: {count} of {count + 1}")
    burst.arrive(write(51))
    assert decides(sheet).startswith(f"As they wait now: {count + 1} of {count + 2}")
    assert sheet.sheet is before
    press_save(burst)
    (message,) = burst.scene.saved()
    assert json.loads(message.data)["when"] == [{"path": "/mode", "op": "eq", "value": "0644"}], (
        "the rule is the one that was read out"
    )


def test_what_is_flagged_is_let_in_by_no_rule_of_its_group(burst: Burst) -> None:
    """It has the same mode; without the paths it would go through with the others."""
    odd = write(50, path="/home/ada/.ssh/authorized_keys")
    sheet = opened(burst, odd)
    assert decides(sheet).startswith("As they wait now: 7 of 8")
    untick(burst, "/path")
    burst.settle()
    assert decides(sheet).startswith("As they wait now: 8 of 8")
    press_save(burst)
    assert burst.scene.saved() == []
    assert "1 call unlike the others" in sheet.save.reason
    # One more comes while it is open, and then both are gone.
    later = write(51, path="/etc/passwd")
    burst.arrive(later)
    press_save(burst)
    assert burst.scene.saved() == []
    burst.end(odd, later)
    press_save(burst)
    assert len(burst.scene.saved()) == 1


def test_the_key_for_a_rule_makes_one_for_the_group_that_is_open(burst: Burst) -> None:
    burst.arrive(*map(write, range(7)))
    burst.open_group()
    sheet = burst.scene.group_rules.sheet
    burst.scene.key(Qt.Key.Key_Return, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert sheet.isVisible()
    assert sheet.isAncestorOf(burst.scene.window.focusWidget())
    burst.scene.key(Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert not sheet.isVisible()
    assert burst.scene.window.isVisible()
    # Of one call of it the key makes a rule of that call.
    burst.pane.call_opened.emit(write(0).id)
    burst.settle()
    burst.scene.key(Qt.Key.Key_Return, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    assert not sheet.isVisible()
    assert burst.scene.sheets.rule.isVisible()


def test_saving_is_armed_as_on_a_card_and_starts_anew_with_another_choice(burst: Burst) -> None:
    sheet = opened(burst)
    press_save(burst, 300)
    assert burst.scene.saved() == []
    burst.scene.click(sheet.choices[0][1])
    press_save(burst, 300)
    assert burst.scene.saved() == []
    press_save(burst)
    assert len(burst.scene.saved()) == 1


def test_nothing_of_the_group_can_be_pressed_beside_it(burst: Burst) -> None:
    sheet = opened(burst)
    burst.wait(5_000)
    burst.allow()
    burst.scene.key(Qt.Key.Key_Backspace, CONTROL)
    burst.pane.deny_all()
    burst.arrive(write(60))
    burst.wait(5_000)
    burst.allow()
    assert burst.scene.decided() == []
    sheet.close_sheet()
    assert not burst.pane.block.allow.armed, "it starts from zero"
    burst.wait(5_000)
    assert burst.pane.block.allow.armed


def test_a_call_that_ends_takes_no_rule_with_it_and_the_last_one_the_sheet(burst: Burst) -> None:
    sheet = opened(burst)
    assert sheet.sheet is not None
    gone = sheet.sheet.request_id
    burst.end(next(one for one in map(write, range(7)) if one.id == gone))
    assert sheet.isVisible()
    press_save(burst)
    (message,) = burst.scene.saved()
    waiting = {one.request.id: one.request.digest for one in burst.scene.queue.waiting}
    assert gone not in waiting
    assert waiting[message.request] == message.digest
    choice = burst.pane.choice
    assert choice is not None
    ids = {call.request_id for call in choice.calls}
    burst.end(*[one for one in map(write, range(7)) if one.id in ids])
    assert not sheet.isVisible()
    assert not burst.scene.group_rules.is_open
    press_save(burst)
    assert burst.scene.saved() == [message]


def test_a_key_held_down_saves_no_rule(burst: Burst) -> None:
    opened(burst)
    for _ in range(60):
        burst.clock.advance(33)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Y):
            burst.scene.key(key, Qt.KeyboardModifier.NoModifier)
    assert burst.scene.saved() == []


def test_a_held_agent_gets_no_rule_by_way_of_its_group(burst: Burst) -> None:
    burst.arrive(*map(write, range(7)))
    burst.open_group()
    agent = write(0).agent
    flood = FloodState(cause="prompts", count=40, seconds=60)
    held = AgentState(name=agent, enrolled=True, connections=1, flood=flood)
    burst.scene.queue.hold(frozenset({(agent, True)}))
    burst.scene.bridge.tell(StateChanged(agents=(held,)))
    burst.scene.click(burst.pane.block.rule)
    press_save(burst)
    assert burst.scene.saved() == []


def test_agents_that_stopped_waiting_are_told_apart(burst: Burst) -> None:
    requests = [write(number) for number in range(8)]
    burst.arrive(*requests)
    for one in requests:
        burst.scene.bridge.request_detached.emit(
            RequestDetached(id=one.id, cause="expired_no_answer", ago_ms=0)
        )
    burst.settle()
    burst.open_group()
    burst.scene.click(burst.pane.block.rule)
    sheet = burst.scene.group_rules.sheet.sheet
    assert sheet is not None
    assert not sheet.waits


def test_the_strip_leads_to_the_largest_group(burst: Burst) -> None:
    small = [
        make_request(f"other-{n}", tool="move_file", arguments={"n": n}, tier=Tier.T1)
        for n in range(5)
    ]
    burst.arrive(*small, *map(write, range(FROM)))
    burst.scene.view.triage.rule_wanted.emit()
    sheet = burst.scene.group_rules.sheet
    if burst.scene.model.group is not None and sheet.sheet is not None:
        assert sheet.sheet.tool == burst.scene.model.group.tool_short_name
    assert sheet.isVisible()
