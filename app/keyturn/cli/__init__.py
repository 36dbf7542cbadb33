"""The command line: finds the command, runs its module, turns errors into one sentence.

Each command is a module of this package with `add_arguments(parser)` and `run(arguments) -> int`;
only the module of the command that runs is imported, so that `stop` and `status` stay quick.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from keyturn import __version__
from keyturn.domain.errors import KeyturnError


@dataclass(frozen=True, slots=True)
class Command:
    """One row of `keyturn --help`."""

    module: str
    summary: str


COMMANDS = {
    "demo": Command("demo", "a private profile, real servers, a scripted agent, the window"),
    "connect": Command("connect", "stdio bridge that an agent host launches"),
    "serve": Command("serve", "the broker without a window, for servers and tests"),
    "server": Command("server", "list, show, propose or remove servers"),
    "agent": Command("agent", "list, propose or revoke agents"),
    "credential": Command("credential", "store, list or remove secrets in the OS keychain"),
    "status": Command("status", "0 when the broker answers and is not stopped"),
    "stop": Command("stop", "stop every agent, from anywhere"),
    "pause": Command("stop", "the same as stop"),
    "history": Command("history", "query the decision log"),
    "check-input": Command("check_input", "what a person typed, before a model gets it"),
    "rules": Command("rules", "test the rules of a headless FILE"),
    "verify": Command("verify", "check the decision log's chain"),
    "doctor": Command("doctor", "what works on this machine, and what to install"),
}
_HIDDEN = {
    "_console": Command("console", argparse.SUPPRESS),
    "_picture": Command("picture", argparse.SUPPRESS),
    "_worker": Command("worker", argparse.SUPPRESS),
}
_START = Command("start", "")
_BEFORE_A_COMMAND = ("--profile", "--home", "--platform")
"""Options with a value that may stand before a command."""


class CommandModule(Protocol):
    """What each command's module offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own arguments."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it and return the exit code."""
        ...


def run(argv: Sequence[str]) -> int:
    """Run one command; a KeyturnError becomes one sentence on stderr and exit code 1."""
    name = _command_in(argv)
    command = {**COMMANDS, **_HIDDEN}.get(name, _START)
    module = cast("CommandModule", importlib.import_module(f"keyturn.cli.{command.module}"))
    parser = _parser(module, name if command is not _START else "")
    try:
        return module.run(parser.parse_args(argv))
    except KeyturnError as error:
        sys.stderr.write(f"keyturn: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130


def _command_in(argv: Sequence[str]) -> str:
    """Return the first word that is no option and no option's value; empty where there is none."""
    words = iter(argv)
    for word in words:
        if word in _BEFORE_A_COMMAND:
            next(words, "")
        elif not word.startswith("-"):
            return word
    return ""


def _parser(module: CommandModule, chosen: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="keyturn",
        description="Holds every privileged tool call of your agents until you turn the key.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"keyturn {__version__}")
    _add_profile(parser)
    if not chosen:
        module.add_arguments(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, command in {**COMMANDS, **_HIDDEN}.items():
        # The others are named by `keyturn --help` alone; making them takes the time of a stop.
        if name != chosen and (chosen or command.summary is argparse.SUPPRESS):
            continue
        child = commands.add_parser(name, help=command.summary, allow_abbrev=False)
        if name == chosen:
            _add_profile(child)
            module.add_arguments(child)
    return parser


def _add_profile(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile", default=argparse.SUPPRESS, metavar="NAME", help="another profile"
    )
    parser.add_argument(
        "--home", default=argparse.SUPPRESS, metavar="DIR", help="the profile's folder"
    )
