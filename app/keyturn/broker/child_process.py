"""Owns one server process: its pipes on the event loop, the news of its exit, and its end.

How a process tree is started and killed on this system comes from outside (`ProcessTree`).
"""

import asyncio
import os
import secrets
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Protocol

from keyturn.application.tasks import TaskOwner
from keyturn.broker.frames import LineBudget, Oversize, Tap
from keyturn.broker.line_reader import LineReader, LineReceiver
from keyturn.broker.paced_writer import PacedWriter
from keyturn.broker.turns import PAYLOAD, TURN
from keyturn.domain.errors import ServerUnavailable, filled

GRACE_SECONDS = 2.0
"""After closing stdin, and again after SIGTERM (the MCP SDK's own shutdown sequence)."""
MARK = "KEYTURN_SERVER"
"""A variable of its environment, by which all that it starts is found at its end."""
_STDERR_LINE = 64 * 1024


class ProcessTree(Protocol):
    """How this system starts processes that die with their parent, and ends whole trees."""

    def with_parent_death_signal(self, argv: Sequence[str]) -> tuple[str, ...]:
        """Return the command line to start, on the event loop's thread."""
        ...

    async def end_process_tree(self, pid: int, grace_seconds: float, mark: str = "") -> bool:
        """SIGTERM, then SIGKILL after the grace, to a session leader and all its descendants.

        Those that left its session and lost their parents are known by a mark, `NAME=VALUE`, in
        their environment.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to start."""

    argv: tuple[str, ...]
    """argv[0] is an absolute path, links not followed: a virtual environment is found by it."""
    cwd: str
    environment: Mapping[str, str]
    """Whole, secrets included; never logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Who takes what the process says, and who waits while it does not read."""

    stdout: LineReceiver
    stderr: Callable[[bytes], None]
    slow: Callable[[bool], None]
    frame_bytes: int
    budget: LineBudget


