"""The system's dialog in any order of presses, answers and changes: one yes, at most one call."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keyturn.application.approval_request import AnswerVerdict, ApprovalRequest
from keyturn.application.window_messages import DropDialog
from keyturn.domain.decision import Outcome
from keyturn.domain.presence import PresenceAnswer
from tests.examples import many
from tests.unit.application.gate_world import settle
from tests.unit.approvers.test_console_dialog import Scene, tell

CALLS = ("call-0", "call-1", "call-2")
Step = tuple[str, int]


class Play:
    """A scene, and whom a person said yes to."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.shown: dict[str, ApprovalRequest] = {
            id_: scene.ask(id_, 50, digest=f"{n:064x}") for n, id_ in enumerate(CALLS)
        }
        self.confirmed: list[str] = []
        self.steps: dict[str, Callable[[str], None]] = {
            "press": lambda id_: scene.press(self.shown[id_], 1),
            "drop": lambda id_: scene.say(DropDialog(n=2, id=id_)),
            "deny": lambda id_: _quietly(scene.queue.answer(id_, AnswerVerdict.DENY)),
            "edit": self._edit,
            "yes": self._say_yes,
            "no": lambda _id: _quietly(self._answer(PresenceAnswer.DENIED)),
            "stop": lambda _id: _quietly(scene.queue.approvals.stop()),
            "window": lambda _id: scene.window.begin(41),
            "time": lambda _id: scene.queue.clock.advance(20),
        }

    def _edit(self, id_: str) -> None:
        approvals = self.scene.queue.approvals
        for waiting in approvals.waiting():
            if waiting.request.id == id_:
                approvals.ask_anew(waiting, replace(waiting.request, id=f"{id_}-anew"))

    def _answer(self, answer: PresenceAnswer) -> bool:
        authority = self.scene.authority
        can = authority.opened.is_set() and authority.person.empty()
        if can:
            self.scene.person(answer)
        return can

    def _say_yes(self, _id: str) -> None:
        if self._answer(PresenceAnswer.CONFIRMED):
            self.confirmed.append(self.scene.authority.asked[-1][1]["id"])


def _quietly(_done: object) -> None:
    """Have nothing come of it here."""


STEPS = st.tuples(
    st.sampled_from(
        (*["press", "yes"] * 4, "no", "drop", "deny", "edit", "stop", "window", "time")
    ),
    st.integers(0, len(CALLS) - 1),
)


@pytest.mark.requirement("PRESENCE-2", "LAW-2", "LAW-4")
@given(steps=st.lists(st.tuples(STEPS, st.booleans()), min_size=8, max_size=30))
@settings(deadline=None, max_examples=many(0.3))
def test_whatever_happens_each_yes_allows_its_own_call_once(
    steps: list[tuple[Step, bool]],
) -> None:
    """Whether or not the loop runs between two of them; what was never confirmed is never sent."""

    async def story(scene: Scene) -> None:
        play = Play(scene)
        for (what, which), runs in steps:
            play.steps[what](CALLS[which])
            if runs:
                await settle()
        await settle()
        allowed = Counter[str]()
        for id_, end in scene.ends.items():
            if end.done() and end.result().outcome is Outcome.ALLOWED_ONCE:
                allowed[id_] += 1
        for request in play.shown.values():
            digest, weighed = request.digest, request.weighed
            allowed[request.id] += scene.queue.approvals.take_retry_grant(digest, weighed)
        assert allowed <= Counter(play.confirmed)

    tell(story)
