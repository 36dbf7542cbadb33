"""Looks at files hold up nothing else, and many who ask for the same share one."""

import asyncio
from collections.abc import Mapping
from threading import Event, Semaphore

import pytest

from keyturn.application.tasks import TaskOwner
from keyturn.broker.file_looks import AT_ONCE, FileLooks
from keyturn.domain.closure import NO_CLOSURE, Closure
from keyturn.domain.errors import ServerUnavailable
from keyturn.domain.launch import LaunchIdentity
from tests.fakes.processes import FakeProcesses

pytestmark = pytest.mark.requirement("LAUNCH-CLOSURE")


class Slow(FakeProcesses):
    """Each look waits until a test lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.looks: list[tuple[str, bool]] = []
        self.begun = Semaphore(0)
        self.go_on = Event()

    def closure(
        self, launch: LaunchIdentity, search: Mapping[str, str], *, anew: bool = False
    ) -> Closure:
        self.looks.append((launch.argv[0], anew))
        self.begun.release()
        assert self.go_on.wait(30)
        return NO_CLOSURE


def launch(program: str) -> LaunchIdentity:
    return LaunchIdentity(argv=(program,), executable="", sha256="", cwd="/", env=())


async def begun(processes: Slow) -> None:
    assert await asyncio.to_thread(processes.begun.acquire, timeout=30)


def test_many_of_one_command_share_and_hold_up_no_other_thread() -> None:
    async def story() -> None:
        processes = Slow()
        looks = FileLooks(processes)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(looks.closure(launch("a"), {}))
            await begun(processes)
            others = [group.create_task(looks.closure(launch("a"), {})) for _ in range(20)]
            await asyncio.sleep(0)
            # What everybody else waits for: a PIN, a digest.
            assert await asyncio.to_thread(lambda: "free") == "free"
            assert processes.looks == [("a", False)]
            processes.go_on.set()
        assert first.done()
        assert all(other.result() is NO_CLOSURE for other in others)
        assert processes.looks == [("a", False)] * 2
        await looks.close()

    asyncio.run(story())


def test_a_look_that_has_begun_is_not_taken_for_one_that_begins_now() -> None:
    async def story() -> None:
        processes = Slow()
        looks = FileLooks(processes)
        async with asyncio.TaskGroup() as group:
            group.create_task(looks.closure(launch("a"), {}, anew=True))
            await begun(processes)
            group.create_task(looks.closure(launch("a"), {}, anew=True))
            group.create_task(looks.closure(launch("a"), {"PATH": "/x"}))
            await begun(processes)
            processes.go_on.set()
        assert sorted(processes.looks) == [("a", False), ("a", True), ("a", True)]
        await looks.close()

    asyncio.run(story())


def test_only_so_many_run_side_by_side() -> None:
    async def story() -> None:
        processes = Slow()
        looks = FileLooks(processes)
        async with asyncio.TaskGroup() as group:
            for name in "abcdef":
                group.create_task(looks.closure(launch(name), {}))
            for _ in range(AT_ONCE):
                await begun(processes)
            assert not processes.begun.acquire(blocking=False)
            processes.go_on.set()
        assert len(processes.looks) == 6
        await looks.close()

    asyncio.run(story())


def test_one_that_asks_no_more_spoils_no_others_look() -> None:
    async def story() -> None:
        processes = Slow()
        looks = FileLooks(processes)
        tasks = TaskOwner()
        first = tasks.start(looks.closure(launch("a"), {}), "first")
        await begun(processes)
        gone = tasks.start(looks.closure(launch("a"), {}), "gone")
        stays = tasks.start(looks.closure(launch("a"), {}), "stays")
        await asyncio.sleep(0)
        gone.cancel()
        processes.go_on.set()
        assert await first is await stays is NO_CLOSURE
        await looks.close()

    asyncio.run(story())


def test_who_waits_for_a_look_at_the_end_is_told_so() -> None:
    async def story() -> None:
        processes = Slow()
        looks = FileLooks(processes)
        tasks = TaskOwner()
        waits = tasks.start(looks.closure(launch("a"), {}), "waits")
        await begun(processes)
        await looks.close()
        processes.go_on.set()
        with pytest.raises(ServerUnavailable):
            await waits
        with pytest.raises(ServerUnavailable):
            await looks.closure(launch("a"), {})
        await tasks.close()

    asyncio.run(story())
