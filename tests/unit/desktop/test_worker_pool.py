"""The life of the workers: late, dead, stuck, idle, replaced, and gone with the broker."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path

import psutil
import pytest

from keyturn.application.ports.payloads import NotInspected
from keyturn.desktop import worker_pool, worker_room
from keyturn.desktop.worker_pool import DEAD, ENDED, LATE, TOO_MUCH, WORKERS, Times, WorkerPool
from keyturn.desktop.worker_process import WorkerProcess

SCRIPT = """
import os, sys, time
from keyturn.desktop.worker_process import serve_jobs
def do(job, payload):
    match job:
        case b"pid":
            return [str(os.getpid()).encode()]
        case b"die":
            os._exit(3)
        case b"hang":
            time.sleep(60)
        case b"slow":
            time.sleep(0.05)
        case b"starved":
            time.sleep(0.7)
        case b"work":
            while True:
                pass
        case b"print":
            print("not an answer")
            sys.stderr.write("nor this")
    return [job, payload]
serve_jobs(do)
"""
WORKER = (sys.executable, "-I", "-c", SCRIPT)
NEVER_READY = (sys.executable, "-I", "-c", "import time; time.sleep(60)")


def tell(
    story: Callable[[WorkerPool], Awaitable[None]],
    times: Times | None = None,
    command: tuple[str, ...] = WORKER,
) -> None:
    """Run one story on a pool, and see to it that no process is left."""

    async def run() -> None:
        pool = WorkerPool(command, os.environ, times)
        async with asyncio.timeout(30):
            try:
                await story(pool)
            finally:
                pids = pool.pids
                await pool.close()
        assert none_left(pids)

    asyncio.run(run())


async def asked(
    pool: WorkerPool, job: bytes, payload: bytes = b"", agent: str = "analyst"
) -> list[bytes] | NotInspected:
    """Have one job done."""
    return await pool.ask(job, payload, list, agent)


async def until(found: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(2_000):
        if found():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


def runs(pid: int) -> bool:
    """Tell whether it runs; one that nobody has reaped does not."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def none_left(pids: Iterable[int]) -> bool:
    """Tell whether all of these are gone."""
    return not any(map(psutil.pid_exists, pids))


def test_a_large_payload_goes_there_and_back() -> None:
    async def story(pool: WorkerPool) -> None:
        payload = os.urandom(1 << 20) * 20
        assert await asked(pool, b"echo", payload) == [b"echo", payload]

    tell(story)


def test_what_a_library_prints_is_not_taken_for_an_answer() -> None:
    async def story(pool: WorkerPool) -> None:
        assert await asked(pool, b"print", b"x") == [b"print", b"x"]

    tell(story)


@pytest.mark.requirement("POOL-DEAD")
def test_a_worker_that_dies_leaves_its_payload_uninspected_and_is_replaced() -> None:
    async def story(pool: WorkerPool) -> None:
        assert await asked(pool, b"die") == DEAD
        assert await asked(pool, b"echo") == [b"echo", b""]
        await until(lambda: len(pool.pids) == WORKERS)

    tell(story)


@pytest.mark.requirement("POOL-TURNS")
def test_a_flood_of_one_agent_delays_another_by_one_job_at_most() -> None:
    """What is worked on when another comes ends, and then it is that one's turn."""

    async def story(pool: WorkerPool) -> None:
        ended: list[str] = []

        async def one(agent: str) -> None:
            await asked(pool, b"slow", agent=agent)
            ended.append(agent)

        async with asyncio.TaskGroup() as group:
            for _ in range(12):
                group.create_task(one("flood"))
            await until(lambda: len(ended) >= WORKERS)
            before = len(ended)
            await group.create_task(one("analyst"))
            # Those that were under way, and the one beside its own.
            assert ended[before:].count("flood") <= WORKERS + 1

    tell(story)


@pytest.mark.requirement("POOL-DEAD")
def test_a_worker_that_is_late_is_killed_and_replaced() -> None:
    async def story(pool: WorkerPool) -> None:
        await asked(pool, b"echo")
        await until(lambda: len(pool.pids) == WORKERS)
        before = set(pool.pids)
        assert await asked(pool, b"hang") == LATE
        assert len(before & set(pool.pids)) == 1
        assert await asked(pool, b"echo") == [b"echo", b""]

    tell(story, Times(answer=0.4))


