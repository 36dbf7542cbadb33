"""Owns the looks at what servers load: on threads of their own, of each command one at a time.

A look can take many seconds. Behind asyncio's own threads wait a person's PIN, the digests of large
calls and much else of every other agent.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from weakref import WeakValueDictionary

from keyturn.application.ports.processes import Processes
from keyturn.application.tasks import TaskOwner
from keyturn.domain.closure import Closure
from keyturn.domain.errors import ServerUnavailable
from keyturn.domain.launch import LaunchIdentity

AT_ONCE = 2
"""Looks that run side by side, of different commands."""

_Key = tuple[str, frozenset[tuple[str, str]]]


class FileLooks:
    """Looks at the files of commands, off the loop."""

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="look")
        self._tasks = TaskOwner()
        self._turns: WeakValueDictionary[_Key, asyncio.Lock] = WeakValueDictionary()
        self._closed = False
        self._waiting: dict[tuple[_Key, bool], asyncio.Task[Closure]] = {}

    async def closure(
        self, launch: LaunchIdentity, search: Mapping[str, str], *, anew: bool = False
    ) -> Closure:
        """Return what a command loads; who asks while one such look waits its turn shares it.

        One that has begun is shared with nobody: it may have read a file before that was changed.
        Raises ServerUnavailable once nothing is looked at any more.
        """
        if self._closed:
            raise _ending()
        key = (launch.launch_hash, frozenset(search.items()))
        look = self._waiting.get((key, anew))
        if look is None:
            look = self._tasks.start(self._look(key, launch, search, anew=anew), "look at files")
            self._waiting[key, anew] = look
        try:
            return await asyncio.shield(look)
        except asyncio.CancelledError:
            if self._closed and look.cancelled():
                raise _ending() from None
            raise

    async def close(self) -> None:
        """Wait for no look any more."""
        self._closed = True
        await self._tasks.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _look(
        self, key: _Key, launch: LaunchIdentity, search: Mapping[str, str], *, anew: bool
    ) -> Closure:
        turn = self._turns.setdefault(key, asyncio.Lock())
        async with turn:
            del self._waiting[key, anew]
            look = partial(self._processes.closure, launch, search, anew=anew)
            return await asyncio.get_running_loop().run_in_executor(self._pool, look)


def _ending() -> ServerUnavailable:
    return ServerUnavailable("Keyturn is ending.", mend="Connect again once it runs.")
