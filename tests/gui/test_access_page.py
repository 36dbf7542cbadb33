"""The access review's page: keep, narrow and take away, each exactly once and of what is shown."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton

from keyturn.application.access_messages import AccessState, EndGrant, KeepAccess
from keyturn.application.agent_messages import RevokeAgent
from keyturn.application.console_protocol import (
    Intent,
    RemoveCredential,
    RemoveRule,
    StateChanged,
)
from keyturn.application.sight_intents import RemoveProfile, SetSight
from keyturn.domain.rule import Effect, Rule
from keyturn.gui.access.presenter import AccessPresenter
from keyturn.gui.access.used import UsedReader
from keyturn.gui.access.view import AccessView
from keyturn.gui.forms.outcome import Outcome
from keyturn.gui.look import Look
from keyturn.gui.pages import Page
from keyturn.gui.sending import IntentSender
from keyturn.gui.widgets.text import Text
from keyturn.presentation.rule_drafts import data_of
from keyturn.storage.decision_log import open_writer
from keyturn.storage.queries.items import UsedName, UsedNames
from keyturn.storage.read_only import DATABASE_NAME
from tests.fakes.clock import FakeClock
from tests.gui import pages_data as data
from tests.gui.scenes import let_go, settle
from tests.gui.spy_bridge import SpyBridge

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
STATES = data.ACCESS
REVOKED: dict[str, Intent] = {
    "agent:analyst": RevokeAgent(n=1, name="analyst"),
    "sight:analyst": SetSight(n=1, agent="analyst", rows=()),
    "credential:ship/key": RemoveCredential(n=1, server="ship", name="key"),
    "rule:r-1": RemoveRule(n=1, id="r-1"),
    "profile:Release": RemoveProfile(n=1, name="Release"),
    "grant:g-1": EndGrant(n=1, id="g-1"),
}
USED = UsedNames(names=(UsedName(server="reports", name="read_report", method=""),))


class KnownUse(UsedReader):
    """Knows at once what was used."""

    used = USED

    def ask(self, answer: Callable[[UsedNames], None], *, agent: str = "", rule: str = "") -> None:
        assert bool(agent) is not bool(rule)
        answer(self.used)


@dataclass
class Scene:
    """The page under test, and where it would lead."""

    bridge: SpyBridge
    view: AccessView
    used: KnownUse
    led: list[object] = field(default_factory=list[object])

    def narrowed(self, name: str, used: UsedNames) -> None:
        """Take note of what is to be narrowed, and to what."""
        self.led.append((name, used))

    def choose(self, row_id: str) -> None:
        """Open a row as a person does."""
        self.view.table.choose("")
        self.view.table.selectRow(self.view.table.rows.place_of(row_id))
        assert self.view.detail.row_id == row_id


@pytest.fixture
def scene(look: Look) -> Iterator[Scene]:
    """Return the page, filled and shown."""
    bridge, view, used = SpyBridge(), AccessView(look), KnownUse()
    presenter = AccessPresenter(
        bridge=bridge,
        sender=IntentSender(bridge),
        view=view,
        words=look.words,
        used=used,
        parent=view,
    )
    made = Scene(bridge, view, used)
    presenter.page_wanted.connect(made.led.append)
    presenter.sight_narrowing.connect(made.narrowed)
    presenter.rule_narrowing.connect(made.narrowed)
    bridge.tell(StateChanged(access=STATES))
    view.resize(1200, 744)
    view.show()
    yield made
    presenter.close()
    let_go(view)


@pytest.mark.requirement("ACCESS-2")
def test_what_is_overdue_comes_first_and_is_said(scene: Scene) -> None:
    table = scene.view.table
    assert table.rows.place_of("rule:r-1") == 0
    assert table.rows.index(0, 3).data() == "Overdue"
    assert table.rows.index(0, 1).data() == "never"
    assert scene.view.warning.isVisible()
    kept = tuple(s for s in STATES if not s.overdue)
    scene.bridge.tell(StateChanged(access=kept))
    assert not scene.view.warning.isVisible()


@pytest.mark.requirement("ACCESS-3")
def test_keeping_sends_the_digest_of_what_is_on_screen(scene: Scene) -> None:
    scene.choose("rule:r-1")
    assert "reports" in scene.view.detail.title.text()
    scene.view.detail.keep.click()
    sent = scene.bridge.sent[-1]
    assert sent == KeepAccess(n=sent.n, kind="rule", name="r-1", digest="d4")
    assert scene.view.detail.outcome.outcome is Outcome.WAITING
    scene.bridge.answer()
    assert scene.view.detail.outcome.outcome is Outcome.DONE
    scene.view.detail.keep.click()
    scene.bridge.answer(ok=False, sentence="It is not what was on screen any more.")
    assert scene.view.detail.outcome.sentence == "It is not what was on screen any more."
    assert len(scene.bridge.sent) == 2


@pytest.mark.requirement("ACCESS-1")
@pytest.mark.parametrize("row_id", REVOKED)
def test_taking_away_asks_and_is_what_its_own_page_does(scene: Scene, row_id: str) -> None:
    scene.choose(row_id)
    scene.view.detail.revoke.click()
    assert scene.bridge.sent == []
    scene.view.detail.question.keep.click()
    assert scene.bridge.sent == []
    scene.view.detail.revoke.click()
    scene.view.detail.question.go.click()
    (sent,) = scene.bridge.sent
    assert type(sent) is type(REVOKED[row_id])
    assert repr(sent).replace(f"n={sent.n}", "n=1") == repr(REVOKED[row_id])
    scene.bridge.answer()
    assert scene.view.note.outcome is Outcome.DONE
    # What only a grant has ends by itself: nobody has to keep it.
    assert scene.view.detail.keep.isVisibleTo(scene.view.detail) is (row_id != "grant:g-1")


@pytest.mark.requirement("ACCESS-1")
def test_narrowing_leads_to_the_form_with_what_was_used(scene: Scene) -> None:
    for row_id, led in (
        ("agent:analyst", ("analyst", USED)),
        ("sight:analyst", ("analyst", USED)),
        ("rule:r-1", ("r-1", USED)),
        ("credential:ship/key", Page.CREDENTIALS),
        ("profile:Release", Page.AGENTS),
    ):
        scene.choose(row_id)
        scene.view.detail.narrow.click()
        assert scene.led[-1] == led
    scene.view.back.click()
    assert scene.led[-1] is Page.AGENTS
    scene.choose("grant:g-1")
    assert not scene.view.detail.narrow.isVisibleTo(scene.view.detail)
    assert scene.bridge.sent == []


@pytest.mark.parametrize("effect", list(Effect))
@pytest.mark.requirement("ACCESS-1")
def test_only_a_rule_that_allows_can_be_narrowed(scene: Scene, look: Look, effect: Effect) -> None:
    """Less of what denies or asks would let more through."""
    data = data_of(Rule(id="r-9", effect=effect, tool="send"))
    scene.bridge.tell(
        StateChanged(access=(AccessState(kind="rule", name="r-9", digest="d", rule=data),))
    )
    scene.choose("rule:r-9")
    pane, allows = scene.view.detail, effect is Effect.ALLOW
    assert pane.narrow.isVisibleTo(pane) is allows
    # Nor is it a reason to go without it that nothing came against it so far.
    said = [text.text() for text in pane.findChildren(Text) if text.isVisibleTo(pane)]
    assert (look.words("access.never_used") in said) is allows
    pane.revoke.click()
    key = "access.revoke_rule" if allows else "access.revoke_denial"
    assert look.words(key) in [text.text() for text in pane.question.findChildren(Text)]


def test_of_a_history_that_was_not_read_whole_nothing_is_concluded(scene: Scene) -> None:
    scene.used.used = UsedNames(names=USED.names, complete=False)
    scene.choose("rule:r-1")
    scene.view.detail.narrow.click()
    assert scene.led == []
    assert scene.view.detail.outcome.outcome is Outcome.FAILED


def test_what_was_used_is_read_off_the_windows_thread(tmp_path: Path) -> None:
    """Of a database that cannot be read, or before its place is known, nothing is concluded."""

    async def ask(reader: UsedReader) -> UsedNames:
        answers = asyncio.Queue[UsedNames]()
        reader.ask(answers.put_nowait, agent="analyst")
        return await asyncio.wait_for(answers.get(), 10)

    async def story() -> None:
        reader = UsedReader()
        assert not (await ask(reader)).complete
        reader.database = tmp_path / "none.db"
        assert not (await ask(reader)).complete
        await open_writer(tmp_path, FakeClock()).close()
        reader.database = tmp_path / DATABASE_NAME
        assert await ask(reader) == UsedNames(names=())
        reader.close()

    asyncio.run(story())


def test_what_is_gone_meanwhile_closes_its_pane(scene: Scene) -> None:
    scene.choose("rule:r-1")
    scene.bridge.tell(StateChanged(access=STATES[:3]))
    assert scene.view.side is None
    scene.bridge.tell(StateChanged(access=()))
    assert scene.view.empty.isVisible()


@pytest.mark.requirement("A1")
def test_the_keyboard_reaches_everything_and_each_button_names_its_object(scene: Scene) -> None:
    table = scene.view.table
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Down)
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert scene.view.side is scene.view.detail
    buttons = scene.view.detail.findChildren(QAbstractButton)
    named = [button.accessibleName() for button in buttons if button.isVisible()]
    assert all(named)
    assert len(set(named)) == len(named)
    scene.view.detail.keep.setFocus()
    QTest.keyClick(scene.view.detail.keep, Qt.Key.Key_Escape)
    assert scene.view.side is None
    assert table.hasFocus()


@pytest.mark.requirement("ACCESS-1", "A1")
def test_what_is_taken_away_leaves_the_keyboard_in_the_list(scene: Scene) -> None:
    """The next one is an arrow key away; whoever had gone elsewhere stays there."""
    pane, table = scene.view.detail, scene.view.table
    for stays in (True, False):
        scene.bridge.tell(StateChanged(access=STATES))
        scene.choose("rule:r-1")
        pane.revoke.click()
        (pane.question.go if stays else scene.view.back).setFocus()
        if stays:
            QTest.keyClick(pane.question.go, Qt.Key.Key_Return)
            assert isinstance(scene.bridge.sent[-1], RemoveRule)
        scene.bridge.tell(StateChanged(access=tuple(s for s in STATES if s.kind != "rule")))
        assert scene.view.side is None
        assert table.hasFocus() is stays
    table.setFocus()
    QTest.keyClick(table, Qt.Key.Key_Down)
    assert scene.view.side is pane


def test_two_hundred_entries_are_shown_without_a_stutter(scene: Scene) -> None:
    many = tuple(
        AccessState(
            kind="rule",
            name=f"r-{n}",
            digest=f"d-{n}",
            since="2026-01-02T03:04:05.000Z",
            overdue=bool(n % 3),
            rule=data_of(Rule(id=f"r-{n}", effect=Effect.ALLOW, tool=f"tool_{n}")),
        )
        for n in range(200)
    )
    scene.bridge.tell(StateChanged(access=many))
    settle(scene.view)
    took = list[float]()
    for left_out in range(1, 4):
        began = time.process_time()
        scene.bridge.tell(StateChanged(access=many[left_out:]))
        scene.choose(f"rule:r-{left_out + 5}")
        took.append(time.process_time() - began)
        settle(scene.view)
    # Ten times what it may take, of the processor: others use the machine, too.
    assert min(took) < 0.5
