"""What every store keeps, the real ones and the fakes."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import pytest

from keyturn.application.ports.seals import SEALED_TABLES
from keyturn.application.ports.stores import (
    AgentStore,
    Consent,
    FlowStore,
    KeptShape,
    LastUse,
    RuleStore,
    ServerStore,
    SettingStore,
    ShapeStore,
    SightStore,
    StepUpStore,
    Used,
    UseStore,
)
from keyturn.domain.condition import Condition, Operator
from keyturn.domain.configuration import (
    AgentConfig,
    CwdMode,
    ReviewMode,
    ServerConfig,
    ToolSetting,
)
from keyturn.domain.definition import Pin, pinned_definition
from keyturn.domain.flow import Reading
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Effect, Kind, Rule
from keyturn.domain.sight import Sight, SightProfile, SightRow
from keyturn.domain.step_up import Cause, Change
from keyturn.domain.tier import Tier
from keyturn.storage.decision_log import open_writer
from keyturn.storage.result_shapes import SqliteShapeStore
from keyturn.storage.sealing import SqliteSeals
from keyturn.storage.sensitive_values import SqliteFlowStore
from keyturn.storage.stores import (
    SqliteAgentStore,
    SqliteRuleStore,
    SqliteServerStore,
    SqliteSettingStore,
    SqliteSightStore,
    SqliteStepUpStore,
    SqliteUseStore,
)
from tests.fakes.clock import FakeClock
from tests.fakes.stores import (
    FakeAgentStore,
    FakeFlowStore,
    FakeRuleStore,
    FakeServerStore,
    FakeSettingStore,
    FakeShapeStore,
    FakeSightStore,
    FakeStepUpStore,
    FakeUseStore,
)


@dataclass(frozen=True, slots=True)
class Stores:
    """One profile's stores."""

    rules: RuleStore
    servers: ServerStore
    agents: AgentStore
    settings: SettingStore
    sights: SightStore
    step_ups: StepUpStore
    uses: UseStore
    shapes: ShapeStore
    flows: FlowStore


@asynccontextmanager
async def fakes(_: Path) -> AsyncGenerator[Stores]:
    """Yield the fakes."""
    yield Stores(
        FakeRuleStore(),
        FakeServerStore(),
        FakeAgentStore(),
        FakeSettingStore(),
        FakeSightStore(),
        FakeStepUpStore(),
        FakeUseStore(),
        FakeShapeStore(),
        FakeFlowStore(),
    )


@asynccontextmanager
async def sqlite(folder: Path) -> AsyncGenerator[Stores]:
    """Yield the real ones, on a real file."""
    writer = open_writer(folder / "profile", FakeClock())
    try:
        tables = SqliteSeals(writer)
        tables.use(b"k" * 32, {})
        await tables.seal_all(SEALED_TABLES)
        yield Stores(
            SqliteRuleStore(tables),
            SqliteServerStore(tables),
            SqliteAgentStore(tables),
            SqliteSettingStore(tables, writer),
            SqliteSightStore(tables),
            SqliteStepUpStore(tables),
            SqliteUseStore(writer),
            SqliteShapeStore(writer),
            SqliteFlowStore(writer),
        )
    finally:
        await writer.close()


Opened: TypeAlias = Callable[[Path], AbstractAsyncContextManager[Stores]]
STORES = pytest.mark.parametrize("opened", [fakes, sqlite])

RULE = Rule(
    id="r-b",
    effect=Effect.ALLOW,
    kind=Kind.CALL,
    agent="analyst",
    server="shipments",
    tool="read_*",
    when=(Condition(path="/page", op=Operator.LE, value=5),),
    name="First pages",
)
SERVER = ServerConfig(
    name="shipments",
    command=("python3", "shipments.py"),
    env={"MODE": "demo", "TOKEN": "keychain:ship"},
    environment="production",
    receipt=True,
    review=ReviewMode.ACCEPT,
    cwd=CwdMode.CONFIG,
    cwd_path="/srv/shipments",
    tools=(
        ToolSetting(pattern="read_*", tier=Tier.T0, labels=Lamps.U | Lamps.P),
        ToolSetting(pattern="*", tier=None),
    ),
    confirmed=False,
)
AGENT = AgentConfig(
    name="analyst", token_sha256="d" * 64, executable="/usr/bin/host", enrolled_at="2026-11-23"
)

