"""What the prune of many rows holds up: decisions, and the window's reading (console.md H5).

Run: python -m tests.bench.prune_rows [ROWS]  (100,000 decisions unless said)

The broker's writer and retention on a real database, one decision after the other all along, and a
history that is read as the window reads it. The window's own thread does none of it: it is held up
by nothing but what it reads on its worker, whose longest wait is told.
"""

import asyncio
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from keyturn.application.tasks import TaskOwner
from keyturn.domain.record import Durability
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from keyturn.storage.queries.history import HistoryQuery
from keyturn.storage.read_only import DATABASE_NAME
from keyturn.storage.retention import Keep, prune
from keyturn.storage.verification import Finding, verify
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision

STALL_MS: Final = 50.0
WAL_MIB: Final = 64.0


class Reader:
    """Reads the newest page over and over on a thread of its own."""

    def __init__(self, path: Path) -> None:
        self.times: list[float] = []
        self._path = path
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def end(self) -> None:
        """Stop reading."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        with closing(HistoryQuery(self._path)) as query:
            while not self._ended.wait(0.05):
                begun = time.perf_counter()
                query.page(limit=50)
                self.times.append((time.perf_counter() - begun) * 1000)


async def measure(folder: Path, rows: int) -> bool:
    """Fill, prune, and print the figures."""
    writer = open_writer(folder, FakeClock())
    log = SqliteDecisionLog(writer)
    for n in range(rows):
        log.note(decision(f"c-{n}", arguments={"body": "words of a letter " * 20}))
        if n % 1000 == 999:
            await log.commit(decision(f"d-{n}"))
    path = folder / DATABASE_NAME
    wal = path.with_name(path.name + "-wal")
    reader, turns, commits, largest = Reader(path), list[float](), list[float](), 0.0
    begun = time.perf_counter()
    pruning = TaskOwner().start(prune(writer, log, FakeClock(), Keep(records=1_000)), "prune")
    turned = begun
    while not pruning.done():
        before = time.perf_counter()
        await log.commit(decision(f"e-{len(commits)}"), Durability.FULL)
        commits.append((time.perf_counter() - before) * 1000)
        await asyncio.sleep(0)
        turns.append((time.perf_counter() - turned) * 1000 - commits[-1])
        turned = time.perf_counter()
        largest = max(largest, wal.stat().st_size / 1024**2)
    took = time.perf_counter() - begun
    gone = pruning.result()
    await asyncio.to_thread(reader.end)
    await writer.close()
    found = await asyncio.to_thread(verify, path)
    sys.stdout.write(
        f"{gone:,} records pruned in {took:.1f} s; {len(commits):,} decisions meanwhile, waiting "
        f"{_p99(commits):.0f} ms p99, {max(commits):.0f} ms at most; the window's page took "
        f"{_p99(reader.times):.0f} ms p99, {max(reader.times):.0f} ms at most, on its worker; the "
        f"loop's longest turn beside them {max(turns):.0f} ms; WAL at most {largest:.0f} MiB; "
        f"{found.sentence}\n"
    )
    sound = found.code is Finding.SOUND
    return sound and max(turns) <= STALL_MS and largest <= WAL_MIB


def _p99(values: list[float]) -> float:
    return sorted(values)[max(0, -(-len(values) * 99 // 100) - 1)]


def main() -> int:
    """Print the figures."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory(prefix="keyturn-prune-") as name:
        return 0 if asyncio.run(measure(Path(name), rows)) else 1


if __name__ == "__main__":
    sys.exit(main())
