"""One request in the queue: what waits, since when, how its wait ended, and what it keeps busy."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from keyturn.application.approval_request import Answer, ApprovalRequest
from keyturn.application.call import Refused
from keyturn.application.ports.clock import Timer
from keyturn.application.ports.processes import ObservedProcess
from keyturn.domain.approval import Event, State, advance
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Outcome
from keyturn.domain.grant import GrantScope
from keyturn.domain.policy import Judgement
from keyturn.domain.step_up import Takes

_CHARACTER_BYTES = 4
"""Most that a character takes, in memory and on the wire alike, where a text is not ASCII."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """How the wait of one request ended."""

    state: State
    outcome: Outcome
    answer: Answer | None = None
    judgement: Judgement | None = None
    """Of the rule that decided instead of a person."""
    level: Takes = Takes.CLICK
    """What was met, or what it took where no person decided."""


class WaitingCall(Protocol):
    """A call that waits, as whoever judges calls sees it."""

    @property
    def masked(self) -> bytes:
        """Its arguments without secrets, where somebody has looked for them; else nothing."""
        ...

    def scope(self) -> GrantScope | None:
        """Return what an approval of it would be remembered for; None for what is no tool's."""
        ...

    def judge_again(self, *, suspended: bool) -> Judgement:
        """Judge it by what holds now; `suspended` leaves out the rules that allow."""
        ...

    def anew(self) -> ApprovalRequest | None:
        """Return what to show in place of what was shown; None while that still holds."""
        ...

    async def edit(
        self, arguments: JsonObject, waits: Callable[[], bool]
    ) -> ApprovalRequest | Refused | None:
        """Judge it with these arguments, which a person wrote, and be that from now on.

        Returns what to show; or why it stays as it is, None where by then it does not wait.
        """
        ...

    def drop_edit(self) -> ApprovalRequest | None:
        """Be again what was asked, and return that to show; None where nothing was edited."""
        ...


@dataclass(slots=True, kw_only=True)
class Waiting:
    """One request in the queue."""

    request: ApprovalRequest
    asked_ns: int
    """Monotonic; when it came into the queue."""
    deadline_ns: int | None
    call: WaitingCall | None = None
    """None for what no rule may decide."""
    host: ObservedProcess | None = None
    """The host process of the connection that asked; None where it is not known."""
    left_ns: int = 0
    """Monotonic; when its agent stopped waiting, if it has."""
    state: State = State.PENDING
    resolved: "asyncio.Future[Resolution]"
    timer: Timer | None = None
    left: Outcome = Outcome.EXPIRED_NO_ANSWER
    """What a detached request will be recorded as when nobody answers."""
    masked: bytes = b""
    """The arguments without secrets, once its agent has stopped waiting."""
    held_bytes: int = field(init=False)
    """About how much memory it takes, and a line to whoever answers."""

    def __post_init__(self) -> None:
        """Weigh the request once; its texts do not change while it is the same one."""
        self.held_bytes = bytes_of(self.request)

    @property
    def known_masked(self) -> bytes:
        """Its arguments without secrets, where somebody has looked for them."""
        return self.call.masked if self.call is not None else b""

    @property
    def allowed_as(self) -> Outcome:
        """Name what allowing it by a click is."""
        asked = self.request.edited is None
        return Outcome.ALLOWED_ONCE if asked else Outcome.ALLOWED_MODIFIED

    @property
    def is_review(self) -> bool:
        """Tell whether no agent is held by it, so that it stays until it is answered."""
        return self.deadline_ns is None

    def become(self, request: ApprovalRequest) -> None:
        """Take it that it is asked about as this from now on."""
        self.request = request
        self.held_bytes = bytes_of(request) + len(self.masked)

    def keep(self, masked: bytes) -> None:
        """Keep what its end will be recorded with: to look for secrets then may be too slow."""
        self.masked = masked
        self.held_bytes += len(masked)

    def settle(self, resolution: Resolution) -> None:
        """Tell whoever waits, once."""
        if not self.resolved.done():
            self.resolved.set_result(resolution)

    def remaining_ms(self, now_ns: int) -> int | None:
        """Return how long the agent still waits; None for a review, 0 once it left."""
        if self.deadline_ns is None:
            return None
        if self.state is not State.PENDING:
            return 0
        return max(0, (self.deadline_ns - now_ns) // 1_000_000)

    def waited_ms(self, now_ns: int) -> int:
        """Return how long it has been in the queue."""
        return max(0, (now_ns - self.asked_ns) // 1_000_000)

    def leave(self, event: Event, left: Outcome, now_ns: int) -> None:
        """Take it that its agent stopped waiting, and as what that will be recorded."""
        self.drop_timer()
        self.state = advance(self.state, event)
        self.left, self.left_ns = left, now_ns

    def drop_timer(self) -> None:
        """Forget the deadline's timer."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


class Watchers:
    """Who is told of requests."""

    def __init__(self) -> None:
        self._watchers: list[Callable[[ApprovalRequest], None]] = []

    def add(self, watcher: Callable[[ApprovalRequest], None]) -> None:
        """Call back with every request."""
        self._watchers.append(watcher)

    def tell(self, request: ApprovalRequest) -> None:
        """Tell all of them of a request."""
        for watcher in tuple(self._watchers):
            watcher(request)


def bytes_of(request: ApprovalRequest) -> int:
    """Return about how many bytes the texts of a request take, never fewer than they have."""
    size = _bytes(request.arguments) + _bytes(request.definition) + _bytes(request.bound_meta)
    size += _bytes(request.edited.arguments) if request.edited is not None else 0
    return size + sum(_bytes(o.value) + _bytes(o.excerpt) for o in request.trace.origins)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else _CHARACTER_BYTES * len(text)