class ChildProcess:
    """One child; made by `spawn`. It is reaped, with its tree, after it exited or was ended."""

    barred = False

    def __init__(
        self,
        process: "subprocess.Popen[bytes]",
        tree: ProcessTree,
        tasks: TaskOwner,
        mark: str,
        slow: Callable[[bool], None],
    ) -> None:
        self._process = process
        self._mark = mark
        self._tree = tree
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._exited = asyncio.Event()
        self._stdout_ended = asyncio.Event()
        self._pidfd = -1
        self._stdin = PacedWriter(slow)
        self._readers: list[asyncio.ReadTransport] = []
        self._ending: asyncio.Task[None] | None = None
        self.tap = Tap()
        """Holds back the reading of stdout."""

    @classmethod
    async def spawn(
        cls, command: Command, ends: Ends, tree: ProcessTree, tasks: TaskOwner
    ) -> "ChildProcess":
        """Start a child; raises ServerUnavailable with a sentence for a person."""
        mark = secrets.token_hex(8)
        try:
            # On the loop's thread, whose end the death signal follows; vfork and exec take 1 ms.
            process = subprocess.Popen(  # noqa: ASYNC220 - see above
                tree.with_parent_death_signal(command.argv),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                cwd=command.cwd,
                env={**command.environment, MARK: mark},
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            cause = error.strerror if isinstance(error, OSError) else str(error)
            raise ServerUnavailable(
                "The server could not be started.",
                cause=filled("{cause}.", cause=cause) if cause else "",
                mend="Look at its command and its folder.",
            ) from error
        child = cls(process, tree, tasks, f"{MARK}={mark}", ends.slow)
        try:
            await child._connect(ends)
        except BaseException:
            # Cancelled or out of descriptors: nobody else knows of the process yet.
            process.kill()
            process.wait()
            child._close_pipes()
            raise
        return child

    @property
    def pid(self) -> int:
        """The process id, which is also that of its group and session."""
        return self._process.pid

    @property
    def writable(self) -> bool:
        """False once nothing can be written any more."""
        return self._stdin.writable

    def write(self, *parts: bytes) -> None:
        """Write a line to its stdin; dropped when it reads no more."""
        self._stdin.write(*parts)

    @property
    def unwritten(self) -> int:
        """Bytes that wait for it to read."""
        return self._stdin.unwritten

    def close_stdin(self) -> None:
        """Say that nothing more will come, once what was written has gone out."""
        self._stdin.close()

    def discard_unwritten(self) -> bool:
        """Close stdin at once if something waits to be written, and tell whether it did."""
        if not self._stdin.unwritten:
            return False
        self._stdin.abort()
        return True

    async def end(self, grace: float = GRACE_SECONDS) -> None:
        """Close stdin, wait, SIGTERM, wait, SIGKILL; returns when the tree is gone and reaped.

        Its stdout is read to its end meanwhile: a server that is cut off while it writes crashes
        (protocol.md section 4, point 3).
        """
        if self._ending is None:
            self._ending = self._tasks.start(self._end(grace), f"end of process {self.pid}")
        await asyncio.shield(self._ending)

    async def _connect(self, ends: Ends) -> None:
        process = self._process
        stdin, _ = await self._loop.connect_write_pipe(lambda: self._stdin, _pipe(process.stdin))
        self._stdin.attach(stdin)
        stdout = LineReader(ends.frame_bytes, _Stdout(ends.stdout, self._stdout_ended), ends.budget)
        stderr = LineReader(_STDERR_LINE, _Stderr(ends.stderr))
        self.tap = stdout.tap
        out, _ = await self._loop.connect_read_pipe(lambda: stdout, _pipe(process.stdout))
        err, _ = await self._loop.connect_read_pipe(lambda: stderr, _pipe(process.stderr))
        self._readers += [out, err]
        self._watch()

    def _watch(self) -> None:
        """Learn of the exit without reaping: until then its number is nobody else's."""
        try:
            self._pidfd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            self._tasks.start(self._wait_in_thread(), f"exit of process {self.pid}")
        else:
            self._loop.add_reader(self._pidfd, self._has_exited)

    async def _wait_in_thread(self) -> None:
        await asyncio.to_thread(self._process.wait)
        self._has_exited()

    def _has_exited(self) -> None:
        if self._pidfd >= 0:
            self._loop.remove_reader(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = -1
        self._exited.set()
        if self._ending is None:
            self._ending = self._tasks.start(self._end(GRACE_SECONDS), f"end of process {self.pid}")

    async def _end(self, grace: float) -> None:
        self.close_stdin()
        self.tap.open_for_good(but=(TURN, PAYLOAD))
        await _within(grace, self._exited)
        if self._exited.is_set():
            await _within(grace, self._stdout_ended)
        # Also after an exit of its own, for what it started and left behind.
        await self._tree.end_process_tree(self.pid, grace, self._mark)
        if await _within(grace, self._exited):
            self._process.wait()
            await _within(grace, self._stdout_ended)
        self._close_pipes()

    def _close_pipes(self) -> None:
        self._stdin.abort()
        for transport in self._readers:
            transport.close()


class _Stdout:
    """Passes lines on and notes the end."""

    def __init__(self, receiver: LineReceiver, ended: asyncio.Event) -> None:
        self._receiver = receiver
        self._ended = ended

    def line(self, line: bytes) -> None:
        self._receiver.line(line)

    def oversize(self, line: Oversize) -> None:
        self._receiver.oversize(line)

    def ended(self) -> None:
        self._ended.set()
        self._receiver.ended()


class _Stderr:
    """Takes lines to the server's log, cut where they are too long."""

    def __init__(self, sink: Callable[[bytes], None]) -> None:
        self._sink = sink

    def line(self, line: bytes) -> None:
        self._sink(line)

    def oversize(self, line: Oversize) -> None:
        self._sink(line.head + b" [cut]\n")

    def ended(self) -> None:
        """A server may close its stderr."""


def _pipe(pipe: "IO[bytes] | None") -> "IO[bytes]":
    if pipe is None:
        raise ServerUnavailable("The server could not be started.", cause="It has no pipes.")
    return pipe


async def _within(seconds: float, event: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return event.is_set()
    return True
