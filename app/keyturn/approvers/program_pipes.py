"""Owns the approver program's process and pipes: its lines in, our lines out, the news of its end.

Knows nothing of requests; how a process tree is ended comes from outside.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from keyturn.approvers.request_message import ANSWER_LINE_LIMIT

_STDIN, _STDOUT, _STDERR = 0, 1, 2
LAST_WORDS_SECONDS = 0.5
"""How long after its exit a program's last lines may still come out of the pipe."""


class LineCutter:
    """Cuts a stream into lines; one that is too long is given as empty, not kept."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes, without their line feeds."""
        *complete, rest = data.split(b"\n")
        lines = [self._complete(piece) for piece in complete]
        self._keep(rest)
        return lines

    def _complete(self, piece: bytes) -> bytes:
        self._keep(piece)
        line = b"".join(self._pieces)
        too_long = self._size > self._limit
        self._pieces.clear()
        self._size = 0
        return b"" if too_long else line

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            self._pieces.clear()
        elif piece:
            self._pieces.append(piece)


class ProgramPipes(asyncio.SubprocessProtocol):
    """One running program; made by `start_program`."""

    def __init__(
        self,
        line: Callable[[bytes], None],
        stderr: Callable[[bytes], None],
        ended: Callable[[str], None],
    ) -> None:
        self._line = line
        self._stderr = stderr
        self._ended = ended
        self._cutter = LineCutter(ANSWER_LINE_LIMIT)
        self._transport: asyncio.SubprocessTransport | None = None
        self._exited = asyncio.Event()
        self._closed = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self.pid = 0

    def write(self, line: bytes) -> None:
        """Write to its stdin; dropped when it reads no more."""
        stdin = self._stdin()
        if stdin is not None and not stdin.is_closing():
            stdin.write(line)

    async def writable(self) -> None:
        """Wait while the program does not read."""
        await self._may_write.wait()

    def close_stdin(self) -> None:
        """Say that nothing more will come; what it has not read is dropped."""
        stdin = self._stdin()
        if stdin is not None and not stdin.is_closing():
            stdin.abort()

    async def wait(self, seconds: float) -> bool:
        """Wait for its exit; False when it still runs after `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._exited.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Close the pipes and reap the program."""
        if self._transport is not None:
            self._transport.close()
            await self._closed.wait()

    # ---------------------------------------------------------------- asyncio.SubprocessProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        """Cut stdout into lines; pass stderr on."""
        received = data if isinstance(data, bytes) else data.encode()
        if fd == _STDERR:
            self._stderr(received)
            return
        for line in self._cutter.feed(received):
            self._line(line)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note that it can be asked or heard no more; it may well close its stderr."""
        self._may_write.set()
        if fd == _STDIN:
            self._ended("it reads no more")
        elif fd == _STDOUT:
            self._ended("it says no more")

    def process_exited(self) -> None:
        """Hear its last lines, unless something that it started keeps the pipe open."""
        self._exited.set()
        asyncio.get_running_loop().call_later(LAST_WORDS_SECONDS, self._ended, "it has exited")

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that process and pipes are gone."""
        self._closed.set()

    def pause_writing(self) -> None:
        """Hold back until the program reads."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._may_write.set()

    def _stdin(self) -> asyncio.WriteTransport | None:
        if self._transport is None:
            return None
        return cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(_STDIN))


async def start_program(
    argv: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    line: Callable[[bytes], None],
    stderr: Callable[[bytes], None],
    ended: Callable[[str], None],
) -> ProgramPipes:
    """Start a program in a session and process group of its own; raises OSError."""
    loop = asyncio.get_running_loop()
    _, pipes = await loop.subprocess_exec(
        lambda: ProgramPipes(line, stderr, ended),
        *argv,
        cwd=cwd,
        env=dict(env),
        start_new_session=True,
    )
    return pipes
