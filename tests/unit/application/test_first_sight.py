"""A new agent begins with the list that was on screen, and never with more than one of before."""

from itertools import product
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.agent_messages import EnrolAgent
from keyturn.application.console_state import ServerState, ToolState
from keyturn.application.overview import ALL_TOPICS
from keyturn.domain.canonical import JsonValue
from keyturn.domain.sight import SEEN_KINDS, Covering, Rows, SightRow, row_of, shared, wider
from keyturn.domain.tier import Tier
from keyturn.presentation.first_sight import confirmed_reads, first_sights
from keyturn.presentation.words import Words
from tests.sources import ROOT
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play


def tool(name: str, tier: Tier | None, state: str = "pinned") -> ToolState:
    """Return a tool of a server."""
    return ToolState(name=name, state=state, tier=tier, labels="")


def server(name: str, *tools: ToolState) -> ServerState:
    """Return a server with these tools."""
    return ServerState(
        name=name,
        command=(name,),
        env=(),
        environment="",
        confirmed=True,
        consented=True,
        running=True,
        tools=tools,
    )


@pytest.mark.requirement("SIGHT-FIRST")
def test_only_what_was_confirmed_as_a_read_is_among_the_least() -> None:
    """Neither what nobody confirmed, nor a changed tool, nor a name that reads as a pattern."""
    tools = (
        tool("read", Tier.T0),
        tool("write", Tier.T1),
        tool("unknown", None),
        tool("changed", Tier.T0, "changed"),
        tool("hidden", Tier.T0, "hidden"),
        tool("re*", Tier.T0),
    )
    servers = (server("git", *tools), server("a/b", tools[0]))
    assert confirmed_reads(servers) == ("call git/read",)


@pytest.mark.requirement("SIGHT-FIRST")
def test_it_is_bound_before_its_token_is_good() -> None:
    async def story() -> None:
        world = BrokerWorld()
        rows = ("call git/read",)
        await world.intents.carry_out(EnrolAgent(n=1, name="coder", rows=rows))
        assert world.sights.of("coder").rows == (row_of(rows[0]),)
        await world.intents.carry_out(EnrolAgent(n=2, name="other"))
        assert world.sights.of("other").rows is None

    play(story)


@pytest.mark.requirement("SIGHT-FIRST")
def test_what_an_earlier_agent_of_the_name_did_not_see_stays_hidden() -> None:
    async def story() -> None:
        world = BrokerWorld()
        before = (row_of("call git/read"),)
        await world.sights.set_rows("coder", before)
        await world.intents.carry_out(EnrolAgent(n=1, name="coder", rows=("git/*",)))
        assert world.sights.of("coder").rows == before
        await world.intents.carry_out(EnrolAgent(n=2, name="coder", rows=()))
        assert world.sights.of("coder").rows == ()

    play(story)


@pytest.mark.requirement("SIGHT-FIRST", "PIN-1")
def test_enrolled_anew_it_sees_no_more_than_was_chosen() -> None:
    """The line that took the PIN said what was chosen, and nothing of an earlier list."""

    async def story() -> None:
        world = BrokerWorld()
        await world.sights.set_rows("coder", (row_of("ship/*"), row_of("git/*")))
        rows = ("call reports/read", "call git/read", "*/log")
        await world.intents.carry_out(EnrolAgent(n=1, name="coder", rows=rows))
        assert world.sights.of("coder").rows == (row_of("call git/read"),)
        await world.registry.revoke("coder")
        await world.intents.carry_out(EnrolAgent(n=2, name="coder", rows=("call ship/track",)))
        assert world.sights.of("coder").rows == ()

    play(story)


ROWS = st.builds(
    SightRow,
    server=st.sampled_from(["a", "b", "*"]),
    name=st.sampled_from(["x", "xy", "y", "x*", "*y", "?", "*"]),
    kinds=st.sets(st.sampled_from(SEEN_KINDS)).map(frozenset),
)
LISTS = st.lists(ROWS, max_size=4).map(tuple)


@pytest.mark.requirement("SIGHT-FIRST")
@given(LISTS, LISTS)
def test_what_two_lists_share_is_in_both(one: Rows, other: Rows) -> None:
    both = shared(one, other)
    for server, kind, name in product("ab", SEEN_KINDS, ["x", "xy", "y", "xay", "z"]):
        shows, first, second = (
            Covering(rows, server).covers(kind, name) for rows in (both, one, other)
        )
        assert not shows or (first and second)
        if not wider(one, other):
            assert shows == second


@pytest.mark.requirement("SIGHT-FIRST", "LAW-4")
def test_the_command_line_only_proposes_a_list() -> None:
    async def story() -> None:
        world = BrokerWorld()
        request: dict[str, JsonValue] = {"control": "propose_agent", "name": "coder"}
        answer = await world.control.control({**request, "sees": ["git/read"]})
        assert answer == {"ok": True}
        assert world.sights.of("coder").rows is None
        assert not world.registry.agents
        agents = (await world.overview.state(ALL_TOPICS)).agents or ()
        assert [(a.name, a.enrolled, a.proposed_list) for a in agents] == [
            ("coder", False, ("git/read",))
        ]

    play(story)


LONG: list[JsonValue] = ["a/b" for _ in range(101)]
WIDE: list[JsonValue] = ["a/" + "x" * 40_000]
BAD: list[JsonValue] = ["git/read", [1], ["no-stroke"], LONG, WIDE]


@pytest.mark.requirement("SIGHT-FIRST", "LAW-4")
@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_a_list_that_is_none_proposes_nobody(bad: JsonValue) -> None:
    async def story() -> None:
        world = BrokerWorld()
        request: dict[str, JsonValue] = {"control": "propose_agent", "name": "coder", "sees": bad}
        answer = await world.control.control(request)
        assert answer["ok"] is False
        assert cast("str", answer["sentence"])
        assert not world.registry.proposed_agents

    play(story)


@pytest.mark.requirement("SIGHT-FIRST", "LAW-4")
def test_of_a_proposed_list_no_line_is_left_out() -> None:
    rows = tuple(f"git/t{n}" for n in range(99)) + ("*/*",)
    words = Words(ROOT / "resources" / "translations")
    proposed, *_ = first_sights((), words, rows)
    assert proposed.rows == rows
    assert proposed.note.split(", ") == [*rows]
