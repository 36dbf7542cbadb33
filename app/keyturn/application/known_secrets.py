"""Knows a stored credential again when it is seen, without keeping it or asking the keychain.

Of each value that is taken from the keychain, or put there, a fingerprint is kept under a key of
this process. One that no server of this broker has used yet, and that the window has not looked up,
is not known.
"""

import re
import secrets
from collections import OrderedDict
from hashlib import blake2b

from keyturn.application.ports.secret_store import Secret, SecretStore
from keyturn.domain.canonical import JsonValue
from keyturn.domain.json_texts import texts_of

HOLDS_A_CREDENTIAL = "an answer is a credential that the user keeps in the keychain"
MOST_KNOWN = 10_000
"""Fingerprints; the oldest are forgotten."""
SHORTEST_TRIED = 8
"""Characters of a credential that is told from others however often an agent tries."""
_WITH_SCHEME = re.compile(r"(?i)(?:basic|bearer|token)\s+(\S+)")


class KnownSecrets:
    """Fingerprints of the credentials that passed through the broker."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._prints: OrderedDict[bytes, str] = OrderedDict()
        self._lengths: set[int] = set()
        """Of all that were ever known: most texts are told from a credential by theirs."""

    @property
    def anything(self) -> bool:
        """Tell whether any credential is known."""
        return bool(self._prints)

    def learn(self, secret: Secret, name: str = "") -> None:
        """Know a value from now on, also what of it follows the name of a scheme."""
        text = secret.value.strip()
        scheme = _WITH_SCHEME.fullmatch(text)
        for form in filter(None, (text, scheme[1] if scheme is not None else "")):
            self._lengths.add(len(form))
            shown = self._print_of(form)
            self._prints[shown] = name or self._prints.get(shown, "")
        while len(self._prints) > MOST_KNOWN:
            self._prints.popitem(last=False)

    def held_in(self, value: JsonValue, *, freely: bool) -> bool:
        """Tell whether a text, a number or a key in a value is a known credential, whole.

        `freely` where each try is for nothing, so that a refusal would tell short ones in time.
        """
        shortest = SHORTEST_TRIED if freely else 1
        return any(
            len(text) in self._lengths
            and len(text) >= shortest
            and self._print_of(text) in self._prints
            for text in map(str.strip, texts_of(value, numbers=True))
        )

    def name_of(self, text: str) -> str | None:
        """Return the name under which a text is stored, "" for one without; None for no credential.

        Short ones are not told: they are in too many texts by chance.
        """
        text = text.strip()
        if len(text) < SHORTEST_TRIED or len(text) not in self._lengths:
            return None
        return self._prints.get(self._print_of(text))

    def _print_of(self, text: str) -> bytes:
        return blake2b(
            text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16
        ).digest()


class RememberedSecrets:
    """Implements the SecretStore port over another one; what passes through is known from then."""

    def __init__(self, store: SecretStore, known: KnownSecrets) -> None:
        self._store = store
        self._known = known

    async def get(self, server: str, name: str) -> Secret | None:
        """Return the stored value, or None when nothing is stored under that name."""
        secret = await self._store.get(server, name)
        if secret is not None:
            self._known.learn(secret, name)
        return secret

    async def put(self, server: str, name: str, secret: Secret) -> None:
        """Store or replace a value; it is known even where the store fails in the end."""
        self._known.learn(secret, name)
        await self._store.put(server, name, secret)

    async def delete(self, server: str, name: str) -> bool:
        """Remove a value, which is known all the same: it may be in use elsewhere."""
        return await self._store.delete(server, name)

    async def status(self) -> str:
        """Return a word for the window: ready, locked, missing."""
        return await self._store.status()
