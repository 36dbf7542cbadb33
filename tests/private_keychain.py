"""A real gnome-keyring on a test's own session bus, with a password that the test makes up."""

import asyncio
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.private_session import program, wait_for_owner

SERVICE = "org.freedesktop.secrets"
PASSWORD = secrets.token_hex(8)


@contextmanager
def gnome_keyring(
    env: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, folder: Path, password: str = PASSWORD
) -> Generator[None]:
    """Run the daemon, unlocked if the password is that of the first run; then it is gone again."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", env["DBUS_SESSION_BUS_ADDRESS"])
    command = ["gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock"]
    with program(command, env, stdin=password.encode("ascii"), log=folder / "keyring.log"):
        asyncio.run(wait_for_owner(SERVICE))
        yield
    asyncio.run(wait_for_owner(SERVICE, owned=False))
