"""The system's dialog at the broker: one answer, for one request of one window, or nothing."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec import structs

from keyturn.application.approval_request import (
    Answer,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
)
from keyturn.application.console_protocol import Decide, IntentDone, ToWindow
from keyturn.application.events import Topic
from keyturn.application.floods import Floods
from keyturn.application.pins import ENTRY, Pins
from keyturn.application.presence_checks import PresenceChecks
from keyturn.application.tasks import TaskOwner
from keyturn.application.waiting import Resolution
from keyturn.application.window_messages import DropDialog
from keyturn.approvers.console_answers import ConsoleAnswers
from keyturn.approvers.console_dialog import ConsoleDialog, Dialog
from keyturn.approvers.console_pipe import ConsolePipe
from keyturn.domain.decision import Outcome
from keyturn.domain.pin import PinUse
from keyturn.domain.presence import PresenceAnswer, Readiness
from keyturn.domain.step_up import Takes, Weighed
from keyturn.domain.tier import Tier
from keyturn.presentation.words import Words
from tests.factories import make_request
from tests.fakes.presence import FakeAuthority
from tests.fakes.secret_store import FakeSecretStore
from tests.sources import ROOT
from tests.unit.application.approvals_rig import Queue
from tests.unit.application.gate_world import settle
from tests.unit.application.pins_rig import RIGHT, WRONG, Keeper, PinLevels, play

WORDS = Words(ROOT / "resources" / "translations")
OTHERS = [one for one in PresenceAnswer if one is not PresenceAnswer.CONFIRMED]


def _said(request: ApprovalRequest) -> dict[str, str]:
    return {"id": request.id}


class Levels(PinLevels):
    """Whatever is no plain call takes more than the dialog gives."""

    def of_call(self, weighed: Weighed) -> Takes:
        """Return what it takes by the call's tier, and by its tool's mark."""
        return Takes.BOTH if weighed.two_persons else super().of_call(weighed)

    def of_review(self, request: ApprovalRequest, answer: Answer) -> Takes:
        """Return what takes the PIN."""
        return Takes.PIN


class Window(ConsolePipe):
    """The pipe of a window that is played: what it is told is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.told: asyncio.Queue[ToWindow] = asyncio.Queue()
        self.begin(41)

    def begin(self, pid: int) -> None:
        """Have another process be the window."""
        self.process = cast("Process", SimpleNamespace(pid=pid, returncode=None))

    def write(self, message: ToWindow) -> bool:
        self.told.put_nowait(message)
        return True


class Scene:
    """A broker whose person chose the dialog, its window, and calls that wait."""

    def __init__(self, pins: Pins, keychain: FakeSecretStore) -> None:
        self.pins = pins
        self.keychain = keychain
        self.queue = Queue()
        self.queue.approvals.levels = Levels(pins)
        self.authority = FakeAuthority()
        self.window = Window()
        self.checks = PresenceChecks(
            authority=self.authority,
            approvals=self.queue.approvals,
            observers=self.queue.observers,
            pins=pins,
        )
        self.held = False
        """Its agent is held for a flood."""
        floods = cast("Floods", SimpleNamespace(may_allow=self._may_allow))
        self.answers = ConsoleAnswers(self.queue.approvals, WORDS, pins, floods=floods)
        say = Dialog(self.checks, _said)
        self.dialog = ConsoleDialog(say, self.answers, self.window, WORDS)
        self.tasks = TaskOwner()
        self.ends: dict[str, asyncio.Future[Resolution]] = {}

    def _may_allow(self, _request: ApprovalRequest) -> bool:
        return not self.held

    async def close(self) -> None:
        """End it."""
        await self.tasks.close()
        await self.checks.close()

    def ask(self, id_: str, hold: float | None = None, **facts: Any) -> ApprovalRequest:
        """Have a call wait."""
        request = replace(make_request(id_, tier=Tier.T2), **facts)
        self.ends[id_] = self.queue.approvals.ask(request, hold_seconds=hold)
        return request

    def press(self, request: ApprovalRequest, n: int, **how: Any) -> None:
        """Have the window ask for the dialog of a call."""
        facts: dict[str, Any] = {"id": request.id, "digest": request.digest, "allow": True}
        facts |= {"dialog": True, **how}
        self.say(Decide(n=n, **facts))

    def say(self, message: Decide | DropDialog) -> None:
        """Have the window say something about a dialog."""
        self.tasks.start(self.dialog.take(message), "said")

    async def open(self, request: ApprovalRequest, n: int) -> None:
        """Wait until its dialog is open; nothing was allowed by that."""
        self.press(request, n)
        await self.authority.opened.wait()
        assert self.waiting(request)

    def person(self, answer: PresenceAnswer) -> None:
        """Answer the dialog that is open."""
        self.authority.person.put_nowait(answer)

    async def done(self, n: int) -> IntentDone:
        """Wait for what became of a press."""
        done = await self.window.told.get()
        assert isinstance(done, IntentDone)
        assert done.n == n
        return done

    def waiting(self, request: ApprovalRequest) -> bool:
        """Tell whether a call waits yet."""
        return request.id in self.queue.ids()


