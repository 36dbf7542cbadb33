"""A worker: started by the broker over its own pipes, reads large payloads, of no other use."""

import argparse

from keyturn import bootstrap


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(arguments: argparse.Namespace) -> int:
    """Work until the broker ends."""
    return bootstrap.worker()
