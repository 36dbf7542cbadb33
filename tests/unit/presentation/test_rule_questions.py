"""What is answered to who asks the rules: what passes by no rule is named, and only that."""

from pathlib import Path

import pytest

from keyturn.application.console_state import ServerState, ToolState
from keyturn.domain.canonical import canonical
from keyturn.domain.policy import Posture
from keyturn.domain.tier import Tier
from keyturn.presentation.rule_questions import AskedOfRules, call_lines, ever_lines
from keyturn.presentation.rules import RulesState
from keyturn.presentation.words import Words

WORDS = Words(Path(__file__).parents[3] / "resources" / "translations")
NONE = "No rule lets this through. That holds for every such call."


def a_tool(name: str, tier: Tier | None) -> ToolState:
    pinned = canonical({"name": name, "inputSchema": {"type": "object"}}).decode()
    return ToolState(name=name, state="pinned", tier=tier, labels="", pinned=pinned)


def a_server(name: str, *tools: ToolState, environment: str = "") -> ServerState:
    return ServerState(
        name=name,
        command=("x",),
        env=(),
        environment=environment,
        confirmed=True,
        consented=True,
        running=0,
        tools=tools,
    )


def state(*servers: ServerState, posture: Posture = Posture.ASK_WRITES) -> RulesState:
    return RulesState(servers=servers, posture=posture)


ORDERS = a_server(
    "orders", a_tool("list_orders", Tier.T0), a_tool("send", Tier.T2), a_tool("odd", None)
)
MANY = a_server("many", *(a_tool(f"read_{number}", Tier.T0) for number in range(8)))


@pytest.mark.requirement("RULE-ASK")
@pytest.mark.parametrize(
    ("tool", "says"),
    [
        (
            "list_orders",
            "But list_orders of orders is a read that you confirmed. It passes without a rule",
        ),
        ("", "But list_orders of orders is a read that you confirmed. It passes without a rule"),
        ("send", ""),
        ("odd", ""),
        ("unknown", ""),
    ],
)
def test_a_confirmed_read_that_no_rule_lets_through_is_named_all_the_same(
    tool: str, says: str
) -> None:
    lines = ever_lines(AskedOfRules(server="orders", tool=tool), state(ORDERS, MANY), WORDS)
    assert lines[0] == NONE
    assert len(lines) == (2 if says else 1)
    assert lines[-1].startswith(says or NONE)


@pytest.mark.requirement("RULE-ASK")
def test_of_many_reads_a_few_are_named() -> None:
    (_, said) = ever_lines(AskedOfRules(server="many"), state(ORDERS, MANY), WORDS)
    assert said.startswith("But 8 tools are reads that you confirmed.")
    named = ", ".join(f"read_{n} of many" for n in range(5))
    assert said.endswith(f"{named} and 3 more.")


@pytest.mark.requirement("RULE-ASK")
@pytest.mark.parametrize(
    "rules",
    [
        state(ORDERS, posture=Posture.ASK_ALL),
        RulesState(servers=(ORDERS,), posture=Posture.ASK_WRITES, suspended=True),
        RulesState(servers=(ORDERS,), posture=Posture.ASK_WRITES, distrusted=True),
    ],
    ids=["asks about all", "suspended", "distrusted"],
)
def test_where_reads_ask_none_is_named(rules: RulesState) -> None:
    assert ever_lines(AskedOfRules(server="orders"), rules, WORDS) == (NONE,)


@pytest.mark.requirement("RULE-ASK")
def test_a_read_of_production_is_no_read_to_the_rules() -> None:
    """The label raises it by a step, so that it asks."""
    production = a_server("orders", a_tool("list_orders", Tier.T0), environment="production")
    asked = AskedOfRules(agent="coder", server="orders", tool="list_orders")
    assert ever_lines(asked, state(production), WORDS) == (NONE,)
    assert call_lines(asked, state(production), WORDS)[0] == "It would ask you: no rule allows it."
    passes = "It would go through: confirmed reads pass without you."
    assert call_lines(asked, state(ORDERS), WORDS)[0] == passes
