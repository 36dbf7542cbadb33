"""A server at an address behind the windowed Keyturn, and what an address only proposed is sent."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.e2e.agent_host import connected, text_of
from tests.e2e.desk import ROOT, SECONDS, Folders, Keyturn, own_keyturn
from tests.e2e.raw_client import raw_client
from tests.e2e.seeding import SeededServer, seed

SDK_SERVER = ROOT / "tests" / "integration" / "servers" / "sdk_server.py"


@pytest.fixture
def keyturn(folders: Folders) -> Iterator[Keyturn]:
    """A windowed Keyturn without a display, not started yet."""
    with own_keyturn(folders) as made:
        yield made


@pytest.fixture
def address() -> Iterator[str]:
    """Where a server of the SDK is asked."""
    argv = [sys.executable, str(SDK_SERVER), "http"]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}/mcp"
        finally:
            server.kill()


@pytest.mark.gui
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_its_tools_are_reviewed_and_called_like_any_others(
    mode: str, address: str, folders: Folders, keyturn: Keyturn
) -> None:
    allow = Rule(id="echo", effect=Effect.ALLOW, server="far", tool="echo")
    seed(folders, SeededServer(name="far", url=address, tiers={"*": Tier.T0}), rules=(allow,))
    keyturn.start("--platform", "offscreen")
    with connected(keyturn.env, "far", mode=mode) as host:
        assert text_of(host.call("echo", {"text": "there"}).result(SECONDS)) == "there"
    row = keyturn.history("tool:echo")[0]
    assert (row["server"], row["outcome"], row["delivery"]) == ("far", "allowed_rule", "completed")
    assert keyturn.verify().returncode == 0


@pytest.mark.gui
@pytest.mark.requirement("LAW-4")
def test_an_address_that_is_only_proposed_is_sent_nothing(
    folders: Folders, keyturn: Keyturn
) -> None:
    seed(folders)
    keyturn.start("--platform", "offscreen")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"
        header = "Authorization=keychain:far"
        done = keyturn.run("server", "add", "far", "--url", url, "--header", header)
        assert (done.returncode, done.stderr) == (0, "")
        assert keyturn.run("server", "list").stdout == f"far  {url}  (proposed)\n"
        with raw_client(keyturn.env, "far", folders.root / "shim.log") as client:
            assert "error" in client.shake()
        with pytest.raises(BlockingIOError):
            listener.accept()
    both = keyturn.run("server", "add", "near", "--url", url, "/bin/cat")
    assert both.returncode != 0
    assert both.stderr.startswith(
        "keyturn: The server near needs a command or an address, and not both."
    )
