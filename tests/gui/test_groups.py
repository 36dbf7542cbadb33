"""Like calls stand in one row; a press on its card decides exactly what was selected and seen."""

import random
from collections.abc import Iterator
from dataclasses import replace

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
import pytest
from PySide6.QtCore import Qt, QTimer
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import ApprovalRequest, WithdrawCause
from keyturn.application.console_protocol import (
    RequestDetached,
    RequestShown,
    StateChanged,
)
from keyturn.application.pin_messages import PinState
from keyturn.domain.canonical import JsonObject
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.queue.group_pane import GroupPane
from keyturn.gui.queue.presenter import GATHER_MS
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.scenes import lay_out, let_go, settle
from tests.gui.sheets_scene import SheetsScene

pytestmark = pytest.mark.gui
CONTROL = Qt.KeyboardModifier.ControlModifier
PLAIN = Qt.KeyboardModifier.NoModifier


def write(number: int, tier: Tier = Tier.T1, **more: str) -> ApprovalRequest:
    arguments: JsonObject = {"path": f"/srv/site/{number}.ts", "mode": "0644"}
    return make_request(f"call-{number}", tool="write_file", arguments=arguments | more, tier=tier)


class Burst:
    """A window with a queue, the broker's messages, and a person's hands."""

    def __init__(self, qtbot: QtBot, look: Look, clock: Clock) -> None:
        self.scene = SheetsScene(qtbot, look, clock)
        self.clock = clock
        timers = self.scene.queue.findChildren(QTimer)
        (self._gathering,) = (timer for timer in timers if timer.interval() == GATHER_MS)

    @property
    def pane(self) -> GroupPane:
        """Return the card of the group."""
        return self.scene.view.group

    def arrive(self, *requests: ApprovalRequest) -> None:
        """Play requests, and let the window come to rest."""
        for request in requests:
            self.scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=38_000))
        self.settle()

    def end(
        self, *requests: ApprovalRequest, cause: WithdrawCause = WithdrawCause.CANCELLED
    ) -> None:
        """Play the ends of requests."""
        for request in requests:
            self.scene.end(request, cause)
        self.settle()

    def settle(self) -> None:
        """Show what is gathered, and paint."""
        if self._gathering.isActive():
            self._gathering.stop()
            self._gathering.timeout.emit()
        lay_out()
        settle(self.scene.window)

    def open_group(self) -> None:
        """Choose the first group in the list."""
        rows = self.scene.model.rows
        places = range(rows.rowCount())
        group = next(id_ for id_ in map(rows.request_at, places) if id_ and id_.startswith("group"))
        self.scene.view.request_chosen.emit(group)
        self.settle()

    def wait(self, milliseconds: int = 1_300) -> None:
        """Let time pass and be noticed."""
        self.clock.advance(milliseconds)
        self.pane.action.watch.ticked.emit()

    def allow(self) -> None:
        """Press the shortcut for Allow."""
        self.scene.key(Qt.Key.Key_Return, CONTROL)

    def allowed(self) -> list[tuple[str, str]]:
        """Return what was allowed, by request and digest."""
        return [(one.id, one.digest) for one in self.scene.decided() if one.allow]

    def denied(self) -> list[str]:
        """Return what was denied."""
        return [one.id for one in self.scene.decided() if not one.allow]

    def selected(self) -> list[str]:
        """Return what a press on Allow would allow."""
        choice = self.pane.choice
        assert choice is not None
        return [call.request_id for call in choice.selected]

    def texts(self) -> list[str | None]:
        """Return the ids of the list's rows."""
        rows = self.scene.model.rows
        return [rows.request_at(place) for place in range(rows.rowCount())]


