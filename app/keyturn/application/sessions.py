"""Sessions: what one agent's host process has seen and done, across all its servers.

A session is Keyturn's own notion (architecture.md section 7): a connection or a protocol session
must not be read as one (MCP 2026-07-28, basic).
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from keyturn.application.approval_request import EarlierCall
from keyturn.application.continuations import Continuations
from keyturn.application.edited_tasks import EditedTasks
from keyturn.application.ports.ids import Ids
from keyturn.application.ports.inspection import ResultSource, TraceIndex, TraceIndexes, Tracing
from keyturn.application.ports.processes import ObservedPeer, ObservedProcess
from keyturn.application.said_texts import SaidTexts
from keyturn.application.slices import Slices, at_once, in_slices
from keyturn.application.typed_texts import TypedTexts
from keyturn.domain.call import ToolCall
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Outcome
from keyturn.domain.destinations import Destination, SeenDestinations
from keyturn.domain.lamps import Lamps
from keyturn.domain.origin import Origin, Trace, bounded
from keyturn.domain.written_files import RunsWritten, WrittenFiles

EARLIER_CALLS = 3
MOST_SIGNS = 50
MOST_SIGNS_BESIDE = 10
"""Of what is said beside results, which is cheap to say: the signs of results stay in sight."""


@dataclass(slots=True, kw_only=True)
class Session:
    """Mutable state that only ever rises: lamps, results and their index."""

    id: str
    agent: str
    host: ObservedProcess | None
    """The host process; None for the agent's credential session."""
    index: TraceIndex
    new_index: Callable[[], TraceIndex]
    said: SaidTexts | None = None
    """What was said beside results; made with the first text."""
    typed: TypedTexts | None = None
    """What is said to have been typed to the agent; made with the first text."""
    found_in_notices: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    """How many had unseen characters, read like an order, or were withheld, by method."""
    lamps: Lamps = Lamps.NONE
    lit_here: Lamps = Lamps.NONE
    """Those of its lamps that its own calls lit."""
    lit_by: dict[str, int] = field(default_factory=dict[str, int])
    """Lamp letter to the number of the call that lit it."""
    task: int = 1
    """Number of the task; a person alone begins another one."""
    calls: int = 0
    results: int = 0
    signs: deque[int] = field(default_factory=lambda: deque[int](maxlen=MOST_SIGNS))
    """Numbers of its results that read like an order to the model, the last ones."""
    signs_beside: int = 0
    """What else was said that read like one, since the task began."""
    tools_used: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    earlier: deque[EarlierCall] = field(
        default_factory=lambda: deque[EarlierCall](maxlen=EARLIER_CALLS)
    )
    written: WrittenFiles = field(default_factory=WrittenFiles)
    sent_to: SeenDestinations = field(default_factory=SeenDestinations)
    continuations: Continuations = field(default_factory=Continuations)
    edited_tasks: EditedTasks = field(default_factory=EditedTasks)
    """A new task of the person does not end them."""
    shared_with: "Callable[[], Iterable[Session]]" = tuple
    """Those that lamps and trace are shared with, see `Sessions`."""

    def begin_task(self) -> None:
        """Put the lamps out and forget what was read; numbers go on, and written files count on.

        A file that a call wrote is still there, whatever the task.
        """
        self.task += 1
        self.lamps = self.lit_here = Lamps.NONE
        self.lit_by.clear()
        self.signs.clear()
        self.signs_beside = 0
        self.index, self.said = self.new_index(), None
        self.sent_to = SeenDestinations()
        self.earlier.clear()
        self.continuations = Continuations()

    def next_call(self) -> int:
        """Count a judged call and return its number, from 1."""
        self.calls += 1
        return self.calls

    def next_result(self) -> int:
        """Count a result and return its number, from 1."""
        self.results += 1
        return self.results

    def remember(
        self,
        call: ToolCall,
        outcome: Outcome,
        number: int,
        writes: Iterable[str] = (),
        sends_to: Iterable[Destination] = (),
    ) -> None:
        """Keep what the next card says of this call, and what an allowed one writes and sends."""
        self.earlier.append(
            EarlierCall(
                server=call.server,
                tool=call.tool,
                outcome=outcome.value,
                number=number,
                method=call.method,
            )
        )
        if outcome.allows and call.is_of_tool:
            self.tools_used.add((call.server, call.tool))
        if outcome.allows:
            self.written.note(writes, number)
            self.sent_to.note(sends_to)

    def written_before(self, paths: Iterable[str], number: int) -> tuple[RunsWritten, ...]:
        """Return those of the files that other calls wrote, here or where lamps are shared."""
        found: list[RunsWritten] = []
        for path in paths:
            here = self.written.written_by(path, but=number)
            others = (one.written.written_by(path) for one in self.shared_with())
            if here is not None:
                found.append(RunsWritten(path=path, call=here))
            elif any(call is not None for call in others):
                found.append(RunsWritten(path=path))
        return tuple(found)

    def first_seen(self, destinations: Iterable[Destination]) -> tuple[Destination, ...]:
        """Return those to which no allowed call has sent, here or where lamps are shared."""
        sessions = (self, *self.shared_with())
        return tuple(
            one for one in destinations if not any(each.sent_to.has(one) for each in sessions)
        )

    @property
    def results_in_reach(self) -> int:
        """Count the results that `trace` looks in."""
        return self.results + sum(other.results for other in self.shared_with())

    def light(self, labels: Lamps, call_number: int) -> None:
        """Light lamps, here and where they are shared; they never go out within a session."""
        if labels is Lamps.NONE:
            return
        for letter in (labels & ~self.lamps).letters():
            self.lit_by[letter] = call_number
        self._raise(labels)

    @property
    def signs_in_reach(self) -> tuple[int, ...]:
        """Return the numbers of the results with signs, here and where lamps are shared."""
        others = (number for other in self.shared_with() for number in other.signs)
        return (*self.signs, *others)

    def note_sign(self, number: int) -> None:
        """Note that what a server said beside results reads like an order; of a flood the first."""
        self.signs_beside += 1
        if self.signs_beside <= MOST_SIGNS_BESIDE:
            self.signs.append(number or self.next_result())

    def take_notice(self, server: str, method: str, said: JsonObject, size: int) -> None:
        """Trace what a server told unasked, which is anybody's text."""
        self._raise(Lamps.U)
        self.take_said(server, method, said, size)

    def take_said(
        self, server: str, method: str, said: JsonObject, size: int, *, untrusted: bool = True
    ) -> None:
        """Trace what was said in this session beside the results of calls.

        A server's questions, and what was answered to them: who answers is a claim of the agent's.
        """
        if self.said is None:
            self.said = SaidTexts(self.new_index)
        source = ResultSource(number=self.results, server=server, tool=method, untrusted=untrusted)
        self.said.take(source, self.next_result, said, size)

    def take_typed(self, where: str, text: str, *, suspicious: bool = False) -> None:
        """Trace what was typed, as `where` says; it lights nothing and puts nothing out."""
        if self.typed is None:
            self.typed = TypedTexts(self.new_index)
        self.typed.take(where, text, suspicious=suspicious)

    async def remembered(self) -> None:
        """Wait until all that was said is in the index; the loop serves others in between."""
        slices = Slices()
        others = (self.said, self.typed)
        while self.index.go_on() or any(one is not None and one.go_on() for one in others):
            await slices.pause()

    def _raise(self, labels: Lamps) -> None:
        self.lamps |= labels
        self.lit_here |= labels
        for other in self.shared_with():
            other.lamps |= labels

    def trace(self, arguments: JsonObject, definition: str = "") -> Trace:
        """Look in every index; one that is incomplete makes the whole so.

        What the tool's `definition`, a JSON text, says itself never counts alone.
        """
        return at_once(self._tracing(arguments, definition))

    async def traced(
        self, arguments: JsonObject, definition: str, slices: Slices, *, apart: bool
    ) -> Trace:
        """Look as `trace` does, in slices, of which others may have their turn in between.

        What comes in meanwhile may or may not count: who made the call had not seen it.
        """
        return await in_slices(self._tracing(arguments, definition), slices, apart=apart)

    def _tracing(self, arguments: JsonObject, definition: str) -> Tracing:
        sessions = (self, *self.shared_with())
        trace = yield from self._in_results(sessions, arguments, definition)
        origins: list[Origin] = []
        for session in sessions:
            if session.typed is not None:
                found = yield from session.typed.tracing(arguments, definition)
                origins += found.origins
        return trace.with_typed(origins)

    def _in_results(
        self, sessions: "tuple[Session, ...]", arguments: JsonObject, definition: str
    ) -> Tracing:
        if len(sessions) == 1 and self.said is None:
            return (yield from self.index.tracing(arguments, definition))
        beside = [session.said for session in sessions if session.said is not None]
        traces: list[Trace] = []
        for index in (*(session.index for session in sessions), *beside):
            trace = yield from index.tracing(arguments, definition)
            traces.append(trace)
        return bounded(
            (origin for trace in traces for origin in trace.origins),
            incomplete=any(trace.incomplete for trace in traces)
            or any(said.is_cut for said in beside),
        )


