"""The kill switch: one state per user, engaged from anywhere, ended only by a person at the window.

Engaging is immediate in memory; the file and the record follow. The sentinel file alone is enough
to be stopped, and removing it while the broker runs changes nothing.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TypeVar

from keyturn.application.approvals import Approvals
from keyturn.application.connection import Connection
from keyturn.application.events import Observers, Topic
from keyturn.application.ports.clock import Clock
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.ports.inspection import SecretMask
from keyturn.application.ports.stop_review import StopReviews
from keyturn.application.ports.stop_sentinel import StopFacts, StopSentinel
from keyturn.domain.decision import Actor
from keyturn.domain.errors import KeyturnError, LogUnavailable, filled
from keyturn.domain.record import RESUMED_CAREFULLY, RULES_USED, Entry, RecordType

_log = logging.getLogger(__name__)
_T = TypeVar("_T")


class StopLevel(IntEnum):
    """How far the stop goes (console.md section 3.5); it rises only, until the resume."""

    AGENTS = 1
    """Nothing is sent."""
    SERVERS = 2
    """The servers have been ended as well, and none is started."""
    CONNECTIONS = 3
    """The agents have been disconnected as well, and are not let in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopView:
    """What a window shows of the stop."""

    engaged: bool
    facts: StopFacts | None = None
    found_utc: str = ""
    """When this broker found it; `facts` may be the word of a file that anybody can write."""
    level: StopLevel = StopLevel.AGENTS
    refused_since: int = 0
    cards_refused: int = 0
    careful: bool = False
    """Resumed with the rules still suspended."""


