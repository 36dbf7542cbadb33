"""Everything that can be operated has a name, a size and a place in the keyboard's order."""

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
from collections import Counter
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QGridLayout,
    QLineEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.theme import Appearance
from keyturn.gui.widgets.nav_rail import WIDE, RailItem
from keyturn.gui.widgets.pairs import PairList
from keyturn.gui.widgets.text import Text
from tests.gui import gallery_data as data
from tests.gui import gallery_more as more
from tests.gui.conftest import Clock, Dresser
from tests.gui.scenes import QueueScene, Scene, let_go, settle

pytestmark = [pytest.mark.gui, pytest.mark.requirement("A1")]
OPERABLE = (QAbstractButton, QLineEdit, QAbstractItemView)
WIDTHS = ((1280, 800), (960, 720), (640, 480))


@pytest.fixture(scope="module")
def filled(dresser: Dresser) -> Iterator[Scene]:
    """Return a filled window, the same for all tests here: it takes long to build."""
    made = Scene(dresser.look, Clock())
    made.fill()
    made.window.show()
    yield made
    let_go(made.window)


@pytest.fixture
def scene(filled: Scene, look: Look) -> Scene:
    """Return the window as it comes up."""
    del look
    filled.window.show_top_bar(data.TOP_BAR)
    filled.window.show_page(Page.QUEUE)
    filled.window.resize(1280, 800)
    settle(filled.window)
    return filled


def pages(scene: Scene) -> Iterator[tuple[str, QWidget]]:
    """Yield every screen while it is shown."""
    for page, view in (
        (Page.QUEUE, scene.queue),
        (Page.HISTORY, scene.history),
        (Page.SERVERS, scene.servers),
    ):
        scene.window.show_page(page)
        settle(scene.window)
        yield page.value, view
    scene.window.show_top_bar(more.STOPPED_BAR)
    settle(scene.window)
    yield "stopped", scene.stopped


def operable(root: QWidget) -> list[QWidget]:
    """Return what a person can operate in `root`."""
    found = [w for w in root.findChildren(QWidget) if isinstance(w, OPERABLE) and w.isVisible()]
    return [w for w in found if not w.objectName().startswith("qt_")]


def test_everything_operable_has_a_name_for_readers_and_for_tests(scene: Scene) -> None:
    nameless = [
        (page, type(widget).__name__, widget.objectName())
        for page, _ in pages(scene)
        for widget in operable(scene.window)
        if not widget.accessibleName() or not widget.objectName()
    ]
    assert nameless == []


def test_no_two_buttons_of_a_card_have_the_same_name(scene: Scene) -> None:
    scene.window.show_page(Page.QUEUE)
    settle(scene.window)
    buttons = [w for w in operable(scene.queue.card) if isinstance(w, QAbstractButton)]
    names = Counter(widget.accessibleName() for widget in buttons)
    assert [name for name, count in names.items() if count > 1] == []


def test_names_of_decisions_carry_what_is_decided(scene: Scene) -> None:
    block = scene.queue.card.block
    assert block.allow.accessibleName() == "Allow once: dispatch 41 orders to 14 Quarry Road"
    assert block.deny.accessibleName() == "Deny: dispatch 41 orders to 14 Quarry Road"
    assert block.allow.accessibleDescription() == "Confirm the address first"


def test_roles_are_those_of_what_they_look_like(scene: Scene) -> None:
    scene.window.show_top_bar(more.STOPPED_BAR)
    wanted = {
        "agent_coder": QAccessible.Role.CheckBox,
        "resume_carefully": QAccessible.Role.RadioButton,
        "hold_to_resume": QAccessible.Role.Button,
        "allow_once": QAccessible.Role.Button,
        "rail_history": QAccessible.Role.RadioButton,
        "headline": QAccessible.Role.StaticText,
    }
    roles: dict[str, QAccessible.Role] = {}
    for name in wanted:
        widget = scene.window.findChild(QWidget, name)
        assert widget is not None, name
        interface = QAccessible.queryAccessibleInterface(widget)
        assert interface is not None, name
        roles[name] = interface.role()
    assert roles == wanted


def test_the_window_is_known_as_one_by_its_title(scene: Scene) -> None:
    interface = QAccessible.queryAccessibleInterface(scene.window)
    assert interface is not None
    assert interface.role() is QAccessible.Role.Window
    assert interface.text(QAccessible.Text.Name) == scene.window.windowTitle()


def test_columns_have_the_names_that_their_headers_paint(scene: Scene) -> None:
    scene.window.show_page(Page.HISTORY)
    settle(scene.window)
    rows = scene.history.table.model()
    titles = [
        rows.headerData(column, Qt.Orientation.Horizontal, Qt.ItemDataRole.AccessibleTextRole)
        for column in range(rows.columnCount())
    ]
    assert titles[:3] == ["Time", "Agent", "Server / tool"]
    assert all(titles)


