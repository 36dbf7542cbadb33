"""The deep half of `keyturn verify`: each record's form, and every row that repeats a record."""

import sqlite3
from collections.abc import Sequence

from keyturn.domain.canonical import JsonValue
from keyturn.domain.record import RecordType, commitment
from keyturn.storage import projection
from keyturn.storage.projection import Body, read_body


class Fault(Exception):
    """The log does not hold, at this record if it is at one."""

    def __init__(self, seq: int | None, reason: str, *, rolled_back: bool = False) -> None:
        super().__init__(reason)
        self.seq = seq
        self.rolled_back = rolled_back


class DeepCheck:
    """Compares what is stored twice."""

    def __init__(
        self, connection: sqlite3.Connection, install_id: str, pruned_through: int
    ) -> None:
        """Look at a log whose records up to `pruned_through` may have lost bytes and arguments."""
        self._connection = connection
        self._install_id = install_id
        self._pruned_through = pruned_through

    @staticmethod
    def pruned_by(body: bytes) -> int:
        """Return how far a record says that retention went; 0 when it says nothing of it."""
        try:
            entry = read_body(body).entry
        except ValueError:
            return 0
        through = entry.details.get(projection.PRUNED_THROUGH)
        if entry.type is not RecordType.BROKER or entry.outcome != projection.PRUNED:
            return 0
        return through if isinstance(through, int) else 0

    def structure(self) -> None:
        """Let SQLite compare its indices with their tables; raises sqlite3.DatabaseError."""
        (finding,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
        if finding != "ok":
            raise sqlite3.DatabaseError(finding)

    def record(self, seq: int, record: bytes | None, previous: bytes) -> None:
        """Check one record that the chain holds, its arguments and its place in the history."""
        if record is None:
            return
        body = _body(seq, record, check_form=True)
        if body.seq != seq or body.prev != previous.hex() or body.install_id != self._install_id:
            raise Fault(seq, f"record {seq} says that it is elsewhere")
        self._arguments(seq, body)
        match body.entry.type:
            case RecordType.DECISION:
                self._has_row(seq, "SELECT seq FROM calls WHERE id = ?", body.entry.call)
            case RecordType.DELIVERY:
                self._delivered(seq, body.entry.call)
            case _:
                self._has_row(seq, "SELECT seq FROM events WHERE seq = ?", seq)

    def history(self) -> None:
        """Check every row of the history, and that no arguments hang on nothing.

        Of several that do not hold, the first is named.
        """
        faults = self.faults()
        if faults:
            raise min(faults, key=_place)

    def faults(self) -> list[Fault]:
        """Return what does not hold of what is stored twice: of each table the first."""
        found: list[Fault] = []
        for part in (self._orphans, self._calls, self._events):
            try:
                part()
            except Fault as fault:
                found.append(fault)
        return found

    def _orphans(self) -> None:
        orphan = self._connection.execute(
            "SELECT min(a.seq) FROM arguments a LEFT JOIN records r ON r.seq = a.seq "
            "WHERE r.body IS NULL"
        ).fetchone()[0]
        if orphan is not None:
            raise Fault(orphan, f"arguments hang on record {orphan}, which has none")

    def _arguments(self, seq: int, body: Body) -> None:
        rows = self._connection.execute(
            "SELECT path, salt, value, masked FROM arguments WHERE seq = ?", (seq,)
        ).fetchall()
        masked: JsonValue = body.entry.details.get(projection.MASKED)
        if not rows:
            if body.args and seq > self._pruned_through:
                raise Fault(seq, f"the arguments of record {seq} are gone and no record says so")
            return
        path, salt, value, is_masked = rows[0]
        committed = body.args.get("") if masked is None else masked
        whole = (
            len(rows) == 1
            and path == ""
            and bool(is_masked) == (masked is not None)
            and isinstance(salt, bytes)
            and isinstance(value, bytes)
            and commitment(salt, "", value).hex() == committed
        )
        if not whole:
            raise Fault(seq, f"the arguments of record {seq} are not those that it commits to")

    def _has_row(self, seq: int, query: str, key: str | int) -> None:
        row = self._connection.execute(query, (key,)).fetchone()
        if row is None or row[0] < seq:
            raise Fault(seq, f"the history does not show record {seq}")

    def _delivered(self, seq: int, call: str) -> None:
        # No row at all is found from the decision's side, or there never was a decision before it.
        row = self._connection.execute(
            "SELECT seq, delivery_seq FROM calls WHERE id = ?", (call,)
        ).fetchone()
        if row is not None and row[0] < seq and (row[1] is None or row[1] < seq):
            raise Fault(seq, f"the history does not show record {seq}")

    def _calls(self) -> None:
        rows = self._connection.execute(
            f"SELECT d.body, e.body, {_of('c', projection.CALL_COLUMNS)}, "
            f"{_of('c', projection.DELIVERY_COLUMNS)} FROM calls c "
            "LEFT JOIN records d ON d.seq = c.seq LEFT JOIN records e ON e.seq = c.delivery_seq "
            "ORDER BY c.seq"
        )
        first: Fault | None = None
        for decision, delivery, *found in rows:
            seq = found[0]
            if first is not None and _place(first) < seq:
                break
            try:
                _compare_call(found, decision, delivery)
            except Fault as fault:
                # That of a delivery has a number that later decisions may be below.
                first = min(first or fault, fault, key=_place)
        if first is not None:
            raise first

    def _events(self) -> None:
        rows = self._connection.execute(
            f"SELECT r.body, {_of('e', projection.EVENT_COLUMNS)} "
            "FROM events e LEFT JOIN records r ON r.seq = e.seq ORDER BY e.seq"
        )
        for record, *found in rows:
            seq = found[0]
            body = _body(seq, record)
            if list(projection.event_row(body.entry, seq, body.ts_utc)) != found:
                raise Fault(seq, f"the history says something else than record {seq}")


def _place(fault: Fault) -> int:
    return fault.seq or 0


def _compare_call(found: list[object], decision: bytes | None, delivery: bytes | None) -> None:
    seq = found[0]
    assert isinstance(seq, int)
    if [*_decided(seq, decision), *_delivery(found, delivery)] != found:
        raise Fault(seq, f"the history says something else than record {seq}")


def _of(table: str, columns: str) -> str:
    return ", ".join(f"{table}.{column.strip()}" for column in columns.split(","))


def _body(seq: int, record: bytes | None, *, check_form: bool = False) -> Body:
    if record is None:
        raise Fault(seq, f"the history shows record {seq}, which is not there")
    try:
        return read_body(record, check_form=check_form)
    except ValueError as fault:
        raise Fault(seq, f"record {seq} cannot be read: {fault}") from fault


def _decided(seq: int, record: bytes | None) -> projection.CallRow:
    body = _body(seq, record)
    if body.entry.type is not RecordType.DECISION:
        raise Fault(seq, f"the history shows record {seq} as a decision, which it is not")
    return projection.call_row(body.entry, seq, body.ts_utc)


def _delivery(found: Sequence[object], record: bytes | None) -> tuple[object, object, object]:
    call, delivery_seq = found[1], found[-3]
    if not isinstance(delivery_seq, int):
        return (None, None, None)
    body = _body(delivery_seq, record)
    if body.entry.type is not RecordType.DELIVERY or body.entry.call != call:
        raise Fault(delivery_seq, f"record {delivery_seq} is not the delivery of its call")
    return projection.delivery_row(body.entry, delivery_seq)
