"""The gate against a small model of what it promises, over random interleavings.

Calls, answers, cancels, deadlines, stops, changed tools, rules, a slow or failing log and dying
servers come in any order. After each step the model and the gate must agree on every call, and the
laws must hold: what reached the server was recorded before, once; nothing after a stop or a cancel;
silence is no denial; every call is answered once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.call import IncomingCall, Refused, Replaced, Reply, Silence
from keyturn.application.ports.upstream import Answered, Lost
from keyturn.application.rejudging import judge_waiting
from keyturn.application.tasks import TaskOwner
from keyturn.domain.configuration import Limits
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.rule import Effect, Rule
from tests.factories import make_call, make_connection, make_tool
from tests.unit.application.gate_world import World, broken_law_1, settle

HOLD, DETACHED, GRANT = 50, 24 * 3600, 600
ORDERS = (1, 2)
"""Two arguments only, so that calls are often identical and meet each other's grants."""
ALLOW = Rule(id="allow", effect=Effect.ALLOW, tool="dispatch_order")
DENY = Rule(id="deny", effect=Effect.DENY, tool="dispatch_order")


class Phase(Enum):
    """Where the model holds a call to be."""

    ASKED = auto()
    DETACHED = auto()
    STARTING = auto()
    COMMITTING = auto()
    SERVING = auto()
    OVER = auto()


@dataclass
class ModelCall:
    """A call as the model sees it."""

    order: int
    stops_seen: int
    phase: Phase = Phase.OVER
    deadline: float = 0.0
    outcome: str = ""
    reply: str = ""
    """What the agent is answered; empty while it waits."""
    recorded: str = ""
    """The decision in the log, the one that counts for the send."""
    cancelled: bool = False
    sent: bool = False
    person_denied: bool = False


class Model:
    """What the gate promises, without log, futures or timers."""

    def __init__(self) -> None:
        self.calls: list[ModelCall] = []
        self.now = 0.0
        self.stopped = self.drifted = self.full = self.slow = self.dead = self.silent = False
        self.starting = False
        self.rule: str = ""
        self.stops = 0
        self.grants: dict[int, float] = {}

    def arrive(self, order: int) -> None:
        call = ModelCall(order=order, stops_seen=self.stops)
        self.calls.append(call)
        if not self.refused_at_once(call):
            call.phase = Phase.STARTING
            if not self.starting:
                self.judge(call)

    def refused_at_once(self, call: ModelCall) -> bool:
        if self.stopped or self.stops != call.stops_seen:
            self.decide(call, "refused_paused")
        elif self.drifted:
            self.decide(call, "blocked_definition_changed")
        elif self.rule == "deny":
            self.decide(call, "denied_rule")
        else:
            return False
        return True

    def judge(self, call: ModelCall) -> None:
        granted = self.grants.get(call.order, 0.0) > self.now
        if self.rule == "allow":
            self.decide(call, "allowed_rule")
            return
        self.grants.pop(call.order, None)
        if granted:
            self.decide(call, "allowed_retry_grant")
            return
        call.phase, call.deadline = Phase.ASKED, self.now + HOLD
        if call.cancelled:
            self.detach(call, "silence")

    def decide(self, call: ModelCall, outcome: str) -> None:
        call.outcome = outcome
        if self.starting and outcome.startswith("allowed"):
            call.phase = Phase.STARTING
        else:
            self.write(call)

    def write(self, call: ModelCall) -> None:
        call.phase = Phase.COMMITTING
        if not self.slow:
            self.commit(call)

    def start(self) -> None:
        self.starting = False
        for call in self.calls:
            if call.phase is Phase.STARTING and call.outcome:
                self.write(call)
            elif call.phase is Phase.STARTING and not self.refused_at_once(call):
                self.judge(call)

    def commit(self, call: ModelCall) -> None:
        call.phase = Phase.OVER
        if self.full:
            call.reply = "error_broker"
            return
        call.recorded = call.outcome
        if not call.outcome.startswith("allowed"):
            gone = call.outcome == "cancelled_by_client"
            call.reply = "silence" if gone else call.outcome
        elif call.cancelled:
            call.reply = "silence"
        elif self.stopped or self.stops != call.stops_seen:
            call.reply = "refused_paused"
        elif self.drifted:
            call.reply = "blocked_definition_changed"
        elif self.dead:
            call.reply = "error_broker"
        else:
            call.sent = True
            call.phase = Phase.SERVING
            if not self.silent:
                self.serve(call, lost=False)

    def serve(self, call: ModelCall, *, lost: bool) -> None:
        call.phase, call.reply = Phase.OVER, "unknown" if lost else "result"

    def answer(self, call: ModelCall, *, allow: bool) -> None:
        if call.phase is Phase.DETACHED:
            if allow:
                self.grants[call.order] = self.now + GRANT
            call.phase, call.person_denied = Phase.OVER, not allow
        elif call.phase is Phase.ASKED:
            call.person_denied = not allow
            self.decide(call, "allowed_once" if allow else "denied_user")

    def cancel(self, call: ModelCall) -> None:
        call.cancelled = True
        if call.phase is Phase.ASKED:
            self.detach(call, "silence")

    def host_gone(self, call: ModelCall) -> None:
        call.cancelled = True
        if call.phase is Phase.ASKED:
            self.decide(call, "cancelled_by_client")
        elif call.phase is Phase.DETACHED:
            call.phase = Phase.OVER

    def detach(self, call: ModelCall, reply: str) -> None:
        call.phase, call.reply, call.deadline = Phase.DETACHED, reply, self.now + DETACHED

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        for call in sorted(self.calls, key=lambda c: c.deadline):
            if call.phase is Phase.ASKED and call.deadline <= end:
                self.now = call.deadline
                self.detach(call, "expired_no_answer")
            if call.phase is Phase.DETACHED and call.deadline <= end:
                call.phase = Phase.OVER
        self.now = end

    def refuse_all(self, outcome: str) -> None:
        for call in self.calls:
            if call.phase is Phase.ASKED:
                self.decide(call, outcome)
            elif call.phase is Phase.DETACHED:
                call.phase = Phase.OVER

    def stop(self) -> None:
        if not self.stopped:
            self.stopped, self.stops = True, self.stops + 1
            self.grants.clear()
            self.refuse_all("refused_paused")

    def use_rule(self, name: str) -> None:
        self.rule = name
        for call in self.calls:
            if name and call.phase is Phase.ASKED:
                self.decide(call, "denied_rule" if name == "deny" else "allowed_rule")


