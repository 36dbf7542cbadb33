"""Appending to the chain: the head in memory, and the rows that one batch of entries becomes.

It runs inside the writer's transaction and on the writer's thread; it never commits.
"""

import os
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from typing import Any

from keyturn.application.ports.clock import Clock
from keyturn.domain.errors import DamagedDatabase, LogUnavailable, Said, filled
from keyturn.domain.record import (
    GENESIS,
    SALT_BYTES,
    Entry,
    RecordType,
    Stamp,
    chain_hash,
    commitment,
    leaf_hash,
    record_bytes,
)
from keyturn.storage import projection
from keyturn.storage.database import install_id
from keyturn.storage.tree import Frontier

CHECKPOINT_RECORDS = 64
"""A checkpoint row is written whenever the log has grown by this many records."""

_MOST_ROWS = 32
_SALTS_AT_ONCE = 64
_RECORD = "INSERT INTO records (seq, leaf, chain, body) VALUES {rows}"
_ARGUMENTS = "INSERT INTO arguments (seq, path, salt, value, masked) VALUES {rows}"
# A second decision on a call is not in the life cycle; should it come, the later one is shown.
_CALL = f"""
    INSERT INTO calls ({projection.CALL_COLUMNS}) VALUES {{rows}}
    ON CONFLICT (id) DO UPDATE SET
        seq = excluded.seq, ts = excluded.ts, agent = excluded.agent, session = excluded.session,
        server = excluded.server, tool = excluded.tool, tier = excluded.tier,
        outcome = excluded.outcome, actor = excluded.actor, rule_id = excluded.rule_id,
        rule_name = excluded.rule_name, decide_ms = excluded.decide_ms,
        decisive = excluded.decisive, hidden = excluded.hidden, digest = excluded.digest,
        route = excluded.route, method = excluded.method
"""
_DELIVERY = """
    UPDATE calls SET
        delivery_seq = news.column1, delivery = news.column2, result = news.column3
    FROM (VALUES {rows}) AS news WHERE calls.id = news.column4
"""
_ONE_DELIVERY = """
    UPDATE calls SET delivery_seq = ?, delivery = ?, result = ? WHERE id = ?
"""
_EVENT = f"INSERT INTO events ({projection.EVENT_COLUMNS}) VALUES {{rows}}"
_CHECKPOINT = "INSERT INTO checkpoints (size, root, chain, peaks) VALUES {rows}"


@dataclass(slots=True)
class _Head:
    """Where the chain stands."""

    seq: int
    chain: bytes
    frontier: Frontier


@dataclass(slots=True)
class _Rows:
    """What one batch inserts, table by table."""

    records: list[tuple[int, bytes, bytes, bytes]] = field(default_factory=list)
    arguments: list[tuple[int, str, bytes, bytes, bool]] = field(default_factory=list)
    calls: list[projection.CallRow] = field(default_factory=list)
    deliveries: dict[str, tuple[int, str, str, str]] = field(default_factory=dict)
    """By call; of several on one call the last counts."""
    events: list[projection.EventRow] = field(default_factory=list)
    checkpoints: list[tuple[int, bytes, bytes, bytes]] = field(default_factory=list)


