"""Rules, agents, credentials and settings in the real window: names, sizes, focus, the way out."""

from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QLineEdit, QWidget

from keyturn.application.console_protocol import SaveRule, StateChanged
from keyturn.application.console_state import RuleState, StopState
from keyturn.domain.rule import Effect
from keyturn.domain.tier import Tier
from keyturn.gui.arming_watch import ArmingWatch
from keyturn.gui.forms.table import RowTable
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.theme import Appearance
from keyturn.gui.widgets.text import Text
from keyturn.presentation.arming import ArmingTerms, Subject
from keyturn.presentation.credentials_builder import row_id
from keyturn.presentation.rule_drafts import RuleDraft
from keyturn.presentation.topbar import ProtectionState, TopBarView
from tests.gui import pages_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.unit.presentation.recorded import Recorded

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
OPERABLE = (QAbstractButton, QLineEdit, QAbstractItemView)
PAGES = (Page.RULES, Page.AGENTS, Page.ACCESS, Page.CREDENTIALS, Page.SETTINGS)
SIZES = ((1280, 800), (640, 480))
OPENINGS = ("list", "pane", "form", "question")


class Desk(DeskScene):
    """The window without a broker; its pages are built when they are opened."""

    def open(self, page: Page, what: str) -> None:
        """Open a page with a pane, a form or a question in it."""
        self.window.show_page(page)
        if page is Page.RULES and what in {"pane", "question"}:
            self.desk.pages.rules.now().open_rule("r-5512cc90de21")
        elif page is Page.RULES and what == "form":
            draft = RuleDraft(effect=Effect.ALLOW, agent="coder", server="git", tool="*")
            self.desk.pages.rules.now().start_rule(draft)
        elif page is Page.AGENTS and what in {"pane", "question"}:
            self.press(self.view(page), "agents_table", "coder")
        elif page is Page.AGENTS and what == "form":
            self.button("open_enrolment").click()
        elif page is Page.CREDENTIALS and what != "list":
            self.press(self.view(page), "credentials_table", row_id("git", "forge-token"))
        elif page is Page.ACCESS:
            self.bridge.tell(StateChanged(access=data.ACCESS))
            if what != "list":
                self.press(self.view(page), "access_table", "agent:analyst")
        asking = {
            Page.RULES: "remove_rule",
            Page.AGENTS: "revoke_agent",
            Page.ACCESS: "revoke_access",
            Page.CREDENTIALS: "remove_credential",
            Page.SETTINGS: "do_quit",
        }
        if what == "question":
            self.button(asking[page]).click()

    def press(self, view: QWidget, table: str, chosen: str) -> None:
        """Choose a row of a table."""
        found = view.findChild(RowTable, table)
        assert found is not None
        found.selectRow(found.rows.place_of(chosen))


