"""What weakens protection is written down before it holds, as what it is and with who did it."""

from dataclasses import replace

import pytest

from keyturn.application.agent_messages import RevokeAgent, SetAgentHttp
from keyturn.application.console_protocol import (
    Intent,
    PutServer,
    RemoveRule,
    RemoveServer,
    SetPosture,
    StopAll,
)
from keyturn.application.environment_messages import SetEnvironment, SetReach
from keyturn.application.pin_messages import MarkTwoPersons, RemoveSecond, SetPin
from keyturn.application.result_messages import SetControls
from keyturn.application.rule_removals import RemoveRules
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Actor
from keyturn.domain.errors import KeyturnError, LogUnavailable
from keyturn.domain.pin import PinUse
from keyturn.domain.record import NOT_WEAKENED, WEAKENED, Entry, RecordType
from keyturn.domain.result_controls import ResultControls
from keyturn.domain.rule import Effect
from keyturn.domain.tier import Tier
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play
from tests.unit.application.test_pin_guard import ALLOW, DENY, SHIP, guarded, save, seals, tier

pytestmark = pytest.mark.requirement("N5")

SHIP_UNLABELLED = replace(SHIP, environment="")
LESS = ResultControls(secrets=False)
SETTINGS: tuple[tuple[Intent, str], ...] = (
    (SetPosture(n=1, posture="ask_writes"), "posture"),
    (SetReach(n=1, agent="qa", other="production", on=True), "environment_reach"),
    (SetControls(n=1, server="s", tool="t", controls=LESS), "result_controls"),
)
WEAKENING: tuple[tuple[Intent, JsonObject], ...] = (
    (SetPosture(n=1, posture="ask_writes"), {"what": "posture"}),
    (
        SetReach(n=1, agent="qa", other="production", on=True),
        {"what": "reach", "agent": "qa", "other": "production"},
    ),
    (SetControls(n=1, server="ship", tool="track", controls=LESS), {"what": "results"}),
    (tier(Tier.T1, "X"), {"what": "tier"}),
    (tier(Tier.T2, ""), {"what": "tier"}),
    (
        SetEnvironment(n=1, of="server", name="ship", environment=""),
        {"what": "environment", "label": "production", "name": "ship"},
    ),
    (
        PutServer(n=1, name="ship", command=("ship",)),
        {"what": "environment", "label": "production", "name": "ship"},
    ),
    (
        RemoveServer(n=1, name="ship"),
        {"what": "environment", "label": "production", "name": "ship"},
    ),
    (save(replace(DENY, effect=Effect.ASK)), {"what": "rule", "rule": "r-deny"}),
    (save(replace(DENY, tool="other")), {"what": "rule", "rule": "r-deny"}),
    (save(replace(DENY, enabled=False)), {"what": "rule", "rule": "r-deny"}),
    (RemoveRule(n=1, id="r-deny"), {"what": "rules", "n": 1, "rule": "r-deny"}),
    (RemoveRules(n=1, ids=("r-none", "r-deny")), {"what": "rules", "n": 1, "rule": "r-deny"}),
    (seals("pins", accept=True), {"what": "seals", "table": "pins"}),
    (seals("rules", accept=False), {"what": "seals", "table": "rules"}),
    (RemoveSecond(n=1, first="1", present="2"), {"what": "second"}),
    (SetPin(n=1, present="1", new="", use="t3"), {"what": "pin", "use": "t3"}),
    (SetPin(n=1, present="1", new="", use="never"), {"what": "pin", "use": "never"}),
    (SetPin(n=1, present="1", new="", use="t2_t3", dialog=True), {"what": "dialog"}),
    (
        SetPin(n=1, present="1", new="", use="t3", dialog=True),
        {"what": "pin_dialog", "use": "t3"},
    ),
    (SetAgentHttp(n=1, name="analyst", on=True), {"what": "http", "agent": "analyst"}),
)
NO_WEAKENING: tuple[Intent, ...] = (
    StopAll(n=1, trigger="window"),
    SetPosture(n=1, posture="ask_all"),
    SetReach(n=1, agent="qa", other="production", on=False),
    SetControls(n=1, server="ship", tool="track", controls=ResultControls()),
    tier(Tier.T2, "X"),
    SetEnvironment(n=1, of="server", name="ship", environment="production"),
    SetEnvironment(n=1, of="agent", name="analyst", environment="production"),
    PutServer(n=1, name="ship", command=("ship", "-v"), environment="production"),
    PutServer(n=1, name="new", command=("new",)),
    save(ALLOW),
    save(DENY),
    RemoveRule(n=1, id="r-none"),
    MarkTwoPersons(n=1, server="logistics", tool="dispatch_order", on=True),
    SetPin(n=1, present="1", new="2", use="t2_t3"),
    SetAgentHttp(n=1, name="analyst", on=False),
    SetAgentHttp(n=1, name="nobody", on=True),
    tier(Tier.T1, "X", def_hash="0" * 64),
)


async def _world() -> BrokerWorld:
    """Return one with a PIN in use, a deny rule, a confirmed tool and an agent."""
    world = await guarded()
    await world.registry.enrol("analyst")
    return world


def marks(world: BrokerWorld) -> list[Entry]:
    """Return what says of itself that it is a weakening."""
    return [
        entry
        for entry in world.log.of_type(RecordType.SETTING)
        if entry.outcome in (WEAKENED, NOT_WEAKENED)
    ]


