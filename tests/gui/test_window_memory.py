"""Where the window was survives a restart, and a screen that is gone does not take it along."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QWidget

from keyturn.application.console_protocol import PutSetting
from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.sending import IntentSender
from keyturn.gui.window_memory import (
    WindowMemory,
    geometry_text,
    on_a_screen,
    read_geometry,
)
from keyturn.presentation.window_settings import GEOMETRY, PAGE
from tests.gui.scenes import let_go
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
MAIN = QRect(0, 24, 1920, 1056)
RIGHT = QRect(1920, 0, 1280, 1024)
PLACES = st.builds(
    QRect,
    st.integers(-5000, 5000),
    st.integers(-5000, 5000),
    st.integers(640, 4000),
    st.integers(480, 3000),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A window that is remembered."""

    bridge: SpyBridge
    window: MainWindow
    memory: WindowMemory

    def stored(self) -> dict[str, str]:
        """Return what was sent, the last of each name."""
        return {m.name: m.value for m in self.bridge.sent if isinstance(m, PutSetting)}


@pytest.fixture
def scene(look: Look) -> Iterator[Scene]:
    """Return a window with two pages, not yet shown."""
    bridge = SpyBridge()
    window = MainWindow(look, {Page.QUEUE: QWidget(), Page.RULES: QWidget()})
    yield Scene(bridge, window, WindowMemory(window, IntentSender(bridge)))
    let_go(window)


@given(place=PLACES, maximised=st.booleans())
def test_a_place_is_read_back_as_it_was_written(place: QRect, maximised: bool) -> None:
    assert read_geometry(geometry_text(place, maximised=maximised)) == (place, maximised)


@given(text=st.text() | st.from_regex(r"-?\d{1,30}(,-?\d{1,30}){0,5}(,max)?"))
def test_anything_else_is_no_place(text: str) -> None:
    read = read_geometry(text)
    assert read is None or read[0].isValid()


@pytest.mark.requirement("W4")
@given(place=PLACES)
def test_the_window_can_always_be_seen_and_taken_hold_of(place: QRect) -> None:
    found = on_a_screen(place, [MAIN, RIGHT])
    held = [
        screen.intersected(QRect(found.x(), found.y(), found.width(), 64))
        for screen in (MAIN, RIGHT)
    ]
    assert any(part.width() >= 64 and part.height() >= 32 for part in held)


def test_a_place_on_the_second_screen_stays_there() -> None:
    place = QRect(2000, 100, 1000, 700)
    assert on_a_screen(place, [MAIN, RIGHT]) == place
    moved = on_a_screen(place, [MAIN])
    assert MAIN.contains(moved)
    assert moved.size() == place.size()


def test_a_window_larger_than_its_screen_is_made_to_fit() -> None:
    assert on_a_screen(QRect(0, 24, 4000, 3000), [MAIN]) == MAIN


@pytest.mark.requirement("W4")
def test_the_place_and_the_page_come_back(scene: Scene) -> None:
    scene.memory.restore({GEOMETRY: "40,60,700,600", PAGE: "rules"})
    scene.window.show()
    assert scene.window.geometry() == QRect(40, 60, 700, 600)
    assert scene.window.page is Page.RULES


def test_an_unknown_page_and_place_are_left_out(scene: Scene) -> None:
    before = scene.window.geometry()
    scene.memory.restore({GEOMETRY: "left of centre", PAGE: "monitor"})
    assert scene.window.page is Page.QUEUE
    assert scene.window.geometry() == before


def test_nothing_is_stored_before_it_was_restored(scene: Scene) -> None:
    scene.window.show_page(Page.RULES)
    scene.memory.remember()
    assert scene.bridge.sent == []


def test_only_what_is_another_is_stored(scene: Scene) -> None:
    scene.memory.restore({GEOMETRY: "40,60,700,600", PAGE: "queue"})
    scene.window.show()
    scene.memory.remember()
    assert scene.bridge.sent == []
    scene.window.show_page(Page.RULES)
    scene.window.setGeometry(50, 60, 800, 600)
    scene.memory.remember()
    assert scene.stored() == {GEOMETRY: "50,60,800,600", PAGE: "rules"}
    scene.memory.remember()
    assert len(scene.bridge.sent) == 2


def test_a_window_that_is_dragged_is_stored_once_it_is_still(scene: Scene) -> None:
    scene.memory.restore({})
    scene.window.show()
    for x in range(50):
        scene.window.move(x, 10)
    assert scene.bridge.sent == []
