"""Owns step-up: agents around which something changed that nobody has looked at yet.

What was seen raises at once and outlives the broker. Only a person in the window lowers it, by
saying that they have looked at exactly what was on screen; while another program may have changed
what is kept of it, every agent is raised.
"""

import asyncio
import logging
from collections.abc import Callable

from keyturn.application.agent_messages import ChangeState, RaisedState
from keyturn.application.events import Observers, Topic
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.stores import StepUpStore
from keyturn.application.tasks import TaskOwner
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, KeyturnError, filled
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.step_up import Cause, Change, Seen, looked_at, merged, noted, shown_of

_log = logging.getLogger(__name__)

_Key = tuple[str, str, Cause]


class StepUps:
    """Says which agents are raised, and why."""

    def __init__(
        self, *, store: StepUpStore, log: DecisionLog, clock: Clock, observers: Observers
    ) -> None:
        self._store = store
        self._log = log
        self._clock = clock
        self._observers = observers
        self._changes: dict[_Key, Change] = {}
        self._raised = frozenset[str]()
        self._trusted = False
        self._changing = asyncio.Lock()
        """Held while one is changed and written, so that what came last holds."""
        self._tasks = TaskOwner()
        self.on_raise: Callable[[str], None] = lambda _agent: None
        """Called with the agent whose calls take more from now on; "" for all of them."""
        self.on_lower: Callable[[], None] = lambda: None
        self.unanswered: Callable[[str, str], bool] = lambda _agent, _server: False
        """Tells whether a review of an agent, or of a server, still waits for its answer."""

    async def load(self) -> None:
        """Read what the profile remembers; what was seen before it could be kept is kept now."""
        async with self._changing:
            rows = {_key(change): change for change in await self._store.all()}
            known, self._changes = self._changes, dict(rows)
            for key, change in known.items():
                self._changes[key] = merged(rows[key], change) if key in rows else change
            self._count()
            unkept = [key for key, change in self._changes.items() if rows.get(key) != change]
        for key in unkept:
            self._tasks.start(self._keep(key), f"step-up of {key[0]}")
        self._observers.changed(Topic.AGENTS)

    def trust(self, trusted: bool) -> None:
        """Go by what was read, or raise everybody while somebody else may have changed it."""
        if trusted is not self._trusted:
            self._trusted = trusted
            if not trusted:
                self.on_raise("")
            self._observers.changed(Topic.AGENTS)

    async def close(self) -> None:
        """Keep what is to be kept."""
        await self._tasks.settle(1.0)
        await self._tasks.close()

    # ---------------------------------------------------------------- looking

    @property
    def trusted(self) -> bool:
        """Tell whether what was read is what a person left."""
        return self._trusted

    def of(self, agent: str) -> tuple[Change, ...]:
        """Return what changed around an agent and was looked at by nobody, the oldest first."""
        mine = (one for one in self._changes.values() if one.agent == agent and one.is_open)
        return tuple(sorted(mine, key=lambda one: (one.since, one.server, one.cause.value)))

    def is_raised(self, agent: str) -> bool:
        """Tell whether an agent's changing calls take more than they would."""
        return not self._trusted or any(
            one.agent == agent and one.is_open for one in self._changes.values()
        )

    @property
    def anybody(self) -> bool:
        """Tell whether any agent is raised."""
        return not self._trusted or bool(self._raised)

    # ---------------------------------------------------------------- up and down

    def note(self, seen: Seen) -> None:
        """Take note of something that changed: the agent is raised from now on."""
        key = (seen.agent, seen.server, seen.cause)
        change = noted(self._changes.get(key), seen, self._clock.now_utc())
        if change is None:
            return
        self._changes[key] = change
        self._count()
        self._log.note(_raised(seen))
        self._tasks.start(self._keep(key), f"step-up of {seen.agent}")
        self.on_raise(seen.agent)
        self._observers.changed(Topic.AGENTS)

    async def review(self, agent: str, shown: str) -> None:
        """Lower an agent: a person has looked at what `shown` names.

        Raises ConfigurationError when there is more by now, or a review still waits.
        """
        async with self._changing:
            changes = self.of(agent)
            if not changes or shown_of(changes) != shown:
                raise ConfigurationError(
                    filled(
                        "More changed around {agent} meanwhile, so nothing was lowered.",
                        agent=agent,
                    ),
                    mend="Look at it again under Agents.",
                )
            if any(self.unanswered(agent, change.server) for change in changes):
                raise ConfigurationError(
                    "A review of what changed still waits.", mend="Answer it first."
                )
            await self._log.commit(_lowered(agent, changes))
            for change in changes:
                await self._look(change)
        self.on_lower()
        self._observers.changed(Topic.AGENTS)

    async def _look(self, change: Change) -> None:
        done = looked_at(change)
        await self._store.put(done)
        # What came while it was written was not on screen, and stays.
        self._changes[_key(change)] = merged(done, self._changes[_key(change)])
        self._count()

    def _count(self) -> None:
        self._raised = frozenset(one.agent for one in self._changes.values() if one.is_open)

    async def _keep(self, key: _Key) -> None:
        try:
            async with self._changing:
                await self._store.put(self._changes[key])
        except KeyturnError as error:
            # It is raised all the same, and kept at the next look at what is sealed.
            _log.warning("what changed around an agent is not kept yet cause=%s", error)


def raised_state(step_ups: StepUps | None, agent: str) -> RaisedState | None:
    """Return what the window shows; None for an agent that is not raised."""
    if step_ups is None or not step_ups.is_raised(agent):
        return None
    changes = step_ups.of(agent)
    return RaisedState(
        changes=tuple(
            ChangeState(
                server=one.server,
                cause=one.cause.value,
                since=one.since,
                names=one.names,
                more=one.more,
            )
            for one in changes
        ),
        shown=shown_of(changes) if changes else "",
    )


def _key(change: Change) -> _Key:
    return (change.agent, change.server, change.cause)


def _raised(seen: Seen) -> Entry:
    return Entry(
        type=RecordType.AGENT,
        agent=seen.agent,
        server=seen.server,
        outcome="stepped_up",
        actor=Actor.KEYTURN,
        details={"cause": seen.cause.value, "name": seen.name[:200], "mark": seen.mark},
    )


def _lowered(agent: str, changes: tuple[Change, ...]) -> Entry:
    return Entry(
        type=RecordType.AGENT,
        agent=agent,
        outcome="changes_reviewed",
        actor=Actor.HUMAN,
        details={
            "changes": [
                {"server": one.server, "cause": one.cause.value, "marks": list(one.marks)}
                for one in changes
            ]
        },
    )
