"""What the keyboard has reached is on screen: in the smallest window, and beside a huge value."""

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
from collections.abc import Iterator
from contextlib import closing

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from keyturn.application.console_protocol import RequestShown
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.queue.card_pane import CardPane
from keyturn.gui.queue.view import QueueView
from keyturn.gui.theme import Appearance
from keyturn.gui.widgets.scroll_pane import page_around
from tests.factories import make_request
from tests.gui import gallery_walk as walk
from tests.gui.conftest import Clock, Dresser
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.scenes import settle

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("A1"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
LEAST = (640, 480)
STOPS = 40
SCENES = ("queue-review-pin", "rules-form", "agents-detail", "settings", "servers-form")


@pytest.fixture
def card(
    qtbot: QtBot, look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[CardPane]:
    """Return the card of a call with a value that fills many screens, in the smallest window."""
    rest_the_readers(monkeypatch)
    scene = DeskScene(look, clock)
    with qtbot.waitExposed(scene.window):
        scene.start()
    qtbot.waitUntil(scene.window.isActiveWindow, timeout=2_000)
    scene.window.resize(*LEAST)
    settle(scene.window)
    request = make_request("r-1", arguments={"to": "a long way " * 2_000}, tier=Tier.T1)
    scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
    scene.desk.queue.refresh_now()
    queue = scene.window.findChild(QueueView)
    assert queue is not None
    qtbot.waitUntil(lambda: queue.card.arguments.is_measured, timeout=30_000)
    settle(scene.window)
    yield queue.card
    scene.close()


def test_a_card_that_opens_in_the_smallest_window_has_the_keyboard(card: CardPane) -> None:
    assert card.window().focusWidget() is card.headline.sentence


def test_tab_goes_past_a_value_of_many_screens_to_what_is_then_seen(
    qtbot: QtBot, card: CardPane
) -> None:
    page = page_around(card.arguments)
    assert page is not None
    assert page.verticalScrollBar().maximum() > 5 * page.viewport().height()
    reached: list[str] = []
    while (focused := card.window().focusWidget()) is not card.arguments:
        reached.append(focused.objectName())
        assert len(reached) < 10, reached
        assert not focused.visibleRegion().isEmpty(), focused.objectName()
        qtbot.keyClick(focused, Qt.Key.Key_Tab)
        settle(card.window())
    assert "tab_readable" in reached
    band = card.arguments.viewport().visibleRegion().boundingRect()
    assert band.top() == 0
    assert band.height() > page.viewport().height() // 2


@pytest.mark.parametrize("name", SCENES)
def test_tab_never_leads_out_of_sight(
    qtbot: QtBot, dresser: Dresser, look: Look, name: str
) -> None:
    with closing(walk.Hall(dresser, look)) as hall:
        window = hall.show(name)
        hall.theme.use(Appearance.LIGHT, text_percent=200)
        window.resize(*LEAST)
        walk.rest()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow, timeout=2_000)
        hidden: list[str] = []
        for _ in range(STOPS):
            qtbot.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
            settle(window)
            reached = QApplication.focusWidget()
            if reached is not None and reached.visibleRegion().isEmpty():
                hidden.append(reached.objectName())
        assert hidden == []
