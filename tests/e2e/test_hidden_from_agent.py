"""A headless FILE that hides tools from its agent, at a real broker and through the real shim."""

import pytest

from tests.e2e.desk import Folders, own_keyturn
from tests.e2e.headless import Headless
from tests.e2e.raw_client import raw_client
from tests.e2e.servers import raw_server


@pytest.mark.requirement("HIDE-1")
def test_what_file_does_not_name_is_neither_listed_nor_called(folders: Folders) -> None:
    server = raw_server(folders)
    with own_keyturn(folders) as keyturn:
        headless = Headless(
            folders=folders,
            keyturn=keyturn,
            servers={"raw": server.command},
            tiers={"*": "T0"},
            sees=("raw/ec*",),
            more='[[rules]]\neffect = "allow"\n',
        )
        headless.start()
        with raw_client(headless.keyturn.env, "raw", folders.root / "shim.log") as client:
            client.shake()
            client.say({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
            listed = client.answer_to(1)["result"]["tools"]
            assert [tool["name"] for tool in listed] == ["echo"]
            for number, name in ((2, "twice"), (3, "echo")):
                params = {"name": name, "arguments": {"text": "hello"}}
                call = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}
                client.say(call)
            assert "not offered" in client.answer_to(2)["result"]["content"][0]["text"]
            assert client.answer_to(3)["result"]["content"][0]["text"] == "hello"
