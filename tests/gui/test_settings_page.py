"""The settings' page: every choice acts at once, is stored, and is taken back when it was not."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.console_protocol import PutSetting, Quit, StateChanged
from keyturn.domain.environment import Reach
from keyturn.gui.appearance import AppearanceKeeper
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.settings.presenter import SettingsPresenter
from keyturn.gui.settings.rows import AboutLine, ActionLine, SettingLine
from keyturn.gui.settings.view import SettingsView
from keyturn.gui.settings_in_force import SettingsInForce
from keyturn.gui.theme import Appearance
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.presentation.arming import ArmingDelays
from keyturn.presentation.settings_builder import QUIT
from keyturn.presentation.window_settings import (
    CAREFUL_DELAY,
    MOTION,
    PLAIN_DELAY,
    TEXT_PERCENT,
    THEME,
)
from tests.gui import pages_data as data
from tests.gui.scenes import let_go, settle
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]


@dataclass(frozen=True, slots=True)
class Page:
    """The page under test."""

    bridge: SpyBridge
    view: SettingsView
    presenter: SettingsPresenter
    delays: list[ArmingDelays] = field(default_factory=list[ArmingDelays])

    def choose(self, key: str, value: str) -> None:
        """Press one of a setting's values."""
        buttons = self.view.setting(key).group.buttons
        next(button for button in buttons if button.choice.value == value).click()

    def last(self) -> tuple[str, str]:
        """Return name and value of the last setting that was sent."""
        message = self.bridge.sent[-1]
        assert isinstance(message, PutSetting)
        return message.name, message.value


@pytest.fixture
def page(look: Look) -> Iterator[Page]:
    """Return the page, filled and shown."""
    bridge = SpyBridge()
    view = SettingsView(look)
    in_force = SettingsInForce(bridge, AppearanceKeeper(look.theme, view), view)
    presenter = SettingsPresenter(
        bridge=bridge, sender=IntentSender(bridge), view=view, in_force=in_force, words=look.words
    )
    made = Page(bridge, view, presenter)
    in_force.delays_changed.connect(made.delays.append)
    bridge.welcomed.emit(data.WELCOME)
    bridge.tell(data.STATE)
    view.resize(1200, 744)
    view.show()
    view.activateWindow()
    yield made
    let_go(view)


def test_a_theme_acts_before_it_is_stored(page: Page, look: Look) -> None:
    page.choose(THEME, "dark")
    assert look.theme.appearance is Appearance.DARK
    assert page.last() == (THEME, "dark")
    page.bridge.answer()
    assert page.view.note.outcome is Outcome.DONE


def test_what_could_not_be_stored_is_taken_back(page: Page, look: Look) -> None:
    page.choose(THEME, "high_contrast")
    page.bridge.answer(ok=False, sentence="The disk is full.")
    assert look.theme.appearance is Appearance.LIGHT
    assert page.view.note.sentence == "The disk is full."
    checked = [b.choice.value for b in page.view.setting(THEME).group.buttons if b.isChecked()]
    assert checked == ["system"]


def test_text_size_and_motion_act_at_once(page: Page, look: Look) -> None:
    page.choose(TEXT_PERCENT, "200")
    assert look.theme.tall(10) == 20
    page.choose(MOTION, "reduced")
    assert look.theme.reduced_motion
    page.bridge.tell(StateChanged(settings={}))
    assert look.theme.tall(10) == 10
    assert not look.theme.reduced_motion


def test_a_change_of_nothing_repaints_nothing(page: Page, look: Look) -> None:
    changes: list[None] = []
    look.theme.changed.connect(lambda: changes.append(None))
    page.bridge.tell(StateChanged(settings={"window.page": "rules"}))
    page.bridge.tell(StateChanged(settings={"window.page": "queue"}))
    assert changes == []


def test_delays_reach_whoever_arms(page: Page) -> None:
    page.choose(PLAIN_DELAY, "2000")
    page.choose(CAREFUL_DELAY, "5000")
    assert page.delays[-1] == ArmingDelays(plain_ms=2000, careful_ms=5000)
    page.bridge.tell(StateChanged(settings={PLAIN_DELAY: "1", CAREFUL_DELAY: "1"}))
    assert page.delays[-1] == ArmingDelays()


def test_reset_goes_back_to_the_default_and_then_goes_away(page: Page) -> None:
    line = page.view.setting(THEME)
    assert not line.reset.isVisible()
    page.choose(THEME, "dark")
    assert line.reset.isVisible()
    line.reset.click()
    assert page.last() == (THEME, "system")
    assert not line.reset.isVisible()


