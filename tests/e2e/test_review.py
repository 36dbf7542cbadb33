"""The review of a new server at the window: its command, then each tool with its tier."""

import itertools
import json
import sys

import pytest

from tests.e2e.agent_host import connected, text_of
from tests.e2e.desk import SECONDS, Folders, Keyturn, wait_until
from tests.e2e.person import Person
from tests.e2e.raw_client import SHAKE, raw_client
from tests.e2e.seeding import SeededServer, seed
from tests.e2e.servers import PLAIN_SERVER

TOOLS = {"fingerprint", "note"}
TO_READS = ("Tab", "space")
"""From the headline to the first choice of tier, "T0 Reads", and choose it."""
SLOWLY = 25
"""Turns of the wheel, one at a time, that bring each line of a definition on screen."""
ARGUMENTS = (780, 640)
"""In the middle of the definition's lines, in the window."""


# Beside others a key is now and then typed before the card takes it, and the chain of keys breaks.
@pytest.mark.alone
def test_a_new_server_is_reviewed_in_the_window(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    command = (sys.executable, str(PLAIN_SERVER))
    seed(folders, SeededServer(name="plain", command=command), reviewed=False)
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with raw_client(keyturn.env, "plain", folders.root / "shim.log") as client:
        # The handshake is held until a person agrees to the command, 8 s at most.
        client.say({"jsonrpc": "2.0", "id": "init", "method": "initialize", "params": SHAKE})
        keyturn.wait_for_waiting(1)
        person.confirm_value()
        person.picture("review-of-a-command")
        person.press_until("ctrl+Return", lambda: keyturn.waiting() == 0)
        started = client.answer_to("init")
    if "error" in started:
        # Too late for this connection, which was told to reconnect.
        assert "waiting for review in Keyturn, then reconnect" in started["error"]["message"]
    with raw_client(keyturn.env, "plain", folders.root / "shim.log") as client:
        assert client.shake()["result"]["serverInfo"]["name"] == "plain"
        keyturn.wait_for_waiting(2)
        unreviewed = client.call(1, "fingerprint")
        assert "the user has not reviewed this tool" in str(unreviewed)
        for count in (1, 2):
            review_a_read(person, keyturn, count)
        client.say({"jsonrpc": "2.0", "id": 2, "method": "tools/list"})
        assert {tool["name"] for tool in client.answer_to(2)["result"]["tools"]} == TOOLS
    assert pins(keyturn) == dict.fromkeys(TOOLS, "T0")
    with connected(keyturn.env, "plain") as host:
        call = host.call("fingerprint", {})
        person.allow()
        assert not call.result(SECONDS).is_error, text_of(call.result())
    row = keyturn.history("tool:fingerprint")[0]
    assert (row["outcome"], row["tier"]) == ("allowed_once", "T0")
    assert keyturn.verify().returncode == 0


def review_a_read(person: Person, keyturn: Keyturn, count: int) -> None:
    """Pin the tool on screen as one that reads; `count` are pinned then."""
    person.confirm_value()
    person.screen.key(*TO_READS)
    person.picture(f"review-of-a-tool-{count}")

    # Every line of the definition has to be on screen once. A window that paints late misses some,
    # says so, and is gone through again: up this time, then down.
    steps = itertools.cycle((SLOWLY, -SLOWLY))

    def read_and_pin() -> bool:
        person.screen.scroll(person.screen.window(), *ARGUMENTS, steps=next(steps))
        return person.presses("ctrl+Return", lambda: keyturn.waiting() == len(TOOLS) - count, 5)

    wait_until(read_and_pin, "the pin of a tool that was read to its end", 2 * SECONDS)
    wait_until(lambda: len(pins(keyturn)) == count, "the pin")


def pins(keyturn: Keyturn) -> dict[str, str]:
    """Return the tier of each tool that is pinned."""
    done = keyturn.run("server", "show", "plain")
    assert done.returncode == 0, done.stderr
    return {tool["name"]: tool["tier"] for tool in json.loads(done.stdout)["tools"]}
