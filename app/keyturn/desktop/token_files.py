"""Agents' tokens as files: one 0600 file each, in a folder that only the user can enter."""

import contextlib
import os
import secrets

from keyturn.desktop.paths import Profile

TOKEN_BYTES = 32


class AgentTokenFiles:
    """Writes and removes `agents/NAME.token` of a profile."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def new_token(self) -> str:
        """Return 256 random bits as URL-safe text."""
        return secrets.token_urlsafe(TOKEN_BYTES)

    def write(self, agent: str, token: str) -> None:
        """Create or replace the file; it never exists with a wider mode or half written."""
        path = self._profile.token(agent)
        temporary = path.with_name(f".{path.name}.new")
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token + "\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)

    def remove(self, agent: str) -> None:
        """Remove the file; harmless when there is none."""
        with contextlib.suppress(FileNotFoundError):
            self._profile.token(agent).unlink()
