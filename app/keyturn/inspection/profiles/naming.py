"""Owns which keys and columns hold secrets by their names, and what of their values is none."""

import re
from functools import lru_cache

from keyturn.inspection.secret_likeness import is_hash_or_id, looks_random
from keyturn.inspection.secret_names import could_be_secret

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+|[^\W\d_a-zA-Z]+")
_KINDS = {
    "password": "password passwd passphrase passcode pass pwd passwort kennwort contraseña",
    "token": "token jwt bearer otp totp",
    "secret": "secret secrets credential credentials creds cookie salt",
    "key": "apikey privkey",
    "social security number": "ssn nin sin cpf",
    "account number": "iban bban",
    "card number": "pan ccnumber cardnumber creditcard",
    "card secret": "cvv cvc csc pin",
}
_BY_WORD = {word: kind for kind, words in _KINDS.items() for word in words.split()}
_BY_PHRASE = (
    ("key", re.compile(r"(?:api|access|auth|account|private|secret|signing|encryption|master"
                       r"|service|client|shared|storage|ssh|hmac|license) key")),
    ("social security number", re.compile(r"social security|national insurance|tax id|passport")),
    ("account number", re.compile(r"account (?:number|no)|routing number|sort code")),
    ("card number", re.compile(r"card (?:number|no|num)|credit card|debit card|cc num")),
    ("password", re.compile(r"passwd hash|pass hash|pw hash")),
    ("secret", re.compile(r"recovery code|backup code|security answer|webhook url|private pem")),
)  # fmt: skip
_HARMLESS_END = frozenset(
    (
        *("file", "path", "dir", "name", "url", "uri", "type", "hint", "count", "limit", "length"),
        *("policy", "field", "budget", "ttl", "expiry", "expires", "expiration", "min", "max"),
        *("enabled", "required", "header", "algorithm", "alg", "days", "hours", "minutes"),
        *("seconds", "rotation", "age", "endpoint", "host", "issuer", "ref", "format", "size"),
        *("at", "class", "provider", "manager", "store", "column", "label", "prompt", "regex"),
        *("env", "var", "version", "strength", "reset", "changed", "updated", "set", "timeout"),
    )
)
_MASK = re.compile(r"\[[A-Za-z0-9 ,.]*\]")
_POSITIONS = frozenset({"page", "next", "prev", "cursor", "continuation", "sync", "csrf", "max"})
_SHORT = 24
"""Letters of a name that comes often, so that what it says is worth keeping."""
_IDS = frozenset({"id", "ids", "uuid"})
_PATH = re.compile(r"(?:~|\.{0,2})/[\w.@~+-]+(?:/[\w.@~+-]*)*\Z|[A-Za-z]:\\|[\w./-]+\.(?:pem|key"
                   r"|crt|cer|p12|pfx|jks|json|ya?ml|toml|txt|env|conf)\Z")  # fmt: skip
_REFERENCE = re.compile(
    r"\$[({]|\$\w|%\(|%\w+%|\{\{|<[^>]*>|@@?\w+@|!(?:Ref|Sub|GetAtt|vault)\b"
    r"|(?i:vault|keychain|keyring|ssm|sm|op|env|file|secretsmanager|sops|aws|gcp|azure)[:(]"
    r"|arn:|projects/"
)
_PLAIN = re.compile(r"(?i)(?:true|false|yes|no|on|off|null|none|nil|~|-?\d{1,4}|[\d.]+[smhd])?\Z")


def secret_name(name: str) -> str:
    """Return the kind of secret that a key or column of that name holds; empty for none."""
    return _kind_of_short(name) if len(name) <= _SHORT else _kind_of(name)


@lru_cache(maxsize=1_000)
def _kind_of_short(name: str) -> str:
    return _kind_of(name)


def _kind_of(name: str) -> str:
    # What was masked in a heading of its own says nothing of what stands under it.
    words = [word.lower() for word in _WORDS.findall(_MASK.sub("", name))]
    if not words or words[-1] in _HARMLESS_END:
        return ""
    if words[-1] in _IDS and not ({"secret", "ssn"} & set(words)):
        return ""
    phrase = " ".join(words)
    for kind, pattern in _BY_PHRASE:
        if pattern.search(phrase):
            return kind
    found = [_BY_WORD[word] for word in words if word in _BY_WORD]
    if not found or (found == ["token"] and (_POSITIONS & set(words) or words[-1] == "tokens")):
        return ""
    return found[-1]


def is_reference(value: str) -> bool:
    """Tell whether a value says where a secret is kept, or is a plain setting."""
    value = value.strip()
    plain = _PLAIN.match(value) is not None or _PATH.match(value) is not None
    return plain or _REFERENCE.match(value) is not None


def holds_secret(name: str, value: str) -> str:
    """Return the kind of secret that a key holds with this value; empty for none."""
    kind = secret_name(name)
    if (
        kind
        and any(map(str.isalnum, value))
        and not is_reference(value)
        and could_be_secret(value, is_prose=False)
    ):
        return kind
    return ""


def is_key_by_chance(name: str, value: str) -> bool:
    """Tell whether a key named only so (`key`, `auth`) has a value that chance wrote."""
    words = {word.lower() for word in _WORDS.findall(name)}
    public = words & {"public", "primary", "foreign", "cache", "sort", "partition", "id", "name"}
    raw = value.encode("utf-8", "replace")
    named = (
        bool(words & {"key", "keys", "tokens", "auth", "dsn", "signature", "sig"}) and not public
    )
    return named and looks_random(raw) and not is_hash_or_id(raw) and not is_reference(value)
