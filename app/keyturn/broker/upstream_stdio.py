"""Owns one connection to one stdio server: starts it, writes to it, matches answers to requests.

What it did not ask itself it hands on untouched; what may be sent at all is decided elsewhere.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import Protocol

import msgspec

from keyturn.application.alerts import Alert, AlertKind
from keyturn.application.ports.milestones import Milestone
from keyturn.application.ports.payloads import InspectedAnswer, NotInspected
from keyturn.application.ports.upstream import (
    Answered,
    AnsweredError,
    Lost,
    Ready,
    UpstreamReply,
)
from keyturn.application.tasks import TaskOwner
from keyturn.broker.awaited import Awaited
from keyturn.broker.batches import is_batch, is_unreadable, members_of_answer
from keyturn.broker.child_process import Ends
from keyturn.broker.envelope import (
    OWN_PREFIX,
    RequestId,
    ServerFrame,
    id_within,
    read_server,
    request_parts,
)
from keyturn.broker.frames import Oversize
from keyturn.broker.large_frames import ReadFrame
from keyturn.broker.ordered_lines import ServerLines
from keyturn.broker.refusals import REFUSED, error_line
from keyturn.broker.server_start import ServerMeans, ServerStart
from keyturn.broker.transport import Asking, Transport, TransportEvents, open_transport
from keyturn.domain.canonical import JsonObject
from keyturn.domain.errors import SecretStoreUnavailable, ServerUnavailable

_log = logging.getLogger(__name__)

SETTLE_SECONDS = 2.0
"""How long the end waits for large answers that are still being read."""
MOST_REFUSED_UNREAD = 1_000
"""Refusals that are written to a server which has not read what was written before."""

_SEE_LOG = "Its log may say why; Servers names the file."


class ServerEvents(TransportEvents, Protocol):
    """What a link is told by its server's side."""

    def from_server(self, frame: ServerFrame) -> None:
        """Take a frame that answers nothing the broker asked: pass it on or refuse it."""
        ...

    def answer_too_long(self, request_id: RequestId) -> None:
        """A passed request will get no answer: it was over the frame limit."""
        ...

    def server_slow(self, slow: bool) -> None:
        """Say whether the server keeps up with what is written to it."""
        ...

    def server_ended(self, reason: str) -> None:
        """Say once that the server is gone; what it was asked has been answered as lost."""
        ...


class _State(Enum):
    NEW = auto()
    RUNNING = auto()
    KEYCHAIN = auto()
    GONE = auto()


class _ErrorBody(msgspec.Struct):
    code: int = 0
    message: str = ""


_error_body = msgspec.json.Decoder(_ErrorBody).decode


