"""What is written goes out whole and in order, a long line in pieces, and slowness is told once."""

import asyncio
import os
import socket
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.broker.paced_writer import PIECE, WRITE_BUFFER, PacedWriter


class Transport:
    """Takes so many bytes, and keeps what comes after; as asyncio's transports do."""

    def __init__(self, takes: int = 0) -> None:
        self.gone = bytearray()
        self.kept = bytearray()
        self.most_kept = 0
        self.takes = takes
        self.high = 0
        self.closed = self.aborted = self.paused = False
        self.protocol: PacedWriter | None = None

    def set_write_buffer_limits(self, high: int) -> None:
        self.high = high

    def is_closing(self) -> bool:
        return self.closed or self.aborted

    def get_write_buffer_size(self) -> int:
        return len(self.kept)

    def write(self, data: memoryview) -> None:
        assert not self.is_closing()
        self.kept += data
        self.read(0)
        self.most_kept = max(self.most_kept, len(self.kept))
        if len(self.kept) > self.high and not self.paused and self.protocol is not None:
            self.paused = True
            self.protocol.pause_writing()

    def read(self, more: int) -> None:
        """Have the other side take so many bytes more."""
        self.takes += more
        taken = min(self.takes, len(self.kept))
        self.gone += self.kept[:taken]
        del self.kept[:taken]
        self.takes -= taken
        if self.paused and len(self.kept) <= self.high // 4 and self.protocol is not None:
            self.paused = False
            self.protocol.resume_writing()

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        assert not self.is_closing() or self.kept
        self.aborted = True
        self.kept.clear()


def writing(takes: int = 0) -> tuple[PacedWriter, Transport, list[bool]]:
    told: list[bool] = []
    transport, writer = Transport(takes), PacedWriter(told.append)
    transport.protocol = writer
    writer.attach(cast(asyncio.WriteTransport, transport))
    return writer, transport, told


SIZES = st.lists(
    st.sampled_from([1, 70, PIECE - 1, PIECE, PIECE + 1, 3 * WRITE_BUFFER]), max_size=6
)


@given(SIZES, st.lists(st.integers(1, 2 * WRITE_BUFFER), max_size=40))
def test_all_goes_out_in_order_and_little_is_copied(sizes: list[int], reads: list[int]) -> None:
    writer, transport, told = writing()
    lines = [bytes([65 + number]) * size for number, size in enumerate(sizes)]
    for line in lines:
        writer.write(line[:1], line[1:])
    whole = b"".join(lines)
    for more in (*reads, *[len(whole)] * (len(whole) // PIECE + 2)):
        transport.read(more)
        assert whole[: len(transport.gone)] == transport.gone
        assert writer.unwritten == len(whole) - len(transport.gone)
    assert bytes(transport.gone) == whole
    assert transport.most_kept <= WRITE_BUFFER + PIECE
    assert told == [True, False] * (len(told) // 2)


def test_slow_is_told_until_what_waits_here_has_gone_too() -> None:
    writer, transport, told = writing()
    writer.write(b"x" * 4 * WRITE_BUFFER)
    assert told == [True]
    transport.read(WRITE_BUFFER + PIECE)
    # More followed at once, so that it is full again.
    assert False not in told
    for _ in range(8):
        transport.read(4 * WRITE_BUFFER)
    assert told[-1] is False
    assert writer.unwritten == 0


def test_closing_lets_out_what_waits_and_takes_no_more() -> None:
    async def run() -> None:
        writer, transport, _ = writing()
        writer.write(b"x" * 3 * WRITE_BUFFER)
        writer.close()
        assert not writer.writable
        assert not transport.closed
        writer.write(b"late")
        while transport.kept:
            transport.read(WRITE_BUFFER)
        await asyncio.sleep(0)
        assert transport.closed
        assert bytes(transport.gone) == b"x" * 3 * WRITE_BUFFER

    asyncio.run(run())


def test_what_goes_out_after_closing_is_told_and_can_still_be_dropped() -> None:
    writer, transport, _ = writing()
    writer.write(b"x" * 70_000)
    writer.close()
    assert transport.closed
    assert writer.unwritten == 70_000
    writer.abort()
    assert transport.aborted
    assert writer.unwritten == 0


def test_nothing_is_handed_to_a_transport_that_nobody_reads() -> None:
    writer, transport, _ = writing()
    writer.write(b"x" * 4 * WRITE_BUFFER)
    transport.closed = True
    writer.resume_writing()
    assert writer.unwritten == len(transport.kept)


def test_aborting_drops_what_waits() -> None:
    writer, transport, told = writing()
    writer.write(b"x" * 3 * WRITE_BUFFER)
    writer.abort()
    assert transport.aborted
    assert writer.unwritten == 0
    writer.connection_lost(None)
    assert told == [True, False]
    writer.write(b"late")
    writer.abort()


@pytest.mark.parametrize("connect", ["pipe", "socket"])
def test_a_real_transport_carries_it_whole(connect: str) -> None:
    line = os.urandom(5 * WRITE_BUFFER)
    told: list[bool] = []

    async def run() -> bytes:
        loop, writer = asyncio.get_running_loop(), PacedWriter(told.append)
        read, close = await _way(connect, loop, writer)
        writer.write(line[:7], line[7:])
        writer.close()
        whole = b""
        while piece := await loop.run_in_executor(None, read, 1 << 20):
            whole += piece
        close()
        return whole

    assert asyncio.run(run()) == line
    assert told[0] is True
    assert told[-1] is False


async def _way(
    connect: str, loop: asyncio.AbstractEventLoop, writer: PacedWriter
) -> tuple[Callable[[int], bytes], Callable[[], None]]:
    if connect == "pipe":
        out, into = os.pipe()
        transport, _ = await loop.connect_write_pipe(lambda: writer, os.fdopen(into, "wb", 0))
        writer.attach(transport)
        return lambda size: os.read(out, size), lambda: os.close(out)
    mine, theirs = socket.socketpair()
    theirs.setblocking(True)
    made, _ = await loop.connect_accepted_socket(lambda: _OnSocket(writer), mine)
    writer.attach(made)
    return theirs.recv, theirs.close


class _OnSocket(asyncio.Protocol):
    """Hands on what a socket's transport tells, as a client's connection does."""

    def __init__(self, writer: PacedWriter) -> None:
        self.pause_writing = writer.pause_writing
        self.resume_writing = writer.resume_writing
        self.connection_lost = writer.connection_lost
