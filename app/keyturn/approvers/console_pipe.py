"""The running window's process as the broker writes to it: never waiting, never without bounds."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Mapping, Sequence

from keyturn.application.console_protocol import WINDOW_LINE_BYTES, ToWindow, encode_line
from keyturn.approvers.window_process import launch

_log = logging.getLogger(__name__)

MOST_UNREAD = 512 * 1024 * 1024
"""Bytes that a window may leave unread: twice what the queue holds. Beyond, it is ended."""


class Starts:
    """Counts the starts of a window: one that ends again and again is given up on."""

    def __init__(self, restarts: int, seconds: float) -> None:
        self._most, self._seconds = restarts, seconds
        self._moments: deque[float] = deque(maxlen=restarts + 1)

    def begin(self, now: float) -> None:
        """Note a start."""
        self._moments.append(now)

    def too_many(self, now: float) -> bool:
        """Tell whether it was started more often than it may be within the time."""
        return sum(1 for start in self._moments if now - start < self._seconds) > self._most

    def forget(self) -> None:
        """Begin to count anew."""
        self._moments.clear()


class ConsolePipe:
    """Writes to the window that runs now, if one does, and ends it."""

    def __init__(
        self,
        *,
        line_bytes: int = WINDOW_LINE_BYTES,
        most_unread: int = MOST_UNREAD,
        ready: asyncio.subprocess.Process | None = None,
    ) -> None:
        self._line_bytes = line_bytes
        self._most_unread = most_unread
        self.ready = ready
        """A process that was started before the broker could speak with it, to be the first."""
        self.process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Return the window's process id while it runs."""
        return self.process.pid if self.process is not None else None

    async def launch(
        self, argv: Sequence[str], env: Mapping[str, str]
    ) -> asyncio.subprocess.Process:
        """Return the window's process to be spoken with from now on; raises OSError."""
        process, self.ready = self.ready, None
        self.process = process or await launch(argv, env)
        return self.process

    def write(self, message: ToWindow) -> bool:
        """Write without waiting; False for a line that is longer than a window reads.

        A window that does not read is ended by the heartbeat, or once it leaves too much unread.
        """
        process = self.process
        if process is None or process.stdin is None or process.returncode is not None:
            return True
        line = encode_line(message)
        if len(line) > self._line_bytes:
            _log.error("too long for the window type=%s bytes=%d", type(message), len(line))
            return False
        with contextlib.suppress(ConnectionError, RuntimeError):
            process.stdin.write(line)
            if process.stdin.transport.get_write_buffer_size() > self._most_unread:
                _log.warning("console reads too slowly, ended pid=%s", process.pid)
                self.end()
        return True

    def end(self) -> None:
        """Kill the window by its own id: a stopped process ignores anything gentler."""
        process = self.process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
