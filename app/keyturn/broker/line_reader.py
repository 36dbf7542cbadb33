"""Owns the reading of lines from one pipe."""

import asyncio
from typing import Protocol

from keyturn.broker.frames import Line, LineBudget, LineSplitter, Oversize, Tap
from keyturn.broker.turns import Turns


class LineReceiver(Protocol):
    """What a line reader tells."""

    def line(self, line: bytes) -> None:
        """Take one line with its end."""
        ...

    def oversize(self, line: Oversize) -> None:
        """Be told of a line that was too long and is gone."""
        ...

    def ended(self) -> None:
        """Be told once that nothing more will come."""
        ...


class LineReader(asyncio.Protocol):
    """Reads lines from one pipe."""

    def __init__(
        self, limit: int, receiver: LineReceiver, budget: LineBudget | None = None
    ) -> None:
        self._splitter = LineSplitter(limit, budget)
        self._receiver = receiver
        self._ended = False
        self.tap = Tap()
        self._turns = Turns(self.tap, self._hand_on)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read, unless somebody already holds the tap."""
        if isinstance(transport, asyncio.ReadTransport):
            self.tap.attach(transport)

    def data_received(self, data: bytes) -> None:
        """Hand on the lines that the data completes."""
        self._turns.hand_on(self._splitter.feed(data))

    def eof_received(self) -> None:
        """End."""
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, whatever the reason."""
        self._end()

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._splitter.close()
            self._turns.afterwards(self._receiver.ended)

    def _hand_on(self, line: Line) -> None:
        if isinstance(line, Oversize):
            self._receiver.oversize(line)
        else:
            self._receiver.line(line)