class StopSwitch:
    """Whether anything may be sent at all."""

    def __init__(
        self,
        *,
        sentinel: StopSentinel,
        clock: Clock,
        log: DecisionLog,
        mask: SecretMask,
        reviews: StopReviews,
        approvals: Approvals,
        observers: Observers,
    ) -> None:
        self._sentinel = sentinel
        self._clock = clock
        self._log = log
        self._mask = mask
        self._reviews = reviews
        self._approvals = approvals
        self._observers = observers
        self._facts: StopFacts | None = None
        self._found_utc = ""
        self._level = StopLevel.AGENTS
        self._refused_since = 0
        self._cards_refused = 0
        self._presses = 0
        self._count = 0
        self._recorded = False
        self.careful = False
        """After a careful resume every call asks until the person turns the rules on again.

        It outlives this process by the log's records (`restore`).
        """
        self.paused: Callable[[Connection], bool] = lambda _connection: False
        """Tells whether a person has paused the agent of a connection, it alone."""
        self._on_engage: list[Callable[[StopFacts], None]] = []
        self._on_raise: list[Callable[[StopLevel], None]] = []

    def on_raise(self, callback: Callable[[StopLevel], None]) -> None:
        """Call back when the stop goes further: servers or connections are to be ended."""
        self._on_raise.append(callback)

    def reaches(self, level: StopLevel) -> bool:
        """Tell whether the stop holds and goes so far."""
        return self.engaged and self._level >= level

    def on_engage(self, callback: Callable[[StopFacts], None]) -> None:
        """Call back once when the stop engages: connections cancel what is in flight."""
        self._on_engage.append(callback)

    @property
    def engaged(self) -> bool:
        """Look at memory and at the file; the last look is just before each write upstream."""
        if self._facts is None and self._sentinel.exists():
            self._engage(self._sentinel.read() or self._facts_now("file", ""))
        return self._facts is not None

    @property
    def count(self) -> int:
        """Count the stops since the start, so that a call can tell whether one came between."""
        return self._count

    @property
    def recorded(self) -> bool:
        """Tell whether the stop that holds is in the log; one found as a file is not at first."""
        return self._recorded

    def view(self) -> StopView:
        """Return what the window shows."""
        return StopView(
            engaged=self._facts is not None,
            facts=self._facts,
            found_utc=self._found_utc,
            level=self._level,
            refused_since=self._refused_since,
            cards_refused=self._cards_refused,
            careful=self.careful,
        )

    def refused_one(self) -> None:
        """Count a request that was refused because of the stop."""
        self._refused_since += 1
        self._observers.changed(Topic.STOP)

    async def engage(
        self, trigger: str, reason: str = "", level: StopLevel = StopLevel.AGENTS
    ) -> StopFacts:
        """Stop everything; returns once the state is durable.

        A level above the one that holds raises it; it does not outlive this process, whose servers
        and connections end with it. In memory it holds before the first await. Raises KeyturnError
        when the file could not be written: the stop holds all the same, but would not survive this
        process.
        """
        self._presses += 1
        facts = self._facts or self._facts_now(trigger, reason)
        # The file comes first: to refuse what waits may take long, and it has to survive a kill.
        failure = self._write(facts)
        if self._facts is None:
            self._engage(facts)
        self._raise_to(level)
        try:
            await self._log.commit(
                Entry(
                    type=RecordType.STOP,
                    outcome="engaged",
                    actor=Actor.HUMAN if trigger != "file" else Actor.STOP,
                    details={
                        "trigger": self._mask.mask(facts.trigger),
                        "reason": self._mask.mask(facts.reason),
                        "cards_refused": self._cards_refused,
                        "level": self._level.name.lower(),
                    },
                )
            )
        except LogUnavailable:
            # The stop must not fail because the disk is full; the file carries it.
            self._observers.changed(Topic.HEALTH)
        else:
            self._recorded = True
        if failure is not None:
            raise failure
        return facts

    def restore(self, facts: StopFacts | None, *, careful: bool) -> None:
        """Take over a stop that the file or the log says was engaged before this start.

        `careful` when the log says that the last resume left the rules suspended.
        """
        self.careful = careful
        # The log can be believed, and the file may have been written anew since.
        found = facts or self._sentinel.read()
        if found is not None:
            self._engage(found)
            self._recorded = facts is not None

    async def resume(self, *, looked_at: tuple[str, ...], careful: bool) -> None:
        """End the stop after a person went through the review list.

        Only the window and the terminal approver reach this (architecture.md law 4). The record
        comes first: a resume that cannot be recorded does not happen. A stop that is pressed
        while the resume is being recorded wins. Raises KeyturnError when a call that is owed a
        look was not looked at or nobody can say which are, when the resume cannot be recorded or
        the file cannot be removed; the stop then holds.
        """
        facts = self._facts
        presses = self._presses
        if facts is None:
            return
        await self._require_looks(facts, looked_at)
        if self._facts is not facts:
            return
        await self._log.commit(
            Entry(
                type=RecordType.RESUME,
                outcome=RESUMED_CAREFULLY if careful else "with_rules",
                actor=Actor.HUMAN,
                details={
                    "since": facts.since_utc,
                    "refused": self._refused_since,
                    "looked_at": list(looked_at),
                },
            )
        )
        if self._presses != presses:
            return
        self._sentinel.remove()
        self._facts = None
        self._level = StopLevel.AGENTS
        self._recorded = False
        self._refused_since = 0
        self._cards_refused = 0
        self.careful = careful
        self._observers.changed(Topic.STOP)

    async def _require_looks(self, facts: StopFacts, looked_at: tuple[str, ...]) -> None:
        owed = await self._reviews.owed(facts.since_utc, self._found_utc)
        missing = len(owed.difference(looked_at))
        if missing:
            raise KeyturnError(
                filled(
                    "Calls of the time before the stop have not been looked at: {missing}.",
                    missing=missing,
                ),
                mend="Look at each of them in the review list, then resume.",
            )

    async def use_rules(self) -> None:
        """Let the rules act again after a careful resume.

        The record comes first: without it the next start would not know of it either. Raises
        LogUnavailable when it cannot be made; the rules then stay suspended.
        """
        if not self.careful:
            return
        await self._log.commit(Entry(type=RecordType.RULE, outcome=RULES_USED, actor=Actor.HUMAN))
        self.careful = False
        self._observers.changed(Topic.STOP)

    def _write(self, facts: StopFacts) -> KeyturnError | None:
        """Write the file; a failure is returned, so that the record is still made."""
        try:
            self._sentinel.write(facts)
        except KeyturnError as error:
            return error
        return None

    def _facts_now(self, trigger: str, reason: str) -> StopFacts:
        return StopFacts(since_utc=self._clock.now_utc(), trigger=trigger, reason=reason)

    def _engage(self, facts: StopFacts) -> None:
        now = self._clock.now_utc()
        # A file that cannot be looked at does not say since when, and a later time is no truth.
        self._facts = facts = replace(facts, since_utc=min(facts.since_utc or now, now))
        self._found_utc = now
        self._count += 1
        self._tell((self._refuse_cards, *self._on_engage), facts)
        self._observers.changed(Topic.STOP)

    def _raise_to(self, level: StopLevel) -> None:
        if level > self._level:
            self._level = level
            self._tell(self._on_raise, level)
            self._observers.changed(Topic.STOP)

    def _tell(self, listeners: Iterable[Callable[[_T], None]], what: _T) -> None:
        for stop_it in listeners:
            try:
                stop_it(what)
            except Exception:  # noqa: BLE001 -- whoever fails, the rest is stopped and written down
                _log.exception("the stop goes on without one of its listeners")

    def _refuse_cards(self, _facts: StopFacts) -> None:
        self._cards_refused = self._approvals.stop()
