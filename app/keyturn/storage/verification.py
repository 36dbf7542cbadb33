"""`keyturn verify`: whether a log still says what was written to it. It needs no broker and no key.

What the chain alone cannot show: the newest records cut off at a point with no checkpoint after it,
and a whole log written anew. Both need a mark kept outside the database (`Mark`); without one they
are undetectable, and the sentence says so.
"""

import sqlite3
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TypeAlias

from keyturn.domain.record import GENESIS, chain_hash, leaf_hash
from keyturn.storage.read_only import APPLICATION_ID, evidence, is_open_elsewhere
from keyturn.storage.schema import (
    missing_steps,
    unknown_steps,
    what_is_missing,
    what_was_added,
)
from keyturn.storage.tree import Frontier
from keyturn.storage.verification_deep import DeepCheck, Fault

_CHECKPOINT_RECORDS = 64


class Finding(IntEnum):
    """The exit codes of `keyturn verify` (architecture.md section 6)."""

    SOUND = 0
    TAMPERED = 1
    UNREADABLE = 2
    UNKNOWN_KEY = 3
    ROLLED_BACK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where the log once stood, kept outside the database."""

    size: int
    """Records at that time."""
    chain: bytes
    """Chain value of the last of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was found."""

    code: Finding
    records: int
    """Records that were read."""
    first_bad: int | None
    """Number of the first record that does not hold, when that is known."""
    sentence: str
    signed: bool = False
    pruned: int = 0
    """Records of which only the hashes are left, by retention."""


def verify(
    source: Path | sqlite3.Connection, *, deep: bool = False, mark: Mark | None = None
) -> Verification:
    """Check a log in one pass with constant memory; never raises for what it finds.

    Shallow: the schema to the letter, with no trigger, view or table beside it; numbers without
    gaps, every leaf and link, the log's own name, the checkpoints. Deep adds SQLite's own check,
    the canonical form of each record, the arguments against their commitments, and the history rows
    against the records that they were made from.
    """
    if isinstance(source, sqlite3.Connection):
        return _verify(source, deep, mark)
    was_open = is_open_elsewhere(source)
    found = _verify_file(source, deep, mark)
    if found.code is not Finding.SOUND and not was_open and is_open_elsewhere(source):
        # A broker started meanwhile, under a reading that took no locks.
        found = _verify_file(source, deep, mark)
    return found


def _verify_file(path: Path, deep: bool, mark: Mark | None) -> Verification:
    if not path.is_file():
        return _unreadable(0, f"There is no file {path}.")
    try:
        with evidence(path) as connection:
            return _verify(connection, deep, mark)
    except (sqlite3.Error, OSError) as error:
        return _unreadable(0, f"The database cannot be opened: {error}.")


def _verify(connection: sqlite3.Connection, deep: bool, mark: Mark | None) -> Verification:
    walk = _Walk(connection, mark)
    try:
        with _one_moment(connection):
            walk.begin()
            check = DeepCheck(connection, walk.install_id, walk.pruned_through) if deep else None
            if check is not None:
                check.structure()
            try:
                _go_through(walk, check)
            except Fault as fault:
                raise _first_of(fault, check) from fault
    except Fault as fault:
        return Verification(
            code=Finding.ROLLED_BACK if fault.rolled_back else Finding.TAMPERED,
            records=walk.size,
            first_bad=fault.seq,
            sentence=f"The log was changed: {fault}.",
        )
    except _Unusable as reason:
        return _unreadable(walk.size, f"{reason}.")
    except sqlite3.Error as error:
        return _unreadable(walk.size, f"The database cannot be read: {error}.")
    return _conclusion(walk, mark)


def _go_through(walk: "_Walk", check: DeepCheck | None) -> None:
    for seq, body in walk.records():
        if check is not None:
            check.record(seq, body, walk.previous)
    walk.end()
    if check is not None:
        check.history()


def _first_of(fault: Fault, check: DeepCheck | None) -> Fault:
    """Return what breaks first: a row of the history may, before the record that the walk met."""
    if check is None or fault.seq is None or fault.rolled_back:
        return fault
    return min((fault, *check.faults()), key=lambda one: one.seq or 0)


@contextmanager
def _one_moment(connection: sqlite3.Connection) -> Generator[None]:
    """Hold one snapshot, so that several cursors see the same log while it grows."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


class _Unusable(Exception):
    """The file is a database, but not a log."""


_Checkpoint: TypeAlias = tuple[int, bytes, bytes, bytes, object, object]
"""Size, root, chain, peaks, key, signature."""


