"""Questions to one profile's history: pages by record number, one call, the review of a stop.

Every question is one or more short queries inside a time limit, no cursor stays open, and what
retention took meanwhile reads as pruned. Not for the GUI thread; one thread at a time.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from keyturn.domain.client_request import PROMPT
from keyturn.domain.decision import Outcome
from keyturn.domain.history_filter import HistoryFilter
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.stop_review import OPEN_DELIVERIES, is_owed, review_moment
from keyturn.storage.projection import EVENT_COLUMNS, Body, read_body
from keyturn.storage.queries.conditions import add_functions, all_of, column_in, condition, period
from keyturn.storage.queries.items import (
    HistoryDetail,
    HistoryEvent,
    HistoryItem,
    HistoryPage,
    LogSize,
    OutcomeCounts,
    Pruned,
    StopReview,
    UsedName,
    UsedNames,
)
from keyturn.storage.queries.rows import ITEM_COLUMNS, ITEM_TABLES, event_of, item_of
from keyturn.storage.queries.weakenings import (
    between,
    weakenings_asked,
    weakenings_query,
)
from keyturn.storage.read_only import connect_read_only

PAGE_ROWS = 200
LIMIT_SECONDS = 1.0
"""Longest time for one question; what was found by then is returned, marked as incomplete."""

_WINDOW = 10_000
"""Record numbers that one query of a page looks at, so that an interrupted search can go on."""
_NEAR = 100_000
"""How far from a decision, in records, the other records of its call are looked for."""
_REVIEWED = 500
_EVENTS_OF_CALL = (
    f"SELECT {EVENT_COLUMNS} FROM events WHERE seq BETWEEN ? AND ? AND call = ? ORDER BY seq"
)
_ARGUMENTS = "SELECT value FROM arguments WHERE seq = ?"
_USED = (
    "SELECT DISTINCT c.server, CASE WHEN c.method IN ('', ?) THEN c.tool ELSE '' END, c.method "
    "FROM calls c WHERE {} LIMIT ?"
)
_MOST_USED = 2000
"""Names that one answer has at most."""
_STEPS = 2000
"""Steps of SQLite's machine between two looks at the clock."""
_ALLOWING = tuple(outcome.value for outcome in Outcome if outcome.allows)


