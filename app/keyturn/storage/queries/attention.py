"""Reads which calls were put before a person, and how each ended. Not for the GUI thread."""

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from keyturn.domain.attention import (
    AFTER_ARMING,
    ALLOWED,
    DENIED,
    PRACTICE,
    UNANSWERED,
    AskedCall,
    ToolKey,
)
from keyturn.domain.decision import Outcome
from keyturn.domain.tier import Tier
from keyturn.storage.queries.conditions import column_in
from keyturn.storage.queries.history import LIMIT_SECONDS
from keyturn.storage.read_only import connect_read_only

MOST_CALLS: Final = 20_000
"""Newest ones of a period that are read: nobody answers more in a week."""
_PERSONS: Final = ("window", "accessibility", "terminal", "notification")
"""Ways of an answer that a person goes; an approver program's attention is no person's."""
_STEPS: Final = 2_000
"""Steps of SQLite's machine between two looks at the clock."""
_AFTER: Final = f"'$.details.{AFTER_ARMING}'"
_PRACTICE: Final = f"'$.details.{PRACTICE}'"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCalls:
    """What was found, the newest first."""

    calls: tuple[AskedCall, ...]
    complete: bool = True
    """False when time ran out, or there are more than are read."""


def read_asked(
    path: Path, since_utc: str, *, monotonic: Callable[[], float] = time.monotonic
) -> AskedCalls:
    """Read the calls put before a person since a time, UTC as in records, in at most a second.

    That is every decision whose record names by which way a person's answer came, and every
    question that ended without one. Not among them: what a rule, a grant or the stop decided,
    identical calls that were denied unasked, and practice. Raises sqlite3.Error for what cannot be
    read, and ValueError for a time that is none.
    """
    answered, outcomes = column_in("c.outcome", _values(ALLOWED | DENIED))
    by_person, routes = column_in("c.route", _PERSONS)
    unanswered, ends = column_in("c.outcome", _values(UNANSWERED))
    query = (
        "SELECT c.ts, c.server, c.tool, c.method, c.tier, c.outcome, c.decide_ms, "
        f"json_type(CAST(r.body AS TEXT), {_AFTER}), json_extract(CAST(r.body AS TEXT), {_AFTER}) "
        "FROM calls c LEFT JOIN records r ON r.seq = c.seq WHERE c.ts >= ? "
        f"AND (({answered} AND {by_person}) OR {unanswered}) "
        f"AND json_type(CAST(r.body AS TEXT), {_PRACTICE}) IS NOT 'true' "
        "ORDER BY c.seq DESC LIMIT ?"
    )
    connection = connect_read_only(path)
    calls: list[AskedCall] = []
    try:
        deadline = monotonic() + LIMIT_SECONDS
        connection.set_progress_handler(lambda: int(monotonic() > deadline), _STEPS)
        for row in connection.execute(
            query, (since_utc, *outcomes, *routes, *ends, MOST_CALLS + 1)
        ):
            calls.append(_asked(row))  # noqa: PERF401 - keeps what was read when time runs out
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        return AskedCalls(calls=tuple(calls), complete=False)
    finally:
        connection.close()
    return AskedCalls(calls=tuple(calls[:MOST_CALLS]), complete=len(calls) <= MOST_CALLS)


def _asked(row: tuple[Any, ...]) -> AskedCall:
    outcome = Outcome(row[5])
    return AskedCall(
        at=datetime.fromisoformat(row[0]),
        what=ToolKey(server=row[1], tool=row[2], method=row[3]),
        tier=Tier.__members__.get(row[4], Tier.T3),
        allowed=None if outcome in UNANSWERED else outcome in ALLOWED,
        decide_ms=row[6],
        timed=row[7] in ("integer", "null"),
        after_arming_ms=row[8] if row[7] == "integer" else None,
    )


def _values(outcomes: frozenset[Outcome]) -> tuple[str, ...]:
    return tuple(sorted(outcome.value for outcome in outcomes))
