"""A press is an approval only when it was made by a person, armed, on what is on screen."""

from collections.abc import Iterator
from dataclasses import replace

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QAccessible,
    QAccessibleActionInterface,
    QKeyEvent,
    QMouseEvent,
    QPointingDevice,
)
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.queue.view import QueueView
from keyturn.gui.theme import Appearance
from keyturn.gui.widgets.allow_button import AllowButton
from keyturn.gui.widgets.buttons import PillButton
from keyturn.presentation.answer import Answer, Route
from keyturn.presentation.card import CardView
from tests.gui import gallery_data as data
from tests.gui.conftest import Clock
from tests.gui.scenes import QueueScene, let_go, settle

pytestmark = pytest.mark.gui
CONTROL = Qt.KeyboardModifier.ControlModifier
PLAIN = replace(
    data.CARD,
    tier=Tier.T1,
    decisive=tuple(replace(value, owed=False) for value in data.CARD.decisive),
)


class Desk:
    """A shown queue, what it asked for, and a person at its keyboard."""

    def __init__(self, qtbot: QtBot, look: Look, clock: Clock) -> None:
        self.qtbot = qtbot
        self.clock = clock
        self.scene = QueueScene(look, clock)
        self.view: QueueView = self.scene.queue
        self.allowed: list[Answer] = []
        self.denied: list[Answer] = []
        self.view.allow_requested.connect(self.allowed.append)
        self.view.deny_requested.connect(self.denied.append)
        with qtbot.waitExposed(self.scene.window):
            self.scene.window.show()
        self.scene.window.activateWindow()
        qtbot.waitUntil(self.scene.window.isActiveWindow, timeout=2_000)
        self.settle()

    @property
    def allow(self) -> AllowButton:
        """Return the button."""
        return self.view.card.block.allow

    def settle(self) -> None:
        """Let the window come to rest."""
        self.qtbot.waitUntil(lambda: self.view.card.arguments.unseen is None, timeout=2_000)
        self.scene.window.grab()

    def show(self, card: CardView) -> None:
        """Put a card on screen."""
        self.scene.model.show_card(card)
        self.settle()

    def wait(self, milliseconds: int) -> None:
        """Let time pass and be noticed."""
        self.clock.advance(milliseconds)
        self.view.watch.ticked.emit()

    def click(self, widget: QWidget) -> None:
        """Press and let go of a widget with the pointer."""
        self.qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)

    def confirm(self) -> None:
        """Press the value that is owed."""
        self.click(self.view.card.decisive.boxes()[0].confirm_button)


@pytest.fixture
def desk(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[Desk]:
    """Return a desk with a T2 card on it."""
    made = Desk(qtbot, look, clock)
    yield made
    let_go(made.scene.window)


def test_an_armed_click_allows_exactly_what_is_shown(desk: Desk) -> None:
    desk.show(PLAIN)
    desk.wait(700)
    assert desk.allow.armed
    desk.click(desk.allow)
    (answer,) = desk.allowed
    assert (answer.request_id, answer.digest) == (PLAIN.request_id, PLAIN.digest)
    assert answer.route is Route.POINTER
    assert answer.shown_for_ms >= 700
    assert answer.after_arming_ms == answer.shown_for_ms - 700


@pytest.mark.requirement("C6")
def test_what_is_told_beside_the_card_moves_it_and_arms_anew(desk: Desk) -> None:
    desk.show(PLAIN)
    desk.wait(700)
    assert desk.allow.armed
    desk.scene.window.alert.tell("A server was ended.")
    desk.settle()
    assert not desk.allow.armed
    desk.click(desk.allow)
    assert desk.allowed == []


@pytest.mark.requirement("C6")
def test_a_t2_call_needs_its_value_confirmed(desk: Desk) -> None:
    desk.wait(5_000)
    desk.click(desk.allow)
    assert desk.allow.reason == "Confirm the address first"
    assert desk.allowed == []
    desk.wait(1_000)
    desk.confirm()
    desk.wait(299)
    desk.click(desk.allow)
    assert desk.allowed == []
    desk.wait(1_200)
    desk.click(desk.allow)
    assert [answer.request_id for answer in desk.allowed] == ["r1"]


def test_an_unarmed_button_says_why_and_stays_where_it_is(desk: Desk) -> None:
    before = desk.allow.geometry()
    assert desk.allow.accessibleDescription() == "Confirm the address first"
    desk.confirm()
    desk.wait(100)
    assert desk.allow.accessibleDescription() == "Ready in 2 s"
    desk.wait(1_200)
    assert desk.allow.geometry() == before
    assert desk.allow.reason == "Ctrl+Enter, then your PIN"


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Enter])
def test_a_key_on_the_armed_button_allows_once(desk: Desk, key: Qt.Key) -> None:
    desk.show(PLAIN)
    desk.allow.setFocus()
    desk.wait(1_200)
    desk.qtbot.keyClick(desk.allow, key)
    assert [answer.route for answer in desk.allowed] == [Route.KEYBOARD]


