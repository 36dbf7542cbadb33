"""Measures a broker with many agents connected at once: memory, time of a call, longest stall.

Run: python -m tests.bench.connections [CONNECTIONS]  (200 unless said otherwise, the limit)

Each connection has its own shim and its own server process. All connect at the same time; then each
makes a call a second for some seconds (`paced`), then all of them call as fast as they are answered
(`all at once`). Meanwhile another program asks the broker for its status every ten milliseconds:
what the slowest of these took is how long the loop, or the machine, let nobody in.
"""

import math
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from keyturn import shim
from keyturn.desktop.control_client import ask_broker
from tests.bench.hop import Client, keyturn, peak_mib

CONNECTIONS = 200
PACED_CALLS, PACE_SECONDS = 10, 1.0
AT_ONCE_CALLS = 20
PROBE_SECONDS = 0.01


class Probe:
    """Asks the broker for its status again and again, and keeps how long each answer took."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._ended = threading.Event()
        self._taken: list[float] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        """Ask no more."""
        self._ended.set()
        self._thread.join()

    def told(self) -> str:
        """Return what was seen since it was last told."""
        taken, self._taken = self._taken, []
        return f"status: p50 {_ms(taken, 0.5)}, p99 {_ms(taken, 0.99)}, longest {_ms(taken, 1)}"

    def _run(self) -> None:
        while not self._ended.wait(PROBE_SECONDS):
            began = time.perf_counter()
            ask_broker(self._socket, {"control": "status"})
            self._taken.append(time.perf_counter() - began)


def main() -> None:
    """Measure, and print what was found."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else CONNECTIONS
    folder = Path(tempfile.mkdtemp(prefix="kc-"))
    env = {"PATH": os.defpath, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    place = Path(shim.socket_folders(str(folder / "home"), env, os.getuid())[0])
    try:
        with keyturn("T0")(folder, env) as broker, ThreadPoolExecutor(many) as threads:
            _connect(folder, env).close()
            empty = peak_mib(broker)
            with closing(Probe(place / "s")) as probe:
                _measure(many, lambda: _connect(folder, env), threads, probe)
            grown = peak_mib(broker)
            _say(f"broker: {empty:.0f} MiB before, {grown:.0f} MiB at its highest")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(
    many: int, connect: Callable[[], Client], threads: ThreadPoolExecutor, probe: Probe
) -> None:
    began = time.perf_counter()
    starting = [threads.submit(connect) for _ in range(many)]
    clients = [client.result() for client in starting]
    try:
        _say(f"{many} connected and listed in {time.perf_counter() - began:.1f} s; {probe.told()}")
        for name, one in (("paced", _paced), ("all at once", _at_once)):
            began = time.perf_counter()
            taken = [each for its in threads.map(one, clients) for each in its]
            rate = len(taken) / (time.perf_counter() - began)
            times = f"p50 {_ms(taken, 0.5)}, p99 {_ms(taken, 0.99)}, longest {_ms(taken, 1)}"
            _say(f"{name}: {rate:,.0f} calls/s; {times}; {probe.told()}")
        shims = statistics.mean(peak_mib(client.pid) for client in clients)
        _say(f"shims: {shims:.0f} MiB each")
    finally:
        list(threads.map(Client.close, clients))


def _connect(folder: Path, env: Mapping[str, str]) -> Client:
    client = Client(folder, dict(env))
    client.handshake()
    return client


def _paced(client: Client) -> list[float]:
    # Spread over the second, as agents that know nothing of each other are.
    time.sleep(client.pid % 100 / 100 * PACE_SECONDS)
    taken: list[float] = []
    for _ in range(PACED_CALLS):
        taken.append(_timed(client))
        time.sleep(PACE_SECONDS - min(taken[-1], PACE_SECONDS))
    return taken


def _at_once(client: Client) -> list[float]:
    return [_timed(client) for _ in range(AT_ONCE_CALLS)]


def _timed(client: Client) -> float:
    began = time.perf_counter()
    client.call(1, 1)
    return time.perf_counter() - began


def _ms(taken: list[float], share: float) -> str:
    if not taken:
        return "-"
    ordered = sorted(taken)
    return f"{ordered[max(0, math.ceil(share * len(ordered)) - 1)] * 1000:.1f} ms"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
