"""Chooses the keychain: the ones that are known to keep secrets, and never another.

keyring itself would take what PYTHON_KEYRING_BACKEND or keyringrc.cfg names, or any installed
plug-in, also one that writes plain text. None of that is asked here, and the choice is pinned in
keyring, so that a library that uses it gets the same.
"""

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

import keyring.core
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked

from keyturn.credentials.refusing import no_keychain

WINDOWS_LONGEST = 1_280
"""Characters: a credential has 2,560 bytes, in UTF-16."""

_PROPERTY = "KEYRING_PROPERTY_"
_PROBE = ("keyturn:probe", "probe")
_log = logging.getLogger(__name__)


class Backend(Protocol):
    """What is used of keyring's back ends; each method may block, and raise what it likes."""

    def get_password(self, service: str, username: str) -> str | None:
        """Return the value, or None when there is no such entry."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Store or replace a value."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Remove an entry that is there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Keychain:
    """A keychain that may be used."""

    backend: Backend
    state: Callable[[], str]
    """Return ready, locked or missing; may block."""
    longest_value: int | None = None
    """In UTF-16 units; None where there is no limit that matters."""


def choose_keychain() -> Keychain:
    """Find the first allowed keychain that works here and pin it; may block.

    Raises SecretStoreUnavailable when there is none; then keyring is left with a back end that
    refuses everything.
    """
    for candidate in _candidates():
        try:
            return candidate()
        except Exception as error:  # noqa: BLE001 - boundary: back ends raise what they like
            _log.info("keychain not usable cause=%r", error)
    keyring.core.set_keyring(fail.Keyring())
    raise no_keychain()


def _candidates() -> tuple[Callable[[], Keychain], ...]:
    # By keyring's own names. macOS and Windows are untested.
    if sys.platform == "darwin":
        return (lambda: _by_name("keyring.backends.macOS.Keyring"),)
    if sys.platform == "win32":
        return (lambda: _by_name("keyring.backends.Windows.WinVaultKeyring", WINDOWS_LONGEST),)
    return (
        _secret_service,
        lambda: _by_name("keyring.backends.kwallet.DBusKeyring"),
        lambda: _by_name("keyring.backends.kwallet.DBusKeyringKWallet4"),
    )


def _secret_service() -> Keychain:
    # Imported where it is used: there is no such module on other systems.
    from keyturn.credentials.secret_service import PatientSecretService

    # Raises RuntimeError where there is no service.
    _ = PatientSecretService.priority
    backend = PatientSecretService()
    return Keychain(backend=_pinned(backend), state=backend.state)


def _by_name(name: str, longest_value: int | None = None) -> Keychain:
    # Raises where it cannot work.
    backend = _pinned(keyring.core.load_keyring(name))

    def state() -> str:
        try:
            backend.get_password(*_PROBE)
        except KeyringLocked:
            return "locked"
        return "ready"

    return Keychain(backend=backend, state=state, longest_value=longest_value)


def _pinned(backend: KeyringBackend) -> Backend:
    # The environment may have turned it to another collection, or another scheme of attributes.
    for name in os.environ:
        if name.startswith(_PROPERTY):
            vars(backend).pop(name.removeprefix(_PROPERTY).lower(), None)
    keyring.core.set_keyring(backend)
    # keyring wraps set_password in a way that hides its parameters from type checkers.
    return cast(Backend, backend)
