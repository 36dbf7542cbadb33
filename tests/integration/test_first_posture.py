"""The posture of a new profile, and every way in which a program could make it a looser one."""

import sqlite3
from contextlib import closing

import pytest

from keyturn.application.intents import POSTURE_SETTING
from keyturn.application.seals import Sealing
from keyturn.domain.policy import Posture
from tests.e2e.desk import Folders
from tests.fakes.secret_store import FakeSecretStore
from tests.integration.test_sealed_sights import sealed, started, told

ALL, READS = Posture.ASK_ALL, Posture.ASK_WRITES
TAKEN = f"DELETE FROM settings WHERE name = '{POSTURE_SETTING}'"
EDITS = {
    "the row taken away": TAKEN,
    "the row and its seal taken away": f"{TAKEN}; DELETE FROM seals WHERE name = 'settings'",
    "every seal taken away": f"{TAKEN}; DELETE FROM seals; DELETE FROM seal_sets",
    "the row changed": "UPDATE settings SET value = 'ask_writes' WHERE name = 'posture'",
    "another program's nonsense": "UPDATE settings SET value = 'never' WHERE name = 'posture'",
}


def edit(folders: Folders, script: str) -> None:
    """Change the database as a program with file access does, while nobody runs."""
    with closing(sqlite3.connect(folders.profile.database)) as connection:
        connection.executescript(script)


def written(folders: Folders) -> list[str]:
    """Return who changed the posture to what, by the log."""
    with closing(sqlite3.connect(folders.profile.database)) as connection:
        bodies = [str(row[0]) for row in connection.execute("SELECT body FROM records")]
    return [
        f"{actor} {posture.value}"
        for body in bodies
        if f'"name":"{POSTURE_SETTING}"' in body
        for actor in ("human", "keyturn")
        for posture in Posture
        if f'"{actor}"' in body and f'"{posture.value}"' in body
    ]


@pytest.mark.requirement("POSTURE-1")
def test_a_new_profile_lets_confirmed_reads_through_by_a_recorded_sealed_row() -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with started(folders, keychain) as foundation:
            assert foundation.rules.posture is READS
            assert not foundation.rules.distrusted
            assert foundation.registry.settings[POSTURE_SETTING] == "ask_writes"
        assert written(folders) == ["keyturn ask_writes"]
        async with started(folders, keychain) as foundation:
            assert foundation.rules.posture is READS
            assert not foundation.rules.distrusted
        assert written(folders) == ["keyturn ask_writes"]

    told(story)


@pytest.mark.requirement("POSTURE-1")
@pytest.mark.parametrize("script", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("chosen", [ALL, READS], ids=str)
def test_no_edit_of_the_file_makes_the_posture_looser(script: str, chosen: Posture) -> None:
    """Where it was the looser one already, the edit has it ask, or changes nothing."""

    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with started(folders, keychain) as foundation:
            await foundation.registry.put_setting(POSTURE_SETTING, chosen.value)
        edit(folders, script)
        async with sealed(folders, keychain) as (foundation, seals):
            untouched = chosen is READS and script == EDITS["the row changed"]
            assert foundation.rules.distrusted is not untouched
            assert foundation.rules.posture is (READS if untouched else ALL)
            for change in seals.state().changed:
                await seals.settle(change.table, change.shown, accept=False)
            assert foundation.rules.posture is (READS if untouched else ALL)
        async with started(folders, keychain) as foundation:
            assert foundation.rules.posture is (READS if untouched else ALL)

    told(story)


@pytest.mark.requirement("POSTURE-1")
def test_a_row_that_is_taken_away_while_it_runs_comes_back_to_nobody() -> None:
    """In the very run that made the profile, after a person chose to be asked about all."""

    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with sealed(folders, keychain) as (foundation, seals):
            await foundation.registry.put_setting(POSTURE_SETTING, ALL.value)
            edit(folders, EDITS["the row taken away"])
            await seals.unlock()
            foundation.rules.posture = ALL
        async with sealed(folders, keychain) as (foundation, seals):
            assert foundation.rules.posture is ALL
            (change,) = seals.state().changed
            await seals.settle(change.table, change.shown, accept=True)
            assert foundation.rules.posture is ALL

    told(story)


@pytest.mark.requirement("POSTURE-1")
@pytest.mark.parametrize("first_start", ["before the keychain", "with it"])
def test_a_profile_that_was_there_keeps_what_it_had(first_start: str) -> None:
    """One of a version that asked about every call, and never wrote that down."""

    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        folders.profile.create()
        if first_start == "with it":
            async with started(folders, keychain) as foundation:
                await foundation.registry.enrol("analyst")
            edit(folders, TAKEN)
            # As that version would have sealed it.
            async with sealed(folders, keychain) as (_, seals):
                (change,) = seals.state().changed
                await seals.settle(change.table, change.shown, accept=True)
        else:
            async with started(folders, FakeSecretStore(state="locked")):
                pass
        async with started(folders, keychain) as foundation:
            assert foundation.rules.posture is ALL
            assert POSTURE_SETTING not in foundation.registry.settings

    told(story)


@pytest.mark.requirement("POSTURE-1", "SEAL-1")
def test_a_file_that_was_taken_away_is_no_new_profile_to_who_has_its_key() -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with started(folders, keychain) as foundation:
            await foundation.registry.put_setting(POSTURE_SETTING, ALL.value)
        for path in folders.profile.folder.glob("keyturn.db*"):
            path.unlink()
        async with sealed(folders, keychain) as (foundation, seals):
            assert foundation.made
            assert foundation.rules.posture is ALL
            assert foundation.rules.distrusted
            for change in seals.state().changed:
                await seals.settle(change.table, change.shown, accept=True)
            assert foundation.rules.posture is ALL
        assert written(folders) == []

    told(story)


@pytest.mark.requirement("POSTURE-1")
def test_behind_a_locked_keychain_it_waits_for_the_key_and_yields_to_a_person() -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore(state="locked")
        async with sealed(folders, keychain) as (foundation, seals):
            assert seals.sealing is Sealing.NONE
            assert foundation.rules.posture is ALL
            assert written(folders) == []
            keychain.state = "ready"
            await seals.unlock()
            assert seals.sealing is Sealing.ON
            assert foundation.rules.posture is READS
        assert written(folders) == ["keyturn ask_writes"]

    async def chosen(folders: Folders) -> None:
        keychain = FakeSecretStore(state="locked")
        async with sealed(folders, keychain) as (foundation, seals):
            await foundation.registry.put_setting(POSTURE_SETTING, ALL.value)
            edit(folders, TAKEN)
            keychain.state = "ready"
            await seals.unlock()
            assert foundation.rules.posture is ALL
        assert written(folders) == ["human ask_all"]

    told(story)
    told(chosen)


@pytest.mark.requirement("POSTURE-1")
def test_without_any_keychain_it_is_written_too_and_nonsense_asks() -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore(state="missing")
        async with started(folders, keychain) as foundation:
            assert foundation.rules.posture is READS
        for script in (EDITS["another program's nonsense"], TAKEN):
            edit(folders, script)
            async with started(folders, keychain) as foundation:
                assert foundation.rules.posture is ALL

    told(story)
