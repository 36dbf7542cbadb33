"""`keyturn _picture`: paints a request that comes on stdin; started by the demo alone."""

import argparse
import sys
from pathlib import Path

from keyturn import bootstrap


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("target", type=Path)


def run(arguments: argparse.Namespace) -> int:
    """Paint and end."""
    bootstrap.picture(sys.stdin.buffer.read(), arguments.target)
    return 0
