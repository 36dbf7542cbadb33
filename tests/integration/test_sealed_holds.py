"""A broker's start with held tools on disk: all are held once another program changed that."""

import sqlite3
from contextlib import closing

import pytest

from keyturn.domain.result_controls import HOLDING, STRICTEST, ResultControls
from tests.e2e.desk import Folders
from tests.fakes.secret_store import FakeSecretStore
from tests.integration.test_sealed_sights import sealed, started, told

EDITS = {
    "taken away": "DELETE FROM settings WHERE name = 'result_controls'",
    "loosened": "UPDATE settings SET value = replace(value, 'true', 'false')",
    "all taken away": "DELETE FROM settings; DELETE FROM seals WHERE name = 'settings'; "
    "DELETE FROM seal_sets WHERE name = 'settings'",
}
HELD, OTHER = ("pages", "read"), ("logs", "tail")


@pytest.mark.requirement("SIGN-HOLD", "SEAL-1", "LAW-3")
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("left_out", [False, True])
def test_a_choice_that_another_program_changed_holds_every_tool(
    edit: str, *, left_out: bool
) -> None:
    async def story(folders: Folders) -> None:
        keychain = FakeSecretStore()
        async with started(folders, keychain) as foundation:
            tools = foundation.notices.controlling.tools
            await tools.put(*HELD, HOLDING)
            await tools.put(*OTHER, ResultControls(links=False))
        async with started(folders, keychain) as foundation:
            tools = foundation.notices.controlling.tools
            assert (tools.of(*HELD), tools.of(*OTHER).hold_signs) == (HOLDING, False)
            assert tools.of("logs", "other") == STRICTEST
        with closing(sqlite3.connect(folders.profile.database)) as connection:
            connection.executescript(edit)
        async with sealed(folders, keychain) as (foundation, seals):
            tools = foundation.notices.controlling.tools
            assert tools.of(*HELD) == tools.of(*OTHER) == HOLDING
            if left_out:
                (change,) = seals.state().changed
                await seals.settle(change.table, change.shown, accept=False)
                assert seals.state().changed == ()
                assert tools.of(*HELD) == tools.of(*OTHER) == HOLDING
        async with started(folders, keychain) as foundation:
            tools = foundation.notices.controlling.tools
            assert tools.of(*HELD) == tools.of(*OTHER) == HOLDING

    told(story)
