"""Pages that are built after the first picture: each shows the same as if it had been there."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Final, cast

import msgspec
import pytest
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QImage, QShortcut
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.agent_messages import ChangeState, RaisedState
from keyturn.application.console_protocol import (
    RequestShown,
    RequestWithdrawn,
    StateChanged,
)
from keyturn.application.console_state import AgentState, StopState
from keyturn.application.sight_intents import EndProfile, ProfileState, SightState
from keyturn.domain.tier import Tier
from keyturn.gui.agents.detail import AgentPane
from keyturn.gui.agents.profile_pane import ProfilePane
from keyturn.gui.arming_watch import ArmingWatch
from keyturn.gui.look import Look
from keyturn.gui.pages import UNDER, Page
from keyturn.presentation.arming import ArmingTerms, Subject
from keyturn.presentation.window_settings import PAGE
from tests.fakes.approval_requests import DEFINITION, a_call, a_change, a_definition
from tests.gui import pages_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import LATE, DeskScene, rest_the_readers
from tests.gui.scenes import settle

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]
SETTINGS: Final = {"appearance.theme": "dark", "arming.plain_ms": "5000"}


@pytest.fixture
def open_scene(
    look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], DeskScene]]:
    """Return what makes a window that heard nothing yet; a window takes long."""
    rest_the_readers(monkeypatch)
    with ExitStack() as made:

        def make() -> DeskScene:
            scene = DeskScene(look, clock)
            made.callback(scene.close)
            return scene

        yield make


@pytest.fixture
def scene(open_scene: Callable[[], DeskScene]) -> DeskScene:
    """Return a window that heard nothing yet."""
    return open_scene()


def hear_a_life(scene: DeskScene) -> None:
    """Play all that changes what pages show, some of it twice and some of it ended."""
    scene.start(msgspec.structs.replace(data.WELCOME, settings={"appearance.text_percent": "150"}))
    scene.bridge.tell(StateChanged(settings=SETTINGS))
    for request in (
        a_definition(id="r-new", server="git", tool="new"),
        a_change({**DEFINITION, "title": "Other"}, id="r-status", server="git", tool="status"),
        a_definition(id="r-gone", server="git", tool="gone"),
        a_call(),
    ):
        scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=None))
    scene.bridge.request_withdrawn.emit(
        RequestWithdrawn(id="r-gone", cause="decided", outcome="denied_user")
    )
    scene.bridge.tell(StateChanged(hits={"r-5512cc90de21": 7}, posture="ask_writes"))
    scene.bridge.tell(StateChanged(rules=data.RULES[:2]))
    scene.bridge.tell(StateChanged(hits={"r-4be0c2d19a77": 11}))
    scene.bridge.tell(StateChanged(stop=StopState(engaged=False, careful=True)))


def shown(view: QWidget) -> list[str]:
    """Return every word and every name of a screen, hidden parts as well."""
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    words = [f"{label.isHidden()} {label.text()}" for label in view.findChildren(QLabel)]
    buttons = view.findChildren(QAbstractButton)
    return words + [f"{b.isHidden()} {b.accessibleName()} {b.isChecked()}" for b in buttons]


def picture(scene: DeskScene, page: Page) -> QImage:
    """Show a page and return its picture, without a caret that blinks."""
    scene.window.show_page(page)
    settle(scene.window)
    scene.window.focusWidget().clearFocus()
    settle(scene.window)
    return scene.view(page).grab().toImage()


def focus_chain(scene: DeskScene) -> list[str]:
    """Return the names of what Tab reaches, in order, from the top."""
    found: list[str] = []
    widget = cast("QWidget", scene.window)
    for _ in scene.window.findChildren(QWidget):
        widget = cast("QWidget", widget.nextInFocusChain())
        if widget.isVisibleTo(scene.window) and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.append(widget.objectName())
    return found


@pytest.mark.requirement("W2")
def test_only_the_queue_is_built_for_the_first_picture(scene: DeskScene) -> None:
    scene.start()
    assert [page for page in LATE if scene.is_built(page)] == []
    for page in LATE:
        # One under another is marked there.
        shown_as = UNDER.get(page, page)
        item = scene.window.findChild(QAbstractButton, f"rail_{shown_as.value}")
        assert item is not None
        assert item.isVisible()


def test_all_are_built_once_there_is_time(scene: DeskScene, qtbot: QtBot) -> None:
    scene.start()
    qtbot.waitUntil(lambda: all(scene.is_built(page) for page in LATE), timeout=20_000)
    assert scene.window.page is Page.QUEUE
    assert scene.bridge.sent == []


def test_the_line_over_a_card_leads_to_the_agent_that_changed(
    scene: DeskScene, qtbot: QtBot
) -> None:
    """The page's item in the rail says that there is something to look at, and that it is gone."""
    scene.start()
    request = a_call()
    item = scene.window.findChild(QAbstractButton, "rail_agents")
    assert item is not None
    change = ChangeState(server="logistics", cause="drift", since="2026-11-28T10:00:00.000Z")
    raised = RaisedState(changes=(change,), shown="s-1")
    agent = AgentState(name=request.agent, enrolled=True, connections=1)
    for why, said in ((None, "Agents"), (raised, "Agents, 1 to look at")):
        changed = msgspec.structs.replace(agent, raised=why)
        scene.bridge.tell(StateChanged(agents=(changed,)))
        assert item.accessibleName() == said
    scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=None))
    lead = scene.button("card_raised_action")
    qtbot.waitUntil(lead.isVisible, timeout=3_000)
    lead.click()
    assert scene.window.page is Page.AGENTS
    pane = scene.window.findChild(AgentPane)
    assert pane is not None
    assert (pane.isVisible(), pane.agent) == (True, request.agent)
    assert scene.bridge.sent == []


