"""Holds what is shown of generated calls against what is executed (security-cases.md item 9).

Run: python -m tests.bench.shown_executed [CASES]  (10,000 unless said otherwise; exit code 1 when
a call was sent that is not, to the letter, what was shown and what its agent said)
"""

import asyncio
import random
import sys
import time
from collections import Counter

from tests.property.spelt_calls import arguments_text, connected
from tests.unit.application.gate_world import World

CASES = 10_000
_A_WORLD = 200
"""Calls of one session, whose history is kept."""


async def measure(cases: int) -> Counter[str]:
    """Send that many calls and count how they ended."""
    dice, ends = random.Random(20261129), Counter[str]()
    for first in range(0, cases, _A_WORLD):
        agent = await connected(World()).begin()
        for number in range(1, min(_A_WORLD, cases - first) + 1):
            ends[await agent.send(arguments_text(dice), number)] += 1
    return ends


def main() -> int:
    """Print the counts."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    started = time.monotonic()
    ends = asyncio.run(measure(cases))
    counts = ", ".join(f"{count:,} {end}" for end, count in sorted(ends.items()))
    sys.stdout.write(f"{cases:,} calls in {time.monotonic() - started:.0f} s: {counts}\n")
    return 0 if set(ends) <= {"sent", "refused"} else 1


if __name__ == "__main__":
    sys.exit(main())
