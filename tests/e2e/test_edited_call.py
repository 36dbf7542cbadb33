"""A person changes the arguments of a held call with the keyboard alone; the server gets theirs."""

import json
import sys
from typing import Final

import pytest

from keyturn.application.edit_told import EDITED_KEY, EDITED_TEXT
from keyturn.domain.tier import Tier
from tests.e2e.agent_host import connected
from tests.e2e.desk import Folders, Keyturn, wait_until
from tests.e2e.person import Person
from tests.e2e.seeding import SeededServer, seed
from tests.e2e.servers import PLAIN_SERVER
from tests.fakes.masked_calls import TOKEN

SHEET: Final = (600, 560, 1100, 660)
"""Where the field stands in a window of the usual size, and the card has nothing that moves."""

VALUE: Final = (550, 250, 900, 290)
"""Where the value that decides stands."""


@pytest.mark.requirement("CARD-MASK", "EDIT-1", "EDIT-2", "EDIT-4")
def test_the_server_gets_what_the_person_wrote_and_the_agent_hears_that_they_did(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    command = (sys.executable, str(PLAIN_SERVER))
    seed(folders, SeededServer(name="plain", command=command, tiers={"*": Tier.T1}))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with connected(keyturn.env, "plain") as host:
        assert "note" in host.reviewed_tools()
        call = host.call("note", {"text": TOKEN})
        keyturn.wait_for_waiting(1)
        person.sees_card()
        before = person.comes_to_see(SHEET, "card-before-editing")
        masked = person.sees(VALUE, "card-masked")
        # What is hidden is looked at before it is written in a field, and only while that is held.
        person.screen.key("ctrl+e")
        with person.screen.held("space"):
            wait_until(lambda: person.sees(VALUE, "card-held") != masked, "what is hidden")
        wait_until(lambda: person.sees(VALUE, "card-let-go") == masked, "a mask again")
        person.press_until("ctrl+e", lambda: person.sees(SHEET, "sheet") != before)
        person.screen.key("ctrl+a")
        person.screen.type('{"text": "mine"}')
        person.comes_to_see(SHEET, "sheet-written")
        person.picture("sheet")
        person.screen.key("Tab", "Tab", "space")
        # Back where the sheet was stands the card again, another one.
        person.comes_to_see(SHEET, "card-after-editing")
        person.picture("card-edited")
        assert not call.done()
        person.allow()
        result = call.result(10)
    texts = [getattr(block, "text", "") for block in result.content]
    # The server says what it was given.
    assert texts == [EDITED_TEXT, "mine"]
    assert result.meta is not None
    assert result.meta[EDITED_KEY] is True
    row = keyturn.history("tool:note")[0]
    assert (row["outcome"], row["actor"]) == ("allowed_modified", "human")
    assert json.loads(row["arguments"]) == {"text": "mine"}
    assert keyturn.verify().returncode == 0
