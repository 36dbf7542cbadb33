"""How much of results each agent may be given, in a session and in a day."""

import asyncio
from dataclasses import dataclass, field

import pytest

from keyturn.application.connection import Connection
from keyturn.application.events import Observers
from keyturn.application.result_budgets import MOST_SESSIONS, OfTool, ResultBudgets
from keyturn.application.result_controls import ControlsOfTools, put_controls
from keyturn.application.result_messages import SetControls
from keyturn.domain.configuration import AgentConfig, Limits
from keyturn.domain.errors import ConfigurationError
from keyturn.domain.result_controls import OF_AN_AGENT, ResultControls, loosens
from tests.factories import make_connection
from tests.fakes.clock import FakeClock

pytestmark = pytest.mark.requirement("RESULT-BUDGET")


def of(agent: str, session: str = "s-1", *, enrolled: bool = True) -> Connection:
    """Return a connection of an agent."""
    connection = make_connection(agent=agent, enrolled=enrolled)
    connection.session.id = session
    return connection


def test_without_limits_nothing_is_counted() -> None:
    budgets = ResultBudgets(FakeClock(), Limits())
    budgets.given(of("a"), 1 << 40)
    assert budgets.left(of("a")) is None


def test_a_session_and_a_day_each_have_their_own() -> None:
    clock = FakeClock()
    limits = Limits(result_tokens_per_session=100, result_tokens_per_day=150)
    budgets = ResultBudgets(clock, limits)
    assert budgets.left(of("a")) == 400
    budgets.given(of("a"), 390)
    assert budgets.left(of("a")) == 10
    assert budgets.left(of("a", "s-2")) == 210
    assert budgets.left(of("b", "s-3")) == 400
    budgets.given(of("a", "s-2"), 400)
    assert budgets.left(of("a", "s-4")) == 0
    clock.advance(24 * 3600)
    assert budgets.left(of("a", "s-4")) == 400
    # The session goes on.
    assert budgets.left(of("a")) == 10


def test_all_that_proved_no_name_share_one_day() -> None:
    budgets = ResultBudgets(FakeClock(), Limits(result_tokens_per_day=100))
    budgets.given(of("a", enrolled=False), 300)
    assert budgets.left(of("b", enrolled=False)) == 100
    assert budgets.left(of("a")) == 400


@pytest.mark.unmeasured
def test_what_is_counted_is_bounded() -> None:
    budgets = ResultBudgets(FakeClock(), Limits(result_tokens_per_session=100))
    for number in range(MOST_SESSIONS + 1):
        budgets.given(of("a", f"s-{number}"), 100)
    assert budgets.left(of("a", "s-0")) == 400
    assert budgets.left(of("a", "s-1")) == 300


def test_a_tool_has_a_budget_of_its_own_for_each_agent() -> None:
    clock = FakeClock()
    budgets = ResultBudgets(clock, Limits())
    read = OfTool("files", "read", ResultControls(session_tokens=100, day_tokens=150))
    assert budgets.left(of("a"), read) == 400
    assert budgets.given(of("a"), 390, read)
    assert budgets.left(of("a"), read) == 10
    assert budgets.left(of("a", "s-2"), read) == 210
    assert budgets.left(of("b"), OfTool("files", "list")) is None
    assert not budgets.given(of("b"), 1_000, OfTool("files", "list"))
    # Another tool's of the same name, on another server.
    assert budgets.left(of("a"), OfTool("mail", "read", read.controls)) == 400
    assert budgets.used_today("files", "read") == (("a", 98),)
    assert budgets.used_today("files", "list") == ()
    clock.advance(24 * 3600)
    assert budgets.left(of("a", "s-2"), read) == 400
    assert budgets.used_today("files", "read") == ()


def test_the_smaller_of_the_agents_and_the_tools_counts() -> None:
    budgets = ResultBudgets(FakeClock(), Limits(result_tokens_per_session=200))
    read = OfTool("files", "read", ResultControls(day_tokens=150))
    budgets.given(of("a"), 500, read)
    assert budgets.left(of("a"), read) == 100
    assert budgets.left(of("a")) == 300
    budgets.given(of("a"), 300)
    assert budgets.left(of("a"), read) == 0


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (ResultControls(session_tokens=100), ResultControls(session_tokens=200)),
        (ResultControls(day_tokens=100), ResultControls(day_tokens=200)),
        (ResultControls(day_tokens=100), ResultControls()),
    ],
)
def test_to_allow_more_loosens(less: ResultControls, more: ResultControls) -> None:
    assert loosens(less, more)
    assert not loosens(more, less)


@dataclass
class Enrolled:
    """One agent."""

    agents: list[AgentConfig] = field(
        default_factory=lambda: [AgentConfig(name="a", token_sha256="0" * 64)]
    )


def choose(tools: ControlsOfTools, agent: str, controls: ResultControls) -> None:
    """Choose the budgets of an agent."""
    intent = SetControls(n=1, server=OF_AN_AGENT, tool=agent, controls=controls)
    asyncio.run(put_controls(intent, tools, Enrolled()))


def test_a_person_chooses_the_budgets_of_an_agent() -> None:
    tools = ControlsOfTools(Observers())
    budgets = ResultBudgets(FakeClock(), Limits(result_tokens_per_day=150))
    budgets.chosen = tools.of_agent
    choose(tools, "a", ResultControls(session_tokens=100, day_tokens=1_000))
    assert budgets.left(of("a")) == 400
    # The operator's stays where it is the smaller one.
    budgets.given(of("a"), 390)
    assert budgets.left(of("a", "s-2")) == 210
    assert budgets.used_by("a") == 98
    assert budgets.left(of("b")) == 600


def test_who_only_claims_the_name_neither_has_nor_spends_its_budget() -> None:
    tools = ControlsOfTools(Observers())
    budgets = ResultBudgets(FakeClock(), Limits())
    budgets.chosen = tools.of_agent
    choose(tools, "a", ResultControls(day_tokens=100))
    assert budgets.left(of("a", enrolled=False)) is None
    budgets.given(of("a", "s-2", enrolled=False), 400)
    assert budgets.left(of("a")) == 400
    assert budgets.used_by("a") == 0


@pytest.mark.parametrize(
    ("agent", "controls"),
    [
        ("a", ResultControls(secrets=False)),
        ("a", ResultControls(max_tokens=5, day_tokens=5)),
        ("nobody", ResultControls(day_tokens=5)),
    ],
)
def test_nothing_else_is_chosen_for_an_agent(agent: str, controls: ResultControls) -> None:
    tools = ControlsOfTools(Observers())
    with pytest.raises(ConfigurationError):
        choose(tools, agent, controls)
    assert tools.of_agent(agent) == ResultControls()
