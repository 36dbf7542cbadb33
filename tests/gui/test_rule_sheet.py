"""The sheet that makes a rule: narrowest first, armed for exactly the rule that is read out."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import ApprovalRequest, WithdrawCause
from keyturn.domain.canonical import JsonObject
from keyturn.domain.tier import Tier
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.presentation.rule_sheet import rule_sheet
from tests.fakes.approval_requests import a_call
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.sheets_scene import SheetsScene

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
SEQUENCES = 1_000
ARGUMENTS: JsonObject = {"order": 41, "to": "14 Quarry Road"}


def call(tier: Tier = Tier.T1, **more: Any) -> ApprovalRequest:
    """Return a call that a rule may decide."""
    return a_call(**{"subject": ARGUMENTS, "tier": tier, "lamps": "", "labels": "", **more})


@pytest.fixture
def scene(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[SheetsScene]:
    """Return a window with an empty queue."""
    made = SheetsScene(qtbot, look, clock)
    yield made
    let_go(made.window)


def open_sheet(scene: SheetsScene, request: ApprovalRequest) -> None:
    """Show a call and press the button of the decision row."""
    scene.ask(request)
    scene.wait(2_000)
    scene.click(scene.view.card.block.rule)
    assert scene.sheets.rule.isVisible()


def save(scene: SheetsScene) -> None:
    """Press the button that saves."""
    scene.wait(5_000)
    scene.click(scene.sheets.rule.save)


def test_the_narrowest_rule_is_this_exact_call(scene: SheetsScene) -> None:
    open_sheet(scene, call())
    save(scene)
    (message,) = scene.saved()
    data = json.loads(message.data)
    assert (data["agent"], data["server"], data["tool"]) == (
        "analyst",
        "logistics",
        "dispatch_all",
    )
    assert data["effect"] == "allow"
    assert data["when"] == [{"path": "", "op": "eq", "value": ARGUMENTS}]
    assert scene.decided() == []


def test_an_unticked_value_is_left_open_and_said_so(scene: SheetsScene) -> None:
    open_sheet(scene, call())
    sheet = scene.sheets.rule
    scene.click(sheet.choices[0][1])
    texts = [label.text() for label in sheet.findChildren(QLabel)]
    assert any("1 value may be anything" in text for text in texts)
    save(scene)
    (message,) = scene.saved()
    assert json.loads(message.data)["when"] == [
        {"path": "/to", "op": "eq", "value": "14 Quarry Road"}
    ]


def test_another_tick_is_another_rule_to_arm_for(scene: SheetsScene) -> None:
    open_sheet(scene, call())
    scene.wait(5_000)
    assert scene.sheets.rule.save.armed
    scene.click(scene.sheets.rule.choices[0][1])
    assert not scene.sheets.rule.save.armed


@pytest.mark.requirement("C8")
def test_the_sheet_forgets_every_choice(scene: SheetsScene) -> None:
    open_sheet(scene, call())
    sheet = scene.sheets.rule
    for _value, choice in sheet.choices:
        scene.click(choice)
    scene.click(sheet.cancel)
    scene.wait(2_000)
    scene.click(scene.view.card.block.rule)
    assert all(choice.isChecked() for _value, choice in sheet.choices)


def test_a_t2_rule_is_read_out_and_confirmed(scene: SheetsScene) -> None:
    scene.ask(call(Tier.T2))
    scene.confirm_card()
    scene.wait(2_000)
    scene.click(scene.view.card.block.rule)
    save(scene)
    assert scene.saved() == []
    assert scene.sheets.rule.save.reason == "Confirm the rule first"
    button = scene.sheets.rule.findChild(QAbstractButton, "confirm_/rule")
    assert button is not None
    scene.click(button)
    save(scene)
    assert len(scene.saved()) == 1


def test_a_t2_rule_owes_what_the_card_owes(scene: SheetsScene) -> None:
    open_sheet(scene, call(Tier.T2))
    sheet = scene.sheets.rule
    button = sheet.findChild(QAbstractButton, "confirm_/rule")
    assert button is not None
    scene.click(button)
    save(scene)
    assert scene.saved() == []
    assert sheet.save.reason.startswith("Confirm the ")
    assert sheet.outcome.outcome is Outcome.OWED


def test_a_t2_rule_needs_a_fixed_value(scene: SheetsScene) -> None:
    scene.ask(call(Tier.T2))
    scene.confirm_card()
    scene.wait(2_000)
    scene.click(scene.view.card.block.rule)
    for _value, choice in scene.sheets.rule.choices:
        scene.click(choice)
    assert "needs at least one fixed value" in scene.sheets.rule.save.reason
    save(scene)
    assert scene.saved() == []


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (call(Tier.T3), "Nobody has confirmed how far this tool reaches."),
        (call(because="three_lamps"), "Untrusted text and private data were read"),
        (call(because="rule", rule="Ask about orders"), 'Your rule "Ask about orders" asks you'),
        (call(tool="dispatch_*"), "A name here holds * or ?"),
    ],
)
def test_where_no_rule_can_decide_the_sheet_says_why(
    scene: SheetsScene, request_: ApprovalRequest, why: str
) -> None:
    open_sheet(scene, request_)
    sheet = scene.sheets.rule
    assert sheet.note.text().startswith(why)
    assert not sheet.save.isVisible()
    assert sheet.choices == []
    sheet.action.pressed.emit(None)
    assert scene.saved() == []


def test_the_sheet_closes_when_the_rule_decides(scene: SheetsScene) -> None:
    request = call()
    open_sheet(scene, request)
    save(scene)
    scene.end(request, WithdrawCause.DECIDED_BY_RULE)
    scene.bridge.answer()
    scene.qtbot.waitUntil(lambda: not scene.sheets.is_open, timeout=2_000)


def test_a_rule_that_decides_nothing_says_so(scene: SheetsScene) -> None:
    open_sheet(scene, call())
    save(scene)
    scene.bridge.answer()
    assert scene.sheets.rule.isVisible()
    assert scene.sheets.rule.outcome.outcome is Outcome.OWED


def test_a_rule_that_is_refused_says_why(scene: SheetsScene) -> None:
    open_sheet(scene, call())
    save(scene)
    scene.bridge.answer(ok=False, sentence="The rule cannot be read.")
    assert scene.sheets.rule.outcome.sentence == "The rule cannot be read."


def test_the_shortcut_opens_and_never_saves(scene: SheetsScene) -> None:
    scene.ask(call())
    scene.wait(5_000)
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    scene.key(Qt.Key.Key_Return, keys)
    assert scene.sheets.rule.isVisible()
    for _ in range(5):
        scene.wait(2_000)
        scene.key(Qt.Key.Key_Return, keys)
    assert scene.saved() == []


def test_hostile_values_stand_whole_and_inert(scene: SheetsScene) -> None:
    value = "<b>x</b>\u202eevil\n" + "y" * 400
    open_sheet(scene, a_call(subject={"a&b/c": value}, tier=Tier.T1, lamps="", labels=""))
    sheet = scene.sheets.rule
    assert [one.value for one, _choice in sheet.choices] == [value]
    for label in sheet.findChildren(QLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText
    assert f'"{value}"' in [label.text() for label in sheet.findChildren(QLabel)]
    (_one, choice) = sheet.choices[0]
    assert choice.accessibleName().startswith("/a&b~1c has to be ")


def choose(scene: SheetsScene, span: str) -> None:
    """Press one of the times that it can hold."""
    choice = scene.sheets.rule.findChild(QAbstractButton, f"span_{span}")
    assert choice is not None
    scene.click(choice)


@pytest.mark.parametrize(
    ("span", "seconds"), [("quarter", 900.0), ("hour", 3600.0), ("session", None)]
)
def test_an_approval_is_remembered_for_a_while(
    scene: SheetsScene, span: str, seconds: float | None
) -> None:
    request = call()
    open_sheet(scene, request)
    choose(scene, span)
    save(scene)
    (message,) = scene.saved()
    assert (message.request, message.digest) == (request.id, request.digest)
    assert message.seconds == seconds


def test_the_shortest_time_is_chosen_each_time(scene: SheetsScene) -> None:
    open_sheet(scene, call())
    choose(scene, "always")
    scene.click(scene.sheets.rule.cancel)
    scene.wait(2_000)
    scene.click(scene.view.card.block.rule)
    save(scene)
    (message,) = scene.saved()
    assert message.seconds == 900.0


def test_a_rule_without_an_end_takes_one_more_tick(scene: SheetsScene) -> None:
    open_sheet(scene, call())
    sheet = scene.sheets.rule
    choose(scene, "always")
    save(scene)
    assert scene.saved() == []
    scene.click(sheet.endless)
    assert not sheet.save.armed
    save(scene)
    (message,) = scene.saved()
    assert (message.request, message.seconds) == ("", None)


def _play_with(scene: SheetsScene, dice: random.Random) -> None:
    """Change what is chosen in the open sheet, in some order."""
    sheet = scene.sheets.rule
    choices = [choice for _value, choice in sheet.choices]
    everything = [*choices, *sheet.spans.values(), sheet.endless]
    for choice in dice.sample(everything, dice.randint(0, 3)):
        # A radio that is chosen stays so.
        choice.setChecked(dice.random() < 0.5 or choice in sheet.spans.values())


@pytest.mark.requirement("C8")
def test_after_any_sequence_it_opens_at_the_narrowest(scene: SheetsScene, look: Look) -> None:
    dice = random.Random(8)
    calls = [call(Tier.T1), call(Tier.T2), call(Tier.T1, tool="other", lamps="U")]
    offered = [rule_sheet(one, look.words, revision=1, waits=True) for one in calls]
    sheet = scene.sheets.rule
    # Laid out and painted so often it would take minutes, and choose nothing else.
    scene.window.hide()
    for number in range(SEQUENCES):
        shown = dice.choice(offered)
        sheet.begin(shown, "send", dice.choice(("", "", "Look at lines 2-9")))
        assert len(sheet.choices) == len(ARGUMENTS)
        assert all(choice.isChecked() for _value, choice in sheet.choices), number
        chosen = [span for span, choice in sheet.spans.items() if choice.isChecked()]
        assert chosen == [shown.spans[0]], number
        assert not sheet.endless.isChecked()
        _play_with(scene, dice)
        if dice.random() < 0.8:
            dice.choice((sheet.hide, sheet.cancel.click))()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert scene.bridge.sent == []
