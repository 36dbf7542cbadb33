"""The attention panel: what it says of a week, and that a suggestion only opens the form."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from keyturn.application.console_protocol import StateChanged
from keyturn.domain.attention import Attention, ToolKey
from keyturn.gui.attention.presenter import HIDDEN_MS, SHOWN_MS, AttentionPresenter
from keyturn.gui.attention.reader import AttentionReader
from keyturn.gui.attention.view import AttentionView
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.widgets.text import Text
from keyturn.presentation.cells import Notice
from keyturn.presentation.marks import Role
from keyturn.storage.queries.items import HistoryItem
from tests.gui import attention_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.scenes import let_go, settle
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]


class KnownWeek(AttentionReader):
    """Knows at once what a week came to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: Attention | None = data.CARELESS
        self.item: HistoryItem | None = data.item("filesystem", "read_file")
        self.asked: list[object] = []

    def figures(
        self, midnights: Sequence[datetime], answer: Callable[[Attention | None], None]
    ) -> None:
        self.asked.append(tuple(midnights))
        answer(self.found)

    def newest(self, what: ToolKey, answer: Callable[[HistoryItem | None], None]) -> None:
        self.asked.append(what)
        answer(self.item)


@dataclass
class Scene:
    """The page under test, and where it would lead."""

    bridge: SpyBridge
    view: AttentionView
    week: KnownWeek
    presenter: AttentionPresenter
    led: list[object] = field(default_factory=list[object])
    noticed: list[Notice | None] = field(default_factory=list[Notice | None])

    def texts(self) -> list[str]:
        """Return what can be read on the page."""
        return [text.text() for text in self.view.findChildren(Text) if text.isVisible()]

    def suggestions(self) -> list[QAbstractButton]:
        """Return the buttons that begin a rule."""
        buttons = self.view.findChildren(QAbstractButton)
        return [one for one in buttons if one.objectName().startswith("suggest_rule")]

    def retell(self, found: Attention | None) -> None:
        """Have the page read another week."""
        self.week.found = found
        self.view.shown.emit()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        settle(self.view)


@pytest.fixture
def scene(look: Look) -> Iterator[Scene]:
    """Return the page, filled and shown."""
    bridge, view, week = SpyBridge(), AttentionView(look), KnownWeek()
    presenter = AttentionPresenter(
        bridge=bridge, view=view, words=look.words, reader=week, now=lambda: data.NOW, parent=view
    )
    made = Scene(bridge, view, week, presenter)
    presenter.page_wanted.connect(made.led.append)
    presenter.rule_wanted.connect(made.led.append)
    presenter.noticed.connect(made.noticed.append)
    view.resize(1200, 744)
    view.show()
    yield made
    presenter.close()
    let_go(view)


@pytest.mark.requirement("P4")
def test_a_careless_week_is_warned_of_with_its_figures(scene: Scene) -> None:
    assert all(bar.isVisible() for bar in scene.view.warnings)
    texts = " ".join(scene.texts())
    assert "You gave 65.7 % of the week's answers within 1 s after Allow was ready." in texts
    assert "You allowed 100 % of 146 answers this week." in texts
    notice = scene.noticed[-1]
    assert notice is not None
    assert notice.action == "How you decide…"
    first, second = scene.view.warnings
    assert not second.button.isVisible()
    first.button.click()
    assert scene.led == [Page.RULES]


@pytest.mark.requirement("P4")
def test_a_calm_week_warns_of_nothing(scene: Scene) -> None:
    scene.retell(data.CALM)
    assert not any(bar.isVisible() for bar in scene.view.warnings)
    assert scene.noticed[-1] is None


def test_the_four_figures_and_the_days_are_said(scene: Scene) -> None:
    scene.retell(data.CALM)
    texts = scene.texts()
    for said in ("4.7", "93.9 %", "3.8 s", "0 %", "29 Nov", "23 Nov"):
        assert said in texts, (said, texts)


def test_a_suggestion_is_for_harmless_tools_alone_and_only_opens_the_form(scene: Scene) -> None:
    (reads, writes) = scene.suggestions()
    assert "filesystem / read_file" in reads.accessibleName()
    assert "filesystem / write_file" in writes.accessibleName()
    before = list(scene.bridge.sent)
    reads.click()
    assert scene.led == [scene.week.item]
    assert scene.week.asked[-1] == data.READS
    assert scene.bridge.sent == before
    scene.retell(data.CALM)
    assert len(scene.suggestions()) == 1
    assert any("you denied 2 of its calls" in text for text in scene.texts())


def test_a_tool_without_a_call_left_begins_no_rule(scene: Scene) -> None:
    scene.week.item = None
    scene.suggestions()[0].click()
    assert scene.led == []
    assert any("no longer in the history" in text for text in scene.texts())


def test_what_cannot_be_read_has_no_figures_and_no_warning(scene: Scene) -> None:
    scene.retell(None)
    assert scene.noticed[-1] is None
    assert scene.suggestions() == []
    assert any("cannot be read" in text for text in scene.texts())


def test_a_refresh_takes_no_focus_from_a_button_whose_row_stays(scene: Scene) -> None:
    button = scene.suggestions()[0]
    scene.view.activateWindow()
    button.setFocus(Qt.FocusReason.TabFocusReason)
    scene.view.shown.emit()
    assert scene.suggestions()[0] is button
    scene.retell(data.CALM)
    assert scene.view.focusWidget() is scene.view.back


def test_new_decisions_are_counted_at_most_every_moment(scene: Scene) -> None:
    (timer,) = scene.presenter.findChildren(QTimer)
    scene.bridge.tell(StateChanged(history=1))
    assert timer.isActive()
    assert timer.interval() == SHOWN_MS
    scene.view.hide()
    timer.stop()
    scene.bridge.tell(StateChanged(history=2))
    assert timer.interval() == HIDDEN_MS


@pytest.mark.requirement("P4")
def test_the_history_says_it_and_leads_to_the_panel(
    look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_the_readers(monkeypatch)
    whole = DeskScene(look, clock)
    try:
        whole.start()
        whole.build(Page.ATTENTION)
        whole.window.show_page(Page.HISTORY)
        whole.window.show()
        pages = whole.desk.pages
        bar = whole.window.findChild(QAbstractButton, "attention_notice_action")
        opens = whole.window.findChild(QAbstractButton, "open_attention")
        assert bar is not None
        assert opens is not None
        assert not bar.isVisible()
        strong = Notice(strong="s", rest="r", role=Role.WARNING, action="How you decide…")
        pages.attention.now().noticed.emit(strong)
        assert bar.isVisible()
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton)
        assert whole.window.page is Page.ATTENTION
        pages.attention.now().page_wanted.emit(Page.HISTORY)
        QTest.mouseClick(opens, Qt.MouseButton.LeftButton)
        assert whole.window.page is Page.ATTENTION
        pages.attention.now().rule_wanted.emit(data.item("filesystem", "read_file"))
        assert whole.window.page is Page.RULES
    finally:
        whole.close()
