"""Random orders of arrivals, ends, edits and presses, with a memory of what was painted."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest

from keyturn.application.approval_request import ApprovalRequest, AskedFor, WithdrawCause
from keyturn.application.console_protocol import (
    Decide,
    RequestDetached,
    RequestShown,
    RequestWithdrawn,
)
from keyturn.domain.canonical import canonical, digest_of
from keyturn.domain.tier import Tier
from keyturn.gui.queue.presenter import GATHER_MS
from tests.factories import make_request
from tests.gui.scenes import settle
from tests.gui.sheets_scene import SheetsScene

CONTROL: Final = Qt.KeyboardModifier.ControlModifier
PLAIN_MS: Final = 700
CAREFUL_MS: Final = 1200
"""Least times of console.md section 3.2, which the oracle holds on its own."""


@dataclass(frozen=True, slots=True)
class Painted:
    """What a person could see of the call that is asked about."""

    request: str
    revision: int
    value: str
    """The value that decides, as it stands in its box."""


@dataclass(slots=True)
class Count:
    """What came of the interleavings."""

    runs: int = 0
    steps: int = 0
    allowed: int = 0
    denied: int = 0
    wrong: list[str] = field(default_factory=list[str])


class Interleavings:
    """Plays one random order after the other in a window that stays."""

    def __init__(self, scene: SheetsScene, seed: int) -> None:
        self._scene = scene
        self._chance = random.Random(seed)
        self._waiting: dict[str, ApprovalRequest] = {}
        self._made = 0
        self._painted: Painted | None = None
        self._since = 0
        self._confirmed: Painted | None = None
        self._answered = 0
        self.count = Count()
        timers = scene.queue.findChildren(QTimer)
        (self._gathering,) = (timer for timer in timers if timer.interval() == GATHER_MS)
        self._steps: tuple[tuple[int, Callable[[], None]], ...] = (
            (4, self._arrive),
            (3, self._end),
            (2, self._stop_waiting),
            (2, self._ask_anew),
            (2, self._edit),
            (8, self._pass_time),
            (4, self._allow_by_key),
            (3, self._allow_by_pointer),
            (8, self._take_time_and_allow),
            (3, self._confirm),
            (2, self._choose),
            (2, self._step),
            (1, self._deny),
            (1, self._later),
            (2, self._type),
            (1, self._move),
        )

    def run(self, steps: int) -> None:
        """Play one order of so many steps, then take every request away."""
        weights = [weight for weight, _ in self._steps]
        ways = [way for _, way in self._steps]
        self._arrive()
        self._look()
        for way in self._chance.choices(ways, weights, k=steps):
            way()
            self._judge()
            self._look()
        self.count.runs += 1
        self.count.steps += steps
        for id_ in tuple(self._waiting):
            self._withdraw(id_)
        self._look()

    def _look(self) -> None:
        """Let the window come to rest and note what it shows, as a person would see it."""
        self._settle()
        card = self._scene.view.card
        shown = card.card if card.isVisible() else None
        boxes = card.decisive.boxes()
        painted = (
            Painted(shown.request_id, shown.revision, boxes[0].value.value if boxes else "")
            if shown is not None
            else None
        )
        if painted != self._painted:
            self._painted, self._since = painted, self._scene.clock()
            self._confirmed = None

    def _settle(self) -> None:
        if self._gathering.isActive():
            self._gathering.stop()
            self._gathering.timeout.emit()
        settle(self._scene.window)

    def _judge(self) -> None:
        """Hold every answer that was sent in this step against what was painted before it."""
        sent = self._scene.bridge.sent
        fresh, self._answered = sent[self._answered :], len(sent)
        for message in fresh:
            if isinstance(message, Decide):
                self._judge_answer(message)
                self._waiting.pop(message.id, None)
                end = RequestWithdrawn(id=message.id, cause="answered", outcome="allowed_once")
                self._scene.bridge.request_withdrawn.emit(end)

    def _judge_answer(self, message: Decide) -> None:
        if not message.allow:
            self.count.denied += 1
            return
        self.count.allowed += 1
        request, painted = self._waiting.get(message.id), self._painted
        shown_ms = self._scene.clock() - self._since
        if painted is None or request is None or painted.request != message.id:
            self.count.wrong.append(f"{message.id} was allowed, and {painted} was painted")
            return
        if request.digest != message.digest or painted.value not in request.arguments:
            self.count.wrong.append(f"{message.id} was allowed as another than {painted}")
        careful = request.tier >= Tier.T2
        if shown_ms < (CAREFUL_MS if careful else PLAIN_MS):
            self.count.wrong.append(f"{message.id} was painted for {shown_ms} ms only")
        if careful and self._confirmed != painted:
            self.count.wrong.append(f"{message.id} was allowed and its value not confirmed")

    # ---------------------------------------------------------------- from the broker

    def _arrive(self, id_: str = "") -> None:
        self._made += 1
        id_ = id_ or f"call-{self._made}"
        request = make_request(
            id_,
            agent=self._chance.choice(["analyst", "coder"]),
            arguments={"address": f"p{self._made}@example.com"},
            tier=self._chance.choice([Tier.T1, Tier.T1, Tier.T2]),
        )
        self._show(replace(request, call=id_))

    def _show(self, request: ApprovalRequest) -> None:
        self._waiting[request.id] = request
        self._scene.bridge.request_shown.emit(RequestShown(request=request, remaining_ms=38_000))

    def _any(self) -> str:
        return self._chance.choice(sorted(self._waiting)) if self._waiting else ""

    def _withdraw(self, id_: str) -> None:
        if self._waiting.pop(id_, None) is not None:
            cause = self._chance.choice(list(WithdrawCause))
            end = RequestWithdrawn(id=id_, cause=cause.value, outcome="cancelled_by_client")
            self._scene.bridge.request_withdrawn.emit(end)

    def _end(self) -> None:
        self._withdraw(self._any())

    def _stop_waiting(self) -> None:
        id_ = self._any()
        if id_:
            message = RequestDetached(id=id_, cause="cancelled")
            self._scene.bridge.request_detached.emit(message)

    def _ask_anew(self) -> None:
        """Let a request of the same id come with other arguments: the worst edit there is."""
        id_ = self._any()
        if id_:
            self._withdraw(id_)
            self._arrive(id_)

    def _edit(self) -> None:
        """Let a person's edit be asked about in the place of what was asked, as the broker does."""
        request = self._waiting.pop(self._any(), None)
        if request is None:
            return
        end = RequestWithdrawn(id=request.id, cause=WithdrawCause.ASKED_ANEW.value, outcome="")
        self._scene.bridge.request_withdrawn.emit(end)
        self._made += 1
        mine = canonical({"address": f"p{self._made}@example.com"})
        edited = replace(
            request,
            id=f"{request.call}.{self._made}",
            arguments=mine.decode(),
            digest=digest_of(mine),
            edited=AskedFor(arguments=request.arguments, digest=request.digest),
        )
        self._show(edited)

    # ---------------------------------------------------------------- from the person

    def _pass_time(self) -> None:
        self._scene.wait(self._chance.choice([10, 100, 250, 400, 700, 900, 1300]))

    def _allow_by_key(self) -> None:
        self._scene.key(Qt.Key.Key_Return, CONTROL)

    def _allow_by_pointer(self) -> None:
        allow = self._scene.view.card.block.allow
        if allow.isVisible():
            QTest.mousePress(allow, Qt.MouseButton.LeftButton)
            if self._chance.random() < 0.3:
                self._chance.choice([self._arrive, self._end, self._ask_anew])()
                self._settle()
            QTest.mouseRelease(allow, Qt.MouseButton.LeftButton)

    def _take_time_and_allow(self) -> None:
        """Do what a person does who means it; only so is anything allowed often."""
        self._confirm()
        self._scene.wait(self._chance.choice([600, 800, 1300, 1600]))
        self._look()
        self._chance.choice([self._allow_by_key, self._allow_by_pointer])()

    def _confirm(self) -> None:
        self._scene.confirm_card()
        self._confirmed = self._painted

    def _choose(self) -> None:
        self._scene.view.request_chosen.emit(self._any())

    def _step(self) -> None:
        self._scene.view.choose_next(self._chance.choice([1, -1]))

    def _deny(self) -> None:
        self._scene.key(Qt.Key.Key_Backspace, CONTROL)

    def _later(self) -> None:
        self._scene.key(Qt.Key.Key_L, CONTROL)

    def _type(self) -> None:
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Space, Qt.Key.Key_Y, Qt.Key.Key_Tab)
        self._scene.key(self._chance.choice(keys), Qt.KeyboardModifier.NoModifier)

    def _move(self) -> None:
        size = self._scene.window.size()
        width = self._chance.choice([1100, 1200, 1280])
        self._scene.window.resize(width, size.height())
