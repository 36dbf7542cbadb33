"""A card begins to arm with its picture: what was not painted yet nobody has seen."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from keyturn.gui.look import Look
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.test_queue_view import CONTROL, PLAIN, Desk

pytestmark = [pytest.mark.gui, pytest.mark.requirement("C1")]
HELD_UP_MS = 5_000


@pytest.fixture
def desk(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[Desk]:
    """Return a desk with an armed T1 card on it."""
    made = Desk(qtbot, look, clock)
    made.show(PLAIN)
    made.wait(2_000)
    assert made.allow.armed
    yield made
    let_go(made.scene.window)


def by_shortcut(desk: Desk) -> None:
    QTest.keyClick(desk.scene.window, Qt.Key.Key_Return, CONTROL)


def by_pointer(desk: Desk) -> None:
    QTest.mouseClick(desk.allow, Qt.MouseButton.LeftButton)


def by_deny(desk: Desk) -> None:
    QTest.keyClick(desk.scene.window, Qt.Key.Key_Backspace, CONTROL)


def by_reader(desk: Desk) -> None:
    desk.allow.pressed_by_accessibility.emit()


PRESSES: tuple[Callable[[Desk], None], ...] = (by_shortcut, by_pointer, by_reader, by_deny)


def test_a_press_before_the_picture_is_for_what_is_still_on_screen(desk: Desk) -> None:
    for press in PRESSES:
        card = replace(PLAIN, request_id=press.__name__)
        desk.scene.model.show_card(card)
        # The window is held up: time passes, and what is on screen is the card before.
        desk.clock.advance(HELD_UP_MS)
        press(desk)
        assert desk.allowed == [], press
        assert desk.denied == [], press
        # The time begins with the first picture, and not with the next one.
        desk.scene.window.grab()
        desk.wait(600)
        assert not desk.allow.armed
        desk.scene.window.grab()
        desk.wait(100)
        assert desk.allow.armed
        press(desk)
        assert [one.request_id for one in (*desk.allowed, *desk.denied)] == [card.request_id]
        desk.allowed.clear()
        desk.denied.clear()


def test_a_card_that_comes_back_in_sight_is_looked_at_from_then(desk: Desk) -> None:
    """It would have armed on a page that nobody saw."""
    window = desk.scene.window
    desk.view.hide()
    desk.clock.advance(HELD_UP_MS)
    desk.view.show()
    window.grab()
    desk.clock.advance(400)
    by_shortcut(desk)
    by_pointer(desk)
    assert desk.allowed == []
    window.grab()
    desk.clock.advance(700)
    by_pointer(desk)
    assert [one.request_id for one in desk.allowed] == [PLAIN.request_id]
