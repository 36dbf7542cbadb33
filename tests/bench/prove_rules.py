"""Holds the prover against trying every small call (`python -m tests.bench.prove_rules 100000`)."""

import sys
import time
from collections import Counter
from random import Random

from tests.property.proof_model import EVERY_CALL, faults, pair


def main() -> int:
    """Ask four questions of each pair; exit code 1 when one answer is wrong."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    said: Counter[str] = Counter()
    wrong = 0
    start = time.process_time()
    for seed in range(pairs):
        for answer, fault in faults(*pair(Random(seed))):
            said[type(answer).__name__] += 1
            wrong += bool(fault)
            if fault:
                sys.stdout.write(f"seed {seed}: {fault}\n")
    seconds = time.process_time() - start
    told = ", ".join(f"{count:,} {name.lower()}" for name, count in sorted(said.items()))
    sys.stdout.write(
        f"{pairs:,} pairs, {len(EVERY_CALL)} calls each, {seconds:.0f} s of CPU: "
        f"{told}; {wrong} wrong\n"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
