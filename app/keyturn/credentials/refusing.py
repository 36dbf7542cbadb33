"""The explicit absence of a keychain: a store that refuses everything and says why."""

from typing import NoReturn

from keyturn.application.ports.secret_store import Secret
from keyturn.domain.errors import SecretStoreUnavailable


class RefusingSecretStore:
    """Implements the SecretStore port where there is none to use; there is no fallback."""

    async def get(self, server: str, name: str) -> NoReturn:
        """Raise SecretStoreUnavailable."""
        raise no_keychain()

    async def put(self, server: str, name: str, secret: Secret) -> NoReturn:
        """Raise SecretStoreUnavailable; nothing is kept."""
        raise no_keychain()

    async def delete(self, server: str, name: str) -> NoReturn:
        """Raise SecretStoreUnavailable."""
        raise no_keychain()

    async def status(self) -> str:
        """Return missing."""
        return "missing"


def no_keychain() -> SecretStoreUnavailable:
    """Say that there is no keychain, and how to get one."""
    return SecretStoreUnavailable(
        "There is no keychain that Keyturn may use.",
        cause="No Secret Service, KWallet, macOS keychain or Windows credential store answers.",
        mend="Install or start one, for example gnome-keyring; Keyturn keeps no secrets in files.",
    )
