"""Measures how long large payloads hold the broker's loop: read there, and read by workers.

Run as `python -m tests.bench.pool_stall [MEGABYTES...]`; of a call with a large answer of each
kind, and of a large call up to 7 MB, the loop's longest stall and the time from the call to its
answer. The loop alone has the text only. Of several runs the middle one is the code's, the longest
the machine's. A stall is time on the clock, waiting for a processor included; what the loop itself
did at most in one step is said beside it, as time of its processor: between two steps it can do
anything else. The steps of this program itself do not count.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any

from keyturn.application.approval_request import AnswerVerdict
from keyturn.broker.parted_lines import Written
from keyturn.desktop.hardening import keep_large_blocks_apart, prefer_the_loop
from keyturn.desktop.worker_pool import WorkerPool
from keyturn.inspection.secrets import DetectSecretsMask
from tests.integration.link_rig import ALLOW_ALL, World, line_of, request

WORKER = (sys.executable, "-I", "-m", "keyturn", "_worker")
BEAT_SECONDS = 0.001
UNIT = '"Row" with some words in it, id 12345; path /a/b/c, and “quoted”\n'
SECRETS = "2026-11-29T10:00:03Z INFO password=9hG2kq8LwZx1 of the store, and so on\n"
KINDS = {
    "text": UNIT,
    "structured": UNIT,
    "binary": UNIT,
    "deep": UNIT,
    "wrong": UNIT,
    "secrets": SECRETS,
}
LARGEST_CALL = 7
RUNS = 3


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


class Steps:
    """Notices how much the loop works in one step: a callback, or a task from pause to pause."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.of: object = None
        """The task whose steps are this program's own."""

    def watch(self) -> None:
        """Have the loop time each step from now on, for good."""
        run: Callable[[asyncio.Handle], None] = vars(asyncio.Handle)["_run"]

        def timed(handle: asyncio.Handle) -> None:
            own = getattr(getattr(handle, "_callback", None), "__self__", None) is self.of
            began = thread_time()
            run(handle)
            if not own:
                self.longest = max(self.longest, thread_time() - began)

        setattr(asyncio.Handle, "_run", timed)  # noqa: B010 -- the loop looks it up there


STEPS = Steps()


async def measure(arguments: dict[str, Any], *, pooled: bool) -> str:
    """Say what one call did to the loop."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), posture_rules=ALLOW_ALL, mask=DetectSecretsMask())
        world.approver.decide = lambda _: AnswerVerdict.ALLOW_ONCE
        pool = WorkerPool(WORKER, os.environ) if pooled else None
        if pool is not None:
            world.use(pool)
        wire = world.link(world.raw_server())
        await wire.shake()
        await wire.call(1, "big", "100000")
        call = request(2, "tools/call", {"name": "big", "arguments": arguments})
        line = line_of(call)
        beat = Beat()
        beating = asyncio.get_running_loop().create_task(beat.run())
        await asyncio.sleep(0.3)
        beat.longest = STEPS.longest = 0.0
        STEPS.of = asyncio.current_task()
        began = perf_counter()
        wire.say(line)
        answer = await wire.client.wait_for_written(_answers_it)
        took = perf_counter() - began
        await asyncio.sleep(0.05)
        worked = STEPS.longest
        beating.cancel()
        await world.close()
        if pool is not None:
            await pool.close()
        end = "refused or withheld" if b'"isError":true' in _beginning(answer) else "answered"
        busiest = f"at most {worked * 1000:.1f} ms of work in a step"
        return f"stall {beat.longest * 1000:.1f} ms, {busiest}, in {took * 1000:.0f} ms, {end}"


def _answers_it(line: Written) -> bool:
    """Tell whether the call is answered by a line, which is not joined: that is the loop's time."""
    return b'"id":2' in _beginning(line)[:100]


def _beginning(line: Written) -> bytes:
    parts = (line,) if isinstance(line, bytes) else line.parts
    return b"".join(bytes(part[:4000]) for part in parts[:2])


async def main(sizes: list[int]) -> None:
    """Measure all sizes both ways."""
    for megabytes in sizes:
        size = megabytes * 850_000
        filler = (UNIT * (size // len(UNIT) + 1))[:size]
        payloads: dict[str, dict[str, Any]] = {
            f"{kind} answer": {"text": str(size), "unit": unit, "kind": kind}
            for kind, unit in KINDS.items()
        }
        if megabytes <= LARGEST_CALL:
            payloads["call"] = {"text": "10", "filler": filler}
        for name, arguments in payloads.items():
            if arguments.get("kind", "text") == "text":
                told = await measure(arguments, pooled=False)
                sys.stdout.write(f"{megabytes} MB {name}, loop: {told}\n")
            for _ in range(RUNS):
                told = await measure(arguments, pooled=True)
                sys.stdout.write(f"{megabytes} MB {name}, workers: {told}\n")


if __name__ == "__main__":
    STEPS.watch()
    prefer_the_loop()
    keep_large_blocks_apart()
    asyncio.run(main([int(word) for word in sys.argv[1:]] or [1, 7, 60]))
