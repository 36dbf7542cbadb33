"""The line between two panes: moved by pointer and by keys, within bounds, and kept."""

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
from collections.abc import Callable, Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.console_protocol import PutSetting, RequestShown
from keyturn.application.window_setting_names import LONGEST_VALUE, OF_THE_WINDOW, PANES
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.view import HistoryView
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.pane_memory import PaneMemory, panes_text, read_panes
from keyturn.gui.rules.view import RulesView
from keyturn.gui.widgets.pane_split import PaneSplit
from tests.factories import make_request
from tests.gui import gallery_more as more
from tests.gui import pages_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.scenes import settle

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("W4"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
WIDTHS = st.dictionaries(st.from_regex(r"[a-z_]{1,24}", fullmatch=True), st.integers(10, 9_999))
SIZE = (1280, 800)
SPLITS = {
    "queue_split": (Page.QUEUE, "Width of the list"),
    "servers_split": (Page.SERVERS, "Width of the list"),
    "history_split": (Page.HISTORY, "Width of the pane"),
    "rules_split": (Page.RULES, "Width of the pane"),
}
MakeDesk = Callable[[dict[str, str]], DeskScene]


@given(WIDTHS)
def test_widths_come_back_as_they_were(widths: dict[str, int]) -> None:
    text = panes_text(widths)
    assert len(text) <= LONGEST_VALUE
    read = read_panes(text)
    assert read.items() <= widths.items()
    assert len(widths) > 5 or read == widths


@given(st.text() | st.from_regex(r"[a-z_]+:[0-9]+(,[a-z_]+:[0-9]+)*"))
def test_anything_else_is_no_width(text: str) -> None:
    assert all(10 <= width <= 9_999 for width in read_panes(text).values())


def test_it_is_a_setting_that_decides_about_nothing() -> None:
    assert PANES in OF_THE_WINDOW


@pytest.fixture
def desk(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeDesk]:
    """Return what makes a window as it comes up with these settings stored."""
    rest_the_readers(monkeypatch)
    made: list[DeskScene] = []

    def make(stored: dict[str, str]) -> DeskScene:
        scene = DeskScene(look, clock)
        made.append(scene)
        scene.start(msgspec.structs.replace(data.WELCOME, settings=stored))
        scene.window.resize(*SIZE)
        scene.bridge.request_shown.emit(
            RequestShown(request=make_request("r-1"), remaining_ms=50_000)
        )
        scene.desk.queue.refresh_now()
        settle(scene.window)
        return scene

    yield make
    for scene in made:
        scene.close()


def split_of(scene: DeskScene, name: str) -> tuple[PaneSplit, QWidget]:
    """Show the page with both panes open; return the line and the pane that it makes wider."""
    page, spoken = SPLITS[name]
    scene.window.show_page(page)
    view = scene.view(page)
    pane = view.findChild(QWidget, "queue_pane") or view.findChild(QWidget, "servers_pane")
    if isinstance(view, HistoryView):
        model = scene.desk.findChild(HistoryModel)
        assert model is not None
        model.show_detail(more.DETAIL)
        pane = view.detail
    elif isinstance(view, RulesView):
        view.show_side(view.detail)
        pane = view.detail
    settle(scene.window)
    split = scene.window.findChild(PaneSplit, name)
    assert split is not None
    assert pane is not None
    assert split.isVisible()
    assert split.accessibleName() == spoken
    return split, pane


def grown(name: str, right: int) -> int:
    """Return by how much the pane grows when its edge goes so far to the right."""
    return right if SPLITS[name][1] == "Width of the list" else -right


def stored(scene: DeskScene) -> list[str]:
    """Let the moment pass; return what was stored of widths."""
    memory = scene.window.findChild(PaneMemory)
    assert memory is not None
    memory.remember()
    sent = scene.bridge.sent
    return [m.value for m in sent if isinstance(m, PutSetting) and m.name == PANES]


@pytest.mark.parametrize("name", SPLITS)
def test_it_follows_keys_and_pointer_and_comes_back_after_a_restart(
    qtbot: QtBot, desk: MakeDesk, name: str
) -> None:
    first = desk({})
    split, pane = split_of(first, name)
    usual = pane.width()
    qtbot.keyClick(split, Qt.Key.Key_Left)
    settle(first.window)
    assert pane.width() == usual + grown(name, -16)
    line = split.mapTo(first.window, QPoint(2, 0)).x()
    edge = pane.width() if grown(name, 1) > 0 else 0
    assert line == pane.mapTo(first.window, QPoint(edge, 0)).x()
    qtbot.mousePress(split, Qt.MouseButton.LeftButton, pos=QPoint(4, 100))
    qtbot.mouseMove(split, QPoint(4 - 10, 100))
    qtbot.mouseRelease(split, Qt.MouseButton.LeftButton)
    settle(first.window)
    width = pane.width()
    assert width == usual + grown(name, -26)
    (text,) = stored(first)
    assert stored(first) == [text]
    second = desk({PANES: text})
    assert split_of(second, name)[1].width() == width
    assert stored(second) == []


@pytest.mark.parametrize("name", SPLITS)
def test_both_panes_keep_the_room_that_they_need(qtbot: QtBot, desk: MakeDesk, name: str) -> None:
    scene = desk({})
    split, pane = split_of(scene, name)
    usual = pane.width()
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
        for _ in range(80):
            qtbot.keyClick(split, key)
        settle(scene.window)
        assert split.minimum() <= pane.width() <= split.maximum()
        assert scene.window.size().toTuple() == SIZE
    qtbot.keyClick(split, Qt.Key.Key_Home)
    settle(scene.window)
    assert (pane.width(), split.wanted) == (usual, 0)


def test_a_narrow_window_does_not_forget_the_width_of_a_wide_one(
    qtbot: QtBot, desk: MakeDesk
) -> None:
    scene = desk({PANES: "queue_split:600"})
    split, pane = split_of(scene, "queue_split")
    assert pane.width() == 600
    scene.window.resize(960, 720)
    settle(scene.window)
    assert pane.width() == split.maximum() < 600
    scene.window.resize(700, 600)
    settle(scene.window)
    assert not split.isVisible()
    scene.window.resize(*SIZE)
    settle(scene.window)
    assert pane.width() == 600
    assert stored(scene) == []
    qtbot.keyClick(split, Qt.Key.Key_Left)
    assert stored(scene) == ["queue_split:584"]


def test_readers_are_told_what_it_is_and_where_it_stands(desk: MakeDesk) -> None:
    split, pane = split_of(desk({}), "queue_split")
    interface = QAccessible.queryAccessibleInterface(split)
    assert interface is not None
    assert interface.role() is QAccessible.Role.Slider
    assert interface.text(QAccessible.Text.Name) == "Width of the list"
    assert split.value() == pane.width()
    split.setValue(split.value() + 20)
    assert split.wanted == split.value()
