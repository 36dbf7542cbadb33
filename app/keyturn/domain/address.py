"""Which host or which file a text names, where every reader of the text would agree on it.

A rule that allows a host or a folder must not hold for a text that a server reads as another one,
and a rule that denies one must not be passed round by another spelling of it. So a text that
programs are known to read in two ways is no answer here but `TwoReadings`.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes, urlsplit


class TwoReadings(ValueError):
    """The text may name something else to the program that gets it."""


_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HAS_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//")
_WEB_AUTHORITY = re.compile(r"[A-Za-z]+://[^/]")
_WEB_SCHEMES = frozenset({"ftp", "http", "https", "ws", "wss"})
_DROPPED_BY_BROWSERS = dict.fromkeys(map(ord, "\t\n\r"))
_AMBIGUOUS = re.compile(r"[\x00-\x20\x7f\\]")
_HOST_LIKE = re.compile(r"\.|^localhost$", re.IGNORECASE)
_WORDS = re.compile(r"[A-Za-z]+(?: +[A-Za-z]+)+")
_PORT = re.compile(r"(?::[0-9]*)?")
_PORT_OR_PATH = re.compile(r"(?::.*)?", re.DOTALL)
_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]*(?:\.[a-z0-9_][a-z0-9_-]*)*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_HOLDS_IPV4 = tuple(
    map(
        ipaddress.IPv6Network, ("::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")
    )
)
"""IPv4-compatible, NAT64, Teredo and 6to4: addresses that lead to an IPv4 address inside them."""
_LOOPBACK = ipaddress.IPv6Address("::1")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ENCODED = re.compile(r"%(?:[0-9A-Fa-f]{2}|[Uu][0-9A-Fa-f]{4})")
_NEVER_ENCODED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/\\")
"""What no client has a reason to encode in a path (RFC 3986, 2.3), and what ends a part of it."""


def host_of(text: str) -> str:
    """Name the host of a URL or of `host[:port][/path]`; empty when there is none.

    Raises TwoReadings where clients disagree about the host (RFC 3986, the WHATWG URL standard,
    inet_aton), and for every user name before the host: some clients take that for the host.
    """
    if _WORDS.fullmatch(text):
        return ""
    _refuse_odd_urls(text)
    whole = text if _HAS_AUTHORITY.match(text) else f"//{text}"
    if "@" in whole.partition("//")[2].partition("/")[0]:
        raise _no_sure_host()
    try:
        authority = urlsplit(whole).netloc
    except ValueError:
        raise _no_sure_host() from None
    if authority.count(":") > 1 and not authority.startswith("["):
        return plain_host(authority)
    host, rest = _split_port(authority)
    follows = _PORT if whole is text else _PORT_OR_PATH
    if not follows.fullmatch(rest):
        raise _no_sure_host()
    return plain_host(host) if host else ""


def plain_host(text: str) -> str:
    """Return the one spelling of a host: a name, an IPv4 or an IPv6 address without brackets.

    Raises TwoReadings for what is none, as for a number that only some clients take for an address.
    """
    host = text.lower().removesuffix(".")
    if ":" in host:
        return _plain_ipv6(host.removeprefix("[").removesuffix("]"))
    if not _NAME.fullmatch(host):
        raise _no_sure_host()
    if not _NUMBER.fullmatch(host.rpartition(".")[2]):
        return host
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError:
        raise _no_sure_host() from None
    return _reachable(address)


def _refuse_odd_urls(text: str) -> None:
    scheme = _SCHEME.match(text.strip().translate(_DROPPED_BY_BROWSERS))
    is_web = scheme is not None and scheme[1].lower() in _WEB_SCHEMES
    if _AMBIGUOUS.search(text):
        raise _no_sure_host()
    if (is_web and not _WEB_AUTHORITY.match(text)) or text.startswith("///"):
        raise _no_sure_host()
    if scheme is not None and _HAS_AUTHORITY.match(text) and _HOST_LIKE.search(scheme[1]):
        # `good.com://x`: to a program that takes `host:port`, the scheme is the host.
        raise _no_sure_host()
    if scheme is not None and not _HAS_AUTHORITY.match(text):
        # `view-source:http://...`: a URL inside another. `host:80//x` is none.
        rest = text[scheme.end() :]
        if "//" in rest and not rest.partition("/")[0].isdigit():
            raise _no_sure_host()


def _split_port(authority: str) -> tuple[str, str]:
    if authority.startswith("["):
        host, bracket, rest = authority.partition("]")
        return host + bracket, rest
    host, colon, port = authority.partition(":")
    return host, colon + port


def _plain_ipv6(text: str) -> str:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        raise _no_sure_host() from None
    if address.scope_id is not None:
        raise _no_sure_host()
    if address.ipv4_mapped is not None:
        return _reachable(address.ipv4_mapped)
    if address != _LOOPBACK and any(address in network for network in _HOLDS_IPV4):
        raise _no_sure_host()
    return _reachable(address)


def _reachable(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    # Connecting to 0.0.0.0 or :: reaches this machine, under an address that no rule would name.
    if address.is_unspecified:
        raise _no_sure_host()
    return address.compressed


def _no_sure_host() -> TwoReadings:
    return TwoReadings("the host cannot be told for sure")


def path_parts(text: str) -> list[str] | None:
    """Normalise a path lexically; a relative path has no answer.

    Raises TwoReadings for what some programs take for a separator, a dot or the end of the path,
    and for a home folder or a file URL, which lead to a place that the text does not show.
    """
    _refuse_odd_paths(text)
    if not text.startswith("/"):
        return None
    parts: list[str] = []
    for part in text.split("/"):
        if part == "..":
            # Above the root is the root (POSIX), so that `/../etc` does not pass round a rule.
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return parts


def _refuse_odd_paths(text: str) -> None:
    if _CONTROL.search(text) or "\\" in text or _ENCODED.search(text):
        raise TwoReadings("the path may be read in two ways")
    if text.startswith("~") or text[:5].lower() == "file:":
        raise TwoReadings("the path does not say where it leads")
    if not text.isascii():
        odd = (character for character in text if not character.isascii())
        if any(set(unicodedata.normalize("NFKC", character)) & set("./\\%") for character in odd):
            raise TwoReadings("the path may be read in two ways")
    # Windows drops spaces around a part, which makes `.. ` a step up.
    if any(part != part.strip() and part.strip() in ("", ".", "..") for part in text.split("/")):
        raise TwoReadings("the path may be read in two ways")


def folded_parts(parts: Sequence[str]) -> list[str]:
    """Fold the parts of a path as a file system may that tells no cases, widths or spaces apart."""
    return [_trimmed(unicodedata.normalize("NFKC", part).casefold()) for part in parts]


def _trimmed(part: str) -> str:
    """Drop what Windows drops of a part of a path; of `.` and `..` nothing is left."""
    return part.strip(" ").rstrip(" .")


def refuse_other_paths(text: str) -> None:
    """Raise TwoReadings for a text that is not the plain spelling of its path.

    For tests that compare the text as it is: only a pattern that names a path asks for it.
    """
    _refuse_odd_paths(text)
    parts = text.removeprefix("/").removesuffix("/").split("/")
    if text not in ("", "/") and any(not part or part != _trimmed(part) for part in parts):
        raise TwoReadings("the path is not in its plain form")


def refuse_other_urls(text: str) -> None:
    """Raise TwoReadings for a text that is not the plain spelling of its URL; as for a path."""
    host_of(text)
    path = re.split(r"[?#]", text, maxsplit=1)[0]
    encoded = {unquote_to_bytes(found)[0] for found in re.findall(r"%[0-9A-Fa-f]{2}", path)}
    if {".", ".."} & set(path.split("/")) or encoded & _NEVER_ENCODED:
        raise TwoReadings("the address is not in its plain form")
