"""The window after its broker says that agents are refused, since when, and what can be done."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from PySide6.QtCore import Qt, QUrl
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
from keyturn.gui.tray import Tray
from keyturn.gui.widgets.text import Text
from tests.factories import make_request
from tests.gui import pages_data as data
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


def test_it_says_what_is_since_when_and_where_the_log_is_and_decides_nothing(lost: Gone) -> None:
    screen, window, sent = lost.after.screen, lost.scene.window, list(lost.scene.bridge.sent)
    assert "Agents are being refused" in lost.texts
    assert "Keyturn’s broker ended at " in lost.texts
    assert str(LOG) in lost.texts
    assert window.windowTitle().startswith("Not running")
    assert window.focusWidget() is screen, "readers come in at what it says"
    assert screen.accessibleName().startswith("Agents are being refused. Keyturn’s broker ended")
    assert lost.told == [screen.accessibleName()], "beside the window too, once"
    names = [one.accessibleName() or one.text() for one in screen.findChildren(QAbstractButton)]
    assert names == ["Start Keyturn again", "Open the log", "Close the window"]
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_L):
        QTest.keyClick(window.focusWidget(), key, CONTROL)
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_F1)
    for keys in set(PAGE_KEYS.values()) - {"F1"}:
        assert keys.startswith("Ctrl+")
        QTest.keyClick(window.focusWidget(), Qt.Key(ord(keys[-1])), CONTROL)
    for page in Page:
        window.show_page(page)
    # What was read off the disk meanwhile, or waited for its turn, tells of a broker no more.
    lost.scene.desk.queue.remember(())
    lost.scene.bridge.tell(data.STATE)
    assert window.windowTitle().startswith("Not running")
    assert "Not running" in lost.scene.desk.standing.tray.tip
    assert screen.isVisible()
    assert lost.scene.bridge.sent == sent
    assert not window.top_bar.isVisible(), "a stop that leads nowhere does not look like one"
    assert not window.rail.isVisible()


def test_the_next_broker_is_started_once_until_it_runs_or_has_failed(lost: Gone) -> None:
    over, outcome = QSignalSpy(lost.after.over), lost.after.screen.outcome
    lost.second()
    # It cannot be started, then it ends by itself, then it runs.
    lost.next.starts = False
    lost.press(lost.after.screen.restart)
    assert outcome.sentence == "Keyturn did not start. Its log says why."
    lost.next.starts = True
    lost.press(lost.after.screen.restart)
    lost.press(lost.after.screen.restart)
    assert lost.next.started == 2, "not twice at once"
    assert outcome.outcome is Outcome.WAITING
    lost.second()
    assert outcome.outcome is Outcome.WAITING
    lost.next.ended = True
    lost.second()
    assert outcome.outcome is Outcome.FAILED
    lost.press(lost.after.screen.restart)
    assert lost.next.started == 3
    assert over.count() == 0
    lost.next.runs = True
    lost.second()
    assert over.count() == 1


def test_it_ends_when_it_is_closed_and_where_somebody_else_starts_a_broker(
    lost: Gone, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, asked = QSignalSpy(lost.after.over), list[str]()

    def open_url(url: QUrl) -> bool:
        asked.append(url.toLocalFile())
        return len(asked) < 2

    monkeypatch.setattr(gone, "QDesktopServices", SimpleNamespace(openUrl=open_url))
    outcome = lost.after.screen.outcome
    lost.press(lost.after.screen.open_log)
    assert (asked, outcome.outcome) == ([str(LOG)], None)
    lost.press(lost.after.screen.open_log)
    assert outcome.outcome is Outcome.FAILED, "nothing opens it, and its path is on screen"
    lost.press(lost.after.screen.leave)
    assert over.count() == 1
    # Out of sight it goes on beside the clock, where there is one, and ends there.
    tray = lost.scene.desk.standing.tray
    assert not tray.stop.isVisible()
    for there, ends in ((True, 1), (False, 2)):
        monkeypatch.setattr(Tray, "available", property(lambda _tray, there=there: there))
        lost.scene.window.close()
        assert over.count() == ends
    tray.quit.trigger()
    assert over.count() == 3
    lost.next.runs = True
    lost.second()
    assert (over.count(), lost.next.started) == (4, 0)
