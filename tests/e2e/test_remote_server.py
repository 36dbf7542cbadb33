"""The windowed Keyturn and HTTP: servers at an address, also a proposed one, and agents over it."""

import asyncio
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import httpx2
import mcp
import psutil
import pytest
from mcp.client.streamable_http import streamable_http_client

from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.e2e.agent_host import connected, text_of
from tests.e2e.desk import ROOT, SECONDS, Folders, Keyturn, own_keyturn, wait_until
from tests.e2e.raw_client import raw_client
from tests.e2e.seeding import AGENT, SeededServer, seed
from tests.e2e.servers import PLAIN_SERVER

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
    wait_until(lambda: keyturn.history("tool:echo")[0]["delivery"], "the delivery on record")
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


@pytest.mark.gui
def test_an_agent_comes_over_http_where_a_person_lets_it(
    folders: Folders, keyturn: Keyturn
) -> None:
    allow = Rule(id="note", effect=Effect.ALLOW, server="near", tool="note")
    command = (sys.executable, str(PLAIN_SERVER))
    near = SeededServer(name="near", command=command, tiers={"*": Tier.T0})
    seed(folders, near, agents=(AGENT, "coder"), rules=(allow,), http=(AGENT,))
    keyturn.start("--platform", "offscreen")
    wait_until(lambda: kept_port(folders), "a port that the hosts can name")
    address = f"http://127.0.0.1:{kept_port(folders)}/s/near"

    async def story(token: str) -> str:
        headers = {"authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            transport = streamable_http_client(address, http_client=http)
            async with mcp.Client(transport) as client:
                return text_of(await client.call_tool("note", {"text": "here"}))

    def token_of(agent: str) -> str:
        return keyturn.profile.token(agent).read_text().strip()

    assert asyncio.run(story(token_of(AGENT))) == "here"
    answer = httpx2.post(address, headers={"authorization": f"Bearer {token_of('coder')}"})
    assert answer.status_code == 401
    assert [row["outcome"] for row in keyturn.history()] == ["allowed_rule"]


@pytest.mark.gui
def test_nobody_listens_for_http_where_no_person_says_so(
    folders: Folders, keyturn: Keyturn
) -> None:
    seed(folders)
    keyturn.start("--platform", "offscreen")
    assert keyturn.process is not None
    process = psutil.Process(keyturn.process.pid)
    family = (process, *process.children(recursive=True))
    assert [c for each in family for c in each.net_connections("inet")] == []


def kept_port(folders: Folders) -> str:
    """Return the port that the profile keeps; empty while it has none."""
    with closing(sqlite3.connect(f"file:{folders.profile.database}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT value FROM settings WHERE name = 'http_port'").fetchone()
    return found[0] if found else ""
