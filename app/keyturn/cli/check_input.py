"""`keyturn check-input`: a host's hook hands over what a person typed, before a model gets it."""

import argparse
import sys

from keyturn import bootstrap
from keyturn.cli.profile import chosen_profile
from keyturn.domain.typed import InputHost, InputPolicy

_WAYS = ("block", "warn")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    hosts = [host.value for host in InputHost]
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--host", choices=hosts, help="whose hook hands the text over on stdin")
    which.add_argument(
        "--print-hook", choices=hosts, metavar="HOST", help="print what the host needs to call this"
    )
    parser.add_argument("--secrets", choices=_WAYS, default="block", help="texts with a secret")
    parser.add_argument("--hidden", choices=_WAYS, default="block", help="texts with hidden ones")
    parser.add_argument("--orders", choices=_WAYS, default="warn", help="pasted orders to a model")


def run(arguments: argparse.Namespace) -> int:
    """Answer the host in its own form; nothing of a host's files is written."""
    choice = chosen_profile(arguments)
    if arguments.print_hook is not None:
        where, snippet = bootstrap.print_hook(choice, InputHost(arguments.print_hook))
        sys.stderr.write(f"{where}\n" if where else "")
        sys.stdout.write(snippet)
        return 0
    policy = InputPolicy(
        secrets=arguments.secrets == "block",
        hidden=arguments.hidden == "block",
        orders=arguments.orders == "block",
    )
    raw = sys.stdin.buffer.read(bootstrap.LONGEST_HOOK_INPUT + 1)
    answer = bootstrap.check_input(choice, InputHost(arguments.host), raw, policy)
    sys.stdout.write(answer.out)
    sys.stderr.write(answer.err)
    return answer.code
