"""The console child: started by the broker over its own pipes, of no use to anybody else."""

import argparse

from keyturn import bootstrap


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--platform", default="")


def run(arguments: argparse.Namespace) -> int:
    """Show the window until the broker ends it."""
    return bootstrap.console(platform=arguments.platform)
