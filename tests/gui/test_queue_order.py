"""A person sorts the queue once; it then stands still, and the order survives a restart."""

import random
from collections.abc import Callable, Iterator

import msgspec
import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QAbstractButton

from keyturn.application.approval_request import ApprovalRequest, WithdrawCause
from keyturn.application.console_protocol import PutSetting, RequestShown, RequestWithdrawn
from keyturn.application.window_setting_names import QUEUE_VIEW
from keyturn.domain.tier import Tier
from keyturn.gui.look import Look
from keyturn.gui.queue.look_memory import QueueLookMemory
from keyturn.gui.queue.model import ROW_ROLE
from keyturn.gui.queue.view import QueueView
from keyturn.presentation.queue_order import QueueOrder
from tests.factories import make_request
from tests.gui import pages_data as data
from tests.gui.conftest import Clock
from tests.gui.desk_scene import DeskScene, rest_the_readers
from tests.gui.scenes import settle

pytestmark = [
    pytest.mark.gui,
    pytest.mark.requirement("W4"),
    # The offscreen platform has no window manager to tell a window's least size to.
    pytest.mark.qt_log_ignore("This plugin does not support"),
]


class Queue:
    """A window with requests that wait, as it comes up with these settings stored."""

    def __init__(self, scene: DeskScene, stored: str) -> None:
        self.scene = scene
        settings = {QUEUE_VIEW: stored} if stored else {}
        scene.start(msgspec.structs.replace(data.WELCOME, settings=settings))
        found = scene.window.findChild(QueueView)
        assert found is not None
        self.view = found

    def arrive(self, *requests: ApprovalRequest) -> None:
        for request in requests:
            self.scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=50_000))
        self.show()

    def end(self, request_id: str) -> None:
        cause = WithdrawCause.CANCELLED.value
        self.scene.bridge.request_withdrawn.emit(
            RequestWithdrawn(id=request_id, cause=cause, outcome="cancelled_by_client")
        )
        self.show()

    def show(self) -> None:
        self.scene.desk.queue.refresh_now()
        settle(self.scene.window)

    def rows(self) -> list[str]:
        """Return what is listed, from the top."""
        model = self.view.pane.list.model()
        shown = [model.index(at, 0).data(ROW_ROLE) for at in range(model.rowCount())]
        return [row.request_id for row in shown]

    def sort_by(self, order: QueueOrder) -> None:
        """Choose an order in the menu."""
        action = self.view.pane.order.findChild(QAction, f"order_{order.value}")
        assert action is not None
        action.trigger()
        settle(self.scene.window)

    @property
    def again(self) -> QAbstractButton:
        return self.view.pane.sort_again

    def stored(self) -> list[str]:
        """Let the moment pass; return what was stored."""
        memory = self.view.findChild(QueueLookMemory)
        assert memory is not None
        memory.still.stop()
        memory.still.timeout.emit()
        sent = self.scene.bridge.sent
        return [m.value for m in sent if isinstance(m, PutSetting) and m.name == QUEUE_VIEW]


MakeQueue = Callable[[str], Queue]


@pytest.fixture
def queue(look: Look, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeQueue]:
    rest_the_readers(monkeypatch)
    made: list[DeskScene] = []

    def make(stored: str) -> Queue:
        made.append(DeskScene(look, clock))
        return Queue(made[-1], stored)

    yield make
    for scene in made:
        scene.close()


def ask(name: str, tier: Tier, agent: str = "analyst") -> ApprovalRequest:
    """Return a request of a tool of its own: nothing is grouped."""
    return make_request(name, tier=tier, agent=agent, tool=f"tool_{name}")


FOUR = (ask("a", Tier.T0), ask("b", Tier.T2), ask("c", Tier.T1), ask("d", Tier.T2))


def test_it_is_sorted_when_that_is_asked_for_and_stands_still_then(queue: MakeQueue) -> None:
    made = queue("")
    made.arrive(*FOUR)
    assert made.rows() == ["a", "b", "c", "d"]
    opened = made.scene.desk.queue.open_request
    made.sort_by(QueueOrder.TIER)
    assert made.rows() == ["b", "d", "c", "a"]
    assert not made.again.isVisible()
    # Nothing comes above what a person reads: what is new is appended, whatever its tier.
    made.arrive(ask("e", Tier.T2))
    assert made.rows() == ["b", "d", "c", "a", "e"]
    assert made.again.isVisible()
    assert made.again.text() == "Sort again: Highest tier first"
    made.again.click()
    settle(made.scene.window)
    assert made.rows() == ["b", "d", "e", "c", "a"]
    assert not made.again.isVisible()
    assert made.scene.window.focusWidget() is made.view.pane.list
    made.arrive(ask("f", Tier.T0))
    assert not made.again.isVisible()
    made.sort_by(QueueOrder.ARRIVAL)
    assert made.rows() == ["a", "b", "c", "d", "e", "f"]
    assert made.scene.desk.queue.open_request is opened


def test_between_two_sortings_rows_only_come_at_the_end(queue: MakeQueue) -> None:
    chance = random.Random(4)
    made = queue("")
    made.arrive(*FOUR)
    waiting = ["a", "b", "c", "d"]
    made.view.request_chosen.emit("c")
    for number in range(120):
        before = made.rows()
        here = made.scene.desk.queue.open_request
        dice = chance.random()
        if dice < 0.5:
            waiting.append(f"n{number}")
            made.arrive(ask(waiting[-1], chance.choice(list(Tier)), chance.choice("xyz")))
            assert made.rows() == [*before, waiting[-1]]
        elif dice < 0.8 and len(waiting) > 2:
            gone = chance.choice([one for one in waiting if here is None or one != here.id])
            waiting.remove(gone)
            made.end(gone)
            assert made.rows() == [one for one in before if one != gone]
        else:
            made.sort_by(chance.choice(list(QueueOrder)))
            assert sorted(made.rows()) == sorted(before)
        assert made.scene.desk.queue.open_request is here
        place = made.view.pane.list.currentIndex().row()
        assert here is None or made.rows()[place] == here.id


def test_the_order_and_the_filter_come_back_after_a_restart(queue: MakeQueue) -> None:
    first = queue("")
    first.arrive(*FOUR)
    assert first.stored() == []
    first.sort_by(QueueOrder.TIER)
    risky = first.view.pane.findChild(QAbstractButton, "filter_high_risk")
    assert risky is not None
    risky.click()
    settle(first.scene.window)
    assert first.rows() == ["b", "d"]
    (text,) = first.stored()
    second = queue(text)
    second.arrive(*FOUR)
    risky = second.view.pane.findChild(QAbstractButton, "filter_high_risk")
    everything = second.view.pane.findChild(QAbstractButton, "filter_all")
    assert risky is not None
    assert everything is not None
    assert risky.isChecked()
    assert second.rows() == ["b", "d"]
    everything.click()
    settle(second.scene.window)
    assert second.rows() == ["b", "d", "c", "a"]
    assert second.stored() == ["tier"]


def test_the_menu_says_which_order_holds_and_so_does_the_button(queue: MakeQueue) -> None:
    made = queue("agent")
    made.arrive(ask("a", Tier.T0, "writer"), ask("b", Tier.T0, "coder"))
    assert made.rows() == ["b", "a"]
    button = made.view.pane.order
    assert button.accessibleName() == "Order of the list: By agent"
    checked = [action.text() for action in button.findChildren(QAction) if action.isChecked()]
    assert checked == ["By agent"]
