"""`keyturn stop` (or `pause`): stop every agent from anywhere. There is no `resume` here."""

import argparse
import sys

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--reason", default="", metavar="TEXT", help="why, for the record")


def run(arguments: argparse.Namespace) -> int:
    """Write the stop file first, then tell the broker: either alone is enough."""
    reached = bootstrap.engage_stop(chosen_profile(arguments), arguments.reason)
    sys.stdout.write(
        "All agents are stopped. Resume in Keyturn's window.\n"
        if reached
        else "The stop is engaged; no broker is running. Resume in Keyturn's window.\n"
    )
    return 0
