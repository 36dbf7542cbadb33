"""How calls end that nobody had answered when the broker ended: each has its outcome, none is sent.

One waits with its agent, another was given up by its agent and waits on for a person.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from keyturn.storage.queries.history import HistoryQuery
from tests.e2e.desk import Folders, Keyturn, own_keyturn, wait_until
from tests.e2e.headless import Headless
from tests.e2e.raw_client import RawClient, raw_client
from tests.e2e.servers import calls_seen, raw_server


@pytest.fixture
def keyturn(folders: Folders) -> Iterator[Keyturn]:
    """A broker whose approver never answers."""
    with own_keyturn(folders) as made:
        server = raw_server(folders).command
        headless = Headless(
            folders=folders, keyturn=made, servers={"raw": server}, answers={"*": "wait"}
        )
        headless.start()
        yield made


def ask(client: RawClient, keyturn: Keyturn) -> None:
    """Leave one call waiting with its agent, and one without."""
    client.shake()
    for request_id in (1, 2):
        params = {"name": "echo", "arguments": {"text": f"call {request_id}"}}
        frame = {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}
        client.say(frame)
        keyturn.wait_for_waiting(request_id)
    client.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 2}})
    client.say({"jsonrpc": "2.0", "id": "after", "method": "ping"})
    client.answer_to("after")


def detached(folders: Folders) -> int:
    """Return how many records there are of agents that stopped waiting."""
    with closing(HistoryQuery(folders.profile.database)) as query:
        return len(query.events(["detached"]))


def restart(keyturn: Keyturn) -> None:
    file = str(keyturn.folders.root / "keyturn.toml")
    keyturn.start("serve", "--headless", "--config", file, "--approver", "exec")


@pytest.mark.requirement("LAW-3", "I-09")
def test_at_the_brokers_end_each_call_gets_its_outcome(folders: Folders, keyturn: Keyturn) -> None:
    with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
        ask(client, keyturn)
        keyturn.end()
        answer: dict[str, Any] = client.answer_to(1)
        assert answer["result"]["isError"] is True
    outcomes = sorted(row["outcome"] for row in keyturn.history())
    assert outcomes == ["cancelled_by_client", "error_broker"]
    assert calls_seen(folders) == []
    assert keyturn.verify().returncode == 0


@pytest.mark.requirement("LAW-3", "I-09")
def test_after_a_crash_what_waited_without_its_agent_gets_its_outcome(
    folders: Folders, keyturn: Keyturn
) -> None:
    with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
        ask(client, keyturn)
        wait_until(lambda: detached(folders), "the record")
        keyturn.kill()
    assert keyturn.history() == []
    restart(keyturn)
    (row,) = wait_until(keyturn.history, "the outcome")
    assert row["outcome"] == "cancelled_by_client"
    assert row["tool"] == "echo"
    keyturn.kill()
    restart(keyturn)
    assert len(keyturn.history()) == 1
    assert calls_seen(folders) == []
    assert keyturn.verify().returncode == 0