class StdioUpstream:
    """Implements the Upstream port for the gate, and carries passed frames for the link."""

    def __init__(
        self,
        start: ServerStart,
        means: ServerMeans,
        events: ServerEvents,
        log_line: Callable[[bytes], None],
    ) -> None:
        self._start = start
        self._means = means
        self._events = events
        self._log_line = log_line
        self._tasks = TaskOwner()
        self._state = _State.NEW
        self.starting = False
        """Whether the start is under way; one that is cancelled then could leave a process."""
        self._known = asyncio.Event()
        """Set once the start has succeeded or failed."""
        self._child: Transport | None = None
        self._lines = ServerLines(self, means.large, self._tasks, start.agent)
        self._awaited = Awaited()
        self._own_ids = self._refused_unread = self._dropped = 0
        self.in_batches = False
        """Whether the server may write several frames as one array."""
        self._unheard = False
        """Nothing that it says on its own is heard any more."""

    # ---------------------------------------------------------------- life

    async def start(self) -> None:
        """Start the server.

        Raises SecretStoreUnavailable when a secret that it needs cannot be had, and
        ServerUnavailable when it cannot be started, both with sentences for a person.
        """
        self.starting = True
        try:
            self._child = await self._open()
            if self._state is _State.NEW:
                self._state = _State.RUNNING
        except SecretStoreUnavailable:
            self._state = _State.KEYCHAIN
            raise
        except ServerUnavailable:
            self._state = _State.GONE
            raise
        finally:
            self.starting = False
            self._known.set()

    async def _open(self) -> Transport:
        ends = Ends(
            stdout=self._lines,
            stderr=self._log_line,
            slow=self._events.server_slow,
            frame_bytes=self._means.limits.frame_bytes,
            budget=self._means.budget,
        )
        asks = Asking(events=self._events, lost=self.give_up, still_wanted=self._require_new)
        return await open_transport(self._start, self._means, ends, self._tasks, asks)

    def _require_new(self) -> None:
        if self._state is not _State.NEW:
            raise ServerUnavailable("The connection was ended before its server started.")

    def forbid_start(self) -> None:
        """Have a start that is under way come to nothing; harmless when the server runs."""
        if self._state is _State.NEW:
            self._state = _State.GONE
            self._known.set()

    async def end(self) -> None:
        """End the server and wait until it is gone; harmless when it never ran."""
        if self._state is not _State.KEYCHAIN:
            self._state = _State.GONE
        self._known.set()
        if self._child is not None:
            await self._child.end()
            await self._lines.settle(SETTLE_SECONDS)
        self._awaited.lose_all("the connection to the server was ended")
        await self._tasks.close()

    @property
    def running(self) -> bool:
        """Whether frames can be written to it, and its answers are heard."""
        child = None if self._unheard else self._child
        return self._state is _State.RUNNING and child is not None and child.writable

    @property
    def barred(self) -> bool:
        """Whether it takes nothing until a person has signed in."""
        return self._child is not None and self._child.barred

    @property
    def pid(self) -> int:
        """Process id of the server; 0 when it never ran."""
        return self._child.pid if self._child is not None else 0

    def hold_reading(self, reason: str) -> None:
        """Read nothing from the server for now."""
        if self._child is not None:
            self._child.tap.hold(reason)

    def release_reading(self, reason: str) -> None:
        """Read again when no reason is left."""
        if self._child is not None:
            self._child.tap.release(reason)

    # ---------------------------------------------------------------- the gate's port

    async def ready(self) -> Ready:
        """Wait for a server that is starting, at most the hold time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._means.limits.hold_seconds):
                await self._known.wait()
        if self.running:
            return Ready.SIGN_IN if self.barred else Ready.READY
        return Ready.KEYCHAIN if self._state is _State.KEYCHAIN else Ready.GONE

    def send(
        self, request_id: RequestId, method: str, params: JsonObject
    ) -> "asyncio.Future[UpstreamReply]":
        """Encode params canonically and write the request in this very step, with no await.

        The transport may buffer what the pipe does not take at once; it is written all the same.
        """
        child = self._child
        if child is None or not self.running or request_id in self._awaited:
            raise ServerUnavailable("The server has ended.", mend=_SEE_LOG)
        parts = request_parts(request_id, method, params)
        reply = self._awaited.expect(request_id)
        self._means.milestones.reached(Milestone.FIRST_BYTE)
        child.write(*parts)
        self._means.milestones.reached(Milestone.WRITTEN)
        return reply

    # ---------------------------------------------------------------- the link's side

    def ask(self, method: str, params: JsonObject) -> "asyncio.Future[UpstreamReply]":
        """Ask for the broker itself; the answer is never forwarded.

        Only for what reads the server's own description. Raises ServerUnavailable.
        """
        child = self._child
        if child is None or not self.running:
            raise ServerUnavailable("The server has ended.", mend=_SEE_LOG)
        self._own_ids += 1
        request_id = f"{OWN_PREFIX}{self._own_ids}"
        reply = self._awaited.expect(request_id)
        child.write(*request_parts(request_id, method, params))
        return reply

    def give_up(self, request_id: RequestId, reason: str) -> bool:
        """Wait no longer for an answer; False when nobody did, or it has come."""
        return self._awaited.settle(request_id, Lost(reason))

    def write(self, line: bytes) -> None:
        """Pass a line on as it is; dropped when the server is gone."""
        if self._child is not None:
            self._child.write(line)

    def refuse(self, frame: ServerFrame, message: str) -> None:
        """Refuse a request of the server; one that never reads its refusals is ended.

        Its own output is not held back for that: one that writes a long answer before it reads on
        would wait for ever.
        """
        child = self._child
        if child is None or frame.id is None:
            return
        self._refused_unread = self._refused_unread + 1 if child.unwritten else 0
        if self._refused_unread <= MOST_REFUSED_UNREAD:
            child.write(error_line(frame.id, REFUSED, message))
        elif not self._unheard:
            self.note("ended", b"it asks on and on, and does not read the answers")
            self._hear_no_more(child)

    def discard_unwritten(self) -> bool:
        """Close the server's stdin without what it has not taken; False when it took all."""
        return self._child is not None and self._child.discard_unwritten()

    # ---------------------------------------------------------------- from the server's stdout

    def frame(self, line: bytes, read: ReadFrame) -> None:
        """Take a frame, or each of several in an array where the version has such."""
        if not self.in_batches or not is_batch(line):
            self._frame(line, read)
            return
        members = members_of_answer(line)
        if not is_unreadable(line, members):
            for member in members:
                self._frame(line, ReadFrame(read_server(member)))
        elif self._child is not None and not self._unheard:
            # All that waits could wait for ever, and what came later be another one's answer.
            self.note("ended by an array that cannot be read", line)
            self._awaited.lose_all("the server's answers could not be read")
            self._means.alert(Alert(AlertKind.SERVER_UNREADABLE, self._start.server.name))
            self._hear_no_more(self._child)

    def _hear_no_more(self, child: Transport) -> None:
        self._unheard = True
        self._tasks.start(child.end(), "end of a server that is not heard")

    def _frame(self, line: bytes, read: ReadFrame) -> None:
        """Match an answer to its request, or hand the frame on."""
        frame = read.frame
        if self._unheard:
            return
        if frame is None:
            self.note("stdout", line)
            return
        if not frame.method and frame.id is not None:
            if frame.id in self._awaited:
                inspected = None if _is_own(frame.id) else read.inspected
                self._awaited.settle(frame.id, _reply_of(frame, inspected))
                return
            if _is_own(frame.id):
                self.note("late answer", line)
                return
        self._events.from_server(frame)

    def oversize(self, line: Oversize) -> None:
        """Find out what the discarded line answered; say so rather than let it be awaited."""
        self.note(f"line of {line.size} bytes", line.head)
        request_id = id_within(line.head, line.tail)
        lost = Lost("the answer was longer than a frame may be")
        if request_id is not None and not self._awaited.settle(request_id, lost):
            self._events.answer_too_long(request_id)

    def ended(self) -> None:
        """Its stdout has ended: nobody will answer any more."""
        was_running = self._state is _State.RUNNING
        if was_running:
            self._state = _State.GONE
        self._awaited.lose_all("the server ended")
        if was_running:
            self._events.server_ended("the server ended")
            if self._child is not None:
                self._tasks.start(self._child.end(), "end of a server that closed its stdout")

    def note(self, what: str, line: bytes) -> None:
        """Write what is no frame into the server's log, and count it."""
        self._dropped += 1
        if self._dropped == 1:
            _log.warning("server writes what is no frame server=%s", self._start.server.name)
        self._log_line(b"[" + what.encode() + b"] " + line[:4096])


def _is_own(request_id: RequestId) -> bool:
    return isinstance(request_id, str) and request_id.startswith(OWN_PREFIX)


def _reply_of(
    frame: ServerFrame, inspected: InspectedAnswer | NotInspected | None
) -> UpstreamReply:
    if frame.ambiguous:
        return Lost("the answer could not be read in one way")
    if frame.result is not None:
        result = bytes(frame.result) if inspected is None else b""
        return Answered(line=frame.line, result=result, inspected=inspected)
    if frame.error is None:
        return Lost("the answer has no result")
    try:
        error = _error_body(frame.error)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Lost("the answer's error could not be read")
    return AnsweredError(
        line=frame.line,
        error=bytes(frame.error) if inspected is None else b"",
        code=error.code,
        message=error.message,
        inspected=inspected,
    )
