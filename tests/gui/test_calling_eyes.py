"""Where a notification may go unseen, what arrives is told on other ways; none takes the focus."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from keyturn.application.console_protocol import RequestShown, StateChanged
from keyturn.application.console_state import HealthState
from keyturn.application.window_setting_names import NOTICES_SEEN, SEEN, UNSEEN
from keyturn.gui.calling_eyes import SOUND_MS
from keyturn.gui.look import Look
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
QUIET = HealthState(keychain="ready", recording=True, notifies=False)
LOUD = HealthState(keychain="ready", recording=True)


@dataclass(slots=True)
class Told:
    """The window, and what it did to be seen and heard."""

    scene: DeskScene
    flashes: list[None] = field(default_factory=list[None])
    sounds: list[None] = field(default_factory=list[None])

    def ask(self, name: str) -> None:
        """Let a call arrive."""
        shown = RequestShown(request=make_request(name), remaining_ms=50_000)
        self.scene.bridge.request_shown.emit(shown)

    def seen(self, value: str) -> None:
        """Play what a person said of the notification."""
        self.scene.bridge.tell(StateChanged(settings={NOTICES_SEEN: value}))


@pytest.fixture
def told(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Told]:
    rest_the_readers(monkeypatch)
    made = Told(DeskScene(look, clock))
    made.scene.start()
    attention = made.scene.desk.attention
    attention.flash = lambda: made.flashes.append(None)
    attention.sound = lambda: made.sounds.append(None)
    yield made
    made.scene.close()


@pytest.mark.requirement("N3")
def test_without_notifications_another_channel_speaks(told: Told) -> None:
    told.seen(SEEN)
    told.ask("r-1")
    assert (told.flashes, told.sounds) == ([], [])
    told.scene.bridge.tell(StateChanged(health=QUIET))
    told.ask("r-2")
    assert told.flashes
    assert told.sounds
    assert told.scene.look.words("topbar.problem") in told.scene.window.windowTitle()
    told.scene.bridge.tell(StateChanged(health=LOUD))
    before = len(told.flashes)
    told.ask("r-3")
    assert len(told.flashes) == before
    assert told.scene.look.words("topbar.protecting") in told.scene.window.windowTitle()


@pytest.mark.requirement("N3")
def test_what_waits_already_is_told_when_its_notification_fails(told: Told, qtbot: QtBot) -> None:
    told.seen(SEEN)
    told.ask("r-1")
    qtbot.waitUntil(lambda: told.scene.window.top_bar.isVisible(), timeout=2_000)
    told.scene.desk.attention.note_waiting(1)
    told.scene.bridge.tell(StateChanged(health=QUIET))
    assert told.flashes == [None]


def test_until_a_person_saw_one_the_other_channels_speak(told: Told) -> None:
    told.ask("r-1")
    assert told.flashes == [None]
    told.seen(UNSEEN)
    told.ask("r-2")
    assert told.flashes == [None, None]
    told.seen(SEEN)
    told.ask("r-3")
    assert told.flashes == [None, None]


def test_there_is_one_sound_in_ten_seconds(told: Told, clock: Clock) -> None:
    for number in range(50):
        told.ask(f"r-{number}")
    assert told.sounds == [None]
    clock.advance(SOUND_MS)
    told.ask("later")
    assert told.sounds == [None, None]


def test_none_of_it_takes_the_keyboard(told: Told, qtbot: QtBot) -> None:
    attention = told.scene.desk.attention
    attention.flash = lambda: QApplication.alert(told.scene.window)
    attention.sound = QApplication.beep
    other = QLineEdit()
    other.show()
    other.activateWindow()
    qtbot.waitUntil(other.isActiveWindow, timeout=5_000)
    told.ask("r-1")
    assert QApplication.activeWindow() is other
    other.close()
    other.deleteLater()