class GateMachine(RuleBasedStateMachine):
    """Drives a gate and the model alike."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.model = Model()
        self.world = World(limits=Limits(hold_seconds=HOLD, detached_seconds=DETACHED))
        self.connection = make_connection()
        self.incoming: list[IncomingCall] = []
        self.tasks: list[asyncio.Task[Reply]] = []
        self.answers: list[int] = []
        """How often each call's task ended."""
        self.sent_while_stopped: list[str | int] = []
        self.others = TaskOwner()

    def run(self, story: Callable[[], Awaitable[None]]) -> None:
        async def settled() -> None:
            await story()
            await settle()

        self.loop.run_until_complete(settled())

    @initialize(
        orders=st.lists(st.sampled_from(ORDERS), min_size=1, max_size=4),
        slow=st.booleans(),
        starting=st.booleans(),
    )
    def begin(self, orders: list[int], slow: bool, starting: bool) -> None:
        async def story() -> None:
            await self.world.connect(self.connection)

        self.run(story)
        for order in orders:
            self.call(order)
        self.disk_slows(slow=slow)
        self.server_starts(starting=starting)

    def request(self, number: int) -> ApprovalRequest | None:
        shown = [r for r in self.world.approver.shown if r.kind is RequestKind.CALL]
        return next((r for r in shown if r.id == f"call-{number}"), None)

    def some_call(self, data: st.DataObject) -> int:
        """Draw a call, mostly one that is not over."""
        everyone = list(range(len(self.model.calls)))
        live = [n for n in everyone if self.model.calls[n].phase is not Phase.OVER]
        return data.draw(st.sampled_from(live * 4 + everyone))

    # ---------------------------------------------------------------- what can happen

    @precondition(lambda self: len(self.model.calls) < 12)
    @rule(order=st.sampled_from(ORDERS))
    def call(self, order: int) -> None:
        self.model.arrive(order)

        async def story() -> None:
            number = len(self.tasks)
            incoming = make_call(
                self.connection, arguments={"order": order}, id_=f"call-{number}", request_id=number
            )
            self.incoming.append(incoming)
            self.tasks.append(self.world.start(incoming))
            self.answers.append(0)
            self.tasks[-1].add_done_callback(lambda _: self.count_answer(number))

        self.run(story)

    @precondition(lambda self: len(self.model.calls) < 10)
    @rule(order=st.sampled_from(ORDERS), other=st.sampled_from(ORDERS))
    def call_and_retry(self, order: int, other: int) -> None:
        self.call(order)
        self.call(other)

    def count_answer(self, number: int) -> None:
        self.answers[number] += 1

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data())
    def allow(self, data: st.DataObject) -> None:
        self.answer(data, allow=True, right=True)

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data(), allow=st.booleans(), right=st.booleans())
    def answer(self, data: st.DataObject, allow: bool, right: bool) -> None:
        number = self.some_call(data)
        request = self.request(number)
        if request is None:
            return
        digest = request.digest if right else "0" * 64
        if right:
            self.model.answer(self.model.calls[number], allow=allow)

        async def story() -> None:
            self.world.answer(request, allow=allow, digest=digest)

        self.run(story)

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data(), host_gone=st.sampled_from([False, False, True]))
    def client_leaves(self, data: st.DataObject, host_gone: bool) -> None:
        number = self.some_call(data)
        leave = self.model.host_gone if host_gone else self.model.cancel
        leave(self.model.calls[number])

        async def story() -> None:
            self.incoming[number].cancelled = True
            self.world.approvals.client_left(f"call-{number}", host_gone=host_gone)

        self.run(story)

    @rule(seconds=st.sampled_from([1, 30, HOLD, HOLD + 1, GRANT, DETACHED]))
    def time_passes(self, seconds: int) -> None:
        self.model.advance(seconds)

        async def story() -> None:
            self.world.clock.advance(seconds)

        self.run(story)

    @precondition(lambda self: not self.model.stopped)
    @rule()
    def stop(self) -> None:
        self.model.stop()

        async def story() -> None:
            # Not awaited: with a slow disk its record waits, and it must hold at once.
            self.others.start(self.world.stop.engage("command"), "stop")
            await asyncio.sleep(0)

        self.run(story)

    @precondition(lambda self: self.model.stopped and not self.model.slow)
    @rule(careful=st.booleans())
    def resume(self, careful: bool) -> None:
        async def story() -> None:
            try:
                await self.world.stop.resume(looked_at=(), careful=careful)
            except LogUnavailable:
                assert self.model.full
            self.world.stop.careful = False

        self.run(story)
        self.model.stopped = self.model.full

    @precondition(lambda self: not (self.model.slow or self.model.full or self.model.stopped))
    @rule()
    def stop_and_resume(self) -> None:
        """At once, so that what was allowed before may still be on its way."""
        self.stop()
        self.resume(careful=False)

    @rule(changed=st.booleans())
    def server_lists(self, changed: bool) -> None:
        self.model.drifted = changed
        if changed:
            self.model.refuse_all("blocked_definition_changed")

        async def story() -> None:
            tool = make_tool(description="Also copies it.") if changed else make_tool()
            await self.world.reviews.listed(self.connection, [tool])

        self.run(story)

    @precondition(lambda self: not self.model.slow)
    @rule(name=st.sampled_from(["", "", "allow", "deny"]))
    def rules_change(self, name: str) -> None:
        async def story() -> None:
            try:
                await self.world.rules.remove("allow")
                await self.world.rules.remove("deny")
                if name:
                    await self.world.rules.add(ALLOW if name == "allow" else DENY)
            except LogUnavailable:
                assert self.model.full
            judge_waiting(self.world.approvals, self.world.rules, suspended=False)

        self.run(story)
        self.model.use_rule(self.model.rule if self.model.full else name)

    @rule(slow=st.booleans())
    def disk_slows(self, slow: bool) -> None:
        self.model.slow = slow
        if not slow:
            for call in self.model.calls:
                if call.phase is Phase.COMMITTING:
                    self.model.commit(call)

        async def story() -> None:
            if slow:
                self.world.log.hold()
            else:
                self.world.log.release()

        self.run(story)

    @rule(full=st.sampled_from([False, False, True]))
    def disk_fills(self, full: bool) -> None:
        self.model.full = full
        self.world.log.failure = LogUnavailable("The disk is full.") if full else None

    @rule(starting=st.booleans())
    def server_starts(self, starting: bool) -> None:
        if starting:
            self.model.starting = True
        else:
            self.model.start()

        async def story() -> None:
            if self.world.server.started is not None and not starting:
                self.world.server.started.set()
            self.world.server.started = self.world.server.started if starting else None
            if starting and self.world.server.started is None:
                self.world.server.started = asyncio.Event()

        self.run(story)

    @rule(dead=st.sampled_from([False, False, True]), silent=st.booleans())
    def server_changes(self, dead: bool, silent: bool) -> None:
        self.model.dead, self.model.silent = dead, silent
        self.world.server.dead, self.world.server.silent = dead, silent

    @precondition(lambda self: any(c.phase is Phase.SERVING for c in self.model.calls))
    @rule(lost=st.booleans())
    def server_answers(self, lost: bool) -> None:
        for call in self.model.calls:
            if call.phase is Phase.SERVING:
                self.model.serve(call, lost=lost)

        async def story() -> None:
            self.answer_as_server(lost)

        self.run(story)

    def answer_as_server(self, lost: bool) -> None:
        line = b'{"id":1,"jsonrpc":"2.0","result":{"content":[]}}'
        answered = Answered(line=line, result=b'{"content":[]}')
        for future in self.world.server.pending:
            if not future.done():
                future.set_result(Lost("the server ended") if lost else answered)

    # ---------------------------------------------------------------- what must hold

    @invariant()
    def every_call_is_where_the_model_has_it(self) -> None:
        for number, call in enumerate(self.model.calls):
            task = self.tasks[number]
            said = said_by(task.result()) if task.done() else ""
            assert (number, said) == (number, call.reply)
            assert self.answers[number] == (1 if call.reply else 0)

    @invariant()
    def what_reached_the_server_was_recorded_before_and_once(self) -> None:
        arrivals = self.world.server.arrivals
        expected = [number for number, call in enumerate(self.model.calls) if call.sent]
        assert sorted(int(arrival.request_id) for arrival in arrivals) == expected
        assert broken_law_1(self.world, self.connection) == []

    @invariant()
    def silence_is_no_denial_and_a_call_has_one_verdict(self) -> None:
        for number, call in enumerate(self.model.calls):
            outcomes = [e.outcome for e in self.decisions(number)]
            assert len(outcomes) <= 1
            if call.recorded:
                assert outcomes == [call.recorded]
            if not call.person_denied:
                assert "denied_user" not in outcomes

    def decisions(self, number: int) -> list[Entry]:
        entries = self.world.log.of_type(RecordType.DECISION)
        return [entry for entry in entries if entry.call == f"call-{number}"]

    def teardown(self) -> None:
        self.let_everything_end()
        try:
            self.every_call_is_where_the_model_has_it()
            assert all(count == 1 for count in self.answers)
            assert self.world.approvals.waiting() == () or all(
                waiting.request.kind is not RequestKind.CALL
                for waiting in self.world.approvals.waiting()
            )
        finally:
            self.run(self.close)
            self.loop.close()

    def let_everything_end(self) -> None:
        """A person who never comes back, a disk that works again, a server that answers."""
        self.disk_fills(full=False)
        self.disk_slows(slow=False)
        self.server_starts(starting=False)
        self.time_passes(HOLD)
        self.time_passes(DETACHED)
        self.server_answers(lost=False)

    async def close(self) -> None:
        await self.world.reviews.close()
        await self.others.close()


def said_by(reply: Reply) -> str:
    """Name a reply as the model does."""
    match reply:
        case Silence():
            return "silence"
        case Refused():
            return "unknown" if reply.unknown else reply.outcome.value
        case Replaced():
            return "replaced"
        case _:
            return "result"


@pytest.mark.requirement("LAW-1", "LAW-3", "I-01", "I-05", "I-09", "I-32", "D2")
@pytest.mark.timeout(0)
def test_the_gate_agrees_with_its_model(thorough: int) -> None:
    run_state_machine_as_test(
        GateMachine,
        settings=settings(
            max_examples=250 * thorough,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