@pytest.mark.requirement("POOL-DEAD")
def test_work_without_an_end_is_late() -> None:
    async def story(pool: WorkerPool) -> None:
        assert await asked(pool, b"work") == LATE
        assert await asked(pool, b"echo") == [b"echo", b""]

    tell(story, Times(answer=0.4))


@pytest.mark.requirement("POOL-DEAD")
def test_one_that_the_machine_does_not_let_work_is_not_late_at_once() -> None:
    async def story(pool: WorkerPool) -> None:
        assert await asked(pool, b"starved") == [b"starved", b""]

    tell(story, Times(answer=0.4))


@pytest.mark.requirement("POOL-DEAD")
def test_one_that_was_killed_while_idle_is_not_asked() -> None:
    async def story(pool: WorkerPool) -> None:
        await asked(pool, b"echo")
        for pid in pool.pids:
            os.kill(pid, signal.SIGKILL)
        await until(lambda: not any(map(runs, pool.pids)))
        assert await asked(pool, b"echo") == [b"echo", b""]

    tell(story)


def test_who_waits_for_a_worker_waits_for_it_to_be_ready_and_not_for_ever() -> None:
    async def story(pool: WorkerPool) -> None:
        assert await asked(pool, b"echo") == LATE

    tell(story, Times(start=0.3), NEVER_READY)


def test_what_waits_behind_others_has_its_time_from_the_hand_over_on() -> None:
    async def story(pool: WorkerPool) -> None:
        async with asyncio.TaskGroup() as group:
            before = [group.create_task(asked(pool, b"hang")) for _ in range(WORKERS)]
            await asyncio.sleep(0)
            assert await asked(pool, b"echo") == [b"echo", b""]
        assert [task.result() for task in before] == [LATE] * WORKERS

    tell(story, Times(answer=0.4))


def test_a_command_that_is_none_leaves_everything_uninspected() -> None:
    async def story(pool: WorkerPool) -> None:
        assert await asked(pool, b"echo") == DEAD
        assert await asked(pool, b"echo") == DEAD

    tell(story, command=("/nowhere/keyturn",))


def test_a_cancelled_asker_leaves_no_worker_that_is_busy_for_nobody() -> None:
    async def story(pool: WorkerPool) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await asked(pool, b"hang")
        told = await asyncio.gather(*(asked(pool, b"pid") for _ in range(8)))
        assert {int(parts[0]) for parts in told if isinstance(parts, list)} <= set(pool.pids)
        assert len(told) == 8

    tell(story)


def test_too_much_at_once_waits_a_while_and_is_not_inspected_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(worker_room, "MOST_BYTES", 100)

    async def story(pool: WorkerPool) -> None:
        did = [b"echo", b"x" * 60]
        told = await asyncio.gather(*(asked(pool, b"echo", b"x" * 60) for _ in range(3)))
        assert told == [did, did, TOO_MUCH], "the line is as long as the room"
        told = await asyncio.gather(asked(pool, b"hang"), asked(pool, b"echo", b"x" * 600))
        # One alone is always let in.
        assert told == [LATE, [b"echo", b"x" * 600]]

    tell(story, Times(answer=0.4))


def test_what_finds_no_room_in_time_is_not_inspected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_room, "MOST_BYTES", 100)

    async def story(pool: WorkerPool) -> None:
        told = await asyncio.gather(
            asked(pool, b"hang", b"x" * 60), asked(pool, b"echo", b"x" * 60)
        )
        assert told == [LATE, TOO_MUCH]

    tell(story, Times(answer=0.4, room=0.1))


def test_idle_workers_end_and_the_next_payload_starts_others() -> None:
    async def story(pool: WorkerPool) -> None:
        await asked(pool, b"echo")
        pids = pool.pids
        await until(lambda: pool.pids == () and none_left(pids))
        assert await asked(pool, b"echo") == [b"echo", b""]

    tell(story, Times(idle=0.05))


def test_they_are_started_a_while_after_the_broker() -> None:
    async def story(pool: WorkerPool) -> None:
        pool.begin()
        assert pool.pids == ()
        await until(lambda: len(pool.pids) == WORKERS)
        assert await asked(pool, b"echo") == [b"echo", b""]

    tell(story, Times(warm=0.05))


