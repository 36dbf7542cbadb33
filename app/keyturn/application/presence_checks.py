"""Owns the one dialog of the system that may be open, and for which request exactly.

Its answer is no token: whoever asked gets it in the same step of the loop in which it came, for the
request that it was asked about, or not at all. What changes in between voids it.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.approvals import Approvals
from keyturn.application.events import Observers, Topic
from keyturn.application.pins import Pins
from keyturn.application.ports.presence import PresenceAuthority
from keyturn.application.tasks import TaskOwner
from keyturn.domain.presence import PresenceAnswer, Readiness

_VOIDING = frozenset({Topic.QUEUE, Topic.STOP, Topic.SETTINGS})


@dataclass(slots=True, kw_only=True)
class _Open:
    """A dialog that waits for a person."""

    request: ApprovalRequest
    holds: Callable[[], bool]
    task: asyncio.Task[PresenceAnswer]
    ended: PresenceAnswer | None = None
    """Why it was taken away before it was answered."""

    def end(self, why: PresenceAnswer) -> None:
        """Take it away; what came first is what is said."""
        self.ended = self.ended or why
        self.task.cancel()


class PresenceChecks:
    """Asks the authority for one request at a time."""

    def __init__(
        self,
        *,
        authority: PresenceAuthority,
        approvals: Approvals,
        observers: Observers,
        pins: Pins,
    ) -> None:
        """`pins` tells whether a person chose the dialog, as the keychain says."""
        self._authority = authority
        self._approvals = approvals
        self._observers = observers
        self._pins = pins
        self._tasks = TaskOwner()
        self._open: _Open | None = None
        self._unsubscribe = observers.subscribe(self._on_topic)
        self.ready: Readiness | None = None
        """As it was found last; None while nobody has looked."""

    async def look(self, pid: int) -> Readiness:
        """Find out whether the authority would ask a person about the window's process."""
        ready = await self._authority.readiness(pid)
        if ready is not self.ready:
            self.ready = ready
            self._observers.changed(Topic.SETTINGS)
        return ready

    async def confirm(
        self,
        request: ApprovalRequest,
        pid: int,
        said: Mapping[str, str],
        holds: Callable[[], bool] = lambda: True,
    ) -> PresenceAnswer:
        """Have a person confirm exactly this request; `holds`: the window is the same one yet.

        The caller applies a CONFIRMED at once, before anything else can happen.
        """
        if self._open is not None:
            return PresenceAnswer.BUSY
        task = self._tasks.start(self._ask(pid, said), "presence dialog")
        now = self._open = _Open(request=request, holds=holds, task=task)
        try:
            await asyncio.wait({task})
        finally:
            self._open = None
            task.cancel()
        if now.ended is not None:
            return now.ended
        if not self._is_valid(now) or task.cancelled():
            return PresenceAnswer.VOID
        if task.exception() is not None:
            return PresenceAnswer.UNAVAILABLE
        return task.result()

    def drop(self, request_id: str) -> None:
        """Take the dialog of a request away, because the person no longer wants it."""
        if self._open is not None and self._open.request.id == request_id:
            self._open.end(PresenceAnswer.DROPPED)

    def void(self) -> None:
        """Take away whatever is open: the window that asked for it is gone."""
        if self._open is not None:
            self._open.end(PresenceAnswer.VOID)

    async def close(self) -> None:
        """Take away what is open, with the broker."""
        self._unsubscribe()
        await self._tasks.close()

    async def _ask(self, pid: int, said: Mapping[str, str]) -> PresenceAnswer:
        """Ask while the keychain says that this is chosen, before and after, as a PIN would.

        What this broker remembers is not enough: the entry may be gone, or another one by then.
        """
        before = await self._pins.dialog_rests_on()
        if not before:
            return PresenceAnswer.UNAVAILABLE
        came = await self._authority.ask(pid, said)
        if came is PresenceAnswer.CONFIRMED and await self._pins.dialog_rests_on() != before:
            return PresenceAnswer.VOID
        return came

    def _on_topic(self, topic: Topic) -> None:
        if topic in _VOIDING and self._open is not None and not self._is_valid(self._open):
            self._open.end(PresenceAnswer.VOID)

    def _is_valid(self, now: _Open) -> bool:
        """Tell whether the very request waits yet; one that is shown anew is another one."""
        waits = any(one.request is now.request for one in self._approvals.waiting())
        return waits and self._pins.dialog and now.holds()
