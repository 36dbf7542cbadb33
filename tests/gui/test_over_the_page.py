"""What opens over a page: Escape closes it before the window, and it moves nothing."""

from collections.abc import Iterator
from itertools import combinations

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QWidget

from keyturn.gui.look import Look
from keyturn.gui.main_window import MainWindow
from keyturn.gui.pages import Page
from keyturn.gui.theme import Appearance
from tests.gui import test_agents_page
from tests.gui.scenes import Scene, let_go, settle

agents = test_agents_page.page

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


@pytest.fixture
def window(look: Look, agents: test_agents_page.Page) -> Iterator[MainWindow]:
    """Return a window with the agents' page in it, shown."""
    queue = QWidget()
    queue.setObjectName("queue")
    made = MainWindow(look, {Page.QUEUE: queue, Page.AGENTS: agents.view})
    made.show()
    made.activateWindow()
    made.show_page(Page.AGENTS)
    yield made
    # Whoever made the page takes it away.
    agents.view.setParent(None)
    let_go(made)


def press(window: MainWindow) -> None:
    """Press Escape where no pane has the focus."""
    window.activateWindow()
    assert QTest.qWaitForWindowActive(window)
    elsewhere(window).setFocus(Qt.FocusReason.OtherFocusReason)
    QTest.keyClick(elsewhere(window), Qt.Key.Key_Escape)


def elsewhere(window: MainWindow) -> QAbstractButton:
    """Return a button that is in no page."""
    return window.rail.findChildren(QAbstractButton)[0]


def test_a_question_then_the_pane_then_the_window(
    window: MainWindow, agents: test_agents_page.Page
) -> None:
    agents.view.agent_chosen.emit("analyst")
    agents.view.detail.revoke.click()
    assert agents.view.detail.question.isVisible()
    press(window)
    assert window.isVisible()
    assert not agents.view.detail.question.isVisible()
    assert agents.view.side is agents.view.detail
    press(window)
    assert agents.view.side is None
    assert window.isVisible()
    press(window)
    assert not window.isVisible()
    assert agents.bridge.sent == []


def test_the_pin_comes_first_and_the_keyboard_goes_back(
    window: MainWindow, agents: test_agents_page.Page
) -> None:
    agents.view.agent_chosen.emit("analyst")
    window.pin_bar.dropped.connect(window.end_pin)
    before = agents.view.detail.revoke
    before.setFocus(Qt.FocusReason.OtherFocusReason)
    window.pin_bar.ask("Why.", "")
    QTest.keyClick(window.pin_bar.field, Qt.Key.Key_Escape)
    assert window.focusWidget() is before
    window.pin_bar.ask("Why.", "")
    press(window)
    assert not window.pin_bar.isVisible()
    # Who went elsewhere while the bar was open stays there.
    assert window.focusWidget() is elsewhere(window)
    assert agents.view.side is agents.view.detail


def test_a_decision_of_the_history_closes_before_the_window(look: Look) -> None:
    scene = Scene(look, lambda: 0)
    scene.fill()
    scene.window.show()
    scene.window.show_page(Page.HISTORY)
    settle(scene.window)
    closed: list[bool] = []

    def take() -> None:
        closed.append(True)

    scene.history.detail_closed.connect(take)
    press(scene.window)
    assert closed == [True]
    assert scene.window.isVisible()
    let_go(scene.window)


def test_what_a_person_works_in_does_not_move_for_the_pin(
    window: MainWindow, agents: test_agents_page.Page
) -> None:
    """The line lies over the page, grows over it, and is as wide as the page."""
    agents.view.agent_chosen.emit("analyst")
    settle(window)
    before = place_of(agents.view.detail.revoke, window)
    bar = window.pin_bar
    for fault in ("", "That is not your PIN. " * 4):
        bar.ask("Why, in a sentence that takes its time.", fault)
        settle(window)
        assert place_of(agents.view.detail.revoke, window) == before
        assert bar.height() >= bar.heightForWidth(bar.width())
        # The title stays in sight, and what a person looks for by it.
        head = QPoint(0, agents.view.header.height())
        assert place_of(bar, window) == place_of(agents.view, window) + head
        assert not agents.view.title.visibleRegion().isEmpty()
        assert bar.width() == agents.view.width()
    assert window.childAt(bar.mapTo(window, QPoint(4, 4))) is bar
    window.end_pin()
    settle(window)
    assert place_of(agents.view.detail.revoke, window) == before


@pytest.mark.parametrize("percent", [100, 200])
def test_in_a_narrow_window_both_fields_and_all_buttons_are_whole(
    window: MainWindow, look: Look, percent: int
) -> None:
    """It cannot be wider than the page, so that it wraps."""
    look.theme.use(Appearance.LIGHT, text_percent=percent, reduced_motion=False)
    window.resize(640, 480)
    bar = window.pin_bar
    bar.ask("Let one person alone allow it.", "That is not your PIN.", "Ada")
    settle(window)
    bottom = place_of(bar, window).y() + bar.height()
    assert bottom <= window.height() or place_of(bar, window).y() == window.top_bar.height()
    parts = (bar.field, bar.second, bar.keep, bar.go, bar.fault)
    places = [QRect(part.mapTo(bar, QPoint(0, 0)), part.size()) for part in parts]
    assert all(bar.rect().contains(place) for place in places)
    assert not any(one.intersects(two) for one, two in combinations(places, 2))
    assert all(part.width() >= part.sizeHint().width() for part in (bar.keep, bar.go))


def test_where_something_is_decided_it_covers_nothing(window: MainWindow) -> None:
    """A headline must be in sight as long as Allow can be pressed."""
    window.show_page(Page.QUEUE)
    window.pin_bar.ask("Why.", "")
    settle(window)
    queue = window.findChild(QWidget, "queue")
    assert queue is not None
    foot = place_of(window.pin_bar, window).y() + window.pin_bar.height()
    assert place_of(queue, window).y() == foot
    window.show_page(Page.AGENTS)
    settle(window)
    window.end_pin()
    window.show_page(Page.QUEUE)
    settle(window)
    assert place_of(queue, window).y() < foot


def place_of(widget: QWidget, window: MainWindow) -> QPoint:
    """Return where a widget is in the window."""
    return widget.mapTo(window, QPoint(0, 0))
