"""Every intent of the console protocol is carried out, and fails with a sentence."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, get_args

import pytest

from keyturn.application.access_messages import AccessIntent
from keyturn.application.agent_messages import (
    EnrolAgent,
    NewTask,
    ReviewChanges,
    RevokeAgent,
    SetAgentHttp,
    SettleFlood,
)
from keyturn.application.call import Forwarded, Refused
from keyturn.application.console_protocol import (
    Intent,
    KeepServer,
    PutCredential,
    PutServer,
    PutSetting,
    Quit,
    RemoveCredential,
    RemoveRule,
    RemoveServer,
    Resume,
    ReviewServer,
    SaveRule,
    SetPosture,
    SetTier,
    SettleCredential,
    SignIn,
    SignOut,
    StopAll,
    UseRules,
)
from keyturn.application.environment_messages import SetEnvironment, SetReach
from keyturn.application.environments import REACH_SETTING
from keyturn.application.intents import POSTURE_SETTING
from keyturn.application.keychain_entries import SETTING as KEYCHAIN_SETTING
from keyturn.application.overview import ALL_TOPICS
from keyturn.application.pin_messages import PinIntent, SetPin, SettleSeals, UnlockSeals
from keyturn.application.pins import MARK as PIN_SETTING
from keyturn.application.ports.secret_store import Secret
from keyturn.application.ports.sign_in_desk import SignInState
from keyturn.application.practice_messages import PracticeIntent
from keyturn.application.proposed_rules import ProposalIntent
from keyturn.application.result_controls import SETTING as CONTROLS_SETTING
from keyturn.application.result_controls import ControlsOfTools
from keyturn.application.result_messages import SetControls
from keyturn.application.rule_removals import RemoveRules, RestoreRules
from keyturn.application.sight_intents import SightIntent
from keyturn.application.stop import StopLevel
from keyturn.application.window_setting_names import OF_THE_WINDOW, longest
from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.configuration import CwdMode, ServerConfig
from keyturn.domain.decision import Actor, Outcome
from keyturn.domain.environment import Reach
from keyturn.domain.errors import ConfigurationError, KeyturnError, ServerUnavailable
from keyturn.domain.lamps import Lamps
from keyturn.domain.policy import Posture
from keyturn.domain.record import NOT_WEAKENED, WEAKENED, RecordType
from keyturn.domain.result_controls import STRICTEST, ResultControls
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.rule_data import rule_to_data
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_launch, make_tool
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play

FAR = ServerConfig(name="far", command=(), url="https://far.example.com/mcp")
SHIP = ServerConfig(name="shipments", command=("ship",), env={"TOKEN": "keychain:ship"})
ALLOW = Rule(id="r-allow", effect=Effect.ALLOW, tool="dispatch_order")


def text_of(rule: Rule) -> str:
    """Write a rule as the window sends it."""
    return canonical(rule_to_data(rule)).decode()


def sets(tier: Tier, labels: str, **other: Any) -> SetTier:
    """Set the tier of the tool that every world here has pinned, or of `other`."""
    said: dict[str, Any] = {
        "server": "logistics",
        "launch_hash": make_launch().launch_hash,
        "tool": "dispatch_order",
        "def_hash": make_tool().def_hash,
        **other,
    }
    return SetTier(n=1, tier=tier, labels=labels, **said)


async def stops(world: BrokerWorld) -> None:
    facts = world.stop.view().facts
    assert facts is not None
    assert facts.trigger == "tray"


async def controls_less(world: BrokerWorld) -> None:
    assert world.controls.of("shipments", "track") == ResultControls(secrets=False)
    assert world.controls.of("shipments", "other") == STRICTEST
    # Kept where the next start reads it, and recorded with who did it.
    again = ControlsOfTools(world.observers)
    again.attach(world.registry)
    again.load()
    assert again.of("shipments", "track") == ResultControls(secrets=False)
    entry = world.log.of_type(RecordType.SETTING)[-1]
    assert (entry.actor, entry.details["name"]) == (Actor.HUMAN, "result_controls")
    with pytest.raises(ConfigurationError):
        await world.intents.carry_out(PutSetting(n=2, name="result_controls", value="[]"))


async def ends_all(world: BrokerWorld) -> None:
    assert world.stop.reaches(StopLevel.CONNECTIONS)


async def resumes(world: BrokerWorld) -> None:
    assert not world.stop.engaged
    assert world.stop.careful


async def saves_a_rule(world: BrokerWorld) -> None:
    assert world.rules.rules == (ALLOW,)


async def removes_a_rule(world: BrokerWorld) -> None:
    assert world.rules.rules == ()


async def restores_a_rule(world: BrokerWorld) -> None:
    assert world.rules.rules == (Rule(id="r-old", effect=Effect.DENY),)


async def uses_rules(world: BrokerWorld) -> None:
    assert not world.stop.careful


async def sets_the_posture(world: BrokerWorld) -> None:
    assert world.rules.posture is Posture.ASK_WRITES
    assert world.registry.settings[POSTURE_SETTING] == "ask_writes"


async def puts_a_server(world: BrokerWorld) -> None:
    assert world.live.servers[-1] == ServerConfig(
        name="reports",
        command=("read",),
        env={"MODE": "demo"},
        environment="qa",
        cwd=CwdMode.HOME,
        cwd_path="/srv/home",
    )


async def removes_a_server(world: BrokerWorld) -> None:
    assert world.registry.servers == ()


async def keeps_a_server(world: BrokerWorld) -> None:
    assert world.registry.servers == (SHIP,)
    assert world.registry.proposed_removals == frozenset()


async def reviews_a_server(world: BrokerWorld) -> None:
    assert world.live.reviewed == ["shipments"]


async def sets_a_tier(world: BrokerWorld) -> None:
    pin = world.agreements.pins()[0]
    assert (pin.tier, pin.labels, pin.hidden) == (Tier.T0, Lamps.U | Lamps.P, True)


async def enrols(world: BrokerWorld) -> None:
    assert {agent.name for agent in world.registry.agents} == {"analyst", "coder"}


async def lets_it_come_over_http(world: BrokerWorld) -> None:
    assert [agent.http for agent in world.registry.agents] == [True]


async def revokes(world: BrokerWorld) -> None:
    assert world.registry.agents == ()


async def puts_a_credential(world: BrokerWorld) -> None:
    assert world.secrets.secrets[("shipments", "ship")] == Secret("new")


async def settles_a_credential(world: BrokerWorld) -> None:
    assert world.secrets.secrets[("shipments", "ship")] == Secret("proposed")


async def removes_a_credential(world: BrokerWorld) -> None:
    assert world.secrets.secrets == {}


async def puts_a_setting(world: BrokerWorld) -> None:
    assert world.registry.settings == {"appearance.theme": "dark"}


async def signs_in(world: BrokerWorld) -> None:
    assert world.sign_ins.wanted == ["far"]


async def signs_out(world: BrokerWorld) -> None:
    assert world.sign_ins.left == ["far"]


async def quits(world: BrokerWorld) -> None:
    assert world.quits == 1


Check = Callable[[BrokerWorld], Awaitable[None]]
ROWS: list[tuple[Intent, Check]] = [
    (StopAll(n=1, trigger="tray"), stops),
    (StopAll(n=1, trigger="window", level=3), ends_all),
    (StopAll(n=1, trigger="window", level=9), ends_all),
    (Resume(n=1, looked_at=("call-1",), careful=True), resumes),
    (SaveRule(n=1, data=text_of(ALLOW)), saves_a_rule),
    (RemoveRule(n=1, id="r-old"), removes_a_rule),
    (RemoveRules(n=1, ids=("r-old", "r-none")), removes_a_rule),
    (RestoreRules(n=1, ids=("r-old", "r-none")), restores_a_rule),
    (UseRules(n=1), uses_rules),
    (SetPosture(n=1, posture="ask_writes"), sets_the_posture),
    (
        PutServer(n=1, name="reports", command=("read",), env={"MODE": "demo"}, environment="qa"),
        puts_a_server,
    ),
    (RemoveServer(n=1, name="shipments"), removes_a_server),
    (KeepServer(n=1, name="shipments"), keeps_a_server),
    (ReviewServer(n=1, name="shipments"), reviews_a_server),
    (SignIn(n=1, name="far"), signs_in),
    (SignOut(n=1, name="far"), signs_out),
    (sets(Tier.T0, "UP", hidden=True), sets_a_tier),
    (
        SetControls(n=1, server="shipments", tool="track", controls=ResultControls(secrets=False)),
        controls_less,
    ),
    (EnrolAgent(n=1, name="coder"), enrols),
    (SetAgentHttp(n=1, name="analyst", on=True), lets_it_come_over_http),
    (RevokeAgent(n=1, name="analyst"), revokes),
    (PutCredential(n=1, server="shipments", name="ship", value="new"), puts_a_credential),
    (SettleCredential(n=1, server="shipments", name="ship", accept=True), settles_a_credential),
    (RemoveCredential(n=1, server="shipments", name="ship"), removes_a_credential),
    (PutSetting(n=1, name="appearance.theme", value="dark"), puts_a_setting),
    (Quit(n=1), quits),
]


async def prepared(intent: Intent) -> BrokerWorld:
    """Make a world in which the intent has something to do."""
    far = (FAR,) if isinstance(intent, SignIn | SignOut) else ()
    world = BrokerWorld(servers=(SHIP, *far))
    await world.connect()
    await world.registry.enrol("analyst")
    match intent:
        case Resume():
            await world.stop.engage("window")
        case RemoveRule() | RemoveRules():
            await world.rules.add(Rule(id="r-old", effect=Effect.DENY))
        case RestoreRules():
            world.rules.removed.note([Rule(id="r-old", effect=Effect.DENY)])
        case UseRules():
            world.stop.careful = True
        case KeepServer():
            world.registry.propose_removal("shipments")
        case SettleCredential():
            world.registry.propose_credential("shipments", "ship", Secret("proposed"))
        case RemoveCredential():
            await world.registry.put_credential("shipments", "ship", Secret("old"))
        case _:
            pass
    return world


def test_every_intent_of_the_protocol_has_a_row() -> None:
    elsewhere = {SetEnvironment, SetReach, ReviewChanges, NewTask, SettleFlood}
    elsewhere |= {*get_args(ProposalIntent), *get_args(PracticeIntent)}
    elsewhere |= {*get_args(PinIntent), *get_args(SightIntent), *get_args(AccessIntent)}
    assert {type(intent) for intent, _ in ROWS} == set(get_args(Intent)) - elsewhere


@pytest.mark.parametrize(("intent", "check"), ROWS, ids=lambda row: type(row).__name__)
def test_it_is_carried_out(intent: Intent, check: Check) -> None:
    async def story() -> None:
        world = await prepared(intent)
        await world.intents.carry_out(intent)
        await check(world)

    play(story)


BROKEN_RULE: JsonObject = {
    "effect": "allow",
    "when": [{"path": "/a", "op": "matches", "value": "(?=x)"}],
}


@pytest.mark.parametrize(
    "intent",
    [
        SaveRule(n=1, data="{"),
        SaveRule(n=1, data="[]"),
        SaveRule(n=1, data='{"effect":"allow","effect":"deny"}'),
        SaveRule(n=1, data='{"effect":"maybe"}'),
        SaveRule(n=1, data=canonical(BROKEN_RULE).decode()),
        SetPosture(n=1, posture="allow_all"),
        sets(Tier.T3, ""),
        sets(Tier.T0, "Q"),
        sets(Tier.T0, "", tool="no_such_tool"),
        sets(Tier.T0, "", launch_hash="0" * 64),
        sets(Tier.T0, "", def_hash="0" * 64),
        EnrolAgent(n=1, name="../x"),
        SetAgentHttp(n=1, name="coder", on=True),
        # With seals, what becomes of these is tested on a real database (test_sealing.py).
        SettleSeals(n=1, table="rules", shown="0" * 64, accept=True),
        UnlockSeals(n=1),
        # With a PIN: test_pins.py.
        SetPin(n=1, present="", new="1234", use="t3"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(intent: Intent) -> None:
    async def story() -> None:
        world = await prepared(intent)
        records = len(world.log.records)
        with pytest.raises(ConfigurationError) as caught:
            await world.intents.carry_out(intent)
        assert str(caught.value).endswith(".")
        if isinstance(intent, SettleSeals):
            # It was wanted, which is written down first, and failed, which is written down too.
            last = [record.entry.outcome for record in world.log.records[records:]]
            assert last == [WEAKENED, NOT_WEAKENED]
        else:
            assert len(world.log.records) == records
        assert world.rules.rules == ()
        assert world.rules.posture is Posture.ASK_ALL

    play(story)


def test_a_server_that_does_not_start_is_told() -> None:
    async def story() -> None:
        world = await prepared(Quit(n=1))
        world.live.failing = ServerUnavailable("The server could not be started.")
        with pytest.raises(KeyturnError, match="could not be started"):
            await world.intents.carry_out(ReviewServer(n=1, name="shipments"))

    play(story)


@pytest.mark.parametrize("posture_or_rule", ["rule", "posture", "use", "remove"])
def test_what_waits_is_judged_again(posture_or_rule: str) -> None:
    async def story() -> None:
        world = BrokerWorld()
        read = ServerConfig(name="logistics", command=("server",))
        await world.connect()
        await world.agreements.set_tier(world.pin_shown(), Tier.T0, Lamps.NONE)
        connection = await world.connect(make_connection(server=read))
        if posture_or_rule in ("use", "remove"):
            world.rules.posture = Posture.ASK_WRITES
        if posture_or_rule == "use":
            world.stop.careful = True
        if posture_or_rule == "remove":
            await world.rules.add(Rule(id="r-ask", effect=Effect.ASK))
        task = world.start(make_call(connection))
        await world.asked()
        intents: dict[str, Intent] = {
            "rule": SaveRule(n=1, data=text_of(ALLOW)),
            "posture": SetPosture(n=1, posture="ask_writes"),
            "use": UseRules(n=1),
            "remove": RemoveRule(n=1, id="r-ask"),
        }
        await world.intents.carry_out(intents[posture_or_rule])
        assert isinstance(await task, Forwarded)
        assert world.outcomes()[-2:] == ["allowed_rule", "completed"]

    play(story)


@pytest.mark.requirement("K7")
def test_a_person_resumes_and_what_waited_is_not_brought_back() -> None:
    async def story() -> None:
        world = BrokerWorld()
        connection = await world.connect()
        task = world.start(make_call(connection))
        await world.asked()
        await world.intents.carry_out(StopAll(n=1, trigger="window"))
        await world.intents.carry_out(Resume(n=2, looked_at=("call-1",), careful=False))
        reply = await task
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.REFUSED_PAUSED
        assert world.approvals.waiting() == ()
        assert world.server.sent == []
        assert {e.actor for e in world.log.of_type(RecordType.RESUME)} == {Actor.HUMAN}

    play(story)


@pytest.mark.requirement("LAW-5")
def test_nobody_signs_in_while_all_is_stopped() -> None:
    async def story() -> None:
        world = await prepared(SignIn(n=1, name="far"))
        await world.stop.engage("window")
        with pytest.raises(KeyturnError, match="stopped"):
            await world.intents.carry_out(SignIn(n=2, name="far"))
        assert world.sign_ins.wanted == []

    play(story)


@pytest.mark.parametrize("name", ["shipments", "nobody", "proposed"])
def test_only_a_confirmed_server_at_an_address_is_signed_in_to(name: str) -> None:
    async def story() -> None:
        proposed = replace(FAR, name="proposed", confirmed=False)
        world = BrokerWorld(servers=(SHIP, FAR, proposed))
        for intent in (SignIn(n=1, name=name), SignOut(n=2, name=name)):
            with pytest.raises(KeyturnError, match="at an address"):
                await world.intents.carry_out(intent)
        assert world.sign_ins.wanted == world.sign_ins.left == []

    play(story)


@pytest.mark.parametrize("signed_in", [False, True])
@pytest.mark.parametrize("keychain", ["ready", "missing"])
def test_a_removed_server_is_signed_out(signed_in: bool, keychain: str) -> None:
    async def story() -> None:
        world = await prepared(SignIn(n=1, name="far"))
        world.sign_ins.states["far"] = SignInState(signed_in=signed_in)
        world.sign_ins.keychain = keychain
        if signed_in and keychain == "missing":
            with pytest.raises(KeyturnError, match="still in the keychain"):
                await world.intents.carry_out(RemoveServer(n=2, name="far"))
        else:
            await world.intents.carry_out(RemoveServer(n=2, name="far"))
        assert world.registry.servers == (SHIP,)
        assert world.sign_ins.left == ["far"]

    play(story)


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({}, []),
        ({"headers": {"x-team": "north"}}, []),
        ({"url": "https://other.example.com/mcp"}, ["far"]),
        ({"url": "", "command": ("far",)}, ["far"]),
        ({"headers": {"authorization": "keychain:far"}}, ["far"]),
    ],
)
def test_a_server_at_another_place_is_signed_out_of_at_the_one_before(
    changes: dict[str, Any], left: list[str]
) -> None:
    async def story() -> None:
        world = BrokerWorld(servers=(SHIP, FAR))
        wanted: dict[str, Any] = {"name": "far", "url": FAR.url} | changes
        await world.intents.carry_out(PutServer(n=1, **wanted))
        assert world.sign_ins.left == left

    play(story)


def test_a_server_is_changed_whatever_the_keychain_keeps() -> None:
    async def story() -> None:
        world = BrokerWorld(servers=(FAR,))
        world.sign_ins.states["far"] = SignInState(signed_in=True)
        world.sign_ins.keychain = "locked"
        with pytest.raises(KeyturnError, match="still in the keychain"):
            await world.intents.carry_out(PutServer(n=1, name="far", url="https://other.example"))
        assert world.registry.servers[0].url == "https://other.example"

    play(story)


@pytest.mark.requirement("LAW-8")
@pytest.mark.parametrize(
    ("tokens", "said"), [("ready", "names no more is in"), ("locked", "tokens of before and")]
)
def test_a_changed_server_is_signed_out_of_where_the_keychain_kept_another_entry(
    tokens: str, said: str
) -> None:
    async def story() -> None:
        world = BrokerWorld(servers=(replace(FAR, headers={"x-key": "keychain:key"}),))
        world.sign_ins.states["far"] = SignInState(signed_in=True)
        world.sign_ins.keychain, world.secrets.state = tokens, "locked"
        with pytest.raises(KeyturnError, match=said):
            await world.intents.carry_out(PutServer(n=1, name="far", url="https://other.example"))
        assert world.registry.servers[0].url == "https://other.example"
        assert world.sign_ins.left == ["far"]

    play(story)


def test_a_server_that_was_not_changed_stays_signed_in() -> None:
    async def story() -> None:
        keyed = replace(FAR, headers={"x-key": "keychain:key"})
        world = BrokerWorld(servers=(keyed,))
        world.secrets.state = "locked"
        with pytest.raises(KeyturnError, match="names no more"):
            await world.intents.carry_out(PutServer(n=1, name="far", url=FAR.url))
        with pytest.raises(KeyturnError, match="left its entry"):
            await world.intents.carry_out(
                PutServer(n=2, name="far", url="https://other.example", headers=keyed.headers)
            )
        assert world.registry.servers[0].url == FAR.url
        assert world.sign_ins.left == []

    play(story)


def test_a_person_labels_and_lets_a_pair_cross() -> None:
    async def story() -> None:
        world = BrokerWorld(servers=(SHIP,))
        await world.registry.enrol("analyst")
        for intent in (
            SetEnvironment(n=1, of="agent", name="analyst", environment="qa"),
            SetEnvironment(n=2, of="server", name="shipments", environment="production"),
            SetEnvironment(n=3, of="credential", name="ship", server="shipments", environment="qa"),
            SetReach(n=4, agent="qa", other="production", on=True),
        ):
            await world.intents.carry_out(intent)
        (agent,), (server,) = world.registry.agents, world.registry.servers
        assert (agent.environment, server.environment) == ("qa", "production")
        assert server.credential_environments == {"ship": "qa"}
        assert world.environments.reach == (Reach(agent="qa", other="production"),)
        state = await world.overview.state(ALL_TOPICS)
        assert state.reach == world.environments.reach
        assert state.agents is not None and state.agents[0].environment == "qa"
        assert state.servers is not None
        assert state.servers[0].credential_environments == {"ship": "qa"}
        with pytest.raises(ConfigurationError):
            await world.intents.carry_out(
                SetEnvironment(n=5, of="tool", name="x", environment="qa")
            )

    play(story)


def test_a_server_that_is_changed_keeps_the_labels_of_its_credentials() -> None:
    async def story() -> None:
        world = BrokerWorld(servers=(replace(SHIP, credential_environments={"ship": "qa"}),))
        await world.intents.carry_out(
            PutServer(n=1, name="shipments", command=("ship", "-v"), env=dict(SHIP.env))
        )
        assert world.registry.servers[0].credential_environments == {"ship": "qa"}

    play(story)


OTHERS = (
    REACH_SETTING,
    POSTURE_SETTING,
    PIN_SETTING,
    CONTROLS_SETTING,
    KEYCHAIN_SETTING,
    "http_port",
    "owned_by_console",
    "",
    "appearance.theme ",
)


@pytest.mark.requirement("PIN-5", "LAW-4")
@pytest.mark.parametrize("name", OTHERS)
def test_what_decides_about_calls_is_no_setting_of_the_window(name: str) -> None:
    """A program that presses buttons would let a pair cross, or put the PIN off, by its name."""

    async def story() -> None:
        world = BrokerWorld(servers=(SHIP,))
        before = world.registry.settings
        with pytest.raises(ConfigurationError, match="no setting of the window"):
            await world.intents.carry_out(PutSetting(n=1, name=name, value="x"))
        assert world.registry.settings == before

    play(story)


@pytest.mark.requirement("LAW-4")
def test_a_setting_of_the_window_is_short() -> None:
    async def story() -> None:
        world = BrokerWorld(servers=(SHIP,))
        for name in sorted(OF_THE_WINDOW):
            await world.intents.carry_out(PutSetting(n=1, name=name, value="1" * longest(name)))
            with pytest.raises(ConfigurationError):
                await world.intents.carry_out(
                    PutSetting(n=1, name=name, value="1" * (longest(name) + 1))
                )
        assert {*world.registry.settings} == OF_THE_WINDOW

    play(story)
