"""A history filter as SQL: column names of our own, and every text of the filter a bound value."""

from collections.abc import Sequence
from typing import TypeAlias

from keyturn.storage.queries.items import HistoryFilter

Part: TypeAlias = tuple[str, tuple[str, ...]]
"""SQL with its values."""

PREVIEW_BYTES = 8192
"""Arguments up to this size come with a row of a page, and are searched for a text."""

_EVERYTHING: Part = ("1", ())
_SEARCHED = ("c.agent", "c.server", "c.tool", "c.method", "c.rule_name")


def condition(narrowed: HistoryFilter) -> tuple[str, tuple[str, ...]]:
    """Write a filter as SQL with its values; every text of the filter is a bound value."""
    outcome = column_in("c.outcome", narrowed.outcomes)
    delivery = column_in("c.delivery", narrowed.outcomes)
    rule_id, rule_name = (
        column_in("c.rule_id", narrowed.rules),
        column_in("c.rule_name", narrowed.rules),
    )
    return all_of(
        [
            column_in("c.agent", narrowed.agents),
            column_in("c.server", narrowed.servers),
            column_in("c.tool", narrowed.tools),
            column_in("c.tier", narrowed.tiers),
            column_in("c.actor", narrowed.actors),
            column_in("c.session", narrowed.sessions),
            (f"({outcome[0]} OR {delivery[0]})", (*outcome[1], *delivery[1])),
            (f"({rule_id[0]} OR {rule_name[0]})", (*rule_id[1], *rule_name[1])),
            *period("c.ts", narrowed.since, narrowed.until),
            _containing(narrowed.text),
        ]
    )


def column_in(column: str, wanted: Sequence[str]) -> Part:
    """Narrow a column to some values; none given narrows nothing."""
    if not wanted:
        return _EVERYTHING
    return (f"{column} IN ({', '.join('?' * len(wanted))})", tuple(wanted))


def period(column: str, since: str, until: str) -> list[Part]:
    """Narrow a column of times; the end is excluded."""
    return [
        (f"{column} >= ?", (since,)) if since else _EVERYTHING,
        (f"{column} < ?", (until,)) if until else _EVERYTHING,
    ]


def _containing(text: str) -> Part:
    if not text:
        return _EVERYTHING
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    searched = (*_SEARCHED, f"iif(length(a.value) <= {PREVIEW_BYTES}, CAST(a.value AS TEXT), '')")
    tests = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in searched)
    return (f"({tests})", (f"%{escaped}%",) * len(searched))


def all_of(parts: Sequence[Part]) -> Part:
    """Join parts with AND."""
    return (
        " AND ".join(part[0] for part in parts),
        tuple(value for part in parts for value in part[1]),
    )
