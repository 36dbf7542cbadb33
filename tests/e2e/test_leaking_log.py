"""The log file that leaks a key: no agent gets it, and nothing of Keyturn's holds it."""

import base64
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.types import BlobResourceContents, TextContent

from keyturn.storage.queries.history import HistoryQuery
from tests.canaries import a_github_token, a_web_token, an_aws_key, written_ways
from tests.e2e.agent_host import AgentHost, connected, text_of
from tests.e2e.desk import ROOT, Folders, Keyturn, own_keyturn
from tests.e2e.headless import Headless

LOG_SERVER = ROOT / "tests" / "integration" / "servers" / "log_server.py"
TOOLS = ("read_log", "read_state", "fail")
LARGE = 2_000
"""Times the log, which is then over 64 KiB."""
RULES = """
[[rules]]
effect = "allow"
kind = "read"
[[rules]]
effect = "allow"
kind = "prompt"
"""


@pytest.fixture
def keyturn(folders: Folders) -> Iterator[Keyturn]:
    """A Keyturn without a display."""
    with own_keyturn(folders) as made:
        yield made


@pytest.fixture
def canaries() -> list[str]:
    """Secrets that nobody has."""
    chance = random.Random()
    return [an_aws_key(chance), a_github_token(chance), a_web_token(chance)]


def leaking_log(canaries: list[str]) -> str:
    """Write the log of a service that prints its environment and its requests."""
    key, token, bearer = canaries
    return (
        f"09:00:01 \x1b[32mINFO\x1b[0m started AWS_ACCESS_KEY_ID={key}\n"
        f"09:00:02 GET /orders 200\n"
        f"09:00:03 Authorization: Bearer {bearer}\n"
        f"09:00:04 cloned with {token} \u200bok\n"
    )


@pytest.mark.requirement("RESULT-MASKED", "RESULT-UNSEEN", "RESULT-TOLD", "I-23")
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_a_log_that_leaks_a_key(
    mode: str, folders: Folders, keyturn: Keyturn, canaries: list[str]
) -> None:
    folders.work.mkdir(exist_ok=True)
    log = folders.work / "service.log"
    log.write_text(leaking_log(canaries), encoding="utf-8")
    served = Headless(
        folders=folders,
        keyturn=keyturn,
        servers={"logs": (sys.executable, str(LOG_SERVER), str(log))},
        answers=dict.fromkeys(TOOLS, "allow_once"),
        tiers={"*": "T1"},
        more=RULES,
    )
    served.start()
    with connected(keyturn.env, "logs", mode=mode) as host:
        said = everything_said(host)
    for text in said:
        assert not [canary for canary in canaries if canary in text], text[:500]
        assert "\x1b" not in text
        assert "\u200b" not in text
    assert "AWS_ACCESS_KEY_ID=[AWS access key" in said[0]
    assert "GET /orders 200" in said[0]
    assert said[0].count("[GitHub token") == 1
    assert said[1].count("[GitHub token") == LARGE
    assert json.loads(said[2])["lines"] == 4
    masked = [details.get("masked") for details in delivered(folders)]
    assert masked[:2] == [3, 3 * LARGE]
    assert all(masked[2:])
    removed = [details.get("removed") for details in delivered(folders)]
    assert removed[:2] == [10, 10 * LARGE]
    keyturn.end()
    assert files_that_hold(folders.profile.folder, canaries) == []


@pytest.mark.requirement("FLOW-NO-RULE", "FLOW-NO-VALUE")
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_the_key_that_was_read_is_not_sent_on_by_a_rule(
    mode: str, folders: Folders, keyturn: Keyturn, canaries: list[str]
) -> None:
    folders.work.mkdir(exist_ok=True)
    log = folders.work / "service.log"
    log.write_text(leaking_log(canaries), encoding="utf-8")
    served = Headless(
        folders=folders,
        keyturn=keyturn,
        servers={"logs": (sys.executable, str(LOG_SERVER), str(log))},
        tiers={"read_*": "T0", "send": "T1"},
        more='[[rules]]\neffect = "allow"\nkind = "call"\n',
    )
    served.start()
    encoded = base64.b64encode(f"the token is {canaries[1]}".encode()).decode()
    with connected(keyturn.env, "logs", mode=mode) as host:
        assert "send" in host.reviewed_tools()
        assert not host.call("send", {"body": "nothing of note"}).result(20).is_error
        assert not host.call("read_log", {}).result(20).is_error
        for body in (canaries[0], f"https://e.example/?k={canaries[1]}", encoded):
            assert host.call("send", {"body": body}).result(20).is_error
        assert not host.call("send", {"body": "and nothing more"}).result(20).is_error
    requests = [asked for asked in served.asked if asked["type"] == "request"]
    assert [asked["tool"] for asked in requests] == ["send"] * 3
    assert all("secret" in asked["reason"] for asked in requests)
    assert all("holds a secret" in asked["text"] for asked in requests)
    assert log.with_suffix(".sent").read_text() == "nothing of noteand nothing more"
    keyturn.end()


def everything_said(host: AgentHost) -> list[str]:
    """Have the server say the log in every way; return what the agent got."""
    small = host.call("read_log", {}).result(20)
    large = host.call("read_log", {"times": LARGE}).result(60)
    state = host.call("read_state", {}).result(20)
    failed = host.call("fail", {}).result(20)
    read: Any = host.do(host.client.read_resource, "log://all").contents[0]
    assert isinstance(read, BlobResourceContents)
    prompt: Any = host.do(host.client.get_prompt, "explain").messages[0].content
    assert isinstance(prompt, TextContent)
    structure = json.dumps(state.structured_content)
    assert failed.is_error
    blob = base64.b64decode(read.blob).decode()
    texts = [text_of(small), text_of(large), structure, text_of(failed), blob, prompt.text]
    return [*texts, read.blob, str(small), str(state)]


def delivered(folders: Folders) -> list[dict[str, Any]]:
    """Return what the history says of each result."""
    query = HistoryQuery(folders.profile.database)
    try:
        return [dict(item.result) for item in reversed(query.page().items)]
    finally:
        query.close()


def files_that_hold(folder: Path, canaries: list[str]) -> list[str]:
    """Return which files hold a canary, however written."""
    ways = [way for canary in canaries for way in written_ways(canary)]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [str(p) for p in files if any(way in p.read_bytes() for way in ways)]
