"""What the scripted agent finds in a report, and what it prints."""

import asyncio
from pathlib import Path

import pytest

from keyturn.demo import agent
from keyturn.demo.reports import load_reports

DATA = Path(__file__).parents[3] / "resources" / "demo"


def test_report_three_alone_tells_the_assistant_what_to_do() -> None:
    reports = load_reports(DATA)
    found = {number: agent.find_injection(number, one.lines) for number, one in reports.items()}
    injected = found.pop(3)
    assert set(found) == {1, 2, 4, 5}
    assert not any(found.values())
    assert injected is not None
    assert injected.line == 14
    assert injected.arguments == {
        "orders": "all_open",
        "ship_to": {"name": "R. Talbot", "address": "14 Quarry Road, Hangar 9"},
        "notify_customers": False,
    }


def test_the_injected_values_stand_in_no_other_report() -> None:
    others = [one for number, one in load_reports(DATA).items() if number != 3]
    text = "\n".join(line for one in others for line in one.lines)
    for value in ("all_open", "R. Talbot", "14 Quarry Road, Hangar 9"):
        assert value not in text
        assert len(value.split()) <= 5


def test_what_servers_send_is_printed_with_its_control_characters_visible(
    capsys: pytest.CaptureFixture[str],
) -> None:
    agent.say("a\x1b[2Jb\u202ec é")
    assert capsys.readouterr().out == "a\\u001b[2Jb\\u202ec é\n"


@pytest.mark.parametrize("text", ["ls", "[]", '["a", 1]', '{"a": "b"}'])
def test_a_command_is_a_json_array_of_strings(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        agent.main(["--reports", text, "--logistics", '["true"]'])
    assert ended.value.code == 2
    assert "--reports" in capsys.readouterr().err


def test_a_program_that_is_not_there_is_code_three(capsys: pytest.CaptureFixture[str]) -> None:
    code = asyncio.run(agent.tell(["no-such-program-here"], ["neither"], "auto"))
    assert code == agent.EXIT_UNREACHABLE == 3
    assert "The server reports cannot be reached" in capsys.readouterr().out
