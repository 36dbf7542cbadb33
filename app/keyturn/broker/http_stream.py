"""Owns one stream of lines to a client over HTTP, and the responses that carry it in turn.

A response that breaks off is not the end of its stream where the client can come back and name the
last event that it got.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Raw

from keyturn.broker.envelope import RequestId
from keyturn.broker.parted_lines import Written
from keyturn.broker.replay import Replay, event_id, new_key

RETRY_SECONDS = 1.0
"""How long a client is asked to wait before it comes back, where the server says nothing."""
SHORTEST_RETRY, LONGEST_RETRY = 0.1, 30.0


class StreamOwner(Protocol):
    """Whose streams these are."""

    def waits(self, size: int) -> None:
        """Count bytes that a client has not read."""
        ...

    def holds(self, stream: "Stream", size: int) -> None:
        """Count bytes that are kept for a client that comes back."""
        ...

    def left(self, stream: "Stream") -> None:
        """Be told that nobody reads a stream any more."""
        ...


@dataclass(slots=True, eq=False)
class Stream:
    """Lines in order, until nothing more is to be said; at most one response reads them."""

    owner: StreamOwner
    replay: Replay
    request_id: RequestId | None = None
    """The id by which the link knows its request; None for a standing stream."""
    literal: Raw | None = None
    """The id as the client spells it, where it is not the link's."""
    token: Raw | None = None
    """The client's progress token, likewise."""
    named: RequestId | None = None
    """The progress token, where it is not spliced."""
    keeps: bool = False
    """Whether its events have ids, and its client may come back."""
    primed: bool = False
    """Whether the client is told an id before anything else, and may be asked to come back."""
    known: bool = False
    """Whether the client was told an id, without which it cannot come back."""
    finished: bool = False
    unanswered: bool = False
    """Whether it is finished because everything on it was cancelled."""
    retry: float = RETRY_SECONDS
    in_events: bool = False
    """Whether a response should begin at once, because the server's own can be taken up again."""
    left_at: float = 0.0
    """The loop's time at which its reader left."""
    timer: asyncio.TimerHandle | None = None
    """Runs out when the client has not come back in time."""
    reader: "Reader | None" = None
    batch: frozenset[RequestId] = frozenset()
    """The ids of a batch's requests, which are answered on it together."""
    key: str = field(default_factory=new_key)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _taken: int = 0
    """Number of the last line that went out."""
    _flowing: int = 0
    """Bytes that its reader has not taken."""

    @property
    def over(self) -> bool:
        """Whether nothing more will come on it, and nobody reads it."""
        return self.finished and self.reader is None

    @property
    def empty(self) -> bool:
        """Whether everything was taken."""
        return self._taken >= self.replay.last

    @property
    def position(self) -> str:
        """The id of the last event that went out."""
        return event_id(self.key, self._taken)

    def put(self, line: Written) -> None:
        """Add a line."""
        self.replay.append(line)
        if self.reader is not None:
            self._flow(len(line))
        else:
            self.replay.trim(self.replay.last)
        self._weigh()
        self.changed.set()

    def finish(self) -> None:
        """Add nothing more."""
        self.finished = True
        self.stop_timer()
        self.changed.set()

    def prime(self, retry: float | None) -> None:
        """Begin a response with events, even before there is one."""
        if self.primed:
            self.in_events = True
            self._ask_to_wait(retry)

    def pause(self, retry: float | None) -> None:
        """End the response after what is there, and have the client come back for the rest."""
        if self.primed and not self.finished and self.reader is not None:
            self.in_events = True
            self._ask_to_wait(retry)
            self.reader.paused = True

    def take(self) -> Written | None:
        """Return the next line that has not gone out; None when there is none yet."""
        self._taken = max(self._taken, self.replay.first - 1)
        if self.empty:
            return None
        self._taken += 1
        line = self.replay.at(self._taken)
        self._flow(-len(line))
        self.replay.trim(self._taken)
        self._weigh()
        return line

    def only(self) -> Written | None:
        """Return the answer where it is all that is left to say."""
        alone = self.finished and self._taken + 1 == self.replay.last
        return self.replay.at(self.replay.last) if alone else None

    def read(self, after: int | None = None) -> "Reader":
        """Go on in a new response, from after this line; the one before it ends."""
        self.stop_timer()
        if after is not None:
            self._taken = after
        self.reader = Reader(self)
        self._flow(self.replay.bytes_after(self._taken) - self._flowing)
        self._weigh()
        self.changed.set()
        return self.reader

    def leave(self) -> None:
        """Have no reader any more."""
        self.reader = None
        self._flow(-self._flowing)
        self.replay.trim(self.replay.last)
        self._weigh()
        self.changed.set()

    def give_back(self) -> None:
        """Drop all that it keeps only for the case that the client comes back."""
        self.replay.forget(self._taken if self.reader is not None else self.replay.last)

    def stop_timer(self) -> None:
        """Wait for nobody."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def _ask_to_wait(self, retry: float | None) -> None:
        if retry is not None:
            self.retry = min(max(retry, SHORTEST_RETRY), LONGEST_RETRY)
        self.changed.set()

    def _flow(self, size: int) -> None:
        self._flowing += size
        self.owner.waits(size)

    def _weigh(self) -> None:
        self.owner.holds(self, self.replay.size - self._flowing)


class Reader:
    """One response, which carries a stream until it is finished, taken over or left."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.paused = False
        """Whether it ends after what is there, though the stream does not."""

    @property
    def stream(self) -> Stream:
        """What it reads."""
        return self._stream

    @property
    def ended(self) -> bool:
        """Whether nothing is there, and nothing will come in this response."""
        mine = self._stream.reader is self
        return not mine or self._stream.empty and (self._stream.finished or self.paused)

    async def begin(self, seconds: float) -> None:
        """Wait at most so long for a reason to begin the response."""
        stream = self._stream
        await self._until(seconds, lambda: stream.in_events or not stream.empty)

    async def next(self, seconds: float | None) -> Written | None:
        """Return the next line, None after so long without one, empty at the end."""
        if not await self._until(seconds, lambda: not self._stream.empty):
            return None
        return b"" if self.ended else self._stream.take()

    def named(self) -> str:
        """Return the id of the last event that went out: from now on the client knows it."""
        if not self._stream.keeps:
            return ""
        self._stream.known = True
        return self._stream.position

    def left(self) -> None:
        """Say that nobody reads it any more; nothing new when another has taken over."""
        if self._stream.reader is self:
            self._stream.leave()
            self._stream.owner.left(self._stream)

    async def _until(self, seconds: float | None, there: Callable[[], bool]) -> bool:
        """Wait until something is there, or nothing will come; False after so long."""
        changed = self._stream.changed
        try:
            async with asyncio.timeout(seconds):
                while not self.ended and not there():
                    changed.clear()
                    await changed.wait()
        except TimeoutError:
            return False
        return True


async def lines_of(reader: Reader, seconds: float) -> AsyncIterator[Written]:
    """Yield the lines of a stream as they come, and an empty one after each silence."""
    try:
        while True:
            line = await reader.next(seconds)
            if line is None:
                yield b""
            elif line:
                yield line
            else:
                return
    finally:
        reader.left()
