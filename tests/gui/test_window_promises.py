"""What the whole window owes while calls come in: reach, calm, and the broker's own words."""

import random
import re
from collections.abc import Iterator
from typing import Final

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
import msgspec
import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.console_protocol import (
    RequestShown,
    StateChanged,
    StopAll,
    decode_to_window,
    encode_line,
)
from keyturn.application.console_state import HealthState, StopState
from keyturn.approvers.console import COALESCE_SECONDS
from keyturn.domain.configuration import Limits, ToolSetting
from keyturn.domain.decision import Outcome
from keyturn.domain.record import RecordType
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.pages import PAGE_KEYS, Page
from keyturn.gui.queue.view import QueueView
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import tier_role
from tests.factories import make_call, make_connection, make_request, make_server
from tests.gui import pages_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.unit.application.gate_world import World, play

pytestmark = [
    pytest.mark.gui,
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints"),
]
MANY: Final = 500
TIERS: Final = (Tier.T0, Tier.T1, Tier.T2, Tier.T3)


class Whole:
    """The whole window, with a person at it."""

    def __init__(self, qtbot: QtBot, look: Look, clock: Clock) -> None:
        self.qtbot = qtbot
        self.scene = DeskScene(look, clock)
        with qtbot.waitExposed(self.scene.window):
            self.scene.start()
        queue = self.scene.window.findChild(QueueView)
        assert queue is not None
        self.queue: QueueView = queue
        self.front()

    def front(self) -> None:
        """Bring it to the front, which this platform forgets now and then."""
        self.scene.window.activateWindow()
        self.qtbot.waitUntil(self.scene.window.isActiveWindow, timeout=5_000)

    def keys(self, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
        """Press a shortcut."""
        self.front()
        self.qtbot.keyClick(self.scene.window, key, modifiers)

    def ask(self, request: ApprovalRequest, remaining_ms: int | None = 50_000) -> None:
        """Play a request as it comes out of the pipe."""
        line = encode_line(RequestShown(request=request, remaining_ms=remaining_ms))
        crossed = decode_to_window(line)
        assert isinstance(crossed, RequestShown)
        self.scene.bridge.request_shown.emit(crossed)

    def listed(self, count: int) -> None:
        """Wait until so many are in the list."""
        rows = self.queue.pane.list.model()
        self.qtbot.waitUntil(lambda: rows.rowCount() == count, timeout=5_000)

    def second_passes(self) -> None:
        """Let what is painted once a second be painted."""
        for timer in self.queue.findChildren(QTimer):
            if timer.interval() == 1_000:
                timer.timeout.emit()

    def texts(self) -> str:
        """Return all words of the decision block."""
        return " | ".join(label.text() for label in self.queue.card.block.findChildren(QLabel))

    def bar(self) -> str:
        """Return all words of the top bar."""
        bar = self.scene.window.top_bar
        return " | ".join(label.text() for label in bar.findChildren(QLabel))


@pytest.fixture
def whole(
    qtbot: QtBot, look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Whole]:
    """Return a shown window with every page in it."""
    rest_the_readers(monkeypatch)
    made = Whole(qtbot, look, clock)
    yield made
    made.scene.close()


CONTROL: Final = Qt.KeyboardModifier.ControlModifier
SHIFT: Final = Qt.KeyboardModifier.ShiftModifier


def go_to(whole: Whole, page: Page) -> None:
    keys = PAGE_KEYS[page]
    if keys == "F1":
        whole.keys(Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier)
    else:
        whole.keys(Qt.Key(ord(keys.removeprefix("Ctrl+"))), CONTROL)
    assert whole.scene.window.page is page


@pytest.mark.requirement("W1")
def test_any_call_is_two_actions_away_and_the_stop_one(whole: Whole) -> None:
    whole.scene.build()
    for number in range(MANY):
        whole.ask(make_request(f"r-{number}", tool=f"tool_{number}", tier=TIERS[number % 4]))
    whole.listed(MANY)
    dice = random.Random(1)
    places = (MANY - 2, MANY - 1)
    for page in PAGE_KEYS:
        for place in (0, *places, dice.randrange(MANY)):
            go_to(whole, page)
            go_to(whole, Page.QUEUE)
            view = whole.queue.pane.list
            index = view.model().index(place, 0)
            view.scrollTo(index)
            at = view.visualRect(index).center()
            whole.qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=at)
            card = whole.queue.card
            assert card.isVisible()
            assert card.card is not None
            assert card.card.request_id == f"r-{place}"
        go_to(whole, page)
        before = len(whole.scene.bridge.sent)
        whole.keys(Qt.Key.Key_P, CONTROL | SHIFT)
        button = whole.scene.window.top_bar.stop_button
        assert button.isVisible()
        new = whole.scene.bridge.sent[before:]
        assert [type(message) for message in new] == [StopAll], page


