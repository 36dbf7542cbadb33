"""Owns a shim's surroundings in tests: its profile, its host's pipes and the broker's socket."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import IO, Any

from keyturn import shim

WAIT_SECONDS = 20.0
MIB = 1024 * 1024
UID = os.getuid()


class Place:
    """A profile, a folder for its socket, and shims that are started for it."""

    def __init__(self, folder: Path) -> None:
        """Use this folder, which should have a short path: that of a socket is limited."""
        self.folder = folder
        self.home = folder / "home"
        self.env = {"XDG_RUNTIME_DIR": str(folder), "KEYTURN_HOME": str(self.home)}
        self.socket = Path(shim.socket_folders(str(self.home), self.env, UID)[0]) / "s"
        self._left = contextlib.ExitStack()

    def listen(self) -> socket.socket:
        """Open the socket as the broker does."""
        self.socket.parent.mkdir(mode=0o700)
        listening = self._left.enter_context(socket.socket(socket.AF_UNIX))
        listening.settimeout(WAIT_SECONDS)
        listening.bind(str(self.socket))
        listening.listen()
        return listening

    def start(self, *words: str, env: dict[str, str] | None = None) -> "Run":
        """Start a shim as a host does, alone under -I -S."""
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", shim.__file__, *(words or ("git", "--agent", "coder"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**self.env, **(env or {})},
            cwd=self.folder,
            bufsize=0,
        )
        self._left.enter_context(process)
        self._left.callback(process.kill)
        return Run(process)

    def token(self, text: str, mode: int = 0o600) -> Path:
        """Write the token of the agent `coder`."""
        folder = self.home / "agents"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "coder.token"
        path.write_text(text, encoding="ascii")
        path.chmod(mode)
        return path

    def close(self) -> None:
        """End what is left."""
        self._left.close()


class Run:
    """One shim's process, seen from its host."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        """Take a process that was started with three pipes."""
        assert process.stdin and process.stdout and process.stderr
        self.process = process
        self.stdin: IO[bytes] = process.stdin
        self.stdout: IO[bytes] = process.stdout
        self._stderr: IO[bytes] = process.stderr

    def end(self) -> tuple[int, str]:
        """Wait for the end; exit code and what was said on stderr."""
        code = self.process.wait(WAIT_SECONDS)
        return code, self._stderr.read().decode()


class Broker:
    """The other end of one connection, with its first line read."""

    def __init__(self, listening: socket.socket) -> None:
        """Take the next shim that calls."""
        self.connection, _ = listening.accept()
        self.connection.settimeout(WAIT_SECONDS)
        self._stream = self.connection.makefile("rb")
        self.greeting: dict[str, Any] = json.loads(self._stream.readline())

    def read(self, size: int) -> bytes:
        """Exactly so many bytes, or fewer at the end."""
        return self._stream.read(size)

    def read_some(self) -> bytes:
        """What is there, at least a byte; nothing at the end."""
        return self._stream.read1(MIB)

    def read_all(self) -> bytes:
        """Everything until the shim half-closes."""
        return self._stream.read()

    def close(self) -> None:
        """Hang up."""
        self._stream.close()
        self.connection.close()


@contextlib.contextmanager
def temporary_place() -> Generator[Place]:
    """A place in a folder of its own, with a short path."""
    folder = Path(tempfile.mkdtemp(prefix="kt-")).resolve()
    place = Place(folder)
    try:
        yield place
    finally:
        place.close()
        shutil.rmtree(folder)


@contextlib.contextmanager
def connected(place: Place, *words: str, **env: str) -> Generator[tuple[Run, Broker]]:
    """A shim and its broker, met."""
    listening = place.listen()
    run = place.start(*words, env=env)
    with contextlib.closing(Broker(listening)) as broker:
        yield run, broker