class Ledger:
    """Turns entries into chained records and their rows."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        clock: Clock,
        *,
        new_salt: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Read where the chain stands; raises DamagedDatabase when its end does not hold."""
        self._connection = connection
        self._clock = clock
        self._new_salt = new_salt
        self._salts = b""
        self._install_id = install_id(connection)
        self._head: _Head | None = _load_head(connection)

    def append(self, entries: Sequence[Entry]) -> list[int | ValueError]:
        """Insert a batch; return the sequence number of each, or why it has no canonical form.

        Raises sqlite3.Error when the batch cannot be inserted, LogUnavailable when the database
        says that it did and did not, DamagedDatabase when the end of the chain had to be read again
        and does not hold. After each, call `forget`.
        """
        head = self._head
        if head is None:
            head = self._head = _load_head(self._connection)
        rows = _Rows()
        ts_utc, mono_ns = self._clock.now_utc(), self._clock.monotonic_ns()
        results: list[int | ValueError] = []
        for entry in entries:
            try:
                results.append(self._stage(head, entry, ts_utc, mono_ns, rows))
            except ValueError as fault:
                results.append(fault)
        self._write(head, rows)
        return results

    def forget(self) -> None:
        """Drop the head: the batch was rolled back, so only the database knows where it is."""
        self._head = None

    def checkpoint(self) -> None:
        """Write a checkpoint row of the log as it is now."""
        head = self._head
        if head is None:
            head = self._head = _load_head(self._connection)
        if head.seq and not self._has_checkpoint(head.seq):
            self._insert(_CHECKPOINT, [_checkpoint_row(head)])

    def _stage(self, head: _Head, entry: Entry, ts_utc: str, mono_ns: int, rows: _Rows) -> int:
        seq = head.seq + 1
        salt = self._salt() if entry.committed else b""
        row_salt = salt
        if entry.masked and entry.committed:
            # The salt of what was really sent is thrown away: with it, a short secret could be
            # guessed from its commitment. The masked text gets a commitment of its own.
            row_salt = self._salt()
            masked = commitment(row_salt, "", entry.arguments).hex()
            entry = entry.with_detail(projection.MASKED, masked)
        body = record_bytes(
            entry,
            Stamp(
                seq=seq,
                ts_utc=ts_utc,
                mono_ns=mono_ns,
                boot_id=self._clock.boot_id,
                install_id=self._install_id,
                salt=salt,
                prev=head.chain,
            ),
        )
        leaf = leaf_hash(body)
        head.chain = chain_hash(head.chain, leaf)
        head.seq = seq
        head.frontier.add(leaf)
        rows.records.append((seq, leaf, head.chain, body))
        if entry.committed:
            rows.arguments.append((seq, "", row_salt, entry.arguments, entry.masked))
        _project(entry, seq, ts_utc, rows)
        if seq % CHECKPOINT_RECORDS == 0:
            rows.checkpoints.append(_checkpoint_row(head))
        return seq

    def _salt(self) -> bytes:
        """Take a salt from a stock: asking the system gives the GIL away, and waits to have it."""
        stock = self._salts or self._new_salt(SALT_BYTES * _SALTS_AT_ONCE)
        self._salts = stock[SALT_BYTES:]
        return stock[:SALT_BYTES]

    def _write(self, head: _Head, rows: _Rows) -> None:
        """Write a batch; raises LogUnavailable when a row of it is not there afterwards."""
        self._insert(_RECORD, rows.records)
        self._insert(_ARGUMENTS, rows.arguments)
        self._insert(_CALL, rows.calls)
        self._run(_DELIVERY, list(rows.deliveries.values()))
        self._insert(_EVENT, rows.events)
        self._insert(_CHECKPOINT, rows.checkpoints)
        if rows.records and self._chain_at(head.seq) != head.chain:
            raise _not_kept(filled("record {seq} is not there after it was written", seq=head.seq))

    def _insert(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        written = self._run(statement, rows)
        if written != len(rows):
            raise _not_kept(
                filled("{written} of {rows} rows were written", written=written, rows=len(rows))
            )

    def _chain_at(self, seq: int) -> bytes | None:
        row = self._connection.execute("SELECT chain FROM records WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else row[0]

    def _has_checkpoint(self, size: int) -> bool:
        query = "SELECT 1 FROM checkpoints WHERE size = ?"
        return self._connection.execute(query, (size,)).fetchone() is not None

    def _run(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> int:
        """Run a statement over many rows at once; return how many rows it wrote.

        Not by executemany(), which hands the GIL to the event loop and waits for it once a row:
        that cost more than all of SQLite's work.
        """
        at = written = 0
        while at < len(rows):
            # Powers of two, so that there are few statements to prepare and to keep.
            count = min(_MOST_ROWS, 1 << (len(rows) - at).bit_length() - 1)
            values = tuple(chain.from_iterable(rows[at : at + count]))
            one = statement is _DELIVERY and count == 1  # plainly, in half the time
            many = _ONE_DELIVERY if one else _for_rows(statement, count, len(rows[at]))
            done = self._connection.execute(many, values)
            written += done.rowcount
            at += count
        return written


@cache
def _for_rows(statement: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return statement.format(rows=", ".join([row] * rows))


def _project(entry: Entry, seq: int, ts_utc: str, rows: _Rows) -> None:
    if entry.type is RecordType.DECISION:
        rows.calls.append(projection.call_row(entry, seq, ts_utc))
    elif entry.type is RecordType.DELIVERY:
        rows.deliveries[entry.call] = (*projection.delivery_row(entry, seq), entry.call)
    else:
        rows.events.append(projection.event_row(entry, seq, ts_utc))


def _checkpoint_row(head: _Head) -> tuple[int, bytes, bytes, bytes]:
    return (head.seq, head.frontier.root(), head.chain, head.frontier.peaks())


def _load_head(connection: sqlite3.Connection) -> _Head:
    """Read the end of the chain and check it; the whole is `verify`'s to check."""
    newest = connection.execute(
        "SELECT seq, leaf, chain, body FROM records ORDER BY seq DESC LIMIT 2"
    ).fetchall()
    frontier = _load_frontier(connection)
    if not newest:
        if frontier.size:
            raise _broken_end("It has checkpoints, but no records.")
        return _Head(0, GENESIS, frontier)
    seq, leaf, chain, body = newest[0]
    before = newest[1] if len(newest) > 1 else (0, b"", GENESIS, b"")
    whole = (
        seq == before[0] + 1
        and (body is None or leaf_hash(body) == leaf)
        and chain_hash(before[2], leaf) == chain
    )
    if not whole:
        raise _broken_end(filled("Record {seq} does not fit the one before it.", seq=seq))
    rest = connection.execute(
        "SELECT leaf FROM records WHERE seq > ? ORDER BY seq", (frontier.size,)
    )
    frontier.extend(row[0] for row in rest)
    if frontier.size != seq:
        raise _broken_end(
            filled("Records are missing between the last checkpoint and record {seq}.", seq=seq)
        )
    return _Head(seq, chain, frontier)


def _load_frontier(connection: sqlite3.Connection) -> Frontier:
    row = connection.execute(
        "SELECT size, peaks, root FROM checkpoints ORDER BY size DESC LIMIT 1"
    ).fetchone()
    if row is None:
        return Frontier()
    try:
        frontier = Frontier(row[0], row[1])
    except ValueError as fault:
        raise _broken_end(
            filled("The last checkpoint is unusable: {fault}.", fault=fault)
        ) from fault
    if frontier.root() != row[2]:
        raise _broken_end("The last checkpoint contradicts itself.")
    return frontier


def _broken_end(cause: str | Said) -> DamagedDatabase:
    return DamagedDatabase(
        "The decision log does not hold together at its end, so every call is refused.",
        cause=cause,
        mend="Run `keyturn verify`, then put a backup of the profile in its place.",
    )


def _not_kept(what: Said) -> LogUnavailable:
    return LogUnavailable(
        "The database does not keep what is written to it, so nothing was sent.",
        cause=filled("Without an error, {what}.", what=what),
        mend="Run `keyturn verify`, then put a backup of the profile in its place.",
    )
