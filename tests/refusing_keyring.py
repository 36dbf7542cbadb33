"""A keyring back end that fails loudly, so that no test reaches a developer's keychain."""

from typing import NoReturn

from keyring.backend import KeyringBackend
from keyring.errors import KeyringError


class RefusingKeyring(KeyringBackend):
    """Refuses every request."""

    def get_password(self, service: str, username: str) -> NoReturn:
        """Refuse."""
        raise KeyringError(f"no keychain here for {service}; the marker `keychain` brings one")

    def set_password(self, service: str, username: str, password: str) -> NoReturn:
        """Refuse."""
        raise KeyringError(f"no keychain here for {service}; the marker `keychain` brings one")

    def delete_password(self, service: str, username: str) -> NoReturn:
        """Refuse."""
        raise KeyringError(f"no keychain here for {service}; the marker `keychain` brings one")