def says(answer: PresenceAnswer) -> str:
    """Return the sentence for an answer."""
    return WORDS(f"console.dialog_{answer.value}")


def tell(story: Callable[[Scene], Awaitable[None]], *, dialog: bool = True) -> None:
    """Tell a story in which a person chose the dialog, or the PIN."""

    async def run(keeper: Keeper) -> None:
        pins = await keeper.start()
        assert await pins.set("", RIGHT, PinUse.T2_T3, dialog=dialog) is None
        scene = Scene(pins, keeper.keychain)
        try:
            async with asyncio.timeout(30):
                await story(scene)
        finally:
            await scene.close()

    play(run)


@pytest.mark.requirement("PRESENCE-2", "LAW-2")
def test_a_confirmation_allows_exactly_what_it_was_asked_for() -> None:
    """The call beside it waits on, and has a dialog of its own; the same press again has none."""

    async def story(scene: Scene) -> None:
        one, other = scene.ask("call-1"), scene.ask("call-2")
        await scene.open(one, 1)
        assert scene.authority.asked == [(41, {"id": "call-1"})]
        scene.press(other, 2)
        assert (await scene.done(2)).sentence == says(PresenceAnswer.BUSY)
        scene.person(PresenceAnswer.CONFIRMED)
        assert (await scene.done(1)).ok is True
        ended = scene.ends["call-1"].result()
        assert ended.outcome is Outcome.ALLOWED_ONCE
        assert ended.answer is not None
        assert ended.answer.dialog
        assert scene.waiting(other)
        scene.press(one, 3)
        assert (await scene.done(3)).ok is False
        assert len(scene.authority.asked) == 1
        await scene.open(other, 4)
        assert len(scene.authority.asked) == 2

    tell(story)


@pytest.mark.requirement("PRESENCE-2", "PRESENCE-3", "LAW-4")
def test_any_other_answer_allows_nothing_and_the_pin_is_a_way() -> None:
    async def story(scene: Scene) -> None:
        request = scene.ask("call-1")
        for n, answer in enumerate(OTHERS, 1):
            await scene.open(request, n)
            scene.person(answer)
            done = await scene.done(n)
            assert (done.ok, done.sentence) == (False, says(answer))
            assert scene.waiting(request)
        typed = Decide(n=90, id=request.id, digest=request.digest, allow=True, pin=WRONG)
        assert not (await scene.answers.with_pin(typed)).ok
        assert (await scene.answers.with_pin(structs.replace(typed, pin=RIGHT))).ok
        assert len(scene.authority.asked) == len(OTHERS)

    tell(story)


async def _stop(scene: Scene) -> None:
    scene.queue.approvals.stop()


async def _pass(scene: Scene) -> None:
    """Have the same call shown as something else."""
    approvals = scene.queue.approvals
    waiting = next(one for one in approvals.waiting() if one.request.id == "call-1")
    approvals.ask_anew(waiting, replace(waiting.request, id="call-9", tier=Tier.T3))


async def _deny(scene: Scene) -> None:
    scene.queue.answer("call-1", AnswerVerdict.DENY)


async def _choose_otherwise(scene: Scene) -> None:
    assert await scene.pins.set(RIGHT, "", PinUse.T2_T3) is None
    scene.queue.observers.changed(Topic.SETTINGS)


