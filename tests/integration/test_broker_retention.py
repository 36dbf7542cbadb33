"""A broker that starts prunes its log, and goes on while it does."""

import asyncio
import sqlite3

import pytest

from keyturn.application.ports.milestones import Unwatched
from keyturn.application.tasks import TaskOwner
from keyturn.bootstrap import service as service_module
from keyturn.bootstrap.foundation import lay_foundation
from keyturn.bootstrap.service import Service
from keyturn.domain.configuration import Limits
from keyturn.storage.retention import Keep
from keyturn.storage.verification import Finding, verify
from tests.e2e.desk import own_folders
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.storage.log_entries import decision


def _pruned(connection: sqlite3.Connection) -> bool:
    row = connection.execute("SELECT body IS NULL FROM records WHERE seq = 40").fetchone()
    return bool(row[0])


def test_a_broker_prunes_at_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_module, "Keep", lambda: Keep(records=10))

    async def scenario() -> None:
        foundation = await lay_foundation(
            folders.profile,
            folders.env(),
            limits=Limits(),
            secrets=FakeSecretStore(),
            milestones=Unwatched(),
        )
        for n in range(50):
            await foundation.log.commit(decision(f"c-{n}"))
        service = Service(foundation, headless=True)
        listening = asyncio.Event()
        running = TaskOwner().start(service.run(None, listening=listening.set), "broker")
        await listening.wait()
        async with asyncio.timeout(20):
            while not await foundation.writer.run(_pruned, changes=False):
                await foundation.log.commit(decision(foundation.ids.new("c")))
        service.end()
        await running
        await foundation.close()

    with own_folders() as folders:
        folders.profile.create()
        asyncio.run(scenario())
        found = verify(folders.profile.database, deep=True)
        assert found.code is Finding.SOUND, found.sentence
        assert found.pruned >= 40
