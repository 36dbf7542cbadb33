"""The queue against a small model: calls and reviews asked, answered, left, timed out, stopped.

After each step queue and model hold the same requests in the same order and state, every waiter
knows what it should, the approver has been told exactly that, and every end of a detached request
is recorded once.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, auto

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from keyturn.application.approval_request import (
    Answer,
    AnswerEffect,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    Route,
    WithdrawCause,
)
from keyturn.application.approvals import Approvals
from keyturn.application.events import Observers
from keyturn.application.waiting import Resolution
from keyturn.domain.approval import Event, State
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from tests.factories import make_request, make_weighed
from tests.fakes.approver import FakeApprover
from tests.unit.application.gate_world import LateClock

HOLD, DETACHED, GRANT = 50, 3600, 600
LIMITS = Limits(
    hold_seconds=HOLD,
    detached_seconds=DETACHED,
    retry_grant_seconds=GRANT,
    queue=6,
    queue_per_agent=4,
    detached_per_agent=2,
)
AGENTS = ("analyst", "coder")
DIGESTS = ("a" * 64, "b" * 64)


class Stage(Enum):
    """Where the model holds a request to be."""

    PENDING = auto()
    DETACHED = auto()
    OVER = auto()


@dataclass
class ModelRequest:
    """One request as the model sees it."""

    id: str
    agent: str
    digest: str
    review: bool
    deadline: float
    stage: Stage = Stage.PENDING
    told: tuple[State, Outcome] | None = None
    """What its waiter was told."""
    left: Outcome = Outcome.EXPIRED_NO_ANSWER
    ended: Outcome | None = None
    """What was recorded when it ended after its agent had left."""


class Model:
    """The queue without futures, timers and ports."""

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []
        self.grants: dict[str, float] = {}
        self.now = 0.0

    def open(self) -> list[ModelRequest]:
        return [request for request in self.requests if request.stage is not Stage.OVER]

    def pending_calls(self, agent: str = "") -> int:
        return sum(
            1
            for r in self.requests
            if r.stage is Stage.PENDING and not r.review and agent in ("", r.agent)
        )

    def finish(self, request: ModelRequest, state: State, outcome: Outcome) -> None:
        if request.stage is Stage.DETACHED:
            request.ended = outcome
        else:
            request.told = (state, outcome)
        request.stage = Stage.OVER

    def detach(self, request: ModelRequest, left: Outcome) -> None:
        request.stage, request.left = Stage.DETACHED, left
        request.told = (State.DETACHED, left)
        request.deadline = self.now + DETACHED
        detached = [
            r for r in self.requests if r.stage is Stage.DETACHED and r.agent == request.agent
        ]
        for one in detached[: max(0, len(detached) - LIMITS.detached_per_agent)]:
            self.finish(one, State.EXPIRED, one.left)

    def late(self, request: ModelRequest) -> None:
        """Let a deadline count that has passed, whether or not its timer ran."""
        if request.review or request.deadline > self.now:
            return
        if request.stage is Stage.PENDING:
            self.detach(request, Outcome.EXPIRED_NO_ANSWER)
        elif request.stage is Stage.DETACHED:
            self.finish(request, State.EXPIRED, request.left)

    def answer(self, request: ModelRequest, *, allow: bool, right: bool) -> AnswerEffect:
        self.late(request)
        if request.stage is Stage.OVER:
            return AnswerEffect.OVER
        if not right:
            return AnswerEffect.STALE
        if not allow:
            self.finish(request, State.DENIED, Outcome.DENIED_USER)
        elif request.stage is Stage.DETACHED:
            self.grants[request.digest] = self.now + GRANT
            self.finish(request, State.EXPIRED, request.left)
            return AnswerEffect.RETRY_GRANTED
        else:
            self.finish(request, State.APPROVED, Outcome.ALLOWED_ONCE)
        return AnswerEffect.APPLIED

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while True:
            due = [r for r in self.open() if not r.review and r.deadline <= end]
            if not due:
                break
            first = min(due, key=lambda r: r.deadline)
            self.now = max(self.now, first.deadline)
            self.late(first)
        self.now = end


@dataclass
class Ends:
    """Keeps what would be recorded of detached requests."""

    kept: list[tuple[str, Outcome]]

    def detached(self, request: ApprovalRequest, cause: str, masked: bytes) -> bytes:
        """The queue's own state says this already."""
        return masked

    def ended(
        self,
        request: ApprovalRequest,
        outcome: Outcome,
        answer: Answer | None,
        masked: bytes,
        *,
        grant: bool,
    ) -> None:
        """Remember the end."""
        self.kept.append((request.id, outcome))


