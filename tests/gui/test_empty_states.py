"""A page without rows says what it is, why it is empty, and one thing to do; it recovers itself."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from PySide6.QtWidgets import QAbstractButton, QWidget

from keyturn.application.console_protocol import RequestShown, RequestWithdrawn, StateChanged
from keyturn.application.console_state import AgentState
from keyturn.application.window_setting_names import QUEUE_VIEW
from keyturn.domain.decision import Outcome
from keyturn.domain.tier import Tier
from keyturn.gui.history import view as history_view
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.widgets.notices import EmptyState
from keyturn.gui.widgets.text import Text
from keyturn.presentation.history import FilterToken
from tests.factories import make_request
from tests.gui import pages_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.history_scene import HistoryScene, of_each_outcome, open_history, write

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("E1", "E4"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]


def said(empty: EmptyState) -> str:
    """Return what an empty page says, its button included."""
    texts = [text.text() for text in empty.findChildren(Text)]
    buttons = [one.text() for one in empty.findChildren(QAbstractButton) if not one.isHidden()]
    return " | ".join((*texts, *buttons))


@pytest.fixture
def scene(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskScene]:
    rest_the_readers(monkeypatch)
    made = DeskScene(look, clock)
    made.start()
    yield made
    made.close()


def empty_of(scene: DeskScene, page: Page) -> EmptyState:
    """Return what a page says without rows."""
    scene.build(page) if page is not Page.QUEUE else None
    found = scene.view(page).findChild(EmptyState)
    assert isinstance(found, EmptyState)
    return found


def test_the_queue_says_whether_anybody_is_routed_here_and_shows_what_comes(
    scene: DeskScene,
) -> None:
    empty = empty_of(scene, Page.QUEUE)
    scene.bridge.tell(StateChanged(agents=()))
    assert not empty.isHidden()
    assert "No agent is" in said(empty)
    empty.action_pressed.emit()
    assert scene.window.page is Page.AGENTS
    scene.window.show_page(Page.QUEUE)
    scene.bridge.tell(StateChanged(agents=(AgentState(name="a", enrolled=True, connections=1),)))
    assert "Nothing waiting" in said(empty)
    assert "1 agent is connected." in said(empty)
    scene.bridge.request_shown.emit(RequestShown(request=make_request("r"), remaining_ms=9_000))
    scene.desk.queue.refresh_now()
    assert empty.isHidden()


@pytest.mark.requirement("W4")
def test_a_filter_of_an_earlier_window_hides_nothing_without_a_word(scene: DeskScene) -> None:
    """It comes back with the window: "Nothing waiting" would let what waits run out."""
    settings = {QUEUE_VIEW: "arrival,high_risk"}
    scene.bridge.welcomed.emit(msgspec.structs.replace(data.WELCOME, settings=settings))
    empty = empty_of(scene, Page.QUEUE)
    for tier in (Tier.T0, Tier.T1):
        shown = make_request(f"r-{tier.name}", tier=tier)
        scene.bridge.request_shown.emit(RequestShown(request=shown, remaining_ms=9_000))
    scene.desk.queue.refresh_now()
    assert not empty.isHidden()
    assert "2 calls wait, and the filter hides them" in said(empty)
    assert "Nothing waiting" not in said(empty)
    scene.bridge.tell(StateChanged(agents=data.AGENTS))
    assert "2 calls wait" in said(empty)
    # One of high risk is never hidden.
    risky = make_request("r-T3", tier=Tier.T3)
    scene.bridge.request_shown.emit(RequestShown(request=risky, remaining_ms=9_000))
    scene.desk.queue.refresh_now()
    assert scene.desk.queue.open_request == risky
    withdrawn = RequestWithdrawn(id="r-T3", cause="cancelled", outcome="cancelled_by_client")
    scene.bridge.request_withdrawn.emit(withdrawn)
    scene.desk.queue.refresh_now()
    assert not empty.isHidden()
    empty.action_pressed.emit()
    assert scene.window.page is Page.QUEUE
    assert scene.desk.queue.open_request is not None
    assert empty.isHidden()


@pytest.mark.parametrize(
    ("page", "none", "some"),
    [
        (Page.RULES, StateChanged(rules=()), StateChanged(rules=data.RULES)),
        (Page.AGENTS, StateChanged(agents=()), StateChanged(agents=data.AGENTS)),
        (
            Page.CREDENTIALS,
            StateChanged(credentials=()),
            StateChanged(credentials=data.CREDENTIALS),
        ),
    ],
    ids=lambda value: value.value if isinstance(value, Page) else "",
)
def test_a_list_without_rows_says_why_and_fills_by_itself(
    scene: DeskScene, page: Page, none: StateChanged, some: StateChanged
) -> None:
    empty = empty_of(scene, page)
    scene.bridge.tell(none)
    assert not empty.isHidden()
    words = said(empty).split(" | ")
    # A title, a reason, and where there is anything to do here a button.
    assert len([word for word in words if word]) >= 2
    scene.bridge.tell(some)
    assert empty.isHidden()


def cleared(scene: HistoryScene) -> None:
    """Press the one button of the empty history."""
    button = scene.view.empty.findChild(QAbstractButton, "empty_action")
    assert button is not None
    button.click()


def test_a_search_that_finds_nothing_names_what_it_looked_for_and_is_cleared(
    tmp_path: Path, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def hear(_widget: QWidget, sentence: str, *, assertive: bool = False) -> None:
        del assertive
        told.append(sentence)

    monkeypatch.setattr(history_view, "announce", hear)

    async def story() -> None:
        await write(tmp_path, of_each_outcome())
        scene = open_history(look, tmp_path)
        # What is not in sight says nothing of itself.
        scene.view.show()
        try:
            await scene.until(lambda rows: len(rows) == len(Outcome))
            assert scene.view.empty.isHidden()
            token = FilterToken(key="agent", value="no\u202ebody")
            scene.view.filters_wanted.emit((token,))
            await scene.until(lambda rows: not rows)
            assert not scene.view.empty.isHidden()
            assert scene.view.table.isHidden()
            assert scene.view.focusProxy() is scene.view.filters
            words = said(scene.view.empty)
            assert words.startswith("No decision matches | Looked for: agent: no")
            assert "\u202e" not in words
            assert words.endswith("Clear search and filters")
            assert told == [words.removesuffix(" | Clear search and filters").replace(" | ", ". ")]
            cleared(scene)
            await scene.until(lambda rows: len(rows) == len(Outcome))
            assert scene.view.empty.isHidden()
            assert not scene.view.table.isHidden()
            assert scene.view.focusProxy() is scene.view.table
        finally:
            scene.close()

    asyncio.run(story())


def test_a_new_profile_has_no_decision_and_nothing_to_clear(tmp_path: Path, look: Look) -> None:
    async def story() -> None:
        await write(tmp_path, [])
        scene = open_history(look, tmp_path)
        shown = asyncio.Event()

        def on_empty(_empty: object) -> None:
            shown.set()

        scene.model.empty_changed.connect(on_empty)
        try:
            await asyncio.wait_for(shown.wait(), 20)
            assert said(scene.view.empty).startswith("No decision yet | Each call that")
            assert "Clear" not in said(scene.view.empty)
        finally:
            scene.close()

    asyncio.run(story())