def test_the_shortcut_allows_once(desk: Desk) -> None:
    desk.show(PLAIN)
    desk.wait(1_200)
    desk.qtbot.keyClick(desk.view.card.headline.sentence, Qt.Key.Key_Return, CONTROL)
    desk.qtbot.keyClick(desk.view.card.headline.sentence, Qt.Key.Key_Return, CONTROL)
    assert len(desk.allowed) == 1


@pytest.mark.requirement("C2")
@pytest.mark.parametrize(
    "key", [Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Y, Qt.Key.Key_A, Qt.Key.Key_1]
)
def test_typing_through_decides_nothing(desk: Desk, key: Qt.Key) -> None:
    for number in range(50):
        card = replace(PLAIN, request_id=f"n{number}", digest=f"{number:064x}")
        desk.scene.model.show_card(card)
        for _ in range(40):
            target = QApplication.focusWidget() or desk.scene.window
            desk.qtbot.keyClick(target, key)
            desk.wait(33)
    assert (desk.allowed, desk.denied) == ([], [])


def test_an_event_is_noted_once_however_many_widgets_it_is_offered_to(desk: Desk) -> None:
    desk.show(PLAIN)
    ticks: list[None] = []
    desk.view.watch.ticked.connect(lambda: ticks.append(None))
    desk.qtbot.keyClick(desk.view.card.headline.sentence, Qt.Key.Key_A)
    assert len(ticks) == len(["press", "release"])


@pytest.mark.requirement("S1")
def test_a_made_up_event_allows_nothing(desk: Desk) -> None:
    desk.show(PLAIN)
    desk.wait(2_000)
    assert desk.allow.armed
    desk.allow.click()
    desk.allow.animateClick()
    middle = QPointF(desk.allow.rect().center())
    for kind in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease):
        device = QPointingDevice.primaryPointingDevice()
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        where = QPointF(desk.allow.mapToGlobal(QPoint(10, 10)))
        event = QMouseEvent(kind, middle, where, left, left, none, device)
        QApplication.sendEvent(desk.allow, event)
        desk.wait(1_000)
    for modifiers, key in ((CONTROL, Qt.Key.Key_Return), (none, Qt.Key.Key_Space)):
        for target in (desk.allow, desk.scene.window):
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                QApplication.sendEvent(target, QKeyEvent(kind, key, modifiers))
                desk.wait(1_000)
    desk.qtbot.wait(150)
    assert desk.allowed == []


def press_by_accessibility(button: AllowButton) -> None:
    """Do what a screen reader does."""
    interface = QAccessible.queryAccessibleInterface(button)
    assert interface is not None
    actions = interface.actionInterface()
    assert actions is not None
    actions.doAction(QAccessibleActionInterface.pressAction())


@pytest.mark.requirement("S1")
def test_assistive_technology_allows_an_armed_t1_call(desk: Desk) -> None:
    desk.show(PLAIN)
    press_by_accessibility(desk.allow)
    assert desk.allowed == []
    desk.wait(1_200)
    press_by_accessibility(desk.allow)
    assert [answer.route for answer in desk.allowed] == [Route.ACCESSIBILITY]


