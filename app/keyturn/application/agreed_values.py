"""Owns how a consent remembers the values that a person agreed to, without keeping them.

A literal value of the environment or a header is part of what a server is; it may be one that
nobody should read in a consent. Of each only a fingerprint is kept, under a salt of that consent.
"""

import hmac
import secrets
from hashlib import sha256

from keyturn.domain.canonical import JsonObject, Parsed, canonical, parse_strict
from keyturn.domain.closure import COMPILED, NO_CLOSURE, Closure
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.launch import LaunchIdentity

_SALT_BYTES = 16
_VALUES = "values"
_SALT = "salt"
_OF = "of"
_UNREADABLE = "unreadable"


def agreed_subject(
    launch: LaunchIdentity, server: ServerConfig, closure: Closure = NO_CLOSURE
) -> str:
    """Return the canonical JSON of what is agreed to: launch, closure, and what its values are."""
    subject = {**launch.subject(), **closure.subject()}
    values = server.literal_values()
    if values:
        salt = secrets.token_bytes(_SALT_BYTES)
        prints: JsonObject = {name: _print_of(value, salt) for name, value in values.items()}
        subject[_VALUES] = {_SALT: salt.hex(), _OF: prints}
    return canonical(subject).decode()


def changed_values(server: ServerConfig, subject: str) -> tuple[str, ...]:
    """Name the literal values that are not those that were agreed to; unreadable ones differ."""
    values = server.literal_values()
    if not values:
        return ()
    salt, prints = _agreed(subject)
    return tuple(
        name
        for name, value in sorted(values.items())
        if not salt or prints.get(name) != _print_of(value, salt)
    )


def agreed_compiled(subject: str) -> str:
    """Return the hash of the compiled files that were agreed to; empty where there were none."""
    parsed = parse_strict(subject)
    said = parsed.value if isinstance(parsed, Parsed) else None
    compiled = said.get(COMPILED, "") if isinstance(said, dict) else None
    return compiled if isinstance(compiled, str) else _UNREADABLE


def shown_subject(subject: str) -> str:
    """Return what was agreed to, as it was shown: without the fingerprints."""
    parsed = parse_strict(subject)
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
        return ""
    shown: JsonObject = {key: said for key, said in parsed.value.items() if key != _VALUES}
    return canonical(shown).decode()


def values_token(server: ServerConfig, key: bytes) -> str:
    """Tell values from others while the holder of the key lives."""
    return hmac.new(key, canonical(dict(server.literal_values())), sha256).hexdigest()


def _print_of(value: str, salt: bytes) -> str:
    return hmac.new(salt, value.encode("utf-8", "surrogatepass"), sha256).hexdigest()


def _agreed(subject: str) -> tuple[bytes, JsonObject]:
    parsed = parse_strict(subject)
    said = parsed.value if isinstance(parsed, Parsed) else None
    values = said.get(_VALUES) if isinstance(said, dict) else None
    if not isinstance(values, dict):
        return b"", {}
    salt, prints = values.get(_SALT), values.get(_OF)
    if not isinstance(salt, str) or not isinstance(prints, dict):
        return b"", {}
    try:
        return bytes.fromhex(salt), prints
    except ValueError:
        return b"", {}
