"""Owns who may connect to what, and the links that live: one for each accepted connection."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from keyturn.application.agent_names import LONGEST_NAME, is_own_name, is_plain_name
from keyturn.application.agreements import Agreements
from keyturn.application.connection import NOT_PROVEN, OVER_HTTP, OWN_AGENT, STDIO, Connection
from keyturn.application.events import Topic
from keyturn.application.ports.processes import ObservedPeer, ObservedProcess, Processes
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.application.stop import StopLevel
from keyturn.application.tasks import TaskOwner
from keyturn.application.tokens import token_matches
from keyturn.broker.downstream_socket import Hello
from keyturn.broker.ends import ClientEvents, Downstream, LinkServices
from keyturn.broker.link import Link
from keyturn.broker.refusals import PAUSED, TOO_MANY, UNKNOWN_AGENT, UNKNOWN_SERVER
from keyturn.broker.refusing import RefusedClient
from keyturn.broker.server_environment import server_environment, server_folder
from keyturn.broker.server_reviews import ReviewPlace, ServerReviews
from keyturn.broker.server_start import ServerMeans, ServerStart
from keyturn.domain.approval import State
from keyturn.domain.certificate import closure_with
from keyturn.domain.closure import NO_CLOSURE, Closure
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.errors import ServerUnavailable, filled
from keyturn.domain.launch import LaunchIdentity, remote_identity

LOOK_SECONDS = 15.0
"""How often processes are looked for that have died unnoticed."""
LOCAL_AGENT = "local"
"""Who connects to a headless broker whose FILE names no agents."""
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
    token_used: Callable[[str], None] = lambda _agent: None
    """Called with an agent whose token let it in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Who:
    agent: str
    enrolled: bool
    config: AgentConfig | None = None
    """Of an enrolled one that a profile knows."""
    token_sha256: str = ""


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
        self._reviews = ServerReviews(
            services,
            means,
            ReviewPlace(
                open=self._open_own,
                is_current=self._is_current,
                server_log=settings.server_log,
                version=settings.version,
            ),
        )
        self._accepting, self._closing = 0, False
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
            agent_gone = connection.agent_enrolled and not self._may_be(connection)
            config = self._servers.get(connection.server.name)
            if config is None or agent_gone or not _same_process(connection.server, config):
                link.end()
            else:
                connection.server = config
                agent = self._agents.get(connection.agent)
                connection.program_changed = _runs_elsewhere(connection, agent)
        self._reviews.end(only_changed=True)

    async def review(self, server: str) -> None:
        """List a server's tools on a connection of the broker's own and have them reviewed.

        Raises ServerUnavailable with a sentence when it may not start, cannot, or does not answer.
        """
        config = self._servers.get(server)
        if config is None:
            raise ServerUnavailable(filled("No server named {server} is set up.", server=server))
        await self._reviews.review(config)

    async def _open_own(self, server: ServerConfig) -> tuple[Connection, ServerStart]:
        return await self._open(server, _Who(agent=OWN_AGENT, enrolled=True), None)

    def _is_current(self, server: ServerConfig) -> bool:
        config = self._servers.get(server.name)
        return not self._closing and config is not None and _same_process(server, config)

    async def close(self) -> None:
        """Let nobody in any more, end every connection and its server."""
        self._closing = True
        await self._tasks.close()
        if ends := [link.end() for link in self._links]:
            await asyncio.wait(ends)
        await self._reviews.close()
        await self._means.looks.close()

    # ---------------------------------------------------------------- for the socket

    async def accept(self, hello: Hello, pid: int | None, downstream: Downstream) -> ClientEvents:
        """Make the link for a greeted connection, or what refuses its every request.

        `pid` is None for one that came over HTTP.
        """
        over_http = pid is None
        let_in = self._let_in(hello, over_http)
        if len(self._links) + self._accepting >= self._services.limits.connections:
            let_in = PAUSED if let_in == PAUSED else TOO_MANY
        self._accepting += 1
        try:
            while not isinstance(let_in, str):
                server, who = let_in
                connection, start = await self._open(server, who, hello, pid)
                # The system was looked at for a while: it counts who may connect to what by now.
                let_in = self._let_in(hello, over_http)
                if let_in == (server, who):
                    return self._make_link(connection, start, downstream)
        except ServerUnavailable as error:
            let_in = PAUSED if self._closing else error.sentence
        finally:
            self._accepting -= 1
        return RefusedClient(downstream, let_in)

    def agent_of(self, token: str) -> str | None:
        """Return whose token lets ask over HTTP; nobody is found sooner than another."""
        found = [agent for agent in self._agents.values() if token_matches(agent, token)]
        return next((agent.name for agent in found if agent.confirmed and agent.http), None)

    def _let_in(self, hello: Hello, over_http: bool) -> tuple[ServerConfig, _Who] | str:
        """Return what a connection leads to and whose it is, or why it is refused."""
        if self._closing or self._services.stop.reaches(StopLevel.CONNECTIONS):
            return PAUSED
        server = self._servers.get(hello.server)
        if server is None:
            return UNKNOWN_SERVER
        # A body may come long after its head, at which the token was looked at.
        shut = over_http and self.agent_of(hello.token) != hello.agent
        who = None if shut else self._identify(hello)
        return UNKNOWN_AGENT if who is None else (server, who)

    def _make_link(
        self, connection: Connection, start: ServerStart, downstream: Downstream
    ) -> Link:
        link = Link(
            connection=connection,
            downstream=downstream,
            start=start,
            means=self._means,
            services=self._services,
            log_line=self._settings.server_log(connection.server.name),
            closed=self._closed,
        )
        self._links.add(link)
        if connection.agent_enrolled:
            self._settings.token_used(connection.agent)
        if self._sweeping is None:
            self._sweeping = self._tasks.start(self._sweep(), "look for agents that died")
        self._changed()
        return link

    def _identify(self, hello: Hello) -> _Who | None:
        """Find out who connects: by the token only, never by the name that is claimed."""
        agent = self._agents.get(hello.agent)
        claimed = hello.agent[:LONGEST_NAME] or "unknown"
        if agent is not None and agent.confirmed and token_matches(agent, hello.token):
            proof = agent.token_sha256
            return _Who(agent=agent.name, enrolled=True, config=agent, token_sha256=proof)
        if self._settings.headless:
            return None if self._agents else _Who(agent=LOCAL_AGENT, enrolled=True)
        # Whoever claims an enrolled name without its token must not be taken for its bearer.
        free = agent is None and is_plain_name(claimed) and not is_own_name(claimed)
        name = claimed if free else claimed + NOT_PROVEN
        return _Who(agent=name, enrolled=False)

    def _may_be(self, connection: Connection) -> bool:
        """Tell whether what proved an agent's connection still does."""
        agent = self._agents.get(connection.agent)
        if agent is None:
            return connection.agent == LOCAL_AGENT and not self._agents
        may_connect = agent.http or connection.transport != OVER_HTTP
        return may_connect and agent.confirmed and agent.token_sha256 == connection.token_sha256

    async def _open(
        self, server: ServerConfig, who: _Who, hello: Hello | None, pid: int | None = 0
    ) -> tuple[Connection, ServerStart]:
        """Observe the peer and resolve the command; both look at the system, off the loop."""
        processes = self._services.processes
        peer = await asyncio.to_thread(processes.observe, pid) if pid else _NOBODY
        program = ""
        if peer.host is not None and not self._settings.headless:
            program = await asyncio.to_thread(processes.program_sha256, peer.host)
        changed = _is_elsewhere(who.config, peer, program, over_http=pid is None)
        environment = server_environment(
            server, self._settings.environment, hello.env if hello is not None else {}
        )
        cwd = hello.cwd if hello is not None else ""
        launch, closure = await _what_starts_in(server, cwd, environment, self._means)
        session = self._services.sessions.join(who.agent, _for_session(peer, changed=changed))
        connection = Connection(
            id=self._services.ids.new("n"),
            agent=who.agent,
            agent_enrolled=who.enrolled,
            program_sha256=program,
            program_changed=changed,
            token_sha256=who.token_sha256,
            server=server,
            session=session,
            peer=peer,
            launch=launch,
            closure=closure,
            cwd=cwd,
            opened_after=session.calls,
            transport=OVER_HTTP if pid is None else STDIO,
        )
        return connection, _start_of(connection, environment, self._services.agreements)

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
            watched = _processes_that_matter(self._services, self._links)
            dead = await asyncio.to_thread(_dead, watched, self._services.processes)
            self._end_links_of(dead)
            self._end_what_hosts_left(dead)

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
                approvals.grants.end_of(session.id)

    def _end_all(self, level: StopLevel) -> None:
        """End every server; its connection ends with it, so that the agent's host sees it."""
        for link in tuple(self._links):
            link.end()
        self._reviews.end()

    def _stopped(self, facts: StopFacts) -> None:
        for link in tuple(self._links):
            link.stop_engaged()


