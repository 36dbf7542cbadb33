"""What a card and the history say of secrets that a call would send on."""

import pytest

from keyturn.domain.flow import Flow, Flows, flows_to_data
from keyturn.presentation.flows import MOST_LINES, flow_lines, told_flows
from keyturn.presentation.marks import Icon, Role
from keyturn.presentation.words import Words
from tests.fakes.approval_requests import a_call
from tests.sources import ROOT

WORDS = Words(ROOT / "resources" / "translations")

HERE = Flow(
    path="/headers/Authorization",
    kind="GitHub token",
    server="logs",
    tool="read_log",
    agent="analyst",
    result=3,
    at="2026-11-23T14:07:53.000Z",
)
BEFORE = Flow(
    path="/q",
    kind="AWS access key",
    server="files",
    tool="read_file",
    agent="writer",
    result=0,
    at="2026-11-23T14:07:53.000Z",
)


def lines(flows: Flows) -> list[str]:
    return [line.text for line in flow_lines(a_call(flows=flows), WORDS)]


@pytest.mark.requirement("FLOW-LINK")
def test_a_card_says_which_result_or_whose_reading_a_secret_is_of() -> None:
    first, second = lines(Flows(found=(HERE, BEFORE)))
    assert first == (
        "/headers/Authorization holds a secret (GitHub token) from result 3, of logs / read_log"
    )
    assert "another agent, writer, read from files / read_file" in second
    assert "23 Nov" in second or "Nov 23" in second


def test_every_line_warns_and_no_card_has_more_than_can_be_read() -> None:
    flows = Flows(found=(HERE,) * 9, incomplete=True)
    shown = flow_lines(a_call(flows=flows), WORDS)
    assert {(line.role, line.icon) for line in shown} == {(Role.WARNING, Icon.LEAVES_MACHINE)}
    assert len(shown) == MOST_LINES + 1


def test_the_history_says_the_same_of_what_was_recorded() -> None:
    told = told_flows({"flows": flows_to_data(Flows(found=(HERE, BEFORE)))}, "analyst", WORDS)
    assert "analyst read from logs / read_log" in told and "another agent, writer" in told
    assert told_flows({}, "analyst", WORDS) == ""
    assert told_flows({"flows": ["odd", 3]}, "analyst", WORDS) == ""


def test_hidden_characters_of_a_server_are_shown_as_marks() -> None:
    flow = Flow(
        path="/a\u200b",
        kind="GitHub token",
        server="logs",
        tool="re\u202ead",
        agent="analyst",
        result=3,
        at="",
    )
    assert not {"\u200b", "\u202e"} & set(lines(Flows(found=(flow,)))[0])
