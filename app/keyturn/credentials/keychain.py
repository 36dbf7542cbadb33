"""Secrets in the OS keychain, by server and name; never in a file, whatever the keychain does."""

import hashlib
import json
import logging
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote

from keyring.errors import InitError, KeyringLocked, NoKeyringError

from keyturn.application.ports.secret_store import Secret
from keyturn.credentials.backends import Keychain, choose_keychain
from keyturn.credentials.keychain_thread import KeychainThread, NoAnswer
from keyturn.credentials.refusing import no_keychain
from keyturn.domain.errors import KeyturnError, SecretStoreUnavailable, filled

TIMEOUT_SECONDS = 10.0

Result = TypeVar("Result")
Namespace = Callable[[str], str]
"""From a server's name to what keeps its entries apart from those of others in the one keychain."""

_log = logging.getLogger(__name__)


def profile_namespace(profile_key: str) -> Namespace:
    """One namespace for all servers of a profile; `profile_key` is `Profile.key`."""
    return lambda _server: profile_key


def headless_namespace(profile_key: str, launch_hash: Callable[[str], str]) -> Namespace:
    """One namespace for each (profile, server, launch identity) of a headless broker.

    A FILE that gives a known server's name to another command gets none of its secrets.
    """

    def namespace(server: str) -> str:
        bound = json.dumps([profile_key, server, launch_hash(server)]).encode("ascii")
        return f"headless-{hashlib.sha256(bound).hexdigest()}"

    return namespace


class KeychainSecretStore:
    """Implements the SecretStore port on the allowed keychains.

    All calls run on one thread of their own, with a time-out. An entry has the service
    `keyturn:NAMESPACE` and the user `SERVER/NAME`; any program of the user's may be able to read
    it while the keychain is unlocked (security.md, T5).
    """

    def __init__(
        self,
        namespace: Namespace,
        *,
        choose: Callable[[], Keychain] = choose_keychain,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._namespace = namespace
        self._choose = choose
        self._timeout_seconds = timeout_seconds
        self._thread = KeychainThread(timeout_seconds)
        self._chosen: Keychain | None = None

    async def get(self, server: str, name: str) -> Secret | None:
        """Return the stored value, or None when nothing is stored under that name."""
        entry = self._entry(server, name)
        value = await self._call(lambda keychain: keychain.backend.get_password(*entry))
        return None if value is None else Secret(value)

    async def put(self, server: str, name: str, secret: Secret) -> None:
        """Store or replace a value.

        After a time-out it may still be stored, once the keychain answers. Raises KeyturnError for
        a value that this system's keychain cannot hold.
        """
        entry = self._entry(server, name)

        def store(keychain: Keychain) -> None:
            _refuse_too_long(secret, keychain.longest_value)
            keychain.backend.set_password(*entry, secret.value)

        await self._call(store)

    async def delete(self, server: str, name: str) -> bool:
        """Remove a value; False when there was none."""
        entry = self._entry(server, name)

        def remove(keychain: Keychain) -> bool:
            # Back ends raise the same error for "not there" as for "not allowed".
            if keychain.backend.get_password(*entry) is None:
                return False
            keychain.backend.delete_password(*entry)
            return True

        return await self._call(remove)

    async def status(self) -> str:
        """Return ready, locked or missing; does not ask the person to unlock where avoidable."""
        try:
            return await self._thread.run(lambda: self._keychain().state())
        except (NoAnswer, KeyringLocked):
            return "locked"
        except Exception as error:  # noqa: BLE001 - boundary: back ends raise what they like
            _log.info("keychain not usable cause=%r", error)
            self._chosen = None
            return "missing"

    def close(self) -> None:
        """End the thread; one that waits for the keychain ends with the process."""
        self._thread.close()

    def _entry(self, server: str, name: str) -> tuple[str, str]:
        # Quoted, so that server `a` with `b/c` and server `a/b` with `c` are two entries.
        return f"keyturn:{self._namespace(server)}", f"{quote(server, safe='')}/{name}"

    def _keychain(self) -> Keychain:
        if self._chosen is None:
            self._chosen = self._choose()
        return self._chosen

    async def _call(self, work: Callable[[Keychain], Result]) -> Result:
        try:
            return await self._thread.run(lambda: work(self._keychain()))
        except KeyturnError:
            raise
        except NoAnswer as error:
            raise self._silent() from error
        except KeyringLocked as error:
            raise _locked() from error
        except (NoKeyringError, InitError) as error:
            # It may come back under another name on the bus.
            self._chosen = None
            raise no_keychain() from error
        except Exception as error:
            # Boundary: back ends raise what they like.
            self._chosen = None
            raise _failed(error) from error

    def _silent(self) -> SecretStoreUnavailable:
        return SecretStoreUnavailable(
            "The keychain does not answer.",
            cause=filled(
                "It had {seconds:g} seconds; it may be waiting for its password.",
                seconds=self._timeout_seconds,
            ),
            mend="Answer its question if there is one, and try again.",
        )


def _locked() -> SecretStoreUnavailable:
    return SecretStoreUnavailable(
        "The keychain is locked.",
        cause="Its password was not given, or there is no screen to ask for it.",
        mend="Unlock the keychain and try again.",
    )


def _failed(error: Exception) -> SecretStoreUnavailable:
    # Only its kind: the text of a foreign error may hold what it was given.
    return SecretStoreUnavailable(
        "The keychain failed.",
        cause=filled("Its answer was an error of the kind {kind}.", kind=type(error).__name__),
        mend="See whether its own program works, and try again.",
    )


def _refuse_too_long(secret: Secret, longest: int | None) -> None:
    units = len(secret.value.encode("utf-16-le", "surrogatepass")) // 2
    if longest is not None and units > longest:
        raise KeyturnError(
            "The value is too long for this system's keychain.",
            cause=filled(
                "It has {units} characters, and the keychain takes {longest}.",
                units=units,
                longest=longest,
            ),
            mend="Use a shorter credential, such as a token instead of a certificate.",
        )
