"""A held call on the real filesystem server: a person allows it, or not, with the keyboard."""

import pytest

from keyturn.domain.tier import Tier
from tests.e2e.agent_host import connected, text_of
from tests.e2e.desk import Folders, Keyturn, wait_until
from tests.e2e.person import Person
from tests.e2e.seeding import seed
from tests.e2e.servers import files_server

pytestmark = pytest.mark.npm


def test_an_allowed_write_is_written_recorded_and_verified(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    target = folders.work / "held.txt"
    seed(folders, files_server(folders))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with connected(keyturn.env, "files") as host:
        assert "write_file" in host.reviewed_tools()
        call = host.call("write_file", {"path": str(target), "content": "allowed\n"})
        keyturn.wait_for_waiting(1)
        # T2: without the acknowledgement no waiting and no pressing allows it.
        person.press_in_vain("ctrl+Return", call.done, 2.5)
        person.picture("card-before-confirming")
        person.confirm_value()
        person.allow()
        result = call.result(10)
        assert not result.is_error, text_of(result)
        person.picture("queue-after-allowing")
    assert target.read_text() == "allowed\n"
    wait_until(lambda: keyturn.history("tool:write_file")[0]["delivery"], "its delivery's record")
    row = keyturn.history("tool:write_file")[0]
    assert (row["outcome"], row["actor"], row["delivery"]) == ("allowed_once", "human", "completed")
    assert keyturn.verify().returncode == 0


def test_a_denied_write_is_not_sent(folders: Folders, keyturn: Keyturn, person: Person) -> None:
    target = folders.work / "held.txt"
    seed(folders, files_server(folders))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with connected(keyturn.env, "files") as host:
        call = host.call("write_file", {"path": str(target), "content": "denied\n"})
        keyturn.wait_for_waiting(1)
        person.deny()
        result = call.result(10)
        assert result.is_error
        assert text_of(result).startswith("Denied by the user in Keyturn. Nothing was sent.")
        # The focus that the card had must not fall on a button: Space would press it.
        person.screen.key("space", "Return")
        person.picture("queue-after-denying")
        status = keyturn.status()
        assert status is not None
        assert status["stopped"] is False, status
    assert not target.exists()
    row = keyturn.history("tool:write_file")[0]
    assert (row["outcome"], row["actor"], row["delivery"]) == ("denied_user", "human", "")
    assert keyturn.verify().returncode == 0


def test_a_tool_without_a_tier_is_allowed_only_by_its_typed_name(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    target = folders.work / "held.txt"
    seed(folders, files_server(folders, write=None))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with connected(keyturn.env, "files") as host:
        call = host.call("write_file", {"path": str(target), "content": "typed\n"})
        keyturn.wait_for_waiting(1)
        person.confirm_value()
        person.press_in_vain("ctrl+Return", call.done, 2.5)
        person.picture("card-before-typing-the-name")
        # The key that was pressed in vain has led to the field of what is owed.
        person.screen.type("write_file")
        person.picture("card-with-the-name-typed")
        person.allow()
        assert not call.result(10).is_error
    assert target.read_text() == "typed\n"
    row = keyturn.history("tool:write_file")[0]
    assert (row["outcome"], row["tier"]) == ("allowed_once", Tier.T3.name)
