"""`keyturn demo`: the shipment report, with real servers and a scripted agent, told anew."""

import argparse

from keyturn import bootstrap

STORIES = ("shipment",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", nargs="?", default="shipment", choices=STORIES, metavar="NAME")
    parser.add_argument("--platform", default="", metavar="NAME", help="Qt platform plug-in")
    parser.add_argument("--picture", default="", metavar="FILE", help="where the picture goes")


def run(arguments: argparse.Namespace) -> int:
    """Tell the story; without a display in the terminal, without a terminal by itself."""
    return bootstrap.demo(arguments.name, platform=arguments.platform, picture=arguments.picture)
