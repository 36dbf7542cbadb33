"""A press that was made for one card, while the window could hear nothing, is none for the next."""

import os
import signal
import time

import pytest

from keyturn.domain.tier import Tier
from tests.e2e.desk import Folders, Keyturn
from tests.e2e.person import Person
from tests.e2e.raw_client import raw_client
from tests.e2e.seeding import seed
from tests.e2e.servers import calls_seen, raw_server

ARMED_SECONDS = 2.0
FROZEN_SECONDS = 1.6
"""Longer than a card of T1 takes to arm."""


def texts_seen(folders: Folders) -> list[str]:
    return [call["params"]["arguments"]["text"] for call in calls_seen(folders)]


@pytest.mark.requirement("C1")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("before", [0.1, 0.35])
def test_a_press_into_a_frozen_window_is_for_what_was_seen_then(
    before: float, folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    seed(folders, raw_server(folders, Tier.T1))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
        client.shake()
        for waiting, text in enumerate(("first", "second"), 1):
            asked = {"name": "echo", "arguments": {"text": text}}
            client.say({"jsonrpc": "2.0", "id": text, "method": "tools/call", "params": asked})
            # Of two that come together, either may be the one that is open.
            keyturn.wait_for_waiting(waiting)
        # What a person takes to read the first card, whose time runs meanwhile.
        time.sleep(ARMED_SECONDS)
        person.screen.key("ctrl+Return")
        time.sleep(before)
        os.kill(keyturn.console, signal.SIGSTOP)
        try:
            time.sleep(0.2)
            person.screen.key("ctrl+Return")
            time.sleep(FROZEN_SECONDS)
        finally:
            os.kill(keyturn.console, signal.SIGCONT)
        keyturn.wait_for_waiting(1)
        time.sleep(1.0)
        assert texts_seen(folders) == ["first"]
        # And it can be allowed by a press that is meant for it.
        person.allow()
        assert keyturn.waiting() == 0