def test_arrow_keys_step_through_the_values(page: Page) -> None:
    buttons = page.view.setting(TEXT_PERCENT).group.buttons
    buttons[0].setFocus()
    QTest.keyClick(buttons[0], Qt.Key.Key_Right)
    assert page.last() == (TEXT_PERCENT, "110")
    assert buttons[1].hasFocus()
    stops = [b.focusPolicy() is Qt.FocusPolicy.StrongFocus for b in buttons]
    assert stops == [False, True, False, False, False, False]


def test_a_search_leaves_rows_and_sections_with_a_hit(page: Page) -> None:
    page.view.search.line.setText("colours")
    assert [key for key, line in page.view.lines.items() if line.isVisible()] == [THEME]
    page.view.search.line.setText("xyzzy")
    assert not any(line.isVisible() for line in page.view.lines.values())
    page.view.search.line.clear()
    assert all(line.isVisible() for line in page.view.lines.values())


def test_quitting_takes_two_presses_of_different_buttons(page: Page) -> None:
    line = page.view.action(QUIT)
    line.button.click()
    assert page.bridge.sent == []
    assert line.question.keep.hasFocus()
    line.question.keep.click()
    assert line.button.hasFocus()
    line.button.click()
    line.question.go.click()
    assert isinstance(page.bridge.sent[-1], Quit)
    page.bridge.answer(ok=False, sentence="It cannot end now.")
    assert line.outcome.sentence == "It cannot end now."


def test_the_tray_leads_to_the_question_and_no_further(page: Page) -> None:
    page.view.search.line.setText("colours")
    page.view.ask_quit()
    line = page.view.action(QUIT)
    assert line.isVisible()
    assert line.question.isVisible()
    assert page.bridge.sent == []


def test_what_this_keyturn_is_can_be_read(page: Page) -> None:
    page.view.search.line.setText("0.1.0 sil lucide keyturn.db")
    assert [key for key, line in page.view.lines.items() if line.isVisible()] == ["about"]


def test_a_search_begins_at_the_top_of_what_it_leaves(page: Page) -> None:
    scroll = page.view.findChild(ScrollPane)
    assert scroll is not None
    bar = scroll.verticalScrollBar()
    settle(page.view)
    for text in ("p", "pi", ""):
        bar.setValue(bar.maximum())
        page.view.search.line.setText(text)
        assert bar.value() == 0


def test_what_became_of_a_press_is_in_sight_with_its_button(page: Page, qtbot: QtBot) -> None:
    """The second person's line is at the foot of a long form."""
    page.view.resize(700, 420)
    second = page.view.second
    scroll = page.view.findChild(ScrollPane)
    assert scroll is not None
    settle(page.view)
    scroll.ensureWidgetVisible(second.title, 0, 0)

    def in_sight() -> bool:
        seen = scroll.viewport().rect()
        return all(
            seen.contains(QRect(one.mapTo(scroll.viewport(), QPoint(0, 0)), one.size()))
            for one in (second.save, second.outcome)
        )

    assert not in_sight()
    second.save.click()
    assert second.outcome.outcome is not None
    qtbot.waitUntil(in_sight, timeout=2_000)


@pytest.mark.requirement("N4")
def test_every_setting_is_found_by_the_words_that_it_shows(page: Page) -> None:
    settle(page.view)
    for key, line in page.view.lines.items():
        page.view.search.line.setText(line.title.text())
        assert line.isVisible(), key
        for word in (line.title.text(), line.note.text()):
            page.view.search.line.setText(word)
            assert line.isVisible() or not word, key


@pytest.mark.requirement("N4")
def test_every_setting_is_reached_and_changed_by_key_from_the_search(
    page: Page, qtbot: QtBot
) -> None:
    """Found by its title, then by Tab alone: the first stop after the search is in its row."""
    qtbot.waitUntil(page.view.isActiveWindow, timeout=5_000)
    acted: set[str] = set()
    # Something weakened, because there is nothing to press in an empty list.
    page.bridge.tell(StateChanged(reach=(Reach(agent="qa", other="production"),)))

    def on_changed(name: str, _value: str) -> None:
        acted.add(name)

    page.view.setting_changed.connect(on_changed)
    page.view.action_wanted.connect(acted.add)
    facts = {key for key, line in page.view.lines.items() if isinstance(line, AboutLine)}
    for key, line in page.view.lines.items():
        page.view.search.setFocus()
        page.view.search.line.setText(line.title.text())
        settle(page.view)
        reached: list[QWidget] = []
        for _ in range(40):
            focused = page.view.focusWidget()
            assert focused is not None
            if line.isAncestorOf(focused):
                reached.append(focused)
                break
            QTest.keyClick(focused, Qt.Key.Key_Tab)
        assert reached or key in facts, key
        if isinstance(line, SettingLine):
            QTest.keyClick(reached[0], Qt.Key.Key_Right)
            assert key in acted
        elif isinstance(line, ActionLine):
            QTest.keyClick(reached[0], Qt.Key.Key_Space)
            assert key in acted or line.question.isVisible()
