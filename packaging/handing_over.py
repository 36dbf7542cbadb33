"""Runs another program in this one's place, to its own end; written for any python3 from 3.8."""

from __future__ import annotations

import signal
import subprocess


def hand_over(command: list[str], env: dict[str, str] | None = None) -> int:
    """Return a program's exit code, once it has ended by itself.

    Ctrl+C goes to it as well, and is its own to answer: `subprocess.call` kills a program that
    takes more than a quarter of a second to end, and a killed broker leaves its window behind.
    """
    # No handler is inherited, where to ignore the signal would be.
    before = signal.signal(signal.SIGINT, _go_on)
    try:
        return subprocess.call(command, env=env)
    finally:
        signal.signal(signal.SIGINT, before)


def _go_on(_number: int, _frame: object) -> None:
    """Leave the signal to the other program."""
