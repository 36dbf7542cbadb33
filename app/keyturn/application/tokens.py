"""Owns how an agent's token is handed over, kept and compared."""

import hashlib
import hmac
from typing import Protocol

from keyturn.domain.configuration import AgentConfig


class TokenFiles(Protocol):
    """Where agents' tokens are handed over: one 0600 file each."""

    def write(self, agent: str, token: str) -> None:
        """Create or replace an agent's token file."""
        ...

    def remove(self, agent: str) -> None:
        """Remove it."""
        ...

    def new_token(self) -> str:
        """Return at least 256 random bits as text."""
        ...


def token_hash(token: str) -> str:
    """Hash a token for storage and comparison."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_matches(agent: AgentConfig, token: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(agent.token_sha256, token_hash(token))
