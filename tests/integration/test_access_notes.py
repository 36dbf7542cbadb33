"""A broker's start with an access review on disk: what stands since when, whoever writes it."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass

import pytest

from keyturn.application.access_messages import AccessState
from keyturn.application.access_review import AccessReview
from keyturn.application.events import Topic
from keyturn.application.ports.milestones import Unwatched
from keyturn.application.seals import Seals
from keyturn.bootstrap.foundation import Foundation, lay_foundation
from keyturn.bootstrap.presence import Presence
from keyturn.bootstrap.windowed import make_access_review, make_seals
from keyturn.domain.configuration import Limits
from keyturn.domain.rule import Effect, Rule
from tests.e2e.desk import Folders, own_folders
from tests.fakes.secret_store import FakeSecretStore

RULE = Rule(id="r-allow", effect=Effect.ALLOW, tool="read_page")
EDITS = {
    "the notes taken away": "DELETE FROM access_looks; DELETE FROM seals WHERE name = "
    "'access_looks'; DELETE FROM seal_sets WHERE name = 'access_looks'",
    "one note put off": 'UPDATE access_looks SET data = replace(data, \'"at":"2\', \'"at":"3\')',
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What a broker with a window stands on."""

    foundation: Foundation
    seals: Seals
    access: AccessReview

    def rule(self) -> AccessState:
        """Return the rule as it is listed."""
        (found,) = (state for state in self.access.states() if state.kind == "rule")
        return found

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds of what is listed."""
        told = asyncio.Event()
        leave = self.foundation.observers.subscribe(
            lambda topic: told.set() if topic is Topic.ACCESS else None
        )
        while not holds():
            await told.wait()
            told.clear()
        leave()


@asynccontextmanager
async def started(folders: Folders, keychain: FakeSecretStore) -> AsyncGenerator[Started]:
    """Start it, and end it."""
    foundation = await lay_foundation(
        folders.profile,
        folders.env(),
        limits=Limits(),
        secrets=FakeSecretStore(),
        milestones=Unwatched(),
    )
    presence = Presence(foundation, keychain)
    access = make_access_review(foundation)
    seals = make_seals(foundation, keychain, presence, access)
    try:
        await seals.start()
        yield Started(foundation=foundation, seals=seals, access=access)
    finally:
        await presence.close()
        await access.close()
        await seals.close()
        await foundation.close()


@pytest.mark.requirement("ACCESS-2", "ACCESS-4")
@pytest.mark.parametrize("edit", EDITS)
def test_what_was_noted_outlives_the_broker_and_no_other_program_changes_it(edit: str) -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with started(folders, keychain) as broker:
            await broker.foundation.rules.add(RULE)
            await broker.until(lambda: bool(broker.rule().since))
            first = broker.rule()
            assert not first.overdue
        async with started(folders, keychain) as broker:
            assert broker.rule() == first
        with closing(sqlite3.connect(folders.profile.database)) as connection:
            connection.executescript(EDITS[edit])
        async with started(folders, keychain) as broker:
            assert broker.rule().overdue
            (change,) = broker.seals.state().changed
            await broker.seals.settle(change.table, change.shown, accept=False)
            assert broker.rule().overdue
        async with started(folders, keychain) as broker:
            assert broker.rule().overdue
            await broker.access.keep("rule", RULE.id, broker.rule().digest)
            assert (broker.rule().overdue, broker.rule().kept) == (False, True)

    async def bounded(told: Callable[[Folders], Coroutine[None, None, None]]) -> None:
        async with asyncio.timeout(60):
            with own_folders() as folders:
                await told(folders)

    asyncio.run(bounded(story))
