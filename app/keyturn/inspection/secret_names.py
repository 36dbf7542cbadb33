"""Owns which values are secrets by the name before them: a password, a token, a key."""

import re
from collections.abc import Iterator

from keyturn.inspection.secret_kinds import Kind, Span, engine
from keyturn.inspection.secret_likeness import is_placeholder
from keyturn.inspection.secret_plugins import is_prefixed_with_dollar_sign, is_templated_secret

_NAMES = (
    "password|passwd|passphrase|passcode|passwort|pwd|secret|api[_-]?key|auth[_-]?key"
    "|access[_-]?key|account[_-]?key|client[_-]?key|private[_-]?key|service[_-]?key"
    "|signing[_-]?key|encryption[_-]?key|token|contraseña|contrasena"
)
# A name, what assigns, and the value: in double quotes as JSON writes it, in quotes that are
# themselves escaped (JSON within JSON), in single quotes, or bare. Without groups, which RE2 finds
# many times slower: where the value begins is read from the match.
_ASSIGNMENT = (
    rf"""(?i)(?:{_NAMES})[\w-]*(?:\\?["'])?\s*(?:=>|:=|[:=])\s*"""
    r"""(?:"(?:[^"\\]|\\.){2,}"|\\["'][^"'\\]{2,}|'[^'\n]{2,}'"""
    r"""|[^\s"'\\,;&<>(){}\[\]=][^\s"'\\,;&<>(){}\[\]]{3,})"""
)
_PARTS = re.compile(
    rf"""(?i)({_NAMES}|CONTRASEÑA)([\w-]*)(\\?["'])?[\t\n\f\r ]*(=>|:=|[:=])[\t\n\f\r ]*""".encode()
)
_QUOTES = {b'"': (1, 1), b"\\": (2, 0), b"'": (1, 1)}
"""How a quoted value begins, and how long its quotation marks are before and after it."""
_BARE = (0, 0)
# Names of positions and settings, not of secrets: `nextPageToken`, `token_count`, `password_file`.
_POSITION = re.compile(
    rb"(?i)(page|next|prev|previous|cursor|continuation|cancel|progress|sync)[_-]?\Z"
)
_LONGEST_POSITION = len("continuation_")
_SETTING = re.compile(
    rb"(?i)[_-]?(file|path|name|url|uri|type|hint|count|limit|length|policy|field|budget"
    rb"|ttl|expiry|expires|expires[_-]?in|expiration|lifetime|enabled|required|header|algorithm)s?\Z"
)
# What a program calls for the secret: `get_token(user)`.
_CALL = re.compile(rb"(?:await |new )?[A-Za-z]\w*(?:_|\.|(?<=[a-z])(?=[A-Z]))[\w.]*\(", re.ASCII)
_STARTS_A_LINE = re.compile(rb"\n[\t\r ]*\Z")
_SETS = re.compile(rb"[\w.-]{2,}[ \t]?[=:]")
_NO_SECRETS = frozenset({"true", "false", "null", "none", "undefined", "required", "optional"})


def _assigned(data: bytes) -> Iterator[Span | None]:
    """Find values that are called a password, a token or a key by the name before them."""
    done = 0
    for match in engine(_ASSIGNMENT).finditer(data):
        begin, end = match.span(0)
        before_name = data[max(done, begin - _LONGEST_POSITION) : begin]
        done = end
        parts = _PARTS.match(data, begin, end)
        if parts is None:
            # A name in letters that only Unicode takes for the same: all of it is masked.
            yield Span(begin, end, "secret")
            continue
        name, suffix, closing, sign = parts.groups(b"")
        start = parts.end()
        before, after = _QUOTES.get(data[start : start + 1], _BARE)
        start, end = start + before, end - after
        if before == 0 and data[end - 1 : end] == b"`":
            end -= 1
        bare = before == 0
        if bare and _CALL.match(data, start):
            yield None
            continue
        is_prose = bare and sign == b":" and not closing
        if (
            bare
            and _STARTS_A_LINE.search(data, parts.start(4), start)
            and _SETS.search(data, start, min(len(data), end + 2))
        ):
            yield None  # the next assignment, after a name without a value
            continue
        if _names_a_secret(before_name, name.lower(), suffix) and could_be_secret(
            data[start:end].decode(), is_prose=is_prose
        ):
            yield Span(start, end, _kind(name.lower()), quoted=bare and closing == b'"')
        else:
            yield None


def _names_a_secret(before_name: bytes, name: bytes, suffix: bytes) -> bool:
    if suffix and _SETTING.match(suffix):
        return False
    if name != b"token":
        return True
    return suffix.lower() != b"s" and _POSITION.search(before_name) is None


def could_be_secret(secret: str, *, is_prose: bool) -> bool:
    """Tell whether what is named a secret is one: no placeholder, no reference, no prose."""
    if secret.lower() in _NO_SECRETS or is_templated_secret(secret) or is_placeholder(secret):
        return False
    if is_prefixed_with_dollar_sign(secret):
        return False
    # "The secret: everything" is prose; a bare word after a colon needs more than letters.
    return not (is_prose and secret.rstrip(".!?").isalpha() and secret[1:].islower())


def _kind(name: bytes) -> str:
    for kind in ("token", "key", "secret"):
        if kind.encode() in name:
            return kind
    return "password"


NAMED = Kind(triggers=(rf"(?i)(?:{_NAMES})",), finders=(_assigned,))