def test_what_is_owed_a_look_says_so(scene: Scene) -> None:
    scene.window.show_top_bar(more.STOPPED_BAR)
    settle(scene.window)
    rows = scene.stopped.timeline.model()
    said = [str(rows.index(place, 0).data()) for place in range(rows.rowCount())]
    assert [line for line in said if line.endswith(("Look at this", "Looked at"))]
    assert not [line for line in said if ", ," in line or line.endswith(", ")]


def test_targets_are_large_enough(scene: Scene) -> None:
    small = [
        (page, widget.objectName(), widget.width(), widget.height())
        for page, _ in pages(scene)
        for widget in operable(scene.window)
        if isinstance(widget, QAbstractButton) and (widget.width() < 24 or widget.height() < 24)
        if widget.property("kind") != "link" or widget.height() < 24
    ]
    assert small == []
    block = scene.queue.card.block
    stop = scene.window.top_bar.stop_button
    for widget in (block.deny, block.deny_with_message, block.later, block.rule, block.allow, stop):
        assert widget.height() >= 44, widget.objectName()
        assert widget.width() >= 44, widget.objectName()


def tab_stops(window: MainWindow, qtbot: QtBot, start: QWidget, count: int) -> list[str]:
    """Return what Tab reaches from `start`."""
    start.setFocus(Qt.FocusReason.TabFocusReason)
    reached: list[str] = []
    for _ in range(count):
        qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        focused = QApplication.focusWidget()
        reached.append(focused.objectName() if focused is not None else "")
    return reached


def test_tab_reaches_deny_in_six_and_allow_in_eight(qtbot: QtBot, look: Look, clock: Clock) -> None:
    scene = QueueScene(look, clock)
    scene.window.show()
    scene.window.activateWindow()
    qtbot.waitUntil(scene.window.isActiveWindow, timeout=2_000)
    reached = tab_stops(scene.window, qtbot, scene.queue.card.headline.sentence, 8)
    assert reached == [
        "confirm_/ship_to/address",
        "tab_readable",
        "arguments",
        "deny",
        "deny_with_message",
        "decide_later",
        "allow_with_rule",
        "allow_once",
    ]
    let_go(scene.window)


def cut_texts(root: QWidget) -> list[tuple[str, str]]:
    """Return labels that have less room than their words need."""
    found: list[tuple[str, str]] = []
    for label in root.findChildren(Text):
        if not label.isVisible() or not label.text():
            continue
        flow = label.flow()
        if flow.used_width > label.width() + 1 or flow.height > label.height() + 1:
            found.append((label.text()[:40], f"{label.width()}x{label.height()}"))
    return found


def cut_buttons(root: QWidget) -> list[str]:
    """Return buttons that are smaller than their words need."""
    return [
        button.objectName()
        for button in root.findChildren(QAbstractButton)
        if button.isVisible() and button.text() and button.width() < button.sizeHint().width()
    ]


@pytest.mark.parametrize(
    ("percent", "size"),
    [
        *((percent, WIDTHS[0]) for percent in (100, 125, 150, 175, 200)),
        *((percent, size) for percent in (100, 150, 200) for size in WIDTHS[1:]),
    ],
)
def test_no_words_are_cut_at_any_size(
    look: Look, scene: Scene, percent: int, size: tuple[int, int]
) -> None:
    look.theme.use(Appearance.LIGHT, text_percent=percent)
    scene.window.resize(*size)
    for page, _ in pages(scene):
        if page == "servers" and (size[0] < 900 or percent > 150):
            # Tree and review still stand side by side here, where there is room for one only.
            continue
        settle(scene.window)
        assert cut_texts(scene.window) == [], page
        assert cut_buttons(scene.window) == [], page


@pytest.mark.parametrize("size", WIDTHS)
def test_nothing_scrolls_sideways(scene: Scene, size: tuple[int, int]) -> None:
    scene.window.resize(*size)
    for page, view in pages(scene):
        settle(scene.window)
        assert scene.window.size().toTuple() == size, page
        assert view.width() <= size[0]


def test_the_window_grows_when_the_text_does(look: Look, scene: Scene) -> None:
    scene.window.resize(1280, 800)
    look.theme.use(Appearance.LIGHT, text_percent=100)
    settle(scene.window)
    items = scene.window.rail.findChildren(RailItem)
    keys = [key_width(each) for each in scene.window.findChildren(PairList)]
    assert scene.window.rail.width() == WIDE
    look.theme.use(Appearance.LIGHT, text_percent=200)
    settle(scene.window)
    assert all(item.label_width() <= item.width() for item in items if item.isVisible())
    assert keys
    assert [key_width(each) for each in scene.window.findChildren(PairList)] == [
        2 * width for width in keys
    ]


def key_width(pairs: PairList) -> int:
    """Return the width of the keys with the gap beside them."""
    layout = pairs.layout()
    assert isinstance(layout, QGridLayout)
    return layout.columnMinimumWidth(0) + layout.horizontalSpacing()
