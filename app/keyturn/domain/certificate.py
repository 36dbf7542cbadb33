"""The certificate that a remote server shows: who vouches for it, and which one it is.

Who vouches is part of what a person agrees to. Which one it is, is shown and written down: there is
another one every few weeks, and a question that is always answered alike is read by nobody.
"""

from dataclasses import dataclass

from keyturn.domain.canonical import digest_of
from keyturn.domain.closure import Closure, ClosureFile

ISSUED_BY = "issuer/"
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What the server's own certificate says, which the system's authorities vouch for."""

    issuer: str
    """The organization that issued it; its name where it names no organization."""
    sha256: str
    """Of all its bytes, in hexadecimal digits, as browsers show it."""


def closure_with(certificate: Certificate) -> Closure:
    """Return what is agreed to of a remote server, beside its address."""
    issuer = certificate.issuer
    shown = f"{ISSUED_BY}{issuer[:_LONGEST]}"
    return Closure(
        files=(ClosureFile(shown, 0, digest_of(issuer.encode("utf-8", "surrogatepass"))),),
        certificate_sha256=certificate.sha256,
    )


def vouches(agreed: Closure, certificate: Certificate) -> bool:
    """Tell whether a certificate is issued by whom a person agreed to."""
    return agreed.closure_hash == closure_with(certificate).closure_hash
