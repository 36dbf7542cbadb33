"""Owns the connections of clients over HTTP: which link a request belongs to, and when it ends.

Legacy clients have one each, named by `Mcp-Session-Id`; from 2026-07-28 on requests carry all they
need, and share one for each agent and server (architecture.md section 7, "HTTP to stdio").
"""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from keyturn.application.tasks import TaskOwner
from keyturn.broker.downstream_socket import Hello
from keyturn.broker.ends import ClientEvents, Downstream
from keyturn.broker.http_client import HttpClient
from keyturn.broker.refusing import RefusedClient

IDLE_SECONDS = 600.0
"""A connection without an open request and without a listener is ended after so long."""
LOOK_SECONDS = 30.0
_SESSION_BYTES = 24


class Door(Protocol):
    """Accepts greeted connections, and knows agents by their tokens."""

    def agent_of(self, token: str) -> str | None:
        """Return the enrolled agent whose token this is."""
        ...

    async def accept(self, hello: Hello, pid: int | None, downstream: Downstream) -> ClientEvents:
        """Return who takes the client's frames; `pid` is None for one over HTTP."""
        ...


@dataclass(slots=True, eq=False)
class HttpSession:
    """One connection: whose it is, where it leads, its client's end."""

    agent: str
    server: str
    client: HttpClient
    id: str = ""
    """Empty for a shared one."""
    used: float = 0.0
    """The loop's time of its last request."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    refused: bool = False
    """It leads nowhere, so that nobody is given its id."""

    @property
    def takes_batches(self) -> bool:
        """Whether the client agreed with its server on the version that has batches."""
        return self.client.events is not None and self.client.events.takes_batches()


class HttpSessions:
    """Opens connections as they are needed, and ends those that nobody uses."""

    def __init__(self, door: Door, *, now: Callable[[], float] | None = None) -> None:
        self._door = door
        self._now = now or asyncio.get_running_loop().time
        self._tasks = TaskOwner()
        self._by_id: dict[str, HttpSession] = {}
        self._shared: dict[tuple[str, str], HttpSession] = {}
        self._tasks.start(self._sweep(), "look for idle HTTP sessions")

    async def open(self, agent: str, token: str, server: str) -> HttpSession:
        """Open a connection for a client of the era with a handshake."""
        session = HttpSession(
            agent=agent,
            server=server,
            client=HttpClient(shared=False),
            id=secrets.token_urlsafe(_SESSION_BYTES),
        )
        await self._accept(session, token)
        if not session.refused:
            self._by_id[session.id] = session
        return session

    async def shared(self, agent: str, token: str, server: str) -> HttpSession:
        """Return the connection of all requests of this agent to this server."""
        session = self._shared.get((agent, server))
        if session is None or session.client.closed.is_set():
            session = HttpSession(agent=agent, server=server, client=HttpClient(shared=True))
            self._shared[agent, server] = session
            try:
                await self._accept(session, token)
            finally:
                if (session.refused or not session.ready.is_set()) and (
                    self._shared.get((agent, server)) is session
                ):
                    del self._shared[agent, server]
                session.ready.set()
        await session.ready.wait()
        session.used = self._now()
        return session

    def find(self, session_id: str, agent: str, server: str) -> HttpSession | None:
        """Return a live connection; None for another agent's, another server's, or an ended one."""
        session = self._by_id.get(session_id)
        if session is None or (session.agent, session.server) != (agent, server):
            return None
        if session.client.closed.is_set():
            del self._by_id[session_id]
            return None
        session.used = self._now()
        return session

    def end(self, session: HttpSession) -> None:
        """End a connection, because its client says so or nobody uses it."""
        self._by_id.pop(session.id, None)
        if self._shared.get((session.agent, session.server)) is session:
            del self._shared[session.agent, session.server]
        if session.client.events is not None:
            session.client.events.client_left()

    async def close(self) -> None:
        """End what is left."""
        await self._tasks.close()
        for session in (*self._by_id.values(), *self._shared.values()):
            self.end(session)

    async def _accept(self, session: HttpSession, token: str) -> None:
        hello = Hello(v=1, server=session.server, agent=session.agent, token=token)
        events = await self._door.accept(hello, None, session.client)
        session.client.events = events
        session.refused = isinstance(events, RefusedClient)
        session.used = self._now()
        session.ready.set()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            before = self._now() - IDLE_SECONDS
            for session in (*self._by_id.values(), *self._shared.values()):
                session.client.sweep(self._now())
                gone = session.client.closed.is_set()
                if gone or session.used < before and not session.client.busy:
                    self.end(session)
