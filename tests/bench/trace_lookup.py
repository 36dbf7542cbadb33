"""Prints what tracing costs (`PYTHONPATH=app python tests/bench/trace_lookup.py`)."""

import random
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable

from keyturn.application.ports.inspection import ResultSource
from keyturn.domain.canonical import JsonObject
from keyturn.inspection.trace_indexes import MemoryTraceIndexes

_WORDS = ("order", "pallet", "lorry", "north", "yard", "depot", "week", "route", "dock", "permit")
_ARGUMENTS: JsonObject = {
    "orders": "all_open",
    "ship_to": {"name": "R. Talbot", "address": "14 Quarry Road, Hangar 9"},
    "notify_customers": False,
}


def main() -> None:
    """Measure small results one by one, then a session of 100 MB."""
    chance = random.Random(7)
    for lines in (1, 5, 20, 100, 2_000):
        _adding(chance, lines)
    for results in (1, 10, 100, 1_000):
        _tracing(chance, results, 20)
    _tracing(chance, 3_000, 1)
    _hundred_megabytes(chance)


def _adding(chance: random.Random, lines: int) -> None:
    index = MemoryTraceIndexes().new_index()
    results = [_result(chance, lines) for _ in range(100)]
    _say(f"add, {lines:5} lines", _timed(lambda at: index.add(_source(at), results[at]), 100))


def _tracing(chance: random.Random, results: int, lines: int) -> None:
    index = MemoryTraceIndexes().new_index()
    for at in range(results):
        index.add(_source(at), _result(chance, lines))
    _say(f"trace, {results:4} of {lines:2} lines", _timed(lambda _: index.trace(_ARGUMENTS), 300))


def _hundred_megabytes(chance: random.Random) -> None:
    tracemalloc.start()
    index = MemoryTraceIndexes().new_index()
    made = 0
    for at in range(2_000):
        result = _result(chance, 1_000)
        made += 50_000
        index.add(_source(at), result)
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    sys.stdout.write(f"{made / 1e6:.0f} MB of text given, {held / 2**20:.0f} MiB held\n")
    _say("trace, the same", _timed(lambda _: index.trace(_ARGUMENTS), 100))


def _source(number: int) -> ResultSource:
    return ResultSource(number=number + 1, server="reports", tool="read_report", untrusted=True)


def _result(chance: random.Random, lines: int) -> JsonObject:
    text = "\n".join(
        " ".join(chance.choices(_WORDS, k=7)) + f' "{chance.randrange(10**6)}"'
        for _ in range(lines)
    )
    return {"content": [{"type": "text", "text": text}]}


def _timed(work: Callable[[int], object], times: int) -> list[float]:
    taken: list[float] = []
    for at in range(times):
        start = time.perf_counter()
        work(at)
        taken.append((time.perf_counter() - start) * 1e6)
    return taken


def _say(what: str, taken: list[float]) -> None:
    worst = statistics.quantiles(taken, n=100)[98]
    sys.stdout.write(f"{what:26} p50 {statistics.median(taken):8.0f} us  p99 {worst:8.0f} us\n")


if __name__ == "__main__":
    main()
