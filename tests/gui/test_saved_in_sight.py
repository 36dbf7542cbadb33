"""What became of a change in Settings stays in sight, also where the form grows by it."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect, QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.console_protocol import StateChanged
from keyturn.application.pin_messages import PinState
from keyturn.gui.appearance import AppearanceKeeper
from keyturn.gui.forms.outcome import Outcome, OutcomeLine
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.settings.presenter import SettingsPresenter
from keyturn.gui.settings.view import SettingsView
from keyturn.gui.settings_in_force import SettingsInForce
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.text import Text
from tests.gui import pages_data as data
from tests.gui.scenes import let_go, settle
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


@pytest.fixture
def page(look: Look) -> Iterator[tuple[SpyBridge, SettingsView]]:
    """Return the page as it is in a low window."""
    bridge, view = SpyBridge(), SettingsView(look)
    in_force = SettingsInForce(bridge, AppearanceKeeper(look.theme, view), view)
    SettingsPresenter(
        bridge=bridge,
        sender=IntentSender(bridge),
        view=view,
        in_force=in_force,
        words=look.words,
        parent=view,
    )
    bridge.welcomed.emit(data.WELCOME)
    bridge.tell(data.STATE)
    view.resize(1200, 520)
    view.show()
    settle(view)
    yield bridge, view
    let_go(view)


def in_sight(view: SettingsView, outcome: OutcomeLine) -> bool:
    """Tell whether all of an outcome is on screen."""
    scroll = view.findChild(ScrollPane)
    assert scroll is not None
    viewport: QWidget = scroll.viewport()
    place = QRect(outcome.mapTo(viewport, QPoint(0, 0)), outcome.size())
    return viewport.rect().contains(place)


def at_rest(view: SettingsView) -> bool:
    """Tell whether all was brought on screen that is to be."""
    return not any(timer.isActive() for timer in view.findChildren(QTimer))


def test_naming_a_second_person_says_so_in_sight_although_the_form_grows(
    page: tuple[SpyBridge, SettingsView], qtbot: QtBot
) -> None:
    bridge, view = page
    line = view.second
    bridge.tell(StateChanged(pin=PinState(is_set=True, use="never", beside="Ada")))
    settle(view)
    line.name.setText("Bo")
    line.first.setText("1234")
    for field in (line.new, line.again):
        field.setText("5678")
    view.findChildren(ScrollPane)[0].ensureWidgetVisible(line.save, 0, 8)
    line.save.click()
    bridge.answer()
    qtbot.waitUntil(lambda: in_sight(view, line.outcome) and at_rest(view), timeout=2_000)
    bridge.tell(StateChanged(pin=PinState(is_set=True, use="never", beside="Ada", second="Bo")))
    settle(view)
    assert line.outcome.outcome is Outcome.DONE
    qtbot.waitUntil(lambda: in_sight(view, line.outcome), timeout=2_000)


def test_setting_the_first_pin_says_so_in_sight_although_the_form_grows(
    page: tuple[SpyBridge, SettingsView], qtbot: QtBot
) -> None:
    bridge, view = page
    line = view.pin
    bridge.tell(StateChanged(pin=PinState(is_set=False, use="never")))
    settle(view)
    for field in (line.new, line.again):
        field.setText("5678")
    view.findChildren(ScrollPane)[0].ensureWidgetVisible(line.save, 0, 8)
    line.save.click()
    bridge.answer()
    qtbot.waitUntil(lambda: in_sight(view, line.outcome) and at_rest(view), timeout=2_000)
    bridge.tell(StateChanged(pin=PinState(is_set=True, use="never")))
    settle(view)
    assert line.outcome.outcome is Outcome.DONE
    qtbot.waitUntil(lambda: in_sight(view, line.outcome), timeout=2_000)


def test_their_new_pin_may_be_left_empty_only_where_they_have_one(
    page: tuple[SpyBridge, SettingsView], look: Look
) -> None:
    bridge, view = page
    keeps = look.words("settings.second_keeps")
    for second, there in (("", False), ("Bo", True)):
        pin = PinState(is_set=True, use="never", beside="Ada", second=second)
        bridge.tell(StateChanged(pin=pin))
        settle(view)
        assert (keeps in texts(view)) is there


def texts(view: SettingsView) -> list[str]:
    """Return what can be read in the second person's row."""
    return [text.text() for text in view.second.findChildren(Text) if text.isVisible()]
