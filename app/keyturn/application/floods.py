"""Owns which agents are held because they flood a person, and what a person chose of them.

A held agent's calls still wait and can be denied; no click allows one of them until the person has
chosen what to make of the flood. A paused agent's calls are refused until a person lets it go on.
Other agents, and calls that rules allow, are not touched by a hold. Only the window chooses.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from keyturn.application.agent_messages import FloodChoice, FloodState
from keyturn.application.approval_request import (
    BECAUSE_PRACTICE,
    Answer,
    AnswerVerdict,
    ApprovalRequest,
    RequestKind,
    Route,
)
from keyturn.application.approvals import Approvals
from keyturn.application.connection import Connection
from keyturn.application.events import Observers, Topic
from keyturn.application.pauses import UNPROVEN, Pauses
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.flood import Flood, FloodTally
from keyturn.domain.record import Entry, RecordType

_MOST = 1_000
"""Agents that are counted for; more are enrolled by nobody."""


@dataclass(frozen=True, slots=True)
class _Hold:
    flood: Flood
    reviewing: bool = False
    """The person chose to look at what waits: it can be allowed, and the hold ends with it."""


class Floods:
    """Counts for every agent; wired to the queue only where a window can choose."""

    def __init__(
        self,
        *,
        approvals: Approvals,
        log: DecisionLog,
        clock: Clock,
        observers: Observers,
        pauses: Pauses,
    ) -> None:
        self._approvals = approvals
        self._log = log
        self._clock = clock
        self._observers = observers
        self._tallies: dict[str, FloodTally] = {}
        self._holds: dict[str, _Hold] = {}
        self.pauses = pauses
        """Of agents that a person paused, held or not."""

    def attach(self) -> None:
        """Begin to count what a person is asked and what they deny."""
        self._approvals.asked.add(self._on_asked)
        self._approvals.denials.on_denied = self._on_denied
        self._observers.subscribe(self._on_topic)

    # ---------------------------------------------------------------- what holds

    def is_paused(self, connection: Connection) -> bool:
        """Tell whether a person paused the agent of a connection."""
        return self.pauses.of(connection) is not None

    def may_allow(self, request: ApprovalRequest) -> bool:
        """Tell whether a click may allow a request: not while its agent is held."""
        if request.kind is not RequestKind.CALL:
            return True
        hold = self._holds.get(_of(request))
        return hold is None or hold.reviewing

    def state(
        self, agent: str, *, enrolled: bool, connections: Iterable[Connection] = ()
    ) -> FloodState | None:
        """Return how an agent stands; None for one that is neither held nor paused.

        One that proved no name may fall under the pause of another by its `connections`.
        """
        key = _key(agent, proven=enrolled)
        hold, whose = self._holds.get(key), key
        if not enrolled:
            found = (self.pauses.of(connection) for connection in connections)
            whose = next((name for name in found if name), key)
        since = self.pauses.since(whose)
        if hold is None and since is None:
            return None
        state = FloodState(paused=since is not None, since=since or "")
        if whose != key:
            state = msgspec.structs.replace(state, paused_as=whose)
        if hold is None:
            return state
        flood = hold.flood
        return msgspec.structs.replace(
            state,
            cause=flood.cause.value,
            count=flood.count,
            seconds=flood.seconds,
            reviewing=hold.reviewing,
        )

    # ---------------------------------------------------------------- what a person chooses

    async def choose(self, agent: str, choice: str, *, enrolled: bool) -> None:
        """Do what a person chose of an agent; raises ConfigurationError for no such choice."""
        key = _key(agent, proven=enrolled)
        match choice:
            case FloodChoice.REVIEW:
                hold = self._holds.get(key)
                if hold is not None:
                    await self._record(agent, "flood_reviewed", hold.flood)
                    self._holds[key] = replace(hold, reviewing=True)
            case FloodChoice.CONTINUE:
                await self._record(agent, "flood_continued", None)
                self._end(key)
            case FloodChoice.PAUSE:
                await self._pause(key, agent)
            case FloodChoice.DENY_AND_PAUSE:
                self._deny_all(key)
                await self._pause(key, agent)
            case FloodChoice.GO_ON:
                await self.pauses.end(key, agent)
            case _:
                raise ConfigurationError("There is no such choice about an agent.")
        self._observers.changed(Topic.AGENTS)

    async def _pause(self, key: str, agent: str) -> None:
        """Refuse the agent from now on, whether or not that can be written down."""
        self.pauses.hold(key)
        self._end(key)
        self._observers.changed(Topic.AGENTS)
        await self.pauses.write_down(key, agent)

    def _deny_all(self, key: str) -> None:
        for waiting in self._approvals.waiting():
            request = waiting.request
            if request.kind is RequestKind.CALL and _of(request) == key:
                self._approvals.answer(
                    Answer(
                        id=request.id,
                        digest=request.digest,
                        verdict=AnswerVerdict.DENY,
                        route=Route.WINDOW,
                    )
                )

    # ---------------------------------------------------------------- what happens

    def _on_asked(self, request: ApprovalRequest) -> None:
        key = _of(request)
        tally = self._tally(key)
        tool = request.tool or request.method
        self._judge(key, tally.asked(request.server, tool, self._clock.monotonic_ns()))

    def _on_denied(self, request: ApprovalRequest) -> None:
        # A person sends practice to themselves, as often as they like.
        if request.kind is not RequestKind.CALL or request.because == BECAUSE_PRACTICE:
            return
        key = _of(request)
        self._judge(key, self._tally(key).denied(request.asked_digest, self._clock.monotonic_ns()))

    def _on_topic(self, topic: Topic) -> None:
        """End the hold of an agent whose calls a person chose to look at, once none waits."""
        if topic is not Topic.QUEUE or not any(hold.reviewing for hold in self._holds.values()):
            return
        asking = {_of(waiting.request) for waiting in self._approvals.waiting()}
        for key in [k for k, hold in self._holds.items() if hold.reviewing and k not in asking]:
            self._end(key)
            self._observers.changed(Topic.AGENTS)

    def _judge(self, key: str, flood: Flood | None) -> None:
        hold = self._holds.get(key)
        if flood is None or (hold is not None and hold.reviewing):
            return
        if hold is not None and hold.flood.cause is not flood.cause:
            return
        self._holds[key] = _Hold(flood)
        self._observers.changed(Topic.AGENTS)

    def _end(self, key: str) -> None:
        """Forget the flood and all that was counted: what comes is counted anew."""
        self._holds.pop(key, None)
        self._tallies.pop(key, None)

    def _tally(self, key: str) -> FloodTally:
        if key not in self._tallies and len(self._tallies) >= _MOST:
            del self._tallies[next(iter(self._tallies))]
        return self._tallies.setdefault(key, FloodTally())

    async def _record(self, agent: str, outcome: str, flood: Flood | None) -> None:
        details: JsonObject = {}
        if flood is not None:
            details = {"cause": flood.cause.value, "count": flood.count, "seconds": flood.seconds}
        await self._log.commit(
            Entry(
                type=RecordType.AGENT,
                agent=agent,
                outcome=outcome,
                actor=Actor.HUMAN,
                details=details,
            )
        )


def _of(request: ApprovalRequest) -> str:
    return _key(request.agent, proven=request.asked_by.agent_enrolled)


def _key(agent: str, *, proven: bool) -> str:
    return agent if proven else UNPROVEN
