"""What the command line proposes as rules is in force only once a person has saved it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.application.console_protocol import SaveRule
from keyturn.application.overview import ALL_TOPICS
from keyturn.application.proposed_rules import MOST_PROPOSED, DropProposedRule, ProposeRules
from keyturn.domain.canonical import JsonObject, JsonValue, canonical
from keyturn.domain.errors import ConfigurationError, PinWanted
from keyturn.domain.pin import PinUse
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_data import rule_from_data, rule_to_data
from tests.examples import many
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play

DENY = Rule(id="r-deny", effect=Effect.DENY, tool="dispatch_order")
SECRET = "word of the day"
ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, agent="coder", server="git", tool="status")


async def ask(world: BrokerWorld, *rules: Rule | JsonValue) -> JsonObject:
    """Propose rules over the socket."""
    rows: list[JsonValue] = [
        rule_to_data(rule) if isinstance(rule, Rule) else rule for rule in rules
    ]
    return await world.control.control({"control": "propose_rules", "rules": rows})


def save(rule: Rule) -> SaveRule:
    """Save a rule as the window sends it."""
    return SaveRule(n=1, data=canonical(rule_to_data(rule)).decode())


@pytest.mark.requirement("RULE-IMPORT", "LAW-4")
def test_a_proposal_is_shown_and_not_in_force() -> None:
    async def story() -> None:
        world = BrokerWorld(DENY)
        hash_before = world.rules.hash
        assert await ask(world, ALLOW) == {"ok": True, "proposed": 1}
        assert world.rules.rules == (DENY,)
        assert world.rules.hash == hash_before
        shown = (await world.overview.state(ALL_TOPICS)).proposed_rules
        assert shown is not None
        assert ['"tool":"status"' in text for text in shown] == [True]

    play(story)


@pytest.mark.requirement("RULE-IMPORT", "LAW-4")
def test_a_person_saves_it_as_any_rule_and_with_the_pin() -> None:
    async def story() -> None:
        world = BrokerWorld(DENY)
        await ask(world, ALLOW)
        (proposed,) = world.rules.proposed.waiting()
        world.pin_use = PinUse.T2_T3
        with pytest.raises(PinWanted):
            await world.intents.carry_out(save(proposed))
        assert world.rules.rules == (DENY,)
        await world.intents.carry_out(save(proposed), pin=True)
        assert world.rules.rules == (DENY, proposed)
        assert world.rules.proposed.waiting() == ()

    play(story)


@pytest.mark.requirement("RULE-IMPORT", "LAW-4")
def test_it_never_takes_the_place_of_a_rule_that_stands() -> None:
    """Neither by naming its id, nor by being what that rule was before a person changed it."""

    async def story() -> None:
        world = BrokerWorld(DENY)
        await ask(world, replace(ALLOW, id=DENY.id))
        (first,) = world.rules.proposed.waiting()
        await world.intents.carry_out(save(first))
        await world.intents.carry_out(save(replace(first, effect=Effect.DENY)))
        await ask(world, ALLOW)
        (second,) = world.rules.proposed.waiting()
        assert second.id not in {DENY.id, first.id}
        assert DENY in world.rules.rules

    play(story)


@pytest.mark.requirement("RULE-IMPORT")
def test_what_stands_or_waits_already_is_not_proposed_again() -> None:
    async def story() -> None:
        world = BrokerWorld(DENY)
        known = replace(DENY, id="", name="Another name")
        assert await ask(world, known, ALLOW, ALLOW) == {"ok": True, "proposed": 1}
        assert await ask(world, ALLOW) == {"ok": True, "proposed": 0}

    play(story)


@pytest.mark.requirement("RULE-IMPORT")
def test_a_person_dismisses_one_or_all() -> None:
    async def story() -> None:
        world = BrokerWorld(DENY)
        await ask(world, ALLOW, replace(ALLOW, tool="log"), replace(ALLOW, tool="diff"))
        first, *rest = world.rules.proposed.waiting()
        await world.intents.carry_out(DropProposedRule(n=1, id=first.id))
        assert world.rules.proposed.waiting() == tuple(rest)
        await world.intents.carry_out(DropProposedRule(n=2, id=""))
        assert world.rules.proposed.waiting() == ()
        assert world.rules.rules == (DENY,)

    play(story)


@pytest.mark.requirement("RULE-IMPORT")
def test_what_the_window_reads_of_a_file_waits_as_well() -> None:
    async def story() -> None:
        world = BrokerWorld(DENY)
        rows = canonical([rule_to_data(replace(ALLOW, id=DENY.id))]).decode()
        await world.intents.carry_out(ProposeRules(n=1, data=rows))
        [waiting] = world.rules.proposed.waiting()
        assert waiting.id != DENY.id
        assert world.rules.rules == (DENY,)
        for odd in ("{", "{}", '[{"effect":"maybe"}]'):
            with pytest.raises(ConfigurationError):
                await world.intents.carry_out(ProposeRules(n=2, data=odd))
        assert world.rules.proposed.waiting() == (waiting,)

    play(story)


BAD: list[Any] = [
    {"effect": "allow", "tool": "read\u202e_file"},
    {"effect": "allow", "name": "two\nlines"},
    {"effect": "allow", "when": [{"path": "/a", "op": "eq", "value": "x\u200b"}]},
    {"effect": "allow", "tool": "x", "token": "y"},
    {"effect": "maybe"},
    "a rule",
    {"effect": "allow", "when": [{"path": "/key", "op": "eq", "value": SECRET}]},
]


@pytest.mark.requirement("RULE-IMPORT")
@pytest.mark.parametrize("bad", BAD)
def test_of_what_holds_one_that_is_none_nothing_is_kept(bad: JsonValue) -> None:
    async def story() -> None:
        world = BrokerWorld()
        world.mask.secrets.add(SECRET)
        answer = await ask(world, ALLOW, bad)
        assert answer["ok"] is False
        assert answer["sentence"]
        assert world.rules.proposed.waiting() == ()

    play(story)


@pytest.mark.requirement("RULE-IMPORT", "LAW-4")
def test_nobody_makes_the_broker_grow() -> None:
    async def story() -> None:
        world = BrokerWorld()
        many = [replace(ALLOW, tool=f"t{n}") for n in range(MOST_PROPOSED)]
        assert (await ask(world, *many))["ok"] is True
        assert (await ask(world, replace(ALLOW, tool="more")))["ok"] is False
        assert (await ask(world, replace(ALLOW, tool="x" * 40_000)))["ok"] is False
        assert len(world.rules.proposed.waiting()) == MOST_PROPOSED

    play(story)


@pytest.mark.requirement("RULE-IMPORT", "LAW-4")
@settings(max_examples=many(0.5), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"effect": st.sampled_from(["allow", "ask", "deny"])},
            optional={
                "id": st.sampled_from([DENY.id, "r-1"]),
                "tool": st.sampled_from(["*", "dispatch_order"]),
                "enabled": st.booleans(),
                "name": st.text(max_size=8),
            },
        ),
        max_size=4,
    )
)
def test_whatever_is_proposed_nothing_is_decided_by_it(rows: list[dict[str, JsonValue]]) -> None:
    async def story() -> None:
        world = BrokerWorld(DENY)
        await ask(world, *rows)
        assert world.rules.rules == (DENY,)
        for rule in world.rules.proposed.waiting():
            assert rule.id != DENY.id
            assert rule_from_data(rule_to_data(rule)) == rule

    play(story)
