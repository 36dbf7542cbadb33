"""The one thread that writes: it owns the profile's only writing connection, and commits in groups.

    event loop   record() / note() / run()  --items-->  writer thread
                 futures                    <--one wake-up a batch--

A batch is whatever is waiting when the writer is free: a lone record goes at once, a burst shares
one transaction and one fsync. A batch with at least one FULL record is committed with
synchronous=FULL; any other with NORMAL, which SQLite only changes between transactions. FULL is the
resting state, set back and read back after every NORMAL batch. A FULL commit makes every earlier
NORMAL one durable, because both are in the same WAL.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from keyturn.application.ports.milestones import Milestone, Milestones
from keyturn.domain.errors import KeyturnError, LogFault, LogUnavailable, filled
from keyturn.domain.record import Durability, Entry
from keyturn.storage.ledger import Ledger
from keyturn.storage.schema import SchemaWatch

NOTE_SECONDS = 0.1
"""Longest time that a note waits for a batch that somebody else causes."""
BATCH_RECORDS = 512
"""Most records in one transaction, so that the first of a burst is not held by the last."""
IDLE_SECONDS = 1.0
"""Silence after which the WAL is copied into the database."""
WAL_PAGES = 4000
"""Estimated size of the WAL (16 MB) at which it is copied even if there is no silence."""

_PAGES_A_BATCH = 8
_PAGE_BYTES = 4096
_ELSE = LogFault.OTHER
_FAULTS = {
    "SQLITE_FULL": LogFault.FULL,
    "SQLITE_BUSY": LogFault.BUSY,
    "SQLITE_READONLY": LogFault.READ_ONLY,
    "SQLITE_CORRUPT": LogFault.DAMAGED,
    "SQLITE_NOTADB": LogFault.DAMAGED,
    "SQLITE_AUTH": LogFault.DAMAGED,
}
"""What SQLite's names for its errors begin with (https://www.sqlite.org/rescode.html)."""
_MENDS = {
    LogFault.FULL: "Free some disk space; Keyturn goes on by itself.",
    LogFault.BUSY: "End the other program that has the database open.",
    LogFault.READ_ONLY: "Make the profile's folder writable again.",
    LogFault.DAMAGED: "Run `keyturn verify`, then put a backup of the profile in its place.",
    _ELSE: "Check the disk; Keyturn tries again with the next call.",
}
_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class _Synchronous(IntEnum):
    """https://www.sqlite.org/pragma.html#pragma_synchronous."""

    NORMAL = 1
    FULL = 2


@dataclass(slots=True)
class _Record:
    entry: Entry
    full: bool
    future: asyncio.Future[int] | None


@dataclass(slots=True)
class _Job:
    run: Callable[[sqlite3.Connection], Any]
    changes: bool
    future: asyncio.Future[Any]


@dataclass(slots=True)
class _Close:
    future: asyncio.Future[None]


_Settled = tuple[asyncio.Future[Any], Any, Exception | None]


