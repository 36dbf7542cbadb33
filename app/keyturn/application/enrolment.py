"""Enrolment: an agent that connects without a token is asked about once, by its own card.

Until a person enrols it, its connection is accepted and every call of it asks (architecture.md
section 2). Enrolling makes a token file that its bridge finds at the next connection. An enrolled
agent in another program than the one it was enrolled in is asked about the same way.
"""

from collections.abc import Callable
from dataclasses import replace

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.approvals import Approvals
from keyturn.application.connection import Connection
from keyturn.application.events import Observers, Topic
from keyturn.application.live import LiveConnections
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.ids import Ids
from keyturn.application.provenance import asked_by
from keyturn.application.registry import Registry, checked_agent_name
from keyturn.application.review_request import BECAUSE_PROGRAM
from keyturn.application.tasks import TaskOwner
from keyturn.application.waiting import Resolution
from keyturn.domain.approval import State
from keyturn.domain.canonical import JsonObject, canonical, digest_of
from keyturn.domain.configuration import AgentConfig
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.tier import Tier

MOST_ASKED = 20
"""Names asked about in one run: whoever can connect must not fill the queue with names."""


class Enrolment:
    """Watches who connects and asks about names that are not enrolled."""

    def __init__(
        self,
        *,
        live: LiveConnections,
        registry: Registry,
        approvals: Approvals,
        clock: Clock,
        ids: Ids,
        observers: Observers,
        on_program: Callable[[Connection], None] = lambda _connection: None,
    ) -> None:
        """`on_program` is called with connections of agents that run in another program."""
        self._on_program = on_program
        self._live = live
        self._registry = registry
        self._approvals = approvals
        self._clock = clock
        self._ids = ids
        self._asked: set[str] = set()
        self._asked_programs: set[tuple[str, str, str]] = set()
        self._tasks = TaskOwner()
        self._unsubscribe = observers.subscribe(self._on_topic)

    async def close(self) -> None:
        """Ask no more; nobody is enrolled by that."""
        self._unsubscribe()
        await self._tasks.close()

    def _on_topic(self, topic: Topic) -> None:
        if topic is not Topic.AGENTS:
            return
        for connection in self._live.connections():
            if connection.program_changed:
                self._on_program(connection)
                self._ask_about_program(connection)
            elif not connection.agent_enrolled and self._is_new(connection.agent):
                self._asked.add(connection.agent)
                self._tasks.start(self._ask(connection), f"enrolment {connection.agent}")

    def _ask_about_program(self, connection: Connection) -> None:
        """Ask once about each program that an enrolled agent runs in and was not enrolled in.

        Where none is seen, as of a service that the system itself starts, a yes takes any.
        """
        agent = next((a for a in self._registry.agents if a.name == connection.agent), None)
        if agent is None:
            return
        key = (agent.name, _program_of(connection), connection.program_sha256)
        if key not in self._asked_programs and len(self._asked_programs) < MOST_ASKED:
            self._asked_programs.add(key)
            self._tasks.start(self._ask_again(connection, agent), f"program of {agent.name}")

    async def _ask_again(self, connection: Connection, agent: AgentConfig) -> None:
        subject = _subject(connection)
        subject["enrolled"] = {
            "executable": agent.executable,
            "sha256": agent.executable_sha256,
        }
        resolution = await self._approve(connection, subject, BECAUSE_PROGRAM)
        if resolution.state is State.APPROVED:
            sha256 = connection.program_sha256
            await enrol_again(self._registry, agent, _program_of(connection), sha256)

    def _is_new(self, name: str) -> bool:
        if name in self._asked or len(self._asked) >= MOST_ASKED:
            return False
        try:
            checked_agent_name(name)
        except ConfigurationError:
            return False
        return all(agent.name != name for agent in self._registry.agents)

    async def _ask(self, connection: Connection) -> None:
        resolution = await self._approve(connection, _subject(connection), "review_agent")
        if resolution.state is State.APPROVED:
            program = _program_of(connection)
            await self._registry.enrol(connection.agent, program, connection.program_sha256)

    async def _approve(
        self, connection: Connection, subject: JsonObject, because: str
    ) -> Resolution:
        text = canonical(subject)
        return await self._approvals.ask(
            ApprovalRequest(
                id=self._ids.new("a"),
                kind=RequestKind.AGENT,
                agent=connection.agent,
                session=connection.session.id,
                server=connection.server.name,
                tool=None,
                arguments=text.decode(),
                digest=digest_of(text),
                tier=Tier.T2,
                because=because,
                asked_by=asked_by(connection),
                created_utc=self._clock.now_utc(),
            ),
            hold_seconds=None,
        )


def _program_of(connection: Connection) -> str:
    """Return the path of the program that an agent runs in; empty where none is seen."""
    host = connection.peer.host
    return host.executable if host is not None else ""


def _subject(connection: Connection) -> JsonObject:
    host = connection.peer.host
    subject: JsonObject = {
        "agent": connection.agent,
        "executable": _program_of(connection),
        "pid": host.pid if host is not None else None,
        "started_by": [process.name for process in connection.peer.parents],
        "workspace": connection.cwd,
    }
    if connection.program_sha256:
        subject["sha256"] = connection.program_sha256
    return subject


async def enrol_again(registry: Registry, seen: AgentConfig, executable: str, sha256: str) -> bool:
    """Take it that an agent runs in another program now; False if its enrolment is another."""
    changed = replace(seen, executable=executable, executable_sha256=sha256)
    return await registry.change_agent(seen.name, "program", lambda a: _with_program(a, changed))


def _with_program(agent: AgentConfig, seen: AgentConfig) -> AgentConfig | None:
    """Return an agent in the program that a person agreed to; None if it was enrolled anew."""
    if agent.token_sha256 != seen.token_sha256:
        return None
    return replace(agent, executable=seen.executable, executable_sha256=seen.executable_sha256)
