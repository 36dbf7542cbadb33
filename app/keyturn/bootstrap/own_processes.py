"""How this program starts another process of its own; loads next to nothing."""

import sys
from collections.abc import Mapping
from typing import Final

from keyturn.desktop.crash_log import CRASH_LOG
from keyturn.desktop.hardening import clean_environment
from keyturn.desktop.paths import Profile

WINDOW_OF: Final = "KEYTURN_WINDOW_OF"
WINDOW_NAME: Final = "KEYTURN_WINDOW_NAME"
"""Environment variables with the profile's folder and name; the broker sets them for its window."""


def own_program() -> tuple[str, ...]:
    """Return how this program is started."""
    return (sys.executable, "-I", "-m", "keyturn")


def own_command(name: str) -> tuple[str, ...]:
    """Return how this program starts another process of its own."""
    return (*own_program(), name)


def window_command(platform: str) -> tuple[str, ...]:
    """Return the window's command line."""
    command = own_command("_console")
    return (*command, "--platform", platform) if platform else command


def window_environment(env: Mapping[str, str], profile: Profile) -> dict[str, str]:
    """Return the window's environment."""
    told = {CRASH_LOG: str(profile.console_log), WINDOW_OF: str(profile.folder)}
    return clean_environment(env) | told | {WINDOW_NAME: profile.name}