class _Walk:
    """Goes through the records once, in order."""

    def __init__(self, connection: sqlite3.Connection, mark: Mark | None) -> None:
        self._connection = connection
        self._mark = mark
        self._chain = GENESIS
        self._frontier = Frontier()
        self._checkpoints: Iterator[_Checkpoint] = iter(())
        self._checkpoint: _Checkpoint | None = None
        self.size: int = 0
        self.previous = GENESIS
        """Chain value before the record that was last yielded."""
        self.install_id = ""
        self.pruned_through = 0
        """Last record whose bytes retention took, as a record of the log says."""
        self.signatures = 0

    def begin(self) -> None:
        """Read what the log says of itself; raises `_Unusable` when it is none."""
        (application,) = self._connection.execute("PRAGMA application_id").fetchone()
        if application != APPLICATION_ID:
            raise _Unusable("The file is not a database of Keyturn")
        _check_schema(self._connection)
        row = self._connection.execute(
            "SELECT value FROM profile WHERE name = 'install_id'"
        ).fetchone()
        if row is None:
            raise _Unusable("The log has lost its own name")
        self.install_id = str(row[0])
        self.pruned_through = _pruned_through(self._connection)
        self._checkpoints = iter(
            self._connection.execute(
                "SELECT size, root, chain, peaks, key, signature FROM checkpoints ORDER BY size"
            )
        )
        self._checkpoint = next(self._checkpoints, None)

    def records(self) -> Iterator[tuple[int, bytes | None]]:
        """Yield number and bytes of each record that holds; raises Fault at the first that not."""
        name = f'"install_id":"{self.install_id}"'.encode()
        rows = self._connection.execute("SELECT seq, leaf, chain, body FROM records ORDER BY seq")
        for seq, leaf, chain, body in rows:
            expected = self.size + 1
            if seq != expected:
                raise Fault(min(seq, expected), f"record {min(seq, expected)} is missing or moved")
            if body is None:
                if seq > self.pruned_through:
                    raise Fault(seq, f"the bytes of record {seq} are gone and no record says so")
            elif not isinstance(body, bytes) or leaf_hash(body) != leaf:
                raise Fault(seq, f"record {seq} does not have the bytes that were hashed")
            elif (
                name not in body
                or f'"prev":"{self._chain.hex()}"'.encode() not in body
                or f'"seq":{seq},'.encode() not in body
            ):
                raise Fault(seq, f"record {seq} belongs to another place or another log")
            if not isinstance(leaf, bytes) or chain_hash(self._chain, leaf) != chain:
                raise Fault(seq, f"record {seq} is not linked to the one before it")
            self.previous, self._chain, self.size = self._chain, chain, seq
            self._frontier.add(leaf)
            self._match_checkpoint(seq)
            self._match_mark(seq)
            yield seq, body

    def end(self) -> None:
        """Check that nothing outside the records knows of more of them."""
        if self._mark is not None and self._mark.size > self.size:
            raise Fault(
                self.size + 1,
                f"it ends at record {self.size}, but the mark speaks of {self._mark.size}",
                rolled_back=True,
            )
        if self._checkpoint is not None:
            raise Fault(
                self.size + 1,
                f"it ends at record {self.size}, but a checkpoint speaks of {self._checkpoint[0]}",
            )

    def _match_checkpoint(self, seq: int) -> None:
        checkpoint = self._checkpoint
        if checkpoint is None or checkpoint[0] != seq:
            if seq % _CHECKPOINT_RECORDS == 0 or (checkpoint is not None and checkpoint[0] < seq):
                raise Fault(seq, f"the checkpoint at record {seq} is missing or moved")
            return
        _, *found, key, signature = checkpoint
        if found != [self._frontier.root(), self._chain, self._frontier.peaks()]:
            raise Fault(seq, f"the checkpoint at record {seq} speaks of other records")
        if key is not None or signature is not None:
            self.signatures += 1
        self._checkpoint = next(self._checkpoints, None)

    def _match_mark(self, seq: int) -> None:
        mark = self._mark
        if mark is not None and mark.size == seq and mark.chain != self._chain:
            raise Fault(seq, f"record {seq} is not the one that the mark names", rolled_back=True)


def _check_schema(connection: sqlite3.Connection) -> None:
    """Raise Fault for anything that could show other rows than those that were written."""
    if added := what_was_added(connection):
        if newer := unknown_steps(connection):
            raise _Unusable(f"The database {added}; it names {newer[-1]!a}, a step of a newer one")
        if older := missing_steps(connection):
            raise _Unusable(
                f"The database lacks {older[0]!a}, a step of this version; start Keyturn on it once"
            )
        raise Fault(None, f"the database {added}")
    if missing := what_is_missing(connection):
        raise _Unusable(f"The database {missing}")


def _pruned_through(connection: sqlite3.Connection) -> int:
    """Read how far retention went, from the records that the history says speak of it."""
    through = 0
    candidates = connection.execute(
        "SELECT r.body FROM events e JOIN records r ON r.seq = e.seq "
        "WHERE e.type = 'broker' AND e.outcome = 'pruned' AND r.body IS NOT NULL"
    )
    for (body,) in candidates:
        through = max(through, DeepCheck.pruned_by(body))
    return through


def _conclusion(walk: _Walk, mark: Mark | None) -> Verification:
    if walk.signatures:
        return Verification(
            code=Finding.UNKNOWN_KEY,
            records=walk.size,
            first_bad=None,
            sentence=f"The chain holds over {walk.size:,} records, but it is signed by a key that "
            "is not known here.",
            signed=True,
        )
    pruned = f", {walk.pruned_through:,} of them pruned" if walk.pruned_through else ""
    marked = "" if mark else " No mark was given, so missing newest records would not show."
    return Verification(
        code=Finding.SOUND,
        records=walk.size,
        first_bad=None,
        sentence=f"The log is sound: {walk.size:,} records{pruned}, unsigned.{marked}",
        pruned=walk.pruned_through,
    )


def _unreadable(records: int, sentence: str) -> Verification:
    return Verification(code=Finding.UNREADABLE, records=records, first_bad=None, sentence=sentence)
