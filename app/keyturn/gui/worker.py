"""One thread for reading what takes time, so that the GUI thread never waits for the disk."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from keyturn.application.tasks import TaskOwner

Result = TypeVar("Result")


class Worker:
    """Runs jobs one after another off the GUI thread and hands results back on it."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._tasks = TaskOwner()
        self._name = name

    def run(self, job: Callable[[], Result], done: Callable[[Result], None]) -> None:
        """Run `job` on the thread, then `done` with its result on the GUI thread."""
        self._tasks.start(self._run(job, done), f"{self._name} job")

    def close(self) -> None:
        """Forget what has not begun."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _run(self, job: Callable[[], Result], done: Callable[[Result], None]) -> None:
        done(await asyncio.get_running_loop().run_in_executor(self._pool, job))
