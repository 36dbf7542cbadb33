"""Whether a pattern covers a name that its server may read otherwise than it is spelt.

A tool's name is pinned, a URI is whatever an agent writes: `file:///%65tc/../etc/passwd` is not
matched by `file:///etc/*` as it stands, and is by what a server makes of it. So name and pattern
are compared in each reading that servers are known to have, and where these differ the answer is
neither yes nor no (RFC 3986 sections 5 and 6, the WHATWG URL standard, names of files).
"""

import re
import unicodedata
from enum import Enum, auto
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from keyturn.domain.address import TwoReadings, host_of
from keyturn.domain.alike import plain_letters
from keyturn.domain.pattern import name_matches

MOST_ENCODINGS = 3
"""Layers of percent-encoding that are taken off; what has more of them says nothing for sure."""

LONGEST_FOREIGN = 1024
"""Characters of a name that is no ASCII, one of which can stand for eighteen."""

FORMS = 3
"""How many forms of a pattern are compared; see `forms_of`."""

_SCHEME = re.compile(r"([a-z*?][a-z0-9+.*?-]*):(.*)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_TAIL = re.compile(r"[?#]")
_WEB_PORTS = {"http": ":80", "ws": ":80", "https": ":443", "wss": ":443", "ftp": ":21"}
_HERE = frozenset({"", "localhost", "127.0.0.1", "[::1]", "."})


class Fit(Enum):
    """Whether a pattern covers a name."""

    YES = auto()
    NO = auto()
    UNCLEAR = auto()
    """As some servers read it, and not as others do."""


def fit_of(pattern: str, name: str) -> Fit:
    """Hold a pattern against every reading of a URI or of a prompt's name."""
    if pattern == "*":
        return Fit.YES
    readings = _readings(name)
    if readings is None:
        return Fit.UNCLEAR
    plain, normal, without_tail = readings
    wanted = _normal(pattern)
    letters = plain_letters(pattern)
    sure = {
        name_matches(pattern, name),
        name_matches(letters, plain),
        *(_covers(wanted, reading) for reading in normal),
    }
    if len(sure) > 1:
        return Fit.UNCLEAR
    if True in sure:
        return Fit.YES
    return Fit.UNCLEAR if any(_covers(wanted, one) for one in without_tail) else Fit.NO


def forms_of(pattern: str) -> tuple[str, ...]:
    """Return the forms of a pattern that `fit_of` compares: as spelt, its letters, its normal form.

    The last one is left out where there is none.
    """
    wanted = _normal(pattern)
    spelt = (pattern, plain_letters(pattern))
    return spelt if wanted is None else (*spelt, wanted)


def readings_of(name: str) -> tuple[tuple[str, ...], ...] | None:
    """Return, for each of these forms, the texts that it is held against; None for any text."""
    readings = _readings(name)
    if readings is None:
        return None
    plain, normal, without_tail = readings
    return ((name,), (plain,), tuple(f"{one}/" for one in (*normal, *without_tail)))


def _covers(pattern: str | None, reading: str) -> bool:
    """Match a normal form; a folder may end in a stroke or not."""
    if pattern is None:
        return False
    return name_matches(pattern, reading) or name_matches(pattern, f"{reading}/")


@lru_cache(maxsize=64)
def _readings(name: str) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
    """Return its plain letters, its normal forms, and those without a query or fragment.

    None where even that cannot be told.
    """
    if not name.isascii() and len(name) > LONGEST_FOREIGN:
        return None
    whole = _normal(name)
    head = _TAIL.split(name, maxsplit=1)[0]
    tail = name[len(head) :]
    split = _normal(head)
    told = _normal(_TAIL.split(_decoded(name) or "", maxsplit=1)[0])
    told_tail = _folded(tail)
    if whole is None or split is None or told is None or told_tail is None:
        return None
    if _has_no_sure_host(name):
        return None
    normal = (whole, f"{split}{told_tail}") if tail else (whole,)
    return plain_letters(name), normal, (split, told)


@lru_cache(maxsize=2048)
def _normal(text: str) -> str | None:
    """Return the one form of a URI, a path or a name; None for what has none."""
    folded = _folded(text)
    if folded is None:
        return None
    found = _SCHEME.fullmatch(folded)
    if found is None:
        return _resolved(folded)
    scheme, rest = found[1], found[2]
    if not rest.startswith("//"):
        # `file:/etc` is `file:///etc`.
        slashes = "//" if scheme == "file" and rest.startswith("/") else ""
        return f"{scheme}:{slashes}{_resolved(rest)}"
    authority, slash, path = rest[2:].partition("/")
    if scheme == "file" and authority in _HERE:
        authority = ""
    authority = authority.removesuffix(":").removesuffix(_WEB_PORTS.get(scheme, ":"))
    if scheme in _WEB_PORTS:
        authority = authority.removesuffix(".")
    return f"{scheme}://{authority}{_resolved(slash + path)}"


def _folded(text: str) -> str | None:
    """Take off what encodes, and fold what many systems do not tell apart."""
    decoded = _decoded(text)
    if decoded is None:
        return None
    return unicodedata.normalize("NFKC", decoded).casefold().replace("\\", "/").strip()


def _decoded(text: str) -> str | None:
    for _ in range(MOST_ENCODINGS + 1):
        if _CONTROL.search(text):
            return None
        try:
            decoded = unquote_to_bytes(text).decode()
        except UnicodeError:
            return None
        if decoded == text:
            return text
        text = decoded
    return None


def _resolved(path: str) -> str:
    """Resolve `.` and `..`, and drop what repeats or ends a part without changing it."""
    parts: list[str] = []
    for part in path.split("/"):
        kept = part.strip(" ")
        if kept == "..":
            del parts[-1:]
        elif kept.rstrip(" ."):
            parts.append(kept.rstrip(" ."))
    start = "/" if path.startswith("/") and parts else ""
    return start + "/".join(parts)


def _has_no_sure_host(name: str) -> bool:
    """Tell whether clients of the web disagree about the host of an address."""
    scheme = name.strip().partition(":")[0].casefold()
    if scheme not in _WEB_PORTS:
        return False
    try:
        host_of(name)
    except TwoReadings:
        return True
    return False
