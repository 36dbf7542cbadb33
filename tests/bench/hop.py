"""What Keyturn adds to a call: the raw hop of its shape and the real broker, turn and turn about.

Run: python -m tests.bench.hop [ROUNDS]  (7 unless said otherwise)

Client -> shim -> broker -> server, everything on stdio and one Unix socket. `raw` passes bytes and
does nothing else. `T0` is Keyturn with a rule that allows a confirmed read: validated, traced,
judged, recorded, inspected. `T1` is the same with the record fsynced before the call goes. Both
sides use Keyturn's shim. CPU is that of shim and broker, without client and server; memory is the
sum of their peaks. Each figure is the median over the rounds.
"""

import json
import os
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keyturn import shim

HERE = Path(__file__).parent
SECONDS = 30.0
ROUNDS = 7
WARM, ALONE, WINDOWED = 100, 500, 2_000
IN_FLIGHT = (8, 64)
SERVER = (sys.executable, "-I", str(HERE / "echo_server.py"))


@dataclass(slots=True)
class Figures:
    """One contestant's samples, a value a round."""

    start_ms: list[float] = field(default_factory=list[float])
    p50_us: list[float] = field(default_factory=list[float])
    p99_us: list[float] = field(default_factory=list[float])
    cpu_us: list[float] = field(default_factory=list[float])
    per_second: dict[int, list[float]] = field(
        default_factory=lambda: {many: [] for many in IN_FLIGHT}
    )
    windowed_cpu_us: dict[int, list[float]] = field(
        default_factory=lambda: {many: [] for many in IN_FLIGHT}
    )
    memory_mib: list[float] = field(default_factory=list[float])


