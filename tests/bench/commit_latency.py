"""How long a commit takes: NORMAL and FULL, alone and 64 at once; printed as p50 and p99.

Run: python -m tests.bench.commit_latency [FOLDER]  (FOLDER decides which disk is measured)
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from keyturn.domain.canonical import canonical
from keyturn.domain.decision import Actor, Delivery, Outcome, Verdict
from keyturn.domain.record import Durability, Entry, RecordType
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from tests.fakes.clock import FakeClock

_ARGUMENTS = canonical({"page": 3, "query": "SELECT * FROM shipments WHERE id = 'SH-20931'"})
_LONE = 2000
_BURSTS = 60
_BURST = 64


def entry(number: int) -> Entry:
    """Make a decision as the gate makes it for a small call."""
    return Entry(
        type=RecordType.DECISION,
        call=f"c-{number:012d}",
        session="s-01JDABCDEF",
        agent="analyst",
        agent_peer={"pid": 4711, "executable": "/usr/bin/python3"},
        server="shipments",
        def_hash="a" * 64,
        tool="read_page",
        call_digest="b" * 64,
        taint="U",
        policy={"hash": "c" * 64, "because": "rule", "rule_id": "r-1", "rule_name": "Reads"},
        verdict=Verdict.ALLOW,
        outcome=Outcome.ALLOWED_RULE,
        actor=Actor.RULE,
        tier="T0",
        details={"call_number": number, "decisive": "/page"},
        arguments=_ARGUMENTS,
        committed=_ARGUMENTS,
    )


def delivery(number: int) -> Entry:
    """Make the delivery of the same call."""
    return Entry(
        type=RecordType.DELIVERY,
        call=f"c-{number:012d}",
        session="s-01JDABCDEF",
        agent="analyst",
        server="shipments",
        tool="read_page",
        outcome=Delivery.COMPLETED,
        details={"result": number, "bytes": 812},
    )


async def _alone(log: SqliteDecisionLog, start: int, durability: Durability) -> list[float]:
    samples: list[float] = []
    for number in range(start, start + _LONE):
        began = time.perf_counter()
        await log.commit(entry(number), durability)
        samples.append(time.perf_counter() - began)
        log.note(delivery(number))
        await asyncio.sleep(0.0003)
    return samples


async def _together(log: SqliteDecisionLog, start: int, durability: Durability) -> list[float]:
    samples: list[float] = []

    async def one(number: int) -> None:
        began = time.perf_counter()
        await log.commit(entry(number), durability)
        samples.append(time.perf_counter() - began)

    for burst in range(_BURSTS):
        first = start + burst * _BURST
        await asyncio.gather(*(one(number) for number in range(first, first + _BURST)))
    return samples


def _line(title: str, samples: list[float], cpu: float) -> str:
    cuts = statistics.quantiles(samples, n=100)
    return (
        f"{title:24} p50 {cuts[49] * 1e3:7.3f} ms   p99 {cuts[98] * 1e3:7.3f} ms   "
        f"cpu {cpu / len(samples) * 1e6:6.0f} us/record   n={len(samples)}\n"
    )


async def _main(folder: Path) -> None:
    writer = open_writer(folder, FakeClock())
    log = SqliteDecisionLog(writer)
    shapes: dict[str, Callable[[SqliteDecisionLog, int, Durability], Awaitable[list[float]]]] = {
        "alone": _alone,
        f"{_BURST} at once": _together,
    }
    number = 0
    for durability in (Durability.WRITTEN, Durability.FULL):
        for name, shape in shapes.items():
            cpu = time.process_time()
            samples = await shape(log, number, durability)
            cpu = time.process_time() - cpu
            sys.stdout.write(_line(f"{durability.value}, {name}", samples, cpu))
            number += 1_000_000
    await writer.close()


def main() -> None:
    """Measure on the disk of the folder that was named, else of the temporary folder."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as folder:
        asyncio.run(_main(Path(folder) / "profile"))


if __name__ == "__main__":
    main()
