"""A broker's start with what changed around agents: who was raised is, and all are after edits."""

import sqlite3
from contextlib import closing

import pytest

from keyturn.domain.step_up import Cause, Seen
from tests.e2e.desk import Folders
from tests.fakes.secret_store import FakeSecretStore
from tests.integration.test_sealed_sights import started, told

SEEN = Seen(agent="analyst", server="ship", cause=Cause.DRIFT, name="dispatch", mark="m-1")
EDITS = {
    "taken away": "DELETE FROM step_ups",
    "said to be looked at": """UPDATE step_ups SET data = replace(data, '"m-1"', '')""",
    "all traces": "DELETE FROM step_ups; DELETE FROM seals WHERE name = 'step_ups'; "
    "DELETE FROM seal_sets WHERE name = 'step_ups'",
}


@pytest.mark.requirement("STEP-2", "SEAL-1")
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_neither_a_restart_nor_an_edit_lowers(edit: str) -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with started(folders, keychain) as foundation:
            assert not foundation.rules.raised("analyst")
            foundation.reviews.seen.tell(SEEN)
            assert foundation.rules.raised("analyst")
            assert not foundation.rules.raised("auditor")
        async with started(folders, keychain) as foundation:
            assert foundation.rules.raised("analyst")
            assert not foundation.rules.raised("auditor")
        with closing(sqlite3.connect(folders.profile.database)) as connection:
            connection.executescript(edit)
        async with started(folders, keychain) as foundation:
            assert foundation.rules.raised("analyst")
            assert foundation.rules.raised("auditor")
            assert foundation.rules.distrusted

    told(story)
