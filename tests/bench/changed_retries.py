"""Sends ten thousand retries that differ in one byte from a call that has a grant: promise D3.

Run: python -m tests.bench.changed_retries [CASES]  (10,000 unless said otherwise; exit code 1 when
one of them is sent, or when the identical call at the end is not)

Each goes through the whole gate over stores in memory: a byte of the call's JSON is replaced, put
in or taken out, anywhere. What is JSON no longer, or says the same, is no case.
"""

import asyncio
import random
import sys
import time
from collections import Counter

from keyturn.application.call import Forwarded, IncomingCall, Refused
from keyturn.application.connection import Connection
from keyturn.domain.canonical import JsonObject, Parsed, canonical, parse_strict
from tests.factories import make_asked
from tests.unit.application.gate_world import World, broken_law_1, settle

CASES = 10_000
PARAMS: JsonObject = {
    "name": "dispatch_order",
    "arguments": {"order": 41, "to": "Tarn é", "lines": [{"sku": "A-1", "n": 2.5}, None, True]},
    "_meta": {"customer": "north/7"},
}
TEXT = canonical(PARAMS)
SINGLE_BYTES = [bytes([byte]) for byte in range(256)]


def changed(chance: random.Random) -> JsonObject | None:
    """Return the call with one byte changed; None where that makes no other call."""
    at, byte = chance.randrange(len(TEXT)), chance.choice(SINGLE_BYTES)
    # Printable bytes are more often JSON still.
    if chance.random() < 0.8:
        byte = bytes([chance.randrange(32, 127)])
    edits = (
        TEXT[:at] + byte + TEXT[at + 1 :],
        TEXT[:at] + byte + TEXT[at:],
        TEXT[:at] + TEXT[at + 1 :],
    )
    parsed = parse_strict(chance.choice(edits))
    value = parsed.value if isinstance(parsed, Parsed) else None
    if not isinstance(value, dict):
        return None
    return value if canonical(value) != TEXT else None


async def granted(world: World) -> Connection:
    """Have a person allow one retry of a call whose agent was told that it is undecided."""
    connection = await world.connect()
    task = world.start(_call(connection, PARAMS, "call-0"))
    request = await world.asked()
    world.clock.advance(world.limits.hold_seconds)
    await task
    world.answer(request, allow=True)
    return connection


async def retry(world: World, connection: Connection, params: JsonObject, id_: str) -> str:
    """Make one retry, and give it up where it waits for a person; return what became of it."""
    incoming = _call(connection, params, id_)
    task = world.start(incoming)
    await settle(8)
    asked = bool(incoming.approval_id)
    if asked:
        incoming.cancel()
        world.approvals.client_left(incoming.approval_id)
    reply = await task
    if asked:
        return "asked about"
    return f"refused: {reply.outcome.value}" if isinstance(reply, Refused) else "SENT"


def _call(connection: Connection, params: JsonObject, id_: str) -> IncomingCall:
    return make_asked(connection, "tools/call", params, id_=id_)


async def run(cases: int, chance: random.Random) -> tuple[Counter[str], bool]:
    """Return how many retries met what, and whether the identical call then ran, once."""
    world, met = World(), Counter[str]()
    connection = await granted(world)
    while sum(met.values()) < cases:
        params = changed(chance)
        if params is not None:
            met[await retry(world, connection, params, f"retry-{sum(met.values())}")] += 1
    nothing_sent = not world.server.sent
    last = world.start(_call(connection, PARAMS, "same"))
    await settle()
    once = len(world.server.sent) == 1 and last.done() and isinstance(last.result(), Forwarded)
    last.cancel()
    return met, nothing_sent and once and not broken_law_1(world, connection)


def main() -> int:
    """Try, and print what the retries met."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    seed = random.randrange(1 << 32)
    began = time.monotonic()
    met, kept = asyncio.run(run(cases, random.Random(seed)))
    sys.stdout.write(f"{cases} retries (seed {seed}) in {time.monotonic() - began:.0f} s\n")
    sys.stdout.writelines(f"  {many} {what}\n" for what, many in met.most_common())
    sys.stdout.write(f"{'kept' if kept else 'BROKEN'}: the identical one ran once, no other did\n")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
