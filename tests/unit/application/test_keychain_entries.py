"""An entry of the keychain is its server's: what is not named any more is gone, also for others."""

from dataclasses import replace

import pytest

from keyturn.application.console_protocol import PutServer, RemoveServer
from keyturn.application.ports.secret_store import Secret
from keyturn.application.registry import Registry
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.decision import Actor
from keyturn.domain.errors import LogUnavailable, SecretStoreUnavailable
from keyturn.domain.record import RecordType
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play

BOTH = ServerConfig(
    name="shipments", command=("ship",), env={"A": "keychain:first", "B": "keychain:second"}
)
ONE = replace(BOTH, env={"A": "keychain:first"})
REMOVE = RemoveServer(n=1, name="shipments")


def world_with(*names: str) -> BrokerWorld:
    """Return a broker with the server of both, and values in its keychain."""
    world = BrokerWorld(servers=(BOTH,))
    world.secrets.secrets = {("shipments", name): Secret(name) for name in names}
    world.secrets.secrets["reports", "second"] = Secret("another's")
    return world


def left(world: BrokerWorld) -> set[tuple[str, str]]:
    """Return what is in the keychain beside the other server's."""
    return set(world.secrets.secrets) - {("reports", "second")}


def removed(world: BrokerWorld) -> list[object]:
    """Return the names whose removal was recorded."""
    entries = world.log.of_type(RecordType.CREDENTIAL)
    return [entry.details["name"] for entry in entries if entry.outcome == "removed"]


async def started_anew(world: BrokerWorld) -> Registry:
    """Return the registry of the next broker of this profile."""
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
    return again


@pytest.mark.requirement("LAW-8")
def test_a_reference_that_is_edited_away_takes_its_entry_with_it() -> None:
    async def story() -> None:
        world = world_with("first", "second")
        world.registry.propose_credential("shipments", "second", Secret("a newer one"))
        await world.intents.carry_out(
            PutServer(n=1, name="shipments", command=("ship",), env=ONE.env)
        )
        assert left(world) == {("shipments", "first")}
        assert removed(world) == ["second"]
        assert world.registry.proposed_credentials == frozenset()
        await world.intents.carry_out(REMOVE)
        assert left(world) == set()

    play(story)


@pytest.mark.requirement("LAW-8")
def test_a_proposal_that_names_it_no_more_takes_it_with_it() -> None:
    async def story() -> None:
        world = BrokerWorld()
        await world.registry.propose_server(replace(BOTH, confirmed=False))
        await world.registry.put_credential("shipments", "second", Secret("second"))
        await world.registry.propose_server(replace(ONE, confirmed=False))
        assert left(world) == set()
        assert world.log.of_type(RecordType.CREDENTIAL)[-1].actor is Actor.CLIENT

    play(story)


@pytest.mark.requirement("LAW-8")
@pytest.mark.parametrize("how", ["edited", "removed"])
@pytest.mark.parametrize("anew", [False, True])
def test_what_the_keychain_kept_is_no_later_servers(how: str, *, anew: bool) -> None:
    async def story() -> None:
        world = world_with("first", "second")
        world.secrets.state = "locked"
        with pytest.raises(SecretStoreUnavailable, match="still in|names no more"):
            await (
                world.registry.put_server(ONE)
                if how == "edited"
                else world.intents.carry_out(REMOVE)
            )
        assert world.registry.servers == ((ONE,) if how == "edited" else ())
        registry = await started_anew(world) if anew else world.registry
        with pytest.raises(SecretStoreUnavailable, match="left its entry"):
            await registry.put_server(BOTH)
        assert BOTH not in registry.servers
        world.secrets.state = "ready"
        await registry.put_server(BOTH)
        assert registry.servers == (BOTH,)
        assert left(world) == ({("shipments", "first")} if how == "edited" else set())
        await registry.put_credential("shipments", "second", Secret("its own"))
        await registry.put_server(replace(BOTH, command=("ship", "--fast")))
        assert ("shipments", "second") in left(world), "it is owed no more"

    play(story)


def test_what_another_name_or_no_name_is_given_is_not_in_the_way() -> None:
    async def story() -> None:
        world = world_with("first", "second")
        world.secrets.state = "locked"
        with pytest.raises(SecretStoreUnavailable):
            await world.intents.carry_out(REMOVE)
        await world.registry.put_server(replace(BOTH, name="other"))
        await world.registry.put_server(replace(BOTH, env={"A": "plain"}))
        assert {server.name for server in world.registry.servers} == {"other", "shipments"}

    play(story)


def test_without_a_record_nothing_is_removed() -> None:
    async def story() -> None:
        world = world_with("first", "second")
        world.log.failure = LogUnavailable("The disk is full.")
        with pytest.raises(LogUnavailable):
            await world.registry.put_server(ONE)
        with pytest.raises(LogUnavailable):
            await world.intents.carry_out(REMOVE)
        assert left(world) == {("shipments", "first"), ("shipments", "second")}
        assert world.registry.servers == (BOTH,)

    play(story)
