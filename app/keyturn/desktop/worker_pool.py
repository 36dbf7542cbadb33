"""Owns the two worker processes that read large payloads: their start, their work, their end.

They start with the first large payload, or half a minute after the broker, and end when idle. One
that is dead or late is killed and another started in its place; its payload counts as not inspected
(architecture.md section 2).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from keyturn.application.ports.payloads import NotInspected, Parts, T
from keyturn.desktop.process_tree import with_parent_death_signal
from keyturn.desktop.worker_process import WorkerProcess
from keyturn.desktop.worker_room import WorkerRoom
from keyturn.desktop.worker_turns import WorkerTurns

_log = logging.getLogger(__name__)

WORKERS = 2
STARTER = "worker starts"
"""The name of the thread that starts them."""
_A_TICK = 0.01
"""Seconds: processor time is counted in such."""
_STARVED = 4
"""Times as long on the clock as the work may take."""
LATE = NotInspected("it was not inspected in time")
DEAD = NotInspected("it could not be inspected: the process for that ended")
TOO_MUCH = NotInspected("it could not be inspected: too much else waits for that")
ENDED = NotInspected("it could not be inspected: Keyturn ends")


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """How long things may take, in seconds."""

    answer: float = 2.0
    """Of a worker's own work, from the hand-over to it once it is ready: on a machine that is busy
    with something else no payload is late for that, within four times as much on the clock."""
    start: float = 10.0
    """Until a worker is ready, for who waits for it."""
    warm: float = 30.0
    """From the broker's start to the workers'."""
    idle: float = 300.0
    """From the last payload to the workers' end."""
    room: float = 10.0
    """Until there is room beside what else waits; its connection is not read meanwhile."""


class _Worker:
    """One worker, from the wish for it on."""

    def __init__(self, ready: "asyncio.Future[WorkerProcess]") -> None:
        self.process: WorkerProcess | None = None
        """None until it is started."""
        self.ready = ready
        """Its process once that can work."""


