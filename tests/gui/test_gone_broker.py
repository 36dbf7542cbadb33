"""The window after its broker says that agents are refused, since when, and what can be done."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QSignalSpy, QTest
from PySide6.QtWidgets import QAbstractButton

from keyturn.application.console_protocol import RequestShown
from keyturn.domain.tier import Tier
from keyturn.gui import gone
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.gone import AfterBroker
from keyturn.gui.look import Look
from keyturn.gui.pages import PAGE_KEYS, Page
from keyturn.gui.standing import Standing
from keyturn.gui.widgets.text import Text
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.gone_scene import LOG, FakeSuccessor

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("E1", "E3"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
CONTROL = Qt.KeyboardModifier.ControlModifier


@dataclass
class Gone:
    """A window that lost its broker while a card was open and armed."""

    scene: DeskScene
    next: FakeSuccessor
    after: AfterBroker
    told: list[str]

    @property
    def texts(self) -> str:
        """All that the screen says."""
        return " | ".join(text.text() for text in self.after.screen.findChildren(Text))

    def press(self, button: QAbstractButton) -> None:
        """Go to a button by keyboard and press it."""
        button.setFocus()
        QTest.keyClick(button, Qt.Key.Key_Space)

    def second(self) -> None:
        """Let a second pass."""
        self.after.clock.timeout.emit()


@pytest.fixture
def lost(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gone]:
    rest_the_readers(monkeypatch)
    told: list[str] = []

    def tell(_standing: Standing, text: str) -> None:
        told.append(text)

    monkeypatch.setattr(Standing, "tell", tell)
    scene = DeskScene(look, clock)
    scene.start()
    shown = RequestShown(request=make_request("r", tier=Tier.T1), remaining_ms=90_000)
    scene.bridge.request_shown.emit(shown)
    scene.desk.queue.refresh_now()
    scene.window.grab()
    clock.advance(5_000)
    successor = FakeSuccessor()
    yield Gone(scene, successor, AfterBroker(look, scene.desk, successor), told)
    scene.close()


def test_it_says_what_is_since_when_and_where_the_log_is(lost: Gone) -> None:
    screen, window = lost.after.screen, lost.scene.window
    assert "Agents are being refused" in lost.texts
    assert "Keyturn’s broker ended at " in lost.texts
    assert str(LOG) in lost.texts
    assert window.windowTitle().startswith("Not running")
    assert screen.isVisible()
    assert window.focusWidget() is screen, "readers come in at what it says"
    assert screen.accessibleName().startswith("Agents are being refused. Keyturn’s broker ended")
    assert lost.told == [screen.accessibleName()], "beside the window too, once"
    names = [one.accessibleName() or one.text() for one in screen.findChildren(QAbstractButton)]
    assert names == ["Start Keyturn again", "Open the log", "Close the window"]


def test_nothing_is_decided_stopped_or_reached_any_more(lost: Gone) -> None:
    window, sent = lost.scene.window, list(lost.scene.bridge.sent)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_L):
        QTest.keyClick(window.focusWidget(), key, CONTROL)
    for keys in PAGE_KEYS.values():
        assert keys.startswith("Ctrl+")
        QTest.keyClick(window.focusWidget(), Qt.Key(ord(keys[-1])), CONTROL)
    for page in Page:
        window.show_page(page)
    assert lost.after.screen.isVisible()
    assert lost.scene.bridge.sent == sent
    assert not window.top_bar.isVisible(), "a stop that leads nowhere does not look like one"
    assert not window.rail.isVisible()


def test_the_next_broker_is_started_once_and_takes_its_place(lost: Gone) -> None:
    over = QSignalSpy(lost.after.over)
    lost.second()
    lost.press(lost.after.screen.restart)
    lost.press(lost.after.screen.restart)
    assert lost.next.started == 1
    assert lost.after.screen.outcome.outcome is Outcome.WAITING
    lost.second()
    assert over.count() == 0
    lost.next.runs = True
    lost.second()
    assert over.count() == 1


def test_one_that_somebody_else_starts_takes_its_place_too(lost: Gone) -> None:
    over = QSignalSpy(lost.after.over)
    lost.next.runs = True
    lost.second()
    assert (over.count(), lost.next.started) == (1, 0)


@pytest.mark.parametrize("at_once", [True, False])
def test_one_that_does_not_start_is_said_and_can_be_tried_again(lost: Gone, at_once: bool) -> None:
    lost.next.starts = not at_once
    lost.press(lost.after.screen.restart)
    lost.next.ended = True
    lost.second()
    outcome = lost.after.screen.outcome
    assert outcome.outcome is Outcome.FAILED
    assert outcome.sentence == "Keyturn did not start. Its log says why."
    lost.next.starts = True
    lost.press(lost.after.screen.restart)
    assert lost.next.started == 2
    assert outcome.outcome is Outcome.WAITING


@pytest.mark.parametrize("opens", [True, False])
def test_the_log_is_opened_or_where_it_is_is_said(
    lost: Gone, opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Opener(QDesktopServices):
        """Opens nothing."""

        @staticmethod
        def openUrl(url: object) -> bool:  # noqa: N802  # Qt's name
            """Note it."""
            asked.append(str(url))
            return opens

    monkeypatch.setattr(gone, "QDesktopServices", Opener)
    lost.press(lost.after.screen.open_log)
    assert LOG.name in asked[0]
    failed = lost.after.screen.outcome.outcome is Outcome.FAILED
    assert failed is not opens


def test_closing_the_window_ends_it(lost: Gone) -> None:
    over = QSignalSpy(lost.after.over)
    lost.press(lost.after.screen.leave)
    assert over.count() == 1