@pytest.mark.requirement("W3")
def test_500_arrivals_open_no_dialog_and_take_no_focus(whole: Whole) -> None:
    other = QLineEdit()
    other.show()
    other.activateWindow()
    whole.qtbot.waitUntil(other.isActiveWindow, timeout=5_000)
    other.setFocus()
    focused = whole.scene.window.focusWidget()
    for number in range(MANY):
        whole.ask(make_request(f"r-{number}", tool=f"tool_{number}", tier=TIERS[number % 4]))
        if number % 50 == 49:
            QApplication.sendPostedEvents()
        assert QApplication.activeModalWidget() is None
        assert QApplication.activePopupWidget() is None
    whole.listed(MANY)
    assert QApplication.activeWindow() is other
    assert other.hasFocus()
    assert QApplication.activeModalWidget() is None
    # In its own window the keyboard is where it was, or on the sentence of the first card.
    assert whole.scene.window.focusWidget() in (focused, whole.queue.card.headline.sentence)
    other.close()
    other.deleteLater()


@pytest.mark.requirement("W6")
def test_the_top_bar_says_what_the_broker_said_at_once(whole: Whole) -> None:
    words = whole.scene.look.words
    states = {
        words("topbar.stopped"): StateChanged(
            stop=StopState(engaged=True, since_utc="2026-11-20T03:04:05.000Z")
        ),
        words("topbar.protecting"): StateChanged(stop=StopState(engaged=False)),
        words("topbar.problem"): StateChanged(
            health=HealthState(keychain="ready", recording=False)
        ),
    }
    dice, said = random.Random(6), list(states)
    # The broker gathers changes so long; the stop is told ahead of that.
    assert COALESCE_SECONDS <= 0.1
    for _ in range(60):
        wanted = dice.choice(said)
        if wanted == words("topbar.protecting"):
            whole.scene.bridge.tell(StateChanged(health=data.STATE.health))
        if wanted == words("topbar.problem"):
            whole.scene.bridge.tell(StateChanged(stop=StopState(engaged=False)))
        # Nothing runs in between: what is painted next is right.
        whole.scene.bridge.tell(states[wanted])
        assert wanted in whole.bar().split(" | ")


LEFT: Final = re.compile(r"about (?:(\d+) min )?(\d+) s")


def seconds_shown(text: str) -> int:
    found = LEFT.search(text)
    assert found is not None, text
    return 60 * int(found[1] or 0) + int(found[2])


@pytest.mark.requirement("D5")
@pytest.mark.parametrize("hold", [12, 50, 61, 119, 240, 450])
def test_the_time_left_is_the_brokers_within_two_seconds(
    whole: Whole, clock: Clock, hold: int
) -> None:
    dice = random.Random(hold)

    async def story() -> None:
        world = World(limits=Limits(hold_seconds=hold))
        task = world.start(make_call(await world.connect()))
        await world.asked()
        (waiting,) = world.approvals.waiting()
        remaining = waiting.remaining_ms(world.clock.monotonic_ns())
        # What it takes through the pipe.
        late = dice.randrange(250)
        world.clock.advance(late / 1000)
        clock.advance(late)
        whole.ask(waiting.request, remaining)
        whole.scene.desk.queue.open_card(waiting.request.id)
        for _ in range(hold - 1):
            passed = dice.randrange(300, 999)
            world.clock.advance(passed / 1000)
            clock.advance(passed)
            left = waiting.remaining_ms(world.clock.monotonic_ns()) or 0
            if left <= 1_000:
                break
            assert abs(seconds_shown(whole.texts()) * 1000 - left) <= 2_000
            whole.second_passes()
            assert abs(seconds_shown(whole.texts()) * 1000 - left) <= 2_000
        world.answer(waiting.request, allow=False)
        await task

    play(story)


@pytest.mark.requirement("C10", "LAW-3")
@pytest.mark.parametrize("tier", TIERS)
def test_tier_deadline_and_default_are_those_of_the_record(
    whole: Whole, clock: Clock, tier: Tier
) -> None:
    words = whole.scene.look.words

    async def story() -> None:
        setting = () if tier is Tier.T3 else (ToolSetting(pattern="*", tier=tier),)
        world = World(limits=Limits(hold_seconds=40))
        connection = await world.connect(make_connection(server=make_server(tools=setting)))
        task = world.start(make_call(connection))
        request = await world.asked()
        (waiting,) = world.approvals.waiting()
        remaining = waiting.remaining_ms(world.clock.monotonic_ns())
        assert remaining is not None
        whole.ask(request, remaining)
        whole.scene.desk.queue.open_card(request.id)
        card = whole.queue.card.card
        assert card is not None
        assert seconds_shown(whole.texts()) * 1000 == remaining == 40_000
        assert words("card.no_answer") in whole.texts()
        role = tier_role(card.tier)
        assert card.chips[0].role is role
        world.clock.advance(41)
        await task
        (entry,) = [r.entry for r in world.log.records if r.entry.type is RecordType.DETACHED]
        assert world.server.arrivals == []
        assert entry.tier == card.tier.name == tier.name
        assert entry.call_digest == card.digest
        assert entry.outcome == Outcome.EXPIRED_NO_ANSWER.value

    play(story)


def test_the_title_names_a_profile_that_is_not_the_default_one(
    look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest_the_readers(monkeypatch)
    for profile, title in (("", "Protecting - Keyturn"), ("de\u202emo", "Protecting - de")):
        scene = DeskScene(look, clock)
        scene.start(msgspec.structs.replace(data.WELCOME, profile=profile))
        assert scene.window.windowTitle().startswith(title)
        assert "\u202e" not in scene.window.windowTitle()
        bar = [text.text() for text in scene.window.top_bar.findChildren(Text)]
        assert any(text.startswith("profile de") for text in bar) is bool(profile)
        scene.close()
