"""Measures how long large answers hold the broker's loop: read there, and read by workers.

Run as `python -m tests.bench.pool_stall [MEGABYTES...]`; the loop's longest stall, and the
time from a call to its answer.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from keyturn.desktop.worker_pool import WorkerPool
from tests.integration.link_rig import ALLOW_ALL, World, request

WORKER = (sys.executable, "-I", "-m", "keyturn", "_worker")
BEAT_SECONDS = 0.001
UNIT = '"Row" with some words in it, id 12345; path /a/b/c, and “quoted”\n'


class Beat:
    """Notices how late the loop comes back to it."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        """Beat until cancelled."""
        last = perf_counter()
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            now = perf_counter()
            self.longest = max(self.longest, now - last - BEAT_SECONDS)
            last = now


async def measure(megabytes: int, *, pooled: bool) -> tuple[float, float, str]:
    """Return the longest stall and the whole time of one answer, in milliseconds, and its end."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), posture_rules=ALLOW_ALL)
        pool = WorkerPool(WORKER, os.environ) if pooled else None
        world.workers = pool
        wire = world.link(world.raw_server())
        await wire.shake()
        await wire.call(1, "big", "100000")
        beat = Beat()
        beating = asyncio.get_running_loop().create_task(beat.run())
        await asyncio.sleep(0.3)
        beat.longest = 0.0
        began = perf_counter()
        size = str(megabytes * 850_000)
        params = {"name": "big", "arguments": {"text": size, "unit": UNIT}}
        wire.say(request(2, "tools/call", params))
        answer = await wire.client.wait_for(lambda sent: b'"id":2' in sent[:100])
        took = perf_counter() - began
        await asyncio.sleep(0.05)
        beating.cancel()
        await world.close()
        if pool is not None:
            await pool.close()
        end = "withheld" if b'"isError":true' in answer[:4000] else f"{len(answer):,} bytes"
        return beat.longest * 1000, took * 1000, end


async def main(sizes: list[int]) -> None:
    """Measure all sizes both ways."""
    for megabytes in sizes:
        for pooled in (False, True):
            stall, took, end = await measure(megabytes, pooled=pooled)
            where = "workers" if pooled else "loop"
            sys.stdout.write(
                f"{megabytes} MB {where}: stall {stall:.1f} ms, {took:.0f} ms, {end}\n"
            )


if __name__ == "__main__":
    asyncio.run(main([int(word) for word in sys.argv[1:]] or [1, 8, 60]))
