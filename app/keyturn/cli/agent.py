"""`keyturn agent`: list agents; adding is a proposal to the window; revoking acts at once."""

import argparse
import sys
from collections.abc import Iterator

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile
from keyturn.cli.replies import plain, require_ok
from keyturn.domain.canonical import JsonObject, JsonValue


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="enrolled and proposed agents")
    for verb, words in (("add", "propose; the window enrols"), ("revoke", "take the token away")):
        child = verbs.add_parser(verb, help=words)
        child.add_argument("name")
        if verb == "add":
            child.add_argument(
                "--allow-tools",
                nargs="+",
                default=None,
                metavar="SERVER/TOOL",
                help="all that it is to see, as reports/read_*; else the reads you confirmed",
            )


def _seen(row: JsonObject) -> Iterator[str]:
    """Yield what an agent sees, one line each; nothing where nothing is hidden from it."""
    rows, profile, until = row["sees"], row["profile"], row["until"]
    if profile:
        yield f"profile {profile}, " + (f"until {until}" if until else "its time is over")
    if row["profiles_only"]:
        yield "sees nothing while no profile is on"
    if isinstance(rows, list):
        yield from (f"sees {text}" for text in rows)
        if not rows:
            yield "sees nothing"


def _proposed(choice: bootstrap.ProfileChoice) -> Iterator[str]:
    """Yield the names that wait in the window; only a broker that runs knows of any."""
    answer = bootstrap.ask_broker(choice, {"control": "status"}) or {}
    names = answer.get("proposed_agents")
    yield from (str(name) for name in (names if isinstance(names, list) else ()))


def _list(choice: bootstrap.ProfileChoice) -> None:
    for row in bootstrap.stored_agents(choice):
        sys.stdout.write(f"{plain(row['name'])}  enrolled {row['enrolled_at']}\n")
        for line in _seen(row):
            sys.stdout.write(f"    {plain(line)}\n")
    for name in _proposed(choice):
        sys.stdout.write(f"{plain(name)}  (proposed)\n")


def run(arguments: argparse.Namespace) -> int:
    """Carry out one verb."""
    choice = chosen_profile(arguments)
    if arguments.verb == "list":
        _list(choice)
        return 0
    control = "propose_agent" if arguments.verb == "add" else "revoke_agent"
    request: JsonObject = {"control": control, "name": arguments.name}
    if arguments.verb == "add" and arguments.allow_tools is not None:
        request["sees"] = list[JsonValue](arguments.allow_tools)
    require_ok(bootstrap.ask_broker(choice, request))
    sys.stdout.write(
        "Proposed. Enrol it under Agents in Keyturn's window, which says what it sees at first.\n"
        if arguments.verb == "add"
        else f"{arguments.name} is revoked; its connections are ended.\n"
    )
    return 0
