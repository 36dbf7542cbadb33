"""A broker's start with lists on disk: they hold as they were sealed, and hide all if changed."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, closing

import pytest

from keyturn.application.ports.milestones import Unwatched
from keyturn.application.ports.stores import Used
from keyturn.application.seals import Seals
from keyturn.bootstrap.foundation import Foundation, lay_foundation
from keyturn.bootstrap.presence import Presence
from keyturn.bootstrap.windowed import make_seals
from keyturn.domain.configuration import Limits
from keyturn.domain.rule import Kind
from keyturn.domain.sight import SightProfile, row_of
from tests.e2e.desk import Folders, own_folders
from tests.factories import make_connection
from tests.fakes.secret_store import FakeSecretStore

READS = (row_of("logistics/read_*"),)
ANALYST, AUDITOR = make_connection(), make_connection(agent="auditor")
EDITS = {
    "a list taken away": "DELETE FROM sights WHERE name = 'analyst'",
    "a list widened": "UPDATE sights SET data = replace(data, 'read_*', '*')",
    "a list added": "INSERT INTO sights SELECT kind, 'coder', data FROM sights LIMIT 1",
    "all taken away": "DELETE FROM sights; DELETE FROM seals WHERE name = 'sights'; "
    "DELETE FROM seal_sets WHERE name = 'sights'",
}


@asynccontextmanager
async def started(folders: Folders, keychain: FakeSecretStore) -> AsyncGenerator[Foundation]:
    """Start what a broker with a window stands on, and end it."""
    async with sealed(folders, keychain) as (foundation, _):
        yield foundation


@asynccontextmanager
async def sealed(
    folders: Folders, keychain: FakeSecretStore
) -> AsyncGenerator[tuple[Foundation, Seals]]:
    """The same, with its seals."""
    foundation = await lay_foundation(
        folders.profile,
        folders.env(),
        limits=Limits(),
        secrets=FakeSecretStore(),
        milestones=Unwatched(),
    )
    presence = Presence(foundation, keychain)
    seals = make_seals(foundation, keychain, presence)
    try:
        await seals.start()
        yield foundation, seals
    finally:
        await presence.close()
        await seals.close()
        await foundation.close()


def sees(foundation: Foundation, tool: str = "dispatch_order") -> tuple[bool, bool]:
    """Tell what the two agents see of a tool."""
    both = (ANALYST, AUDITOR)
    first, second = (foundation.sights.sees(one, Kind.CALL, tool) for one in both)
    return first, second


@pytest.mark.requirement("HIDE-1", "SEAL-1")
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_lists_that_another_program_changed_show_nothing_to_anybody(edit: str) -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with started(folders, keychain) as foundation:
            await foundation.sights.set_rows("analyst", READS)
            foundation.uses.used(Used.RULE, "r-a")
            assert sees(foundation) == (False, True)
        async with started(folders, keychain) as foundation:
            assert sees(foundation) == (False, True)
            assert sees(foundation, "read_page") == (True, True)
            # Written by a clean end, and not before.
            assert foundation.uses.of(Used.RULE, "r-a").count == 1
        with closing(sqlite3.connect(folders.profile.database)) as connection:
            connection.executescript(edit)
        async with started(folders, keychain) as foundation:
            assert sees(foundation, "read_page") == (False, False)

    told(story)


@pytest.mark.requirement("HIDE-1", "SEAL-2")
@pytest.mark.parametrize("edit", EDITS)
def test_leaving_a_list_out_shows_its_agent_nothing_rather_than_all(edit: str) -> None:
    """The one button that is always there must not undo what the list was made for."""

    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        folders.profile.create()
        async with started(folders, keychain) as foundation:
            await foundation.registry.enrol("analyst")
            await foundation.sights.set_rows("analyst", READS)
        with closing(sqlite3.connect(folders.profile.database)) as connection:
            connection.executescript(EDITS[edit])
        async with sealed(folders, keychain) as (foundation, seals):
            (change,) = seals.state().changed
            await seals.settle(change.table, change.shown, accept=False)
            assert seals.state().changed == ()
            assert sees(foundation) == (False, True)
            # Where only another one's was added, its own is as it was.
            assert sees(foundation, "read_page")[0] is (edit == "a list added")
        async with started(folders, keychain) as foundation:
            assert sees(foundation) == (False, True)

    told(story)


@pytest.mark.requirement("HIDE-2")
def test_a_profile_goes_on_over_a_restart() -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with started(folders, keychain) as foundation:
            await foundation.sights.set_profiles_only("analyst", on=True)
            await foundation.sights.put_profile(SightProfile(name="Reporting", rows=READS))
            await foundation.sights.switch("analyst", "Reporting", 3600)
            until = foundation.sights.of("analyst").until
        async with started(folders, keychain) as foundation:
            assert foundation.sights.of("analyst").until == until
            assert sees(foundation, "read_page") == (True, True)
            assert sees(foundation) == (False, True)

    told(story)


def told(story: Callable[[Folders], Coroutine[None, None, None]]) -> None:
    """Run a story on folders of its own."""

    async def bounded(folders: Folders) -> None:
        async with asyncio.timeout(60):
            await story(folders)

    with own_folders() as folders:
        asyncio.run(bounded(folders))
