"""A reader's bridge hands keys on as if they were made up: each counts once, and no other does."""

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QWindow
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from keyturn.gui import window_keys
from keyturn.gui.look import Look
from keyturn.gui.window_keys import COPY_MS, KEYS, late_ms
from keyturn.presentation.answer import Route
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.test_queue_view import CONTROL, PLAIN, Desk

pytestmark = [pytest.mark.gui, pytest.mark.requirement("S1", "A1")]
NONE = Qt.KeyboardModifier.NoModifier


class ReadersBridge(QObject):
    """Does with keys what Qt's bridge to AT-SPI does while a reader listens."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[tuple[QWindow, QKeyEvent]] = []
        self.come()

    def come(self) -> None:
        """See every event of the application, before whoever came earlier."""
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def leave(self) -> None:
        """See none any more."""
        application = QApplication.instance()
        assert application is not None
        application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  # Qt's name
        """Take each key of the window system from the window."""
        if not isinstance(watched, QWindow) or not isinstance(event, QKeyEvent):
            return False
        if event.type() not in KEYS or not event.spontaneous():
            return False
        copy = QKeyEvent(
            event.type(),
            event.key(),
            event.modifiers(),
            event.nativeScanCode(),
            event.nativeVirtualKey(),
            event.nativeModifiers(),
            event.text(),
            event.isAutoRepeat(),
            event.count(),
        )
        self.taken.append((watched, copy))
        return True

    def hand_on(self, times: int = 1) -> None:
        """Hand on what the reader had no use for; more often than once is an attack."""
        taken, self.taken = self.taken, []
        for window, event in taken:
            for _ in range(times):
                QApplication.sendEvent(window, event)


@pytest.fixture
def bridge(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadersBridge]:
    """A reader that was there before the window."""
    monkeypatch.setattr(window_keys, "QAccessible", SimpleNamespace(isActive=lambda: True))
    made = ReadersBridge()
    yield made
    made.leave()


@pytest.fixture
def desk(bridge: ReadersBridge, qtbot: QtBot, look: Look, clock: Clock) -> Iterator[Desk]:
    """Return a desk with an armed T1 card on it."""
    del bridge
    made = Desk(qtbot, look, clock)
    made.show(PLAIN)
    made.wait(2_000)
    assert made.allow.armed
    yield made
    let_go(made.scene.window)


def press(desk: Desk, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
    """Press and let go of a key as the window system does."""
    QTest.keyClick(desk.scene.window.windowHandle(), key, modifiers)


def test_who_uses_a_reader_allows_by_the_shortcut(desk: Desk, bridge: ReadersBridge) -> None:
    press(desk, Qt.Key.Key_Return, CONTROL)
    assert desk.allowed == []
    bridge.hand_on()
    assert [answer.route for answer in desk.allowed] == [Route.KEYBOARD]


@pytest.mark.parametrize("key", [Qt.Key.Key_Space, Qt.Key.Key_Return])
def test_who_uses_a_reader_allows_by_the_button(
    desk: Desk, bridge: ReadersBridge, key: Qt.Key
) -> None:
    desk.allow.setFocus()
    press(desk, key)
    bridge.hand_on()
    assert [answer.route for answer in desk.allowed] == [Route.KEYBOARD]


def test_a_reader_that_comes_later_costs_one_press(
    bridge: ReadersBridge, desk: Desk, qtbot: QtBot
) -> None:
    bridge.leave()
    bridge.come()
    press(desk, Qt.Key.Key_Return, CONTROL)
    bridge.hand_on()
    assert desk.allowed == []
    qtbot.wait(20)
    desk.wait(2_000)
    press(desk, Qt.Key.Key_Return, CONTROL)
    bridge.hand_on()
    assert len(desk.allowed) == 1


def test_a_key_that_nobody_pressed_counts_for_nothing(desk: Desk, bridge: ReadersBridge) -> None:
    desk.allow.setFocus()
    press(desk, Qt.Key.Key_A)
    bridge.taken.clear()
    window = desk.scene.window.windowHandle()
    for key, modifiers in ((Qt.Key.Key_Return, CONTROL), (Qt.Key.Key_Space, NONE)):
        for target in (window, desk.allow, desk.scene.window):
            for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
                desk.wait(400)
                QApplication.sendEvent(target, QKeyEvent(kind, key, modifiers))
    assert desk.allowed == []


def test_one_press_is_one_copy(desk: Desk, bridge: ReadersBridge) -> None:
    desk.allow.setFocus()
    press(desk, Qt.Key.Key_Space)
    bridge.hand_on(times=3)
    assert len(desk.allowed) == 1


def test_a_press_counts_for_a_second(desk: Desk, bridge: ReadersBridge) -> None:
    press(desk, Qt.Key.Key_Return, CONTROL)
    desk.clock.advance(COPY_MS + 1)
    bridge.hand_on()
    assert desk.allowed == []


def test_without_a_reader_no_copy_counts(
    desk: Desk, bridge: ReadersBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_keys, "QAccessible", SimpleNamespace(isActive=lambda: False))
    press(desk, Qt.Key.Key_Return, CONTROL)
    bridge.hand_on()
    assert desk.allowed == []


OTHER = replace(PLAIN, request_id="other", digest="f" * 64)


@pytest.mark.requirement("C1")
def test_a_key_that_came_for_one_card_is_none_for_the_next(
    desk: Desk, bridge: ReadersBridge
) -> None:
    press(desk, Qt.Key.Key_Return, CONTROL)
    desk.show(OTHER)
    desk.wait(900)
    bridge.hand_on()
    assert desk.allowed == []


@pytest.mark.requirement("C1")
def test_a_key_that_came_too_early_stays_so_however_late_its_copy_is(
    desk: Desk, bridge: ReadersBridge
) -> None:
    desk.show(OTHER)
    desk.wait(20)
    press(desk, Qt.Key.Key_Return, CONTROL)
    desk.wait(800)
    bridge.hand_on()
    assert desk.allowed == []


def test_a_key_is_for_what_had_the_keyboard_when_it_came(desk: Desk, bridge: ReadersBridge) -> None:
    """Whoever is told of a key may move the focus before it lets the key on."""
    press(desk, Qt.Key.Key_Space)
    desk.allow.setFocus()
    bridge.hand_on()
    assert desk.allowed == []


@pytest.mark.requirement("C1")
@pytest.mark.parametrize(("late", "allowed"), [(0, 1), (1_200, 1), (1_500, 0)])
@pytest.mark.parametrize("by", ["shortcut", "button"])
def test_a_press_counts_as_of_when_it_was_made(
    by: str,
    late: int,
    allowed: int,
    qtbot: QtBot,
    look: Look,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A window that was held up hears of it afterwards, with what came meanwhile on screen."""
    desk = Desk(qtbot, look, clock)
    desk.show(PLAIN)
    desk.wait(2_000)
    assert desk.allow.armed

    def told(_: QEvent) -> int:
        return late

    monkeypatch.setattr(window_keys, "late_ms", told)
    if by == "shortcut":
        press(desk, Qt.Key.Key_Return, CONTROL)
    else:
        QTest.mouseClick(desk.allow, Qt.MouseButton.LeftButton)
    assert len(desk.allowed) == allowed
    let_go(desk.scene.window)


@pytest.mark.parametrize(
    ("ago", "late"), [(0, 0), (300, 300), (59_000, 59_000), (3_600_000, 0), (-5_000, 0)]
)
def test_how_late_an_input_is_says_the_systems_clock(
    ago: int, late: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = (1 << 32) + 4_000_000
    monkeypatch.setattr(window_keys.time, "monotonic_ns", lambda: now * 1_000_000)
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, NONE)
    assert late_ms(event) == 0
    event.setTimestamp((now - ago) % (1 << 32))
    assert late_ms(event) == late
