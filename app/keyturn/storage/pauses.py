"""Owns which agents are paused by the log's records, and that retention takes none of these."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.decision import Actor
from keyturn.domain.errors import DamagedDatabase, filled
from keyturn.domain.record import PAUSED, PROVEN, SINCE, UNPAUSED, Entry, RecordType
from keyturn.storage.read_only import connect_read_only

_QUERY = (
    "SELECT agent, ts, outcome, details, seq FROM events "
    f"WHERE type = '{RecordType.AGENT}' AND outcome IN ('{PAUSED}', '{UNPAUSED}') ORDER BY seq"
)
_Row = tuple[str, str, str, str, int]
_Standing = dict[tuple[str, bool], tuple[str, int, str]]
"""By name, and whether it was proven: since when, the record that says so, and the name again."""


def standing_pauses(database: Path) -> dict[str, str]:
    """Return since when each agent is paused that is, in UTC, by its name.

    Those that proved no name are one, under the empty name. Raises DamagedDatabase when the file
    cannot be read.
    """
    if not database.exists():
        return {}
    try:
        with closing(connect_read_only(database)) as connection:
            rows = connection.execute(_QUERY).fetchall()
    except sqlite3.Error as error:
        raise DamagedDatabase(
            filled("The database {name} cannot be read.", name=database.name),
            cause=filled("SQLite says: {error}.", error=error),
            mend="Run `keyturn verify`, then put a backup of the profile in its place.",
        ) from error
    return {name: since for (name, _), (since, _, _) in _standing(rows).items()}


def pauses_through(connection: sqlite3.Connection, seq: int) -> list[Entry]:
    """Return what says again which pauses stand by records up to one, before these are let go."""
    standing = _standing(connection.execute(_QUERY).fetchall())
    return [
        Entry(
            type=RecordType.AGENT,
            agent=agent,
            outcome=PAUSED,
            actor=Actor.KEYTURN,
            details={PROVEN: proven, SINCE: since},
        )
        for (_, proven), (since, at, agent) in standing.items()
        if at <= seq
    ]


def _standing(rows: Iterable[_Row]) -> _Standing:
    standing: _Standing = {}
    for agent, ts, outcome, text, seq in rows:
        parsed = parse_strict(text)
        details = parsed.value if isinstance(parsed, Parsed) else None
        known = details if isinstance(details, dict) else {}
        proven = known.get(PROVEN) is not False
        key = (agent if proven else "", proven)
        if outcome == PAUSED:
            since = standing[key][0] if key in standing else str(known.get(SINCE, ts))
            standing[key] = (since, seq, agent)
        else:
            standing.pop(key, None)
    return standing
