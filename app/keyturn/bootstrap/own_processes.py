"""How this program starts another process of its own; loads next to nothing."""

import sys
from collections.abc import Mapping

from keyturn.desktop.crash_log import CRASH_LOG
from keyturn.desktop.hardening import clean_environment
from keyturn.desktop.paths import Profile


def own_command(name: str) -> tuple[str, ...]:
    """Return how this program starts another process of its own."""
    return (sys.executable, "-I", "-m", "keyturn", name)


def window_command(platform: str) -> tuple[str, ...]:
    """Return the window's command line."""
    command = own_command("_console")
    return (*command, "--platform", platform) if platform else command


def window_environment(env: Mapping[str, str], profile: Profile) -> dict[str, str]:
    """Return the window's environment."""
    return clean_environment(env) | {CRASH_LOG: str(profile.console_log)}
