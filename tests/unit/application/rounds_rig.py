"""A connection whose client drives rounds, and a person who answers what it asks."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from keyturn.application.approval_request import AnswerEffect
from keyturn.application.call import AskAgain, Handled, IncomingCall, Refused
from keyturn.application.connection import Connection
from keyturn.application.rounds import NOTHING_WAITS, Rounds
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.record import Entry, RecordType
from tests.factories import make_asked
from tests.unit.application.gate_world import World, settle

HOLD, ROUND, GAP, REPEAT = 50.0, 45.0, 10.0, 1.0
VERSION = {"io.modelcontextprotocol/protocolVersion": "2026-07-28"}
PARAMS: JsonObject = {"name": "dispatch_order", "arguments": {"order": 7}, "_meta": {**VERSION}}


@dataclass
class Rig:
    """One connection whose client drives rounds."""

    world: World
    connection: Connection
    rounds: Rounds
    calls: list[IncomingCall] = field(default_factory=list[IncomingCall])

    async def request(
        self, state: str = "", *, modern: bool = True, method: str = "tools/call", **changes: Any
    ) -> "asyncio.Task[Handled]":
        """Let the client make a request, and let everything happen that can."""
        number = len(self.calls) + 1
        params = {**PARAMS, **changes, **({"requestState": state} if state else {})}
        asked = make_asked(self.connection, method, params, id_=f"call-{number}", request_id=number)
        incoming = self.rounds.admit(asked, modern=modern)
        self.calls.append(incoming)
        task = asyncio.get_running_loop().create_task(
            self.rounds.handle(incoming, self.world.server)
        )
        await settle()
        return task

    async def round_over(self, task: "asyncio.Task[Handled]") -> str:
        """Let a round pass; return the state that its request was answered with."""
        self.world.clock.advance(ROUND)
        await settle()
        reply = task.result()
        assert isinstance(reply, AskAgain)
        return reply.state

    async def state(self) -> str:
        """Make the call and let its first round pass."""
        return await self.round_over(await self.request())

    def allow(self, *, number: int = 1) -> AnswerEffect:
        """Let the person allow what they were shown."""
        return self.world.answer(self.world.approver.shown[number - 1], allow=True)

    @property
    def decisions(self) -> list[Entry]:
        """What was decided."""
        return self.world.log.of_type(RecordType.DECISION)

    @property
    def outcomes(self) -> list[str]:
        """How."""
        return [entry.outcome for entry in self.decisions]


def rounds_of(world: World) -> Rounds:
    return Rounds(
        gate=world.gate, approvals=world.approvals, clock=world.clock, limits=world.limits
    )


async def make_rig(limits: Limits | None = None) -> Rig:
    world = World(limits=limits)
    return Rig(world, await world.connect(), rounds_of(world))


def result(task: "asyncio.Task[Handled]") -> Any:
    return task.result()


async def refused(rig: Rig, state: str, **changes: Any) -> None:
    """Let a request with a state be made that continues nothing; it is refused and recorded."""
    before = len(rig.decisions)
    reply = (await rig.request(state, **changes)).result()
    assert isinstance(reply, Refused)
    assert (reply.outcome, reply.faults) == (Outcome.REFUSED_MALFORMED, (NOTHING_WAITS,))
    assert rig.outcomes[before:] == ["refused_malformed"]
    assert rig.decisions[-1].details["faults"] == [NOTHING_WAITS]
