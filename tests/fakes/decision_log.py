"""A decision log in memory."""

from collections.abc import Sequence
from dataclasses import dataclass

from keyturn.domain.errors import LogUnavailable
from keyturn.domain.record import Durability, Entry, RecordType


@dataclass(frozen=True, slots=True)
class Recorded:
    """One entry as it was appended."""

    seq: int
    entry: Entry
    durability: Durability
    awaited: bool


class FakeDecisionLog:
    """Appends to `records`; while `failure` is set, every commit raises it and notes are lost."""

    def __init__(self) -> None:
        self.records: list[Recorded] = []
        self.failure: LogUnavailable | None = None

    async def commit(self, entry: Entry, durability: Durability = Durability.FULL) -> int:
        """Append, or raise `failure`."""
        _require_call(entry)
        if self.failure is not None:
            raise self.failure
        return self._append(entry, durability, awaited=True)

    async def commit_all(self, entries: Sequence[Entry]) -> None:
        """Append all, or raise `failure`."""
        for entry in entries:
            _require_call(entry)
        for entry in entries:
            await self.commit(entry)

    def note(self, entry: Entry) -> None:
        """Append, unless there is a `failure`."""
        _require_call(entry)
        if self.failure is None:
            self._append(entry, Durability.WRITTEN, awaited=False)

    def of_type(self, kind: RecordType) -> list[Entry]:
        """Return the entries of one type, in order."""
        return [record.entry for record in self.records if record.entry.type is kind]

    def _append(self, entry: Entry, durability: Durability, *, awaited: bool) -> int:
        seq = len(self.records) + 1
        self.records.append(Recorded(seq, entry, durability, awaited))
        return seq


def _require_call(entry: Entry) -> None:
    if entry.type in (RecordType.DECISION, RecordType.DELIVERY) and not entry.call:
        raise ValueError(f"a {entry.type.value} names no call")
