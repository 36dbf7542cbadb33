"""`keyturn rules`: what is odd about a FILE's rules, and what can never happen by them."""

from pathlib import Path

import pytest

from keyturn.cli import run

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
    assert (code, out) == (0, "No rule can ever allow this.\n")
    code, out = said(tmp_path, capsys, ODD, "ever", "--agent", "qa")
    assert code == 1
    assert '"env":"qa"' in out


@pytest.mark.parametrize("when", ["{", "{}", '[{"op": "like"}]'])
def test_a_question_that_cannot_be_read_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], when: str
) -> None:
    assert said(tmp_path, capsys, PLAIN, "ever", "--when", when) == (1, "")
