"""Whose turn it is: a flood of one agent delays another by one of its payloads at most."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.desktop.worker_turns import MOST_WAITING, WorkerTurns

pytestmark = pytest.mark.requirement("POOL-TURNS")
PLACES = 2


class Workers:
    """Workers whose work a test ends, payload by payload."""

    def __init__(self, places: int = PLACES) -> None:
        self.turns = WorkerTurns(places)
        self.working: list[tuple[str, asyncio.Event]] = []
        self.done: list[str] = []
        self.refused: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []

    def send(self, agent: str, count: int = 1) -> list["asyncio.Task[None]"]:
        """Have so many payloads of an agent read."""
        loop = asyncio.get_running_loop()
        sent = [loop.create_task(self._read(agent)) for _ in range(count)]
        self.tasks += sent
        return sent

    def names(self) -> list[str]:
        """Return whose payloads are worked on."""
        return [agent for agent, _ in self.working]

    async def end_one(self, agent: str = "") -> None:
        """Let the oldest payload that is worked on be done."""
        index = next(i for i, (of, _) in enumerate(self.working) if agent in ("", of))
        self.working.pop(index)[1].set()
        await settle()

    async def _read(self, agent: str) -> None:
        async with self.turns.turn(agent) as has_turn:
            if not has_turn:
                self.refused.append(agent)
                return
            end = asyncio.Event()
            self.working.append((agent, end))
            await end.wait()
            self.done.append(agent)


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


def tell(story: Callable[[Workers], Awaitable[None]]) -> None:
    """Run one story, and end what is left of it."""

    async def run() -> None:
        workers = Workers()
        async with asyncio.timeout(10):
            await story(workers)
        for task in workers.tasks:
            task.cancel()
        await asyncio.gather(*workers.tasks, return_exceptions=True)

    asyncio.run(run())


def test_a_flood_delays_another_by_one_payload_at_most() -> None:
    """Alone it has all workers; once another comes, that one has the first that is free."""

    async def story(workers: Workers) -> None:
        workers.send("flood", 50)
        await settle()
        assert workers.names() == ["flood", "flood"]
        workers.send("analyst", 3)
        await workers.end_one()
        assert sorted(workers.names()) == ["analyst", "flood"]
        # While it waits each has one in work.
        for _ in range(2):
            await workers.end_one("flood")
            assert sorted(workers.names()) == ["analyst", "flood"]
        for _ in range(3):
            await workers.end_one("analyst")
        assert workers.names() == ["flood", "flood"]

    tell(story)


def test_who_proved_no_name_shares_one_turn() -> None:
    """However many connections it opens."""

    async def story(workers: Workers) -> None:
        for number in range(40):
            workers.send(f"unproven/{number}")
        await settle()
        workers.send("analyst")
        workers.send("auditor")
        await settle()
        for _ in range(2):
            await workers.end_one()
        assert "analyst" in (*workers.names(), *workers.done)
        assert "auditor" in (*workers.names(), *workers.done)

    tell(story)


def test_what_one_may_have_waiting_is_bounded_and_takes_nothing_from_others() -> None:
    async def story(workers: Workers) -> None:
        workers.send("flood", PLACES + MOST_WAITING + 5)
        workers.send("analyst")
        await settle()
        assert workers.refused == ["flood"] * 5
        await workers.end_one()
        assert "analyst" in workers.names()

    tell(story)


@pytest.mark.parametrize("waits", [True, False])
def test_who_is_cancelled_leaves_its_place_to_the_next(waits: bool) -> None:
    """Be it in line, or let in that very moment."""

    async def story(workers: Workers) -> None:
        workers.send("flood", 2)
        await settle()
        (given_up,) = workers.send("analyst")
        workers.send("auditor")
        await settle()
        if not waits:
            workers.working.pop(0)[1].set()
            await asyncio.sleep(0)
        given_up.cancel()
        await settle()
        if waits:
            await workers.end_one()
        assert "auditor" in workers.names()
        assert "analyst" not in workers.names()

    tell(story)


def test_at_the_end_nobody_waits() -> None:
    async def story(workers: Workers) -> None:
        workers.send("flood", 5)
        await settle()
        workers.turns.close()
        await settle()
        assert workers.refused == ["flood"] * 3

    tell(story)


AGENTS = ("a", "b", "c")
STEP = st.one_of(st.sampled_from(AGENTS), st.just("end"))


@given(st.lists(STEP, max_size=60), st.integers(min_value=1, max_value=3))
def test_each_other_goes_before_who_waits_once_at_most(steps: list[str], places: int) -> None:
    """From whatever state; and no worker is idle while anybody waits."""

    async def run() -> None:
        workers = Workers(places)
        waiting: Counter[str] = Counter()
        since: dict[str, Counter[str]] = {}
        for step in steps:
            before = Counter(workers.names())
            if step == "end":
                if not workers.working:
                    continue
                before[workers.names()[0]] -= 1
                await workers.end_one()
            else:
                if not waiting[step] and not before[step]:
                    since[step] = Counter()
                waiting[step] += 1
                workers.send(step)
                await settle()
            for agent in (Counter(workers.names()) - before).elements():
                waiting[agent] -= 1
                since.pop(agent, None)
                for others in since.values():
                    others[agent] += 1
                    assert others[agent] == 1
            assert len(workers.working) == places or not waiting.total()
        for task in workers.tasks:
            task.cancel()
        await asyncio.gather(*workers.tasks, return_exceptions=True)

    asyncio.run(run())
