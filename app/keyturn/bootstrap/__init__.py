"""The composition root: builds adapters and hands them to the use cases, one function a command.

Adapters are imported inside the functions, so that `status` and `stop` load neither Qt nor mcp.
What `stop` loads is counted in milliseconds between a person's fright and the last call sent.
"""

import gc
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from keyturn.domain.errors import AlreadyRunning

if TYPE_CHECKING:
    from keyturn.domain.canonical import JsonObject, JsonValue
    from keyturn.domain.rule_proof import Question
    from keyturn.domain.typed import InputHost, InputPolicy
    from keyturn.hosts.prompt_hook import HookAnswer

LONGEST_HOOK_INPUT = 8 * 1024 * 1024
"""Bytes that a host's hook may hand over; more is kept back, as nobody looks at it in time."""


class ProfileChoice(Protocol):
    """Which profile, as the command line was given it."""

    @property
    def name(self) -> str:
        """`--profile`; empty for the default."""
        ...

    @property
    def home(self) -> str:
        """`--home`; empty for KEYTURN_HOME or the default."""
        ...

    @property
    def env(self) -> Mapping[str, str]:
        """The environment."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of `keyturn doctor`."""

    what: str
    ok: bool
    needed: bool = True
    mend: str = ""


@contextmanager
def loading() -> Generator[None]:
    """Import and build without the collector, and spare it ever after what lives as long as we.

    A tenth of a start is the collector looking at modules, and later full collections would too.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def start(choice: ProfileChoice, *, platform: str) -> int:
    """Run the broker with its console; a second launch raises the first one's window."""
    from keyturn.bootstrap.owned_profile import owned_profile

    try:
        with owned_profile(choice) as profile:
            from keyturn.bootstrap.early_window import run_with_early_window

            return run_with_early_window(choice, profile, platform)
    except AlreadyRunning:
        from keyturn.bootstrap.commands import raise_window

        if not raise_window(choice):
            raise
        sys.stdout.write("Keyturn is already running; its window was raised.\n")
        return 0


def serve(choice: ProfileChoice, config: Path, *, approver: str, http_port: int | None) -> int:
    """Run the broker without a window."""
    from keyturn.bootstrap.owned_profile import owned_profile

    with owned_profile(choice) as profile:
        with loading():
            from keyturn.bootstrap.headless import run_headless

        return run_headless(choice, profile, config, approver, http_port=http_port)


def console(*, platform: str) -> int:
    """Run the console child on the pipes that the broker gave it."""
    with loading():
        from keyturn.bootstrap.window import build_console

        window = build_console(platform)
    return window.run()


def picture(line: bytes, target: Path) -> None:
    """Paint a request of the console protocol into a file."""
    from keyturn.desktop.resources import find_resources
    from keyturn.gui.picture import paint_request

    paint_request(find_resources(), line, target)


def worker() -> int:
    """Be one of the processes that read large payloads."""
    with loading():
        from keyturn.bootstrap.inspecting import run_worker

    return run_worker()


def demo(story: str, *, platform: str, picture: str) -> int:
    """Tell the demo's story."""
    from keyturn.bootstrap.demonstration import run_demo

    return run_demo(story, platform, picture)


def ask_broker(choice: ProfileChoice, request: "Mapping[str, JsonValue]") -> "JsonObject | None":
    """Ask the profile's broker one thing; None when none runs."""
    from keyturn.bootstrap.commands import ask

    return ask(choice, request)


def stop_engaged(choice: ProfileChoice) -> bool:
    """Tell whether the user's stop file is there."""
    from keyturn.bootstrap.stopping import sentinel_exists

    return sentinel_exists(choice)


def engage_stop(choice: ProfileChoice, reason: str) -> bool:
    """Write the stop file and tell the broker; True when a broker took it."""
    from keyturn.bootstrap.stopping import engage

    return engage(choice, reason)


def verify(choice: ProfileChoice, database: Path | None, *, deep: bool) -> tuple[int, str]:
    """Check a log; returns the exit code of architecture.md section 6 and a sentence."""
    from keyturn.bootstrap.commands import verify_log

    return verify_log(choice, database, deep=deep)


def read_history(
    choice: ProfileChoice, filters: Mapping[str, tuple[str, ...]], *, limit: int
) -> "list[JsonObject]":
    """Read decisions, newest first."""
    from keyturn.bootstrap.commands import history_rows

    return history_rows(choice, filters, limit)


def lint_rules(choice: ProfileChoice, file: Path) -> tuple[tuple[str, ...], bool]:
    """Say what is odd about the rules of a headless FILE, and whether nothing is."""
    from keyturn.bootstrap.rule_tests import lint_file

    tested = lint_file(choice, file)
    return tested.lines, tested.well


def export_rules(choice: ProfileChoice) -> str:
    """Return the profile's rules as TOML."""
    from keyturn.bootstrap.rule_export import export_rules

    return export_rules(choice)


def read_rules(file: Path) -> "list[JsonValue]":
    """Read the rules of FILE, to be proposed."""
    from keyturn.bootstrap.rule_tests import rules_of_file

    return rules_of_file(file)


def ask_rules(file: Path, question: "Question") -> tuple[tuple[str, ...], bool]:
    """Say whether the rules of FILE can ever allow a call, and whether it is proved that not."""
    from keyturn.bootstrap.rule_tests import ask_of_file

    tested = ask_of_file(file, question)
    return tested.lines, tested.well


def stored_servers(choice: ProfileChoice) -> "list[JsonObject]":
    """Read the profile's servers and their pinned tools."""
    from keyturn.bootstrap.commands import read_servers

    return read_servers(choice)


def stored_agents(choice: ProfileChoice) -> "list[JsonObject]":
    """Read the profile's enrolled agents."""
    from keyturn.bootstrap.commands import read_agents

    return read_agents(choice)


def list_credentials(choice: ProfileChoice) -> list[tuple[str, str, bool]]:
    """List (server, name, stored)."""
    from keyturn.bootstrap.commands import credentials

    return credentials(choice)


def set_credential(choice: ProfileChoice, server: str, name: str, value: str) -> str:
    """Store a secret and return a sentence that says what was done."""
    from keyturn.bootstrap.commands import store_credential

    return store_credential(choice, server, name, value)


def remove_credential(choice: ProfileChoice, server: str, name: str) -> None:
    """Remove a secret from the keychain."""
    from keyturn.bootstrap.commands import drop_credential

    drop_credential(choice, server, name)


def doctor(choice: ProfileChoice) -> list[Finding]:
    """Check what works on this machine."""
    from keyturn.bootstrap.examination import examine

    return examine(choice)


def check_input(
    choice: ProfileChoice, host: "InputHost", raw: bytes, policy: "InputPolicy"
) -> "HookAnswer":
    """Check what a host's hook handed over, and answer in the host's form."""
    from keyturn.bootstrap.checking_input import check_hook_input

    return check_hook_input(choice, host, raw, policy)


def print_hook(choice: ProfileChoice, host: "InputHost") -> tuple[str, str]:
    """Return where a host's snippet belongs, and the snippet."""
    from keyturn.bootstrap.checking_input import print_hook

    return print_hook(choice, host)
