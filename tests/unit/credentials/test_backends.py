"""Only keychains that keep secrets are used, whatever is installed and whatever is set."""

import os
from typing import NoReturn

import keyring
import keyring.core
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail

from keyturn.credentials import backends
from keyturn.credentials.backends import WINDOWS_LONGEST, choose_keychain
from keyturn.domain.errors import SecretStoreUnavailable

ALLOWED = {
    "linux": [
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
    ],
    "darwin": ["keyring.backends.macOS.Keyring"],
    "win32": ["keyring.backends.Windows.WinVaultKeyring"],
}


class PlainTextKeyring(KeyringBackend):
    """Stands for what a plug-in may register: eager, and keeping nothing secret."""

    priority = 99  # pyright: ignore[reportAssignmentType]  # keyring's is a property of the class

    def get_password(self, service: str, username: str) -> NoReturn:
        raise AssertionError("it was asked")

    def set_password(self, service: str, username: str, password: str) -> NoReturn:
        raise AssertionError("it was told")


class Loader:
    """Stands in for keyring's loader of back ends by name."""

    def __init__(self, *, works: bool) -> None:
        self.asked: list[str] = []
        self._works = works

    def __call__(self, name: str) -> KeyringBackend:
        self.asked.append(name)
        if not self._works:
            raise RuntimeError("not viable")
        return fail.Keyring()


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
def test_the_candidates_are_those_of_the_list_and_no_others(
    system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = Loader(works=False)
    monkeypatch.setattr(backends.sys, "platform", system)
    monkeypatch.setattr(keyring.core, "load_keyring", loader)
    with pytest.raises(SecretStoreUnavailable, match="no keychain") as caught:
        choose_keychain()
    assert loader.asked == ALLOWED[system]
    assert caught.value.mend
    assert type(keyring.get_keyring()) is fail.Keyring


def test_nothing_that_is_installed_or_set_is_taken_instead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = f"{PlainTextKeyring.__module__}.PlainTextKeyring"
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    with pytest.raises(SecretStoreUnavailable):
        choose_keychain()
    assert type(keyring.get_keyring()) is fail.Keyring


@pytest.mark.parametrize(("system", "longest"), [("win32", WINDOWS_LONGEST), ("darwin", None)])
def test_the_one_that_works_is_pinned(
    system: str, longest: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = Loader(works=True)
    monkeypatch.setattr(backends.sys, "platform", system)
    monkeypatch.setattr(keyring.core, "load_keyring", loader)
    keychain = choose_keychain()
    assert keyring.get_keyring() is keychain.backend
    assert keychain.longest_value == longest


def test_properties_from_the_environment_are_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYRING_PROPERTY_SCHEME", "KeePassXC")
    monkeypatch.setattr(backends.sys, "platform", "darwin")
    monkeypatch.setattr(keyring.core, "load_keyring", Loader(works=True))
    assert vars(fail.Keyring()) == {"scheme": "KeePassXC"}
    assert vars(choose_keychain().backend) == {}
    assert os.environ["KEYRING_PROPERTY_SCHEME"] == "KeePassXC"
