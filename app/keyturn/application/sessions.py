"""Sessions: what one agent's host process has seen and done, across all its servers.

A session is Keyturn's own notion (architecture.md section 7): a connection or a protocol session
must not be read as one (MCP 2026-07-28, basic).
"""

from collections import deque
from dataclasses import dataclass, field

from keyturn.application.approval_request import EarlierCall
from keyturn.application.ports.ids import Ids
from keyturn.application.ports.inspection import TraceIndex, TraceIndexes
from keyturn.application.ports.processes import ObservedPeer, ObservedProcess
from keyturn.domain.lamps import Lamps

EARLIER_CALLS = 3


@dataclass(slots=True, kw_only=True)
class Session:
    """Mutable state that only ever rises: lamps, results and their index."""

    id: str
    agent: str
    host: ObservedProcess | None
    """The host process; None for the agent's credential session."""
    index: TraceIndex
    lamps: Lamps = Lamps.NONE
    lit_by: dict[str, int] = field(default_factory=dict[str, int])
    """Lamp letter to the number of the call that lit it."""
    calls: int = 0
    results: int = 0
    tools_used: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    earlier: deque[EarlierCall] = field(
        default_factory=lambda: deque[EarlierCall](maxlen=EARLIER_CALLS)
    )

    def next_call(self) -> int:
        """Count a judged call and return its number, from 1."""
        self.calls += 1
        return self.calls

    def next_result(self) -> int:
        """Count a result and return its number, from 1."""
        self.results += 1
        return self.results

    def light(self, labels: Lamps, call_number: int) -> None:
        """Light lamps; they never go out within a session."""
        for letter in (labels & ~self.lamps).letters():
            self.lit_by[letter] = call_number
        self.lamps |= labels


class Sessions:
    """The live sessions of all agents."""

    def __init__(self, ids: Ids, indexes: TraceIndexes) -> None:
        self._ids = ids
        self._indexes = indexes
        self._by_host: dict[tuple[str, int, float], Session] = {}
        self._by_agent: dict[str, Session] = {}

    def join(self, agent: str, peer: ObservedPeer) -> Session:
        """Return the session of the agent's host process, or its credential session.

        A host that descends from one with a live session of this agent joins that session, so
        that starting a helper process does not wash lamps and trace away.
        """
        if peer.host is None:
            return self._credential_session(agent)
        ancestors = (peer.host, *peer.parents)
        for process in ancestors:
            session = self._by_host.get((agent, process.pid, process.started))
            if session is not None:
                return session
        session = self._new(agent, peer.host)
        self._by_host[(agent, peer.host.pid, peer.host.started)] = session
        return session

    def end_host(self, process: ObservedProcess) -> None:
        """Forget the sessions of a host process that has exited."""
        for key in [k for k in self._by_host if k[1:] == (process.pid, process.started)]:
            del self._by_host[key]

    def all(self) -> tuple[Session, ...]:
        """Return the live sessions."""
        return (*self._by_host.values(), *self._by_agent.values())

    def _credential_session(self, agent: str) -> Session:
        session = self._by_agent.get(agent)
        if session is None:
            session = self._by_agent[agent] = self._new(agent, None)
        return session

    def _new(self, agent: str, host: ObservedProcess | None) -> Session:
        return Session(
            id=self._ids.new("s"), agent=agent, host=host, index=self._indexes.new_index()
        )
