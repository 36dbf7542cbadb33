"""Arguments that a person edits: sent to be judged, shown as another card, armed from zero."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import ApprovalRequest, AskedFor, WithdrawCause
from keyturn.application.console_protocol import IntentDone, RequestDetached, RequestShown
from keyturn.application.edit_messages import EditCall
from keyturn.domain.canonical import JsonObject, canonical, digest_of, parse_strict
from keyturn.domain.edit import LONGEST_EDIT_BYTES
from keyturn.domain.origin import Origin, Trace
from keyturn.domain.tier import Tier
from keyturn.domain.typed import ON_CARD
from keyturn.gui.look import Look
from keyturn.gui.queue.card_pane import DIFF, READABLE
from keyturn.presentation.arming import Owed
from tests.fakes.approval_requests import a_call
from tests.fakes.masked_calls import TOKEN, masked_call
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.sheets_scene import SheetsScene

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
ASKED: JsonObject = {"order": 41, "to": "14 Quarry Road"}
MINE: JsonObject = {"order": 41, "to": "2 Mill Lane"}
CALL = replace(a_call(subject=ASKED, tier=Tier.T1), call="c-1")
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def scene(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[SheetsScene]:
    """Return a window with one T1 call on screen, armed."""
    made = SheetsScene(qtbot, look, clock)
    made.ask(CALL)
    made.wait(2_000)
    yield made
    let_go(made.window)


def edited(call: ApprovalRequest = CALL, subject: JsonObject = MINE) -> ApprovalRequest:
    """Return what the broker asks about after an edit."""
    arguments = canonical(subject)
    return replace(
        call,
        id=f"{call.id}.2",
        arguments=arguments.decode(),
        digest=digest_of(arguments),
        edited=AskedFor(arguments=call.arguments, digest=call.digest),
    )


def open_sheet(scene: SheetsScene) -> None:
    scene.click(scene.view.card.edit)
    assert scene.sheets.edit.isVisible()


def show(scene: SheetsScene, request: ApprovalRequest) -> None:
    """Play a request until its card is open."""

    def is_open() -> bool:
        shown = scene.queue.open_request
        return shown is not None and shown.id == request.id

    scene.bridge.request_shown.emit(_shown(request))
    scene.qtbot.waitUntil(is_open)
    scene.window.grab()


def show_in(scene: SheetsScene, request: ApprovalRequest) -> None:
    """Play a request beside another, and open it."""
    scene.bridge.request_shown.emit(_shown(request))
    scene.queue.open_card(request.id)
    scene.window.grab()


def write(scene: SheetsScene, subject: JsonObject = MINE) -> None:
    scene.sheets.edit.field.setPlainText(canonical(subject).decode())


def sent(scene: SheetsScene) -> list[EditCall]:
    return [message for message in scene.bridge.sent if isinstance(message, EditCall)]


@pytest.mark.requirement("EDIT-3")
def test_what_is_written_goes_to_be_judged_and_allows_nothing(scene: SheetsScene) -> None:
    open_sheet(scene)
    sheet = scene.sheets.edit
    assert sheet.field.hasFocus()
    read = parse_strict(sheet.field.toPlainText())
    assert getattr(read, "value", None) == ASKED
    assert not sheet.send.isEnabled()
    write(scene)
    scene.click(sheet.send)
    (message,) = sent(scene)
    assert (message.id, message.digest) == (CALL.id, CALL.digest)
    assert getattr(parse_strict(message.arguments), "value", None) == MINE
    assert scene.decided() == []
    # Not twice, while nothing was heard of it.
    assert not sheet.send.isEnabled()


@pytest.mark.requirement("CARD-MASK")
def test_what_is_hidden_is_written_in_a_field_only_after_a_look(scene: SheetsScene) -> None:
    masked = replace(masked_call({"token": TOKEN}), id="c-9", call="c-9", tier=Tier.T1)
    show_in(scene, masked)
    scene.key(Qt.Key.Key_E, CONTROL)
    assert not scene.sheets.edit.isVisible()
    scene.click(scene.view.card.reveal.row.button)
    scene.key(Qt.Key.Key_E, CONTROL)
    assert scene.sheets.edit.isVisible()
    assert TOKEN in scene.sheets.edit.field.toPlainText()


def test_a_call_that_ends_while_another_page_is_shown_takes_the_sheet_along(
    scene: SheetsScene,
) -> None:
    open_sheet(scene)
    scene.view.hide()
    scene.end(CALL, WithdrawCause.CANCELLED)
    scene.qtbot.waitUntil(lambda: not scene.sheets.is_open, timeout=2_000)
    scene.view.show()
    assert not scene.sheets.edit.isVisible()
    hide = scene.window.findChild(QShortcut, "key_hide")
    assert hide is not None
    assert hide.isEnabled()


def test_the_keyboard_alone_edits(scene: SheetsScene) -> None:
    scene.key(Qt.Key.Key_E, CONTROL)
    sheet = scene.sheets.edit
    assert sheet.isVisible()
    scene.key(Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(scene.window.focusWidget(), '{"order": 42}')
    steps = 0
    while scene.window.focusWidget() is not sheet.send:
        scene.key(Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier)
        steps += 1
        assert steps < 10
    scene.key(Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier)
    (message,) = sent(scene)
    assert message.arguments == '{"order": 42}'


@pytest.mark.requirement("EDIT-3")
def test_the_card_that_comes_back_opens_on_the_difference_and_arms_from_zero(
    scene: SheetsScene,
) -> None:
    assert scene.view.watch.arming.state(scene.clock()).armed
    open_sheet(scene)
    write(scene)
    scene.click(scene.sheets.edit.send)
    (message,) = sent(scene)
    scene.end(CALL, WithdrawCause.ASKED_ANEW)
    anew = edited()
    show(scene, anew)
    scene.bridge.intent_done.emit(IntentDone(n=message.n, ok=True))
    assert not scene.sheets.edit.isVisible()
    card = scene.view.card
    assert card.card is not None
    assert (card.card.request_id, card.card.digest) == (anew.id, anew.digest)
    assert card.tabs.active() == DIFF
    told = [row.text.strip() for row in card.card.diff if row.changed]
    assert told == ['"to": "14 Quarry Road"', '"to": "2 Mill Lane"']
    assert not scene.view.watch.arming.state(scene.clock()).armed
    scene.click(card.block.allow)
    assert scene.decided() == []
    scene.wait(2_000)
    scene.click(card.block.allow)
    (decide,) = scene.decided()
    assert (decide.id, decide.digest) == (anew.id, anew.digest)


@pytest.mark.requirement("EDIT-3")
def test_every_line_of_the_difference_has_to_be_on_screen_once(scene: SheetsScene) -> None:
    scene.end(CALL, WithdrawCause.ASKED_ANEW)
    show(scene, edited(subject={"order": 41, "to": [f"{n} Mill Lane" for n in range(120)]}))
    scene.wait(2_000)
    assert scene.view.watch.arming.state(scene.clock()).owed is Owed.LOOK
    diff = scene.view.card.diff
    scene.view.card.choose_tab(READABLE)
    scene.wait(2_000)
    assert scene.view.watch.arming.state(scene.clock()).owed is Owed.LOOK
    scene.view.card.choose_tab(DIFF)

    def read() -> bool:
        diff.show_unseen()
        scene.window.grab()
        return diff.unseen is None

    scene.qtbot.waitUntil(read)
    scene.wait(2_000)
    assert scene.view.watch.arming.state(scene.clock()).armed


@pytest.mark.requirement("EDIT-3")
@pytest.mark.parametrize("server", ["web", ""])
def test_where_a_value_came_from_has_to_be_on_screen_too(scene: SheetsScene, server: str) -> None:
    """Whoever edits at once has seen no origin; what they typed themselves is nothing to see."""
    scene.end(CALL, WithdrawCause.ASKED_ANEW)
    origin = Origin(
        path="/order",
        value="41",
        result=1,
        server=server,
        tool="fetch" if server else ON_CARD,
        offset=0,
        line=1,
        excerpt="order 41" if server else "",
        excerpt_line=1,
        untrusted=bool(server),
    )
    show(scene, replace(edited(), trace=Trace(origins=(origin,))))
    scene.wait(2_000)
    card = scene.view.card
    assert card.tabs.active() == DIFF
    assert scene.view.watch.arming.state(scene.clock()).armed is not bool(server)
    card.choose_tab(READABLE)

    def read() -> bool:
        scene.window.grab()
        return card.seen.unseen is None

    scene.qtbot.waitUntil(read)
    scene.wait(2_000)
    assert scene.view.watch.arming.state(scene.clock()).armed


@pytest.mark.requirement("EDIT-3")
def test_a_value_is_confirmed_anew_once_it_is_another_one(scene: SheetsScene) -> None:
    scene.end(CALL, WithdrawCause.CANCELLED)
    risky = replace(a_call(subject=ASKED, tier=Tier.T2), id="risky", call="risky")
    show(scene, risky)
    scene.confirm_card()
    scene.wait(2_000)
    assert scene.view.watch.arming.state(scene.clock()).armed
    scene.end(risky, WithdrawCause.ASKED_ANEW)
    anew = edited(risky)
    show(scene, anew)
    scene.wait(5_000)
    assert scene.view.watch.arming.state(scene.clock()).owed is Owed.CONFIRM
    scene.key(Qt.Key.Key_Return, CONTROL)
    assert scene.decided() == []
    scene.confirm_card()
    scene.wait(2_000)
    scene.click(scene.view.card.block.allow)
    (decide,) = scene.decided()
    assert (decide.id, decide.digest) == (anew.id, anew.digest)


def test_a_call_that_came_meanwhile_does_not_take_its_place(scene: SheetsScene) -> None:
    other = replace(a_call(subject={"order": 7}, tier=Tier.T1), id="later", call="c-9")
    scene.bridge.request_shown.emit(_shown(other))
    scene.wait(100)
    scene.qtbot.waitUntil(lambda: scene.model.rows.place_of("later") == 1)
    scene.end(CALL, WithdrawCause.ASKED_ANEW)
    anew = edited()
    scene.bridge.request_shown.emit(_shown(anew))
    assert scene.queue.open_request is not None
    assert scene.queue.open_request.id == anew.id
    scene.qtbot.waitUntil(lambda: scene.model.rows.place_of(anew.id) == 0)
    assert scene.model.rows.place_of("later") == 1


@pytest.mark.parametrize("text", ['{"order": 41', '{"order": 1, "order": 2}', "[1]", "\ud800"])
def test_what_is_no_object_of_json_is_said_in_place(scene: SheetsScene, text: str) -> None:
    open_sheet(scene)
    sheet = scene.sheets.edit
    sheet.field.setPlainText(text)
    assert not sheet.send.isEnabled()
    assert sheet.check.fault
    assert sheet.send.accessibleDescription() == sheet.check.fault
    scene.click(sheet.send)
    assert sent(scene) == []


def test_what_the_broker_refuses_stays_as_it_was_written(scene: SheetsScene) -> None:
    open_sheet(scene)
    write(scene)
    scene.click(scene.sheets.edit.send)
    (message,) = sent(scene)
    told = IntentDone(n=message.n, ok=False, sentence="Your rule denies this call.")
    scene.bridge.intent_done.emit(told)
    sheet = scene.sheets.edit
    assert sheet.isVisible()
    assert getattr(parse_strict(sheet.field.toPlainText()), "value", None) == MINE
    assert sheet.send.isEnabled()


@pytest.mark.requirement("EDIT-3")
def test_nothing_below_the_sheet_can_be_decided(scene: SheetsScene) -> None:
    open_sheet(scene)
    scene.wait(5_000)
    assert scene.view.watch.arming.state(scene.clock()).owed is Owed.BROKER
    scene.key(Qt.Key.Key_Return, CONTROL)
    scene.key(Qt.Key.Key_Backspace, CONTROL)
    assert scene.decided() == []
    # Nor where the card is shown anew below it, as a PIN does that comes into use.
    scene.view.request_chosen.emit(CALL.id)
    scene.sheets.edit.field.setFocus()
    scene.wait(10_000)
    scene.key(Qt.Key.Key_Return, CONTROL)
    assert scene.decided() == []
    scene.key(Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert not scene.sheets.edit.isVisible()
    assert scene.window.isVisible()
    assert sent(scene) == []


def test_hidden_characters_stand_as_escapes_and_stay_what_they_are(scene: SheetsScene) -> None:
    hidden: JsonObject = {"to": "14\u202e Quarry\u200b\u00a0Road"}
    scene.end(CALL, WithdrawCause.CANCELLED)
    scene.ask(replace(a_call(subject=hidden, tier=Tier.T1), id="hidden"))
    scene.view.card.edit.click()
    text = scene.sheets.edit.field.toPlainText()
    assert "14\\u202e Quarry\\u200b\\u00a0Road" in text
    assert getattr(parse_strict(text), "value", None) == hidden
    assert not scene.sheets.edit.check.changed


def test_it_can_be_as_the_agent_asked_again(scene: SheetsScene) -> None:
    scene.end(CALL, WithdrawCause.ASKED_ANEW)
    show(scene, edited())
    scene.view.card.edit.click()
    sheet = scene.sheets.edit
    assert sheet.undo.isVisible()
    scene.click(sheet.undo)
    scene.click(sheet.send)
    (message,) = sent(scene)
    assert getattr(parse_strict(message.arguments), "value", None) == ASKED


@pytest.mark.parametrize("why", ["large", "result", "stopped"])
def test_what_is_not_edited_has_no_button_and_no_key(scene: SheetsScene, why: str) -> None:
    if why == "stopped":
        scene.bridge.request_detached.emit(_detached(CALL))
    else:
        scene.end(CALL, WithdrawCause.CANCELLED)
        large: JsonObject = {"text": "x" * LONGEST_EDIT_BYTES}
        other = a_call(subject=large if why == "large" else ASKED, tier=Tier.T1)
        method = "resources/read" if why == "result" else other.method
        show(scene, replace(other, id="other", method=method))
    assert not scene.view.card.edit.isVisible()
    scene.key(Qt.Key.Key_E, CONTROL)
    assert not scene.sheets.edit.isVisible()


def test_what_is_written_stays_over_another_page_and_where_the_agent_stops_waiting(
    scene: SheetsScene,
) -> None:
    """Fifty seconds are soon over while one writes, and one looks things up meanwhile."""
    open_sheet(scene)
    sheet = scene.sheets.edit
    write(scene)
    text = sheet.field.toPlainText()
    hide = scene.window.findChild(QShortcut, "key_hide")
    assert hide is not None
    assert not hide.isEnabled()
    scene.view.hide()
    assert hide.isEnabled(), "elsewhere Escape is the window's"
    scene.view.show()
    assert not hide.isEnabled()
    scene.qtbot.waitUntil(lambda: scene.window.focusWidget() is sheet.field, timeout=2_000)
    assert (sheet.isVisible(), sheet.field.toPlainText()) == (True, text)
    scene.wait(10_000)
    scene.key(Qt.Key.Key_Return, CONTROL)
    assert scene.decided() == []
    scene.bridge.request_detached.emit(_detached(CALL))
    scene.wait(100)
    assert sheet.isVisible()
    assert sheet.field.toPlainText() == text
    assert scene.window.focusWidget() is sheet.field
    assert sheet.outcome.sentence.startswith("This call has ended, or its agent waits no more.")
    QTest.keyClicks(sheet.field, " ")
    assert not sheet.send.isEnabled()
    scene.click(sheet.send)
    assert sent(scene) == []
    # Nothing below it can be allowed as long as it covers the card.
    scene.wait(10_000)
    scene.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert scene.decided() == []
    scene.key(Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert not sheet.isVisible()
    assert not scene.sheets.is_open


@pytest.mark.requirement("EDIT-3")
def test_an_edited_call_is_in_no_group(scene: SheetsScene) -> None:
    scene.end(CALL, WithdrawCause.CANCELLED)
    for n in range(6):
        one = replace(a_call(subject={"order": n}, tier=Tier.T1), id=f"n{n}", call=f"c{n}")
        shown = edited(one, {"order": 99}) if n == 5 else one
        scene.bridge.request_shown.emit(_shown(shown))
    scene.wait(100)
    scene.qtbot.waitUntil(lambda: scene.model.rows.place_of("n5.2") >= 0)
    place = scene.model.rows.place_of("n5.2")
    assert scene.model.rows.request_at(place) == "n5.2"


def test_the_first_tab_is_the_readable_one_where_nothing_was_edited(scene: SheetsScene) -> None:
    assert scene.view.card.tabs.active() == READABLE


def test_its_controls_have_names(scene: SheetsScene) -> None:
    assert scene.view.card.edit.accessibleName().startswith("Edit the arguments: ")
    open_sheet(scene)
    sheet = scene.sheets.edit
    for widget in (sheet.field, sheet.send, sheet.cancel):
        assert widget.accessibleName()


def _shown(request: ApprovalRequest) -> RequestShown:
    return RequestShown(request=request, remaining_ms=38_000)


def _detached(request: ApprovalRequest) -> RequestDetached:
    return RequestDetached(id=request.id, cause="cancelled_by_client")
