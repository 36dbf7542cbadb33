"""Without a broker agents are refused, which is said, and the next broker goes on from there."""

from collections.abc import Iterator

import pytest

from keyturn.domain.rule import Effect, Rule
from tests.e2e.agent_host import connected
from tests.e2e.desk import Folders, Keyturn, own_keyturn
from tests.e2e.raw_client import raw_client
from tests.e2e.seeding import seed
from tests.e2e.servers import calls_seen, raw_server

ALLOW_ECHO = Rule(id="echo", effect=Effect.ALLOW, server="raw", tool="echo")


@pytest.fixture
def keyturn(folders: Folders) -> Iterator[Keyturn]:
    """A Keyturn without a display, whose rule lets the call go."""
    seed(folders, raw_server(folders), rules=(ALLOW_ECHO,))
    with own_keyturn(folders) as made:
        yield made


@pytest.mark.requirement("E1", "E3", "E4")
def test_a_broker_that_is_gone_refuses_everything_until_it_is_started_again(
    folders: Folders, keyturn: Keyturn
) -> None:
    keyturn.start("--platform", "offscreen")
    with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
        client.shake()
        assert client.call(1, "echo", "before")["result"].get("isError") is not True
        keyturn.kill()
        # The host sees its server end, and no answer that could be taken for one.
        assert client.ended() == 1
    status = keyturn.run("status")
    assert status.returncode == 3
    assert status.stdout + status.stderr == "Keyturn is not running; agents are refused.\n"
    keyturn.start("--platform", "offscreen")
    with connected(keyturn.env, "raw", mode="legacy") as host:
        assert not host.call("echo", {"text": "again"}).result(20).is_error
    assert [call["params"]["arguments"]["text"] for call in calls_seen(folders)] == [
        "before",
        "again",
    ]
    assert keyturn.verify().returncode == 0
