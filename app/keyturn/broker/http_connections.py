"""Owns how many connections over HTTP there are: in all, and of each agent.

Whoever is on this machine may connect. When all places are taken a newcomer gets that of the one
which has waited longest without a valid token, so that no crowd keeps agents out; and no agent may
take the places of the others.
"""

from collections import Counter
from typing import Protocol

Peer = tuple[str, int]
"""The other end's address, which no two open connections share."""


class Connection(Protocol):
    """One connection, as it is told to go."""

    def drop(self) -> None:
        """Close at once, without an answer."""
        ...


class Connections:
    """Counts connections; each is opened once and closed once."""

    def __init__(self, *, most: int, most_of_agent: int) -> None:
        self._most = most
        self._most_of_agent = most_of_agent
        self._unproven: dict[Peer, Connection] = {}
        """In the order in which they came."""
        self._agents: dict[Peer, str] = {}
        self._of_agent: Counter[str] = Counter()

    def open(self, peer: Peer, connection: Connection) -> None:
        """Take one in; the oldest that has shown no token goes when they are too many."""
        self._unproven[peer] = connection
        if len(self._unproven) + len(self._agents) > self._most:
            oldest = next(iter(self._unproven))
            self._unproven.pop(oldest).drop()

    def prove(self, peer: Peer | None, agent: str) -> bool:
        """Note whose a connection is; False when that agent has too many."""
        if peer is None or self._agents.get(peer) == agent:
            return True
        if self._of_agent[agent] >= self._most_of_agent:
            return False
        self.close(peer)
        self._agents[peer] = agent
        self._of_agent[agent] += 1
        return True

    def close(self, peer: Peer) -> None:
        """Give its place back; harmless when it has none."""
        self._unproven.pop(peer, None)
        agent = self._agents.pop(peer, None)
        if agent is not None:
            self._of_agent[agent] -= 1
