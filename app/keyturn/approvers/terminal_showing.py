"""Owns what is on the terminal now, and since when: input counts only once it could be read."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from keyturn.application.approval_request import ApprovalRequest
from keyturn.application.ports.clock import Clock, Timer
from keyturn.approvers.terminal_commands import Proof
from keyturn.domain.tier import Tier
from keyturn.presentation.arming import ArmingDelays
from keyturn.presentation.request_text import RequestText, RequestTexts, page_count

MILLISECOND = 1_000_000
"""Nanoseconds."""


class Terminal(Protocol):
    """What the approver needs of a terminal (`TerminalLines`)."""

    def open(self) -> None:
        """Begin to read and write, on the running loop."""
        ...

    def close(self) -> None:
        """Stop reading; what was said goes out first."""
        ...

    def say(self, text: str, then: Callable[[], None] | None = None) -> None:
        """Write a text; `then` is called once it is on the terminal."""
        ...

    def discard_typed(self) -> None:
        """Throw away what was typed and not read yet."""
        ...


class Stage(Enum):
    """Where the conversation about what is shown stands."""

    WRITING = "writing"
    ARMING = "arming"
    """Shown, but not long enough to have been read."""
    READY = "ready"
    PROVING = "proving"
    """Allowed, and the proof of having read it is still to be typed."""


@dataclass(slots=True, kw_only=True)
class Item:
    """One request that waits for this terminal."""

    request: ApprovalRequest
    deadline_ns: int | None
    detached: bool = False
    later: bool = False

    def remaining_ms(self, now_ns: int) -> int | None:
        """Return how long its agent still waits; None for a review."""
        if self.deadline_ns is None:
            return None
        return 0 if self.detached else max(0, (self.deadline_ns - now_ns) // MILLISECOND)


class Reading:
    """What a person has had of a request: its text, and pages where it was cut or hides secrets."""

    def __init__(self, texts: RequestTexts, request: ApprovalRequest, told: RequestText) -> None:
        self._texts = texts
        self._request = request
        self._hash = hashlib.sha256(told.text.encode())
        self._pages = 0 if told.whole and not told.hides else page_count(request)
        self._owed = 0 if told.whole else self._pages
        self._written = 0

    @property
    def whole(self) -> bool:
        """Tell whether nothing is left to be read."""
        return self._written >= self._owed

    @property
    def rest_key(self) -> str:
        """Return the key of the words about what can still be written; empty for nothing."""
        if not self.goes_on:
            return ""
        return "approver.hidden_here" if self.whole else "approver.not_all_here"

    @property
    def goes_on(self) -> bool:
        """Tell whether there is a page that was not written yet."""
        return self._written < self._pages

    @property
    def prompt_hash(self) -> str:
        """The SHA-256 of all that was written, hexadecimal."""
        return self._hash.hexdigest()

    def next_page(self) -> str:
        """Return the next page and count it as read; runs on a thread."""
        page = self._texts.page(self._request, self._written)
        self._hash.update(page.encode())
        self._written += 1
        return page


@dataclass(slots=True, kw_only=True)
class Shown:
    """What is on the terminal: a request, or without one the review list of a stop."""

    item: Item | None
    headline: str = ""
    reading: Reading | None = None
    proof: Proof | None = None
    """What must be typed before it is allowed; None when nothing must."""
    stage: Stage = Stage.WRITING
    since_ns: int = 0
    """When its text, before any page, was on the terminal."""
    timer: Timer | None = None


class Showing:
    """Shows one thing at a time and arms it; `ask` is called when it may be answered."""

    def __init__(self, *, clock: Clock, delays: ArmingDelays, ask: Callable[[Shown], None]) -> None:
        self._clock = clock
        self._delays = delays
        self._ask = ask
        self.terminal: Terminal | None = None
        self.current: Shown | None = None

    def open(self, terminal: Terminal) -> None:
        """Open the terminal and show things there."""
        terminal.open()
        self.terminal = terminal

    def close(self) -> None:
        """Close the terminal; nothing is shown any more."""
        self.drop()
        terminal, self.terminal = self.terminal, None
        if terminal is not None:
            terminal.close()

    def reserve(self, shown: Shown) -> None:
        """Keep the terminal for what is still being written."""
        self.drop()
        shown.stage = Stage.WRITING
        self.current = shown

    def begin(self, shown: Shown, text: str) -> None:
        """Write it; its time runs only from when it is on the terminal."""
        self.reserve(shown)
        if self.terminal is not None:
            self.terminal.say(text, lambda: self._written(shown))

    def drop(self) -> None:
        """Take away what is shown; what is typed for it answers nothing any more."""
        if self.current is not None and self.current.timer is not None:
            self.current.timer.cancel()
        self.current = None

    def shows(self, item: Item) -> bool:
        """Tell whether this request is on the terminal."""
        return self.current is not None and self.current.item is item

    def say(self, text: str) -> None:
        """Write a line of ours."""
        if self.terminal is not None:
            self.terminal.say(f"{text}\n")

    def prove(self, shown: Shown) -> None:
        """Wait for the proof; what was typed ahead of the question is none."""
        if self.terminal is not None:
            self.terminal.discard_typed()
        shown.stage = Stage.PROVING

    def shown_ms(self, shown: Shown) -> int:
        """Return how long it has been on the terminal."""
        return (self._clock.monotonic_ns() - shown.since_ns) // MILLISECOND

    def _written(self, shown: Shown) -> None:
        if self.current is not shown:
            return
        shown.stage = Stage.ARMING
        now = self._clock.monotonic_ns()
        shown.since_ns = shown.since_ns or now
        tier = shown.item.request.tier if shown.item is not None else Tier.T2
        due = now + self._delays.for_tier(tier) * MILLISECOND
        shown.timer = self._clock.call_at(due, lambda: self._arm(shown))

    def _arm(self, shown: Shown) -> None:
        if self.current is not shown or self.terminal is None:
            return
        self.terminal.discard_typed()
        shown.stage = Stage.READY
        self._ask(shown)
