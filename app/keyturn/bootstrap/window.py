"""The console child: takes the broker's pipes off its standard streams, builds the window."""

import os
import sys

from keyturn.bootstrap.next_broker import next_broker
from keyturn.desktop.crash_log import keep_crashes
from keyturn.desktop.hardening import make_undumpable, prefer_the_loop, set_process_name
from keyturn.desktop.resources import find_resources
from keyturn.domain.errors import ConfigurationError
from keyturn.gui.app import Console


def build_console(platform: str) -> Console:
    """Build the window on the pipes that this process was started with."""
    if sys.stdin.isatty() or sys.stdout.isatty():
        raise ConfigurationError(
            "The console is started by Keyturn's broker.", mend="Start `keyturn` instead."
        )
    keep_crashes(os.environ)
    make_undumpable()
    # The threads that read history word what they read, and a picture waits for each in turn.
    prefer_the_loop()
    set_process_name("keyturn console")
    successor = next_broker(os.environ, platform)
    return Console(find_resources(), platform, *_take_pipes(), successor)


def _take_pipes() -> tuple[int, int]:
    """Move the pipes away from the standard streams, so that no stray print reaches the broker."""
    reading, writing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return reading, writing
