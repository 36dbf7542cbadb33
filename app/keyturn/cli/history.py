"""`keyturn history`: query the decision log, newest first."""

import argparse
import csv
import json
import sys

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile
from keyturn.cli.replies import plain
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.errors import ConfigurationError

COLUMNS = ("number", "time", "agent", "server", "tool", "tier", "outcome", "actor", "delivery")
FILTERS = ("agent", "server", "tool", "outcome", "tier", "rule", "since", "until", "text")
# The wide forms count too: spreadsheets of East Asian editions read them alike.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "filters",
        nargs="*",
        metavar="FILTER",
        help=f"NAME:VALUE with NAME one of {', '.join(FILTERS)}; other words are searched for",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--csv", action="store_true", help="a table with a header")
    parser.add_argument("--limit", type=int, default=200, metavar="N", help="most rows (200)")


def run(arguments: argparse.Namespace) -> int:
    """Print the decisions that match."""
    rows = bootstrap.read_history(
        chosen_profile(arguments), read_filters(arguments.filters), limit=arguments.limit
    )
    if arguments.json:
        for row in rows:
            sys.stdout.write(json.dumps(row, sort_keys=True) + "\n")
    elif arguments.csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(COLUMNS)
        writer.writerows([_cell(row.get(name)) for name in COLUMNS] for row in rows)
    else:
        for row in rows:
            sys.stdout.write(_line(row) + "\n")
    return 0


def read_filters(words: list[str]) -> dict[str, tuple[str, ...]]:
    """Read `agent:coder` and free words; raises ConfigurationError for an unknown name."""
    filters: dict[str, tuple[str, ...]] = {}
    for word in words:
        name, colon, value = word.partition(":")
        if not colon:
            name, value = "text", word
        if name not in FILTERS:
            raise ConfigurationError(
                f"There is no filter named {name!r}.", mend=f"Use one of {', '.join(FILTERS)}."
            )
        filters[name] = (*filters.get(name, ()), value)
    return filters


def _line(row: JsonObject) -> str:
    number, time, agent, server, tool, tier, outcome, _actor, delivery = (
        plain(row[name] or "-") for name in COLUMNS
    )
    return f"{number:>7}  {time}  {agent}  {server}/{tool}  {tier}  {outcome}  {delivery}"


def _cell(value: JsonValue) -> str:
    """Write a cell that no spreadsheet takes for a formula (security.md section 3)."""
    text = "" if value is None else str(value)
    return plain("'" + text if text.startswith(_FORMULA) else text)
