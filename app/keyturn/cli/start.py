"""`keyturn` alone: start the broker and its console, or raise the window that runs."""

import argparse

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--platform", default="", metavar="NAME", help="Qt platform plug-in (tests: offscreen)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until the person quits."""
    return bootstrap.start(chosen_profile(arguments), platform=arguments.platform)
