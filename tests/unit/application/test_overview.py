"""The state of things as a window shows it: what was asked for, and nothing secret."""

import json

from keyturn.application.connection import Claims
from keyturn.application.events import Topic
from keyturn.application.log_watch import LogWatch
from keyturn.application.overview import ALL_TOPICS
from keyturn.application.ports.secret_store import Secret
from keyturn.domain.configuration import ServerConfig, ToolSetting
from keyturn.domain.decision import Actor
from keyturn.domain.definition import ReviewState
from keyturn.domain.errors import LogFault, LogUnavailable
from keyturn.domain.lamps import Lamps
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_launch, make_server, make_tool
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play

SHIP = ServerConfig(
    name="shipments",
    command=("ship",),
    env={"TOKEN": "keychain:ship", "OTHER": "keychain:ship", "MODE": "demo"},
    environment="production",
)
RULE = Rule(id="r-1", effect=Effect.ALLOW, tool="dispatch_order")


def test_only_what_changed_is_gathered() -> None:
    async def story() -> None:
        world = BrokerWorld()
        state = await world.overview.state(frozenset({Topic.STOP}))
        assert state.stop is not None
        assert (state.agents, state.servers, state.rules, state.posture) == (None, None, None, None)
        assert (state.credentials, state.settings, state.health) == (None, None, None)
        whole = await world.overview.state(ALL_TOPICS)
        assert None not in (whole.stop, whole.agents, whole.servers, whole.rules, whole.posture)
        assert None not in (whole.credentials, whole.settings, whole.health, whole.history)

    play(story)


def test_the_history_counts_up() -> None:
    async def story() -> None:
        world = BrokerWorld()
        first = (await world.overview.state(frozenset({Topic.HISTORY}))).history
        second = (await world.overview.state(frozenset({Topic.HISTORY}))).history
        assert (first, second) == (1, 2)
        assert (await world.overview.state(frozenset({Topic.RULES}))).history is None

    play(story)


def test_hits_come_with_the_history_and_not_the_rules() -> None:
    async def story() -> None:
        world = BrokerWorld(RULE)
        await world.uses.load()
        connection = await world.connect()
        await world.gate.handle(make_call(connection), world.server)
        state = await world.overview.state(frozenset({Topic.HISTORY}))
        assert (state.hits, state.rules) == ({"r-1": 1}, None)

    play(story)


def test_the_stop_with_its_facts() -> None:
    async def story() -> None:
        world = BrokerWorld()
        assert not world.overview.stop_state().engaged
        connection = await world.connect()
        await world.stop.engage("tray", "odd calls")
        await world.gate.handle(make_call(connection), world.server)
        state = world.overview.stop_state()
        assert (state.engaged, state.trigger, state.reason) == (True, "tray", "odd calls")
        assert (state.refused_since, state.cards_refused) == (1, 0)
        assert state.since_utc.startswith("2026-11-23T")

    play(story)


def test_agents_enrolled_connected_and_proposed() -> None:
    async def story() -> None:
        world = BrokerWorld()
        await world.registry.enrol("analyst")
        await world.registry.enrol("idle")
        world.registry.propose_agent("wanted")
        first = make_connection()
        first.claims = Claims(name="Atlas Desk", version="3.2")
        second = make_connection(server=make_server("reports"), session=first.session)
        stranger = make_connection(agent="stranger", enrolled=False)
        first.session.next_call()
        first.session.light(Lamps.U, 1)
        world.live.open += [first, second, stranger]
        state = await world.overview.state(frozenset({Topic.AGENTS}))
        assert state.agents is not None
        by_name = {agent.name: agent for agent in state.agents}
        assert list(by_name) == ["analyst", "idle", "stranger", "wanted"]
        analyst = by_name["analyst"]
        assert (analyst.enrolled, analyst.connections, analyst.calls) == (True, 2, 1)
        assert analyst.servers == ("logistics", "reports")
        assert (analyst.lamps, analyst.host_name) == ("U", "host")
        assert analyst.client == ""
        assert analyst.enrolled_at != ""
        assert by_name["idle"].client == by_name["idle"].host_name == ""
        assert not by_name["stranger"].enrolled
        assert by_name["wanted"].connections == 0
        world.live.open.reverse()
        state = await world.overview.state(frozenset({Topic.AGENTS}))
        assert state.agents is not None
        assert state.agents[0].client == "Atlas Desk 3.2"

    play(story)


def test_servers_with_consent_and_proposals() -> None:
    async def story() -> None:
        world = BrokerWorld(servers=(SHIP,))
        await world.registry.propose_server(
            ServerConfig(name="reports", command=("read",), confirmed=False)
        )
        world.registry.propose_removal("shipments")
        connection = make_connection(server=SHIP)
        await world.agreements.agree(connection, Actor.HUMAN, None)
        world.live.open.append(connection)
        state = await world.overview.state(frozenset({Topic.SERVERS}))
        assert state.servers is not None
        ship, reports = state.servers
        assert (ship.confirmed, ship.consented, ship.running) == (True, True, 1)
        assert ship.removal_proposed
        assert ship.env == ("MODE", "OTHER=keychain:ship", "TOKEN=keychain:ship")
        assert ship.env_values == SHIP.env
        assert json.loads(ship.launch) == connection.launch.subject()
        assert ship.agreed_at != ""
        assert (reports.confirmed, reports.consented, reports.running) == (False, False, 0)
        assert (reports.launch, reports.agreed_at, reports.tools) == ("", "", ())

    play(story)


