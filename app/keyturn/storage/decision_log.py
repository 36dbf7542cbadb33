"""The decision log port over the writer, and the one call that opens a profile's storage."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from keyturn.application.ports.clock import Clock
from keyturn.application.ports.milestones import Milestones, Unwatched
from keyturn.domain.errors import LogUnavailable
from keyturn.domain.record import Durability, Entry, RecordType
from keyturn.storage.database import open_for_writing
from keyturn.storage.ledger import Ledger
from keyturn.storage.writer import Writer

_UNAWAITED = frozenset({RecordType.DELIVERY})
"""Notes whose loss in a power cut changes no promise: a lost delivery reads as unknown."""
_OF_A_CALL = frozenset({RecordType.DECISION, RecordType.DELIVERY})


@dataclass(frozen=True, slots=True)
class SqliteDecisionLog:
    """Appends to the chain in the profile's database."""

    writer: Writer

    async def commit(self, entry: Entry, durability: Durability = Durability.FULL) -> int:
        """Append and wait until it is committed; return its sequence number.

        Raises LogUnavailable when it could not be committed, ValueError for a decision or delivery
        that names no call.
        """
        _require_call(entry)
        return await self.writer.record(entry, durability)

    async def commit_all(self, entries: Sequence[Entry]) -> None:
        """Append all in one turn of the loop, which is few batches, and wait for the last.

        Raises as `commit` does.
        """
        for entry in entries:
            _require_call(entry)
        waiting = [self.writer.record(entry, Durability.FULL) for entry in entries]
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        for fault in ended:
            if isinstance(fault, BaseException):
                raise fault

    def note(self, entry: Entry) -> None:
        """Append in the next batch, or alone within a tenth of a second, without waiting."""
        _require_call(entry)
        durability = Durability.WRITTEN if entry.type in _UNAWAITED else Durability.FULL
        self.writer.note(entry, durability)


def open_writer(
    folder: Path,
    clock: Clock,
    *,
    milestones: Milestones | None = None,
    on_failure: Callable[[LogUnavailable], None] | None = None,
) -> Writer:
    """Open the profile's database and start its writer on the running loop.

    Raises DamagedDatabase when the database or the end of its log cannot be trusted.
    """
    connection = open_for_writing(folder)
    try:
        ledger = Ledger(connection, clock)
    except BaseException:
        connection.close()
        raise
    return Writer(connection, ledger, milestones=milestones or Unwatched(), on_failure=on_failure)


def _require_call(entry: Entry) -> None:
    if entry.type in _OF_A_CALL and not entry.call:
        raise ValueError(f"a {entry.type.value} names no call")
