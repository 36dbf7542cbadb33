"""Environments of a FILE in a real broker: what would cross never reaches the server."""

import pytest

from tests.e2e.desk import Folders, own_keyturn
from tests.e2e.headless import Headless
from tests.e2e.raw_client import raw_client
from tests.e2e.servers import calls_seen, raw_server

ALLOW = '[[rules]]\neffect = "allow"'
REACH = '\n[[reach]]\nagent = "qa"\nother = "prod"'


@pytest.mark.requirement("ENV1")
@pytest.mark.parametrize(("more", "sent"), [(ALLOW, 0), (ALLOW + REACH, 1)])
def test_an_agent_of_qa_reaches_production_only_where_file_says_so(
    folders: Folders, more: str, sent: int
) -> None:
    with own_keyturn(folders) as keyturn:
        Headless(
            folders=folders,
            keyturn=keyturn,
            servers={"raw": raw_server(folders).command},
            tiers={"*": "T0"},
            of_agent="qa",
            of_servers="production",
            more=more,
        ).start()
        with raw_client(keyturn.env, "raw", folders.root / "shim.log") as client:
            client.shake()
            result = client.call(1, "echo", "hello")["result"]
        assert len(calls_seen(folders)) == sent
        assert result.get("isError", False) is (sent == 0)
        (row,) = keyturn.history("tool:echo")
        assert row["outcome"] == ("allowed_rule" if sent else "denied_rule")