class Sessions:
    """The live sessions of all agents.

    An agent's credential session shares lamps and trace with each of its hosts' sessions, both
    ways: a program that hides its parent could otherwise send what another has read, or read for
    another what that one sends. The sessions of two hosts share nothing.
    """

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
        session.shared_with = lambda: self._credential(agent)
        for credential in self._credential(agent):
            session.lamps |= credential.lit_here
        self._by_host[(agent, peer.host.pid, peer.host.started)] = session
        return session

    def end(self, session: Session) -> None:
        """Forget the session of a host process that has exited.

        Not while a connection is in it: its lamps would no longer be shared with the others.
        """
        self._by_host = {key: one for key, one in self._by_host.items() if one is not session}

    def of(self, agent: str) -> tuple[Session, ...]:
        """Return the live sessions of an agent, that of its credential among them."""
        return (*self._hosted(agent), *self._credential(agent))

    def working_for(self, peer: ObservedPeer) -> tuple[Session, ...]:
        """Return the sessions, of whichever agents, of the nearest host above a process."""
        for process in peer.parents:
            at = process.pid, process.started
            found = tuple(one for (_, *key), one in self._by_host.items() if tuple(key) == at)
            if found:
                return found
        return ()

    def all(self) -> tuple[Session, ...]:
        """Return the live sessions."""
        return (*self._by_host.values(), *self._by_agent.values())

    def _credential_session(self, agent: str) -> Session:
        """Return the session of an agent whose host process is not known.

        It carries the lamps and the trace of all live sessions of the agent (architecture.md 7).
        """
        session = self._by_agent.get(agent)
        if session is None:
            session = self._by_agent[agent] = self._new(agent, None)
            session.shared_with = lambda: self._hosted(agent)
            for other in self._hosted(agent):
                session.lamps |= other.lamps
        return session

    def _credential(self, agent: str) -> tuple[Session, ...]:
        session = self._by_agent.get(agent)
        return () if session is None else (session,)

    def _hosted(self, agent: str) -> tuple[Session, ...]:
        return tuple(session for key, session in self._by_host.items() if key[0] == agent)

    def _new(self, agent: str, host: ObservedProcess | None) -> Session:
        return Session(
            id=self._ids.new("s"),
            agent=agent,
            host=host,
            index=self._indexes.new_index(),
            new_index=self._indexes.new_index,
        )
