"""Enrolment: an agent that connects without a token is asked about once, by its own card.

Until a person enrols it, its connection is accepted and every call of it asks (architecture.md
section 2). Enrolling makes a token file that its bridge finds at the next connection.
"""

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.application.approvals import Approvals
from keyturn.application.connection import Connection
from keyturn.application.events import Observers, Topic
from keyturn.application.live import LiveConnections
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.ids import Ids
from keyturn.application.provenance import asked_by
from keyturn.application.registry import Registry, checked_agent_name
from keyturn.application.tasks import TaskOwner
from keyturn.domain.approval import State
from keyturn.domain.canonical import JsonObject, canonical, digest_of
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
    ) -> None:
        self._live = live
        self._registry = registry
        self._approvals = approvals
        self._clock = clock
        self._ids = ids
        self._asked: set[str] = set()
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
            if not connection.agent_enrolled and self._is_new(connection.agent):
                self._asked.add(connection.agent)
                self._tasks.start(self._ask(connection), f"enrolment {connection.agent}")

    def _is_new(self, name: str) -> bool:
        if name in self._asked or len(self._asked) >= MOST_ASKED:
            return False
        try:
            checked_agent_name(name)
        except ConfigurationError:
            return False
        return all(agent.name != name for agent in self._registry.agents)

    async def _ask(self, connection: Connection) -> None:
        host = connection.peer.host
        executable = host.executable if host is not None else ""
        subject: JsonObject = {
            "agent": connection.agent,
            "executable": executable,
            "pid": host.pid if host is not None else None,
            "started_by": [process.name for process in connection.peer.parents],
            "workspace": connection.cwd,
        }
        text = canonical(subject)
        resolution = await self._approvals.ask(
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
                because="review_agent",
                asked_by=asked_by(connection),
                created_utc=self._clock.now_utc(),
            ),
            hold_seconds=None,
        )
        if resolution.state is State.APPROVED:
            await self._registry.enrol(connection.agent, executable)
