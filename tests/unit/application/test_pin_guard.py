"""Changes that let calls through without the PIN take the PIN; those that tighten do not."""

from dataclasses import replace
from typing import Any

import pytest

from keyturn.application.agent_messages import (
    EnrolAgent,
    FloodChoice,
    NewTask,
    ReviewChanges,
    RevokeAgent,
    SetAgentHttp,
    SettleFlood,
)
from keyturn.application.console_protocol import (
    Intent,
    PutServer,
    RemoveRule,
    RemoveServer,
    Resume,
    SaveRule,
    SetTier,
    StopAll,
    UseRules,
)
from keyturn.application.environment_messages import SetEnvironment, SetReach
from keyturn.application.pin_guard import TAKES_PIN
from keyturn.application.pin_messages import RemoveSecond, SetPin, SetSecond, SettleSeals
from keyturn.application.result_messages import SetControls
from keyturn.application.rule_removals import RemoveRules, RestoreRules
from keyturn.application.sight_intents import (
    EndProfile,
    PutProfile,
    RemoveProfile,
    SetProfilesOnly,
    SetSight,
    SwitchProfile,
)
from keyturn.domain.canonical import JsonValue, canonical
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.errors import PinWanted
from keyturn.domain.lamps import Lamps
from keyturn.domain.pin import PinUse
from keyturn.domain.result_controls import OF_AN_AGENT, ResultControls
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_data import rule_to_data
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_launch, make_tool
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order")
DENY = Rule(id="r-deny", effect=Effect.DENY, tool="dispatch_order")
SHIP = ServerConfig(name="ship", command=("ship",), environment="production")


async def guarded(use: PinUse = PinUse.T2_T3) -> BrokerWorld:
    """Return a broker with a PIN in use, a deny rule, and a tool that was confirmed as T2."""
    world = BrokerWorld(DENY, servers=(SHIP,))
    await world.connect()
    await world.agreements.set_tier(world.pin_shown(), Tier.T2, Lamps.X)
    world.rules.removed.note([replace(ALLOW, id="r-gone"), replace(DENY, id="r-gone-deny")])
    world.pin_use = use
    return world


def save(rule: Rule) -> SaveRule:
    """Save a rule as the window sends it."""
    return SaveRule(n=1, data=canonical(rule_to_data(rule)).decode())


def tier(to: Tier | None, labels: str = "", *, def_hash: str = "") -> SetTier:
    """Set the tier of the pinned tool."""
    said: dict[str, Any] = {"launch_hash": make_launch().launch_hash}
    said |= {"tool": "dispatch_order", "def_hash": def_hash or make_tool().def_hash}
    return SetTier(n=1, server="logistics", tier=to, labels=labels, **said)


def seals(table: str, *, accept: bool) -> SettleSeals:
    """Answer about a table that another program changed."""
    return SettleSeals(n=1, table=table, shown="0" * 64, accept=accept)


LOOSENING: list[Intent] = [
    save(ALLOW),
    save(replace(DENY, effect=Effect.ASK)),
    save(replace(DENY, tool="other")),
    save(replace(DENY, enabled=False)),
    RemoveRule(n=1, id="r-deny"),
    RemoveRules(n=1, ids=("r-none", "r-deny")),
    RestoreRules(n=1, ids=("r-gone-deny", "r-gone")),
    tier(Tier.T1, "X"),
    tier(Tier.T2, ""),
    PutServer(n=1, name="ship", command=("ship",)),
    RemoveServer(n=1, name="ship"),
    Resume(n=1, looked_at=(), careful=False),
    UseRules(n=1),
    seals("pins", accept=True),
    seals("rules", accept=False),
    seals("sights", accept=False),
    seals("agents", accept=False),
    SetReach(n=1, agent="qa", other="production", on=True),
    SetControls(n=1, server="ship", tool="track", controls=ResultControls(secrets=False)),
    SetControls(n=1, server="ship", tool="track", controls=ResultControls(unseen=False)),
    SetEnvironment(n=1, of="server", name="ship", environment=""),
    SetEnvironment(n=1, of="agent", name="analyst", environment=""),
    EnrolAgent(n=1, name="other"),
    SetAgentHttp(n=1, name="analyst", on=True),
    ReviewChanges(n=1, agent="analyst", shown="x"),
    NewTask(n=1, agent="other"),
    SettleFlood(n=1, agent="analyst", choice=FloodChoice.GO_ON),
    SettleFlood(n=1, agent="analyst", choice=FloodChoice.CONTINUE),
    SettleFlood(n=1, agent="", choice=FloodChoice.REVIEW, enrolled=False),
    SetSight(n=1, agent="analyst", rows=None),
    SetProfilesOnly(n=1, agent="analyst", on=False),
    SwitchProfile(n=1, agent="analyst", profile="release", seconds=60),
    EndProfile(n=1, agent="analyst"),
    PutProfile(n=1, name="release", rows=()),
    RemoveProfile(n=1, name="release"),
]
LESS = ResultControls(day_tokens=16_000)
TIGHTENING: list[Intent] = [
    SetControls(n=1, server=OF_AN_AGENT, tool="analyst", controls=LESS),
    SetReach(n=1, agent="qa", other="production", on=False),
    SetAgentHttp(n=1, name="analyst", on=False),
    SetControls(n=1, server="ship", tool="track", controls=ResultControls(max_tokens=10)),
    save(replace(DENY, id="r-new")),
    save(replace(DENY, name="Another name")),
    save(replace(ALLOW, id="r-other", enabled=False)),
    tier(None, "X"),
    tier(Tier.T2, "UX"),
    PutServer(n=1, name="ship", command=("ship",), environment="production"),
    PutServer(n=1, name="new", command=("new",)),
    RemoveServer(n=1, name="new"),
    RestoreRules(n=1, ids=("r-gone-deny", "r-none")),
    RevokeAgent(n=1, name="analyst"),
    StopAll(n=1, trigger="button"),
    SettleFlood(n=1, agent="analyst", choice=FloodChoice.PAUSE),
    SettleFlood(n=1, agent="", choice=FloodChoice.DENY_AND_PAUSE, enrolled=False),
    seals("pins", accept=False),
]


