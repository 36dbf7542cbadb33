"""Owns who may connect to what, and the links that live: one for each accepted connection."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from keyturn.application.connection import Connection
from keyturn.application.events import Topic
from keyturn.application.ports.processes import ObservedPeer, ObservedProcess
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.registry import token_matches
from keyturn.application.stop import StopLevel
from keyturn.application.tasks import TaskOwner
from keyturn.broker.downstream_socket import Hello
from keyturn.broker.ends import ClientEvents, Downstream, LinkServices
from keyturn.broker.link import Link
from keyturn.broker.own_connection import Unattended, list_on_own_connection
from keyturn.broker.refusals import PAUSED, TOO_MANY, UNKNOWN_AGENT, UNKNOWN_SERVER
from keyturn.broker.refusing import RefusedClient
from keyturn.broker.server_environment import server_environment, server_folder
from keyturn.broker.server_start import ServerMeans, ServerStart
from keyturn.broker.upstream_stdio import StdioUpstream
from keyturn.domain.approval import State
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.errors import SecretStoreUnavailable, ServerUnavailable

LOOK_SECONDS = 15.0
"""How often processes are looked for that have died unnoticed."""
LOCAL_AGENT = "local"
"""Who connects to a headless broker whose FILE names no agents."""
OWN_AGENT = "keyturn"
"""The broker itself, when it reviews a server without an agent."""
_LONGEST_NAME = 64
_NOBODY = ObservedPeer(process=None, parents=(), host=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """What a broker's connections have in common."""

    headless: bool
    environment: Mapping[str, str]
    """The broker's own."""
    server_log: Callable[[str], Callable[[bytes], None]]
    """Returns the sink for one server's stderr lines."""
    version: str = ""
    """Keyturn's own, for servers that it reviews on a connection of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Who:
    agent: str
    enrolled: bool
    executable: str = ""


class Hub:
    """Accepts connections, and tells the window what is live."""

    def __init__(self, services: LinkServices, means: ServerMeans, settings: HubSettings) -> None:
        self._services = services
        self._means = means
        self._settings = settings
        self._tasks = TaskOwner()
        self._servers: dict[str, ServerConfig] = {}
        self._agents: dict[str, AgentConfig] = {}
        self._links: set[Link] = set()
        self._accepting = 0
        self._sweeping: asyncio.Task[None] | None = None
        services.stop.on_engage(self._stopped)
        services.stop.on_raise(self._end_all)

    # ---------------------------------------------------------------- for the use cases

    def connections(self) -> tuple[Connection, ...]:
        """Return the live connections, oldest first."""
        return tuple(sorted((link.connection for link in self._links), key=lambda c: c.id))

    def running(self, server: str) -> int:
        """Return how many processes of a server run."""
        return sum(
            link.server_running for link in self._links if link.connection.server.name == server
        )

    def use(self, servers: tuple[ServerConfig, ...], agents: tuple[AgentConfig, ...]) -> None:
        """Take over who may connect to what; what is no longer covered is ended."""
        self._servers = {server.name: server for server in servers}
        self._agents = {agent.name: agent for agent in agents}
        for link in tuple(self._links):
            connection = link.connection
            agent_gone = connection.agent_enrolled and not self._may_be(connection.agent)
            config = self._servers.get(connection.server.name)
            if config is None or agent_gone or not _same_process(connection.server, config):
                link.end()
            else:
                connection.server = config

    async def review(self, server: str) -> None:
        """List a server's tools on a connection of the broker's own and have them reviewed.

        Raises ServerUnavailable with a sentence when it may not start, cannot, or does not answer.
        """
        config = self._servers.get(server)
        if self._services.stop.reaches(StopLevel.SERVERS):
            raise ServerUnavailable(
                "The servers are stopped.", mend="Resume first, then review the tools again."
            )
        if config is None:
            raise ServerUnavailable(f"No server named {server} is set up.")
        connection, start = await self._open(config, _Who(agent=OWN_AGENT, enrolled=True), None)
        try:
            await self._review(connection, start)
        finally:
            self._services.reviews.left(connection)

    async def _review(self, connection: Connection, start: ServerStart) -> None:
        server = connection.server.name
        seconds = self._services.limits.review_seconds
        if not await self._services.reviews.consent(connection, seconds):
            raise ServerUnavailable(
                f"The command of {server} waits for your agreement.",
                mend="Answer it in the queue, then review the tools again.",
            )
        events = Unattended()
        upstream = StdioUpstream(start, self._means, events, self._settings.server_log(server))
        events.upstream = upstream
        try:
            tools = await list_on_own_connection(upstream, self._settings.version)
        except SecretStoreUnavailable as error:
            raise ServerUnavailable(error.sentence, mend=error.mend) from error
        await self._services.reviews.listed(connection, tools)

    async def close(self) -> None:
        """End every connection and its server."""
        await self._tasks.close()
        ends = [link.end() for link in self._links]
        if ends:
            await asyncio.wait(ends)

    # ---------------------------------------------------------------- for the socket

    async def accept(self, hello: Hello, pid: int, downstream: Downstream) -> ClientEvents:
        """Make the link for a greeted connection, or what refuses its every request."""
        if self._services.stop.reaches(StopLevel.CONNECTIONS):
            return RefusedClient(downstream, PAUSED)
        if len(self._links) + self._accepting >= self._services.limits.connections:
            return RefusedClient(downstream, TOO_MANY)
        server = self._servers.get(hello.server)
        if server is None:
            return RefusedClient(downstream, UNKNOWN_SERVER)
        who = self._identify(hello)
        if who is None:
            return RefusedClient(downstream, UNKNOWN_AGENT)
        self._accepting += 1
        try:
            connection, start = await self._open(server, who, hello, pid)
        finally:
            self._accepting -= 1
        link = Link(
            connection=connection,
            downstream=downstream,
            start=start,
            means=self._means,
            services=self._services,
            log_line=self._settings.server_log(server.name),
            closed=self._closed,
        )
        self._links.add(link)
        if self._sweeping is None:
            self._sweeping = self._tasks.start(self._sweep(), "look for agents that died")
        self._changed()
        return link

    def _identify(self, hello: Hello) -> _Who | None:
        """Find out who connects: by the token only, never by the name that is claimed."""
        agent = self._agents.get(hello.agent)
        claimed = hello.agent[:_LONGEST_NAME] or "unknown"
        if agent is not None and agent.confirmed and token_matches(agent, hello.token):
            return _Who(agent=agent.name, enrolled=True, executable=agent.executable)
        if self._settings.headless:
            return None if self._agents else _Who(agent=LOCAL_AGENT, enrolled=True)
        # Whoever claims an enrolled name without its token must not be taken for its bearer.
        name = f"{claimed} (not proven)" if agent is not None else claimed
        return _Who(agent=name, enrolled=False)

    def _may_be(self, agent: str) -> bool:
        return agent in self._agents or agent == LOCAL_AGENT and not self._agents

    async def _open(
        self, server: ServerConfig, who: _Who, hello: Hello | None, pid: int = 0
    ) -> tuple[Connection, ServerStart]:
        """Observe the peer and resolve the command; both look at the system, off the loop."""
        processes = self._services.processes
        peer = await asyncio.to_thread(processes.observe, pid) if pid else _NOBODY
        environment = server_environment(
            server, self._settings.environment, hello.env if hello is not None else {}
        )
        cwd = hello.cwd if hello is not None else ""
        launch = await asyncio.to_thread(
            processes.launch_identity,
            server.command,
            server.env_names(),
            server_folder(server, cwd),
            environment,
        )
        connection = Connection(
            id=self._services.ids.new("n"),
            agent=who.agent,
            agent_enrolled=who.enrolled,
            server=server,
            session=self._services.sessions.join(who.agent, _for_session(peer, who)),
            peer=peer,
            launch=launch,
            cwd=cwd,
        )
        return connection, ServerStart(server=server, launch=launch, environment=environment)

    # ---------------------------------------------------------------- inside

    def _closed(self, link: Link) -> None:
        self._links.discard(link)
        self._services.reviews.left(link.connection)
        self._changed()

    def _changed(self) -> None:
        self._services.observers.changed(Topic.AGENTS)
        self._services.observers.changed(Topic.SERVERS)

    async def _sweep(self) -> None:
        """Look, again and again, for processes that ended and left something behind."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            dead = await asyncio.to_thread(self._dead, self._processes_that_matter())
            self._end_links_of(dead)
            self._end_what_hosts_left(dead)

    def _processes_that_matter(self) -> frozenset[ObservedProcess]:
        services = self._services
        found = {link.connection.peer.process for link in self._links}
        found |= {session.host for session in services.sessions.all()}
        found |= {waiting.host for waiting in services.approvals.waiting()}
        return frozenset(process for process in found if process is not None)

    def _dead(self, processes: frozenset[ObservedProcess]) -> frozenset[ObservedProcess]:
        return frozenset(p for p in processes if not self._services.processes.alive(p))

    def _end_links_of(self, dead: frozenset[ObservedProcess]) -> None:
        """End connections whose peer died while it was not read from, which hides its end."""
        for link in tuple(self._links):
            if link.connection.peer.process in dead:
                link.client_left()

    def _end_what_hosts_left(self, dead: frozenset[ObservedProcess]) -> None:
        """End sessions that cannot come back, and requests whose one retry cannot.

        A host closes its connections first and exits then, so that their ends find it alive.
        """
        approvals, sessions = self._services.approvals, self._services.sessions
        for waiting in approvals.waiting():
            if waiting.state is State.DETACHED and waiting.host in dead:
                approvals.client_left(waiting.request.id, host_gone=True)
        joined = {link.connection.session.id for link in self._links}
        for session in sessions.all():
            if session.host in dead and session.id not in joined:
                sessions.end(session)

    def _end_all(self, level: StopLevel) -> None:
        """End every server; its connection ends with it, so that the agent's host sees it."""
        for link in tuple(self._links):
            link.end()

    def _stopped(self, facts: StopFacts) -> None:
        for link in tuple(self._links):
            link.stop_engaged()


def _for_session(peer: ObservedPeer, who: _Who) -> ObservedPeer:
    """Give a host that is not the enrolled executable the agent's credential session."""
    host = peer.host
    if host is not None and who.executable and host.executable != who.executable:
        return replace(peer, host=None)
    return peer


def _same_process(one: ServerConfig, other: ServerConfig) -> bool:
    """Tell whether a running server is still the one that is configured."""
    return (one.command, one.env, one.cwd, one.cwd_path) == (
        other.command,
        other.env,
        other.cwd,
        other.cwd_path,
    )