class HistoryQuery:
    """Questions to one profile's history."""

    def __init__(self, path: Path, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Open the database file; raises sqlite3.Error when it cannot be read."""
        self._connection = connect_read_only(path)
        add_functions(self._connection)
        self._monotonic = monotonic
        self._deadline = 0.0
        self._connection.set_progress_handler(self._is_late, _STEPS)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def page(
        self,
        narrowed: HistoryFilter | None = None,
        *,
        before: int | None = None,
        limit: int = PAGE_ROWS,
    ) -> HistoryPage:
        """Return the newest decisions below the number `before`, or the newest of all."""
        narrowed = narrowed or HistoryFilter()
        items: list[HistoryItem] = []
        top = before
        try:
            self._start()
            newest, oldest = _ends(self._value, narrowed)
            top = newest + 1 if before is None else min(before, newest + 1)
            while oldest and top > oldest:
                low = max(oldest, top - _WINDOW)
                self._window(narrowed, (low, top), limit, items)
                if len(items) >= limit:
                    return HistoryPage(items=tuple(items), older=items[-1].number)
                if _is_before(self._value, narrowed.since, low, top):
                    break
                top = low
        except sqlite3.OperationalError as error:
            _reraise_unless_late(error)
            # Rows of the window that was being read are kept, the rest of it comes again.
            older = min([top or 0, *(item.number for item in items)]) or None
            return HistoryPage(items=tuple(items), older=older, complete=False)
        return HistoryPage(items=tuple(items), older=None)

    def counts(self, narrowed: HistoryFilter | None = None) -> OutcomeCounts:
        """Count the decisions that match, by outcome."""
        narrowing, values = condition(narrowed or HistoryFilter())
        query = (
            f"SELECT c.outcome, count(*) FROM {ITEM_TABLES} WHERE {narrowing} GROUP BY c.outcome"
        )
        try:
            self._start()
            by_outcome = {str(row[0]): int(row[1]) for row in self._rows(query, values)}
        except sqlite3.OperationalError as error:
            _reraise_unless_late(error)
            return OutcomeCounts(total=0, by_outcome={}, complete=False)
        return OutcomeCounts(total=sum(by_outcome.values()), by_outcome=by_outcome)

    def used(self, narrowed: HistoryFilter) -> UsedNames:
        """Return the different names of which requests were allowed that match."""
        narrowing, values = condition(replace(narrowed, outcomes=_ALLOWING))
        try:
            self._start()
            rows = list(self._rows(_USED.format(narrowing), (PROMPT, *values, _MOST_USED + 1)))
        except sqlite3.OperationalError as error:
            _reraise_unless_late(error)
            return UsedNames(names=(), complete=False)
        names = tuple(UsedName(server=row[0], name=row[1], method=row[2]) for row in rows)
        return UsedNames(names=names, complete=len(names) <= _MOST_USED)

    def detail(self, call: str) -> HistoryDetail | Pruned:
        """Return everything on one call; raises sqlite3.OperationalError when time runs out."""
        self._start()
        rows = list(self._rows(f"SELECT {ITEM_COLUMNS} FROM {ITEM_TABLES} WHERE c.id = ?", (call,)))
        if not rows:
            return Pruned()
        item = item_of(rows[0])
        decision, chain = self._record(item.number)
        delivery, _ = self._record(item.delivery_number)
        events = tuple(
            event_of(row)
            for row in self._rows(
                _EVENTS_OF_CALL,
                (item.number - _NEAR, item.number + _NEAR, call),
            )
        )
        return HistoryDetail(
            item=item,
            arguments=_decoded(self._value(_ARGUMENTS, item.number)),
            asked=_decoded(self._value(_ARGUMENTS, _edited_at(events))),
            decision=decision,
            delivery=delivery,
            origins=decision.entry.provenance if decision else (),
            events=events,
            chain=chain,
        )

    def events(
        self,
        types: Sequence[str] = (),
        *,
        since: str = "",
        until: str = "",
        limit: int = PAGE_ROWS,
    ) -> tuple[HistoryEvent, ...]:
        """Return the newest records that are no decisions, oldest first; times as in filters."""
        self._start()
        narrowing, values = all_of([column_in("type", types), *period("ts", since, until)])
        rows = self._rows(
            f"SELECT {EVENT_COLUMNS} FROM events WHERE {narrowing} ORDER BY seq DESC LIMIT ?",
            (*values, limit),
        )
        return tuple(event_of(row) for row in rows)[::-1]

    def stop_review(self, since_utc: str, found_utc: str, *, seconds: float = 60.0) -> StopReview:
        """Look around the time of a stop: what had just been sent, and what was refused since.

        See `domain.stop_review` for why the two times. Nothing is sent after a stop, so calls are
        looked for up to now: no clock that was set back hides one.
        """
        allowed = HistoryFilter(outcomes=_ALLOWING)
        newest = self.page(allowed, limit=1)
        last = newest.items[0].ts_utc if newest.items else ""
        moment = review_moment(since_utc, found_utc, last)
        start = _text(moment - timedelta(seconds=seconds))
        sent = self.page(replace(allowed, since=start), limit=_REVIEWED)
        owed, whole = self._owed(start, moment)
        try:
            events = self.events(since=start, limit=_REVIEWED)
        except sqlite3.OperationalError as error:
            _reraise_unless_late(error)
            events, whole = (), False
        at = _text(moment)
        refused = self.counts(HistoryFilter(outcomes=(Outcome.REFUSED_PAUSED.value,), since=at))
        shown = {item.number: item for item in (*sent.items, *owed)}
        return StopReview(
            moment_utc=at,
            sent_before=tuple(shown[number] for number in sorted(shown, reverse=True)),
            owed=owed,
            refused_since=refused.total,
            unknown=tuple(item for item in owed if item.delivery in OPEN_DELIVERIES),
            events=events,
            complete=newest.complete and sent.complete and refused.complete and whole,
        )

    def _owed(self, start: str, moment: datetime) -> tuple[tuple[HistoryItem, ...], bool]:
        """Return all that is owed a look, however much it is, and whether time was enough.

        Who could hide a call behind many reads would choose what is looked at.
        """
        outcomes, values = column_in("c.outcome", _ALLOWING)
        query = (
            f"SELECT {ITEM_COLUMNS} FROM {ITEM_TABLES} WHERE c.ts >= ? AND {outcomes} AND "
            "(c.tier <> 'T0' OR c.delivery IS NULL OR c.delivery IN ('unknown', 'running')) "
            "ORDER BY c.seq DESC"
        )
        owed: list[HistoryItem] = []
        try:
            self._start()
            for row in self._rows(query, (start, *values)):
                item = item_of(row)
                if is_owed(
                    sent_utc=item.ts_utc, tier=item.tier, delivery=item.delivery, moment=moment
                ):
                    owed.append(item)
        except sqlite3.OperationalError as error:
            _reraise_unless_late(error)
            return tuple(owed), False
        return tuple(owed), True

    def unfinished(self) -> tuple[HistoryItem, ...]:
        """Return the calls that were allowed and have no end; after a crash they are unknown."""
        self._deadline = float("inf")
        allowing = column_in("c.outcome", _ALLOWING)
        rows = self._rows(
            f"SELECT {ITEM_COLUMNS} FROM {ITEM_TABLES} WHERE {allowing[0]} "
            "AND (c.delivery IS NULL OR c.delivery = 'running') ORDER BY c.seq",
            allowing[1],
        )
        return tuple(item_of(row) for row in rows)

    def unanswered(self) -> tuple[Entry, ...]:
        """Return the records of detached calls that no decision followed, oldest first."""
        self._deadline = float("inf")
        rows = self._rows(
            "SELECT r.body FROM events AS e JOIN records AS r ON r.seq = e.seq "
            "LEFT JOIN calls AS c ON c.id = e.call "
            "WHERE e.type = ? AND c.id IS NULL AND r.body IS NOT NULL ORDER BY e.seq",
            (RecordType.DETACHED.value,),
        )
        return tuple(read_body(body).entry for (body,) in rows)

    def size(self) -> LogSize:
        """Return how much is kept."""
        self._start()
        pages = self._value("PRAGMA page_count") - self._value("PRAGMA freelist_count")
        return LogSize(
            records=self._value("SELECT count(*) FROM records WHERE body IS NOT NULL"),
            bytes=pages * self._value("PRAGMA page_size"),
        )

    def _window(
        self,
        narrowed: HistoryFilter,
        window: tuple[int, int],
        limit: int,
        items: list[HistoryItem],
    ) -> None:
        """Add what a window holds, newest first; what was read is kept when time runs out."""
        narrowing, values = condition(narrowed)
        query = (
            f"SELECT {ITEM_COLUMNS} FROM {ITEM_TABLES} "
            f"WHERE c.seq >= ? AND c.seq < ? AND {narrowing} ORDER BY c.seq DESC LIMIT ?"
        )
        room = limit - len(items)
        found = map(item_of, self._rows(query, (*window, *values, room)))
        if weakenings_asked(narrowed):
            rows = self._rows(*weakenings_query(narrowed, window, room))
            found = between(found, rows)
        for item in islice(found, room):
            items.append(item)  # noqa: PERF402 - keeps what was read when time runs out

    def _record(self, seq: int | None) -> tuple[Body | None, str]:
        rows = list(self._rows("SELECT body, chain FROM records WHERE seq = ?", (seq,)))
        if not rows or rows[0][0] is None:
            return None, rows[0][1].hex() if rows else ""
        return read_body(rows[0][0]), rows[0][1].hex()

    def _rows(self, query: str, values: Sequence[object]) -> Iterator[tuple[Any, ...]]:
        cursor = self._connection.execute(query, values)
        try:
            yield from cursor
        finally:
            cursor.close()

    def _value(self, query: str, *values: object) -> Any:
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else row[0]

    def _start(self) -> None:
        self._deadline = self._monotonic() + LIMIT_SECONDS

    def _is_late(self) -> int:
        return int(self._monotonic() > self._deadline)


def _ends(value: Callable[..., Any], narrowed: HistoryFilter) -> tuple[int, int]:
    """Return the newest and the oldest number that a page may have; zeros for none."""
    tables = ("calls", "events") if weakenings_asked(narrowed) else ("calls",)
    newest = [value(f"SELECT max(seq) FROM {table}") or 0 for table in tables]
    oldest = [value(f"SELECT min(seq) FROM {table}") or 0 for table in tables]
    return max(newest), min((one for one in oldest if one), default=0)


def _is_before(value: Callable[..., Any], since: str, low: int, top: int) -> bool:
    """Tell whether a whole window is older than the filter asks for, so the rest is as well.

    A wall clock that was wrong for a shorter while does not hide anything.
    """
    if not since or top - low < _WINDOW:
        return False
    newest = value("SELECT max(ts) FROM calls WHERE seq >= ? AND seq < ?", low, top)
    return newest is not None and newest < since


def _decoded(value: object) -> str | None:
    return value.decode() if isinstance(value, bytes) else None


def _edited_at(events: Sequence[HistoryEvent]) -> int | None:
    return next((one.number for one in events if one.type == RecordType.EDITED.value), None)


def _reraise_unless_late(error: sqlite3.OperationalError) -> None:
    if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
        raise error


def _text(moment: datetime) -> str:
    moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
