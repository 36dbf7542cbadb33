"""A person's pause of an agent, and every way in which a program could lift it."""

import sqlite3
from contextlib import closing

import pytest

from keyturn.application.agent_messages import FloodChoice
from keyturn.application.pauses import PAUSED_SETTING
from tests.e2e.desk import Folders
from tests.factories import make_connection
from tests.fakes.secret_store import FakeSecretStore
from tests.integration.test_first_posture import edit
from tests.integration.test_sealed_sights import sealed, started, told

ANALYST, CODER = make_connection(), make_connection(agent="coder")
TAKEN = f"DELETE FROM settings WHERE name = '{PAUSED_SETTING}'"
EDITS = {
    "the row taken away": TAKEN,
    "the row and its seal taken away": f"{TAKEN}; DELETE FROM seals WHERE name = 'settings'",
    "every seal taken away": f"{TAKEN}; DELETE FROM seals; DELETE FROM seal_sets",
    "nobody paused any more": f"UPDATE settings SET value = '[]' WHERE name = '{PAUSED_SETTING}'",
    "nonsense": f"UPDATE settings SET value = 'x' WHERE name = '{PAUSED_SETTING}'",
}


@pytest.mark.requirement("FLOOD", "LAW-4", "SEAL-1")
@pytest.mark.parametrize("script", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("accept", [False, True], ids=["left out", "sealed as it is"])
def test_no_edit_of_the_row_lifts_a_pause(script: str, accept: bool) -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with sealed(folders, keychain) as (foundation, seals):
            await foundation.floods.choose("analyst", FloodChoice.PAUSE, enrolled=True)
            edit(folders, script)
            await seals.unlock()
            assert foundation.stop.paused(ANALYST)
        async with sealed(folders, keychain) as (foundation, seals):
            assert foundation.stop.paused(ANALYST)
            for change in seals.state().changed:
                await seals.settle(change.table, change.shown, accept=accept)
            assert foundation.stop.paused(ANALYST)
        async with started(folders, keychain) as foundation:
            assert foundation.stop.paused(ANALYST)
            assert not foundation.stop.paused(CODER)

    told(story)


@pytest.mark.requirement("FLOOD", "LAW-4", "SEAL-1")
@pytest.mark.parametrize("state", ["locked", "missing"])
def test_no_keychain_is_needed_to_keep_one(state: str) -> None:
    async def story(folders: Folders) -> None:
        async with started(folders, FakeSecretStore()) as foundation:
            await foundation.floods.choose("analyst", FloodChoice.PAUSE, enrolled=True)
        async with started(folders, FakeSecretStore(state=state)) as foundation:
            assert foundation.stop.paused(ANALYST)

    told(story)


@pytest.mark.requirement("FLOOD")
def test_a_person_ends_it_for_good() -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with sealed(folders, keychain) as (foundation, seals):
            for agent in ("analyst", "coder"):
                await foundation.floods.choose(agent, FloodChoice.PAUSE, enrolled=True)
            await foundation.floods.choose("analyst", FloodChoice.GO_ON, enrolled=True)
            await seals.unlock()
            assert not foundation.stop.paused(ANALYST)
        async with started(folders, keychain) as foundation:
            assert not foundation.stop.paused(ANALYST)
            assert foundation.stop.paused(CODER)

    told(story)


@pytest.mark.requirement("FLOOD", "LAW-4", "SEAL-1")
def test_what_the_log_has_lost_the_sealed_row_still_holds() -> None:
    """Retention, or a program that cuts the log: each has to be met by the other."""

    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with started(folders, keychain) as foundation:
            await foundation.floods.choose("analyst", FloodChoice.PAUSE, enrolled=True)
        with closing(sqlite3.connect(folders.profile.database)) as connection:
            connection.execute("DELETE FROM events WHERE outcome = 'paused'")
            connection.commit()
        async with started(folders, keychain) as foundation:
            assert foundation.stop.paused(ANALYST)

    told(story)
