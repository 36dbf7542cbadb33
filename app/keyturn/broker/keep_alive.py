"""Owns the progress that a client is sent while its call waits for a person.

Many clients end a request after 60 s of silence unless progress arrives (protocol.md section 6).
Only a call that names a progress token gets any, and it never says where in the queue it is.
"""

import asyncio
import math
from collections.abc import Callable

import msgspec
from msgspec import Raw

from keyturn.broker.ends import Answer
from keyturn.broker.envelope import ServerFrame, notification_line
from keyturn.broker.members import members_of
from keyturn.domain.canonical import JsonObject

PROGRESS = "notifications/progress"
FIRST_SECONDS = 0.05
EVERY_SECONDS = 10.0
_STEP = 0.000_001
"""So small that what the server says later is larger nearly always; it must only increase."""

LONGEST_TOKEN = 1024
"""Characters; a longer one would be repeated every 10 s, and gets no progress from Keyturn."""

Token = str | int


class _Progress(msgspec.Struct):
    token: Token = msgspec.field(name="progressToken")
    progress: Raw = Raw(b"0")


_progress = msgspec.json.Decoder(_Progress).decode
_number = msgspec.json.Decoder(float).decode


def token_of(params: JsonObject) -> Token | None:
    """Return a call's progress token."""
    meta = params.get("_meta")
    token = meta.get("progressToken") if isinstance(meta, dict) else None
    if isinstance(token, str):
        return token if len(token) <= LONGEST_TOKEN else None
    return token if isinstance(token, int) and not isinstance(token, bool) else None


class KeepAlive:
    """Sends progress for calls that wait, and keeps the server's own progress above it."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._timers: dict[Token, asyncio.TimerHandle] = {}
        self._last: dict[Token, float] = {}

    def begin(self, token: Token, waits: Callable[[], bool]) -> None:
        """Watch one call; progress is sent whenever it waits for a person."""
        self.end(token)
        self._arm(token, waits, FIRST_SECONDS)

    def end(self, token: Token) -> None:
        """Forget a call; no progress may follow its answer."""
        timer = self._timers.pop(token, None)
        if timer is not None:
            timer.cancel()
        self._last.pop(token, None)

    def close(self) -> None:
        """Forget all."""
        for token in tuple(self._timers):
            self.end(token)

    def line_of(self, frame: ServerFrame) -> bytes:
        """Return the server's progress as it is to be passed: raised where it would go back.

        This is the only rewriting of what a server says on its own (protocol.md section 6).
        """
        if not self._timers:
            return frame.line
        try:
            said = _progress(frame.params)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return frame.line
        if said.token not in self._timers:
            return frame.line
        last = self._last.get(said.token)
        if last is None or _value_of(said.progress) > last:
            # From here on the server's own order counts: Keyturn's would go back behind it.
            self.end(said.token)
            return frame.line
        whole, params = members_of(frame.line), members_of(frame.params)
        if whole is None or params is None:
            return frame.line
        self._last[said.token] = last + _STEP
        params["progress"] = Raw(msgspec.json.encode(self._last[said.token]))
        whole["params"] = Raw(msgspec.json.encode(params))
        return msgspec.json.encode(whole) + b"\n"

    def _arm(self, token: Token, waits: Callable[[], bool], seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._timers[token] = loop.call_later(seconds, self._tick, token, waits)

    def _tick(self, token: Token, waits: Callable[[], bool]) -> None:
        if waits():
            value = self._last[token] = self._last.get(token, 0.0) + _STEP
            params: JsonObject = {
                "progressToken": token,
                "progress": value,
                "message": "Waiting for approval in Keyturn",
            }
            self._answer(notification_line(PROGRESS, params))
        self._arm(token, waits, EVERY_SECONDS)


def _value_of(progress: Raw) -> float:
    """Return the number; what is none, or beyond all numbers, is more than any."""
    try:
        value = _number(progress)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return math.inf
    return value if math.isfinite(value) else math.inf
