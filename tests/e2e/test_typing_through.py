"""Demonstration 1, *type-through*: keys held down while calls arrive decide nothing."""

import time
from concurrent.futures import Future
from contextlib import ExitStack

import pytest
from mcp.types import CallToolResult

from keyturn.domain.tier import Tier
from tests.e2e.agent_host import connected
from tests.e2e.desk import Folders, Keyturn
from tests.e2e.person import Person
from tests.e2e.seeding import seed
from tests.e2e.servers import calls_seen, raw_server

KEYS = ("Return", "space", "y", "a", "1")
HELD_SECONDS = 5.0
CALLS_A_KEY = 50


@pytest.mark.requirement("C2")
@pytest.mark.timeout(180)
def test_demonstration_1_a_held_key_decides_nothing_while_calls_arrive(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    """Type-through: Enter, and four keys more, held while 50 calls each arrive; none is decided."""
    # One agent may have 200 waiting calls; 5 keys with 50 calls each need two.
    agents = ("analyst", "coder")
    seed(folders, raw_server(folders, Tier.T0), agents=agents)
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with ExitStack() as stack:
        hosts = [
            stack.enter_context(connected(keyturn.env, "raw", agent=agent, mode="legacy"))
            for agent in agents
        ]
        calls: list[Future[CallToolResult]] = []
        for key in KEYS:
            began = time.monotonic()
            with person.screen.held(key):
                for number in range(CALLS_A_KEY):
                    host = hosts[number % len(hosts)]
                    calls.append(host.call("echo", {"text": f"{key} {number}"}))
                    # They arrive over the whole time that the key is down.
                    due = began + (number + 1) * HELD_SECONDS / CALLS_A_KEY
                    time.sleep(max(0.0, due - time.monotonic()))
            keyturn.wait_for_waiting(len(calls))
        person.picture("queue-250-waiting")
        assert not [call for call in calls if call.done()]
        assert calls_seen(folders) == []
        assert keyturn.history() == []
        status = keyturn.status()
        assert status is not None
        assert status["stopped"] is False
