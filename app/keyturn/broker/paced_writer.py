"""Owns what waits to be written to one transport: a long line stays where it is until it goes out.

asyncio's own buffer takes a copy of what a pipe or a socket does not take at once, which held the
loop up for 20 ms at 60 MB. Here the line is handed on in pieces, as those before it have gone.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from keyturn.broker.parted_lines import Part

WRITE_BUFFER = 1 << 20
"""Bytes that a transport holds until it counts as slow."""
PIECE = 256 * 1024


class PacedWriter(asyncio.BaseProtocol):
    """Writes in order; says when the other side does not keep up, and when it has caught up.

    It is the protocol of a transport that only writes; others hand on what theirs is told.
    """

    def __init__(self, slow: Callable[[bool], None]) -> None:
        self._slow = slow
        self._transport: asyncio.WriteTransport | None = None
        self._waiting: deque[memoryview] = deque()
        self._full = False
        self._is_slow = False
        self._closing = False

    def attach(self, transport: asyncio.WriteTransport) -> None:
        """Write to this one from now on."""
        transport.set_write_buffer_limits(high=WRITE_BUFFER)
        self._transport = transport

    @property
    def writable(self) -> bool:
        """False once nothing can be written any more."""
        transport = self._transport
        return transport is not None and not self._closing and not transport.is_closing()

    @property
    def unwritten(self) -> int:
        """Bytes that wait for the other side to read."""
        transport = self._transport
        if transport is None:
            return 0
        return transport.get_write_buffer_size() + sum(map(len, self._waiting))

    def write(self, *parts: Part) -> None:
        """Write a line, which may come in parts; dropped when nobody reads any more."""
        if not self.writable:
            return
        for part in parts:
            whole = memoryview(part)
            self._waiting.extend(whole[at : at + PIECE] for at in range(0, len(part), PIECE))
        self._hand_on()

    def close(self) -> None:
        """Take no more, and close once what waits has gone out."""
        self._closing = True
        if self._transport is not None and not self._waiting:
            self._transport.close()

    def abort(self) -> None:
        """Close at once; what waits is dropped."""
        self._waiting.clear()
        transport = self._transport
        # One that closes and holds nothing is on its way already, and must not be told twice.
        if transport is not None and (not transport.is_closing() or self.unwritten):
            transport.abort()

    # ---------------------------------------------------------------- the transport's side

    def pause_writing(self) -> None:
        """Hand nothing more on: the transport holds enough."""
        self._full = True
        if not self._is_slow:
            self._is_slow = True
            self._slow(True)

    def resume_writing(self) -> None:
        """Go on."""
        self._full = False
        self._hand_on()
        if not self._full:
            self._is_slow = False
            self._slow(False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Hold nobody back for a reader that is gone."""
        self._waiting.clear()
        self._transport = None
        self._slow(False)

    def _hand_on(self) -> None:
        transport = self._transport
        while transport is not None and self._waiting and not self._full:
            if transport.is_closing():
                # Nobody reads any more: asyncio would warn of each piece.
                self._waiting.clear()
                return
            transport.write(self._waiting.popleft())
        if transport is not None and self._closing and not self._waiting:
            # Later: one of a pipe that is closed while it says so drops what was just written.
            asyncio.get_running_loop().call_soon(transport.close)
