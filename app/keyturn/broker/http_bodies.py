"""Owns the bodies of requests over HTTP, from their first byte until their frames are handed on.

A frame may have to wait for its connection, which is not read while it is busy; so it counts until
then. One that came to its end is not given up any more for others, but refused in the first place
where too many of its agent wait already.
"""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from keyturn.broker.frames import BUDGET_BYTES, HeldBytes, LineBudget
from keyturn.broker.http_answers import answering, refusal
from keyturn.broker.http_stream import Reader

WAITING_BYTES = BUDGET_BYTES // 4
"""Of the whole frames of one agent that wait: as much as its longest frame, and room for others."""
_CLOSE = {"connection": "close"}


@dataclass(frozen=True, slots=True)
class Body:
    """One frame, as a line, of the request that brought it."""

    request: Request
    line: bytes
    _bodies: "Bodies"
    _held: HeldBytes

    def handed_on(self) -> None:
        """Count it no more."""
        self._bodies.forget(self._held)

    async def answered(self, reader: Reader, headers: dict[str, str], *, modern: bool) -> Response:
        """Answer what was handed on with its stream."""
        self.handed_on()
        return await answering(self.request, reader, headers, modern=modern)


class Bodies:
    """Bounds what the requests of all clients hold together."""

    def __init__(self, frame_bytes: int) -> None:
        self._frame_bytes = frame_bytes
        self._budget = LineBudget()
        self._waiting: dict[HeldBytes, tuple[str, int]] = {}
        """Whose, and how long, the frames are that came to their end."""

    @contextlib.asynccontextmanager
    async def read(self, request: Request, agent: str) -> AsyncGenerator[Body | Response]:
        """Read one frame, or say why it is not read to its end; it counts within the context."""
        held = HeldBytes(self._frame_bytes, self._budget)
        try:
            with contextlib.suppress(ClientDisconnect):
                async for chunk in request.stream():
                    held.add(chunk)
                    if held.too_long:
                        break
            yield self._body(request, agent, held)
        finally:
            self.forget(held)

    def forget(self, held: HeldBytes) -> None:
        """Count it no more; harmless when it does not count."""
        self._waiting.pop(held, None)
        held.close()

    def _body(self, request: Request, agent: str, held: HeldBytes) -> Body | Response:
        if held.size > self._frame_bytes:
            return refusal(413, f"The frame is over {self._frame_bytes} bytes.", headers=_CLOSE)
        text = held.kept() if self._has_room(agent, held.size) else None
        if text is None:
            return refusal(503, "Too many long frames are under way.", headers=_CLOSE)
        self._waiting[held] = (agent, len(text))
        # Outside of texts, where JSON has none, the ends of lines are white space.
        line = text.strip().replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"
        return Body(request, line, self, held)

    def _has_room(self, agent: str, size: int) -> bool:
        """Tell whether one more may wait; the first always may."""
        own = [waiting for whose, waiting in self._waiting.values() if whose == agent]
        return not own or sum(own) + size <= WAITING_BYTES
