"""Q3: a hundred mixed calls, five of them planted, cleared by keyboard alone in simulated time."""

from collections.abc import Iterator
from typing import Final

# pyright: reportUnknownMemberType=false
# pytest-qt's key and mouse methods are untyped.
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from keyturn.application.approval_request import ApprovalRequest, WithdrawCause
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from tests.factories import make_request
from tests.gui.conftest import Clock
from tests.gui.scenes import let_go
from tests.gui.test_groups import CONTROL, PLAIN, Burst

pytestmark = pytest.mark.gui
SHIFT: Final = Qt.KeyboardModifier.ShiftModifier
READS_MS: Final = 1_500
"""How long the person looks at anything before they act."""
KEY_MS: Final = 120
FIVE_MINUTES_MS: Final = 5 * 60 * 1_000
EVIL: Final = "evil"


def hundred() -> list[ApprovalRequest]:
    """Make 80 calls of T0 and T1 in six groups, 15 of T2 and 5 of T3; five hold a planted value."""
    made: list[ApprovalRequest] = []
    for number in range(80):
        path = f"/srv/site/src/{number}.ts"
        if number in {17, 42, 63}:
            path = f"/home/ada/.ssh/{EVIL}-{number}"
        tier = Tier.T0 if number % 6 < 2 else Tier.T1
        tool = f"tool_{number % 6}"
        made.append(make_request(f"c-{number}", tool=tool, arguments={"path": path}, tier=tier))
    for number in range(15):
        to = f"p{number}@{EVIL}.example" if number == 6 else f"p{number}@northwind.example"
        arguments = {"to": to}
        made.append(
            make_request(f"t2-{number}", tool="send", arguments={**arguments}, tier=Tier.T2)
        )
    for number in range(5):
        name = f"sync_{EVIL}" if number == 3 else f"sync_{number}"
        tool = f"new_{number}"
        made.append(make_request(f"t3-{number}", tool=tool, arguments={"n": name}, tier=Tier.T3))
    return made


class KeyboardUser:
    """Clears a queue by the rules, with keys alone."""

    def __init__(self, burst: Burst, requests: list[ApprovalRequest]) -> None:
        self.burst = burst
        self.waiting = {one.id: one for one in requests}
        self.allowed: list[str] = []
        self.denied: list[str] = []
        self._heard = 0

    def clear(self) -> None:
        """Go on until nothing waits."""
        for _ in range(90):
            if not self.waiting:
                return
            self.pass_time(READS_MS)
            if self.burst.scene.model.group is not None:
                self._clear_group()
            else:
                self._clear_card()
            self._hear()
        raise AssertionError(f"still waiting: {list(self.waiting)}")

    def _clear_group(self) -> None:
        choice = self.burst.pane.choice
        assert choice is not None
        if choice.outliers:
            self.key(Qt.Key.Key_Backspace, CONTROL | SHIFT)
            return
        self.tab_to(self.burst.pane.table)
        if choice.view.tier is Tier.T2:
            self.key(Qt.Key.Key_Home)
            for _ in choice.calls[: choice.view.most]:
                self.key(Qt.Key.Key_Space)
                self.key(Qt.Key.Key_Down)
        for _ in range(20):
            if choice.unseen is None:
                break
            self.key(Qt.Key.Key_PageDown)
        self.pass_time(1_300)
        self.key(Qt.Key.Key_Return, CONTROL)

    def _clear_card(self) -> None:
        view = self.burst.scene.view
        card = view.card.card
        assert card is not None
        if EVIL in card.raw_json:
            self.key(Qt.Key.Key_Backspace, CONTROL)
            return
        for box in view.card.decisive.boxes():
            if box.confirm_button.isVisible():
                self.tab_to(box.confirm_button)
                self.key(Qt.Key.Key_Space)
        if view.card.name_field.isVisible():
            self.tab_to(view.card.name_field)
            QTest.keyClicks(view.card.name_field, card.tool_short_name)
            self.pass_time(KEY_MS * len(card.tool_short_name))
        self.pass_time(1_300)
        self.key(Qt.Key.Key_Return, CONTROL)

    def key(self, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        """Press a key where the focus is."""
        self.pass_time(KEY_MS)
        self.burst.scene.key(key, modifier)
        self.burst.settle()

    def tab_to(self, wanted: QWidget) -> None:
        """Go to a widget by Tab."""
        for _ in range(40):
            if self.burst.scene.window.focusWidget() is wanted:
                return
            self.key(Qt.Key.Key_Tab)
        raise AssertionError(f"{wanted.objectName()} is not reached by Tab")

    def pass_time(self, milliseconds: int) -> None:
        """Let time pass and be noticed."""
        self.burst.settle()
        self.burst.clock.advance(milliseconds)
        self.burst.scene.view.watch.ticked.emit()
        self.burst.pane.action.watch.ticked.emit()

    def _hear(self) -> None:
        """Let the broker end what was answered, by the digest that was."""
        sent = self.burst.scene.decided()
        fresh, self._heard = sent[self._heard :], len(sent)
        for answer in fresh:
            request = self.waiting.pop(answer.id)
            assert request.digest == answer.digest
            (self.allowed if answer.allow else self.denied).append(answer.id)
            self.burst.scene.end(request, WithdrawCause.DECIDED)
        self.burst.settle()


@pytest.fixture
def burst(qtbot: QtBot, look: Look, clock: Clock) -> Iterator[Burst]:
    """Return an empty queue."""
    made = Burst(qtbot, look, clock)
    yield made
    let_go(made.scene.window)


@pytest.mark.requirement("Q3")
def test_a_hundred_calls_are_cleared_by_keyboard_and_the_planted_ones_denied(
    burst: Burst,
) -> None:
    requests = hundred()
    burst.arrive(*requests)
    began = burst.clock()
    user = KeyboardUser(burst, requests)
    user.clear()
    planted = {one.id for one in requests if EVIL in one.arguments}
    assert len(planted) == 5
    assert planted <= set(user.denied)
    assert set(user.allowed) == {one.id for one in requests} - planted
    assert burst.clock() - began <= FIVE_MINUTES_MS
