"""The gate against a small model of what it promises, over random interleavings.

Calls, answers, cancels, deadlines, stops, changed tools, rules, a slow or failing log and dying
servers come in any order. After each step the model and the gate must agree on every call, and the
laws must hold: what reached the server was recorded before, once; nothing after a stop or a cancel;
silence is no denial; every call is answered once. A retry of what is running, or came too late, is
answered with that, and nothing is sent for it.
"""

import asyncio

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from keyturn.application.approval_request import RequestKind
from keyturn.application.call import Handled, Refused, Replaced, Silence
from keyturn.application.rejudging import judge_waiting
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.rule import Effect, Rule
from tests.factories import make_call, make_connection, make_tool
from tests.property.gate_driver import GateDriver
from tests.property.gate_model import DETACHED, GRANT, HOLD, Phase
from tests.unit.application.gate_world import broken_law_1

ORDERS = (1, 2)
"""Two arguments only, so that calls are often identical and meet each other's grants."""
ALLOW = Rule(id="allow", effect=Effect.ALLOW, tool="dispatch_order")
DENY = Rule(id="deny", effect=Effect.DENY, tool="dispatch_order")


class GateMachine(GateDriver):
    """Drives a gate and the model alike."""

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

    # ---------------------------------------------------------------- what can happen

    @precondition(lambda self: len(self.model.calls) < 12)
    @rule(order=st.sampled_from(ORDERS))
    def call(self, order: int) -> None:
        if self.model.meets_another(order):
            return
        self.model.arrive(order)

        async def story() -> None:
            number = len(self.tasks)
            incoming = make_call(
                self.connections[-1],
                arguments={"order": order},
                id_=f"call-{number}",
                request_id=number,
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

    @precondition(lambda self: len(self.connections) < 3)
    @rule()
    def host_reconnects(self) -> None:
        """Over a connection more of the same session; the earlier ones stay open."""
        self.model.connection += 1

        async def story() -> None:
            session = self.connection.session
            again = make_connection(session=session)
            again.id, again.opened_after = f"c-{len(self.connections) + 1}", session.calls
            self.connections.append(again)
            tool = make_tool(description="Also copies it.") if self.model.drifted else make_tool()
            await self.world.reviews.listed(again, [tool])

        self.run(story)

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data())
    def allow(self, data: st.DataObject) -> None:
        self.answer(data, allow=True, right=True)

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data(), allow=st.booleans(), right=st.booleans())
    def answer(self, data: st.DataObject, allow: bool, right: bool) -> None:
        self.answer_call(self.some_call(data), allow=allow, right=right)

    @precondition(lambda self: self.model.calls)
    @rule(data=st.data(), host_gone=st.sampled_from([False, False, True]))
    def client_leaves(self, data: st.DataObject, host_gone: bool) -> None:
        self.leave(self.some_call(data), host_gone=host_gone)

    @precondition(lambda self: len(self.model.calls) < 10 and self.model.undisturbed)
    @rule(order=st.sampled_from(ORDERS), again=st.booleans())
    def call_that_runs_long(self, order: int, again: bool) -> None:
        """Allow it, let its client time out while the server works on it, perhaps retry."""
        self.server_changes(dead=False, silent=True)
        self.server_starts(starting=False)
        self.disk_slows(slow=False)
        self.call(order)
        number = len(self.model.calls) - 1
        self.answer_call(number, allow=True, right=True)
        self.leave(number, host_gone=False)
        if again:
            self.call(order)

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
            for connection in self.connections:
                await self.world.reviews.listed(connection, [tool])

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


def said_by(reply: Handled) -> str:
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
            max_examples=100 * thorough,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
