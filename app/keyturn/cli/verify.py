"""`keyturn verify`: 0 sound, 1 tampered, 2 unreadable, 3 unknown key, 4 rolled back."""

import argparse
import sys
from pathlib import Path

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("database", nargs="?", metavar="DB", help="default: the profile's own")
    parser.add_argument("--deep", action="store_true", help="also compare what the window shows")


def run(arguments: argparse.Namespace) -> int:
    """Check the chain and print one sentence."""
    database = Path(arguments.database) if arguments.database else None
    code, sentence = bootstrap.verify(chosen_profile(arguments), database, deep=arguments.deep)
    (sys.stdout if code == 0 else sys.stderr).write(sentence + "\n")
    return code
