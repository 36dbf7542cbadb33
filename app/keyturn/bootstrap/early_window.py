"""Starts the window before the broker has loaded what one needs: each takes half a second.

It shows nothing until the broker has spoken, so that a broker that fails to start shows none.
"""

import asyncio
import contextlib
from collections.abc import Mapping

from keyturn.approvers.window_process import launch
from keyturn.bootstrap import ProfileChoice, loading
from keyturn.bootstrap.own_processes import window_command, window_environment
from keyturn.desktop.paths import Profile


def run_with_early_window(choice: ProfileChoice, profile: Profile, platform: str) -> int:
    """Serve a profile that this process owns until the person quits; returns the exit code."""
    return asyncio.run(_run(choice, profile, platform))


async def _run(choice: ProfileChoice, profile: Profile, platform: str) -> int:
    window = await _start(window_command(platform), window_environment(choice.env, profile))
    try:
        with loading():
            from keyturn.bootstrap.windowed import run_windowed

        return await run_windowed(choice, profile, platform, window)
    finally:
        if window is not None and window.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                window.kill()
            await window.wait()


async def _start(
    command: tuple[str, ...], env: Mapping[str, str]
) -> asyncio.subprocess.Process | None:
    """Start it as the broker would later; None where that fails, which the broker then tells."""
    try:
        return await launch(command, env)
    except OSError:
        return None
