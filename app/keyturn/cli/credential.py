"""`keyturn credential`: secrets of the OS keychain, by server and name; values never in argv."""

import argparse
import getpass
import sys

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile
from keyturn.cli.replies import plain
from keyturn.domain.errors import ConfigurationError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    verbs.add_parser("list", help="names, and whether they are stored")
    for verb, words in (("set", "from a no-echo prompt or stdin"), ("remove", "remove it")):
        child = verbs.add_parser(verb, help=words)
        child.add_argument("server", metavar="SERVER")
        child.add_argument("name", metavar="NAME")


def run(arguments: argparse.Namespace) -> int:
    """Carry out one verb."""
    choice = chosen_profile(arguments)
    match arguments.verb:
        case "list":
            for server, name, stored in bootstrap.list_credentials(choice):
                sys.stdout.write(
                    f"{plain(server)}  {plain(name)}  {'stored' if stored else 'missing'}\n"
                )
        case "set":
            sentence = bootstrap.set_credential(
                choice, arguments.server, arguments.name, _read_value()
            )
            sys.stdout.write(sentence + "\n")
        case _:
            bootstrap.remove_credential(choice, arguments.server, arguments.name)
            sys.stdout.write("Removed from the keychain.\n")
    return 0


def _read_value() -> str:
    if sys.stdin.isatty():
        value = getpass.getpass("Value (not shown): ")
    else:
        value = sys.stdin.read().removesuffix("\n")
    if not value:
        raise ConfigurationError("No value was given.", mend="Type it, or pipe it to stdin.")
    return value
