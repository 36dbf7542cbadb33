"""Starts the headless broker as the product does, to be killed at a named point of a call's walk.

Run as `python -I broker.py HOME FILE [--kill-at MILESTONE --time N [--from-the-first-call]]
[--send-before-commit]`. Only this launcher can do that: the product takes milestones from nowhere.
"""

import argparse
import asyncio
import os
import secrets
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keyturn.application.gate import Gate
from keyturn.application.ports.milestones import Milestone, Milestones, Unwatched
from keyturn.application.ports.secret_store import Secret
from keyturn.application.tasks import TaskOwner
from keyturn.bootstrap import headless
from keyturn.bootstrap.owned_profile import owned_profile
from keyturn.desktop.paths import Profile
from keyturn.domain.configuration import ServerConfig

SLOW_DISK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """The profile that the command line would have chosen."""

    home: str
    env: Mapping[str, str]
    name: str = ""


class KillAt:
    """Ends the process at the n-th time that a milestone is reached, on whatever thread."""

    def __init__(self, milestone: Milestone, time: int, *, from_the_first_call: bool) -> None:
        """Count from the first judged call on, or from the start."""
        self._milestone = milestone
        self._left = time
        self._counting = not from_the_first_call
        self._lock = threading.Lock()

    def reached(self, milestone: Milestone) -> None:
        """Count, and die without a word when it is time."""
        with self._lock:
            self._counting = self._counting or milestone is Milestone.JUDGED
            if not self._counting or milestone is not self._milestone:
                return
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class OneSecret:
    """A keychain with one made-up value under every name."""

    def __init__(self) -> None:
        self._secret = Secret(secrets.token_hex())

    @classmethod
    def of(
        cls, profile: Profile, servers: tuple[ServerConfig, ...], env: Mapping[str, str]
    ) -> "OneSecret":
        """Stand in for the keychain of a headless broker."""
        return cls()

    async def get(self, server: str, name: str) -> Secret:
        """Return the value."""
        return self._secret

    async def put(self, server: str, name: str, secret: Secret) -> None:
        """Keep nothing."""

    async def delete(self, server: str, name: str) -> bool:
        """Have nothing."""
        return False

    async def status(self) -> str:
        """Be ready."""
        return "ready"


def send_before_commit() -> None:
    """Break law 1: a call goes out while its decision is still on its way to the disk."""
    commit, late = vars(Gate)["_commit"], TaskOwner()

    async def slow_disk(*arguments: Any) -> None:
        # The fault is the order; the delay only lets the server take what was sent too early.
        await asyncio.sleep(SLOW_DISK_SECONDS)
        await commit(*arguments)

    async def commit_later(*arguments: Any) -> None:
        late.start(slow_disk(*arguments), "late commit")

    setattr(Gate, "_commit", commit_later)  # noqa: B010 - a name of the gate's own, taken on purpose


def main() -> int:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home")
    parser.add_argument("file", type=Path)
    parser.add_argument("--kill-at", type=Milestone)
    parser.add_argument("--time", type=int, default=1)
    parser.add_argument("--from-the-first-call", action="store_true")
    parser.add_argument("--send-before-commit", action="store_true")
    options = parser.parse_args()
    if options.send_before_commit:
        send_before_commit()
    milestones: Milestones = Unwatched()
    if options.kill_at is not None:
        milestones = KillAt(
            options.kill_at, options.time, from_the_first_call=options.from_the_first_call
        )
    headless.headless_keychain = OneSecret.of
    choice = Choice(options.home, os.environ)
    with owned_profile(choice) as profile:
        return headless.run_headless(choice, profile, options.file, "exec", milestones)


if __name__ == "__main__":
    sys.exit(main())
