"""`keyturn rules`: what is odd about a FILE's rules, and what can never happen by them."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from keyturn import bootstrap
from keyturn.cli import run
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.rule import Effect, Rule
from keyturn.storage.decision_log import open_writer
from keyturn.storage.sealing import SqliteSeals
from keyturn.storage.stores import SqliteRuleStore
from tests.fakes.clock import FakeClock

ODD = """
[servers.ship]
command = ["ship"]
[[rules]]
effect = "allow"
agent = "qa"
tool = "read_*"
when = [{ path = "/page", op = "gt", value = 5 }, { path = "/page", op = "lt", value = 2 }]
[[rules]]
effect = "allow"
agent = "qa"
when = [{ path = "/env", op = "in", value = ["qa", "staging"] }]
"""
PLAIN = """
[servers.ship]
command = ["ship"]
[[rules]]
effect = "allow"
agent = "qa"
tool = "read_*"
limits = { uses = 3, until = "2030-01-01T00:00:00Z" }
"""


def said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, *words: str
) -> tuple[int, str]:
    """Run a verb on a FILE with this text; return the exit code and what was printed."""
    file = tmp_path / "rules.toml"
    file.write_text(text)
    file.chmod(0o600)
    code = run(["rules", "--home", str(tmp_path / "p"), words[0], str(file), *words[1:]])
    return code, capsys.readouterr().out


def test_odd_rules_are_named_and_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = said(tmp_path, capsys, ODD, "test")
    assert code == 1
    assert out.startswith("file-1: ")
    assert "no call passes all of its tests" in out
    assert "file-2" not in out


def test_ordinary_rules_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(tmp_path, capsys, PLAIN, "test") == (0, "1 rule, and nothing odd about it.\n")


def test_what_can_never_happen_is_proved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    production = '[{"path": "/env", "op": "eq", "value": "production"}]'
    code, out = said(tmp_path, capsys, ODD, "ever", "--agent", "qa", "--when", production)
    assert (code, out) == (0, "No rule lets this through. That holds for every such call.\n")
    code, out = said(tmp_path, capsys, ODD, "ever", "--agent", "qa")
    assert code == 1
    assert '"env":"qa"' in out


@pytest.mark.parametrize("when", ["{", "{}", '[{"op": "like"}]'])
def test_a_question_that_cannot_be_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], when: str
) -> None:
    assert said(tmp_path, capsys, PLAIN, "ever", "--when", when) == (1, "")


@pytest.mark.requirement("RULE-TEXT")
def test_the_rules_of_a_profile_are_written_as_file_has_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a profile that there is not, none; the text is one that `rules test` takes."""
    home = tmp_path / "p"
    assert run(["rules", "--home", str(home), "export"]) == 0
    assert "[[rules]]" not in capsys.readouterr().out
    home.mkdir(mode=0o700)

    async def fill() -> None:
        writer = open_writer(home, FakeClock())
        tables = SqliteSeals(writer)
        tables.leave_open()
        rule = Rule(id="r-1", effect=Effect.ALLOW, agent="qa", tool="read_*")
        await SqliteRuleStore(tables).put(rule)
        await writer.close()

    asyncio.run(fill())
    assert run(["rules", "--home", str(home), "export"]) == 0
    text = capsys.readouterr().out
    assert 'id = "r-1"' in text
    code, out = said(tmp_path, capsys, text, "test")
    assert (code, out) == (0, "1 rule, and nothing odd about it.\n")


@pytest.mark.requirement("RULE-IMPORT", "LAW-4")
def test_an_import_only_proposes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent is a request to show the rules; nothing is written to the profile."""
    sent: list[Mapping[str, JsonValue]] = []

    def answer(_choice: object, request: Mapping[str, JsonValue]) -> JsonObject:
        sent.append(request)
        return {"ok": True, "proposed": 1}

    monkeypatch.setattr(bootstrap, "ask_broker", answer)
    code, out = said(tmp_path, capsys, PLAIN, "import")
    assert (code, "Proposed 1 rule." in out) == (0, True)
    [request] = sent
    assert request["control"] == "propose_rules"
    [row] = cast("list[JsonObject]", request["rules"])
    assert (row["agent"], row["tool"]) == ("qa", "read_*")
    assert not (tmp_path / "p").exists()


@pytest.mark.requirement("RULE-IMPORT")
def test_an_import_without_a_broker_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(tmp_path, capsys, PLAIN, "import") == (1, "")
