"""How long the removal of 500 rules takes, and their return (console.md R4).

Run: python -m tests.bench.remove_rules [ROUNDS]  (5 unless said)

The broker's rule book on a real database with seals: each change is recorded and on the disk.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from keyturn.domain.condition import Condition, Operator
from keyturn.domain.rule import Effect, Rule
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.storage.test_sealing import started

RULES: Final = 500
GOAL_MS: Final = 1_000.0


async def measure(folder: Path, rounds: int) -> bool:
    """Print each round's figures; return whether the longest keep the goal."""
    rules = [
        Rule(
            id=f"r-{n}",
            effect=Effect.ALLOW,
            server=f"server-{n % 9}",
            tool=f"tool_{n}",
            name=f"Rule {n}",
            when=(Condition(path="/path", op=Operator.PATH_UNDER, value=f"/srv/{n}"),),
        )
        for n in range(RULES)
    ]
    ids = [rule.id for rule in rules]
    longest = 0.0
    async with started(folder, FakeSecretStore()) as profile:
        for rule in rules:
            await profile.rules.add(rule)
        for _ in range(rounds):
            gone = await _milliseconds(lambda: profile.rules.remove(*ids))
            back = await _milliseconds(lambda: profile.rules.restore(*ids))
            longest = max(longest, gone, back)
            sys.stdout.write(f"{RULES} rules removed in {gone:.0f} ms, back in {back:.0f} ms\n")
    return longest <= GOAL_MS


async def _milliseconds(job: Callable[[], Awaitable[object]]) -> float:
    begun = time.perf_counter()
    await job()
    return (time.perf_counter() - begun) * 1000


def main() -> int:
    """Print the figures."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory(prefix="keyturn-rules-") as name:
        return 0 if asyncio.run(measure(Path(name), rounds)) else 1


if __name__ == "__main__":
    sys.exit(main())
