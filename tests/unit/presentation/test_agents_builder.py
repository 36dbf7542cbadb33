"""What the agents' screen says: claims apart from observations, and the line that a host starts."""

import shlex
from pathlib import Path
from typing import Any

import msgspec
import pytest

from keyturn.application.console_state import AgentState
from keyturn.presentation.agents import AgentDetail, Launch, OverHttp
from keyturn.presentation.agents_builder import AgentsBuilder, command_text, look_alike
from keyturn.presentation.words import Words
from tests.gui import pages_data as data

BUILDER = AgentsBuilder(Words(Path(__file__).parents[3] / "resources" / "translations"))
LAUNCH = Launch(python="/opt/a b/python", shim="/opt/a b/shim.py", home="/srv/it's home")


def detail(name: str) -> AgentDetail:
    agent = next(agent for agent in data.AGENTS if agent.name == name)
    return BUILDER.detail(agent, data.AGENTS, data.SERVERS, LAUNCH)


def test_a_proposal_stands_above_the_list_and_not_in_it() -> None:
    page = BUILDER.page(data.AGENTS)
    assert [row.row_id for row in page.rows] == ["analyst", "coder", "scribe", "anaIyst"]
    assert [proposal.name for proposal in page.proposals] == ["planner"]
    assert page.summary == "4 agents, 3 connected"
    assert BUILDER.page(data.AGENTS, frozenset({"planner"})).proposals == ()


def test_who_is_connected_without_a_token_is_not_proven() -> None:
    page = BUILDER.page(data.AGENTS)
    assert [row.cells[1].text for row in page.rows] == [
        "Connected",
        "Connected",
        "Not connected",
        "Not proven",
    ]
    assert page.warning is not None
    assert BUILDER.page(data.AGENTS[:3]).warning is None


def test_a_claim_is_quoted_and_stands_apart() -> None:
    shown = detail("analyst")
    assert [pair.value for pair in shown.claimed] == ["“Atlas Desk 3.2”"]
    assert [pair.value for pair in shown.observed] == ["atlas-desk", "/opt/atlas/atlas-desk"]
    assert "Atlas Desk" not in " ".join(pair.value for pair in (*shown.pairs, *shown.observed))


def test_the_host_starts_the_shim_with_every_part_quoted() -> None:
    text = command_text(LAUNCH, "logistics", "analyst")
    assert shlex.split(text) == [
        "/opt/a b/python",
        "-I",
        "-S",
        "/opt/a b/shim.py",
        "logistics",
        "--agent",
        "analyst",
        "--home",
        "/srv/it's home",
    ]


def test_there_is_a_line_for_each_server_and_for_none_a_place_to_fill() -> None:
    assert [command.server for command in detail("scribe").commands] == [
        server.name for server in data.SERVERS
    ]
    [command] = BUILDER.detail(data.AGENTS[0], data.AGENTS, (), LAUNCH).commands
    assert " SERVER " in command.text


def test_an_agent_without_a_token_gets_no_line() -> None:
    assert detail("anaIyst").commands == ()


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("anaIyst", "analyst"),
        ("ana1yst", "analyst"),
        ("Analyst", "analyst"),
        ("analy5t", "analyst"),
        ("ana-lyst", "analyst"),
        ("c0der", "coder"),
        ("cocler", "coder"),
        ("C.oder", "coder"),
        ("rnodel", "model"),
        ("vvriter", "writer"),
        ("2ebra", "zebra"),
        ("tool8", "toolb"),
    ],
)
def test_a_name_that_looks_like_another_is_seen(name: str, other: str) -> None:
    assert look_alike(name, [name, "unlike", other]) == other
    assert look_alike(other, [other, "unlike", name]) == name


def test_a_name_of_its_own_is_left_alone() -> None:
    assert look_alike("scribe", ["scribe", "analyst", "coder"]) == ""


def test_both_of_two_that_look_alike_say_so() -> None:
    assert "looks like “analyst”" in detail("anaIyst").warnings[-1].text
    assert "“anaIyst”" in detail("analyst").warnings[0].text
    assert detail("coder").warnings == ()


def test_the_question_before_a_revocation_says_what_ends() -> None:
    assert detail("coder").revoke.text == (
        "Revoke coder? Its token stops working, and 3 links end now."
    )


def over_http(name: str, **more: Any) -> OverHttp:
    agent = next(agent for agent in data.AGENTS if agent.name == name)
    changed = msgspec.structs.replace(agent, **more)
    http = BUILDER.detail(changed, data.AGENTS, data.SERVERS, LAUNCH).http
    assert http is not None
    return http


def test_one_that_may_not_come_over_http_is_asked_about_first() -> None:
    http = over_http("coder")
    assert not http.on
    assert http.addresses == ()
    assert http.question is not None


def test_one_that_may_come_over_http_is_told_where_and_with_what() -> None:
    http = over_http("coder", http=True, http_port=4711, http_listens=True)
    first = data.SERVERS[0].name
    assert http.addresses[0].text == f"http://127.0.0.1:4711/s/{first}"
    assert len(http.addresses) == len(data.SERVERS)
    assert "coder.token" in http.intro
    assert (http.warning, http.question) == (None, None)


def test_a_port_that_another_program_has_is_said() -> None:
    http = over_http("coder", http=True, http_port=4711)
    assert http.warning is not None
    assert "port 4711" in http.warning.text


def test_nobody_that_is_not_enrolled_is_offered_http() -> None:
    assert detail("anaIyst").http is None


def test_a_moment_that_cannot_be_read_is_left_out() -> None:
    agent = AgentState(name="a", enrolled=True, connections=0, enrolled_at="yesterday")
    [row] = BUILDER.page((agent,)).rows
    assert row.cells[0].note == "enrolled"


def test_lamps_are_shown_of_live_sessions_only() -> None:
    assert [lamp.lit for lamp in detail("coder").lamps] == [True, False, True]
    assert detail("scribe").lamps == ()


@pytest.mark.requirement("AGENT-PROGRAM")
def test_an_agent_in_another_program_than_the_enrolled_one_is_said() -> None:
    agent = AgentState(name="a", enrolled=True, connections=1, program_changed=True)
    assert BUILDER.page((agent,)).rows[0].cells[1].text == "Other program"
    shown = BUILDER.detail(agent, (agent,), (), LAUNCH)
    assert any("another program" in warning.text for warning in shown.warnings)
