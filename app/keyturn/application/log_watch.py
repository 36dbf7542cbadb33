"""Owns whether decisions can be recorded: since when not, why not, and when they can be again.

Whoever asks for a record hears of a fault by itself and refuses (architecture.md law 1). This is
for the person: without it a full disk shows nowhere but in what agents are told.
"""

from keyturn.application.events import Observers, Topic
from keyturn.application.ports.clock import Clock, Timer
from keyturn.application.ports.decision_log import DecisionLog
from keyturn.application.tasks import TaskOwner
from keyturn.domain.errors import LogFault, LogUnavailable
from keyturn.domain.record import SINCE, Entry, RecordType

RETRY_SECONDS = 5.0
"""Pause between tries to write while a fault lasts, in seconds."""
RECORDED_AGAIN = "recorded_again"
"""Outcome of the record that a try writes: the log itself then says how long it could not."""


class LogWatch:
    """Told of every batch that was lost; tries by itself until one is written."""

    def __init__(self, clock: Clock, observers: Observers) -> None:
        self._clock, self._observers = clock, observers
        self._log: DecisionLog | None = None
        self._tasks = TaskOwner()
        self._timer: Timer | None = None
        self._trying = False
        self._closed = False
        self.fault: LogFault | None = None
        """None while decisions are recorded."""
        self.since = ""
        """Since when not, as the clock's `now_utc`; empty while they are."""

    def attach(self, log: DecisionLog) -> None:
        """Name the log that is tried."""
        self._log = log

    def failed(self, failure: LogUnavailable) -> None:
        """Note that something could not be recorded; called on the event loop."""
        if self.fault is None:
            self.since = self._clock.now_utc()
        if self.fault is not failure.fault:
            self.fault = failure.fault
            self._observers.changed(Topic.HEALTH)
        if self._timer is None and not self._trying and not self._closed:
            due = self._clock.monotonic_ns() + round(RETRY_SECONDS * 1e9)
            self._timer = self._clock.call_at(due, self._due)

    async def close(self) -> None:
        """Try no more; before the log is closed."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._tasks.close()

    def _due(self) -> None:
        self._timer = None
        if self._log is not None:
            self._trying = True
            self._tasks.start(self._try(self._log), "try the log")

    async def _try(self, log: DecisionLog) -> None:
        try:
            await log.commit(
                Entry(
                    type=RecordType.BROKER,
                    outcome=RECORDED_AGAIN,
                    details={SINCE: self.since, "fault": str(self.fault)},
                )
            )
        except LogUnavailable as failure:
            self._trying = False
            self.failed(failure)
        else:
            self._trying = False
            self.fault, self.since = None, ""
            self._observers.changed(Topic.HEALTH)
