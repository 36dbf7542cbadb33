"""Who has room for large payloads: each agent its part, and what is over it waits for its turn."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from keyturn.desktop import worker_room
from keyturn.desktop.worker_room import WorkerRoom

SHARE, NAME, ALL = 100, 200, 400
SECONDS = 30.0


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_room, "MOST_OF_AGENT_BYTES", SHARE)
    monkeypatch.setattr(worker_room, "MOST_OF_NAME_BYTES", NAME)
    monkeypatch.setattr(worker_room, "MOST_BYTES", ALL)


class Places:
    """Payloads in one room, each worked on until a test ends it."""

    def __init__(self) -> None:
        self.room = WorkerRoom()
        self._tasks: list[asyncio.Task[None]] = []
        self.has: list[bool | None] = []
        """Of each: whether it has room, None while it waits."""
        self._over: list[asyncio.Event] = []

    async def bring(self, agent: str, size: int = 60, seconds: float = SECONDS) -> int:
        """Have one come; return its number."""
        number = len(self.has)
        self.has.append(None)
        self._over.append(asyncio.Event())
        task = asyncio.get_running_loop().create_task(self._work(number, agent, size, seconds))
        self._tasks.append(task)
        await settle()
        return number

    async def end(self, number: int) -> None:
        """Let one be done."""
        self.finish(number)
        await settle()

    def finish(self, number: int) -> None:
        """Let one be done, and nothing happen yet."""
        self._over[number].set()

    async def cancel(self, number: int) -> None:
        """Give one up."""
        self._tasks[number].cancel()
        await settle()

    async def close(self) -> None:
        """Let all be done, and see that nothing is left."""
        for over in self._over:
            over.set()
        await asyncio.wait(self._tasks)
        again = await self.bring("last", ALL)
        assert self.has[again] is True
        await self.end(again)

    async def _work(self, number: int, agent: str, size: int, seconds: float) -> None:
        async with self.room.place(size, agent, seconds) as has:
            self.has[number] = has
            await self._over[number].wait()


async def settle() -> None:
    """Let everything happen that can."""
    for _ in range(10):
        await asyncio.sleep(0)


def tell(story: Callable[[Places], Awaitable[None]]) -> None:
    async def run() -> None:
        places = Places()
        async with asyncio.timeout(SECONDS):
            await story(places)
            await places.close()

    asyncio.run(run())


@pytest.mark.requirement("I-05")
def test_what_is_over_its_agents_share_waits_for_it_and_is_let_in() -> None:
    async def story(places: Places) -> None:
        first = await places.bring("analyst")
        second, third = await places.bring("analyst"), await places.bring("analyst")
        assert places.has == [True, None, None]
        assert places.has[await places.bring("clerk")] is True, "that is its own room"
        await places.end(first)
        assert places.has[second : third + 1] == [True, None]
        await places.end(second)
        assert places.has[third] is True

    tell(story)


def test_all_that_share_a_name_have_a_part_each_and_one_together() -> None:
    async def story(places: Places) -> None:
        strangers = ["?/n1", "?/n2", "?/n1", "?/n3", "?/n4"]
        for stranger in strangers:
            await places.bring(stranger)
        assert places.has == [True, True, None, True, None]
        assert places.has[await places.bring("analyst")] is True
        await places.end(1)
        # The first of the line is over its own part still.
        assert places.has[2:5] == [None, True, True]

    tell(story)


def test_the_line_is_bounded_by_name_and_in_all() -> None:
    async def story(places: Places) -> None:
        for _ in range(5):
            await places.bring("analyst")
        assert places.has == [True, None, None, None, False]
        for agent in ("clerk", "clerk", "clerk", "clerk", "guard", "guard"):
            await places.bring(agent)
        assert places.has[5:] == [True, None, None, None, True, False]

    tell(story)


@pytest.mark.parametrize("how", ["late", "cancelled", "closed"])
def test_who_waits_no_longer_leaves_no_trace(how: str) -> None:
    async def story(places: Places) -> None:
        first = await places.bring("analyst")
        waits = await places.bring("analyst", seconds=0.0 if how == "late" else SECONDS)
        match how:
            case "cancelled":
                await places.cancel(waits)
                assert places.has[waits] is None
            case "closed":
                places.room.close()
                await settle()
                assert places.has[waits] is False
            case _:
                await asyncio.sleep(0.05)
                assert places.has[waits] is False
        await places.end(first)
        assert places.has[await places.bring("analyst", SHARE)] is True

    tell(story)


def test_one_that_is_let_in_as_it_is_given_up_gives_its_room_back() -> None:
    async def story(places: Places) -> None:
        first, waits = await places.bring("analyst"), await places.bring("analyst")
        places.finish(first)
        await asyncio.sleep(0)
        await places.cancel(waits)
        assert places.has[await places.bring("analyst", SHARE)] is True

    tell(story)
