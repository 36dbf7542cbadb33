"""The certificate that a remote server shows: who vouches for it, and which one it is.

Who vouches is part of what a person agrees to, by the key: a name is anybody's to choose, and an
authority of one's own can have that of any other. Which certificate it is, is shown and written
down: there is another one every few weeks, and a question that is always answered alike is read by
nobody.
"""

from dataclasses import dataclass

from keyturn.domain.closure import Closure, ClosureFile

ISSUED_BY = "authority/"
"""What the closure's one file is called, with the issuer's name; its hash is the key's."""
ISSUED_BY_NAME = "issuer/"
"""The same where it was agreed to before keys were: only by the name."""
_LONGEST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What the server's own certificate says, which the system's authorities vouch for."""

    issuer: str
    """The organization that issued it; its name where it names no organization."""
    authority_sha256: str
    """Of the public key of the authority that the system trusts and the certificate rests on: of
    its SubjectPublicKeyInfo, in hexadecimal digits."""
    sha256: str
    """Of all its bytes, in hexadecimal digits, as browsers show it."""


def closure_with(certificate: Certificate) -> Closure:
    """Return what is agreed to of a remote server, beside its address."""
    shown = f"{ISSUED_BY}{certificate.issuer[:_LONGEST]}"
    return Closure(
        files=(ClosureFile(shown, 0, certificate.authority_sha256),),
        certificate_sha256=certificate.sha256,
    )


def vouches(agreed_hash: str, certificate: Certificate) -> bool:
    """Tell whether a certificate is of the issuer, and rests on the key, that were agreed to.

    `agreed_hash` is that of the closure that a person agreed to.
    """
    return agreed_hash == closure_with(certificate).closure_hash
