"""How long the shim takes to start over a bare interpreter, and how much memory it holds.

Run: python -m tests.bench.shim_start [ROUNDS]  (a socket answers at once; nothing else is measured)

The goal is held against the median and, since a busy machine stretches every wait, against the
CPU time: it is missed when both are over it.
"""

import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from keyturn import shim

BARE = [sys.executable, "-I", "-S", "-c", "pass"]
GOAL_MS, GOAL_MIB = 15.0, 12.0


def serve(listening: socket.socket, peaks: list[int]) -> None:
    """Take one shim after the other: read its first line, note its memory, wait for its end."""
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection, connection.makefile("rb") as stream:
            stream.readline()
            peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
            peaks.append(peak_kib(int.from_bytes(peer[:4], sys.byteorder)))
            stream.read()


def peak_kib(pid: int) -> int:
    """The largest resident set that this process ever had, in KiB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise RuntimeError("this system does not tell the resident set of a process")


def cost_ms(argv: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Milliseconds from start to end of a process that reads nothing: on the clock, of CPU."""
    used, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # No time-out here: with one, `subprocess` looks only at 0.5, 1.5, 3.5, 7.5 and 15.5 ms. The
    # shim ends by itself.
    subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    clock, now = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    return clock * 1000, cpu * 1000


Costs = list[tuple[float, float]]


def measure(rounds: int, folder: Path) -> tuple[Costs, Costs, list[int]]:
    """Start both in turn; what the bare one and the shim cost, and the shim's peaks of memory."""
    env = {"KEYTURN_HOME": str(folder / "home"), "XDG_RUNTIME_DIR": str(folder)}
    place = Path(shim.socket_folders(env["KEYTURN_HOME"], env, 0)[0])
    place.mkdir(mode=0o700)
    command = [sys.executable, "-I", "-S", shim.__file__, "any", "--agent", "any"]
    bare: Costs = []
    full: Costs = []
    peaks: list[int] = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place / "s"))
        listening.listen()
        server = threading.Thread(target=serve, args=(listening, peaks))
        server.start()
        try:
            for _ in range(rounds):
                bare.append(cost_ms(BARE, env))
                full.append(cost_ms(command, env))
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            server.join(10)
    return bare, full, peaks


def main(argv: list[str]) -> int:
    """Print the figures; returns 1 when a goal is missed."""
    rounds = int(argv[0]) if argv else 200
    folder = Path(tempfile.mkdtemp(prefix="kt-"))
    try:
        bare, full, peaks = measure(rounds, folder)
    finally:
        shutil.rmtree(folder)
    clock = statistics.median(one[0] - none[0] for none, one in zip(bare, full, strict=True))
    rows = [("bare python -I -S", bare), ("shim", full)]
    sys.stdout.write(f"{rounds} rounds: start, first line, end; ms on the clock and of CPU\n")
    for name, costs in rows:
        fast, middle = quantiles([cost[0] for cost in costs])
        cpu = statistics.mean(cost[1] for cost in costs)
        sys.stdout.write(f"  {name:18} p10 {fast:5.1f}  p50 {middle:5.1f}  CPU {cpu:5.1f}\n")
    cpu = statistics.mean(cost[1] for cost in full) - statistics.mean(cost[1] for cost in bare)
    memory = max(peaks) / 1024
    sys.stdout.write(
        f"  over the bare one: p50 {clock:.1f}, CPU {cpu:.1f}, goal {GOAL_MS:.0f}\n"
        f"  peak memory {memory:.1f} MiB, goal {GOAL_MIB:.0f}\n"
    )
    return int(min(clock, cpu) > GOAL_MS or memory > GOAL_MIB)


def quantiles(values: list[float]) -> tuple[float, float]:
    """The first tenth and the median."""
    return statistics.quantiles(values, n=10)[0], statistics.median(values)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