@pytest.mark.requirement("PRESENCE-2", "LAW-2")
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("between", [_stop, _pass, _deny, _choose_otherwise])
def test_what_changes_in_between_voids_it(
    between: Callable[[Scene], Awaitable[None]], late: bool
) -> None:
    """The dialog is taken away; a yes that is on its way by then counts for nothing."""

    async def story(scene: Scene) -> None:
        request = scene.ask("call-1")
        await scene.open(request, 1)
        if late:
            task = asyncio.get_running_loop().create_future()
            scene.queue.observers.subscribe(lambda _t: _once(task))
            task.add_done_callback(lambda _f: scene.person(PresenceAnswer.CONFIRMED))
        await between(scene)
        done = await scene.done(1)
        assert (done.ok, done.sentence) == (False, says(PresenceAnswer.VOID))
        await settle()
        assert scene.authority.taken_away == 1
        end = scene.ends["call-1"]
        assert not end.done() or end.result().outcome is not Outcome.ALLOWED_ONCE

    tell(story)


def _once(task: "asyncio.Future[None]") -> None:
    if not task.done():
        task.set_result(None)


async def _forget(scene: Scene) -> None:
    """Delete the PIN, as a person does who wants none any more."""
    await scene.keychain.delete(*ENTRY)


async def _lock(scene: Scene) -> None:
    scene.keychain.state = "locked"


async def _set_another(scene: Scene) -> None:
    """Set another PIN, with the dialog as before."""
    assert await scene.pins.set(RIGHT, "1470-other", PinUse.T2_T3, dialog=True) is None


@pytest.mark.requirement("PRESENCE-2", "PRESENCE-3")
@pytest.mark.parametrize("change", [_forget, _lock, _set_another])
def test_a_yes_rests_on_the_pin_that_it_was_chosen_with(
    change: Callable[[Scene], Awaitable[None]],
) -> None:
    """What is remembered of it is not enough: the keychain says so, before the dialog and after."""

    async def story(scene: Scene) -> None:
        request = scene.ask("call-1")
        await scene.open(request, 1)
        await change(scene)
        scene.person(PresenceAnswer.CONFIRMED)
        assert (await scene.done(1)).sentence == says(PresenceAnswer.VOID)
        assert scene.waiting(request)
        if change is not _set_another:
            scene.press(request, 2)
            assert not (await scene.done(2)).ok
            assert len(scene.authority.asked) == 1

    tell(story)


@pytest.mark.requirement("PRESENCE-2")
def test_a_yes_in_the_very_moment_of_a_stop_is_late() -> None:
    """The person confirmed, and before the broker took it in the stop was there."""

    async def story(scene: Scene) -> None:
        request = scene.ask("call-1")
        await scene.open(request, 1)
        scene.person(PresenceAnswer.CONFIRMED)
        scene.queue.approvals.stop()
        done = await scene.done(1)
        assert (done.ok, done.sentence) == (False, says(PresenceAnswer.VOID))
        assert scene.ends["call-1"].result().outcome is Outcome.REFUSED_PAUSED

    tell(story)


@pytest.mark.requirement("PRESENCE-2")
@pytest.mark.parametrize("how", ["ended", "another", "told"])
def test_the_window_that_asked_is_gone(how: str) -> None:
    """Another one may have come by then: it pressed nothing."""

    async def story(scene: Scene) -> None:
        request = scene.ask("call-1")
        await scene.open(request, 1)
        process = scene.window.process
        assert process is not None
        match how:
            case "ended":
                scene.window.process = cast("Process", SimpleNamespace(pid=41, returncode=-9))
            case "another":
                # Of the same id, as it may come.
                scene.window.begin(41)
            case _:
                scene.dialog.window_gone()
        scene.person(PresenceAnswer.CONFIRMED)
        assert (await scene.done(1)).sentence == says(PresenceAnswer.VOID)
        assert scene.waiting(request)

    tell(story)