class ApprovalsMachine(RuleBasedStateMachine):
    """Drives a queue and the model alike."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.model = Model()
        self.clock = LateClock()
        self.ended: list[tuple[str, Outcome]] = []
        self.approvals = Approvals(
            clock=self.clock, limits=LIMITS, observers=Observers(), recorder=Ends(self.ended)
        )
        self.approver = FakeApprover(self.approvals)
        self.approvals.attach(self.approver)
        self.requests: dict[str, ApprovalRequest] = {}
        self.futures: dict[str, asyncio.Future[Resolution]] = {}

    def run(self, step: Callable[[], None]) -> None:
        async def in_loop() -> None:
            step()

        self.loop.run_until_complete(in_loop())

    # ---------------------------------------------------------------- what can happen

    @precondition(lambda self: len(self.model.requests) < 14)
    @rule(
        agent=st.sampled_from(AGENTS),
        digest=st.sampled_from(DIGESTS),
        review=st.sampled_from([False, False, False, True]),
    )
    def ask(self, agent: str, digest: str, review: bool) -> None:
        full = self.approvals.full(agent)
        calls = self.model.pending_calls
        assert full == (calls() >= LIMITS.queue or calls(agent) >= LIMITS.queue_per_agent)
        if full and not review:
            return
        if not review:
            for one in self.model.open():
                if one.stage is Stage.DETACHED and (one.agent, one.digest) == (agent, digest):
                    self.model.finish(one, State.EXPIRED, one.left)
        id_ = f"r-{len(self.model.requests)}"
        kind = RequestKind.DEFINITION if review else RequestKind.CALL
        request = replace(make_request(id_, agent=agent, kind=kind), digest=digest)
        self.requests[id_] = request
        self.model.requests.append(
            ModelRequest(
                id=id_, agent=agent, digest=digest, review=review, deadline=self.model.now + HOLD
            )
        )

        def step() -> None:
            hold = None if review else float(HOLD)
            self.futures[id_] = self.approvals.ask(request, hold_seconds=hold)

        self.run(step)

    def some_request(self, data: st.DataObject) -> ModelRequest:
        return data.draw(st.sampled_from(self.model.open() * 3 + self.model.requests))

    @precondition(lambda self: self.model.requests)
    @rule(data=st.data(), allow=st.booleans(), right=st.sampled_from([True, True, False]))
    def answer(self, data: st.DataObject, allow: bool, right: bool) -> None:
        request = self.some_request(data)
        expected = self.model.answer(request, allow=allow, right=right)

        def step() -> None:
            effect = self.approvals.answer(
                Answer(
                    id=request.id,
                    digest=request.digest if right else "c" * 64,
                    verdict=AnswerVerdict.ALLOW_ONCE if allow else AnswerVerdict.DENY,
                    route=Route.WINDOW,
                )
            )
            assert effect is expected

        self.run(step)

    @precondition(lambda self: self.model.requests)
    @rule(data=st.data(), host_gone=st.booleans())
    def client_leaves(self, data: st.DataObject, host_gone: bool) -> None:
        request = self.some_request(data)
        if request.review:
            return
        if host_gone and request.stage is not Stage.OVER:
            self.model.finish(request, State.WITHDRAWN, Outcome.CANCELLED_BY_CLIENT)
        elif request.stage is Stage.PENDING:
            self.model.detach(request, Outcome.CANCELLED_BY_CLIENT)
        self.run(lambda: self.approvals.client_left(request.id, host_gone=host_gone))

    @rule(seconds=st.sampled_from([1, HOLD - 1, HOLD, GRANT, DETACHED]))
    def time_passes(self, seconds: int) -> None:
        self.model.advance(seconds)
        self.run(lambda: self.clock.advance(seconds))

    @precondition(lambda self: self.model.requests)
    @rule(data=st.data(), allow=st.booleans())
    def rule_decides(self, data: st.DataObject, allow: bool) -> None:
        request = self.some_request(data)
        if request.review:
            return
        self.model.late(request)
        applies = request.stage is Stage.PENDING
        state, outcome, event = (
            (State.APPROVED, Outcome.ALLOWED_RULE, Event.ALLOWED)
            if allow
            else (State.DENIED, Outcome.DENIED_RULE, Event.DENIED)
        )
        if applies:
            self.model.finish(request, state, outcome)

        def step() -> None:
            assert self.approvals.decide_by_rule(request.id, event, outcome) is applies

        self.run(step)

    @rule(agent=st.sampled_from(AGENTS))
    def tool_drifts(self, agent: str) -> None:
        outcome = Outcome.BLOCKED_DEFINITION_CHANGED
        for request in self.model.open():
            if request.agent == agent:
                self.model.finish(request, State.REFUSED, outcome)

        def step() -> None:
            self.approvals.refuse(lambda r: r.agent == agent, outcome, WithdrawCause.DRIFT)

        self.run(step)

    @rule()
    def stop(self) -> None:
        self.model.grants.clear()
        for request in self.model.open():
            if not request.review:
                self.model.finish(request, State.REFUSED, Outcome.REFUSED_PAUSED)

        def step() -> None:
            self.approvals.stop()

        self.run(step)

    @rule(digest=st.sampled_from(DIGESTS))
    def retry(self, digest: str) -> None:
        expected = self.model.grants.pop(digest, 0.0) > self.model.now
        assert self.approvals.take_retry_grant(digest, make_weighed()) is expected

    @rule()
    def approver_restarts(self) -> None:
        self.approver = FakeApprover(self.approvals)
        self.run(lambda: self.approvals.attach(self.approver))

    # ---------------------------------------------------------------- what must hold

    @invariant()
    def the_same_wait_in_the_same_order(self) -> None:
        held = [(w.request.id, w.state.name) for w in self.approvals.waiting()]
        assert held == [(r.id, r.stage.name) for r in self.model.open()]

    @invariant()
    def every_waiter_was_told_what_it_should_and_once(self) -> None:
        for request in self.model.requests:
            future = self.futures[request.id]
            told = None
            if future.done():
                told = (future.result().state, future.result().outcome)
            assert told == request.told
            if request.told is not None and request.told[0] is State.APPROVED:
                assert request.stage is Stage.OVER

    @invariant()
    def the_approver_shows_what_waits(self) -> None:
        assert list(self.approver.shown) == [r.id for r in self.model.open()]
        for request in self.model.open():
            detached = request.stage is Stage.DETACHED
            assert (request.id in self.approver.detached) is detached

    @invariant()
    def each_end_after_its_agent_left_is_recorded_once(self) -> None:
        expected = {r.id: r.ended for r in self.model.requests if r.ended is not None}
        assert dict(self.ended) == expected
        assert len(self.ended) == len(expected)
        assert Outcome.DENIED_USER not in {
            outcome for id_, outcome in self.ended if expected[id_] is not Outcome.DENIED_USER
        }

    def teardown(self) -> None:
        self.loop.close()


@pytest.mark.requirement("D2", "K7", "I-05", "I-08")
@pytest.mark.timeout(0)
def test_the_queue_agrees_with_its_model(thorough: int) -> None:
    run_state_machine_as_test(
        ApprovalsMachine,
        settings=settings(max_examples=100 * thorough, stateful_step_count=40, deadline=None),
    )
