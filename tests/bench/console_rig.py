"""A whole Keyturn for benches: a display, the real broker and window, callers behind real shims.

The window's process is console_eyes, which is the real one and can be spoken with over a socket.
"""

import json
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from keyturn.storage.database import open_for_writing
from tests.bench import echo_server
from tests.bench.history_rows import fill
from tests.e2e.desk import Folders, Keyturn, Screen, own_folders, own_screen, shim_argv
from tests.e2e.seeding import SeededServer, seed
from tests.private_session import end

SECONDS = 60.0
EYES = Path(__file__).with_name("console_eyes.py")
AGENTS = ("analyst", "coder", "scribe", "writer", "reader")
READS = Rule(id="r-read", name="reads", effect=Effect.ALLOW, agent="reader", tool="echo")
_SHAKE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "bench", "version": "1"},
}


class Eyes:
    """The bench's end of the socket that the window's process speaks on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen(1)
        self._listening.settimeout(SECONDS)
        self._line: socket.socket | None = None
        self._rest = b""
        self._heard: list[dict[str, Any]] = []

    def meet(self) -> None:
        """Wait for the window's process of a new start."""
        self.part()
        self._line, _ = self._listening.accept()
        self._rest, self._heard = b"", []

    def part(self) -> None:
        """Close the line to a window that ends."""
        if self._line is not None:
            self._line.close()
        self._line = None

    def close(self) -> None:
        """Close all."""
        self.part()
        self._listening.close()

    def tell(self, do: str, **more: Any) -> None:
        """Have something done in the window's process."""
        assert self._line is not None
        self._line.sendall(json.dumps({"do": do, **more}).encode() + b"\n")

    def hear(self, event: str, **wanted: Any) -> dict[str, Any]:
        """Wait for an event, whatever comes before it, and take it out of what was heard."""
        last = time.monotonic() + SECONDS
        while True:
            for place, said in enumerate(self._heard):
                if {"event": event, **wanted}.items() <= said.items():
                    return self._heard.pop(place)
            if not self._read_until(last):
                raise TimeoutError(f"the window did not say: {event}; {self._heard[-5:]}")

    def hears(self, event: str, seconds: float) -> bool:
        """Wait for so long, and tell whether an event was heard; it is left for `hear`."""
        last = time.monotonic() + seconds
        while not any(said["event"] == event for said in self._heard):
            if not self._read_until(last):
                return False
        return True

    def forget(self) -> None:
        """Forget what was heard so far."""
        self._heard.clear()

    def turns(self) -> "tuple[Turns, dict[str, float]]":
        """Return the turns since the last `watch`, and what else was seen."""
        self.tell("told")
        told = self.hear("told")
        return Turns([(at, used) for at, used in told["turns"]]), told["found"]

    def _read_until(self, last: float) -> bool:
        """Read what comes next; False when nothing does before this moment."""
        assert self._line is not None
        left = max(0.0, last - time.monotonic())
        if not select.select([self._line], [], [], left)[0]:
            return False
        data = self._line.recv(1 << 20)
        if not data:
            raise RuntimeError("the window is gone")
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._heard += [json.loads(line) for line in lines]
        return True


@dataclass(frozen=True, slots=True)
class Turns:
    """When the window's loop came round, and what its thread had used by then; in seconds."""

    ends: list[tuple[float, float]]

    def lengths(self) -> tuple[list[float], list[float]]:
        """Return how long each turn took on the clock and of the processor, in milliseconds."""
        pairs = list(zip(self.ends, self.ends[1:], strict=False))
        return (
            [1000 * (after[0] - before[0]) for before, after in pairs],
            [1000 * (after[1] - before[1]) for before, after in pairs],
        )

    def used(self, since: float, until: float) -> float:
        """Return what the thread used between two moments, in milliseconds, turns taken whole."""
        before = max((used for at, used in self.ends if at <= since), default=self.ends[0][1])
        after = min((used for at, used in self.ends if at >= until), default=self.ends[-1][1])
        return 1000 * (after - before)


class Caller:
    """A client behind a shim; answers are stamped as they come."""

    def __init__(self, keyturn: Keyturn, agent: str) -> None:
        pipe = subprocess.PIPE
        self._shim = subprocess.Popen(
            shim_argv("echo", agent), env=keyturn.env, stdin=pipe, stdout=pipe, bufsize=0
        )
        self.pid = self._shim.pid
        self.agent = agent
        self.answered: dict[str, tuple[float, bytes]] = {}
        """By the call's id, when its answer came and its line."""
        self._came = threading.Condition()
        self._reader = threading.Thread(target=self._read, name=f"{agent}'s answers")
        self._reader.start()
        params: dict[str, Any] = _SHAKE
        self._ask("init", "initialize", params)
        self._write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        self._ask("list", "tools/list", {})

    def call(self, id_: str, tool: str, text: str = "") -> float:
        """Ask for a call and return when; its id is its text unless another is given."""
        params = {"name": tool, "arguments": {"text": text or id_}}
        frame = {"jsonrpc": "2.0", "id": id_, "method": "tools/call", "params": params}
        line = json.dumps(frame).encode() + b"\n"
        at = time.monotonic()
        self._write(line)
        return at

    def wait(self, *ids: str) -> bytes:
        """Wait until these are answered; returns the last one's line."""
        with self._came:
            if not self._came.wait_for(lambda: all(i in self.answered for i in ids), SECONDS):
                missing = [i for i in ids if i not in self.answered]
                raise TimeoutError(f"{len(missing)} calls were not answered, such as {missing[:3]}")
        return self.answered[ids[-1]][1]

    def close(self) -> None:
        """End the shim."""
        end(self._shim)
        self._reader.join(SECONDS)

    def _ask(self, id_: str, method: str, params: dict[str, Any]) -> None:
        frame = {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}
        self._write(json.dumps(frame).encode() + b"\n")
        self.wait(id_)

    def _write(self, data: bytes) -> None:
        assert self._shim.stdin is not None
        self._shim.stdin.write(data)

    def _read(self) -> None:
        assert self._shim.stdout is not None
        rest = b""
        while data := self._shim.stdout.read(1 << 16):
            at = time.monotonic()
            *lines, rest = (rest + data).split(b"\n")
            with self._came:
                self.answered.update((i, (at, line)) for line in lines if (i := _id_of(line)))
                self._came.notify_all()


