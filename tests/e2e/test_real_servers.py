"""Real servers and the real SDK's client through a headless broker, in every mode both speak."""

import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager

import pytest
from mcp import StdioServerParameters
from mcp.types import PromptReference

from tests.e2e.agent_host import AgentHost, connected, host_of, text_of
from tests.e2e.desk import Folders, Keyturn, own_keyturn
from tests.e2e.headless import Headless
from tests.e2e.servers import everything_command, everything_over_sse, files_command

ALL = {"*": "allow_once"}
MODES = ("auto", "legacy", "2026-07-28")


@pytest.fixture
def headless(folders: Folders) -> Iterator[Keyturn]:
    """A Keyturn without a display."""
    with own_keyturn(folders) as made:
        yield made


@contextmanager
def serving(
    folders: Folders,
    keyturn: Keyturn,
    name: str,
    where: tuple[str, ...] | str,
    mode: str,
    answers: Mapping[str, str],
    more: str = "",
) -> Generator[tuple[AgentHost, Headless]]:
    """Serve one server and connect to it."""
    served = Headless(
        folders=folders,
        keyturn=keyturn,
        servers={name: where},
        answers=answers,
        tiers={"*": "T1"},
        more=more,
    )
    served.start()
    with connected(keyturn.env, name, mode=mode) as host:
        host.reviewed_tools()
        yield host, served


@pytest.mark.parametrize("mode", MODES)
def test_the_time_server(mode: str, folders: Folders, headless: Keyturn) -> None:
    command = (sys.executable, "-m", "mcp_server_time")
    answers = {"get_current_time": "allow_once"}
    with serving(folders, headless, "time", command, mode, answers) as (host, served):
        assert set(host.tools()) == {"get_current_time", "convert_time"}
        now = host.call("get_current_time", {"timezone": "Europe/Berlin"}).result(20)
        assert not now.is_error
        assert "Europe/Berlin" in text_of(now)
        denied = host.call(
            "convert_time",
            {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"},
        ).result(20)
        assert denied.is_error
        assert text_of(denied).startswith("Denied by the user in Keyturn. Nothing was sent.")
        wrong = host.call("get_current_time", {"timezone": 5}).result(20)
        assert wrong.is_error
        assert "the arguments do not fit the tool's schema" in text_of(wrong)
    assert [asked["tool"] for asked in served.asked if asked["type"] == "request"] == [
        "get_current_time",
        "convert_time",
    ]
    assert [row["outcome"] for row in headless.history()] == [
        "refused_invalid_arguments",
        "denied_user",
        "allowed_once",
    ]


@pytest.mark.parametrize("mode", MODES)
def test_the_git_server(mode: str, folders: Folders, headless: Keyturn) -> None:
    repository = folders.work / "repository"
    git(folders, "init", "-q", str(repository))
    (repository / "a.txt").write_text("a\n")
    command = (sys.executable, "-m", "mcp_server_git", "--repository", str(repository))
    answers = {"git_status": "allow_once", "git_add": "allow_once"}
    with serving(folders, headless, "git", command, mode, answers) as (host, _served):
        assert {"git_status", "git_add", "git_commit"} <= set(host.tools())
        status = host.call("git_status", {"repo_path": str(repository)}).result(20)
        assert "a.txt" in text_of(status)
        added = host.call("git_add", {"repo_path": str(repository), "files": ["a.txt"]}).result(20)
        assert not added.is_error, text_of(added)
        commit = {"repo_path": str(repository), "message": "not agreed to"}
        assert host.call("git_commit", commit).result(20).is_error
    assert git(folders, "-C", str(repository), "status", "--short") == "A  a.txt\n"
    assert headless.verify().returncode == 0


@pytest.mark.npm
@pytest.mark.parametrize("mode", ("auto", "legacy"))
def test_the_filesystem_server(mode: str, folders: Folders, headless: Keyturn) -> None:
    (folders.work / "there.txt").write_text("here\n")
    answers = {"read_text_file": "allow_once", "write_file": "deny"}
    command = files_command(folders)
    with serving(folders, headless, "files", command, mode, answers) as (host, _served):
        read = host.call("read_text_file", {"path": str(folders.work / "there.txt")}).result(20)
        assert text_of(read) == "here\n"
        write = {"path": str(folders.work / "new.txt"), "content": "x"}
        assert host.call("write_file", write).result(20).is_error
    assert sorted(path.name for path in folders.work.iterdir()) == ["there.txt"]


PROMPTS = """
[[rules]]
effect = "allow"
kind = "prompt"
server = "everything"
tool = "args-*"
when = [{ path = "/arguments/city", op = "eq", value = "Oslo" }]
"""


@pytest.mark.npm
@pytest.mark.requirement("ROUTE-RESOURCES", "ROUTE-PROMPTS")
@pytest.mark.parametrize("mode", ("auto", "legacy"))
def test_the_server_that_has_everything(mode: str, folders: Folders, headless: Keyturn) -> None:
    command = everything_command()
    with serving(folders, headless, "everything", command, mode, ALL, PROMPTS) as (host, _):
        assert judged(host) == [1, 2, 3, 4]
        assert beside_tools(host) == directly(command, mode)
    decided = {row["method"]: row["outcome"] for row in headless.history()}
    assert decided["resources/read"] == "allowed_once"
    assert decided["prompts/get"] == "allowed_rule"
    assert "completion/complete" not in decided


@pytest.mark.npm
@pytest.mark.parametrize("mode", ("auto", "legacy"))
def test_the_same_server_over_the_older_transport(
    mode: str, folders: Folders, headless: Keyturn
) -> None:
    with (
        everything_over_sse(folders) as url,
        serving(folders, headless, "everything", url, mode, ALL) as (host, _served),
    ):
        assert judged(host) == [1, 2, 3, 4]
        assert beside_tools(host) == directly(everything_command(), mode)
    assert [row["outcome"] for row in headless.history()] == ["allowed_once"] * 4
    assert headless.verify().returncode == 0


def judged(host: AgentHost) -> list[float]:
    """Use what a person is asked about, and return the steps of the longer call."""
    total = host.call("get-sum", {"a": 2, "b": 40}).result(20)
    assert "42" in text_of(total)
    steps: list[float] = []

    async def progressed(progress: float, total: float | None, message: str | None) -> None:
        steps.append(progress)

    long = {"duration": 1, "steps": 4}
    done = host.call("trigger-long-running-operation", long, progressed).result(20)
    assert not done.is_error
    # Keyturn's own keep-alive came first, at 0; the server's steps follow.
    return [step for step in steps if step >= 1]


def beside_tools(host: AgentHost) -> list[object]:
    """Use what is no tool: resources, prompts, completion."""
    client = host.client
    resources = host.do(client.list_resources)
    uri = resources.resources[0].uri
    argument = {"name": "department", "value": "Eng"}
    return [
        resources,
        host.do(client.list_resource_templates),
        host.do(client.read_resource, uri),
        host.do(client.list_prompts),
        host.do(client.get_prompt, "args-prompt", {"city": "Oslo"}),
        host.do(client.complete, PromptReference(name="completable-prompt"), argument),
    ]


def directly(command: tuple[str, ...], mode: str) -> list[object]:
    """Do the same without Keyturn."""
    parameters = StdioServerParameters(command=command[0], args=list(command[1:]))
    with host_of(parameters, mode=mode) as host:
        return beside_tools(host)


def git(folders: Folders, *words: str) -> str:
    """Run git as the test's own user."""
    return subprocess.run(
        ["git", *words], env=folders.env(), capture_output=True, text=True, check=True, timeout=20
    ).stdout
