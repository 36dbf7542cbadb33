"""A history filter as SQL: column names of our own, and every text of the filter a bound value."""

import re
import sqlite3
from collections.abc import Sequence
from typing import TypeAlias

from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.destinations import destinations_in
from keyturn.domain.history_filter import HistoryFilter

Part: TypeAlias = tuple[str, tuple[str, ...]]
"""SQL with its values."""

PREVIEW_BYTES = 8192
"""Arguments up to this size come with a row of a page, and are searched for a text."""

_EVERYTHING: Part = ("1", ())
_SEARCHED = ("c.agent", "c.server", "c.tool", "c.method", "c.rule_name")
_ARGUMENTS = f"iif(length(a.value) <= {PREVIEW_BYTES}, CAST(a.value AS TEXT), '')"
_AS_IT_IS = re.compile(r'["\\\x00-\x1f]')
"""What JSON writes in another way than it is."""
_NAMES_HOST = "keyturn_names_host"


def add_functions(connection: sqlite3.Connection) -> None:
    """Give a connection what conditions ask of arguments that SQL cannot tell."""
    connection.create_function(_NAMES_HOST, 2, _names_host, deterministic=True)


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
            *(_argument(path, text) for path, text in narrowed.arguments),
            _any_of([_host(host) for host in narrowed.hosts]),
            *period("c.ts", narrowed.since, narrowed.until),
            containing(narrowed.text, (*_SEARCHED, _ARGUMENTS)),
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


def containing(text: str, searched: Sequence[str]) -> Part:
    """Look for a text in any of some columns; none given narrows nothing."""
    if not text:
        return _EVERYTHING
    tests = " OR ".join(f"{column} LIKE ? ESCAPE '\\'" for column in searched)
    return (f"({tests})", (_part(text),) * len(searched))


def _argument(path: str, text: str) -> Part:
    """Look for a text in one argument; what is no JSON has none."""
    # The test for JSON stands around the argument, because SQLite may take tests in any order.
    found = f"json_extract(iif(json_valid({_ARGUMENTS}), {_ARGUMENTS}, '{{}}'), ?)"
    test, values = f"{found} LIKE ? ESCAPE '\\'", (_json_path(path), _part(text))
    if _AS_IT_IS.search(text):
        return (test, values)
    # Most rows do not hold the text at all, and need not be read as JSON.
    return (f"({_ARGUMENTS} LIKE ? ESCAPE '\\' AND {test})", (_part(text), *values))


def _host(host: str) -> Part:
    # Most rows do not hold its letters at all, so that few have to be looked through.
    test = f"({_ARGUMENTS} LIKE ? ESCAPE '\\' AND {_NAMES_HOST}({_ARGUMENTS}, ?))"
    return (test, (_part(host), host.casefold()))


def _part(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _json_path(pointer: str) -> str:
    """Write a JSON Pointer as SQLite's path; a number is taken for a place in a list.

    In quotes SQLite takes every character as it is, and there is no way to write a quote.
    """
    steps = pointer.split("/")[1:]
    keys = (step.replace("~1", "/").replace("~0", "~").replace('"', "") for step in steps)
    return "$" + "".join(f"[{key}]" if _is_place(key) else f'."{key}"' for key in keys)


def _is_place(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) <= 9


def _names_host(arguments: str, host: str) -> bool:
    parsed = parse_strict(arguments)
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
        return False
    named = (one.name.rpartition("@")[2] for one in destinations_in(parsed.value))
    return any(name == host or name.endswith(f".{host}") for name in named)


def _any_of(parts: Sequence[Part]) -> Part:
    if not parts:
        return _EVERYTHING
    tests = " OR ".join(part[0] for part in parts)
    return (f"({tests})", tuple(value for part in parts for value in part[1]))


def all_of(parts: Sequence[Part]) -> Part:
    """Join parts with AND."""
    return (
        " AND ".join(part[0] for part in parts),
        tuple(value for part in parts for value in part[1]),
    )