class Writer:
    """Runs records and jobs, in the order they were handed in, on its own thread."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        ledger: Ledger,
        *,
        milestones: Milestones,
        on_failure: Callable[[LogUnavailable], None] | None = None,
    ) -> None:
        """Take over the connection; `on_failure` hears on the loop of every batch that was lost."""
        self._connection = connection
        self._ledger = ledger
        self._schema = SchemaWatch(connection)
        self._milestones = milestones
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._items: deque[_Record | _Job | _Close] = deque()
        self._tokens: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._called = False
        self._calling = False
        self._lone = True
        """Whether the last batch had one record that somebody waits for."""
        self._flush: asyncio.TimerHandle | None = None
        self._closed = False
        self._synchronous = _Synchronous.FULL
        self._wal_pages = 0
        self._thread = threading.Thread(target=self._main, name="keyturn-writer", daemon=True)
        self._thread.start()

    # --- the event loop's side -----------------------------------------------------------------

    def record(self, entry: Entry, durability: Durability) -> asyncio.Future[int]:
        """Hand in a record; the future gives its number, or LogUnavailable."""
        future: asyncio.Future[int] = self._loop.create_future()
        full = durability is Durability.FULL
        # A lone one is spared a turn of the loop, where the turn's rest costs no fsync of its own.
        self._hand_in(_Record(entry, full, future), at_once=self._lone and not full)
        return future

    def note(self, entry: Entry, durability: Durability) -> None:
        """Hand in a record that nobody waits for; it goes with the next batch, or soon alone."""
        if self._closed:
            _log.error("a note came after the log was closed type=%s", entry.type.value)
            return
        self._items.append(_Record(entry, durability is Durability.FULL, None))
        if self._flush is None:
            self._flush = self._loop.call_later(NOTE_SECONDS, self._flush_notes)

    async def run(self, job: Callable[[sqlite3.Connection], _Result], *, changes: bool) -> _Result:
        """Run a job on the connection; one that changes rows gets a FULL transaction of its own.

        Raises LogUnavailable when SQLite refuses, and whatever KeyturnError the job raises.
        """
        future: asyncio.Future[_Result] = self._loop.create_future()
        self._hand_in(_Job(job, changes, future))
        return await future

    async def close(self) -> None:
        """Write what is waiting, leave a checkpoint, and end the thread and the connection."""
        if self._closed:
            return
        future: asyncio.Future[None] = self._loop.create_future()
        self._hand_in(_Close(future))
        self._closed = True
        if self._flush is not None:
            self._flush.cancel()
        await future
        self._thread.join()

    def _hand_in(self, item: _Record | _Job | _Close, *, at_once: bool = False) -> None:
        if self._closed:
            raise LogUnavailable("The decision log is closed.", mend="Start Keyturn again.")
        self._items.append(item)
        if at_once and not self._calling:
            self._call_writer()
        elif not self._calling:
            # At the end of the loop's turn: what the same turn hands in goes in the same batch, and
            # the two threads do not wait for each other's GIL meanwhile.
            self._calling = True
            self._loop.call_soon(self._end_turn)

    def _end_turn(self) -> None:
        self._calling = False
        self._call_writer()

    def _flush_notes(self) -> None:
        self._flush = None
        if self._items:
            self._call_writer()

    def _call_writer(self) -> None:
        # One token a batch: the writer clears the flag before it looks for items, so an item that
        # was added while the flag was set is always found.
        if not self._called:
            self._called = True
            self._tokens.put(None)

    def _settle(self, settled: Sequence[_Settled], failure: LogUnavailable | None) -> None:
        """Wake the waiters; one that was cancelled meanwhile is left alone."""
        self._lone = len(settled) <= 1
        for future, result, error in settled:
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        if failure is not None and self._on_failure is not None:
            self._on_failure(failure)

    # --- the writer's side ---------------------------------------------------------------------

    def _main(self) -> None:
        while True:
            self._wait()
            items = self._take()
            at = 0
            while at < len(items):
                item = items[at]
                if isinstance(item, _Close):
                    self._end(item)
                    return
                if isinstance(item, _Job):
                    self._run_job(item)
                    at += 1
                    continue
                records = _leading_records(items, at)
                self._commit(records)
                at += len(records)

    def _wait(self) -> None:
        if len(self._items) >= BATCH_RECORDS:
            return
        if self._wal_pages:
            try:
                self._tokens.get(timeout=IDLE_SECONDS)
            except queue.Empty:
                self._copy_wal()
                self._tokens.get()
        else:
            self._tokens.get()
        self._called = False

    def _take(self) -> list[_Record | _Job | _Close]:
        items: list[_Record | _Job | _Close] = []
        while self._items and len(items) < BATCH_RECORDS:
            items.append(self._items.popleft())
        if self._items:
            self._call_writer()
        return items

    def _commit(self, records: Sequence[_Record]) -> None:
        full = any(record.full for record in records)
        try:
            self._set(_Synchronous.FULL if full else _Synchronous.NORMAL)
            self._schema.begin()
            results = self._ledger.append([record.entry for record in records])
            self._milestones.reached(Milestone.INSERTED)
            self._connection.execute("COMMIT")
            self._milestones.reached(Milestone.COMMITTED)
        except Exception as error:  # noqa: BLE001 - the thread's boundary: a failed batch is no
            self._fail([record.future for record in records], error)
        else:
            self._post(_settled(records, results))
            self._count_pages(records)
        self._rest()

    def _run_job(self, job: _Job) -> None:
        try:
            self._set(_Synchronous.FULL)
            if job.changes:
                self._schema.begin()
            result = job.run(self._connection)
            if job.changes:
                self._connection.execute("COMMIT")
        except KeyturnError as refusal:
            _roll_back(self._connection)
            self._post([(job.future, None, refusal)])
        except Exception as error:  # noqa: BLE001 - the thread's boundary
            self._fail([job.future], error)
        else:
            self._post([(job.future, result, None)])
            self._wal_pages += _PAGES_A_BATCH if job.changes else 0

    def _set(self, level: _Synchronous) -> None:
        """Make `level` the one that the next commit uses; raises LogUnavailable when it is not."""
        if self._synchronous is level:
            return
        self._connection.execute(f"PRAGMA synchronous = {level.value}")
        if level is _Synchronous.FULL:
            found = self._connection.execute("PRAGMA synchronous").fetchone()[0]
            if found != level:
                raise LogUnavailable(
                    "Decisions could not be made durable.",
                    cause=filled("SQLite keeps synchronous at {found}.", found=found),
                    mend="Start Keyturn again.",
                )
        self._synchronous = level

    def _rest(self) -> None:
        """Return to FULL, off the path of any caller, and keep the WAL small."""
        try:
            self._set(_Synchronous.FULL)
        except (sqlite3.Error, LogUnavailable):
            # The level is still known to be NORMAL here, so the next FULL batch tries again and
            # refuses if it cannot.
            _log.exception("synchronous could not be set back")
        if self._wal_pages > WAL_PAGES:
            self._copy_wal()

    def _count_pages(self, records: Sequence[_Record]) -> None:
        payload = sum(len(r.entry.arguments) + 2048 for r in records)
        self._wal_pages += _PAGES_A_BATCH + payload // _PAGE_BYTES

    def _copy_wal(self) -> None:
        self._wal_pages = 0
        try:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error:
            _log.exception("the WAL could not be copied; it stays until the next try")

    def _fail(self, futures: Sequence[asyncio.Future[Any] | None], error: Exception) -> None:
        _roll_back(self._connection)
        self._ledger.forget()
        failure = error if isinstance(error, LogUnavailable) else _unavailable(error)
        _log.error("a batch was lost records=%d", len(futures), exc_info=error)
        self._post([(future, None, failure) for future in futures if future is not None], failure)

    def _end(self, close: _Close) -> None:
        try:
            self._schema.begin()
            self._ledger.checkpoint()
            self._connection.execute("COMMIT")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except (sqlite3.Error, KeyturnError):
            _roll_back(self._connection)
            _log.exception("the log was closed without a checkpoint")
        finally:
            self._connection.close()
            self._post([(close.future, None, None)])

    def _post(self, settled: Sequence[_Settled], failure: LogUnavailable | None = None) -> None:
        if not settled and failure is None:
            return
        try:
            self._loop.call_soon_threadsafe(self._settle, settled, failure)
        except RuntimeError:
            _log.warning("the event loop ended before the writer")


def _roll_back(connection: sqlite3.Connection) -> None:
    try:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    except sqlite3.Error:
        _log.exception("a transaction could not be rolled back")


def _leading_records(items: Sequence[_Record | _Job | _Close], start: int) -> list[_Record]:
    records: list[_Record] = []
    for at in range(start, len(items)):
        item = items[at]
        if not isinstance(item, _Record):
            break
        records.append(item)
    return records


def _settled(records: Sequence[_Record], results: Sequence[int | ValueError]) -> list[_Settled]:
    settled: list[_Settled] = []
    for record, result in zip(records, results, strict=True):
        fault = _unrecordable(result) if isinstance(result, ValueError) else None
        if record.future is not None:
            settled.append((record.future, result, fault))
        elif fault is not None:
            _log.error("a note could not be recorded", exc_info=fault)
    return settled


def _unrecordable(fault: ValueError) -> LogUnavailable:
    failure = LogUnavailable(
        "The decision could not be recorded.", cause=filled("{fault}.", fault=fault)
    )
    failure.__cause__ = fault
    return failure


def _unavailable(error: Exception) -> LogUnavailable:
    """Say why a batch was lost, and what helps."""
    fault = _fault_of(error)
    failure = LogUnavailable(
        "The decision could not be recorded, so nothing was sent.",
        cause=filled("The database says: {error}.", error=error),
        mend=_MENDS[fault],
    )
    failure.fault = fault
    failure.__cause__ = error
    return failure


def _fault_of(error: Exception) -> LogFault:
    if isinstance(error, KeyturnError):
        return LogFault.DAMAGED
    # What the module says of itself, and not of SQLite, has no name there.
    name: str = getattr(error, "sqlite_errorname", "")
    return next((fault for start, fault in _FAULTS.items() if name.startswith(start)), _ELSE)
