"""The one thread that talks to the keychain, and what happens when the keychain never answers.

A keychain may open a window and wait for its password for hours. Such a call keeps its thread, the
caller is told after the time-out, and a new thread serves the next calls.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

MOST_STUCK = 4
"""Threads that may wait for the keychain for good; then calls are refused at once."""

Result = TypeVar("Result")


class NoAnswer(Exception):
    """The keychain did not answer within the time-out."""


class _Job:
    """One call: what to run, and the future of its outcome."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.future: Future[Any] = Future()
        self.started = 0.0


class _Worker:
    """One thread; `abandoned` when its call took too long, so that it takes no other."""

    def __init__(self) -> None:
        self.job: _Job | None = None
        self.abandoned = False


class KeychainThread:
    """Runs calls one after the other on a daemon thread, which starts with the first."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._stuck = 0
        self._closed = False

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run `work` on the thread and return what it returns, or raise what it raises.

        Raises NoAnswer after the time-out, waiting included; the work may still be done later. A
        caller who is cancelled leaves the same watch over its call. Closed, it raises NoAnswer.
        """
        self._ensure_worker()
        job = _Job(work)
        self._jobs.put(job)
        loop = asyncio.get_running_loop()
        watch = loop.call_later(self._timeout_seconds, self._expire, loop, job)
        try:
            async with asyncio.timeout(self._timeout_seconds):
                return await asyncio.wrap_future(job.future)
        except TimeoutError as error:
            raise NoAnswer from error
        finally:
            if job.future.done():
                watch.cancel()

    def close(self) -> None:
        """End the thread after what it is doing; one that is stuck dies with the process."""
        with self._lock:
            self._closed = True
            if self._worker is not None:
                self._worker = None
                self._jobs.put(None)

    def _ensure_worker(self) -> None:
        with self._lock:
            if self._worker is not None:
                return
            if self._closed or self._stuck >= MOST_STUCK:
                raise NoAnswer
            self._worker = self._start_worker()

    def _start_worker(self) -> _Worker:
        worker = _Worker()
        threading.Thread(target=self._serve, args=[worker], name="keychain", daemon=True).start()
        return worker

    def _serve(self, worker: _Worker) -> None:
        while (job := self._jobs.get()) is not None:
            with self._lock:
                if not job.future.set_running_or_notify_cancel():
                    continue
                job.started = time.monotonic()
                worker.job = job
            try:
                outcome = job.work()
            except BaseException as error:  # noqa: BLE001 - boundary: it belongs to the caller
                job.future.set_exception(error)
            else:
                job.future.set_result(outcome)
            if not self._goes_on(worker):
                return

    def _goes_on(self, worker: _Worker) -> bool:
        with self._lock:
            worker.job = None
            if not worker.abandoned:
                return True
            self._stuck -= 1
            if self._closed or self._worker is not None:
                return False
            worker.abandoned = False
            self._worker = worker
            return True

    def _expire(self, loop: asyncio.AbstractEventLoop, job: _Job) -> None:
        """Look at a call whose caller has given up; runs on the event loop."""
        if job.future.cancel() or job.future.done():
            return
        left = job.started + self._timeout_seconds - time.monotonic()
        if left > 0:
            # It waited behind others and has only begun.
            loop.call_later(left, self._expire, loop, job)
        else:
            self._abandon(job)

    def _abandon(self, job: _Job) -> None:
        with self._lock:
            worker = self._worker
            if worker is None or worker.job is not job:
                return
            worker.abandoned = True
            self._stuck += 1
            self._worker = self._start_worker() if self._stuck < MOST_STUCK else None