@pytest.fixture
def desk(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Return a window that heard what there is to show."""
    rest_the_readers(monkeypatch)
    made = Desk(look, clock)
    made.start()
    yield made
    made.close()


def operable(root: QWidget) -> list[QWidget]:
    """Return what a person can operate in `root`."""
    found = [w for w in root.findChildren(QWidget) if isinstance(w, OPERABLE) and w.isVisible()]
    return [w for w in found if not w.objectName().startswith("qt_")]


@pytest.mark.parametrize("page", PAGES)
def test_everything_operable_has_a_name_and_a_size(desk: Desk, page: Page) -> None:
    for what in OPENINGS:
        desk.open(page, what)
        desk.window.grab()
        found = operable(desk.view(page))
        assert [w.objectName() for w in found if not w.accessibleName()] == []
        names = Counter(w.objectName() for w in found)
        assert [name for name, count in names.items() if count > 1 or not name] == []
        # The frame around a search field is its target.
        small = [w.objectName() for w in found if min(w.width(), w.height()) < 24]
        assert [name for name in small if not name.startswith("find_")] == []


def cut_words(view: QWidget) -> list[str]:
    """Return labels and buttons that have less room than their words need."""
    cut: list[str] = []
    for label in view.findChildren(Text):
        flow = label.flow()
        if label.isVisible() and label.text():
            narrow = flow.used_width > label.width() + 1
            cut += [label.text()[:40]] if narrow or flow.height > label.height() + 1 else []
    for button in view.findChildren(QAbstractButton):
        if button.isVisible() and button.text():
            narrow = button.width() < button.sizeHint().width()
            cut += [button.objectName()] if narrow else []
    return cut


@pytest.mark.parametrize("percent", [100, 200])
@pytest.mark.parametrize("size", SIZES)
def test_no_words_are_cut(desk: Desk, look: Look, percent: int, size: tuple[int, int]) -> None:
    desk.build(*PAGES)
    look.theme.use(Appearance.LIGHT, text_percent=percent)
    desk.window.resize(*size)
    for page in PAGES:
        for what in OPENINGS:
            desk.open(page, what)
            QApplication.sendPostedEvents()
            desk.window.grab()
            view = desk.view(page)
            assert cut_words(view) == [], (page, what)
            assert view.width() <= size[0]


def on_page(desk: Desk, page: Page) -> bool:
    """Tell whether the focus is on a page."""
    focused = QApplication.focusWidget()
    return focused is not None and desk.view(page).isAncestorOf(focused)


def focus_name() -> str:
    """Return the name of what has the focus."""
    widget = QApplication.focusWidget()
    return widget.objectName() if widget is not None else ""


@pytest.mark.parametrize("page", [Page.RULES, Page.AGENTS, Page.CREDENTIALS])
def test_what_is_gone_never_hands_its_focus_to_the_stop(desk: Desk, page: Page) -> None:
    """Enter pressed twice must not stop every agent because a button vanished in between."""
    desk.open(page, "question")
    keep = QApplication.focusWidget()
    assert keep is not None
    assert keep.objectName().endswith("_question_keep")
    QTest.keyClick(keep, Qt.Key.Key_Return)
    assert on_page(desk, page)
    desk.open(page, "question")
    go = desk.button(focus_name().removesuffix("keep") + "go")
    go.setFocus()
    QTest.keyClick(go, Qt.Key.Key_Return)
    desk.bridge.answer()
    desk.bridge.tell(StateChanged(rules=(), agents=(), credentials=()))
    assert on_page(desk, page)
    assert focus_name() != "stop_all"


def test_a_saved_rule_keeps_the_focus_on_its_page(desk: Desk) -> None:
    desk.open(Page.RULES, "form")
    save = desk.button("save_rule")
    save.setFocus()
    QTest.keyClick(save, Qt.Key.Key_Return)
    message = desk.bridge.sent[-1]
    assert isinstance(message, SaveRule)
    desk.bridge.answer()
    desk.bridge.tell(StateChanged(rules=(*data.RULES, RuleState(data=message.data, hits=0))))
    assert desk.button("toggle_rule").isVisible()
    assert on_page(desk, Page.RULES)


def test_a_dismissed_proposal_keeps_the_focus_on_its_page(desk: Desk) -> None:
    desk.window.show_page(Page.AGENTS)
    drop = desk.button("agent_proposals_0_drop")
    drop.setFocus()
    QTest.keyClick(drop, Qt.Key.Key_Return)
    assert on_page(desk, Page.AGENTS)


def test_the_delays_reach_every_arming_of_the_window(desk: Desk, clock: Clock) -> None:
    desk.build()
    desk.bridge.tell(StateChanged(settings={"arming.plain_ms": "5000"}))
    watches = desk.window.findChildren(ArmingWatch)
    assert watches
    for watch in watches:
        watch.arming.window_active(True, clock())
        watch.arming.shown(Subject("r", 1, "d"), ArmingTerms(tier=Tier.T0), clock())
        assert watch.arming.state(clock()).left_ms == 5000


def test_first_delays_are_there_before_the_first_card(
    look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_the_readers(monkeypatch)
    made = Desk(look, clock)
    settings = {"arming.plain_ms": "3000"}
    made.bridge.welcomed.emit(msgspec.structs.replace(data.WELCOME, settings=settings))
    watch = made.view(Page.QUEUE).findChild(ArmingWatch)
    assert isinstance(watch, ArmingWatch)
    watch.arming.window_active(True, clock())
    watch.arming.shown(Subject("r", 1, "d"), ArmingTerms(tier=Tier.T1), clock())
    assert watch.arming.state(clock()).left_ms == 3000
    made.close()


@pytest.mark.parametrize("page", [Page.RULES, Page.AGENTS, Page.CREDENTIALS])
def test_an_empty_page_keeps_the_focus_from_the_stop(desk: Desk, page: Page) -> None:
    desk.build(page)
    empty = StateChanged(rules=(), agents=(), servers=(), credentials=())
    desk.bridge.tell(empty)
    desk.window.show_page(Page.QUEUE)
    desk.window.show_page(page)
    assert on_page(desk, page)


def test_a_decision_leads_to_a_rule_about_the_same(desk: Desk) -> None:
    item = Recorded(agent="coder", server="git", tool="status", method="tools/call")
    desk.desk.pages.rule_wanted.emit(item)
    assert desk.window.page is Page.RULES
    preview = desk.view(Page.RULES).findChild(QWidget, "rule_preview")
    assert preview is not None
    assert preview.isVisible()
    assert desk.bridge.sent == []


def test_the_tray_says_what_the_top_bar_says(desk: Desk) -> None:
    view = TopBarView(state=ProtectionState.STOPPED, state_text="Stopped", waiting=2)
    desk.desk.standing.show_top_bar(view)
    assert desk.desk.standing.tray.tip == "Keyturn: Stopped"


def test_the_tray_opens_pages_and_asks_before_the_end(desk: Desk) -> None:
    desk.window.show_page(Page.RULES)
    desk.desk.standing.tray.review.trigger()
    assert desk.window.page is Page.QUEUE
    desk.window.hide()
    desk.desk.standing.tray.quit.trigger()
    assert desk.window.isVisible()
    assert desk.window.page is Page.SETTINGS
    assert desk.button("quit_question_keep").isVisible()
    assert desk.bridge.sent == []


def test_without_a_tray_closing_leaves_the_window_in_the_task_bar(desk: Desk) -> None:
    assert not desk.desk.standing.tray.available
    desk.window.close()
    assert desk.window.isMinimized()


def test_settings_lead_to_the_posture(desk: Desk) -> None:
    desk.window.show_page(Page.SETTINGS)
    desk.button("do_posture").click()
    assert desk.window.page is Page.RULES


def test_a_careful_resume_is_seen_on_the_rules_page(desk: Desk) -> None:
    desk.build(Page.RULES)
    desk.bridge.tell(StateChanged(stop=StopState(engaged=False, careful=True)))
    desk.window.show_page(Page.RULES)
    assert desk.button("rules_suspended_action").isVisible()
