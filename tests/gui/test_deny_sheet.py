"""The sheet of words to the agent: it denies only when it is sent, and Esc closes it alone."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import WithdrawCause
from keyturn.application.console_protocol import RequestDetached
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from tests.fakes.approval_requests import a_call
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.sheets_scene import SheetsScene

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
CALL = a_call(subject={"order": 41, "to": "14 Quarry Road"}, tier=Tier.T1)
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def scene(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[SheetsScene]:
    """Return a window with one T1 call on screen, armed."""
    made = SheetsScene(qtbot, look, clock)
    made.ask(CALL)
    made.wait(2_000)
    yield made
    let_go(made.window)


def open_sheet(scene: SheetsScene) -> None:
    """Press the button of the decision row."""
    scene.click(scene.view.card.block.deny_with_message)
    assert scene.sheets.deny.isVisible()
    scene.wait(1_000)


def test_a_message_goes_with_the_denial(scene: SheetsScene) -> None:
    open_sheet(scene)
    sheet = scene.sheets.deny
    assert sheet.field.hasFocus()
    assert not sheet.send.isEnabled()
    QTest.keyClicks(sheet.field, "Use the staging warehouse.")
    scene.wait(500)
    scene.click(sheet.send)
    (decide,) = scene.decided()
    assert (decide.id, decide.digest, decide.allow) == (CALL.id, CALL.digest, False)
    assert decide.message == "Use the staging warehouse."
    assert decide.prompt_hash
    assert not sheet.isVisible()


def test_escape_closes_the_sheet_and_not_the_window(scene: SheetsScene) -> None:
    open_sheet(scene)
    QTest.keyClicks(scene.sheets.deny.field, "Some words")
    scene.key(Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert not scene.sheets.deny.isVisible()
    assert scene.window.isVisible()
    assert scene.decided() == []
    scene.key(Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert not scene.window.isVisible()
    assert scene.decided() == []


def test_a_call_asked_anew_is_another_card_that_starts_from_zero(scene: SheetsScene) -> None:
    told: list[object] = []
    scene.model.decided_changed.connect(told.extend)
    scene.end(CALL, WithdrawCause.ASKED_ANEW)
    anew = replace(CALL, id=f"{CALL.id}.2", tier=Tier.T3)
    scene.ask(anew)
    shown = scene.queue.open_request
    assert shown is not None
    assert (shown.id, shown.tier) == (anew.id, Tier.T3)
    assert told == []
    scene.click(scene.view.card.block.allow)
    assert scene.decided() == []


def test_words_for_one_call_are_not_kept_for_the_next(scene: SheetsScene) -> None:
    open_sheet(scene)
    QTest.keyClicks(scene.sheets.deny.field, "Some words")
    scene.click(scene.sheets.deny.cancel)
    open_sheet(scene)
    assert scene.sheets.deny.field.toPlainText() == ""


def test_five_templates_fill_the_field_and_can_be_changed(scene: SheetsScene) -> None:
    open_sheet(scene)
    sheet = scene.sheets.deny
    assert len(sheet.templates) == 5
    for button in sheet.templates:
        scene.click(button)
        assert sheet.field.toPlainText() == button.accessibleName()
        assert sheet.field.hasFocus()
    QTest.keyClicks(sheet.field, " Thanks.")
    assert sheet.field.toPlainText().endswith(" Thanks.")


def test_too_long_is_neither_cut_nor_sent(scene: SheetsScene) -> None:
    open_sheet(scene)
    sheet = scene.sheets.deny
    sheet.field.setPlainText("x" * 500)
    assert sheet.send.isEnabled()
    sheet.field.setPlainText("x" * 501)
    assert not sheet.send.isEnabled()
    assert sheet.send.accessibleDescription() == "501 of 500 characters: shorten it"
    sheet.field.setPlainText("  \n ")
    assert not sheet.send.isEnabled()


def test_nothing_below_the_sheet_can_be_decided(scene: SheetsScene) -> None:
    open_sheet(scene)
    scene.wait(10_000)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_L):
        scene.key(key, CONTROL)
        scene.key(key, CONTROL | SHIFT)
    assert not scene.view.card.block.allow.armed
    assert scene.decided() == []
    assert scene.sheets.deny.isVisible()


def test_tab_stays_inside(scene: SheetsScene) -> None:
    open_sheet(scene)
    for _ in range(12):
        scene.key(Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier)
        assert scene.sheets.deny.isAncestorOf(scene.window.focusWidget())


def test_the_sheet_goes_with_its_card(scene: SheetsScene) -> None:
    open_sheet(scene)
    scene.end(CALL, WithdrawCause.CANCELLED)
    scene.qtbot.waitUntil(lambda: not scene.sheets.deny.isVisible(), timeout=2_000)
    assert not scene.sheets.is_open
    assert scene.decided() == []


def test_a_message_is_not_lost_where_the_agent_stops_waiting(scene: SheetsScene) -> None:
    open_sheet(scene)
    QTest.keyClicks(scene.sheets.deny.field, "Ask for less.")
    scene.bridge.request_detached.emit(RequestDetached(id=CALL.id, cause="expired_no_answer"))
    scene.wait(10_000)
    assert scene.sheets.deny.isVisible()
    scene.key(Qt.Key.Key_Return, CONTROL)
    assert scene.decided() == [], "the card below stays shut"
    scene.click(scene.sheets.deny.send)
    (decision,) = scene.decided()
    assert (decision.id, decision.allow, decision.message) == (CALL.id, False, "Ask for less.")


def test_after_closing_the_card_arms_from_zero(scene: SheetsScene) -> None:
    open_sheet(scene)
    scene.click(scene.sheets.deny.cancel)
    assert not scene.view.card.block.allow.armed
    scene.wait(2_000)
    assert scene.view.card.block.allow.armed
    assert scene.view.card.headline.sentence.hasFocus()


def test_the_button_names_what_is_denied(scene: SheetsScene) -> None:
    open_sheet(scene)
    name = scene.sheets.deny.send.accessibleName()
    assert name.startswith("Deny and send: dispatch")


@pytest.mark.requirement("FLOOD")
def test_the_agent_of_a_card_is_paused_from_its_sheet(scene: SheetsScene) -> None:
    """Nothing is decided by that; what the broker makes of it is said over the queue."""
    wanted: list[tuple[str, bool, str]] = []

    def note(agent: str, known: bool, choice: str) -> None:
        wanted.append((agent, known, choice))

    scene.view.triage.flood_settled.connect(note)
    open_sheet(scene)
    sheet = scene.sheets.deny
    assert sheet.pause.text() == "Pause analyst"
    scene.click(sheet.pause)
    assert wanted == [("analyst", True, "pause")]
    assert not sheet.isVisible()
    assert scene.decided() == []