def test_late_pages_show_what_early_ones_show(open_scene: Callable[[], DeskScene]) -> None:
    early, late = scenes = open_scene(), open_scene()
    early.build()
    for scene in scenes:
        hear_a_life(scene)
    for page in LATE:
        assert not late.is_built(page)
        pictures = [picture(scene, page) for scene in scenes]
        assert shown(late.view(page)) == shown(early.view(page))
        assert pictures[0] == pictures[1], page
        assert focus_chain(late) == focus_chain(early)
    # From now on they hear like the others.
    for scene in scenes:
        scene.bridge.tell(StateChanged(rules=(), agents=(), servers=(), credentials=()))
        scene.bridge.request_withdrawn.emit(
            RequestWithdrawn(id="r-new", cause="decided", outcome="denied_user")
        )
    for page in LATE:
        assert shown(late.view(page)) == shown(early.view(page))


def test_what_comes_while_pages_are_built_is_not_missed(
    open_scene: Callable[[], DeskScene],
) -> None:
    early = open_scene()
    early.build()
    hear_a_life(early)
    for slices in (1, 2):
        late = open_scene()
        for half_built in [getattr(late.desk.pages, page.value) for page in LATE] * slices:
            half_built.step()
        hear_a_life(late)
        late.build()
        for page in LATE:
            assert shown(late.view(page)) == shown(early.view(page)), (page, slices)


def test_a_page_that_is_asked_for_is_there_at_once(scene: DeskScene) -> None:
    scene.start()
    for built, page in enumerate(LATE):
        assert {other for other in LATE if scene.is_built(other)} == set(LATE[:built])
        key = scene.window.findChild(QShortcut, f"key_{page.value}")
        assert key is not None
        key.activated.emit()
        assert scene.window.page is page
        view = scene.view(page)
        assert view.isVisible()
        assert view.isAncestorOf(scene.window.focusWidget())


def test_the_rail_leads_to_a_page_that_is_not_built(scene: DeskScene) -> None:
    scene.start()
    item = scene.window.findChild(QAbstractButton, "rail_rules")
    assert item is not None
    item.click()
    assert scene.view(Page.RULES).isVisible()


def test_the_page_that_was_open_is_open_again(scene: DeskScene) -> None:
    scene.start(msgspec.structs.replace(data.WELCOME, settings={PAGE: "servers"}))
    assert scene.window.page is Page.SERVERS
    assert scene.view(Page.SERVERS).isVisible()


def test_the_tray_asks_before_the_end_on_settings_not_built(scene: DeskScene) -> None:
    scene.start()
    scene.desk.standing.tray.quit.trigger()
    assert scene.window.page is Page.SETTINGS
    assert scene.button("quit_question_keep").isVisible()
    assert scene.bridge.sent == []
    assert scene.bridge.looks == 1, "what the system offers may have changed"


def test_a_review_leads_to_servers_not_built(scene: DeskScene) -> None:
    scene.start()
    for tool in ("one", "two"):
        review = a_definition(id=f"r-{tool}", server="git", tool=tool)
        scene.bridge.request_shown.emit(RequestShown(request=review, remaining_ms=None))
    assert not scene.is_built(Page.SERVERS)
    scene.desk.queue.open_card("r-one")
    elsewhere = scene.view(Page.QUEUE).findChild(QAbstractButton, "card_elsewhere")
    assert elsewhere is not None
    elsewhere.click()
    assert scene.window.page is Page.SERVERS
    labels = [label.text() for label in scene.view(Page.SERVERS).findChildren(QLabel)]
    assert {"one", "two"} <= set(labels)


def test_delays_reach_what_arms_on_a_late_page(scene: DeskScene, clock: Clock) -> None:
    scene.start()
    scene.bridge.tell(StateChanged(settings=SETTINGS))
    before = set(scene.window.findChildren(ArmingWatch))
    scene.build()
    late = set(scene.window.findChildren(ArmingWatch)) - before
    assert late
    for watch in late:
        watch.arming.window_active(True, clock())
        watch.arming.shown(Subject("r", 1, "d"), ArmingTerms(tier=Tier.T0), clock())
        assert watch.arming.state(clock()).left_ms == 5000


def test_a_window_that_ends_builds_no_more(scene: DeskScene) -> None:
    scene.start()
    turns = scene.desk.pages.findChild(QTimer)
    assert isinstance(turns, QTimer)
    assert turns.isActive()
    scene.desk.pages.close()
    assert not turns.isActive()


def test_the_end_of_a_profile_in_the_top_bar_leads_to_its_question(scene: DeskScene) -> None:
    scene.start()
    sight = SightState(profile="Release", until="2999-01-01T00:00:00.000Z")
    agents = tuple(
        msgspec.structs.replace(agent, sight=sight) if agent.name == "analyst" else agent
        for agent in data.AGENTS
    )
    profiles = (ProfileState(name="Release", rows=("logistics/*",)),)
    scene.bridge.tell(StateChanged(agents=agents, profiles=profiles))
    end = scene.window.top_bar.findChild(QAbstractButton, "end_analyst")
    assert end is not None
    end.click()
    assert scene.window.page is Page.AGENTS
    pane = scene.view(Page.AGENTS).findChild(ProfilePane)
    assert pane is not None
    assert "Release" in pane.question.question
    assert not any(isinstance(message, EndProfile) for message in scene.bridge.sent)
