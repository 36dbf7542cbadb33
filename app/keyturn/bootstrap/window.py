"""The console child: takes the broker's pipes off its standard streams, shows the window."""

import os
import sys

from keyturn.desktop.hardening import make_undumpable, set_process_name
from keyturn.desktop.resources import find_resources
from keyturn.domain.errors import ConfigurationError


def run_console_child(platform: str) -> int:
    """Run until the broker closes the pipe; returns the exit code."""
    from keyturn.gui.app import run_console

    if sys.stdin.isatty() or sys.stdout.isatty():
        raise ConfigurationError(
            "The console is started by Keyturn's broker.", mend="Start `keyturn` instead."
        )
    make_undumpable()
    set_process_name("keyturn console")
    return run_console(find_resources(), platform, *_take_pipes())


def _take_pipes() -> tuple[int, int]:
    """Move the pipes away from the standard streams, so that no stray print reaches the broker."""
    reading, writing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return reading, writing