ONCE = LastUse(count=1, last="2026-11-23")
SIGHT = Sight(
    agent="analyst",
    rows=(SightRow(server="shipments", name="read_*", kinds=frozenset({Kind.CALL, Kind.PROMPT})),),
    profile="Reporting",
    until="2026-11-23T15:07:52.123Z",
)
PROFILE = SightProfile(name="Reporting", rows=(SightRow(server="*", name="list_½"),))


def pin(tool: str, *, launch_hash: str = "e" * 64, server: str = "shipments") -> Pin:
    """Make a pin of a tool."""
    definition = pinned_definition(
        {"name": tool, "description": "Reads ½ a page", "inputSchema": {"maximum": 1.5}}
    )
    assert definition is not None
    return Pin(
        server=server,
        launch_hash=launch_hash,
        definition=definition,
        tier=Tier.T1,
        labels=Lamps.P,
        pinned_at="2026-11-23T14:07:52.123Z",
    )


@STORES
def test_rules_come_back_unchanged_and_by_id(opened: Opened, tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        other = replace(RULE, id="r-a", effect=Effect.DENY, when=())
        await stores.rules.put(RULE)
        await stores.rules.put(other)
        assert await stores.rules.all() == (other, RULE)
        assert await stores.rules.one("r-a") == other
        assert await stores.rules.one("r-none") is None

    run(opened, tmp_path, scenario)


@STORES
def test_a_rule_is_replaced_by_its_id_and_removed_once(opened: Opened, tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        await stores.rules.put(RULE)
        changed = replace(RULE, enabled=False)
        await stores.rules.put(changed)
        assert await stores.rules.all() == (changed,)
        assert await stores.rules.remove("r-b") is True
        assert await stores.rules.remove("r-b") is False
        assert await stores.rules.all() == ()

    run(opened, tmp_path, scenario)


@STORES
def test_the_uses_of_a_rule_are_counted_until_they_are_forgotten(
    opened: Opened, tmp_path: Path
) -> None:
    async def scenario(stores: Stores) -> None:
        for _ in range(3):
            await stores.rules.count_use("r-b")
        await stores.rules.count_use("file-1")
        assert await stores.rules.uses() == {"r-b": 3, "file-1": 1}
        await stores.rules.forget_uses("r-b")
        await stores.rules.forget_uses("r-b")
        assert await stores.rules.uses() == {"file-1": 1}

    run(opened, tmp_path, scenario)


@STORES
def test_pins_outlive_their_server(opened: Opened, tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        await stores.servers.put_server(SERVER)
        await stores.servers.put_pins([pin("read_page"), pin("write_page")])
        assert await stores.servers.servers() == (SERVER,)
        assert await stores.servers.remove_server("shipments") is True
        assert await stores.servers.remove_server("shipments") is False
        assert await stores.servers.servers() == ()
        assert await stores.servers.pins() == (pin("read_page"), pin("write_page"))

    run(opened, tmp_path, scenario)


@STORES
def test_consents_come_back_in_order(opened: Opened, tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        first = Consent(server="a", launch_hash="1", subject="{}", agreed_at="2026-11-23")
        others = [
            Consent(server="b", launch_hash=key, subject="{}", agreed_at="2026-11-23")
            for key in ("1", "2")
        ]
        for consent in (*others, first):
            await stores.servers.put_consent(consent)
        assert await stores.servers.consents() == (first, *others)

    run(opened, tmp_path, scenario)


@STORES
def test_consents_go_with_their_server(opened: Opened, tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        other = Consent(server="other", launch_hash="1", subject="{}", agreed_at="2026-11-23")
        await stores.servers.put_server(SERVER)
        for consent in (replace(other, server=SERVER.name), other):
            await stores.servers.put_consent(consent)
        assert await stores.servers.remove_server(SERVER.name) is True
        assert await stores.servers.consents() == (other,)

    run(opened, tmp_path, scenario)


@STORES
def test_agents_and_settings_come_back(opened: Opened, tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        await stores.agents.put_agent(AGENT)
        assert await stores.agents.agents() == (AGENT,)
        await stores.agents.put_agent(replace(AGENT, http=True))
        assert await stores.agents.agents() == (replace(AGENT, http=True),)
        assert await stores.agents.remove_agent("analyst") is True
        assert await stores.agents.remove_agent("analyst") is False
        await stores.settings.put_setting("hold", "50")
        await stores.settings.put_setting("hold", "60")
        assert await stores.settings.settings() == {"hold": "60"}

    run(opened, tmp_path, scenario)


@STORES
def test_what_changed_around_agents_comes_back(opened: Opened, tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        program = Change(agent="analyst", server="", cause=Cause.PROGRAM, since="", reviewed=("1",))
        drift = Change(
            agent="analyst",
            server="ship",
            cause=Cause.DRIFT,
            since="2026-11-28T10:00:00.000Z",
            names=("dispatch",),
            marks=("a", "b"),
        )
        for change in (program, replace(drift, marks=("a",)), drift):
            await stores.step_ups.put(change)
        assert await stores.step_ups.all() == (program, drift)

    run(opened, tmp_path, scenario)


@STORES
def test_what_agents_see_and_profiles_come_back(opened: Opened, tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        everything = Sight(agent="auditor", profiles_only=True)
        await stores.sights.put_sight(SIGHT)
        await stores.sights.put_sight(everything)
        await stores.sights.put_profile(replace(PROFILE, rows=()))
        await stores.sights.put_profile(PROFILE)
        assert await stores.sights.sights() == (SIGHT, everything)
        assert await stores.sights.profiles() == (PROFILE,)
        await stores.sights.put_sight(replace(SIGHT, rows=None, over=True))
        assert await stores.sights.sights() == (replace(SIGHT, rows=None, over=True), everything)
        assert await stores.sights.remove_profile("Reporting") is True
        assert await stores.sights.remove_profile("Reporting") is False
        assert await stores.sights.profiles() == ()

    run(opened, tmp_path, scenario)


@STORES
def test_uses_add_up_and_the_latest_time_stays(opened: Opened, tmp_path: Path) -> None:
    async def scenario(stores: Stores) -> None:
        rule, other = (Used.RULE, "r-a"), (Used.RULE, "r-b")
        await stores.uses.add({rule: LastUse(count=2, last="2026-11-24"), other: ONCE})
        await stores.uses.add({rule: LastUse(count=3, last="2026-11-23")})
        assert await stores.uses.all() == {rule: LastUse(count=5, last="2026-11-24"), other: ONCE}

    run(opened, tmp_path, scenario)


def run(opened: Opened, folder: Path, scenario: Callable[[Stores], Awaitable[None]]) -> None:
    """Run a scenario against one kind of stores, within ten seconds."""

    async def bounded() -> None:
        async with asyncio.timeout(10), opened(folder) as stores:
            await scenario(stores)

    asyncio.run(bounded())


@STORES
def test_a_learnt_shape_is_kept_by_tool_and_definition(opened: Opened, tmp_path: Path) -> None:
    async def story(stores: Stores) -> None:
        one = KeptShape(server="s", tool="t", def_hash="1", lines=("/a string", "/b number"))
        other = replace(one, def_hash="2", lines=())
        await stores.shapes.put_shape(one)
        await stores.shapes.put_shape(other)
        await stores.shapes.put_shape(replace(one, lines=("/a string",)))
        kept = await stores.shapes.shapes()
        assert set(kept) == {replace(one, lines=("/a string",)), other}

    run(opened, tmp_path, story)


@STORES
def test_of_sensitive_values_the_first_reading_stays_and_the_oldest_go(
    opened: Opened, tmp_path: Path
) -> None:
    async def story() -> None:
        async with opened(tmp_path) as stores:
            rows = [(bytes([n]) * 16, 20 + n, reading(f"tool-{n}")) for n in range(5)]
            await stores.flows.keep(rows[:3], most=10)
            await stores.flows.keep([(rows[0][0], 99, reading("later")), *rows[3:]], most=4)
            assert list(await stores.flows.readings()) == rows[1:]

    asyncio.run(story())


def reading(tool: str) -> Reading:
    """Make where a value was read."""
    return Reading(
        kind="GitHub token",
        server="logs",
        tool=tool,
        agent="analyst",
        session="s-1",
        result=3,
        at="2026-11-23T14:07:53.000Z",
    )
