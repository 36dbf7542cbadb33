"""Owns the masking of log files: headers, cookies, query parameters, connection strings.

Times, request ids, addresses and hashes stay as they are: they are what a log is read for.
"""

import re
from collections.abc import Iterator, Sequence

from keyturn.inspection.profiles.naming import secret_name
from keyturn.inspection.profiles.profiled import Edit, Profiled, applied, found, secrets_of, whole
from keyturn.inspection.secret_names import could_be_secret

_COOKIES = r"""(?i)(?:set-)?cookie["']?[ \t]*[:=][ \t]*["']?[^\r\n"']+"""
_NAME_OF_HEADER = re.compile(r"""(?i)(?:set-)?cookie["']?[ \t]*[:=][ \t]*["']?""")
_ATTRIBUTES = frozenset({"path", "domain", "expires", "max-age", "samesite", "priority", "version"})
_PARAMETER = r"""[?&;][\w.\[\]-]+=[^&\s"'<>;#]+"""
_SIGNED = re.compile(
    r"(?i)x-(?:amz|goog)-(?:signature|credential|security-token)|awsaccesskeyid|sig(?:nature)?"
    r"|code|state|jwt|sid|session|auth|hmac|key|ticket|assertion"
)
_DSN = r"""\b[\w.-]+:[^\s:@/"']{3,}@(?:tcp|unix|udp)?\("""


def masked_log(text: str, withheld: Sequence[Edit] = ()) -> Profiled:
    """Mask a log, and what is withheld of it; its lines stay lines."""
    edits = secrets_of(text)
    if edits is None:
        return whole()
    return applied(text, [*withheld, *edits, *_cookies(text), *_parameters(text), *_sources(text)])


def _cookies(text: str) -> Iterator[Edit]:
    for start, end in found(_COOKIES, text):
        header = _NAME_OF_HEADER.match(text, start, end)
        at = header.end() if header is not None else start
        for pair in text[at:end].split(";"):
            name, sign, value = pair.partition("=")
            first = at + len(name) + len(sign) + len(value) - len(value.lstrip())
            value = value.strip()
            is_one = name.strip().lower() not in _ATTRIBUTES and could_be_secret(
                value, is_prose=False
            )
            if sign and value and is_one:
                yield Edit(first, first + len(value), "cookie", name.strip())
            at += len(pair) + 1


def _parameters(text: str) -> Iterator[Edit]:
    for start, end in found(_PARAMETER, text):
        middle = text.index("=", start)
        name, value = text[start + 1 : middle], text[middle + 1 : end]
        kind = secret_name(name) or ("secret" if _SIGNED.fullmatch(name) else "")
        if kind and could_be_secret(value, is_prose=False):
            yield Edit(middle + 1, end, kind, name)


def _sources(text: str) -> Iterator[Edit]:
    for start, end in found(_DSN, text):
        at = text.rindex("@", start, end)
        yield Edit(text.index(":", start) + 1, at, "password", "connection")
