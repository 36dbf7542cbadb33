"""A keyring back end in memory that fails, hangs and forgets as a test tells it."""

import threading
from dataclasses import dataclass, field

from keyturn.credentials.backends import Keychain


@dataclass
class MemoryKeyring:
    """What keyring's back ends do, without a keychain."""

    entries: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    error: Exception | None = None
    """Raised by every call while it is set."""
    released: threading.Event = field(default_factory=threading.Event)
    """Calls wait for it: clear it to make the keychain hang."""
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    """Released once for each call that has begun."""
    threads: list[int] = field(default_factory=list[int])
    """The thread of each call, in the order in which they began."""

    def __post_init__(self) -> None:
        self.released.set()

    def get_password(self, service: str, username: str) -> str | None:
        self._enter()
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._enter()
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._enter()
        del self.entries[service, username]

    def keychain(self, longest_value: int | None = None) -> Keychain:
        """Return it as `choose_keychain` would."""
        return Keychain(backend=self, state=self._state, longest_value=longest_value)

    def _state(self) -> str:
        self._enter()
        return "ready"

    def _enter(self) -> None:
        self.threads.append(threading.get_ident())
        self.entered.release()
        assert self.released.wait(60), "the test forgot the keychain"
        if self.error is not None:
            raise self.error
