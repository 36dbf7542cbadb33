"""Long notices that are read after they were handed on: how many, and for which task."""

import asyncio
from dataclasses import replace

import pytest

from keyturn.application.connection import Connection
from keyturn.application.notices import MOST_READ_LATER, NoticeInspector
from keyturn.application.ports.inspection import UNREAD, Sign
from keyturn.application.tasks import TaskOwner
from keyturn.domain.record import RecordType
from tests.factories import make_connection
from tests.unit.application.gate_world import World, play, settle

LOG = "notifications/message"
LONG = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"data":"%s"}}\n' % (
    b"the lorry is at the dock. " * 800
)
ORDER = Sign(kind="override", words="ignore all of it", path="/data")


class Reader:
    """Reads what is long once the test lets it."""

    def __init__(self, world: World, patch: pytest.MonkeyPatch) -> None:
        self.let = asyncio.Event()
        self.sign: Sign | None = None
        patch.setattr(world.controlling, "sign_in", self._sign_in)
        self.notices = NoticeInspector(world.inspector, world.controlling, world.recorder)

    def hand_on(self, connection: Connection, tasks: TaskOwner) -> None:
        """Have one long notice handed on."""
        assert self.notices.cleaned(connection, LOG, LONG, tasks.start, 1) == LONG

    async def _sign_in(self, _line: bytes, _connection: Connection) -> Sign | None:
        await self.let.wait()
        return self.sign


def test_what_is_tested_is_read_later(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        world = World()
        found = world.controlling.at_once(LONG, await world.connect())
        assert found is not None
        assert found.sign is not None
        assert found.sign.kind == UNREAD

    del monkeypatch
    play(story)


@pytest.mark.requirement("SIGN-MARKED")
def test_a_connection_that_ends_before_its_notices_are_read_uses_up_no_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        world = World()
        reader = Reader(world, monkeypatch)
        connection = await world.connect()
        for _ in range(MOST_READ_LATER + 1):
            tasks = TaskOwner()
            reader.hand_on(connection, tasks)
            await tasks.close()
        reader.hand_on(connection, TaskOwner())
        assert connection.session.signs_in_reach == ()

    play(story)


@pytest.mark.requirement("SIGN-MARKED")
def test_a_flood_over_one_connection_marks_nothing_over_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def story() -> None:
        world = World()
        reader, tasks = Reader(world, monkeypatch), TaskOwner()
        flooded = await world.connect()
        other = await world.connect(replace(make_connection(), id="c-2"))
        for _ in range(MOST_READ_LATER):
            reader.hand_on(flooded, tasks)
        assert flooded.session.signs_in_reach == ()
        reader.hand_on(flooded, tasks)
        assert len(flooded.session.signs_in_reach) == 1, "of what is beyond, nobody knows better"
        reader.hand_on(other, tasks)
        assert other.session.signs_in_reach == ()
        reader.let.set()
        await settle()
        reader.hand_on(flooded, tasks)
        assert len(flooded.session.signs_in_reach) == 1
        await tasks.close()

    play(story)


@pytest.mark.requirement("SIGN-MARKED", "TASK-NEW")
@pytest.mark.parametrize("steps", [0, 30])
def test_a_notice_of_the_task_before_marks_nothing_in_the_new_one(
    steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        world = World()
        reader, tasks = Reader(world, monkeypatch), TaskOwner()
        reader.sign = ORDER
        connection = await world.connect()
        reader.hand_on(connection, tasks)
        await settle(steps)
        connection.session.begin_task()
        reader.let.set()
        await settle()
        assert connection.session.signs_in_reach == ()
        (entry,) = world.log.of_type(RecordType.PASSED)
        assert entry.details["signs"] == 1

    play(story)


@pytest.mark.requirement("SIGN-MARKED")
def test_a_notice_of_this_task_is_marked_once_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        world = World()
        reader, tasks = Reader(world, monkeypatch), TaskOwner()
        reader.sign = ORDER
        connection = await world.connect()
        reader.hand_on(connection, tasks)
        reader.let.set()
        await settle()
        assert connection.session.signs_in_reach == (1,)

    play(story)