class WorkerPool:
    """Implements the Workers port with processes; `close` must be called."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str], times: Times | None = None
    ) -> None:
        """Start workers by `command` in the environment `env`, once they are needed."""
        self._command = with_parent_death_signal(command)
        self._env = env
        self._times = times or Times()
        self._loop = asyncio.get_running_loop()
        # A thread that waits for a worker ends when that is killed, so that none is missing.
        self._threads = ThreadPoolExecutor(3 * WORKERS, "payloads")
        # One thread for all starts, which takes 5 ms each: it lives as long as the pool, since the
        # kernel ends the workers with the thread that they were started by.
        self._starter = ThreadPoolExecutor(1, STARTER)
        self._starts: set[asyncio.Future[WorkerProcess]] = set()
        self._turns = WorkerTurns(WORKERS)
        self._workers: set[_Worker] = set()
        self._idle: list[_Worker] = []
        self._burials: set[asyncio.Future[str]] = set()
        self._room = WorkerRoom()
        self._asked = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def pids(self) -> tuple[int, ...]:
        """The workers' process ids."""
        return tuple(one.process.pid for one in self._workers if one.process is not None)

    @property
    def busy(self) -> int:
        """How many payloads wait or are worked on."""
        return self._asked

    def begin(self) -> None:
        """Have the workers started a little later, when the broker's own start is over."""
        self._set_timer(self._times.warm, self._warm)

    async def ask(
        self,
        job: bytes,
        payload: bytes | memoryview,
        read: Callable[[Parts], T],
        agent: str,
    ) -> "T | NotInspected":
        """Have a worker do one job; `read` takes its answer, in a thread."""
        async with self._room.place(len(payload), agent, self._times.room) as has_room:
            if not has_room:
                return ENDED if self._closed else TOO_MUCH
            return await self._ask_in_turn(agent, lambda worker: read(worker.do(job, payload)))

    async def close(self) -> None:
        """End the workers; what they work on counts as not inspected."""
        self._closed = True
        self._room.close()
        self._turns.close()
        self._set_timer(None)
        self._rest()
        while under_way := self._starts | self._burials:
            await asyncio.wait(under_way)
        self._starter.shutdown(wait=False)
        self._threads.shutdown(wait=False)

    # ---------------------------------------------------------------- one job

    async def _ask_in_turn(
        self, agent: str, work: Callable[[WorkerProcess], T]
    ) -> "T | NotInspected":
        self._set_timer(None)
        self._asked += 1
        try:
            self._fill()
            async with self._turns.turn(agent) as has_turn:
                if has_turn:
                    return await self._ask(work)
                return ENDED if self._closed else TOO_MUCH
        finally:
            self._asked -= 1
            if not self._asked:
                self._set_timer(self._times.idle, self._rest)

    async def _ask(self, work: Callable[[WorkerProcess], T]) -> "T | NotInspected":
        if self._closed:
            return ENDED
        worker = self._take()
        if worker is None:
            return DEAD
        answer: T | NotInspected = LATE
        try:
            answer = await self._answer(worker, work)
        finally:
            # Also when whoever asked was cancelled: then a thread still waits for the worker.
            if isinstance(answer, NotInspected):
                self._end(worker)
                self._fill()
            else:
                self._idle.append(worker)
        return answer

    async def _answer(
        self, worker: _Worker, work: Callable[[WorkerProcess], T]
    ) -> "T | NotInspected":
        try:
            async with asyncio.timeout(self._times.start):
                process = await worker.ready
            return await self._in_time(process, work)
        except TimeoutError:
            pid = 0 if worker.process is None else worker.process.pid
            _log.error("worker late, its payload not inspected pid=%d", pid)
            return LATE
        except (OSError, EOFError, ValueError, TypeError) as error:
            _log.error("worker ended, its payload not inspected cause=%r", error)
            return ENDED if self._closed else DEAD

    async def _in_time(self, process: WorkerProcess, work: Callable[[WorkerProcess], T]) -> T:
        """Return what comes of the work; raises TimeoutError where that takes too long."""
        worked = process.cpu_seconds()
        working = self._loop.run_in_executor(self._threads, work, process)
        working.add_done_callback(_seen)
        async with asyncio.timeout(_STARVED * self._times.answer):
            left = self._times.answer
            while left > _A_TICK:
                done, _ = await asyncio.wait({working}, timeout=left)
                if done:
                    return working.result()
                left = self._times.answer - (process.cpu_seconds() - worked)
        raise TimeoutError

    # ---------------------------------------------------------------- the workers

    def _take(self) -> _Worker | None:
        """Take a worker that runs or is to, a ready one first; None where none can be had."""
        for worker in tuple(self._idle):
            if worker.process is not None and not worker.process.running:
                self._end(worker)
        self._fill()
        self._idle.sort(key=lambda worker: worker.ready.done())
        return self._idle.pop() if self._idle else None

    def _fill(self) -> None:
        """Have what is missing started."""
        while len(self._workers) < WORKERS and not self._closed:
            worker = _Worker(self._loop.create_future())
            worker.ready.add_done_callback(_seen)
            self._workers.add(worker)
            self._idle.append(worker)
            start = self._loop.run_in_executor(
                self._starter, WorkerProcess, self._command, self._env
            )
            self._starts.add(start)
            start.add_done_callback(partial(self._started, worker))

    def _started(self, worker: _Worker, start: "asyncio.Future[WorkerProcess]") -> None:
        """Wait for a new process to be ready; end it at once where nobody wants it any more."""
        self._starts.discard(start)
        if (error := start.exception()) is not None:
            _log.error("worker not started cause=%s", getattr(error, "strerror", error))
            _fail(worker.ready, error)
            self._end(worker)
            return
        process = worker.process = start.result()
        if worker not in self._workers:
            self._kill(process)
            return
        waiting = self._loop.run_in_executor(self._threads, process.await_ready)
        waiting.add_done_callback(partial(_said_ready, worker.ready, process))

    def _end(self, worker: _Worker) -> None:
        """Have one no longer; a process that is only being started ends once it was."""
        if worker not in self._workers:
            return
        self._workers.remove(worker)
        if worker in self._idle:
            self._idle.remove(worker)
        # Who waits for it need not wait for a start that nobody wants any more.
        _fail(worker.ready, EOFError("the worker was ended"))
        if worker.process is not None:
            self._kill(worker.process)

    def _kill(self, process: WorkerProcess) -> None:
        process.kill()
        burial = self._loop.run_in_executor(self._threads, process.bury)
        self._burials.add(burial)
        burial.add_done_callback(self._buried)

    def _buried(self, burial: "asyncio.Future[str]") -> None:
        self._burials.discard(burial)
        if not burial.cancelled() and burial.exception() is None and burial.result():
            _log.error("worker said: %s", burial.result())

    # ---------------------------------------------------------------- time

    def _set_timer(self, seconds: float | None, then: Callable[[], None] = lambda: None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if seconds is not None and not self._closed:
            self._timer = self._loop.call_later(seconds, then)

    def _warm(self) -> None:
        self._fill()
        self._set_timer(self._times.idle, self._rest)

    def _rest(self) -> None:
        """End the workers that nobody has needed for a while."""
        for worker in tuple(self._workers):
            self._end(worker)


def _said_ready(
    ready: "asyncio.Future[WorkerProcess]", process: WorkerProcess, waiting: "asyncio.Future[None]"
) -> None:
    """Tell who waits for a worker what came of it."""
    error = waiting.exception()
    if error is not None:
        _fail(ready, error)
    elif not ready.done():
        ready.set_result(process)


def _fail(ready: "asyncio.Future[WorkerProcess]", error: BaseException) -> None:
    if not ready.done():
        ready.set_exception(error)


def _seen(future: "asyncio.Future[Any]") -> None:
    """Take note of what failed; whoever waits for it is told, too."""
    if not future.cancelled():
        future.exception()
