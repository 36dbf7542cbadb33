"""A process that writes decisions and says each one that is acknowledged, until it is killed."""

import asyncio
import sys
from pathlib import Path

from keyturn.domain.record import Durability
from keyturn.storage.decision_log import SqliteDecisionLog, open_writer
from tests.fakes.clock import FakeClock
from tests.unit.storage.log_entries import decision, delivery


async def _write(folder: Path, prefix: str) -> None:
    log = SqliteDecisionLog(open_writer(folder, FakeClock()))

    async def one(number: int, part: int) -> None:
        call = f"{prefix}-{number}-{part}"
        durability = Durability.WRITTEN if part % 2 else Durability.FULL
        seq = await log.commit(decision(call), durability)
        sys.stdout.write(f"{seq} {call}\n")
        sys.stdout.flush()
        log.note(delivery(call))

    for number in range(1_000_000):
        await asyncio.gather(*(one(number, part) for part in range(1 + number % 8)))


if __name__ == "__main__":
    asyncio.run(_write(Path(sys.argv[1]), sys.argv[2]))
