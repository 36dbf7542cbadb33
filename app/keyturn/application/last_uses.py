"""Owns how often rules decided and when last, over restarts.

Nothing of it is written on a call's way: what was used is gathered, and written a minute later or
at the end. A broker that is killed forgets a minute of it; the log has every decision all the same.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from keyturn.application.ports.clock import Clock, Timer
from keyturn.application.ports.stores import LastUse, Used, UseStore
from keyturn.application.tasks import TaskOwner
from keyturn.domain.errors import KeyturnError

_log = logging.getLogger(__name__)

WRITE_SECONDS = 60
_SECOND = 1_000_000_000
_NEVER = LastUse(count=0, last="")
_Key = tuple[Used, str]


class LastUses:
    """Counts from `load` on; before that nothing is counted."""

    def __init__(self, *, store: UseStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._kept: dict[_Key, LastUse] = {}
        """As it is in the store."""
        self._new: dict[_Key, LastUse] = {}
        """What is not written yet."""
        self._writing = asyncio.Lock()
        self._timer: Timer | None = None
        self._tasks = TaskOwner()
        self._loaded = False
        self.on_kept: Callable[[], None] = lambda: None
        """Called when new uses were written."""

    async def load(self) -> None:
        """Read what was used before."""
        async with self._writing:
            self._kept = dict(await self._store.all())
            self._loaded = True

    def used(self, kind: Used, name: str) -> None:
        """Count one use, now."""
        if not self._loaded:
            return
        before = self._new.get((kind, name), _NEVER)
        self._new[kind, name] = LastUse(count=before.count + 1, last=self._clock.now_utc())
        if self._timer is None:
            due = self._clock.monotonic_ns() + WRITE_SECONDS * _SECOND
            self._timer = self._clock.call_at(due, self._on_due)

    def of(self, kind: Used, name: str) -> LastUse:
        """Return how often and when last."""
        kept, new = self._kept.get((kind, name), _NEVER), self._new.get((kind, name))
        return kept if new is None else _sum(kept, new)

    def counts(self, kind: Used) -> dict[str, int]:
        """Return how often each of a kind was used, of those that were."""
        names = [name for of_kind, name in {**self._kept, **self._new} if of_kind is kind]
        return {name: self.of(kind, name).count for name in names}

    async def close(self) -> None:
        """Write what is not written yet."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._tasks.settle(5.0)
        await self._tasks.close()
        await self._write()

    def _on_due(self) -> None:
        self._timer = None
        self._tasks.start(self._write(), "last uses")

    async def _write(self) -> None:
        async with self._writing:
            batch = dict(self._new)
            if not batch:
                return
            try:
                await self._store.add(batch)
            except KeyturnError as error:
                # They are counted with the next ones.
                _log.warning("last uses were not written cause=%s", error)
                return
            self._kept |= {
                key: _sum(self._kept.get(key, _NEVER), use) for key, use in batch.items()
            }
            self._new = dict(_left(self._new, batch))
        self.on_kept()


def _left(new: Mapping[_Key, LastUse], written: Mapping[_Key, LastUse]) -> Mapping[_Key, LastUse]:
    """Return what was used while the rest was written."""
    left: dict[_Key, LastUse] = {}
    for key, use in new.items():
        count = use.count - written.get(key, _NEVER).count
        if count:
            left[key] = LastUse(count=count, last=use.last)
    return left


def _sum(first: LastUse, second: LastUse) -> LastUse:
    return LastUse(count=first.count + second.count, last=max(first.last, second.last))


def counting(uses: LastUses, kind: Used) -> Callable[[str], None]:
    """Return what counts the uses of one kind."""
    return lambda name: uses.used(kind, name)
