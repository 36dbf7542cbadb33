"""Kills a busy broker over and over with SIGKILL and prints what its log and its server say.

Run: python -m tests.bench.kill9 [KILLS]  (200 unless said otherwise; exit code 1 when the log and
the world contradict each other)
"""

import contextlib
import io
import random
import sys
import time
from collections import Counter

from keyturn.domain.decision import Delivery
from tests.crashing.evidence import Evidence, contradictions
from tests.crashing.rig import READ, crashing
from tests.crashing.storm import Tally, strike

_KILLS = 200


def main() -> int:
    """Kill, start again, compare; then once more in order, so that nothing is left open."""
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else _KILLS
    seed = random.randrange(1 << 32)
    chance, tally, begun = random.Random(seed), Tally(), time.monotonic()
    with crashing() as world, contextlib.redirect_stdout(io.StringIO()):
        for number in range(kills):
            strike(world, chance, tally)
            sys.stderr.write(f"\r{number + 1} of {kills}")
        world.live_again(READ, "after")
        last = world.evidence()
    found = (*tally.contradictions, *contradictions(last))
    sys.stdout.write(_report(tally, last, seed, time.monotonic() - begun))
    sys.stdout.write("".join(f"  {line}\n" for line in found) or "no contradiction\n")
    return 1 if found or last.unfinished else 0


def _report(tally: Tally, last: Evidence, seed: int, seconds: float) -> str:
    deliveries = Counter(record.delivery for record in last.records)
    return (
        f"\n{tally.kills} kills (seed {seed}) in {seconds:.0f} s\n"
        f"{tally.asked} calls asked, {tally.answered} answered, {len(last.seen)} reached the "
        f"server, {sum(not one.recorded for one in last.seen)} of them without a decision\n"
        f"{len(last.records)} decisions: {deliveries[Delivery.COMPLETED]} completed, "
        f"{deliveries[Delivery.UNKNOWN]} unknown, {len(last.unfinished)} open\n"
    )


if __name__ == "__main__":
    sys.exit(main())
