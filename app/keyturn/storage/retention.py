"""Retention: the oldest bodies, arguments and history rows go, their hashes and links stay.

What goes is named by a record first, so that `verify` can tell retention from deletion. Rules, pins
and every other agreement are never touched.
"""

import asyncio
import logging
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.record import Entry, RecordType
from keyturn.storage.pauses import pauses_through
from keyturn.storage.projection import PRUNED, PRUNED_THROUGH
from keyturn.storage.writer import Writer

DAY_SECONDS = 24 * 3600.0

_STEP_RECORDS = 500
_STEP_BYTES = 8 * 1024 * 1024
"""Records and bytes in one transaction, so that no decision waits long behind it."""
_STEP_PAGES = 500
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How much is kept; the first limit that is reached counts (architecture.md section 7)."""

    days: int = 400
    records: int = 1_000_000
    used_bytes: int = 2 * 1024**3
    """Pages in use; free ones do not count."""


async def prune_daily(
    writer: Writer, log: DecisionLog, clock: Clock, keep: Keep, *, seconds: float = DAY_SECONDS
) -> None:
    """Keep the log within its limits for as long as the broker runs; a failure waits a day."""
    while True:
        try:
            gone = await prune(writer, log, clock, keep)
            _log.info("retention took records=%d", gone)
        except LogUnavailable as error:
            _log.error("retention was put off error=%s", error)
        await asyncio.sleep(seconds)


async def prune(writer: Writer, log: DecisionLog, clock: Clock, keep: Keep) -> int:
    """Let the oldest records go as far as the limits ask; return how many lost their bytes.

    Raises LogUnavailable when the database refuses; what was pruned until then stays pruned.
    """
    now = datetime.fromisoformat(clock.now_utc())
    oldest_kept = (now - timedelta(days=keep.days)).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def measure(connection: sqlite3.Connection) -> tuple[int, int]:
        return _due(connection, keep, oldest_kept)

    first, through = await writer.run(measure, changes=False)
    if through < first:
        return 0
    await log.commit(
        Entry(type=RecordType.BROKER, outcome=PRUNED, details={PRUNED_THROUGH: through})
    )
    # A pause is ended by a person alone, and not by as many refused calls as it takes.
    for entry in await writer.run(lambda c: pauses_through(c, through), changes=False):
        await log.commit(entry)
    low = first
    while low <= through:
        low = await _forget(writer, low, through) + 1
    while await writer.run(_shrink, changes=False):
        await writer.run(_copy_wal, changes=False)
    await writer.run(_truncate_wal, changes=False)
    return through - first + 1


def _due(connection: sqlite3.Connection, keep: Keep, oldest_kept: str) -> tuple[int, int]:
    """Return the oldest record that still has its bytes, and the last that has to go.

    A record is old when all before it are: a clock that was wrong for a while, and wrote a year
    that is long past into the middle of the log, takes nothing with it.
    """

    def value(query: str, *values: object) -> int:
        row = connection.execute(query, values).fetchone()
        return int(row[0]) if row is not None and row[0] is not None else 0

    newest = value("SELECT max(seq) FROM records")
    first = _first_with_bytes(connection, newest)
    recent = [
        value(f"SELECT seq FROM {table} WHERE ts >= ? ORDER BY seq LIMIT 1", oldest_kept)
        for table in ("calls", "events")
    ]
    oldest_recent = min((seq for seq in recent if seq), default=newest + 1)
    through = max(newest - keep.records, oldest_recent - 1)
    pages = value("PRAGMA page_count") - value("PRAGMA freelist_count")
    if first <= newest and pages * value("PRAGMA page_size") > keep.used_bytes:
        through = max(through, first + (newest - first) // 10)
    return first, min(through, newest)


def _first_with_bytes(connection: sqlite3.Connection, newest: int) -> int:
    """Find the oldest record that still has its bytes: those before it, and no others, have none.

    A scan would pass over all that was ever pruned, while decisions wait.
    """
    low, high = 1, newest + 1
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(
            "SELECT body IS NOT NULL FROM records WHERE seq = ?", (middle,)
        ).fetchone()
        if row is not None and row[0]:
            high = middle
        else:
            low = middle + 1
    return low


async def _forget(writer: Writer, low: int, through: int) -> int:
    """Forget some records from `low` on; return the last of them."""

    def job(connection: sqlite3.Connection) -> int:
        high = _step_from(connection, low, min(low + _STEP_RECORDS - 1, through))
        span = (low, high)
        connection.execute("DELETE FROM arguments WHERE seq BETWEEN ? AND ?", span)
        connection.execute("DELETE FROM calls WHERE seq BETWEEN ? AND ?", span)
        connection.execute("DELETE FROM events WHERE seq BETWEEN ? AND ?", span)
        connection.execute("UPDATE records SET body = NULL WHERE seq BETWEEN ? AND ?", span)
        return high

    high = await writer.run(job, changes=True)
    await writer.run(_copy_wal, changes=False)
    return high


def _step_from(connection: sqlite3.Connection, low: int, high: int) -> int:
    """Return how far one step from `low` goes before its arguments are too many bytes."""
    rows = connection.execute(
        "SELECT seq, sum(length(value)) FROM arguments WHERE seq BETWEEN ? AND ? "
        "GROUP BY seq ORDER BY seq",
        (low, high),
    )
    size = 0
    for seq, length in rows:
        size += length
        if size > _STEP_BYTES:
            return max(low, seq - 1)
    return high


def _shrink(connection: sqlite3.Connection) -> bool:
    """Give some free pages back to the file system; return whether there are more."""

    def free_pages() -> int:
        return int(connection.execute("PRAGMA freelist_count").fetchone()[0])

    before = free_pages()
    # execute() would step the pragma once, and it frees one page a step.
    connection.executescript(f"PRAGMA incremental_vacuum({_STEP_PAGES})")
    return 0 < free_pages() < before


def _copy_wal(connection: sqlite3.Connection) -> None:
    """Copy what a step wrote into the database, so that no later step has to copy all of it."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _truncate_wal(connection: sqlite3.Connection) -> None:
    """Let the WAL go as well, unless a reader needs it just now: no decision waits for that."""
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")