@pytest.mark.requirement("PRESENCE-4")
def test_the_window_can_take_it_back_and_is_never_kept_waiting() -> None:
    """While it is open other calls are answered; of another call nothing is taken back."""

    async def story(scene: Scene) -> None:
        request, other = scene.ask("call-1"), scene.ask("call-2")
        await scene.open(request, 1)
        scene.say(DropDialog(n=2, id="call-2"))
        scene.queue.answer("call-2", AnswerVerdict.DENY)
        assert not scene.waiting(other)
        await settle()
        assert scene.authority.taken_away == 0
        scene.say(DropDialog(n=4, id="call-1"))
        done = await scene.done(1)
        assert (done.ok, done.sentence) == (False, says(PresenceAnswer.DROPPED))
        assert scene.authority.taken_away == 1
        assert scene.waiting(request)

    tell(story)


@pytest.mark.requirement("PRESENCE-3", "LAW-4")
@pytest.mark.parametrize(
    ("facts", "how", "dialog"),
    [
        ({}, {"digest": "0" * 64}, True),
        ({}, {"id": "call-7"}, True),
        ({}, {}, False),
        ({"two_persons": True}, {}, True),
        ({"kind": RequestKind.AGENT}, {}, True),
        ({"kind": RequestKind.DEFINITION}, {"tier": Tier.T0, "labels": ""}, True),
    ],
    ids=["other digest", "other call", "not chosen", "two persons", "an agent", "a review"],
)
def test_it_stands_for_the_pin_of_one_call_only(
    facts: dict[str, Any], how: dict[str, Any], dialog: bool
) -> None:
    """A window that asks for it elsewhere has no dialog opened, and nothing is allowed."""

    async def story(scene: Scene) -> None:
        request = scene.ask("call-1", **facts)
        scene.press(request, 1, **how)
        done = await scene.done(1)
        assert scene.authority.asked == []
        assert done.ok is False
        assert scene.waiting(request)

    tell(story, dialog=dialog)


@pytest.mark.requirement("PRESENCE-3")
def test_a_system_that_asks_nobody_any_more_is_no_way() -> None:
    """Chosen once, and a rule was written since: nothing is allowed by it."""

    async def story(scene: Scene) -> None:
        scene.authority.ready = Readiness.ASKS_NOBODY
        request = scene.ask("call-1")
        scene.press(request, 1)
        done = await scene.done(1)
        assert (done.ok, done.sentence) == (False, says(PresenceAnswer.UNAVAILABLE))
        assert scene.waiting(request)

    tell(story)


@pytest.mark.requirement("PRESENCE-2")
def test_nobody_is_asked_for_what_could_allow_nothing() -> None:
    """Its agent is held: a password would be typed in vain."""

    async def story(scene: Scene) -> None:
        request = scene.ask("call-1")
        scene.held = True
        scene.press(request, 1)
        assert (await scene.done(1)).sentence == WORDS("console.answer_held")
        assert scene.authority.asked == []
        scene.held = False
        await scene.open(request, 2)
        scene.held = True
        scene.person(PresenceAnswer.CONFIRMED)
        assert (await scene.done(2)).sentence == WORDS("console.answer_held")
        assert scene.waiting(request)

    tell(story)


@pytest.mark.requirement("PRESENCE-2", "LAW-2")
@pytest.mark.parametrize("late", [False, True], ids=["in time", "timers late"])
def test_a_yes_for_a_call_whose_agent_left_is_for_one_try_more(late: bool) -> None:
    """As any answer by then, and for the very same call alone; once it is over it is for none."""

    async def story(scene: Scene) -> None:
        queue = scene.queue
        request = scene.ask("call-1", 50)
        await scene.open(request, 1)
        if late:
            queue.clock.late_ns = 51 * 1_000_000_000
        else:
            queue.clock.advance(51)
        scene.person(PresenceAnswer.CONFIRMED)
        assert (await scene.done(1)).ok
        assert scene.ends["call-1"].result().outcome is Outcome.EXPIRED_NO_ANSWER
        took = [
            queue.approvals.take_retry_grant(digest, request.weighed)
            for digest in ("0" * 64, request.digest, request.digest)
        ]
        assert took == [False, True, False]
        over = scene.ask("call-2", 50)
        await scene.open(over, 2)
        queue.clock.advance(101)
        queue.clock.advance(24 * 3_600)
        scene.person(PresenceAnswer.CONFIRMED)
        assert not (await scene.done(2)).ok
        assert not queue.approvals.take_retry_grant(over.digest, over.weighed)

    tell(story)
