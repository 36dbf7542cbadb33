"""Owns what a value must look like to be taken for a secret by the name before it alone.

Hashes, UUIDs, versions, dates, paths and words are none; random letters and digits are.
"""

import re

_PIECES = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_HASH = re.compile(
    rb"(?i)(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})\Z"
)
_UUID = re.compile(rb"(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\Z")
_DIGIT = re.compile(rb"[0-9]")
_LETTER = re.compile(rb"[A-Za-z]")
_LEAST = 8
_FEWEST_PIECES = 0.27
"""Of pieces of one sort of character to characters: words have fewer, chance has more."""
_FEWEST_DIFFERENT = 6
_MOST_LOOKED_AT = 128


def looks_random(value: bytes) -> bool:
    """Tell whether chance wrote a value: letters and digits that change too often for words."""
    value = value[:_MOST_LOOKED_AT]
    if len(value) < _LEAST or not _DIGIT.search(value) or not _LETTER.search(value):
        return False
    if len(set(value)) < _FEWEST_DIFFERENT:
        return False
    return len(_PIECES.findall(value)) >= _FEWEST_PIECES * len(value)


def is_hash_or_id(value: bytes) -> bool:
    """Tell whether a value has the form of a hash or a UUID, which names alone do not make secret.

    A hash is told by its length in hexadecimal digits: that of MD5 up to that of SHA-512.
    """
    return _HASH.match(value) is not None or _UUID.match(value) is not None


# What masking itself leaves is left alone when it is masked again.
_MASKED = re.compile(
    r"\[(?:[A-Za-z0-9 .]{2,40}, ends [^\W_]{1,4}"
    r"|[A-Za-z0-9 .]{0,40}(?:key|token|secret|password|authorization|cookie|number|in a URL"
    r"|in base64))\]\Z"
)
_ONE_CHARACTER = re.compile(r"([xX*._#\u2022\u2026?-])\1{2,}\Z")
_ELSEWHERE = re.compile(
    r"(?:self|this|process\.env|os\.environ|os\.getenv|env|config|settings|secrets|vars?|local"
    r"|module|data|request|req|args|options|opts|props|params|context|ctx)\.[A-Za-z_][\w.]*\Z"
    r"|(?i:vault|keychain|keyring|ssm|secretsmanager|op|env|file|arn:aws)://?[\w./:-]+\Z"
    r"|(?i:keychain|vault|env|ref):[A-Za-z_][\w./-]*\Z|%[A-Za-z_]\w*%\Z|@[A-Z_]+@\Z"
)
_STANDS_FOR = re.compile(
    r"(?i)(?:your|example|placeholder|replace|insert|enter|todo|fixme|redacted)"
    r"[_-]?(?:this|it|me|your|api|own|secret|password|token|key|here|with|now|real|_|-)*\Z"
)
_TYPES = frozenset({"string", "str", "optional[str]", "secretstr", "boolean", "number", "string?"})


def is_placeholder(value: str) -> bool:
    """Tell whether a value only stands for a secret, or says where one is kept."""
    value = value.strip("\"'")
    if value.lower() in _TYPES or _ONE_CHARACTER.match(value) or _MASKED.match(value):
        return True
    return _ELSEWHERE.match(value) is not None or _STANDS_FOR.match(value) is not None
