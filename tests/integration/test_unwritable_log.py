"""A profile that cannot be written is known as such to who shows it, and recovers by itself."""

import asyncio
import sqlite3

import pytest

from keyturn.application.log_watch import RECORDED_AGAIN
from keyturn.bootstrap.foundation import Foundation
from keyturn.domain.errors import LogFault, LogUnavailable
from keyturn.domain.record import Entry, RecordType
from tests.e2e.desk import Folders
from tests.fakes.secret_store import FakeSecretStore
from tests.integration.test_sealed_sights import started, told


def fault(foundation: Foundation) -> LogFault | None:
    """Return what keeps the log from being written just now."""
    return foundation.log_watch.fault


async def refuse(foundation: Foundation, *, on: bool) -> None:
    """Have SQLite refuse every write, or take them again."""

    def job(connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA query_only = {int(on)}")

    await foundation.writer.run(job, changes=False)


@pytest.mark.requirement("E1", "E4")
def test_the_broker_of_a_profile_watches_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keyturn.application.log_watch.RETRY_SECONDS", 0.05)

    async def story(folders: Folders) -> None:
        async with started(folders, FakeSecretStore()) as foundation:
            heard = asyncio.Semaphore(0)
            foundation.observers.subscribe(lambda _topic: heard.release())
            await refuse(foundation, on=True)
            with pytest.raises(LogUnavailable):
                await foundation.log.commit(Entry(type=RecordType.STOP))
            while fault(foundation) is not LogFault.READ_ONLY:
                await heard.acquire()
            await refuse(foundation, on=False)
            while fault(foundation) is not None:
                await heard.acquire()
        with sqlite3.connect(folders.profile.database) as connection:
            bodies = [str(row[0]) for row in connection.execute("SELECT body FROM records")]
        connection.close()
        assert sum(f'"outcome":"{RECORDED_AGAIN}"' in body for body in bodies) == 1

    told(story)
