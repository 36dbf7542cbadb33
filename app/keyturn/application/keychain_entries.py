"""Owns the keychain entries of a profile's servers: stored, proposed, removed, and still owed.

An entry is bound to its server by name alone. One that a server names no more is removed; what the
keychain kept then is remembered, and goes before any server of that name can name it again.
"""

import asyncio
import json
import logging

from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.secret_store import Secret, SecretStore
from keyturn.application.ports.stores import SettingStore
from keyturn.domain.canonical import Parsed, parse_strict
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, SecretStoreUnavailable, filled
from keyturn.domain.record import Entry, RecordType

_log = logging.getLogger(__name__)

SETTING = "entries_to_remove"
"""Which entries the keychain kept when they were to be removed: [server, name] each."""


class KeychainEntries:
    """What is, or may be, in the keychain for the servers of a profile; only names are recorded."""

    def __init__(self, *, secrets: SecretStore, settings: SettingStore, log: DecisionLog) -> None:
        self._secrets = secrets
        self._settings = settings
        self._log = log
        self._proposed: dict[tuple[str, str], Secret] = {}
        self._owed: set[tuple[str, str]] = set()
        """Changed in the very step in which the keychain has answered."""
        self._owed_in_store: frozenset[tuple[str, str]] | None = frozenset()
        """None while that is not known."""
        self._storing = asyncio.Lock()
        """Held while what is owed is written, so that the last of it is what the store has."""

    async def load(self) -> None:
        """Read what earlier brokers could not remove."""
        self._owed = _read((await self._settings.settings()).get(SETTING, ""))
        self._owed_in_store = frozenset(self._owed)

    @property
    def proposed(self) -> frozenset[tuple[str, str]]:
        """Return (server, name) of values that the command line proposed."""
        return frozenset(self._proposed)

    def propose(self, server: ServerConfig | None, named: str, name: str, secret: Secret) -> None:
        """Keep a value in memory until the window accepts or drops it."""
        waiting = self._proposed.get((named, name))
        if waiting is not None and waiting != secret:
            # Else the value that a person is about to accept could be swapped under the name.
            raise ConfigurationError(
                filled("Another value of {name!r} already waits for Keyturn's window.", name=name),
                mend="Accept or drop it there first.",
            )
        if server is None or name not in server.credential_names():
            raise ConfigurationError(
                filled(
                    "The server {named!r} uses no credential named {name!r}.",
                    named=named,
                    name=name,
                ),
                mend=filled("Give it an environment value keychain:{name} first.", name=name),
            )
        self._proposed[named, name] = secret

    async def settle(self, server: str, name: str, *, accept: bool) -> None:
        """Store or drop a proposed value; one that the keychain refuses stays proposed."""
        secret = self._proposed.get((server, name))
        if accept and secret is not None:
            await self.put(server, name, secret)
        self._proposed.pop((server, name), None)

    async def put(self, server: str, name: str, secret: Secret) -> None:
        """Store a value."""
        await self._record("stored", server, name, Actor.HUMAN)
        await self._secrets.put(server, name, secret)

    async def remove(self, server: str, name: str, actor: Actor = Actor.HUMAN) -> None:
        """Remove a value."""
        await self._record("removed", server, name, actor)
        await self._secrets.delete(server, name)
        self._owed.discard((server, name))
        await self._store_owed()

    async def make_room_for(self, server: ServerConfig, actor: Actor) -> None:
        """Remove what was to be removed of those that a server names: it must not get them.

        Raises SecretStoreUnavailable while the keychain keeps one.
        """
        for name in (name for owner, name in sorted(self._owed) if owner == server.name):
            if name not in server.credential_names():
                continue
            try:
                await self.remove(server.name, name, actor)
            except SecretStoreUnavailable as error:
                raise SecretStoreUnavailable(
                    filled(
                        "An earlier server named {server} left its entry {name} in the keychain.",
                        server=server.name,
                        name=name,
                    ),
                    cause=error.parts[1],
                    mend="Unlock the keychain and try again, or choose another name.",
                ) from error
        # Else an entry that went, while the store could not be told, would be taken again.
        await self._store_owed()

    async def drop(
        self, before: ServerConfig, after: ServerConfig | None, actor: Actor
    ) -> SecretStoreUnavailable | None:
        """Remove what a server names no more; return why the keychain kept some of it, if so.

        Called before the server is stored without them, so that a broker which ends in between
        forgets none.
        """
        failed: SecretStoreUnavailable | None = None
        still = after.credential_names() if after is not None else ()
        for name in dict.fromkeys(before.credential_names()):
            if name in still:
                continue
            self._proposed.pop((before.name, name), None)
            try:
                await self.remove(before.name, name, actor)
            except SecretStoreUnavailable as error:
                # The others may go all the same: each is an entry of its own.
                failed = error
                self._owed.add((before.name, name))
        await self._store_owed()
        return failed

    def forget_proposed(self, server: str) -> None:
        """Drop the values that were proposed for a server."""
        self._proposed = {key: value for key, value in self._proposed.items() if key[0] != server}

    async def _store_owed(self) -> None:
        async with self._storing:
            owed = frozenset(self._owed)
            if owed != self._owed_in_store:
                self._owed_in_store = None
                await self._settings.put_setting(SETTING, json.dumps(sorted(owed)))
                self._owed_in_store = owed

    async def _record(self, what: str, server: str, name: str, actor: Actor) -> None:
        await self._log.commit(
            Entry(
                type=RecordType.CREDENTIAL,
                outcome=what,
                actor=actor,
                details={"name": name},
                server=server,
            )
        )


def _read(text: str) -> set[tuple[str, str]]:
    parsed = parse_strict(text)
    values = parsed.value if isinstance(parsed, Parsed) else None
    owed: set[tuple[str, str]] = set()
    for value in values if isinstance(values, list) else []:
        match value:
            case [str(server), str(name)]:
                owed.add((server, name))
            case _:
                _log.warning("an entry to remove cannot be read")
    return owed
