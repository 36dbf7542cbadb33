"""Who sees nothing is told what came of a key, and what is new where the keyboard stays put."""

from collections.abc import Iterator
from dataclasses import replace

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from keyturn.gui.first_steps import view as first_steps
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.queue import view as queue
from keyturn.gui.stopped import resume_panel
from tests.gui import gallery_more as more
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.scenes import Scene, let_go, settle
from tests.gui.test_first_steps import newcomer
from tests.gui.test_queue_view import CONTROL, Desk

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("A1"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What readers are told, in order."""
    said: list[str] = []

    def hear(_widget: QWidget, sentence: str, *, assertive: bool = False) -> None:
        del assertive
        said.append(sentence)

    for module in (first_steps, queue, resume_panel):
        monkeypatch.setattr(module, "announce", hear)
    rest_the_readers(monkeypatch)
    return said


@pytest.fixture
def desk(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[Desk]:
    """Return a desk with a T2 card on it."""
    made = Desk(qtbot, look, clock)
    yield made
    let_go(made.scene.window)


def test_the_screens_of_the_first_steps_are_read_out(
    told: list[str], qtbot: QtBot, look: Look, clock: Clock
) -> None:
    person = newcomer(look, clock, qtbot)
    assert told[-1].startswith("What Keyturn sees, and what it does not. Each MCP call")
    person.press("first_next")
    assert told[-1].startswith("When no rule matches. Choose what happens")
    assert person.view.accessibleName() == "When no rule matches"
    person.scene.close()


def test_from_page_to_page_the_keyboard_does_not_pass_the_stop(
    look: Look, clock: Clock, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_the_readers(monkeypatch)
    scene = DeskScene(look, clock)
    scene.start()
    qtbot.waitUntil(scene.window.isActiveWindow, timeout=5_000)
    scene.build()
    been: list[str] = []

    def note(_before: QWidget | None, now: QWidget | None) -> None:
        if now is not None:
            been.append(now.accessibleName() or now.objectName())

    application = QApplication.instance()
    assert isinstance(application, QApplication)
    application.focusChanged.connect(note)
    for page in (*Page, Page.QUEUE):
        scene.window.show_page(page)
    application.focusChanged.disconnect(note)
    assert been
    assert [name for name in been if name.startswith(("Stop", "Further ways to stop"))] == []
    scene.close()


def test_a_page_that_nobody_sees_says_nothing(told: list[str], look: Look, clock: Clock) -> None:
    scene = DeskScene(look, clock)
    scene.start()
    scene.build(Page.FIRST_STEPS, Page.HISTORY)
    assert told == []
    scene.close()


def test_a_press_in_vain_says_why_and_a_value_that_it_is_confirmed(
    told: list[str], desk: Desk
) -> None:
    desk.wait(5_000)
    desk.qtbot.keyClick(desk.view.card.headline.sentence, Qt.Key.Key_Return, CONTROL)
    assert told == ["Confirm the address first"]
    desk.confirm()
    assert told[1:] == ["Confirmed by you"]
    assert desk.allowed == []


def test_the_word_typed_too_early_says_what_is_owed(
    told: list[str], look: Look, clock: Clock
) -> None:
    scene = Scene(look, clock)
    scene.fill()
    scene.window.show_top_bar(more.STOPPED_BAR)
    settle(scene.window)
    pane, resumed = scene.stopped.resume, list[bool]()
    pane.resume_requested.connect(resumed.append)
    panel = more.STOPPED.resume
    agents = tuple(replace(agent, chosen=False) for agent in panel.agents)
    pane.show_panel(replace(panel, agents=agents, owed="Look at it first."))
    pane.word.setText("RESUME")
    pane.word.returnPressed.emit()
    assert (told, resumed) == (["Look at it first."], [])
    assert pane.word.text() == "RESUME"
    let_go(scene.window)