@pytest.mark.requirement("S1")
def test_assistive_technology_must_type_the_name_for_a_t2_call(desk: Desk) -> None:
    desk.confirm()
    desk.wait(2_000)
    assert desk.allow.armed
    press_by_accessibility(desk.allow)
    assert desk.allowed == []
    field = desk.view.card.name_field
    assert field.isVisible()
    desk.qtbot.keyClicks(field, "dispatch_all")
    desk.wait(2_000)
    press_by_accessibility(desk.allow)
    assert [answer.route for answer in desk.allowed] == [Route.ACCESSIBILITY]


@pytest.mark.requirement("C6")
def test_a_t3_call_needs_its_name_typed(desk: Desk) -> None:
    desk.show(replace(data.CARD, tier=Tier.T3, request_id="r5"))
    desk.confirm()
    desk.wait(2_000)
    assert desk.allow.reason == "Type dispatch_all first"
    desk.qtbot.keyClicks(desk.view.card.name_field, "dispatch_all")
    desk.wait(2_000)
    desk.click(desk.allow)
    assert len(desk.allowed) == 1


def test_another_card_starts_from_nothing(desk: Desk) -> None:
    desk.confirm()
    desk.wait(1_199)
    desk.show(replace(data.CARD, request_id="r9", digest="9" * 64))
    desk.wait(1_199)
    assert not desk.allow.armed
    assert desk.view.card.decisive.boxes()[0].confirm_button.isVisible()
    desk.click(desk.allow)
    assert desk.allowed == []


def test_the_same_card_again_keeps_what_was_confirmed(desk: Desk) -> None:
    desk.confirm()
    desk.wait(1_200)
    desk.show(replace(data.CARD, why_asked="Another reason."))
    desk.wait(1)
    assert desk.allow.armed


def test_moving_or_leaving_the_window_starts_the_time_again(desk: Desk) -> None:
    desk.show(PLAIN)
    desk.wait(1_200)
    desk.scene.window.resize(1290, 810)
    desk.settle()
    desk.wait(699)
    assert not desk.allow.armed
    desk.wait(1)
    assert desk.allow.armed


def test_a_request_that_no_longer_waits_cannot_be_allowed(desk: Desk) -> None:
    desk.show(PLAIN)
    desk.wait(1_200)
    desk.view.show_pending(False)
    desk.click(desk.allow)
    assert (desk.allowed, desk.allow.reason) == ([], "It no longer waits")


def test_deny_takes_a_click_a_key_and_its_shortcut(desk: Desk) -> None:
    block = desk.view.card.block
    desk.wait(250)
    desk.click(block.deny)
    block.deny.setFocus()
    desk.qtbot.keyClick(block.deny, Qt.Key.Key_Return)
    desk.qtbot.keyClick(desk.view.card.headline.sentence, Qt.Key.Key_Backspace, CONTROL)
    assert len(desk.denied) == 3
    assert {answer.digest for answer in desk.denied} == {data.CARD.digest}


def test_deny_waits_a_moment_after_a_card_appears(desk: Desk) -> None:
    desk.show(PLAIN)
    desk.wait(249)
    desk.click(desk.view.card.block.deny)
    assert desk.denied == []


@pytest.mark.requirement("C7")
def test_escape_and_closing_answer_nothing(desk: Desk) -> None:
    desk.confirm()
    desk.wait(3_000)
    with desk.qtbot.waitSignal(desk.scene.window.closed):
        desk.qtbot.keyClick(desk.scene.window, Qt.Key.Key_Escape)
    assert not desk.scene.window.isVisible()
    assert (desk.allowed, desk.denied) == ([], [])


