"""Owns whose certificates Keyturn trusts, and the look at the one that a remote server shows.

Trusted is whom the system trusts, whatever the environment names. Beyond that the certificate has
to be issued by whom a person agreed to: any of the system's hundred authorities, or a program that
puts one there, could vouch for another machine otherwise.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from hashlib import sha256
from typing import Protocol, cast, runtime_checkable
from urllib.parse import urlsplit

import httpx2

from keyturn.domain.certificate import Certificate, vouches
from keyturn.domain.closure import Closure
from keyturn.domain.errors import ServerUnavailable

_SECONDS = 10.0
_HANDSHAKE = "connection.start_tls.complete"
"""What httpcore calls the end of a handshake; nothing of the request has gone out by then."""
OTHER_ISSUER = "the server's certificate has another issuer than the one agreed to"

_Name = tuple[tuple[tuple[str, str], ...], ...]
"""As `ssl` gives it: kinds and names, in parts that belong together."""
Trace = Callable[[str, Mapping[str, object]], Awaitable[None]]


@runtime_checkable
class _Stream(Protocol):
    def get_extra_info(self, info: str) -> object: ...

    async def aclose(self) -> None: ...


@cache
def trusted() -> ssl.SSLContext:
    """Return what every client over HTTP verifies its server by, read once.

    Reading all the system's certificates holds the loop up for longer than it may be, so not for
    each connection and each step of signing in. What is added to them counts after the next start.
    """
    return httpx2.create_ssl_context(trust_env=False)


async def certificate_of(url: str, server: str) -> Certificate | None:
    """Return what a server shows before anything is said to it; None where there is no TLS.

    Raises ServerUnavailable.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or parts.hostname is None:
        return None
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or 443, ssl=trusted()
            )
    except (OSError, TimeoutError) as error:
        cause = getattr(error, "verify_message", "") or type(error).__name__
        raise ServerUnavailable(
            f"The server {server} could not be reached.",
            cause=f"{parts.hostname}: {cause}",
            mend="Look whether its address is right and it runs, then reconnect.",
        ) from error
    try:
        return _shown_by(writer.get_extra_info("ssl_object"))
    finally:
        writer.transport.abort()


def issued_as_agreed(agreed: Closure, note: Callable[[str], None]) -> Trace:
    """Return what ends a connection whose certificate is issued by somebody else.

    It is for the client's `trace`. Raises ConnectError, as for a server that cannot be reached.
    """
    known = {agreed.certificate_sha256}

    async def trace(event: str, info: Mapping[str, object]) -> None:
        stream = info.get("return_value")
        if event != _HANDSHAKE or not isinstance(stream, _Stream):
            return
        certificate = _shown_by(stream.get_extra_info("ssl_object"))
        if certificate is None or not vouches(agreed, certificate):
            await stream.aclose()
            raise httpx2.ConnectError(OTHER_ISSUER)
        if certificate.sha256 not in known:
            known.add(certificate.sha256)
            note(f"it shows another certificate of that issuer: {certificate.sha256}")

    return trace


def _shown_by(connection: object) -> Certificate | None:
    """Read a certificate that was verified already; None for a connection that has none."""
    if not isinstance(connection, ssl.SSLObject):
        return None
    der, said = connection.getpeercert(binary_form=True), connection.getpeercert()
    if der is None or said is None:
        return None
    return Certificate(
        issuer=_issuer_in(cast("_Name", said.get("issuer", ()))), sha256=sha256(der).hexdigest()
    )


def _issuer_in(said: "_Name") -> str:
    """Return the organization's name, else the common name, else all that is said of it."""
    pairs = dict(pair for part in said for pair in part)
    named = pairs.get("organizationName") or pairs.get("commonName")
    return named or ", ".join(f"{kind}={name}" for kind, name in sorted(pairs.items()))
