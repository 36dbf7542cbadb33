"""Owns the words in which a connection and a sign-in speak of each other."""

import re
from dataclasses import dataclass

import httpx2

_CHALLENGE = "www-authenticate"
_SCOPE_LACKS = re.compile(r'error="?insufficient_scope\b')
_LONGEST = 8 * 1024


class SignInWanted(Exception):
    """Somebody has to sign in, at this host."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


class NoSignIn(Exception):
    """A sign-in came to nothing; the text is for the server's log and holds no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a server said instead of an answer."""

    status: int
    header: str
    version: str
    """Of the protocol, as the request named it."""

    @property
    def wants_scope(self) -> bool:
        """Whether the token is good, and not enough."""
        return self.status == 403

    def response(self, request: httpx2.Request) -> httpx2.Response:
        """Return it as the answer to another request."""
        headers = {_CHALLENGE: self.header} if self.header else {}
        return httpx2.Response(self.status, headers=headers, request=request)


def challenge_of(response: httpx2.Response, version: str, *, known: bool) -> Challenge | None:
    """Return what a response wants of whoever asks; None when it is an answer.

    `known` for a server that is known to want a sign-in: it need not say so again.
    """
    said = ", ".join(response.headers.get_list(_CHALLENGE))[:_LONGEST]
    # A realm may be in any language; what is used of it is ASCII.
    header = said.encode("ascii", "replace").decode()
    if response.status_code == 401 and (known or "bearer" in header.lower()):
        return Challenge(status=401, header=header, version=version)
    if response.status_code == 403 and _SCOPE_LACKS.search(header):
        return Challenge(status=403, header=header, version=version)
    return None