@pytest.mark.requirement("C5")
def test_the_decision_row_never_moves(desk: Desk) -> None:
    block = desk.view.card.block
    buttons = (block.deny, block.deny_with_message, block.later, block.rule, block.allow)

    def places() -> list[tuple[int, int, int, int]]:
        corners = [button.mapTo(desk.scene.window, QPoint(0, 0)) for button in buttons]
        sizes = [button.size() for button in buttons]
        return [
            (corner.x(), corner.y(), size.width(), size.height())
            for corner, size in zip(corners, sizes, strict=True)
        ]

    expected = places()
    variants = (
        PLAIN,
        replace(data.CARD, tier=Tier.T3, decisive=(), lamps=(), request_id="a"),
        replace(data.CARD, rows=data.CARD.rows * 30, request_id="b"),
        replace(data.CARD, headline="x" * 400, why_asked="y", request_id="c"),
        replace(data.CARD, excerpts=(), claimed=(), observed=(), deadline=None, request_id="d"),
        replace(data.CARD, actions=replace(data.CARD.actions, rule=""), request_id="e"),
    )
    for card in variants:
        desk.scene.model.show_card(card)
        desk.scene.window.grab()
        assert places() == expected, card.request_id
        for tab in ("raw", "diff", "readable"):
            desk.view.card.choose_tab(tab)
            desk.scene.window.grab()
            assert places() == expected


def test_a_new_card_has_the_focus_on_its_sentence(desk: Desk) -> None:
    desk.allow.setFocus()
    desk.show(replace(PLAIN, request_id="r7"))
    assert QApplication.focusWidget() is desk.view.card.headline.sentence


def test_no_button_is_a_default(desk: Desk) -> None:
    block = desk.view.card.block
    for button in (block.deny, block.deny_with_message, block.later, block.rule, block.allow):
        assert not button.isDefault()
        assert not button.autoDefault()


def test_arrivals_move_neither_selection_nor_card(desk: Desk) -> None:
    chosen: list[str] = []
    desk.view.request_chosen.connect(chosen.append)
    for number in range(60):
        rows = (*data.ROWS[: 1 + number % 5], replace(data.ROWS[0], request_id=f"n{number}"))
        desk.scene.model.show_rows(rows, data.COUNTS)
        index = desk.view.pane.list.currentIndex()
        assert desk.scene.model.rows.request_at(index.row()) == "r1"
    assert chosen == []
    assert desk.view.card.card is data.CARD


def test_steps_choose_the_next_and_the_one_before(desk: Desk) -> None:
    chosen: list[str] = []
    desk.view.request_chosen.connect(chosen.append)
    sentence = desk.view.card.headline.sentence
    desk.qtbot.keyClick(sentence, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    desk.qtbot.keyClick(sentence, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert chosen == ["r2"]


def test_raw_json_is_the_text_that_will_be_sent(desk: Desk) -> None:
    raw = '{"a":"\u202e\u200b<b>","b":"' + "x" * 5_000 + '"}'
    desk.scene.model.show_card(replace(data.CARD, raw_json=raw))
    desk.qtbot.keyClick(desk.view.card.headline.sentence, Qt.Key.Key_J, CONTROL)
    assert desk.view.card.raw.isVisible()
    desk.view.card.raw.select_all()
    assert desk.view.card.raw.selected_text() == raw


@pytest.mark.parametrize("percent", [100, 150, 200])
@pytest.mark.parametrize("width", [288, 360, 432])
def test_a_filter_says_its_tiers_in_words_or_codes_and_is_never_cut(
    desk: Desk, look: Look, width: int, percent: int
) -> None:
    """Readers hear the words wherever there is no room to show them."""
    look.theme.use(Appearance.LIGHT, text_percent=percent, reduced_motion=False)
    settle(desk.scene.window)
    pane = desk.view.pane
    pane.setFixedWidth(width)
    QApplication.sendPostedEvents()
    assert pane.width() == width
    risky = pane.findChild(PillButton, "filter_high_risk")
    assert risky is not None
    assert risky.accessibleName().startswith("T2 Reaches out, T3 Not confirmed")
    assert risky.width() >= risky.sizeHint().width()
    right = risky.mapTo(pane, risky.rect().bottomRight()).x()
    assert right < width
    words = percent == 100 and width > 288
    assert risky.text() == ("T2 Reaches out, T3 Not confirmed" if words else "T2, T3")