def _id_of(line: bytes) -> str:
    frame: Any = json.loads(line)
    return "" if "method" in frame else str(frame.get("id", ""))


class WatchedKeyturn(Keyturn):
    """Keyturn as its entry starts it, with the window that can be watched."""

    eyes_path: Path
    began = 0.0

    def argv(self, *words: str) -> list[str]:
        """Return the command line; only what starts the broker is another."""
        if words[:1] != ("--platform",):
            return [str(Path(sys.executable).with_name("keyturn")), *words]
        self.began = time.monotonic()
        return [sys.executable, str(EYES), "broker", str(self.eyes_path), str(self.began), *words]


@dataclass(slots=True)
class Rig:
    """All that a measurement needs."""

    folders: Folders
    screen: Screen
    keyturn: WatchedKeyturn
    eyes: Eyes
    callers: list[Caller] = field(default_factory=list[Caller])
    started_ms: float = 0.0
    """What the broker had used of the processor when its window was built."""

    @property
    def stamps(self) -> Path:
        """What the server read, and when."""
        return self.folders.work / "stamps"

    def start(self) -> None:
        """Start Keyturn and meet its window."""
        self.keyturn.start("--platform", "xcb", wait=False)
        self.eyes.meet()
        assert self.keyturn.process is not None
        self.started_ms = cpu_ms(self.keyturn.process.pid)

    def end(self) -> None:
        """End callers and Keyturn."""
        for caller in self.callers:
            caller.close()
        self.callers.clear()
        self.keyturn.end()
        self.eyes.part()

    def caller(self, agent: str) -> Caller:
        """Connect an agent."""
        made = Caller(self.keyturn, agent)
        self.callers.append(made)
        return made

    def reached(self) -> list[tuple[float, str]]:
        """Return when the server read each call, and its text."""
        if not self.stamps.exists():
            return []
        rows = (line.split(" ", 1) for line in self.stamps.read_text().splitlines())
        return [(int(at) / 1e9, text) for at, text in rows]


@contextmanager
def whole_keyturn(rules: Sequence[Rule] = (READS,), *, rows: int = 0, **env: str) -> Generator[Rig]:
    """Give a profile with five agents and a server of six tools, and so many rows of history."""
    with own_folders() as folders, own_screen(folders.root) as screen:
        keyturn = WatchedKeyturn(folders, folders.env(DISPLAY=screen.name, **env), folders.profile)
        keyturn.eyes_path = folders.root / "eyes"
        eyes = Eyes(keyturn.eyes_path)
        rig = Rig(folders, screen, keyturn, eyes)
        server = SeededServer(
            name="echo",
            command=(sys.executable, "-I", echo_server.__file__, str(rig.stamps)),
            tiers={"echo": Tier.T0, "*": Tier.T1},
            labels={"*": Lamps.NONE},
        )
        if rows:
            folders.profile.create()
            open_for_writing(folders.profile.folder).close()
            # Up to now, or the broker's retention would take them.
            fill(folders.profile.database, rows, int(time.time()) - 60 * (rows + 1))
        seed(folders, server, agents=AGENTS, rules=tuple(rules))
        try:
            yield rig
        finally:
            rig.end()
            eyes.close()


# ---------------------------------------------------------------- figures


@dataclass(slots=True)
class Times:
    """One kind of time, on the clock and of the processor, in milliseconds."""

    wall: list[float] = field(default_factory=list[float])
    used: list[float] = field(default_factory=list[float])

    def add(self, wall: float, used: float) -> None:
        """Take a time down."""
        self.wall.append(wall)
        self.used.append(used)

    def line(self, name: str, aim: float, share: float = 0.95) -> tuple[str, bool]:
        """Return the figures, and whether the processor's keep the aim at this share."""
        kept = bool(self.used) and part(self.used, share) <= aim
        told = "; ".join(
            f"{title} p50 {part(values, 0.5):.1f}, p95 {part(values, 0.95):.1f}, "
            f"worst {part(values, 1):.1f}"
            for title, values in (("clock", self.wall), ("processor", self.used))
        )
        verdict = "" if kept else ": NOT KEPT"
        return f"{name} ({len(self.wall)}): {told} ms; aim {aim:.0f}{verdict}\n", kept


def part(values: Sequence[float], share: float) -> float:
    """Return the value that this share of them does not exceed."""
    ordered = sorted(values) or [float("nan")]
    return ordered[max(0, -(-len(ordered) * int(share * 100) // 100) - 1)]


def cpu_ms(*pids: int) -> float:
    """Return what processes have used of the processor (Linux: schedstat of all threads)."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e6
