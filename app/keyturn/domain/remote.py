"""Where a remote server may be asked, and which headers Keyturn may add there."""

import re
from collections.abc import Iterable
from enum import StrEnum
from ipaddress import ip_address
from urllib.parse import urlsplit

from keyturn.domain.configuration import (
    KEYCHAIN_PREFIX,
    OAuthConfig,
    RemoteTransport,
    ServerConfig,
)
from keyturn.domain.errors import ConfigurationError, Said, filled

SCHEMES = ("http://", "https://")
"""How the address of a remote server begins."""

_THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
"""RFC 9110, section 5.6.2."""
_VALUE = re.compile(r"(?:[!-~](?:[ -~]{0,8190}[!-~])?)?")
_ENTRY = re.compile(r"[A-Za-z0-9_.-]{1,128}")
_IN_BRACKETS = re.compile(r"\[[0-9A-Fa-f:.]+\](?::\d+)?")
_NUMBERS = re.compile(r"[0-9.]+")
_OF_THE_MESSAGE = frozenset(
    {"accept", "accept-encoding", "connection", "content-encoding", "content-length"}
    | {"content-type", "expect", "host", "keep-alive", "last-event-id", "te", "trailer"}
    | {"transfer-encoding", "upgrade"}
)


class UrlFault(StrEnum):
    """Why a server cannot be asked at an address; the value ends the sentence that names it."""

    NO_URL = "is no URL"
    NOT_HTTP = "is no http or https URL"
    HOLDS_MORE = "holds a name, a password or a fragment"
    NO_TLS = "must be https, except on this machine"


class HeaderFault(StrEnum):
    """Why Keyturn cannot add a header; the value ends the sentence that names it."""

    NO_NAME = "is no name of a header"
    OF_THE_MESSAGE = "is written by Keyturn itself"
    NO_VALUE = "has a value that no header can carry"
    NO_ENTRY = "names no entry of the keychain"


def fault_of_url(url: str) -> UrlFault | None:
    """Say why a server cannot be asked there; None when it can.

    Without TLS anybody on the way reads the credentials, unless there is no way.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        known = parts.port is None or parts.port > 0
    except ValueError:
        return UrlFault.NO_URL
    if not url.isascii() or not url.isprintable() or " " in url:
        return UrlFault.NO_URL
    if not _is_a_host(parts.netloc, host):
        return UrlFault.NO_URL
    if parts.scheme not in ("http", "https") or not host or not known:
        return UrlFault.NOT_HTTP
    if parts.username is not None or parts.fragment:
        return UrlFault.HOLDS_MORE
    if parts.scheme == "http" and host not in _THIS_MACHINE:
        return UrlFault.NO_TLS
    return None


def fault_of_header(name: str, value: str) -> HeaderFault | None:
    """Say why it cannot be added to each request; None when it can.

    What frames the message, and MCP's own headers, would make the server read another message than
    the one that was judged.
    """
    if not _TOKEN.fullmatch(name):
        return HeaderFault.NO_NAME
    if name.lower() in _OF_THE_MESSAGE or name.lower().startswith("mcp-"):
        return HeaderFault.OF_THE_MESSAGE
    if value.startswith(KEYCHAIN_PREFIX):
        entry = value.removeprefix(KEYCHAIN_PREFIX)
        return None if _ENTRY.fullmatch(entry) else HeaderFault.NO_ENTRY
    return None if _VALUE.fullmatch(value) else HeaderFault.NO_VALUE


def fault_of_oauth(oauth: OAuthConfig) -> tuple[str, str] | None:
    """Say which setting of how to sign in cannot be used, and why; None when all can.

    A secret without its issuer would go to whichever authorization server the server names.
    """
    fault = fault_of_url(oauth.issuer) if oauth.issuer else None
    if fault is not None:
        return "issuer", fault.value
    if oauth.client_secret and not _ENTRY.fullmatch(oauth.client_secret):
        return "client_secret", HeaderFault.NO_ENTRY.value
    if oauth.client_secret and not (oauth.client_id and oauth.issuer):
        return "client_secret", "needs a client_id and the issuer that it belongs to"
    if not oauth.sign_in and not oauth.client_secret:
        return "sign_in", "is missing, and there is no client_secret either"
    if oauth.client_metadata_url and not _is_a_document(oauth.client_metadata_url):
        return "client_metadata_url", "is no https URL of a document"
    if not all(map(_VALUE.fullmatch, (oauth.client_id, oauth.scope))):
        return "client_id", "or scope holds what is no printable ASCII"
    return None


def names_authorization(headers: Iterable[str]) -> bool:
    """Tell whether a server's own headers say who asks, so that nobody signs in."""
    return any(name.lower() == "authorization" for name in headers)


def _is_a_document(url: str) -> bool:
    return fault_of_url(url) is None and url.startswith("https://") and len(urlsplit(url).path) > 1


def _is_a_host(netloc: str, host: str) -> bool:
    """Tell whether every client reads one host there: odd brackets and numbers are read in many."""
    if ("[" in netloc or "]" in netloc) and not _IN_BRACKETS.fullmatch(netloc):
        return False
    if not _NUMBERS.fullmatch(host) and ":" not in host:
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def transport_of(text: str) -> RemoteTransport:
    """Return the transport of that name; raises ConfigurationError for another text."""
    if text not in {transport.value for transport in RemoteTransport}:
        raise ConfigurationError("A server's transport is neither http nor sse.")
    return RemoteTransport(text)


def checked_launch(server: ServerConfig) -> ServerConfig:
    """Return a server that is either started or asked at an address, and all of it usable.

    Raises ConfigurationError otherwise.
    """
    if bool(server.command) == bool(server.url):
        raise ConfigurationError(
            filled(
                "The server {name} needs a command or an address, and not both.", name=server.name
            ),
        )
    if server.url and server.env:
        raise ConfigurationError(
            filled(
                "The server {name} is not started here, so it has no environment variables.",
                name=server.name,
            ),
            mend="What it needs with each request goes into headers.",
        )
    if server.headers and not server.url:
        raise ConfigurationError(
            filled("The server {name} has no address to send headers to.", name=server.name)
        )
    if server.transport is not RemoteTransport.HTTP and not server.url:
        raise ConfigurationError(
            filled("The server {name} has no address to use a transport to.", name=server.name)
        )
    if len({name.lower() for name in server.headers}) < len(server.headers):
        raise ConfigurationError(
            filled("The server {name} is given a header twice.", name=server.name)
        )
    fault = fault_of_url(server.url) if server.url else None
    if fault is not None:
        raise ConfigurationError(
            filled(
                "The address of the server {name} {fault}.", name=server.name, fault=Said(fault, {})
            )
        )
    for name, value in server.headers.items():
        wrong = fault_of_header(name, value)
        if wrong is not None:
            raise ConfigurationError(
                filled("{name!a} {wrong}.", name=name[:80], wrong=Said(wrong, {}))
            )
    return server
