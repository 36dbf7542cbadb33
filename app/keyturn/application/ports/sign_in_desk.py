"""The sign-in desk port: which servers want a person to sign in, and having that done.

Only the window reaches it: nothing that an agent does signs in (architecture.md law 4).
"""

from dataclasses import dataclass
from typing import Protocol

from keyturn.domain.configuration import ServerConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInState:
    """How Keyturn stands with one server."""

    host: str = ""
    """Where a person has to sign in; empty while nobody has to."""
    under_way: bool = False
    failed: bool = False
    """The last sign-in came to nothing."""
    signed_in: bool = False
    at: str = ""
    """Whose tokens those are: the authorization server's host."""
    client: str = ""
    """Who Keyturn is there, in the authorization server's own words."""
    since: float = 0.0
    """When somebody signed in, in seconds since 1970; 0 where that is not known."""


class SignInDesk(Protocol):
    """The broker's side of signing in."""

    def state_of(self, server: ServerConfig) -> SignInState:
        """Return how a server stands, as far as it was asked."""
        ...

    async def sign_in(self, server: ServerConfig) -> None:
        """Show a person where to sign in, in the place of a sign-in that is under way."""
        ...

    async def sign_out(self, server: ServerConfig) -> None:
        """Forget the tokens; raises SecretStoreUnavailable where the keychain keeps them."""
        ...
