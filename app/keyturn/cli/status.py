"""`keyturn status`: 0 when the broker answers and is not stopped, 1 stopped, 3 no broker."""

import argparse
import json
import sys

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile
from keyturn.cli.replies import plain

STOPPED = 1
NO_BROKER = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Print what the broker says of itself."""
    choice = chosen_profile(arguments)
    answer = bootstrap.ask_broker(choice, {"control": "status"})
    if answer is None:
        stopped = bootstrap.stop_engaged(choice)
        if arguments.json:
            sys.stdout.write(json.dumps({"ok": False, "running": False, "stopped": stopped}) + "\n")
        else:
            sys.stdout.write(
                "Keyturn is not running; agents are refused"
                + (", and the stop is engaged.\n" if stopped else ".\n")
            )
        return NO_BROKER
    if arguments.json:
        sys.stdout.write(json.dumps({"running": True, **answer}, sort_keys=True) + "\n")
    elif answer.get("stopped"):
        sys.stdout.write(
            f"Stopped since {plain(answer.get('since'))} by {plain(answer.get('trigger'))}; "
            f"{answer.get('refused_since')} refused since. Resume in the window.\n"
        )
    else:
        sys.stdout.write(
            f"Protecting: {answer.get('waiting')} waiting, "
            f"{answer.get('connections')} connections.\n"
        )
        overdue = answer.get("access_overdue")
        if isinstance(overdue, int) and overdue:
            sys.stdout.write(f"Overdue in the access review, under Agents: {overdue}.\n")
    return STOPPED if answer.get("stopped") else 0