class TestTools:
    """Tools as pinned and as listed now."""

    @staticmethod
    async def shown(world: BrokerWorld) -> dict[str, tuple[str, Tier | None, str, bool]]:
        """Return state, tier, labels and whether a difference is shown, by tool."""
        state = await world.overview.state(frozenset({Topic.SERVERS}))
        assert state.servers is not None
        return {
            tool.name: (tool.state, tool.tier, tool.labels, bool(tool.seen))
            for server in state.servers
            for tool in server.tools
        }

    def test_pins_and_lists_are_joined(self) -> None:
        async def story() -> None:
            server = make_server(
                tools=(ToolSetting(pattern="read_*", tier=Tier.T0, labels=Lamps.U),)
            )
            world = BrokerWorld(servers=(server,))
            connection = make_connection(server=server)
            tools = [make_tool(name) for name in ("read_a", "same", "changed", "gone", "hidden")]
            await world.agreements.pin_all(connection, tools, Actor.HUMAN, None)
            same, hidden = world.pin_shown("same"), world.pin_shown("hidden")
            assert await world.agreements.set_tier(same, Tier.T2, Lamps.X)
            assert await world.agreements.set_tier(hidden, None, Lamps.NONE, hidden=True)
            listed = [*tools[:2], make_tool("changed", title="New"), make_tool("first_seen")]
            connection.catalogue = {tool.name: tool for tool in listed}
            world.live.open.append(connection)
            assert await self.shown(world) == {
                "read_a": ("pinned", Tier.T0, "U", False),
                "same": ("pinned", Tier.T2, "X", False),
                "changed": ("changed", None, "", True),
                "first_seen": ("unreviewed", None, "", True),
                "gone": ("pinned", None, "", False),
                "hidden": ("hidden", None, "", False),
            }

        play(story)

    def test_a_pin_of_another_launch_identity_covers_nothing(self) -> None:
        async def story() -> None:
            server = make_server(tools=())
            world = BrokerWorld(servers=(server,))
            old = make_connection(server=server)
            await world.agreements.pin_all(old, [make_tool()], Actor.HUMAN, None)
            new = make_connection(server=server, launch=make_launch("server", "--v2"))
            new.catalogue = {"dispatch_order": make_tool()}
            world.live.open.append(new)
            shown = await self.shown(world)
            assert shown["dispatch_order"][0] == ReviewState.UNREVIEWED.value

        play(story)

    def test_it_says_whose_pin_it_shows(self) -> None:
        async def story() -> None:
            server = make_server(tools=())
            world = BrokerWorld(servers=(server,))
            connection = make_connection(server=server)
            await world.agreements.pin_all(connection, [make_tool()], Actor.HUMAN, None)
            connection.catalogue = {"dispatch_order": make_tool(title="New"), "b": make_tool("b")}
            world.live.open.append(connection)
            state = await world.overview.state(frozenset({Topic.SERVERS}))
            assert state.servers is not None
            unpinned, pinned = state.servers[0].tools
            assert (unpinned.launch_hash, unpinned.def_hash) == ("", "")
            assert pinned.launch_hash == connection.launch.launch_hash
            assert pinned.def_hash == make_tool().def_hash

        play(story)


def test_rules_with_how_often_they_decided() -> None:
    async def story() -> None:
        world = BrokerWorld(RULE)
        await world.uses.load()
        connection = await world.connect()
        await world.gate.handle(make_call(connection), world.server)
        state = await world.overview.state(frozenset({Topic.RULES}))
        assert state.rules is not None
        assert json.loads(state.rules[0].data)["id"] == "r-1"
        assert (state.rules[0].hits, state.rules[0].last_hit) == (1, world.clock.now_utc())
        assert state.posture == "ask_all"

    play(story)


def test_credentials_by_name_without_values() -> None:
    async def story() -> None:
        world = BrokerWorld(servers=(SHIP,))
        state = await world.overview.state(frozenset({Topic.CREDENTIALS}))
        assert state.credentials is not None
        (row,) = state.credentials
        assert (row.server, row.name, row.stored, row.proposed) == (
            "shipments",
            "ship",
            False,
            False,
        )
        assert row.used_by == ("TOKEN", "OTHER")
        world.registry.propose_credential("shipments", "ship", Secret("a-value"))
        await world.registry.settle_credential("shipments", "ship", accept=True)
        world.registry.propose_credential("shipments", "ship", Secret("another"))
        state = await world.overview.state(frozenset({Topic.CREDENTIALS, Topic.HEALTH}))
        assert state.credentials is not None
        assert (state.credentials[0].stored, state.credentials[0].proposed) == (True, True)
        assert "a-value" not in str(state)
        world.secrets.state = "locked"
        state = await world.overview.state(frozenset({Topic.CREDENTIALS, Topic.HEALTH}))
        assert state.credentials is not None
        assert not state.credentials[0].stored
        assert state.health is not None
        assert state.health.keychain == "locked"

    play(story)


def test_health_and_settings() -> None:
    async def story() -> None:
        world = BrokerWorld()
        await world.registry.put_setting("theme", "dark")
        world.overview.problem = "A part of it ended."
        world.overview.log_watch = LogWatch(world.clock, world.observers)
        failure = LogUnavailable("Not recorded.")
        failure.fault = LogFault.FULL
        world.overview.log_watch.failed(failure)
        state = await world.overview.state(frozenset({Topic.HEALTH, Topic.SETTINGS}))
        assert state.settings == {"theme": "dark"}
        assert state.health is not None
        assert (state.health.recording, state.health.problem) == (False, "A part of it ended.")
        assert (state.health.fault, state.health.fault_since) == ("full", world.clock.now_utc())

    play(story)
