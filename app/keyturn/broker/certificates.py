"""Owns whose certificates Keyturn trusts, and the look at the one that a remote server shows.

Trusted is whom the system trusts, whatever the environment names. Beyond that the certificate has
to be issued by whom a person agreed to, and rest on that one's key: any of the system's hundred
authorities, or a program that puts one there, could vouch for another machine otherwise. That look
is part of the handshake itself: no library above it can leave it out.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, lru_cache
from hashlib import sha256
from typing import Protocol, cast, runtime_checkable
from urllib.parse import urlsplit

import httpx2

from keyturn.domain.certificate import Certificate, vouches
from keyturn.domain.der import public_key_info
from keyturn.domain.errors import ServerUnavailable, filled

_SECONDS = 10.0
_HANDSHAKE = "connection.start_tls.complete"
"""What httpcore calls the end of a handshake; nothing of the request has gone out by then."""
_DER = 2
"""As `ssl` names the form of a certificate's bytes."""
_MOST_KEPT = 64
OTHER_ISSUER = "the server's certificate has another issuer than the one agreed to"

_Name = tuple[tuple[tuple[str, str], ...], ...]
"""As `ssl` gives it: kinds and names, in parts that belong together."""
Trace = Callable[[str, Mapping[str, object]], Awaitable[None]]


@runtime_checkable
class _Stream(Protocol):
    def get_extra_info(self, info: str) -> object: ...


class _Readable(Protocol):
    def public_bytes(self, encoding: int) -> bytes: ...


@runtime_checkable
class _OwnChain(Protocol):
    def get_verified_chain(self) -> "Sequence[bytes | _Readable] | None": ...


@cache
def trusted() -> ssl.SSLContext:
    """Return what every client over HTTP verifies its server by, read once.

    Reading all the system's certificates holds the loop up for longer than it may be, so not for
    each connection and each step of signing in. What is added to them counts after the next start.
    """
    return make_context()


def make_context() -> ssl.SSLContext:
    """Read what the system trusts."""
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
            filled("The server {server} could not be reached.", server=server),
            cause=filled("{hostname}: {cause}", hostname=parts.hostname, cause=cause),
            mend="Look whether its address is right and it runs, then reconnect.",
        ) from error
    try:
        certificate = _shown_by(writer.get_extra_info("ssl_object"))
    finally:
        writer.transport.abort()
    if certificate is None:
        raise ServerUnavailable(
            filled("The certificate cannot be read that {server} shows.", server=server),
            mend="Have its certificate issued anew, with a key that is common today.",
        )
    return certificate


@lru_cache(maxsize=_MOST_KEPT)
def verifying(agreed_hash: str) -> ssl.SSLContext:
    """Return what a server is verified by that is sent nothing unless it is vouched for as agreed.

    Reads the system's certificates at first, so in a thread. With it a handshake fails, as with
    who is not trusted, before a byte of a request is written. `agreed_hash` is that of the closure
    that a person agreed to.
    """

    class Looking(ssl.SSLObject):
        """A connection whose handshake is over once its certificate was looked at."""

        def do_handshake(self) -> None:
            super().do_handshake()
            certificate = _shown_by(self)
            if certificate is None or not vouches(agreed_hash, certificate):
                raise ssl.SSLCertVerificationError(OTHER_ISSUER)

    context = make_context()
    context.sslobject_class = Looking
    return context


def noting_others(known: str, note: Callable[[str], None]) -> Trace:
    """Return what notes certificates other than the one that is `known` by its SHA-256.

    It is for the client's `trace`; nothing depends on its being called.
    """
    seen = {known}

    async def trace(event: str, info: Mapping[str, object]) -> None:
        stream = info.get("return_value")
        if event != _HANDSHAKE or not isinstance(stream, _Stream):
            return
        certificate = _shown_by(stream.get_extra_info("ssl_object"))
        if certificate is not None and certificate.sha256 not in seen:
            seen.add(certificate.sha256)
            note(f"it shows another certificate of that issuer: {certificate.sha256}")

    return trace


def _shown_by(connection: object) -> Certificate | None:
    """Read a certificate that was verified already; None for a connection that has none."""
    if not isinstance(connection, ssl.SSLObject):
        return None
    chain, said = _verified_chain(connection), connection.getpeercert()
    key = public_key_info(chain[-1]) if chain else b""
    if not key or said is None:
        return None
    return Certificate(
        issuer=_issuer_in(cast("_Name", said.get("issuer", ()))),
        authority_sha256=sha256(key).hexdigest(),
        sha256=sha256(chain[0]).hexdigest(),
    )


def _verified_chain(connection: ssl.SSLObject) -> list[bytes]:
    """Return the certificates from the server's own to the trusted one, in DER; none if unknown.

    Python has had it since 3.10, and has said so since 3.13.
    """
    source: object = connection
    if not isinstance(source, _OwnChain):
        source = getattr(connection, "_sslobj", None)
    chain = source.get_verified_chain() if isinstance(source, _OwnChain) else None
    return [one if isinstance(one, bytes) else one.public_bytes(_DER) for one in chain or ()]


def _issuer_in(said: "_Name") -> str:
    """Return the organization's name, else the common name, else all that is said of it."""
    pairs = dict(pair for part in said for pair in part)
    named = pairs.get("organizationName") or pairs.get("commonName")
    return named or ", ".join(f"{kind}={name}" for kind, name in sorted(pairs.items()))