async def _what_starts_in(
    server: ServerConfig, agent_cwd: str, environment: Mapping[str, str], means: ServerMeans
) -> tuple[LaunchIdentity, Closure]:
    """Resolve a server's command and what it would load; both look at the disk, off the loop."""
    if server.url:
        return remote_identity(server), await _shown_by_remote(server)
    folder = server_folder(server, agent_cwd)
    launch = await asyncio.to_thread(
        means.processes.launch_identity, server.command, server.env_names(), folder, environment
    )
    return launch, await means.looks.closure(launch, environment)


async def _shown_by_remote(server: ServerConfig) -> Closure:
    """Return who vouches for a remote server; raises ServerUnavailable."""
    if not server.url.startswith("https:"):
        return NO_CLOSURE
    from keyturn.broker.certificates import certificate_of  # only who needs HTTP pays for it

    certificate = await certificate_of(server.url, server.name)
    return NO_CLOSURE if certificate is None else closure_with(certificate)


def _processes_that_matter(
    services: LinkServices, links: Iterable[Link]
) -> frozenset[ObservedProcess]:
    found = {link.connection.peer.process for link in links}
    found |= {session.host for session in services.sessions.all()}
    found |= {waiting.host for waiting in services.approvals.waiting()}
    return frozenset(process for process in found if process is not None)


