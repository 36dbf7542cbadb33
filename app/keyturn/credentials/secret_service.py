"""keyring's Secret Service back end (Linux), made fit for a program that must not hang or leak.

It asks for the password once at a time however many calls come, closes its connection when the
keychain cannot be opened, and can look without asking.
"""

import threading
from contextlib import closing
from typing import Any

from keyring.backends import SecretService

# The very module that the back end uses.
from keyring.backends.SecretService import (
    secretstorage,  # pyright: ignore[reportPrivateImportUsage]  # and no dependency of our own
)
from keyring.errors import InitError, KeyringLocked


class PatientSecretService(SecretService.Keyring):
    """One open question at most: who comes while it is open is told that the keychain is locked."""

    def __init__(self) -> None:
        super().__init__()
        self._asking = threading.Lock()

    def get_preferred_collection(self) -> secretstorage.Collection:
        """Return the default collection, unlocked; its connection is the caller's to close.

        Raises KeyringLocked, or InitError when there is no Secret Service.
        """
        try:
            connection = secretstorage.dbus_init()
            try:
                return self._opened(connection)
            except BaseException:
                connection.close()
                raise
        except secretstorage.SecretStorageException as error:
            raise InitError(str(error)) from error

    def state(self) -> str:
        """Return ready, locked or missing, without asking the person for anything."""
        try:
            with closing(secretstorage.dbus_init()) as connection:
                if not secretstorage.check_service_availability(connection):
                    return "missing"
                locked = secretstorage.Collection(connection).is_locked()
                return "locked" if locked else "ready"
        except secretstorage.ItemNotFoundException:
            # No collection yet: making the first one asks for a password.
            return "locked"
        except secretstorage.SecretStorageException:
            return "missing"

    def _opened(self, connection: Any) -> secretstorage.Collection:
        try:
            collection = secretstorage.Collection(connection)
        except secretstorage.ItemNotFoundException:
            collection = None
        if collection is not None and not collection.is_locked():
            return collection
        if not self._asking.acquire(blocking=False):
            raise KeyringLocked("the keychain waits for its password")
        try:
            if collection is None:
                collection = secretstorage.get_default_collection(connection)
            collection.unlock()
        finally:
            self._asking.release()
        if collection.is_locked():
            raise KeyringLocked("the question for the password was dismissed")
        return collection
