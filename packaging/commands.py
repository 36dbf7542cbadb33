"""What `dev.py` can do: parse its arguments, set up, and run the demo or the tests."""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import environment
import suite
import system_needs
from environment import SetupFailed
from handing_over import hand_over

ROOT = Path(__file__).resolve().parent.parent
OPTIONAL = ("gui", "keychain", "npm")
"""What `test --without` may leave out, each a marker of pyproject.toml."""


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code; 2 means that it could not begin."""
    parsed, rest = _parser().parse_known_args(arguments)
    try:
        match parsed.command:
            case "demo":
                return demo(rest)
            case "test":
                return test(parsed.without, parsed.venv, rest)
            case _ if rest:
                raise SetupFailed(f"{parsed.command} takes no arguments: {' '.join(rest)}")
            case "packages":
                return packages()
            case _:
                return setup(parsed.venv)
    except SetupFailed as failure:
        sys.stderr.write(f"{failure}\n")
        return 2
    except KeyboardInterrupt:
        return 130


def demo(arguments: list[str]) -> int:
    """Set up and run `keyturn demo`, which needs no network, no account and no model."""
    python = environment.ensure(ROOT, environment.RUN)
    missing = system_needs.missing("window")
    if missing:
        # Without a window the demo tells its story in the terminal: said, not refused.
        sys.stderr.write(system_needs.sentence(missing))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return hand_over([str(python), "-I", "-m", "keyturn", "demo", *arguments], env=clean)


def test(without: frozenset[str], venv: str, arguments: list[str]) -> int:
    """Set up and run every check, or with arguments only pytest with these."""
    sections = [name for name in OPTIONAL if name not in without]
    missing = system_needs.missing("tests", *(["window"] if "gui" in sections else []), *sections)
    if missing:
        sys.stderr.write(system_needs.sentence(missing))
        sys.stderr.write(f"Or leave out what needs them: --without {','.join(OPTIONAL)}\n")
        return 2
    with ThreadPoolExecutor() as beside:
        servers = [beside.submit(environment.ensure_npm_servers, ROOT)] if "npm" in sections else []
        python = environment.ensure(ROOT, environment.DEVELOP, venv)
        for installed in servers:
            installed.result()
    if "gui" in sections:
        unresolved = system_needs.unresolved_by_qt(python)
        if unresolved:
            raise SetupFailed(f"Qt cannot load: {', '.join(unresolved)} not found on this machine.")
    return suite.run(ROOT, python, without, arguments)


def setup(venv: str) -> int:
    """Set up for development; the last line written is the interpreter's path."""
    python = environment.ensure(ROOT, environment.DEVELOP, venv)
    missing = system_needs.missing("window", "tests", *OPTIONAL)
    if missing:
        sys.stderr.write(system_needs.sentence(missing))
    sys.stdout.write(f"{python}\n")
    return 0


def packages() -> int:
    """Write the names of the missing system packages on one line, for a script that installs."""
    missing = system_needs.missing("window", "tests", *OPTIONAL)
    sys.stdout.write(" ".join(need.package for need in missing) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py", allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True)
    # No -h of its own: what follows `demo` belongs to keyturn.
    commands.add_parser("demo", add_help=False, help="set up and show Keyturn at work")
    tests = commands.add_parser(
        "test", allow_abbrev=False, help="set up and check everything; more goes to pytest alone"
    )
    tests.add_argument(
        "--without",
        type=_layers,
        default=frozenset[str](),
        metavar=",".join(OPTIONAL),
        help="leave out the tests that need these",
    )
    only = commands.add_parser("setup", help="set up only; prints the interpreter's path last")
    for command in (tests, only):
        command.add_argument(
            "--venv",
            default=".venv",
            metavar="FOLDER",
            help="the environment to use, one for each Python; .venv if not given",
        )
    commands.add_parser("packages", help="name the missing system packages")
    return parser


def _layers(text: str) -> frozenset[str]:
    names = frozenset(name for name in text.split(",") if name)
    unknown = sorted(names.difference(OPTIONAL))
    if unknown:
        raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(OPTIONAL)}")
    return names