@pytest.mark.requirement("PIN-1", "LAW-4")
@pytest.mark.parametrize("intent", LOOSENING)
def test_what_lets_calls_through_takes_the_pin(intent: Intent) -> None:
    """Nothing is changed without it; where it is not in use nothing is in the way."""

    async def story() -> None:
        world = await guarded()
        before = (world.rules.rules, world.agreements.pins(), world.registry.servers)
        with pytest.raises(PinWanted):
            await world.intents.carry_out(intent)
        assert (world.rules.rules, world.agreements.pins(), world.registry.servers) == before
        world.pin_use = PinUse.NEVER
        assert not world.make_guard().wants_pin(intent)

    play(story)


@pytest.mark.requirement("PIN-1")
def test_each_kind_that_takes_it_is_looked_at_here() -> None:
    """Those on the PIN itself take it without the guard, and never take a second one."""
    themselves = {SetPin, SetSecond, RemoveSecond}
    assert {type(intent) for intent in LOOSENING} == TAKES_PIN - themselves


@pytest.mark.requirement("PIN-1")
@pytest.mark.parametrize("intent", TIGHTENING)
def test_what_tightens_never_takes_it(intent: Intent) -> None:
    """A person in a hurry to close something types nothing."""

    async def story() -> None:
        assert not (await guarded()).make_guard().wants_pin(intent)

    play(story)


@pytest.mark.requirement("PIN-1")
def test_with_the_right_one_it_is_done() -> None:
    async def story() -> None:
        world = await guarded()
        await world.intents.carry_out(save(ALLOW), pin=True)
        assert ALLOW in world.rules.rules

    play(story)


@pytest.mark.requirement("PIN-1")
def test_a_pin_for_unconfirmed_tools_alone_is_asked_where_one_is_confirmed() -> None:
    """No rule allows such a call, so that only the tier can be the way around."""

    async def story() -> None:
        world = await guarded(PinUse.T3)
        guard = world.make_guard()
        assert not guard.wants_pin(save(ALLOW))
        assert not guard.wants_pin(tier(Tier.T1))
        await world.agreements.set_tier(world.pin_shown(), None, Lamps.NONE)
        assert guard.wants_pin(tier(Tier.T2))

    play(story)


@pytest.mark.requirement("PIN-1")
def test_remembering_the_approval_that_takes_it_takes_it_too() -> None:
    """The button beside Allow lets the waiting call through just as that does."""

    async def story() -> None:
        world = await guarded()
        await world.rules.remove(DENY.id)
        read = ServerConfig(name="logistics", command=("server",))
        task = world.start(make_call(await world.connect(make_connection(server=read))))
        asked = await world.asked()
        remember = SaveRule(
            n=1,
            data=canonical(rule_to_data(replace(ALLOW, server="logistics"))).decode(),
            request=asked.id,
            digest=asked.digest,
        )
        with pytest.raises(PinWanted):
            await world.intents.carry_out(remember)
        assert not task.done()
        task.cancel()

    play(story)


ALIKE: list[tuple[Operator, JsonValue, JsonValue]] = [
    (Operator.EQ, True, 1),
    (Operator.EQ, 0, False),
    (Operator.EQ, [True], [1]),
    (Operator.EQ, {"a": [False]}, {"a": [0]}),
    (Operator.IN, [1, "x"], [True, "x"]),
]


@pytest.mark.requirement("PIN-1", "TWO-4", "LAW-4")
@pytest.mark.parametrize(("op", "value", "other"), ALIKE)
def test_what_is_equal_to_the_language_alone_is_another_rule(
    op: Operator, value: JsonValue, other: JsonValue
) -> None:
    """A denial of `true` would be one of `1` then, without the PIN."""

    async def story() -> None:
        def rule(value: JsonValue, name: str = "") -> Rule:
            test = Condition(path="/force", op=op, value=value)
            return Rule(id="r-c", effect=Effect.DENY, server="logistics", when=(test,), name=name)

        world = BrokerWorld(rule(value), servers=(SHIP,))
        await world.connect()
        world.pin_use = PinUse.T2_T3
        await world.agreements.mark_two("logistics", "dispatch_order", on=True)
        guard = world.make_guard()
        assert not guard.wants_pin(save(rule(value, "Renamed")))
        assert not guard.wants_both(save(rule(value, "Renamed")))
        assert guard.wants_pin(save(rule(other)))
        assert guard.wants_both(save(rule(other)))

    play(story)
