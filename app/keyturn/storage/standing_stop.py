"""Owns which stop holds by the log's records, whether rules rest, and that retention keeps both."""

import sqlite3

from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.decision import Actor
from keyturn.domain.record import (
    RESUMED_CAREFULLY,
    RULES_STAY,
    RULES_USED,
    SINCE,
    Entry,
    RecordType,
)

STANDING_STOP = (
    "SELECT ts, details, seq FROM events WHERE type = 'stop' AND "
    "seq > (SELECT coalesce(max(seq), 0) FROM events WHERE type = 'resume') ORDER BY seq LIMIT 1"
)
"""The first stop that no resume follows: when, with which facts, and the number of its record."""
LAST_TURN = (
    "SELECT type, outcome, seq FROM events WHERE type IN ('stop', 'resume') OR type = 'rule' AND "
    f"outcome IN ('{RULES_USED}', '{RULES_STAY}') ORDER BY seq DESC LIMIT 1"
)
"""The last record that suspended the rules or let them act again."""


def suspends(kind: str, outcome: str) -> bool:
    """Tell whether a record of `LAST_TURN` leaves the rules suspended after the stop's end."""
    return (kind, outcome) in (
        (RecordType.RESUME, RESUMED_CAREFULLY),
        (RecordType.RULE, RULES_STAY),
    )


def stop_through(connection: sqlite3.Connection, seq: int) -> list[Entry]:
    """Return what says again what stands by records up to one, before these are let go.

    Neither is ever said by a record that could end something: a stop that a person presses, or
    rules that they turn on, between this look and its record, would be ended by a resume.
    """
    said: list[Entry] = []
    for since, text, at in connection.execute(STANDING_STOP).fetchall():
        parsed = parse_strict(text)
        details = parsed.value if isinstance(parsed, Parsed) else None
        if at <= seq:
            known = details if isinstance(details, dict) else {}
            said.append(
                Entry(
                    type=RecordType.STOP,
                    outcome="engaged",
                    actor=Actor.KEYTURN,
                    details={SINCE: since, **known},
                )
            )
    for kind, outcome, at in connection.execute(LAST_TURN).fetchall():
        if at <= seq and suspends(kind, outcome):
            said.append(Entry(type=RecordType.RULE, outcome=RULES_STAY, actor=Actor.KEYTURN))
    return said
