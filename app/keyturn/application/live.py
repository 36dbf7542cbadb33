"""Live connections, as the use cases see whoever carries them."""

from typing import Protocol

from keyturn.application.connection import Connection
from keyturn.domain.configuration import AgentConfig, ServerConfig


class LiveConnections(Protocol):
    """The broker's side of agents and servers."""

    def connections(self) -> tuple[Connection, ...]:
        """Return the live connections."""
        ...

    def running(self, server: str) -> int:
        """Return how many processes of a server run."""
        ...

    def use(self, servers: tuple[ServerConfig, ...], agents: tuple[AgentConfig, ...]) -> None:
        """Take over who may connect to what; live connections of removed ones are ended."""
        ...

    async def review(self, server: str) -> None:
        """Start a server on a connection of the broker's own, list its tools, end it.

        Raises ServerUnavailable with a sentence when it cannot be started or does not answer.
        """
        ...
