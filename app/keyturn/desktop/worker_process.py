"""Owns one worker process and what goes over its pipes: a job and its payload in, parts out.

The broker's end is used by one thread at a time, and blocks it: bytes never go over the loop. A
worker ends when its stdin does, so that none outlives a broker that was killed.
"""

import os
import struct
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import IO

import psutil

_JOB = struct.Struct("!QQ")
_COUNT = struct.Struct("!I")
_LENGTH = struct.Struct("!Q")
_MOST_PARTS = 64
_MOST_BYTES = 256 * 1024 * 1024
"""Of one part: no answer of an honest worker is as long."""
_PIPE_BYTES = 1024 * 1024
_F_SETPIPE_SZ = 1031
_TOLD_CHARACTERS = 2_000

Job = Callable[[bytes, bytes], Sequence[bytes]]
"""Makes parts of a job's name and its payload."""


class WorkerProcess:
    """A worker as the broker sees it."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start it, on a thread that lives as long as its pool; raises OSError."""
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(env),
            start_new_session=True,
        )
        for pipe in (self._process.stdin, self._process.stdout):
            _widen(pipe)
        try:
            # Once: to know it for the same process reads and parses as much as its time does.
            self._seen: psutil.Process | None = psutil.Process(self._process.pid)
        except psutil.Error:
            self._seen = None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def cpu_seconds(self) -> float:
        """Return what the processor has worked for it so far; 0 for one that has ended."""
        try:
            times = None if self._seen is None else self._seen.cpu_times()
        except psutil.Error:
            times = None
        return 0.0 if times is None else times.user + times.system

    def await_ready(self) -> None:
        """Wait until it has loaded what it needs; raises OSError, EOFError or ValueError."""
        if _read_parts(_open(self._process.stdout)):
            raise ValueError("a worker did not begin by saying that it is ready")

    def do(self, job: bytes, payload: bytes | memoryview) -> list[bytes]:
        """Have one job done; raises OSError, EOFError or ValueError once it is of no use."""
        stdin = _open(self._process.stdin)
        stdin.write(_JOB.pack(len(job), len(payload)) + job)
        # Written through: no second copy is made of what is large.
        stdin.flush()
        stdin.write(payload)
        stdin.flush()
        return _read_parts(_open(self._process.stdout))

    def kill(self) -> None:
        """End it at once; whoever waits for it is told by its pipes."""
        self._process.kill()

    def bury(self) -> str:
        """Wait for the end of one that was killed, and return what it said of it."""
        self._process.wait()
        told = self._process.stderr.read() if self._process.stderr is not None else b""
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            _close(pipe)
        return told.decode(errors="replace")[-_TOLD_CHARACTERS:]


def serve_jobs(do: Job) -> None:
    """Be a worker: do job after job until stdin ends."""
    source = sys.stdin.buffer
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as sink:
        # What a library prints must not be taken for an answer.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        try:
            _write_parts(sink, ())
            while True:
                job_bytes, payload_bytes = _JOB.unpack(_read_exactly(source, _JOB.size))
                job = _read_exactly(source, job_bytes)
                _write_parts(sink, do(job, _read_exactly(source, payload_bytes)))
        except (EOFError, BrokenPipeError):
            return


def _write_parts(sink: IO[bytes], parts: Sequence[bytes]) -> None:
    lengths = b"".join(_LENGTH.pack(len(part)) for part in parts)
    sink.write(_COUNT.pack(len(parts)) + lengths)
    for part in parts:
        sink.write(part)
    sink.flush()


def _read_parts(source: IO[bytes]) -> list[bytes]:
    (count,) = _COUNT.unpack(_read_exactly(source, _COUNT.size))
    if count > _MOST_PARTS:
        raise ValueError("a worker answered in too many parts")
    lengths = [_LENGTH.unpack(_read_exactly(source, _LENGTH.size))[0] for _ in range(count)]
    if any(length > _MOST_BYTES for length in lengths):
        raise ValueError("a worker's answer is too long")
    return [_read_exactly(source, length) for length in lengths]


def _read_exactly(source: IO[bytes], size: int) -> bytes:
    read = source.read(size)
    if len(read) < size:
        raise EOFError("the other end of the pipe was closed")
    return read


def _open(pipe: "IO[bytes] | None") -> IO[bytes]:
    if pipe is None:
        raise EOFError("the worker has no pipes")
    return pipe


def _close(pipe: "IO[bytes] | None") -> None:
    if pipe is None:
        return
    try:
        pipe.close()
    except BrokenPipeError:
        # What was still to be written has nobody who reads it.
        return


def _widen(pipe: "IO[bytes] | None") -> None:
    """Let more than 64 KiB into a pipe at once, where the system allows it (Linux)."""
    if pipe is None or sys.platform != "linux":
        return
    import fcntl

    try:
        fcntl.fcntl(pipe.fileno(), _F_SETPIPE_SZ, _PIPE_BYTES)
    except OSError:
        # The user's share of such memory is used up.
        return