def _dead(watched: frozenset[ObservedProcess], processes: Processes) -> frozenset[ObservedProcess]:
    return frozenset(process for process in watched if not processes.alive(process))


def _start_of(
    connection: Connection, environment: Mapping[str, str], agreements: Agreements
) -> ServerStart:
    return ServerStart(
        server=connection.server,
        launch=connection.launch,
        closure=connection.closure,
        environment=environment,
        reads_compiled=partial(agreements.reads_compiled, connection),
        agent=connection.shares_as,
    )


def _for_session(peer: ObservedPeer, *, changed: bool) -> ObservedPeer:
    """Give a host that is not the enrolled program the agent's credential session."""
    return replace(peer, host=None) if changed else peer


def _is_elsewhere(
    agent: AgentConfig | None, peer: ObservedPeer, sha256: str, *, over_http: bool
) -> bool:
    """Tell whether an agent is not seen to run in the program that it was enrolled in.

    Whoever leaves its parent behind is seen to run in none. Over HTTP nobody is seen, and a person
    let the agent come that way.
    """
    executable = peer.host.executable if peer.host is not None else ""
    return agent is not None and not over_http and not agent.runs_in(executable, sha256)


def _runs_elsewhere(connection: Connection, agent: AgentConfig | None) -> bool:
    """Tell it of an open connection; whoever proved no name is asked about as it is."""
    over_http, sha256 = connection.transport == OVER_HTTP, connection.program_sha256
    elsewhere = _is_elsewhere(agent, connection.peer, sha256, over_http=over_http)
    return connection.agent_enrolled and elsewhere


def _same_process(one: ServerConfig, other: ServerConfig) -> bool:
    """Tell whether a running server is still the one that is configured."""
    return _what_starts(one) == _what_starts(other)


def _what_starts(server: ServerConfig) -> tuple[object, ...]:
    process = server.command, server.env, server.cwd, server.cwd_path
    return *process, server.url, server.transport, server.headers, server.oauth