@pytest.mark.requirement("POOL-ENDS")
def test_the_end_is_not_kept_by_what_waits_for_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_room, "MOST_BYTES", 100)

    async def story(pool: WorkerPool) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(asked(pool, b"hang", b"x" * 60)),
                group.create_task(asked(pool, b"echo", b"x" * 60)),
            ]
            await until(lambda: bool(pool.pids))
            await pool.close()
        assert [task.result() for task in tasks] == [ENDED, ENDED]

    tell(story)


def test_the_end_comes_in_the_middle_of_a_job() -> None:
    async def story(pool: WorkerPool) -> None:
        async with asyncio.TaskGroup() as group:
            job = group.create_task(asked(pool, b"hang"))
            await until(lambda: len(pool.pids) == WORKERS)
            pids = pool.pids
            await pool.close()
        assert job.result() == ENDED
        assert none_left(pids)
        assert await asked(pool, b"echo") == ENDED

    tell(story)


class Held:
    """Starts processes as the pool does, once a test lets them begin."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.made: list[WorkerProcess] = []
        self.threads: set[str] = set()

    def start(self, command: Sequence[str], env: Mapping[str, str]) -> WorkerProcess:
        self.begun.set()
        assert self.go.wait(30)
        self.threads.add(threading.current_thread().name)
        self.made.append(WorkerProcess(command, env))
        return self.made[-1]


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    held = Held()
    monkeypatch.setattr(worker_pool, "WorkerProcess", held.start)
    return held


@pytest.mark.requirement("POOL-ENDS")
def test_the_end_comes_in_the_middle_of_a_start(held: Held) -> None:
    async def story(pool: WorkerPool) -> None:
        async with asyncio.TaskGroup() as group:
            job = group.create_task(asked(pool, b"echo"))
            await until(held.begun.is_set)
            assert pool.pids == ()
            end = group.create_task(pool.close())
            await asyncio.sleep(0)
            held.go.set()
            await end
        assert job.result() == ENDED
        assert held.made
        assert none_left(process.pid for process in held.made)

    tell(story)


@pytest.mark.requirement("POOL-ENDS")
def test_all_starts_are_of_one_thread_that_lives_as_long_as_the_pool(held: Held) -> None:
    """The kernel ends a worker with the thread that started it (prctl(2), PR_SET_PDEATHSIG)."""

    def living() -> list[str]:
        return [one.name for one in threading.enumerate() if one.name in held.threads]

    async def story(pool: WorkerPool) -> None:
        held.go.set()
        await asked(pool, b"die")
        assert await asked(pool, b"echo") == [b"echo", b""]
        await until(lambda: len(held.made) > WORKERS)
        assert len(held.threads) == 1
        assert held.threads != {threading.current_thread().name}
        assert len(living()) == 1
        await pool.close()
        await until(lambda: not living())

    tell(story)


def test_who_gives_up_during_a_start_leaves_no_process(held: Held) -> None:
    async def story(pool: WorkerPool) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asked(pool, b"echo")
        held.go.set()
        assert isinstance(told := await asked(pool, b"pid"), list)
        await until(lambda: len(pool.pids) == WORKERS)
        await until(lambda: none_left({one.pid for one in held.made} - set(pool.pids)))
        assert int(told[0]) in pool.pids

    tell(story)


@pytest.mark.requirement("POOL-ENDS")
def test_no_worker_outlives_a_killed_broker(tmp_path: Path) -> None:
    broker = tmp_path / "broker.py"
    broker.write_text(
        "import asyncio, os, sys\n"
        "from keyturn.desktop.worker_pool import WorkerPool\n"
        "async def run():\n"
        "    pool = WorkerPool((sys.executable, '-I', '-m', 'keyturn', '_worker'), os.environ)\n"
        "    asyncio.get_running_loop().create_task(pool.ask(b'', b'', list, 'analyst'))\n"
        "    while len(pool.pids) < 2:\n"
        "        await asyncio.sleep(0.01)\n"
        "    sys.stdout.write(' '.join(map(str, pool.pids)) + '\\n')\n"
        "    sys.stdout.flush()\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(run())\n"
    )
    command = [sys.executable, "-I", str(broker)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        pids = [int(word) for word in process.stdout.readline().split()]
        workers = [psutil.Process(pid) for pid in pids]
        process.kill()
    assert len(workers) == WORKERS
    assert psutil.wait_procs(workers, 10)[1] == []
