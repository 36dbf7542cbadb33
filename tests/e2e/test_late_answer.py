"""Demonstration 2, *late answer*: the agent has given up; its retry runs exactly once."""

import pytest
from mcp.shared.exceptions import MCPError

from tests.e2e.agent_host import connected
from tests.e2e.desk import Folders, Keyturn, wait_until
from tests.e2e.person import Person
from tests.e2e.seeding import seed
from tests.e2e.servers import calls_seen, raw_server
from tests.e2e.test_open_ends import detached

PATIENCE_SECONDS = 2.0
"""An agent's own limit; of 30 to 300 seconds in tests/bench/late_answer.py."""
ASKED = {"text": "order 41 pallets"}


@pytest.mark.requirement("D1", "I-05")
def test_demonstration_2_a_decision_after_the_agents_time_out_runs_the_retry_once(
    folders: Folders, keyturn: Keyturn, person: Person
) -> None:
    """Late answer: allowed after the agent timed out, run by its retry, `allowed_retry_grant`."""
    seed(folders, raw_server(folders))
    keyturn.start("--platform", "xcb")
    person.sit_down()
    with connected(keyturn.env, "raw", mode="legacy") as host:
        with pytest.raises(MCPError, match="[Tt]imed out"):
            host.do(host.client.call_tool, "echo", ASKED, read_timeout_seconds=PATIENCE_SECONDS)
        wait_until(lambda: detached(folders), "the record that nobody waits any more")
        person.picture("late-answer-one-retry")
        person.allow()
        assert calls_seen(folders) == []
        retry = host.call("echo", ASKED).result(10)
        assert not retry.is_error
        assert len(calls_seen(folders)) == 1
        # The grant is used up, and another call never had one.
        for number, arguments in enumerate((ASKED, {"text": "order 42 pallets"}), 1):
            host.call("echo", arguments)
            keyturn.wait_for_waiting(number)
        assert len(calls_seen(folders)) == 1
        rows = wait_until(
            lambda: keyturn.history("outcome:allowed_retry_grant"), "the retry in the history"
        )
        assert len(rows) == 1
    assert keyturn.verify().returncode == 0
