"""Owns the tokens that a broker has for its servers: in the keychain, else in memory only.

An entry belongs to one server at one URL, and names the issuer whose tokens and client it holds. It
is read by nobody else, and no part of it is ever logged.
"""

import logging
from hashlib import sha256

import msgspec

from keyturn.application.known_secrets import KnownSecrets
from keyturn.application.ports.secret_store import Secret, SecretStore
from keyturn.domain.errors import KeyturnError

_log = logging.getLogger(__name__)


Facts = dict[str, str | bool | list[str]]
"""Named parts of what an authorization server or a server says."""


class Tokens(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a server and its authorization server gave to Keyturn."""

    access: str
    refresh: str = ""
    scope: str = ""
    expires_at: float = 0.0
    """In seconds since 1970; 0 where nobody said."""
    since: float = 0.0
    """When somebody signed in, as `expires_at`; 0 where that was not kept."""
    client: Facts = {}
    """The client as the authorization server knows it, its secret included."""
    issuer: Facts = {}
    """The authorization server's own description, as far as it is needed again."""
    resource: Facts = {}
    """The server's own."""

    def __repr__(self) -> str:
        """Keep the tokens out of logs and tracebacks."""
        return "Tokens(...)"


_decode = msgspec.json.Decoder(Tokens).decode


class TokenStore:
    """Keeps tokens over the secret store."""

    def __init__(self, secrets: SecretStore, known: KnownSecrets) -> None:
        self._secrets = secrets
        self._known = known

    async def load(self, server: str, url: str) -> Tokens | None:
        """Return what is kept for a server at a URL; None also where the keychain has no answer."""
        try:
            secret = await self._secrets.get(server, entry_of(url))
            tokens = None if secret is None else _decode(secret.value)
        except (KeyturnError, msgspec.DecodeError) as error:
            _log.info("no kept tokens server=%s cause=%s", server, type(error).__name__)
            return None
        if tokens is not None:
            self._learn(tokens)
        return tokens

    async def keep(self, server: str, url: str, tokens: Tokens) -> None:
        """Keep them; where the keychain does not, they live as long as the broker."""
        self._learn(tokens)
        try:
            text = msgspec.json.encode(tokens).decode()
            await self._secrets.put(server, entry_of(url), Secret(text))
        except KeyturnError as error:
            _log.info("tokens are not kept server=%s cause=%s", server, type(error).__name__)

    async def forget(self, server: str, url: str) -> None:
        """Keep them no longer; raises SecretStoreUnavailable."""
        await self._secrets.delete(server, entry_of(url))

    def _learn(self, tokens: Tokens) -> None:
        secret = tokens.client.get("client_secret", "")
        for value in (tokens.access, tokens.refresh, secret):
            if isinstance(value, str) and value:
                self._known.learn(Secret(value))


def entry_of(url: str) -> str:
    """Return the name of a server's entry; no name that a person gives has a colon."""
    return f"oauth:{sha256(url.encode()).hexdigest()[:32]}"
