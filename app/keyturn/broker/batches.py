"""Owns JSON-RPC batches, which only 2025-03-26 has: each member goes its way as if it came alone.

What the members are answered goes back as one array (MCP 2025-03-26, transports). To servers they
go one by one, so that no server has to know batches.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
from msgspec import Raw

from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.broker.ends import Downstream
from keyturn.broker.envelope import (
    INVALID_REQUEST,
    MOST_VALUES,
    BadFrame,
    ClientFrame,
    RequestId,
    read_client,
    read_server,
)
from keyturn.broker.large_calls import ReadClient
from keyturn.broker.members import BOM, holds_more_values, tolerated
from keyturn.broker.parted_lines import PartedLine, Written, gathered
from keyturn.broker.refusals import ID_IN_USE, invalid_line
from keyturn.broker.routes import INITIALIZE

BATCH_VERSION = "2025-03-26"
MOST_MEMBERS = 100
LONGEST_BATCH = LARGE_BYTES
"""Bytes of all members together: nothing in a batch is large enough to be read elsewhere."""
LONGEST_ANSWERS = 4 * 1024 * 1024
"""The same of what a server wrote as one array."""
MOST_GATHERED = 16 * 1024 * 1024
"""Bytes of answers that wait for others of their batches; beyond, those that are there go out."""
_TOO_MUCH = BadFrame(
    code=INVALID_REQUEST,
    reason=f"a batch has 1 to {MOST_MEMBERS} members and {LONGEST_BATCH} bytes at most",
)
_GAP = re.compile(rb"[ \t\r\n,]*")
"""What stands between two members: white space and one comma."""
_OF_FRAMES = re.compile(rb"(?:\xef\xbb\xbf)?[ \t]*\[[ \t\r\n]*\{")
_elements = msgspec.json.Decoder(list[Raw]).decode


@dataclass(slots=True, eq=False)
class _Batch:
    waits: int = 0
    """Answers that are still to come."""
    answers: list[Written] = field(default_factory=list[Written])
    answered: list[RequestId] = field(default_factory=list[RequestId])
    """The ids that these name."""
    size: int = 0
    cancelled: list[RequestId] = field(default_factory=list[RequestId])
    """What is not answered at all."""


class Batches:
    """Implements `Downstream` over the client's end, and takes the client's lines before a relay.

    Nothing but a batch's own answers is held back: what is told on the way goes on at once.
    """

    def __init__(self, downstream: Downstream) -> None:
        self._downstream = downstream
        self.accepted = False
        """Set once the two ends agreed on the version that has batches."""
        self._route: Callable[[ReadClient], None] = self._nowhere
        self._refuse: Callable[[BadFrame], None] = self._nothing
        self._waiting: dict[RequestId, _Batch] = {}
        self._taking: _Batch | None = None
        """The one whose members are being handed on, in this very step."""
        self._gathered = 0

    def takes_batches(self) -> bool:
        """Tell whether the two ends agreed on the version that has batches."""
        return self.accepted

    def attach(
        self, route: Callable[[ReadClient], None], refuse: Callable[[BadFrame], None]
    ) -> None:
        """Name who takes each member, and who refuses what is none."""
        self._route = route
        self._refuse = refuse

    # ---------------------------------------------------------------- from the client

    def from_client(self, read: ReadClient, line: bytes) -> None:
        """Take one line, as it was read; it may be a batch."""
        if self.accepted and is_batch(line):
            self._take(line)
            return
        frame = read.frame
        if frame.id is not None and frame.id in self._waiting:
            # This refusal must not be taken for the member's answer.
            self._downstream.send(invalid_line(frame.id, ID_IN_USE))
            return
        self._route(read)

    def cancelled(self, request_id: RequestId) -> None:
        """Wait no longer for an answer that need not come."""
        batch = self._waiting.pop(request_id, None)
        if batch is not None:
            batch.waits -= 1
            batch.cancelled.append(request_id)
            self._send_if_whole(batch)

    def _take(self, line: bytes) -> None:
        frames = frames_of_batch(line)
        if isinstance(frames, BadFrame):
            self._refuse(frames)
            return
        ids = Counter(frame.id for frame in frames)
        batch = self._taking = _Batch()
        try:
            for frame in frames:
                twice = frame.id is not None and ids[frame.id] > 1
                self._take_member(batch, frame, twice=twice)
        finally:
            self._taking = None
        self._send_if_whole(batch)

    def _take_member(self, batch: _Batch, frame: ClientFrame | BadFrame, *, twice: bool) -> None:
        if twice:
            reason = "the id comes twice in the batch"
            self._refuse(BadFrame(code=INVALID_REQUEST, reason=reason, id=frame.id))
        elif isinstance(frame, BadFrame):
            self._refuse(frame)
        else:
            self._hand_on(batch, frame)

    def _hand_on(self, batch: _Batch, frame: ClientFrame) -> None:
        # An id that waits in another batch is in use, which the relay says.
        if frame.id is not None and frame.id not in self._waiting:
            self._waiting[frame.id] = batch
            batch.waits += 1
        self._route(ReadClient(frame))

    # ---------------------------------------------------------------- to the client

    def send(self, line: Written) -> None:
        """Write one line, or keep it until its batch is answered."""
        batch = self._batch_of(line) if self._waiting or self._taking else None
        if batch is None:
            self._downstream.send(line)
            return
        answer = line.strip().removeprefix(BOM) if isinstance(line, bytes) else line
        batch.answers.append(answer)
        batch.size += len(answer)
        self._gathered += len(answer)
        if batch is not self._taking:
            self._send_if_whole(batch)
        if self._gathered > MOST_GATHERED:
            self._send_gathered(batch)

    def _batch_of(self, line: Written) -> _Batch | None:
        """Return the batch that an answer belongs to, which waits for it no longer."""
        ids = _ids_of(line)
        if ids is None:
            return None
        batch = next((self._waiting[one] for one in ids if one in self._waiting), None)
        if self._taking is not None and batch is not self._taking:
            # A refusal without an id, or of an id that waits in another batch.
            batch = self._taking
        elif batch is not None:
            for one in ids:
                batch.waits -= self._waiting.pop(one, None) is batch
        if batch is not None:
            batch.answered += ids
        return batch

    def _send_if_whole(self, batch: _Batch) -> None:
        if batch.waits == 0 and batch is not self._taking:
            self._send_gathered(batch)
            for request_id in batch.cancelled:
                self._downstream.unanswered(request_id)

    def _send_gathered(self, batch: _Batch) -> None:
        answers, batch.answers = batch.answers, []
        answered, batch.answered = batch.answered, []
        self._gathered -= batch.size
        batch.size = 0
        if answers:
            self._downstream.send(gathered(answers, answered))

    # ---------------------------------------------------------------- the client's end as it is

    def hears(self, request_id: RequestId) -> bool:
        """Tell whether the answer to a request would still reach who asked."""
        return self._downstream.hears(request_id)

    def server_paused(self, request_id: RequestId, retry: float | None, *, ended: bool) -> None:
        """Be told what `Paused` says."""
        self._downstream.server_paused(request_id, retry, ended=ended)

    def unanswered(self, request_id: RequestId) -> None:
        """Be told by nobody: it is said here."""
        self._downstream.unanswered(request_id)

    def hold_reading(self, reason: str) -> None:
        """Read nothing from the client for now."""
        self._downstream.hold_reading(reason)

    def release_reading(self, reason: str) -> None:
        """Read again when no reason is left."""
        self._downstream.release_reading(reason)

    def close(self) -> None:
        """Write what is there of the batches that are open, then close."""
        for batch in dict.fromkeys(self._waiting.values()):
            self._send_gathered(batch)
        self._waiting.clear()
        self._downstream.close()

    def _nowhere(self, _read: ReadClient) -> None:
        """Take a line before anybody was named."""

    def _nothing(self, _frame: BadFrame) -> None:
        """Refuse nothing before anybody was named."""


def is_batch(line: bytes) -> bool:
    """Tell whether a line is an array."""
    return line[:32].lstrip(BOM + b" \t").startswith(b"[")


def frames_of_batch(line: bytes) -> tuple[ClientFrame | BadFrame, ...] | BadFrame:
    """Classify each member of what a client wrote as one array, or refuse the whole."""
    members = members_of_batch(line)
    return members if isinstance(members, BadFrame) else tuple(map(_member, members))


def members_of_batch(line: bytes, longest: int = LONGEST_BATCH) -> tuple[bytes, ...] | BadFrame:
    """Return each member of an array as a line of the very bytes that came."""
    if len(line) > longest or holds_more_values(line, MOST_VALUES):
        return _TOO_MUCH
    text = line.strip().removeprefix(BOM)
    elements = _elements_of(text)
    if elements is None:
        return BadFrame(code=-32700, reason="the batch is no JSON array")
    if not 0 < len(elements) <= MOST_MEMBERS:
        return _TOO_MUCH
    members: list[bytes] = []
    at = 1
    for element in elements:
        raw = bytes(element)
        gap = _GAP.match(text, at)
        at = gap.end() if gap is not None else at
        members.append(text[at : at + len(raw)] + b"\n")
        at += len(raw)
    return tuple(members)


def members_of_answer(line: bytes) -> tuple[bytes, ...]:
    """Return the members of what a server wrote; the whole where it is no array, or too large."""
    members = members_of_batch(line, LONGEST_ANSWERS) if is_batch(line) else (line,)
    return (line,) if isinstance(members, BadFrame) else members


def is_unreadable(line: bytes, members: tuple[bytes, ...]) -> bool:
    """Tell whether an array could hold answers that cannot be told apart: `members` is what it has.

    A line of some log that begins with a bracket holds none, nor does an array of notices.
    """
    return members == (line,) and _OF_FRAMES.match(line) is not None and _may_answer(line)


def _may_answer(line: bytes) -> bool:
    """Look for what an answer needs, without reading the line; one too long to look in may."""
    if len(line) > LONGEST_ANSWERS:
        return True
    if b'"id"' not in line:
        return b'"jsonrpc"' in line and b'"method"' not in line
    # Without its end the rest of a frame may stand on another line.
    cut_off = not line.rstrip().endswith(b"]")
    return cut_off or b'"result"' in line or b'"error"' in line


def _ids_of(line: Written) -> tuple[RequestId, ...] | None:
    """Return the id that an answer names, which need not be one; None for what is no answer."""
    if isinstance(line, PartedLine):
        return line.answers
    frame = read_server(line)
    if frame is None or frame.method:
        return None
    return () if frame.id is None else (frame.id,)


def ids_answered(line: bytes) -> tuple[RequestId, ...]:
    """Return the ids that the members of an array of answers name."""
    frames = map(read_server, map(bytes, _elements_of(line.strip()) or ()))
    return tuple(frame.id for frame in frames if frame is not None and frame.id is not None)


def _elements_of(text: bytes) -> list[Raw] | None:
    try:
        return _elements(tolerated(text))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _member(line: bytes) -> ClientFrame | BadFrame:
    frame = read_client(line)
    if isinstance(frame, BadFrame):
        # The whole was JSON, so that no member is a text that could not be read.
        return BadFrame(code=INVALID_REQUEST, reason=frame.reason, id=frame.id)
    if frame.method == INITIALIZE:
        reason = "the handshake cannot be part of a batch"
        return BadFrame(code=INVALID_REQUEST, reason=reason, id=frame.id)
    return frame