@pytest.fixture
def burst(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[Burst]:
    """Return an empty queue."""
    made = Burst(qtbot, look, clock)
    yield made
    let_go(made.scene.window)


def test_like_calls_are_one_row_whose_card_is_a_table(burst: Burst) -> None:
    burst.arrive(*map(write, range(6)))
    # The first came alone and its card is open, so that it stays out of the group.
    assert len(burst.texts()) <= 2
    burst.open_group()
    assert burst.pane.isVisible()
    assert not burst.scene.view.card.isVisible()
    choice = burst.pane.choice
    assert choice is not None
    assert len(choice.calls) == len(burst.selected())
    assert burst.pane.block.allow.text() == f"Allow {len(choice.calls)}"
    assert burst.pane.block.deny.text() == f"Deny {len(choice.calls)}"


def test_a_press_allows_exactly_the_selected_calls_by_their_digests(burst: Burst) -> None:
    requests = [write(number) for number in range(6)]
    odd = write(9, path="/home/ada/.ssh/authorized_keys")
    burst.arrive(*requests, odd)
    burst.open_group()
    assert odd.id not in burst.selected()
    burst.wait()
    burst.allow()
    assert set(burst.allowed()) <= {(one.id, one.digest) for one in requests}
    assert len(burst.allowed()) >= len(requests) - 1
    assert [id_ for id_, _ in burst.allowed()] == burst.selected()
    assert odd.id not in [id_ for id_, _ in burst.allowed()]
    assert {one.shown_ms >= 700 for one in burst.scene.decided()} == {True}
    assert None not in {one.after_arming_ms for one in burst.scene.decided()}


def test_it_arms_from_zero_when_a_selected_call_ends_or_is_asked_anew(burst: Burst) -> None:
    requests = [write(number) for number in range(8)]
    burst.arrive(*requests)
    burst.open_group()
    burst.wait()
    assert burst.pane.block.allow.armed
    gone = next(one for one in requests if one.id in burst.selected())
    burst.end(gone)
    assert not burst.pane.block.allow.armed
    burst.allow()
    assert burst.allowed() == []
    burst.wait()
    burst.allow()
    assert gone.id not in [id_ for id_, _ in burst.allowed()]
    assert burst.allowed()


def test_a_call_that_comes_into_the_group_is_never_allowed_by_a_press_for_the_others(
    burst: Burst,
) -> None:
    burst.arrive(*[write(number) for number in range(6)])
    burst.open_group()
    before = burst.selected()
    burst.wait(600)
    burst.arrive(write(50), write(51, path="/home/ada/.bashrc"))
    assert burst.selected() == before
    # What is selected has not changed, so that an agent cannot keep it from being decided.
    burst.wait(700)
    burst.allow()
    assert [id_ for id_, _ in burst.allowed()] == before


def test_a_column_that_a_newcomer_makes_vary_starts_the_time_again(burst: Burst) -> None:
    burst.arrive(*[write(number) for number in range(6)])
    burst.open_group()
    burst.wait()
    assert burst.pane.block.allow.armed
    burst.arrive(write(50, mode="0777"))
    assert not burst.pane.block.allow.armed
    choice = burst.pane.choice
    assert choice is not None
    assert set(choice.view.columns) == {"path", "mode"}


def test_selected_rows_that_were_not_on_screen_keep_it_unarmed(burst: Burst) -> None:
    burst.arrive(*[write(number) for number in range(26)])
    burst.scene.window.resize(900, 560)
    burst.open_group()
    assert len(burst.selected()) == 25
    burst.wait()
    assert not burst.pane.block.allow.armed
    assert "Look at rows" in burst.pane.block.allow.reason
    burst.allow()
    assert burst.allowed() == []
    bar = burst.pane.table.verticalScrollBar()
    while bar.value() < bar.maximum():
        bar.setValue(bar.value() + burst.pane.table.viewport().height() // 2)
        burst.settle()
    burst.wait()
    assert burst.pane.block.allow.armed
    burst.allow()
    assert len(burst.allowed()) == 25


def test_no_more_than_twenty_five_go_together(burst: Burst) -> None:
    burst.arrive(*[write(number) for number in range(40)])
    burst.open_group()
    assert len(burst.selected()) == 25
    choice = burst.pane.choice
    assert choice is not None
    other = next(call for call in choice.calls if not choice.is_selected(call))
    burst.pane.table.toggled.emit(other.request_id)
    burst.settle()
    burst.wait(5_000)
    burst.allow()
    assert burst.allowed() == []
    assert burst.pane.block.allow.reason == "No more than 25 at a time"


@pytest.mark.requirement("C6")
def test_t2_calls_are_confirmed_one_by_one_and_five_at_most(burst: Burst) -> None:
    burst.arrive(*[write(number, Tier.T2) for number in range(8)])
    burst.open_group()
    assert burst.selected() == []
    burst.wait(5_000)
    burst.allow()
    assert burst.allowed() == []
    choice = burst.pane.choice
    assert choice is not None
    for call in choice.calls[:6]:
        burst.pane.table.toggled.emit(call.request_id)
        burst.settle()
    burst.wait(5_000)
    burst.allow()
    assert burst.allowed() == []
    burst.pane.table.toggled.emit(choice.calls[5].request_id)
    burst.settle()
    burst.wait(1_199)
    burst.allow()
    assert burst.allowed() == []
    burst.wait()
    burst.allow()
    assert [id_ for id_, _ in burst.allowed()] == [c.request_id for c in choice.calls[:5]]


@pytest.mark.requirement("C6")
def test_t3_calls_and_those_that_take_a_pin_are_never_allowed_together(burst: Burst) -> None:
    burst.arrive(*[write(number, Tier.T3) for number in range(8)])
    burst.open_group()
    choice = burst.pane.choice
    assert choice is not None
    burst.pane.table.toggled.emit(choice.calls[0].request_id)
    burst.settle()
    burst.wait(5_000)
    burst.allow()
    assert burst.allowed() == []
    burst.scene.key(Qt.Key.Key_Backspace, CONTROL)
    assert len(burst.denied()) == len(choice.calls)


@pytest.mark.requirement("C6")
def test_t2_calls_that_take_the_pin_are_not_allowed_together(burst: Burst) -> None:
    burst.scene.bridge.tell(StateChanged(pin=PinState(is_set=True, use="t2_t3")))
    burst.arrive(*[write(number, Tier.T2) for number in range(8)])
    burst.open_group()
    choice = burst.pane.choice
    assert choice is not None
    burst.pane.table.toggled.emit(choice.calls[0].request_id)
    burst.settle()
    burst.wait(5_000)
    burst.allow()
    assert burst.allowed() == []


def test_a_call_that_has_to_be_opened_cannot_be_selected_before(burst: Burst) -> None:
    long = write(20, content="x" * 300)
    burst.arrive(*[write(number, content="y") for number in range(6)], long)
    burst.open_group()
    burst.pane.table.toggled.emit(long.id)
    assert long.id not in burst.selected()
    burst.pane.call_opened.emit(long.id)
    burst.scene.qtbot.waitUntil(
        lambda: burst.settle() is None and burst.scene.view.card.arguments.unseen is None
    )
    assert burst.scene.view.card.isVisible()
    burst.open_group()
    burst.pane.table.toggled.emit(long.id)
    assert long.id in burst.selected()


def test_denying_takes_all_that_stand_in_the_table_or_the_outliers_alone(burst: Burst) -> None:
    odd = write(30, path="/home/ada/.ssh/authorized_keys")
    burst.arrive(*[write(number) for number in range(10)], odd)
    burst.open_group()
    burst.wait(300)
    burst.scene.click(burst.pane.block.deny_with_message)
    assert burst.denied() == [odd.id]
    burst.scene.click(burst.pane.block.deny)
    choice = burst.pane.choice
    assert choice is not None
    assert set(burst.denied()) == {call.request_id for call in choice.calls}


@pytest.mark.requirement("C2")
def test_keys_held_on_a_table_decide_nothing_while_calls_come(burst: Burst) -> None:
    burst.arrive(*[write(number) for number in range(5)])
    burst.open_group()
    burst.pane.table.setFocus()
    for number in range(50):
        burst.clock.advance(33)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Y, Qt.Key.Key_A, Qt.Key.Key_1):
            burst.scene.key(key, PLAIN)
        burst.arrive(write(100 + number))
    assert burst.scene.decided() == []


@pytest.mark.requirement("Q5")
def test_the_identical_call_is_one_row_that_says_how_often_it_was_asked(burst: Burst) -> None:
    same = [replace(write(1), id=f"again-{number}") for number in range(4)]
    burst.arrive(*same)
    assert burst.texts() == ["again-0"]
    row = burst.scene.model.rows.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "asked 4×" in row
    burst.clock.advance(800)
    burst.allow()
    # One press lets one of them through; the others wait on, in the same row.
    assert [id_ for id_, _ in burst.allowed()] == ["again-0"]
    burst.end(same[0], cause=WithdrawCause.DECIDED)
    assert burst.texts() == ["again-1"]
    assert "asked 3×" in burst.scene.model.rows.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    burst.clock.advance(300)
    burst.scene.key(Qt.Key.Key_Backspace, CONTROL)
    assert burst.denied() == ["again-1", "again-2", "again-3"]


@pytest.mark.requirement("Q1")
def test_500_arrivals_are_shown_in_one_pass_and_stand_in_their_groups(burst: Burst) -> None:
    agents, tools = ("analyst", "coder", "scribe"), 5
    requests = [
        replace(write(number), id=f"r-{number}", agent=agents[number % 3], tool=f"t-{number % 5}")
        for number in range(500)
    ]
    passes: list[int] = []
    burst.scene.model.rows_shown.connect(lambda: passes.append(burst.scene.model.rows.rowCount()))
    burst.arrive(*requests)
    # A pass looks through all that waits; one for each arrival would be 125,000 looks.
    assert len(passes) == 1
    assert passes[0] <= len(agents) * tools + 1
    assert [one.request.id for one in burst.scene.queue.waiting] == [one.id for one in requests]
    assert burst.scene.decided() == []


@pytest.mark.requirement("Q6")
def test_what_a_rule_decided_says_so_for_five_seconds(burst: Burst) -> None:
    requests = [make_request(f"r-{n}", tool=f"tool-{n}") for n in range(3)]
    burst.arrive(*requests)
    burst.end(requests[1], cause=WithdrawCause.DECIDED_BY_RULE)
    assert burst.texts() == ["r-0", "r-1", "r-2"]
    burst.scene.view.request_chosen.emit("r-1")
    assert burst.scene.model.open_id == "r-0"
    burst.clock.advance(4_999)
    burst.arrive(make_request("r-3", tool="tool-3"))
    assert "r-1" in burst.texts()
    burst.clock.advance(1)
    burst.arrive(make_request("r-4", tool="tool-4"))
    assert burst.texts() == ["r-0", "r-2", "r-3", "r-4"]


@pytest.mark.requirement("Q4")
@pytest.mark.parametrize("opened", ["single", "group"])
def test_what_is_open_and_marked_stays_over_a_thousand_random_events(
    burst: Burst, opened: str
) -> None:
    chance = random.Random(20)
    kept = [replace(write(n, tier=Tier.T2), id=f"kept-{n}") for n in range(5)]
    first = make_request("first", tool="alone")
    # What goes from above it moves its place in the list.
    alive = [make_request(f"o-{n}", tool=f"older-{n}") for n in range(30)]
    burst.arrive(*alive, first, *kept)
    burst.scene.view.request_chosen.emit("first")
    if opened == "group":
        burst.open_group()
    here = burst.scene.model.open_id
    assert (here == "first") is (opened == "single")
    for number in range(1_000):
        if alive and chance.random() < 0.48:
            gone = alive.pop(chance.randrange(len(alive)))
            cause = chance.choice([WithdrawCause.CANCELLED, WithdrawCause.DECIDED_BY_RULE])
            burst.scene.end(gone, cause)
        else:
            made = make_request(
                f"r-{number}",
                tool=chance.choice(["a", "b", "write_file"]),
                arguments={"n": chance.randrange(40)},
                server=chance.choice(["s-1", "s-2"]),
            )
            alive.append(made)
            burst.scene.bridge.request_shown.emit(RequestShown(request=made, remaining_ms=9_000))
        if number % 5 == 0:
            burst.clock.advance(chance.choice([10, 900]))
            burst.scene.queue.refresh_now()
            assert burst.scene.model.open_id == here
            place = burst.scene.view.pane.list.currentIndex().row()
            assert burst.scene.model.rows.request_at(place) == here
    if opened == "group":
        choice = burst.pane.choice
        assert choice is not None
        assert [call.request_id for call in choice.calls] == [one.id for one in kept]


def test_the_next_row_opens_once_nothing_of_a_group_waits(burst: Burst) -> None:
    requests = [write(number) for number in range(6)]
    burst.arrive(*requests, make_request("after", tool="alone"))
    burst.open_group()
    burst.end(*requests, cause=WithdrawCause.DECIDED)
    assert burst.scene.model.open_id == "after"


def test_calls_whose_agent_stopped_waiting_are_not_allowed_together(burst: Burst) -> None:
    requests = [write(number) for number in range(8)]
    burst.arrive(*requests)
    for request in requests:
        burst.scene.bridge.request_detached.emit(
            RequestDetached(id=request.id, cause="expired_no_answer")
        )
    burst.settle()
    burst.open_group()
    burst.wait(5_000)
    burst.allow()
    assert burst.allowed() == []