class Client:
    """A client behind a shim, as cheap as it can be; ids count up."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._shim = subprocess.Popen(
            [sys.executable, "-I", "-S", shim.__file__, "echo", "--home", str(folder / "home")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=env,
            bufsize=0,
        )
        if self._shim.stdin is None or self._shim.stdout is None:
            raise RuntimeError("a shim without pipes")
        self._in, self._out = self._shim.stdin.fileno(), self._shim.stdout.fileno()
        self._rest = b""
        self._id = 0
        self.pid = self._shim.pid

    def close(self) -> None:
        """End the shim."""
        self._shim.kill()
        self._shim.wait(SECONDS)
        for end in (self._shim.stdin, self._shim.stdout):
            if end is not None:
                end.close()

    def handshake(self) -> None:
        """Initialize and list the tools."""
        client = {"name": "bench", "version": "1"}
        params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
        self._ask("initialize", params)
        self._write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
        self._ask("tools/list", {})

    def call(self, many: int, in_flight: int) -> None:
        """Make so many calls, so many of them at a time; raises RuntimeError for a refusal."""
        begun, done = min(in_flight, many), 0
        self._write(b"".join(self._frame() for _ in range(begun)))
        while done < many:
            lines = self._lines()
            for line in lines:
                if b'"isError":true' in line or b'"error"' in line:
                    raise RuntimeError(line.decode())
            done += len(lines)
            more = min(len(lines), many - begun)
            begun += more
            self._write(b"".join(self._frame() for _ in range(more)))

    def _frame(self) -> bytes:
        self._id += 1
        return (
            b'{"jsonrpc":"2.0","id":%d,"method":"tools/call",'
            b'"params":{"name":"echo","arguments":{"text":"hello keyturn"}}}\n' % self._id
        )

    def _ask(self, method: str, params: dict[str, Any]) -> None:
        self._id += 1
        frame = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        self._write(json.dumps(frame).encode() + b"\n")
        self._lines()

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._in, data) :]

    def _lines(self) -> list[bytes]:
        while b"\n" not in self._rest:
            if not select.select([self._out], [], [], SECONDS)[0]:
                raise TimeoutError("no answer")
            data = os.read(self._out, 65536)
            if not data:
                raise RuntimeError("the connection was closed")
            self._rest += data
        *lines, self._rest = self._rest.split(b"\n")
        return lines


@contextmanager
def raw(folder: Path, env: dict[str, str]) -> Generator[int]:
    """Run the raw hop; yields its process id."""
    place = Path(shim.socket_folders(str(folder / "home"), env, os.getuid())[0])
    place.mkdir(mode=0o700)
    command = [sys.executable, "-I", str(HERE / "raw_hop.py"), str(place / "s"), *SERVER]
    with _running(command, env) as pid:
        yield pid


def keyturn(tier: str) -> "Callable[[Path, dict[str, str]], Any]":
    """Return how to run the headless broker with a rule that allows the tool at this tier."""

    @contextmanager
    def run(folder: Path, env: dict[str, str]) -> Generator[int]:
        file = folder / "keyturn.toml"
        file.write_text(_CONFIGURATION % (json.dumps(SERVER), tier))
        file.chmod(0o600)
        command = [sys.executable, "-I", "-m", "keyturn", "serve", "--headless"]
        command += ["--home", str(folder / "home"), "--config", str(file)]
        with _running(command, env) as pid:
            yield pid

    return run


@contextmanager
def _running(command: list[str], env: dict[str, str]) -> Generator[int]:
    process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(SECONDS)


def measure(run: "Callable[[Path, dict[str, str]], Any]", figures: Figures) -> None:
    """Start one contestant afresh and take its samples."""
    folder = Path(tempfile.mkdtemp(prefix="kh-"))
    env = {"PATH": os.defpath, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    try:
        with run(folder, env) as broker:
            first = Client(folder, env)  # the broker is up before a start is measured
            first.handshake()
            first.close()
            began = time.perf_counter()
            client = Client(folder, env)
            try:
                client.handshake()
                figures.start_ms.append((time.perf_counter() - began) * 1e3)
                _sample(client, (broker, client.pid), figures)
            finally:
                client.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sample(client: Client, pids: tuple[int, int], figures: Figures) -> None:
    client.call(WARM, 1)
    taken: list[float] = []
    before = _cpu(pids)
    for _ in range(ALONE):
        began = time.perf_counter()
        client.call(1, 1)
        taken.append((time.perf_counter() - began) * 1e6)
    figures.cpu_us.append((_cpu(pids) - before) / ALONE * 1e6)
    cuts = statistics.quantiles(taken, n=100)
    figures.p50_us.append(cuts[49])
    figures.p99_us.append(cuts[98])
    for many in IN_FLIGHT:
        before, began = _cpu(pids), time.perf_counter()
        client.call(WINDOWED, many)
        figures.per_second[many].append(WINDOWED / (time.perf_counter() - began))
        figures.windowed_cpu_us[many].append((_cpu(pids) - before) / WINDOWED * 1e6)
    figures.memory_mib.append(sum(map(peak_mib, pids)))


def _cpu(pids: tuple[int, int]) -> float:
    """Seconds of CPU of all threads (Linux: schedstat, nanoseconds on the run queue's clock)."""
    tasks = (task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir())
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def peak_mib(pid: int) -> float:
    """Return the most memory that a process has had (Linux: VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not tell the resident set of a process")


def main() -> None:
    """Measure all in turn, another one first in each round, and print a table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    contestants = {"raw": raw, "T0": keyturn("T0"), "T1": keyturn("T1")}
    figures = {name: Figures() for name in contestants}
    order = list(contestants)
    for _ in range(rounds):
        for name in order:
            measure(contestants[name], figures[name])
        order = [*order[1:], order[0]]
    sys.stdout.write(_table(figures))


def _table(figures: dict[str, Figures]) -> str:
    middle = statistics.median
    base = figures["raw"].p50_us
    titles = ["", "p50 us", "x raw", "p99 us", "CPU us", "8: /s", "8: CPU", "64: /s", "64: CPU"]
    rows = [[*titles, "start ms", "RSS MiB"]]
    for name, its in figures.items():
        row = [middle(its.p50_us), middle(a / b for a, b in zip(its.p50_us, base, strict=True))]
        row += [middle(its.p99_us), middle(its.cpu_us)]
        for many in IN_FLIGHT:
            row += [middle(its.per_second[many]), middle(its.windowed_cpu_us[many])]
        row += [middle(its.start_ms), middle(its.memory_mib)]
        rows.append([name, *(f"{x:,.2f}" if n == 1 else f"{x:,.0f}" for n, x in enumerate(row))])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(c.rjust(w) for c, w in zip(r, widths, strict=True)) for r in rows)
    return "\n".join(lines) + "\n"


_CONFIGURATION = """
[policy]
posture = "ask_all"
[servers.echo]
command = %s
review = "accept"
[servers.echo.tools.echo]
tier = "%s"
[[rules]]
effect = "allow"
server = "echo"
tool = "echo"
"""

if __name__ == "__main__":
    main()
