"""A client that sends bytes: the real shim as a process, with no SDK in front of it."""

import json
import subprocess
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from tests.e2e.desk import SECONDS, shim_argv
from tests.private_session import end

SHAKE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "raw", "version": "1"},
}


class RawClient:
    """One shim: what is written to its stdin, and the lines that its stdout brings."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        """Read the lines of a started shim on a thread."""
        self._process = process
        self._lines: SimpleQueue[bytes] = SimpleQueue()
        self._reader = Thread(target=self._read, name="shim's answers")
        self._reader.start()

    def send(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self._process.stdin is not None
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def say(self, frame: Mapping[str, Any]) -> None:
        """Write one frame."""
        self.send(json.dumps(frame).encode() + b"\n")

    def line(self) -> bytes:
        """Return the next line that came, as it was."""
        try:
            line = self._lines.get(timeout=SECONDS)
        except Empty:
            raise AssertionError(f"no frame within {SECONDS:.0f} s") from None
        assert line, "the shim has ended"
        return line

    def next(self) -> dict[str, Any]:
        """Return the next frame that came."""
        return json.loads(self.line())

    def answer_to(self, request_id: object) -> dict[str, Any]:
        """Return the response of this id, passing over everything else."""
        while (frame := self.next()).get("id") != request_id or "method" in frame:
            pass
        return frame

    def shake(self) -> dict[str, Any]:
        """Do the handshake of the legacy era and return its answer."""
        self.say({"jsonrpc": "2.0", "id": "init", "method": "initialize", "params": SHAKE})
        answer = self.answer_to("init")
        self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return answer

    def call(self, request_id: object, tool: str, text: str = "") -> dict[str, Any]:
        """Call a tool of the raw server and return the response."""
        params = {"name": tool, "arguments": {"text": text}}
        self.say({"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params})
        return self.answer_to(request_id)

    def ended(self) -> int:
        """Wait for the shim to end by itself and return its exit code."""
        return self._process.wait(SECONDS)

    def close(self) -> None:
        """End the shim and its reader."""
        end(self._process)
        self._reader.join(SECONDS)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b"")


@contextmanager
def raw_client(env: Mapping[str, str], server: str, log: Path) -> Generator[RawClient]:
    """Launch the shim; what it writes on stderr goes to `log`."""
    with log.open("ab") as errors, subprocess.Popen(
        shim_argv(server), env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
    ) as process:  # fmt: skip
        client = RawClient(process)
        try:
            yield client
        finally:
            client.close()
