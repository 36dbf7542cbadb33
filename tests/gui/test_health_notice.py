"""What keeps Keyturn from protecting stands over every page until it is over, and is spoken."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget

from keyturn.application.console_protocol import StateChanged
from keyturn.application.console_state import HealthState
from keyturn.domain.errors import LogFault
from keyturn.gui import announcer
from keyturn.gui.announcer import Announcer
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.widgets.text import Text
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
GOOD = HealthState(keychain="ready", recording=True)
FULL = HealthState(
    keychain="ready",
    recording=False,
    fault=LogFault.FULL.value,
    fault_since="2026-11-28T03:01:00.000Z",
)


@dataclass
class Seen:
    """A window, and what a reader was told."""

    scene: DeskScene
    said: list[tuple[str, bool]] = field(default_factory=list[tuple[str, bool]])

    def __call__(self, _widget: QWidget, sentence: str, *, assertive: bool = False) -> None:
        """Hear one sentence."""
        self.said.append((sentence, assertive))

    def hear(self, health: HealthState) -> None:
        """Let the broker tell its health, and readers hear what there is to say."""
        self.scene.bridge.tell(StateChanged(health=health))
        voice = self.scene.desk.findChild(Announcer)
        assert voice is not None
        for _ in range(2):
            voice.pace.stop()
            voice.pace.timeout.emit()

    @property
    def text(self) -> str:
        """What the line says; empty when there is none."""
        notice = self.scene.window.health
        return notice.findChildren(Text)[0].text() if notice.isVisible() else ""


@pytest.fixture
def seen(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seen]:
    rest_the_readers(monkeypatch)
    made = Seen(DeskScene(look, clock))
    monkeypatch.setattr(announcer, "announce", made)
    made.scene.start()
    made.said.clear()
    yield made
    made.scene.close()


@pytest.mark.requirement("E1")
def test_an_unwritable_log_is_said_on_every_page_until_it_can_be_written(seen: Seen) -> None:
    seen.hear(GOOD)
    before = QApplication.focusWidget()
    assert seen.text == ""
    seen.hear(FULL)
    for page in (Page.QUEUE, Page.HISTORY, Page.SETTINGS):
        seen.scene.window.show_page(page)
        assert "No decision can be recorded, so every call is refused." in seen.text
        assert "The disk is full. Free some space." in seen.text
    assert "Problem" in seen.scene.window.windowTitle()
    bar = " ".join(text.text() for text in seen.scene.window.top_bar.findChildren(Text))
    assert "nothing recorded" in bar
    ((sentence, assertive),) = seen.said
    assert assertive
    assert sentence.startswith("Keyturn has a problem. No decision can be recorded")
    assert "Free some space." in sentence
    # Nobody can take it away, and it took no keyboard.
    assert not seen.scene.window.health.findChildren(QWidget, "alert_close")
    assert before is None or "health" not in before.objectName()
    seen.hear(GOOD)
    assert seen.text == ""
    assert "Protecting" in seen.scene.window.windowTitle()
    assert seen.said[-1][0].startswith("Keyturn is protecting.")


@pytest.mark.requirement("E1")
def test_another_problem_takes_its_place_and_is_spoken_anew(seen: Seen) -> None:
    seen.hear(FULL)
    seen.hear(HealthState(keychain="ready", recording=True, problem="A part ended\u202e."))
    assert seen.text.startswith("A part ended")
    assert "\u202e" not in seen.text
    assert len(seen.said) == 2
    assert seen.said[-1][0].startswith("Keyturn has a problem. A part ended")


def test_a_desktop_without_notifications_is_not_said_to_refuse_calls(seen: Seen) -> None:
    seen.hear(HealthState(keychain="ready", recording=True, notifies=False))
    instead = "The task bar and a sound tell you of calls instead."
    assert seen.text == ""
    ((sentence, _),) = seen.said
    assert sentence == f"Keyturn has a problem. This desktop shows no notifications. {instead}"


def test_a_desktop_without_notifications_leads_to_where_they_are_tried(seen: Seen) -> None:
    seen.hear(HealthState(keychain="ready", recording=True, notifies=False))
    window = seen.scene.window
    check = window.top_bar.findChild(QAbstractButton, "check_notices")
    assert check is not None
    assert check.text() == "Try notifications…"
    assert check.isVisible()
    assert "The task bar and a sound tell you of calls instead." in check.accessibleName()
    check.click()
    assert window.page is Page.FIRST_STEPS
    seen.hear(GOOD)
    assert not check.isVisible()
