"""A headless broker that is killed and started again, an agent at its shim, and what they leave."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from keyturn import cli, shim
from keyturn.application.ports.milestones import Milestone
from tests.crashing.evidence import Evidence, gather, server_pids

HERE = Path(__file__).parent
SECONDS = 30.0
"""No wait is longer."""
READ, SEND = "read_page", "send_page"
"""The tool that a rule allows as T0, and the T2 tool that an approver is asked about."""


class Agent:
    """A client behind the real shim; reads are bounded, an ended connection reads as None."""

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        """Start the shim; it waits for a broker that is still starting."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", shim.__file__, "pages", "--agent", "local"]
            + ["--home", str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            bufsize=0,
        )
        self._pending = b""
        self._last_id = 0

    def __enter__(self) -> Self:
        """Use it in a `with`."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the shim."""
        for end in (self._process.stdin, self._process.stdout):
            if end is not None:
                end.close()
        self._process.kill()
        self._process.wait(SECONDS)

    def shake(self) -> bool:
        """Do the handshake; False when the connection ended before."""
        client = {"name": "agent", "version": "1"}
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
        self.say({"id": self._next_id(), "method": "initialize", "params": params})
        if self.hear() is None:
            return False
        self.say({"method": "notifications/initialized"})
        return True

    def ask(self, tool: str, text: str) -> None:
        """Call a tool without waiting for the answer."""
        params = {"name": tool, "arguments": {"text": text}}
        self.say({"id": self._next_id(), "method": "tools/call", "params": params})

    def say(self, frame: dict[str, Any]) -> None:
        """Send a frame; whether anybody is left to read it shows in the next read."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **frame}).encode() + b"\n")

    def hear(self) -> dict[str, Any] | None:
        """Return the next answer; None when the connection has ended."""
        assert self._process.stdout is not None
        deadline = time.monotonic() + SECONDS
        while b"\n" not in self._pending:
            if not self.has_more_within(deadline - time.monotonic()):
                raise TimeoutError("the broker neither answered nor ended")
            data = os.read(self._process.stdout.fileno(), 65536)
            if not data:
                return None
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\n")
        return json.loads(line)

    def has_more_within(self, seconds: float) -> bool:
        """Wait until there is something to read, at most so long."""
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], max(0.0, seconds))[0])

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id


class Crashing:
    """One profile over several lives of its broker."""

    def __init__(self, folder: Path) -> None:
        """Write the configuration: reads by rule as T0, sends asked as T2, one secret."""
        self.folder = folder
        self.home = folder / "home"
        self.seen = folder / "seen"
        self.database = self.home / "keyturn.db"
        self.file = folder / "keyturn.toml"
        self.env = {"PATH": os.defpath, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder / "run")}
        (folder / "run").mkdir(mode=0o700)
        server = [sys.executable, "-I", str(HERE / "server.py"), str(self.seen), str(self.database)]
        approver = [sys.executable, "-I", str(HERE / "approver.py")]
        self.file.write_text(_CONFIGURATION % (json.dumps(server), json.dumps(approver)))
        self.file.chmod(0o600)

    @contextlib.contextmanager
    def broker(self, *options: str) -> "Generator[subprocess.Popen[bytes]]":
        """Start the broker; whatever is left of it is killed at the end."""
        command = [sys.executable, "-I", str(HERE / "broker.py"), str(self.home), str(self.file)]
        with (self.folder / "broker.log").open("ab") as log:
            process = subprocess.Popen(
                [*command, *options], stdin=subprocess.DEVNULL, stderr=log, env=self.env
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait(SECONDS)
            self._wait_for_servers()

    def agent(self) -> Agent:
        """Connect an agent."""
        return Agent(self.home, self.env)

    def talk(self, tool: str, texts: Iterable[str]) -> list[str]:
        """Make calls one after the other on one connection; return what was really done."""
        done: list[str] = []
        with self.agent() as agent:
            if not agent.shake():
                return done
            for text in texts:
                agent.ask(tool, text)
                answer = agent.hear()
                if answer is None:
                    break
                assert answer["result"]["content"][0]["text"] == f"did {text}", answer
                done.append(text)
        return done

    def crash(self, tool: str, milestone: Milestone, *options: str) -> list[str]:
        """Make calls until the broker has died at its milestone; return those that were done."""
        counted = () if milestone is Milestone.CREDENTIAL else ("--from-the-first-call",)
        with self.broker("--kill-at", milestone.value, *counted, *options) as broker:
            done = self.talk(tool, ("first", "second", "third"))
            if milestone is Milestone.CREDENTIAL and broker.poll() is None:
                done += self.talk(tool, ("fourth",))
            assert broker.wait(SECONDS) == -signal.SIGKILL, self.broker_log()
        return done

    def live_again(self, tool: str, text: str) -> None:
        """Start the broker anew, have it do one more call, and end it in order."""
        with self.broker() as broker:
            assert self.talk(tool, (text,)) == [text]
            broker.terminate()
            assert broker.wait(SECONDS) == 0, self.broker_log()

    def evidence(self) -> Evidence:
        """Gather both sides, after `keyturn verify --deep` found the log sound."""
        assert cli.run(["verify", str(self.database), "--deep"]) == 0
        return gather(self.seen, self.database)

    def broker_log(self) -> str:
        """Return what the brokers wrote on stderr."""
        return (self.folder / "broker.log").read_text(errors="replace")

    def _wait_for_servers(self) -> None:
        """Wait until every server has read all that it was sent, and ended."""
        for pid in server_pids(self.seen):
            with contextlib.suppress(ProcessLookupError):
                exited = os.pidfd_open(pid)
                try:
                    assert select.select([exited], [], [], SECONDS)[0], "a server lives on"
                finally:
                    os.close(exited)


@contextlib.contextmanager
def crashing() -> Generator[Crashing]:
    """Make a profile in a folder with a short path: that of a socket is limited."""
    with tempfile.TemporaryDirectory(prefix="kc-") as folder:
        yield Crashing(Path(folder))


_CONFIGURATION = """
[policy]
posture = "ask_all"
[servers.pages]
command = %s
env = { TOKEN = "keychain:pages" }
review = "accept"
[servers.pages.tools.read_page]
tier = "T0"
[servers.pages.tools.send_page]
tier = "T2"
[[rules]]
effect = "allow"
server = "pages"
tool = "read_page"
[approver]
command = %s
"""