@pytest.mark.parametrize(("intent", "name"), SETTINGS)
def test_what_weakens_a_setting_is_in_the_log_before_it_holds(intent: Intent, name: str) -> None:
    async def story() -> None:
        world = BrokerWorld()
        world.log.failure = LogUnavailable("Not recorded.")
        with pytest.raises(LogUnavailable):
            await world.intents.carry_out(intent)
        assert name not in world.registry.settings
        world.log.failure = None
        await world.intents.carry_out(intent)
        mark, entry = world.log.of_type(RecordType.SETTING)
        assert (mark.actor, mark.outcome) == (Actor.HUMAN, WEAKENED)
        assert (entry.actor, entry.outcome) == (Actor.HUMAN, "changed")
        assert entry.details["name"] == name
        assert entry.details["value"] == world.registry.settings[name]

    play(story)


@pytest.mark.parametrize(("intent", "details"), WEAKENING, ids=lambda one: type(one).__name__)
def test_every_weakening_is_a_row_of_its_own(intent: Intent, details: JsonObject) -> None:
    async def story() -> None:
        world = await _world()
        entry = world.make_weakening().of(intent)
        assert entry is not None
        assert (entry.type, entry.outcome, entry.actor) == (
            RecordType.SETTING,
            WEAKENED,
            Actor.HUMAN,
        )
        assert entry.details == details
        assert entry.call == "", "it is no decision"

    play(story)


@pytest.mark.parametrize("intent", NO_WEAKENING, ids=lambda one: type(one).__name__)
def test_what_weakens_nothing_is_none(intent: Intent) -> None:
    async def story() -> None:
        world = await _world()
        assert world.make_weakening().of(intent) is None

    play(story)


def test_a_pin_that_is_asked_for_fewer_calls_counts_by_what_was_before() -> None:
    async def story() -> None:
        world = await guarded(PinUse.NEVER)
        intent = SetPin(n=1, present="", new="2580", use="never")
        assert world.make_weakening().of(intent) is None

    play(story)


def test_one_that_was_wanted_and_failed_says_so() -> None:
    async def story() -> None:
        world = await guarded(PinUse.NEVER)
        intent = SetControls(n=1, server="ship", tool="track", controls=LESS)

        async def fail(_intent: Intent) -> None:
            assert [entry.outcome for entry in marks(world)] == [WEAKENED], "it is first"
            raise KeyturnError("Not kept.")

        with pytest.raises(KeyturnError):
            await world.make_weakening().around(intent, fail)
        assert [entry.outcome for entry in marks(world)] == [WEAKENED, NOT_WEAKENED]

    play(story)


def test_one_that_failed_after_it_was_done_is_not_called_back() -> None:
    """A server is changed, and then the keychain keeps an entry: its label is gone all the same."""

    async def story() -> None:
        world = await _world()
        relabel = PutServer(n=1, name="ship", command=("ship",))

        async def do(_intent: Intent) -> None:
            await world.registry.change_server("ship", lambda _: SHIP_UNLABELLED)
            raise KeyturnError("It is changed, but an entry is still in the keychain.")

        with pytest.raises(KeyturnError):
            await world.make_weakening().around(relabel, do)
        assert [entry.outcome for entry in marks(world)] == [WEAKENED]

    play(story)


@pytest.mark.parametrize("label", ["", "staging"])
def test_where_a_revoked_agent_worked_is_a_label_too(label: str) -> None:
    async def story() -> None:
        world = await _world()
        intents = world.intents
        at = SetEnvironment(n=1, of="agent", name="analyst", environment="production")
        await intents.carry_out(at, pin=True)
        await intents.carry_out(RevokeAgent(n=1, name="analyst"))
        taken = SetEnvironment(n=1, of="former", name="analyst", environment=label)
        await intents.carry_out(taken, pin=True)
        details = [entry.details for entry in marks(world)]
        assert details == [{"what": "environment", "label": "production", "name": "analyst"}]
        assert world.make_weakening().of(taken) is None, "it happened"

    play(story)


def test_with_a_server_go_the_labels_of_its_credentials() -> None:
    async def story() -> None:
        world = await _world()
        of_key = {"key": "production", "other": "staging", "more": "production"}
        labelled = replace(SHIP_UNLABELLED, credential_environments=of_key)
        await world.registry.change_server("ship", lambda _: labelled)
        entry = world.make_weakening().of(RemoveServer(n=1, name="ship"))
        assert entry is not None
        assert entry.details == {
            "what": "environment",
            "label": "production, staging",
            "name": "ship",
        }
        kept = PutServer(n=1, name="ship", command=("ship",))
        assert world.make_weakening().of(kept) is None, "changing it keeps them"

    play(story)


def test_what_takes_the_pin_and_has_none_is_not_written_down() -> None:
    """Else a program that presses buttons could fill the history with what never happened."""

    async def story() -> None:
        world = await guarded()
        for intent in (SetReach(n=1, agent="qa", other="production", on=True), tier(Tier.T1, "X")):
            with pytest.raises(KeyturnError):
                await world.intents.carry_out(intent)
        assert marks(world) == []

    play(story)


def test_names_that_are_noted_are_bounded() -> None:
    async def story() -> None:
        world = await guarded()
        wide = SetReach(n=1, agent="a" * 5000, other="production", on=True)
        entry = world.make_weakening().of(wide)
        assert entry is not None
        assert len(str(entry.details["agent"])) == 200

    play(story)
