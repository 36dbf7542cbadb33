"""The secret store port: the OS keychain, reached by (server, name), never a file."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that must not be printed."""

    value: str

    def __repr__(self) -> str:
        """Keep the value out of logs and tracebacks."""
        return "Secret(...)"


class SecretStore(Protocol):
    """Each method raises SecretStoreUnavailable when the keychain is locked, missing or silent."""

    async def get(self, server: str, name: str) -> Secret | None:
        """Return the stored value, or None when nothing is stored under that name."""
        ...

    async def put(self, server: str, name: str, secret: Secret) -> None:
        """Store or replace a value."""
        ...

    async def delete(self, server: str, name: str) -> bool:
        """Remove a value; False when there was none."""
        ...

    async def status(self) -> str:
        """Return a word for the window: ready, locked, missing."""
        ...
