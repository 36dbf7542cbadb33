"""Prints what a worker takes over a result of 100 KB (`python -m tests.bench.worker_cost [TIMES]`).

CPU of each of its jobs, for a log, JSON, rows of SQL and a program: read and drawn for tracing;
cleaned and masked; and read for signs. What a text is made of stands here, so that figures of two
trees can be compared: give `--fingerprint` to print a hash of what each job answers, too.
"""

import argparse
import hashlib
import inspect
import json
import random
import sys
import time
from collections.abc import Callable, Sequence

import msgspec

from keyturn.bootstrap import inspecting
from keyturn.domain.result_controls import STRICTEST

SIZE = 100_000
_TIMES = 21
_SAID = (
    "order pallet lorry north yard depot week dock permit carrier weight accepted route driver "
    "customs invoice late held checked signed moved loaded empty returned crate door shift"
)
_WORDS = _SAID.split()


def main() -> int:
    """Measure each job on each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("times", type=int, nargs="?", default=_TIMES)
    parser.add_argument("--fingerprint", action="store_true")
    wanted = parser.parse_args()
    for name, text in kinds().items():
        result = {"content": [{"type": "text", "text": text}], "isError": False}
        line = msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "result": result}) + b"\n"
        costs = [_measured(job, line, wanted.times) for job in _jobs()]
        costs.append(costs[2] - costs[1])
        drawn, cleaned, _, signs = costs
        said = f"{name:8} {len(line):7} bytes: drawn {drawn:5.1f} ms, cleaned {cleaned:5.1f}, "
        sys.stdout.write(f"{said}signs {signs:5.1f}, all {drawn + cleaned + signs:5.1f}\n")
        for job in _jobs() if wanted.fingerprint else ():
            answer = b"\0".join(inspecting.do_job(job, line))
            sys.stdout.write(f"  {hashlib.sha256(answer).hexdigest()}\n")
    return 0


def kinds() -> dict[str, str]:
    """Return a text of each kind, the same in every run."""
    return {
        "log": _filled(_log_line),
        "JSON": json.dumps([_row(chance) for chance in [random.Random(3)] for _ in range(520)]),
        "SQL": _filled(_sql_row),
        "program": _program(),
    }


def _filled(of: Callable[[random.Random, int], str]) -> str:
    chance = random.Random(7)
    lines: list[str] = []
    size = number = 0
    while size < SIZE:
        lines.append(of(chance, number))
        size += len(lines[-1]) + 1
        number += 1
    return "\n".join(lines)[:SIZE]


def _said(chance: random.Random, words: int) -> str:
    return " ".join(chance.choices(_WORDS, k=words))


def _log_line(chance: random.Random, number: int) -> str:
    level = chance.choice(("INFO", "WARN", "DEBUG", "ERROR"))
    at = f"2026-11-{number % 28 + 1:02}T{number % 24:02}:{number % 60:02}:07.{number % 1000:03}Z"
    ids = f"request={chance.getrandbits(64):016x} user=u{chance.randrange(9999)}"
    took = f"took={chance.randrange(900)}ms url=https://yard.example/orders/{number}?page=2"
    return f"{at} {level} [worker-{number % 7}] app.orders: {_said(chance, 5)} {ids} {took}"


def _row(chance: random.Random) -> dict[str, object]:
    return {
        "id": chance.randrange(10**9),
        "name": _said(chance, 3),
        "email": f"{chance.choice(_WORDS)}.{chance.choice(_WORDS)}@depot.example",
        "created": f"2026-11-{chance.randrange(1, 28):02}T08:30:00Z",
        "tags": chance.choices(_WORDS, k=3),
        "weight": round(chance.random() * 900, 2),
    }


def _sql_row(chance: random.Random, number: int) -> str:
    if not number:
        return "id | customer | email | city | amount | note"
    mail = f"{chance.choice(_WORDS)}{number}@depot.example"
    amount = f"{chance.randrange(90_000) / 100:.2f}"
    return (
        f"{number} | {_said(chance, 2)} | {mail} | {chance.choice(_WORDS)} | {amount} | "
        f"{_said(chance, 6)}"
    )


def _program() -> str:
    modules = (argparse, inspect, random, json.decoder)
    source = "\n".join(map(inspect.getsource, modules))
    return (source * 2)[:SIZE]


def _jobs() -> Sequence[bytes]:
    drawn = {"type": "server", "result_bytes": 8 * 1024 * 1024, "key": "00" * 16}
    control = {
        "type": "control",
        "controls": msgspec.to_builtins(STRICTEST),
        "def_hash": "",
        "schema": None,
        "most_bytes": 8 * 1024 * 1024,
        "only": (),
        "shape": False,
        "tool": "read_orders",
        "path": "",
    }
    encode = msgspec.json.encode
    signs = (encode({**control, "signs": reads}) for reads in (False, True))
    return [encode(drawn), *signs]


def _measured(job: bytes, line: bytes, times: int) -> float:
    """Return the median of the CPU of a job, in milliseconds."""
    inspecting.do_job(job, line)
    costs: list[float] = []
    for _ in range(times):
        began = time.process_time()
        inspecting.do_job(job, line)
        costs.append(time.process_time() - began)
    return sorted(costs)[len(costs) // 2] * 1e3


if __name__ == "__main__":
    sys.exit(main())
