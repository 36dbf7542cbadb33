"""Owns how much of one connection's reading is worked off before the loop serves the others."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import perf_counter

from keyturn.broker.frames import Line, Tap

TURN_LINES = 200
TURN_SECONDS = 0.002
TURN = "turn"
"""Why a tap is held while lines of an earlier read are left."""
PAYLOAD = "payload"
"""Why a tap is held while a large frame is read elsewhere."""


class Turns:
    """Hands on lines in order, a few in each turn of the loop; reads no more meanwhile.

    One read may hold tens of thousands of lines, which would hold up the stop otherwise.
    """

    __slots__ = ("_after", "_left", "_take", "_tap")

    def __init__(self, tap: Tap, take: Callable[[Line], None]) -> None:
        self._tap = tap
        self._take = take
        self._left: deque[Line] = deque()
        self._after: Callable[[], None] | None = None

    def hand_on(self, lines: list[Line]) -> None:
        """Hand on what was read, now or in later turns."""
        if self._left:
            self._left.extend(lines)
        elif len(lines) == 1:
            self._take(lines[0])
        elif lines:
            self._left.extend(lines)
            self._turn()

    def afterwards(self, callback: Callable[[], None]) -> None:
        """Call back once everything has been handed on; at once when nothing is left."""
        if self._left:
            self._after = callback
        else:
            callback()

    def _turn(self) -> None:
        left = self._left
        due = perf_counter() + TURN_SECONDS
        try:
            for _ in range(min(TURN_LINES, len(left))):
                self._take(left.popleft())
                if perf_counter() >= due:
                    break
        finally:
            if left:
                self._tap.hold(TURN)
                asyncio.get_running_loop().call_soon(self._turn)
            else:
                self._finished()

    def _finished(self) -> None:
        self._tap.release(TURN)
        after, self._after = self._after, None
        if after is not None:
            after()
