"""Retention: the oldest bodies, arguments and history rows go, their hashes and links stay.

What goes is named by a record first, so that `verify` can tell retention from deletion. Rules, pins
and every other agreement are never touched.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.domain.record import Entry, RecordType
from keyturn.storage.projection import PRUNED, PRUNED_THROUGH
from keyturn.storage.writer import Writer

_STEP_RECORDS = 500
"""Records in one transaction, so that no decision waits long behind it."""
_STEP_PAGES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How much is kept; the first limit that is reached counts (architecture.md section 7)."""

    days: int = 400
    records: int = 1_000_000
    used_bytes: int = 2 * 1024**3
    """Pages in use; free ones do not count."""


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
    for low in range(first, through + 1, _STEP_RECORDS):
        await _forget(writer, low, min(low + _STEP_RECORDS - 1, through))
    while await writer.run(_shrink, changes=False):
        pass
    return through - first + 1


def _due(connection: sqlite3.Connection, keep: Keep, oldest_kept: str) -> tuple[int, int]:
    """Return the oldest record that still has its bytes, and the last that has to go."""

    def value(query: str, *values: object) -> int:
        row = connection.execute(query, values).fetchone()
        return int(row[0]) if row is not None and row[0] is not None else 0

    first = value("SELECT seq FROM records WHERE body IS NOT NULL ORDER BY seq LIMIT 1")
    newest = value("SELECT max(seq) FROM records")
    through = max(
        newest - keep.records,
        value("SELECT max(seq) FROM calls WHERE ts < ?", oldest_kept),
        value("SELECT max(seq) FROM events WHERE ts < ?", oldest_kept),
    )
    pages = value("PRAGMA page_count") - value("PRAGMA freelist_count")
    if first and pages * value("PRAGMA page_size") > keep.used_bytes:
        through = max(through, first + (newest - first) // 10)
    return first, min(through, newest)


async def _forget(writer: Writer, low: int, high: int) -> None:
    def job(connection: sqlite3.Connection) -> None:
        span = (low, high)
        connection.execute("DELETE FROM arguments WHERE seq BETWEEN ? AND ?", span)
        connection.execute("DELETE FROM calls WHERE seq BETWEEN ? AND ?", span)
        connection.execute("DELETE FROM events WHERE seq BETWEEN ? AND ?", span)
        connection.execute("UPDATE records SET body = NULL WHERE seq BETWEEN ? AND ?", span)

    await writer.run(job, changes=True)


def _shrink(connection: sqlite3.Connection) -> bool:
    """Give some free pages back to the file system; return whether there are more.

    At the end the WAL goes as well, unless a reader still needs it; the writer copies it later.
    """

    def free_pages() -> int:
        return int(connection.execute("PRAGMA freelist_count").fetchone()[0])

    before = free_pages()
    # execute() would step the pragma once, and it frees one page a step.
    connection.executescript(f"PRAGMA incremental_vacuum({_STEP_PAGES})")
    more = 0 < free_pages() < before
    if not more:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return more
