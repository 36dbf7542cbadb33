"""Drives a gate and its model alike; which steps there are is the machine's."""

import asyncio
from collections.abc import Awaitable, Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.call import Handled, IncomingCall
from keyturn.application.ports.upstream import Answered, Lost
from keyturn.application.tasks import TaskOwner
from keyturn.domain.configuration import Limits
from keyturn.domain.record import Entry, RecordType
from tests.factories import make_connection
from tests.property.gate_model import DETACHED, HOLD, Model, Phase
from tests.unit.application.gate_world import World, settle


class GateDriver(RuleBasedStateMachine):
    """A gate with fakes of every port, and the model."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.model = Model()
        self.world = World(limits=Limits(hold_seconds=HOLD, detached_seconds=DETACHED))
        self.connection = make_connection()
        self.connections = [self.connection]
        self.incoming: list[IncomingCall] = []
        self.tasks: list[asyncio.Task[Handled]] = []
        self.answers: list[int] = []
        """How often each call's task ended."""
        self.sent_while_stopped: list[str | int] = []
        self.others = TaskOwner()

    def run(self, story: Callable[[], Awaitable[None]]) -> None:
        async def settled() -> None:
            await story()
            await settle()

        self.loop.run_until_complete(settled())

    def request(self, number: int) -> ApprovalRequest | None:
        shown = [r for r in self.world.approver.shown if r.kind is RequestKind.CALL]
        return next((r for r in shown if r.id == f"call-{number}"), None)

    def some_call(self, data: st.DataObject) -> int:
        """Draw a call, mostly one that is not over."""
        everyone = list(range(len(self.model.calls)))
        live = [n for n in everyone if self.model.calls[n].phase is not Phase.OVER]
        return data.draw(st.sampled_from(live * 4 + everyone))

    def count_answer(self, number: int) -> None:
        self.answers[number] += 1

    def answer_call(self, number: int, *, allow: bool, right: bool) -> None:
        request = self.request(number)
        if request is None:
            return
        digest = request.digest if right else "0" * 64
        if right:
            self.model.answer(self.model.calls[number], allow=allow)

        async def story() -> None:
            self.world.answer(request, allow=allow, digest=digest)

        self.run(story)

    def leave(self, number: int, *, host_gone: bool) -> None:
        leave = self.model.host_gone if host_gone else self.model.cancel
        leave(self.model.calls[number])

        async def story() -> None:
            self.incoming[number].cancel()
            self.world.approvals.client_left(f"call-{number}", host_gone=host_gone)

        self.run(story)

    def answer_as_server(self, lost: bool) -> None:
        line = b'{"id":1,"jsonrpc":"2.0","result":{"content":[]}}'
        answered = Answered(line=line, result=b'{"content":[]}')
        for future in self.world.server.pending:
            if not future.done():
                future.set_result(Lost("the server ended") if lost else answered)

    def decisions(self, number: int) -> list[Entry]:
        entries = self.world.log.of_type(RecordType.DECISION)
        return [entry for entry in entries if entry.call == f"call-{number}"]

    async def close(self) -> None:
        await self.world.reviews.close()
        await self.others.close()
