"""One call that waits, and a person who edits it."""

import asyncio
from typing import Final

from keyturn.application.approval_request import AnswerEffect
from keyturn.application.call import Handled, IncomingCall
from keyturn.application.connection import Connection
from keyturn.application.editing import EditEffect, Edits
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.command_shapes import Shaped
from keyturn.domain.commands import Command
from keyturn.domain.lamps import Lamps
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_server, make_tool
from tests.fakes.commands import ReaderInPlace
from tests.unit.application.gate_world import World

ASKED: Final[JsonObject] = {"order": 41, "address": "14 Quarry Road"}
MINE: Final[JsonObject] = {"order": 41, "address": "2 Mill Lane"}


class SlowReader(ReaderInPlace):
    """Takes as long as a test likes."""

    def __init__(self) -> None:
        super().__init__()
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def read(self, shaped: tuple[Shaped, ...], agent: str) -> tuple[Command, ...]:
        """Wait until it may."""
        await self.flowing.wait()
        return await super().read(shaped, agent)


def text_of(arguments: JsonObject) -> str:
    return canonical(arguments).decode()


class Story:
    """One call that waits, and the person who looks at it."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.edits = Edits(self.world.approvals)

    async def begin(self, arguments: JsonObject = ASKED, tier: Tier = Tier.T1) -> None:
        world = self.world
        tool = make_tool(inputSchema={"type": "object", "properties": SHAPES})
        self.connection: Connection = await world.connect(
            make_connection(server=make_server(tools=())), tool
        )
        await world.agreements.set_tier(world.pin_shown(), tier, Lamps.NONE)
        self.incoming = make_call(self.connection, arguments=arguments)
        self.task: asyncio.Task[Handled] = world.start(self.incoming)
        self.shown = await world.asked()

    async def edit(self, arguments: JsonObject | str = MINE) -> EditEffect:
        text = arguments if isinstance(arguments, str) else text_of(arguments)
        before = len(self.world.approver.shown)
        self.done = await self.edits.edit(self.shown.id, self.shown.digest, text)
        if len(self.world.approver.shown) > before:
            self.shown = self.world.approver.shown[-1]
        return self.done.effect

    def again(self, arguments: JsonObject, number: int) -> IncomingCall:
        """Return another call of the same tool."""
        return make_call(
            self.connection, arguments=arguments, id_=f"call-{number}", request_id=number
        )

    async def allow(self) -> Handled:
        assert self.world.answer(self.shown, allow=True) is AnswerEffect.APPLIED
        return await self.task

    def sent(self) -> list[object]:
        return [params["arguments"] for params in self.world.server.sent]


SHAPES: Final[JsonObject] = {
    "order": {"type": "integer"},
    "address": {"type": "string", "maxLength": 40},
}
