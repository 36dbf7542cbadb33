"""The system's dialog at the broker: one answer, for one request of one window, or nothing.

The window here is a process of its own, which says whatever a window could be made to say.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from keyturn.application.approval_request import Answer, ApprovalRequest, RequestKind
from keyturn.application.console_protocol import Decide
from keyturn.application.waiting import Resolution
from keyturn.application.window_messages import DropDialog
from keyturn.domain.decision import Outcome
from keyturn.domain.pin import PinUse
from keyturn.domain.presence import PresenceAnswer, Readiness
from keyturn.domain.step_up import Takes, Weighed
from keyturn.domain.tier import Tier
from tests.factories import make_request
from tests.fakes.presence import FakeAuthority
from tests.unit.application.gate_world import settle
from tests.unit.application.pins_rig import PinLevels
from tests.unit.approvers.console_rig import Rig, play

RIGHT = "2580"
OTHERS = [one for one in PresenceAnswer if one is not PresenceAnswer.CONFIRMED]


class Levels(PinLevels):
    """Whatever is no plain call takes more than the dialog gives."""

    def of_call(self, weighed: Weighed) -> Takes:
        """Return what it takes by the call's tier, and by its tool's mark."""
        return Takes.BOTH if weighed.two_persons else super().of_call(weighed)

    def of_review(self, request: ApprovalRequest, answer: Answer) -> Takes:
        """Return what takes the PIN."""
        return Takes.PIN


class Scene:
    """A broker whose person chose the dialog, its window, and calls that wait."""

    def __init__(self, rig: Rig, authority: FakeAuthority) -> None:
        self.rig = rig
        self.authority = authority
        self.ends: dict[str, asyncio.Future[Resolution]] = {}

    async def begin(self, *, dialog: bool = True) -> None:
        """Start the window."""
        await self.rig.started()
        assert await self.rig.pins.set("", RIGHT, PinUse.T2_T3, dialog=dialog) is None
        self.rig.world.approvals.levels = Levels(self.rig.pins)

    def ask(self, id_: str, **facts: Any) -> ApprovalRequest:
        """Have a call wait."""
        request = replace(make_request(id_, tier=Tier.T2), **facts)
        self.ends[id_] = self.rig.world.approvals.ask(request, hold_seconds=None)
        return request

    def press(self, request: ApprovalRequest, n: int, **how: Any) -> None:
        """Have the window ask for the dialog of a call."""
        said = Decide(n=n, id=request.id, digest=request.digest, allow=True, dialog=True)
        self.rig.say(_with(said, how))

    async def open(self, request: ApprovalRequest, n: int) -> None:
        """Wait until its dialog is open; nothing was allowed by that."""
        self.press(request, n)
        await self.authority.opened.wait()
        assert self.waiting(request)

    def person(self, answer: PresenceAnswer) -> None:
        """Answer the dialog that is open."""
        self.authority.person.put_nowait(answer)

    async def done(self, n: int) -> dict[str, Any]:
        """Wait for what became of a press."""
        while (done := await self.rig.heard("done"))["n"] != n:
            pass
        return done

    def waiting(self, request: ApprovalRequest) -> bool:
        """Tell whether a call waits yet."""
        return any(one.request.id == request.id for one in self.rig.world.approvals.waiting())

    def says(self, answer: PresenceAnswer) -> str:
        """Return the sentence for an answer."""
        return self.rig.words(f"console.dialog_{answer.value}")


def _with(said: Decide, how: dict[str, Any]) -> Decide:
    facts = {name: getattr(said, name) for name in said.__struct_fields__}
    return Decide(**(facts | how))


def tell(story: Callable[[Scene], Awaitable[None]]) -> None:
    """Tell a story with a window and an authority."""
    authority = FakeAuthority()

    async def run(rig: Rig) -> None:
        await story(Scene(rig, authority))
        await rig.checks.close()

    play(lambda: Rig(authority=authority), run)


@pytest.mark.requirement("PRESENCE-2", "LAW-2")
def test_a_confirmation_allows_exactly_what_it_was_asked_for() -> None:
    """The call beside it waits on, and has a dialog of its own; the same press again has none."""

    async def story(scene: Scene) -> None:
        await scene.begin()
        one, other = scene.ask("call-1"), scene.ask("call-2")
        await scene.open(one, 1)
        pid = scene.rig.console.pid
        assert scene.authority.asked == [(pid, {"agent": "analyst", "id": "call-1"})]
        scene.press(other, 2)
        assert (await scene.done(2))["sentence"] == scene.says(PresenceAnswer.BUSY)
        scene.person(PresenceAnswer.CONFIRMED)
        assert (await scene.done(1))["ok"] is True
        ended = scene.ends["call-1"].result()
        assert ended.outcome is Outcome.ALLOWED_ONCE
        assert ended.answer is not None
        assert (ended.answer.pin, ended.answer.dialog) == (True, True)
        assert scene.waiting(other)
        scene.press(one, 3)
        assert (await scene.done(3))["ok"] is False
        assert len(scene.authority.asked) == 1
        await scene.open(other, 4)
        assert len(scene.authority.asked) == 2

    tell(story)


@pytest.mark.requirement("PRESENCE-2", "PRESENCE-3", "LAW-4")
def test_any_other_answer_allows_nothing_and_the_pin_is_a_way() -> None:
    async def story(scene: Scene) -> None:
        await scene.begin()
        request = scene.ask("call-1")
        for n, answer in enumerate(OTHERS, 1):
            await scene.open(request, n)
            scene.person(answer)
            done = await scene.done(n)
            assert (done["ok"], done["sentence"]) == (False, scene.says(answer))
            assert scene.waiting(request)
        scene.press(request, 90, pin="1357")
        assert (await scene.done(90))["ok"] is False
        scene.press(request, 91, pin=RIGHT)
        assert (await scene.done(91))["ok"] is True
        assert len(scene.authority.asked) == len(OTHERS)

    tell(story)


async def _stop(scene: Scene) -> None:
    await scene.rig.world.stop.engage("window")


async def _pass(scene: Scene) -> None:
    """Have the same call shown as something else."""
    approvals = scene.rig.world.approvals
    waiting = next(one for one in approvals.waiting() if one.request.id == "call-1")
    approvals.ask_anew(waiting, replace(waiting.request, id="call-9", tier=Tier.T3))


async def _deny(scene: Scene) -> None:
    request = next(one.request for one in scene.rig.world.approvals.waiting())
    scene.press(request, 50, allow=False, dialog=False)
    assert (await scene.done(50))["ok"] is True


async def _choose_otherwise(scene: Scene) -> None:
    assert await scene.rig.pins.set(RIGHT, "", PinUse.T2_T3) is None


@pytest.mark.requirement("PRESENCE-2", "LAW-2")
@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("between", [_stop, _pass, _deny, _choose_otherwise])
def test_what_changes_in_between_voids_it(
    between: Callable[[Scene], Awaitable[None]], late: bool
) -> None:
    """The dialog is taken away; a yes that is on its way by then counts for nothing."""

    async def story(scene: Scene) -> None:
        await scene.begin()
        request = scene.ask("call-1")
        await scene.open(request, 1)
        if late:
            task = asyncio.get_running_loop().create_future()
            scene.rig.world.observers.subscribe(lambda _t: _once(task))
            task.add_done_callback(lambda _f: scene.person(PresenceAnswer.CONFIRMED))
        await between(scene)
        done = await scene.done(1)
        assert (done["ok"], done["sentence"]) == (False, scene.says(PresenceAnswer.VOID))
        await settle()
        assert scene.authority.taken_away == 1
        end = scene.ends["call-1"]
        assert not end.done() or end.result().outcome is not Outcome.ALLOWED_ONCE

    tell(story)


def _once(task: "asyncio.Future[None]") -> None:
    if not task.done():
        task.set_result(None)


@pytest.mark.requirement("PRESENCE-2")
def test_a_yes_in_the_very_moment_of_a_stop_is_late() -> None:
    """The person confirmed, and before the broker took it in the stop was there."""

    async def story(scene: Scene) -> None:
        await scene.begin()
        request = scene.ask("call-1")
        await scene.open(request, 1)
        scene.person(PresenceAnswer.CONFIRMED)
        scene.rig.world.approvals.stop()
        done = await scene.done(1)
        assert (done["ok"], done["sentence"]) == (False, scene.says(PresenceAnswer.VOID))
        assert scene.ends["call-1"].result().outcome is Outcome.REFUSED_PAUSED

    tell(story)


@pytest.mark.requirement("PRESENCE-2")
def test_the_window_that_asked_is_gone() -> None:
    """Another one has come by then: it pressed nothing."""

    async def story(scene: Scene) -> None:
        await scene.begin()
        request = scene.ask("call-1")
        await scene.open(request, 1)
        scene.rig.order(exit=1)
        while scene.authority.taken_away == 0:
            await scene.rig.heard("welcome")
        scene.person(PresenceAnswer.CONFIRMED)
        await settle()
        assert scene.waiting(request)

    tell(story)


@pytest.mark.requirement("PRESENCE-4")
def test_the_window_can_take_it_back_and_is_never_kept_waiting() -> None:
    """While it is open other calls are answered; of another call nothing is taken back."""

    async def story(scene: Scene) -> None:
        await scene.begin()
        request, other = scene.ask("call-1"), scene.ask("call-2", tier=Tier.T1)
        await scene.open(request, 1)
        scene.rig.say(DropDialog(n=2, id="call-2"))
        scene.press(other, 3)
        assert (await scene.done(3))["ok"] is True
        assert scene.authority.taken_away == 0
        scene.rig.say(DropDialog(n=4, id="call-1"))
        done = await scene.done(1)
        assert (done["ok"], done["sentence"]) == (False, scene.says(PresenceAnswer.DROPPED))
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
        await scene.begin(dialog=dialog)
        request = scene.ask("call-1", **facts)
        scene.press(request, 1, **how)
        done = await scene.done(1)
        assert scene.authority.asked == []
        assert done["ok"] is False
        assert scene.waiting(request)

    tell(story)


@pytest.mark.requirement("PRESENCE-3")
def test_a_system_that_asks_nobody_any_more_is_no_way() -> None:
    """Chosen once, and a rule was written since: nothing is allowed by it."""

    async def story(scene: Scene) -> None:
        await scene.begin()
        scene.authority.ready = Readiness.ASKS_NOBODY
        request = scene.ask("call-1")
        scene.press(request, 1)
        done = await scene.done(1)
        assert (done["ok"], done["sentence"]) == (False, scene.says(PresenceAnswer.UNAVAILABLE))
        assert scene.waiting(request)

    tell(story)
