"""Practice calls are answered like any call, recorded as practice, and sent to nobody."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

import pytest

from keyturn.application.approval_request import (
    PRACTICE_AGENT,
    PRACTICE_SERVER,
    Answer,
    AnswerVerdict,
    Route,
)
from keyturn.application.editing import EditEffect, Edits
from keyturn.application.floods import Floods
from keyturn.application.pauses import Pauses
from keyturn.application.practice import BURST, Practice
from keyturn.application.practice_messages import EndPractice, PracticeStep, Practise
from keyturn.application.registry import checked_agent_name, checked_server_name
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.record import Entry, RecordType
from keyturn.presentation.argument_edit import is_editable
from tests.fakes.stores import FakeSettingStore
from tests.unit.application.gate_world import World, settle

COUNTS: Final = {PracticeStep.HARMLESS: 1, PracticeStep.TAIL: 1, PracticeStep.BURST: BURST}


class Scene:
    """The queue, the log, and who practises."""

    def __init__(self) -> None:
        self.world = World()
        world = self.world
        self.practice = Practice(
            approvals=world.approvals,
            log=world.log,
            clock=world.clock,
            ids=world.ids,
            stop=world.stop,
        )

    async def send(self, step: str) -> None:
        """Have a step sent, and let its calls come up."""
        await self.practice.carry_out(Practise(n=1, step=step))
        await asyncio.sleep(0)

    def answer(self, verdict: AnswerVerdict) -> None:
        """Answer all that waits, as a person at the window would."""
        for waiting in self.world.approvals.waiting():
            request = waiting.request
            self.world.approvals.answer(
                Answer(id=request.id, digest=request.digest, verdict=verdict, route=Route.WINDOW)
            )

    def _recorded(self) -> list[Entry]:
        return [record.entry for record in self.world.log.records]

    @property
    def entries(self) -> list[Entry]:
        """Return what was recorded about calls."""
        kinds = (RecordType.DECISION, RecordType.DELIVERY)
        return [entry for entry in self._recorded() if entry.type in kinds]


def play(story: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        scene = Scene()
        async with asyncio.timeout(10):
            await story(scene)
        await scene.practice.close()

    asyncio.run(run())


@pytest.mark.requirement("PRACTICE")
@pytest.mark.parametrize("step", list(PracticeStep))
@pytest.mark.parametrize("verdict", list(AnswerVerdict))
def test_each_is_recorded_as_practice_and_none_is_sent(
    step: PracticeStep, verdict: AnswerVerdict
) -> None:
    async def story(scene: Scene) -> None:
        await scene.send(step.value)
        assert len(scene.world.approvals.waiting()) == COUNTS[step]
        scene.answer(verdict)
        await scene.practice.close()
        entries = scene.entries
        allowed = verdict is AnswerVerdict.ALLOW_ONCE
        outcome = Outcome.ALLOWED_ONCE if allowed else Outcome.DENIED_USER
        decisions = [e for e in entries if e.type is RecordType.DECISION]
        assert [e.outcome for e in decisions] == [outcome.value] * COUNTS[step]
        assert all(e.details.get("practice") is True for e in entries)
        assert {(e.agent, e.server) for e in entries} == {(PRACTICE_AGENT, PRACTICE_SERVER)}
        ends = {e.call: e.outcome for e in entries if e.type is RecordType.DELIVERY}
        wanted = {e.call: Delivery.NOT_SENT.value for e in decisions} if allowed else {}
        assert ends == wanted

    play(story)


@pytest.mark.requirement("PRACTICE")
def test_no_real_agent_or_server_has_such_a_name() -> None:
    with pytest.raises(ConfigurationError):
        checked_agent_name(PRACTICE_AGENT)
    with pytest.raises(ConfigurationError):
        checked_server_name(PRACTICE_SERVER)


def test_another_step_takes_back_what_waits_and_so_does_the_end() -> None:
    async def story(scene: Scene) -> None:
        await scene.send("burst")
        await scene.send("harmless")
        assert len(scene.world.approvals.waiting()) == 1
        await scene.practice.carry_out(EndPractice(n=2))
        assert not scene.world.approvals.waiting()
        await scene.practice.close()
        outcomes = [entry.outcome for entry in scene.entries]
        assert outcomes == [Outcome.CANCELLED_BY_CLIENT.value] * (BURST + 1)

    play(story)


def test_the_stop_refuses_practice_like_all_else() -> None:
    async def story(scene: Scene) -> None:
        await scene.send("harmless")
        await scene.world.stop.engage("window")
        assert not scene.world.approvals.waiting()
        with pytest.raises(ConfigurationError, match="stopped"):
            await scene.send("harmless")
        await scene.practice.close()
        assert [entry.outcome for entry in scene.entries] == [Outcome.REFUSED_PAUSED.value]

    play(story)


@pytest.mark.requirement("PRACTICE", "FLOOD")
def test_denying_practice_again_and_again_is_no_flood() -> None:
    async def story(scene: Scene) -> None:
        world = scene.world
        floods = Floods(
            approvals=world.approvals,
            log=world.log,
            clock=world.clock,
            observers=world.observers,
            pauses=Pauses(
                log=world.log,
                clock=world.clock,
                keep=FakeSettingStore().put_setting,
                agents=tuple,
            ),
        )
        floods.attach()
        for _ in range(5):
            await scene.send("harmless")
            scene.answer(AnswerVerdict.DENY)
            await settle()
        await scene.send("harmless")
        (waiting,) = world.approvals.waiting()
        assert floods.may_allow(waiting.request)
        assert floods.state(PRACTICE_AGENT, enrolled=True) is None

    play(story)


@pytest.mark.requirement("PRACTICE")
def test_no_edit_of_practice_is_offered_as_there_is_none() -> None:
    async def story(scene: Scene) -> None:
        await scene.send("harmless")
        (waiting,) = scene.world.approvals.waiting()
        shown = waiting.request
        done = await Edits(scene.world.approvals).edit(shown.id, shown.digest, '{"path":"x"}')
        assert done.effect is EditEffect.NOT_EDITABLE
        assert not is_editable(shown, stopped=False)
        assert is_editable(replace(shown, because="no_rule"), stopped=False)

    play(story)


def test_there_is_no_other_step() -> None:
    async def story(scene: Scene) -> None:
        with pytest.raises(ConfigurationError):
            await scene.send("everything")

    play(story)
