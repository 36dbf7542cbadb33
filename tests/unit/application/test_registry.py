"""Servers, agents, credentials and settings: recorded first, proposals replace nothing."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from keyturn.application.events import Topic
from keyturn.application.ports.secret_store import Secret
from keyturn.application.proposals import PROPOSAL_BYTES, PROPOSALS, PROPOSED_ENTRIES
from keyturn.application.registry import Registry, checked_agent_name, checked_server_name, set_http
from keyturn.application.tasks import TaskOwner
from keyturn.application.tokens import token_hash, token_matches
from keyturn.domain.configuration import AgentConfig, ServerConfig
from keyturn.domain.decision import Actor
from keyturn.domain.errors import ConfigurationError, LogUnavailable, SecretStoreUnavailable
from keyturn.domain.record import Durability, Entry, RecordType
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play

SHIP = ServerConfig(
    name="shipments",
    command=("ship", "--fast"),
    env={"MODE": "demo", "TOKEN": "keychain:ship"},
    environment="production",
)
PROPOSED = ServerConfig(name="reports", command=("read",), confirmed=False)
DISK_FULL = LogUnavailable("The disk is full.")


def last(world: BrokerWorld, kind: RecordType) -> Entry:
    """Return the last record of a type."""
    return world.log.of_type(kind)[-1]


async def is_enrolled(world: BrokerWorld) -> bool:
    """Tell whether an agent is; memory, store and token file must agree on it."""
    agents = world.registry.agents
    assert agents == world.live.agents == await world.agent_store.agents()
    hashes = {name: token_hash(token) for name, token in world.tokens.files.items()}
    assert {agent.name: agent.token_sha256 for agent in agents} == hashes
    return bool(agents)


def begin_within(
    world: BrokerWorld,
    monkeypatch: pytest.MonkeyPatch,
    outcome: str,
    *begin: Callable[[], Coroutine[Any, Any, Any]],
) -> list[asyncio.Task[Any]]:
    """Have changes begin while another one is recorded, each as far as it can go."""
    commit, tasks, begun = world.log.commit, TaskOwner(), list[asyncio.Task[Any]]()

    async def slow(entry: Entry, durability: Durability = Durability.FULL) -> int:
        seq = await commit(entry, durability)
        if entry.outcome == outcome and not begun:
            begun.extend(tasks.start(one(), f"change within {outcome}") for one in begin)
            for _ in range(10):
                await asyncio.sleep(0)
        return seq

    monkeypatch.setattr(world.log, "commit", slow)
    return begun


class TestServers:
    """What is configured, and who changed it."""

    @pytest.mark.requirement("LAW-8")
    def test_a_secret_of_its_command_is_not_written_down(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            world.mask.secrets.add("hunter2")
            await world.registry.put_server(
                ServerConfig(name="shipments", command=("ship", "--pin", "hunter2"))
            )
            command = last(world, RecordType.SERVER).details["command"]
            assert command == ["ship", "--pin", "[secret, ends ter2]"]

        play(story)

    @pytest.mark.requirement("LAW-8")
    def test_one_is_recorded_without_its_values(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.registry.put_server(SHIP)
            entry = last(world, RecordType.SERVER)
            assert (entry.outcome, entry.actor, entry.server) == (
                "confirmed",
                Actor.HUMAN,
                "shipments",
            )
            assert entry.details == {
                "command": ["ship", "--fast"],
                "env": ["MODE", "TOKEN=keychain:ship"],
                "environment": "production",
            }
            assert world.registry.servers == world.live.servers == (SHIP,)
            assert {Topic.SERVERS, Topic.AGENTS, Topic.CREDENTIALS} <= set(world.topics)

        play(story)

    def test_what_cannot_be_recorded_does_not_hold(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            world.log.failure = DISK_FULL
            with pytest.raises(LogUnavailable):
                await world.registry.put_server(PROPOSED)
            with pytest.raises(LogUnavailable):
                await world.registry.remove_server("shipments")
            assert world.registry.servers == world.live.servers == (SHIP,)

        play(story)

    def test_a_proposal_is_kept_and_not_used(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            await world.registry.propose_server(PROPOSED)
            assert world.registry.servers == (SHIP, PROPOSED)
            assert world.live.servers == (SHIP,)
            entry = last(world, RecordType.SERVER)
            assert (entry.outcome, entry.actor) == ("proposed", Actor.CLIENT)

        play(story)

    def test_a_proposal_never_replaces_what_is_confirmed(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            evil = ServerConfig(name="shipments", command=("evil",), confirmed=False)
            with pytest.raises(ConfigurationError, match="already configured"):
                await world.registry.propose_server(evil)
            assert world.registry.servers == (SHIP,)
            assert world.log.records == []

        play(story)

    def test_a_proposal_that_comes_while_another_is_confirmed_takes_nothing_from_it(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.registry.propose_server(replace(SHIP, confirmed=False))
            await world.registry.put_credential("shipments", "ship", Secret("its own"))
            evil = ServerConfig(name="shipments", command=("evil",), confirmed=False)
            begun = begin_within(
                world, monkeypatch, "confirmed", lambda: world.registry.propose_server(evil)
            )
            await world.registry.put_server(SHIP)
            (refusal,) = await asyncio.gather(*begun, return_exceptions=True)
            assert isinstance(refusal, ConfigurationError)
            assert world.registry.servers == await world.server_configs.servers() == (SHIP,)
            assert world.secrets.secrets == {("shipments", "ship"): Secret("its own")}

        play(story)

    def test_who_confirms_while_another_is_proposed_has_the_last_word(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.registry.propose_server(replace(SHIP, confirmed=False))
            evil = ServerConfig(name="shipments", command=("evil",), confirmed=False)
            begun = begin_within(
                world, monkeypatch, "proposed", lambda: world.registry.put_server(SHIP)
            )
            await world.registry.propose_server(evil)
            await asyncio.gather(*begun)
            assert world.registry.servers == await world.server_configs.servers() == (SHIP,)

        play(story)

    def test_one_that_is_put_while_it_is_removed_is_there(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            begun = begin_within(
                world, monkeypatch, "removed", lambda: world.registry.put_server(SHIP)
            )
            await world.registry.remove_server("shipments")
            await asyncio.gather(*begun)
            assert world.registry.servers == await world.server_configs.servers() == (SHIP,)

        play(story)

    @pytest.mark.parametrize("name", ["", ".hidden", "-rf", "a/b", "a b", "x" * 65, "naïve"])
    def test_a_name_that_could_be_a_path_is_refused(self, name: str) -> None:
        async def story() -> None:
            world = BrokerWorld()
            with pytest.raises(ConfigurationError, match="cannot be a server's name"):
                await world.registry.propose_server(
                    ServerConfig(name=name, command=("x",), confirmed=False)
                )
            with pytest.raises(ConfigurationError, match="cannot be an agent's name"):
                world.registry.propose_agent(name)
            with pytest.raises(ConfigurationError):
                await world.registry.enrol(name)
            assert world.log.records == []
            assert world.tokens.files == {}

        play(story)
        assert checked_server_name("A-1_b.c") == checked_agent_name("A-1_b.c") == "A-1_b.c"

    @pytest.mark.parametrize(
        "name",
        ["keyturn", "Keyturn", "KEYTURN", "keytum", "key-turn", "practice-agent", "Practice.Agent"]
        + ["pract1ce_agent", "practlceagent"],
    )
    def test_nobody_is_enrolled_under_keyturns_own_name(self, name: str) -> None:
        with pytest.raises(ConfigurationError, match="Keyturn itself"):
            checked_agent_name(name)
        with pytest.raises(ConfigurationError):
            BrokerWorld().registry.propose_agent(name)
        assert checked_server_name(name) == name

    @pytest.mark.parametrize("name", ["keyturn-dev", "turnkey", "practice", "agent", "my.agent"])
    def test_a_name_of_its_own_is_left_to_an_agent(self, name: str) -> None:
        assert checked_agent_name(name) == name

    def test_proposals_do_not_grow_the_broker(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            for number in range(PROPOSALS):
                await world.registry.propose_server(
                    ServerConfig(name=f"s-{number}", command=("x",), confirmed=False)
                )
            with pytest.raises(ConfigurationError, match="Too many"):
                await world.registry.propose_server(PROPOSED)
            # One that is there can still be corrected.
            await world.registry.propose_server(
                ServerConfig(name="s-0", command=("y",), confirmed=False)
            )
            with pytest.raises(ConfigurationError, match="too long"):
                await world.registry.propose_server(
                    ServerConfig(name="s-1", command=("x" * PROPOSAL_BYTES,), confirmed=False)
                )
            many = {f"V{n}": f"keychain:v{n}" for n in range(PROPOSED_ENTRIES + 1)}
            with pytest.raises(ConfigurationError, match="too many entries"):
                await world.registry.propose_server(
                    ServerConfig(name="s-1", command=("x",), env=many, confirmed=False)
                )
            assert len(world.registry.servers) == PROPOSALS

        play(story)

    def test_removing_is_proposed_dropped_and_done(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            with pytest.raises(ConfigurationError):
                world.registry.propose_removal("reports")
            world.registry.propose_removal("shipments")
            assert world.registry.proposed_removals == {"shipments"}
            assert world.live.servers == (SHIP,)
            world.registry.drop_removal("shipments")
            assert world.registry.proposed_removals == frozenset()
            world.registry.propose_removal("shipments")
            world.registry.propose_credential("shipments", "ship", Secret("a value"))
            await world.registry.remove_server("shipments")
            await world.registry.remove_server("shipments")
            assert world.registry.servers == world.live.servers == ()
            assert world.registry.proposed_removals == frozenset()
            assert world.registry.proposed_credentials == frozenset()
            assert len(world.log.of_type(RecordType.SERVER)) == 1

        play(story)

    def test_all_is_read_back_at_the_next_start(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.registry.put_server(SHIP)
            await world.registry.enrol("analyst")
            await world.registry.put_setting("theme", "dark")
            again = Registry(
                servers=world.server_configs,
                agents=world.agent_store,
                settings=world.setting_store,
                secrets=world.secrets,
                tokens=world.tokens,
                log=world.log,
                mask=world.mask,
                clock=world.clock,
                observers=world.observers,
            )
            await again.load()
            assert again.servers == (SHIP,)
            assert again.agents == world.registry.agents
            assert again.settings == {"theme": "dark"}

        play(story)


class TestAgents:
    """Enrolling makes a token; revoking takes it away at once."""

    def test_enrolling_keeps_a_hash_and_hands_the_token_over(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            world.registry.propose_agent("analyst")
            assert set(world.registry.proposed_agents) == {"analyst"}
            assert world.live.agents == ()
            await world.registry.enrol("analyst", "/opt/host")
            (agent,) = world.registry.agents
            token = world.tokens.files["analyst"]
            assert agent.token_sha256 == token_hash(token) != token
            assert token_matches(agent, token)
            assert not token_matches(agent, token + "x")
            assert agent.executable == "/opt/host"
            assert world.live.agents == (agent,)
            assert not world.registry.proposed_agents
            entry = last(world, RecordType.AGENT)
            assert (entry.outcome, entry.agent, entry.actor) == (
                "enrolled",
                "analyst",
                Actor.HUMAN,
            )
            assert token not in str(world.log.records)
            with pytest.raises(ConfigurationError, match="already enrolled"):
                world.registry.propose_agent("analyst")

        play(story)

    def test_enrolling_again_makes_another_token(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.registry.enrol("analyst")
            first = world.registry.agents[0]
            await world.registry.enrol("analyst")
            (second,) = world.registry.agents
            assert second.token_sha256 != first.token_sha256

        play(story)

    def test_without_a_record_there_is_no_token(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            world.log.failure = DISK_FULL
            with pytest.raises(LogUnavailable):
                await world.registry.enrol("analyst")
            assert world.tokens.files == {}
            assert world.registry.agents == ()

        play(story)

    @pytest.mark.parametrize("actor", [Actor.HUMAN, Actor.CLIENT])
    def test_revoking_takes_effect_before_it_is_recorded(self, actor: Actor) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.registry.enrol("analyst")
            assert await world.registry.revoke("analyst", actor)
            assert not await world.registry.revoke("analyst", actor)
            assert world.tokens.files == {}
            assert await world.agent_store.agents() == ()
            assert last(world, RecordType.AGENT).actor is actor
            await world.registry.enrol("coder")
            world.log.failure = DISK_FULL
            with pytest.raises(LogUnavailable):
                await world.registry.revoke("coder", actor)
            assert world.live.agents == ()

        play(story)

    def test_whether_one_may_come_over_http_is_recorded_and_ends_with_its_token(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            assert not await set_http(world.registry, "analyst", on=True)
            await world.registry.enrol("analyst")
            assert [agent.http for agent in world.live.agents] == [False]
            assert await set_http(world.registry, "analyst", on=True)
            assert [agent.http for agent in world.live.agents] == [True]
            assert last(world, RecordType.AGENT).outcome == "http_on"
            assert await set_http(world.registry, "analyst", on=False)
            assert last(world, RecordType.AGENT).outcome == "http_off"
            assert await set_http(world.registry, "analyst", on=True)
            await world.registry.enrol("analyst")
            assert [agent.http for agent in await world.agent_store.agents()] == [False]
            world.log.failure = DISK_FULL
            with pytest.raises(LogUnavailable):
                await set_http(world.registry, "analyst", on=True)
            assert [agent.http for agent in world.live.agents] == [False]

        play(story)

    @pytest.mark.requirement("LAW-4")
    def test_one_that_is_revoked_while_it_is_let_in_stays_revoked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.registry.enrol("analyst")
            revoking = begin_within(
                world, monkeypatch, "http_on", lambda: world.registry.revoke("analyst")
            )
            await set_http(world.registry, "analyst", on=True)
            await asyncio.gather(*revoking)
            assert not await is_enrolled(world)

        play(story)

    @pytest.mark.requirement("LAW-4")
    @pytest.mark.parametrize("again", [False, True])
    def test_one_that_is_revoked_while_it_is_enrolled_is_revoked(
        self, monkeypatch: pytest.MonkeyPatch, *, again: bool
    ) -> None:
        async def story() -> None:
            world = BrokerWorld()
            if again:
                await world.registry.enrol("analyst")
            begun = begin_within(
                world, monkeypatch, "enrolled", lambda: world.registry.revoke("analyst")
            )
            await world.registry.enrol("analyst")
            assert await asyncio.gather(*begun) == [True]
            assert not await is_enrolled(world)

        play(story)

    def test_of_two_tokens_the_last_is_good_whatever_changes_meanwhile(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.registry.enrol("analyst")
            begun = begin_within(
                world, monkeypatch, "http_on", lambda: world.registry.enrol("analyst")
            )
            await set_http(world.registry, "analyst", on=True)
            await asyncio.gather(*begun)
            assert await is_enrolled(world)
            assert [agent.http for agent in world.live.agents] == [False]

        play(story)

    def test_one_that_is_enrolled_while_it_is_revoked_is_enrolled(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.registry.enrol("analyst")
            begun = begin_within(
                world,
                monkeypatch,
                "http_on",
                lambda: world.registry.revoke("analyst"),
                lambda: world.registry.enrol("analyst"),
            )
            await set_http(world.registry, "analyst", on=True)
            assert await asyncio.gather(*begun) == [True, None]
            assert await is_enrolled(world)

        play(story)

    def test_proposed_names_do_not_grow_the_broker(self) -> None:
        world = BrokerWorld()
        for number in range(PROPOSALS + 5):
            world.registry.propose_agent(f"agent-{number}")
        assert len(world.registry.proposed_agents) == PROPOSALS

    def test_a_file_names_its_own(self) -> None:
        world = BrokerWorld()
        agent = AgentConfig(name="analyst", token_sha256="0" * 64)
        world.registry.use((SHIP,), (agent,))
        assert (world.live.servers, world.live.agents) == ((SHIP,), (agent,))


class TestCredentials:
    """Values are in the keychain, or in memory until a person settles them; names are recorded."""

    @pytest.mark.requirement("LAW-8")
    def test_a_value_goes_to_the_keychain_and_its_name_to_the_log(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            await world.registry.put_credential("shipments", "ship", Secret("s3cret-value"))
            assert world.secrets.secrets == {("shipments", "ship"): Secret("s3cret-value")}
            entry = last(world, RecordType.CREDENTIAL)
            assert (entry.outcome, entry.server, entry.details) == (
                "stored",
                "shipments",
                {"name": "ship"},
            )
            await world.registry.remove_credential("shipments", "ship")
            assert world.secrets.secrets == {}
            assert last(world, RecordType.CREDENTIAL).outcome == "removed"
            assert "s3cret-value" not in str(world.log.records)

        play(story)

    def test_a_proposed_value_waits_for_the_window(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            world.registry.propose_credential("shipments", "ship", Secret("new"))
            assert world.registry.proposed_credentials == {("shipments", "ship")}
            assert world.secrets.secrets == {}
            # The same again changes nothing; another one cannot be slipped under the name.
            world.registry.propose_credential("shipments", "ship", Secret("new"))
            with pytest.raises(ConfigurationError, match="already waits"):
                world.registry.propose_credential("shipments", "ship", Secret("newer"))
            await world.registry.settle_credential("shipments", "ship", accept=True)
            assert world.secrets.secrets == {("shipments", "ship"): Secret("new")}
            assert world.registry.proposed_credentials == frozenset()

        play(story)

    def test_a_dropped_value_is_gone(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            world.registry.propose_credential("shipments", "ship", Secret("new"))
            await world.registry.settle_credential("shipments", "ship", accept=False)
            await world.registry.settle_credential("shipments", "ship", accept=True)
            assert world.secrets.secrets == {}
            assert world.log.records == []

        play(story)

    def test_a_locked_keychain_keeps_it_proposed(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            world.registry.propose_credential("shipments", "ship", Secret("new"))
            world.secrets.state = "locked"
            with pytest.raises(SecretStoreUnavailable):
                await world.registry.settle_credential("shipments", "ship", accept=True)
            assert world.registry.proposed_credentials == {("shipments", "ship")}
            world.secrets.state = "ready"
            await world.registry.settle_credential("shipments", "ship", accept=True)
            assert world.secrets.secrets == {("shipments", "ship"): Secret("new")}

        play(story)

    @pytest.mark.parametrize(
        ("server", "name"), [("shipments", "other"), ("no-such-server", "ship")]
    )
    def test_only_a_name_that_a_server_uses_can_be_proposed(self, server: str, name: str) -> None:
        world = BrokerWorld(servers=(SHIP,))
        with pytest.raises(ConfigurationError, match="uses no credential"):
            world.registry.propose_credential(server, name, Secret("new"))


def test_a_setting_is_recorded_and_copied_out() -> None:
    async def story() -> None:
        world = BrokerWorld()
        await world.registry.put_setting("theme", "dark")
        settings = world.registry.settings
        settings["theme"] = "light"
        assert world.registry.settings == {"theme": "dark"}
        entry = last(world, RecordType.SETTING)
        assert entry.details == {"name": "theme", "value": "dark"}
        assert world.topics[-1] is Topic.SETTINGS
        assert entry.actor is Actor.HUMAN
        await world.registry.put_setting("http_port", "", Actor.KEYTURN)
        assert last(world, RecordType.SETTING).actor is Actor.KEYTURN

    play(story)
