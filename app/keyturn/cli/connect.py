"""`keyturn connect`: the byte pump that an agent host launches, under its slower name."""

import argparse

from keyturn import shim


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("server", metavar="SERVER")
    parser.add_argument("--agent", metavar="NAME", default="")
    parser.add_argument("--token-file", metavar="PATH", default="")


def run(arguments: argparse.Namespace) -> int:
    """Pump bytes until either side ends."""
    words = [arguments.server]
    if arguments.agent:
        words += ["--agent", arguments.agent]
    home = getattr(arguments, "home", "")
    if home:
        words += ["--home", home]
    if arguments.token_file:
        words += ["--token-file", arguments.token_file]
    return shim.main(words)
