"""No call of one environment reaches another: through the gate, by every way, and by labels."""

import asyncio
import random
from dataclasses import replace

import pytest

from keyturn.application.call import Forwarded, Refused
from keyturn.application.environments import REACH_SETTING, read_reach, write_reach
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import AgentConfig, ServerConfig, ToolSetting
from keyturn.domain.decision import Outcome
from keyturn.domain.environment import Reach
from keyturn.domain.errors import ConfigurationError, LogUnavailable
from keyturn.domain.policy import Because
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from tests.factories import make_call, make_connection, make_server, make_tool
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import World, play

EVERYTHING = Rule(id="all", effect=Effect.ALLOW)
T0 = (ToolSetting(pattern="*", tier=Tier.T0),)
SPELLINGS = {
    "production": ("prod", "PRD", "live", "Production"),
    "staging": ("stage", "STG", "staging"),
    "development": ("dev", "sandbox", "Devel"),
}
TOOL = make_tool(inputSchema={"type": "object"})


def agent(environment: str, name: str = "analyst") -> AgentConfig:
    return AgentConfig(name=name, token_sha256="0" * 64, environment=environment)


def with_credential(server: ServerConfig, environment: str) -> ServerConfig:
    return replace(server, env={"DB": "keychain:db"}, credential_environments={"db": environment})


def arguments_naming(chance: random.Random, word: str) -> JsonObject:
    """Name an environment in one of the ways in which arguments do."""
    host = chance.choice([f"{word}-db-{chance.randrange(9)}", f"orders.{word}.example.com", word])
    ways: list[JsonObject] = [
        {"env": word},
        {"deploy": {"target": host}},
        {"hosts": ["localhost", host]},
        {"dsn": f"postgres://reader:secret@{host}:5432/orders"},
        {"query": f"https://{host}/v1/orders"},
        {"database": f"orders_{word}"},
        {"options": [{"namespaceName": host}]},
    ]
    return chance.choice(ways)


def crossings() -> list[tuple[int, ServerConfig, JsonObject]]:
    """Make 200 calls of an agent in QA that would reach somewhere else."""
    chance = random.Random(4)
    made: list[tuple[int, ServerConfig, JsonObject]] = []
    for number in range(200):
        other = chance.choice(sorted(SPELLINGS))
        word = chance.choice(SPELLINGS[other])
        own = make_server(tools=T0, environment=chance.choice(["qa", "", "UAT"]))
        way = number % 3
        if way == 0:
            made.append((number, replace(own, environment=word), {"page": 1}))
        elif way == 1:
            made.append((number, with_credential(own, word), {"page": 1}))
        else:
            made.append((number, own, arguments_naming(chance, word)))
    return made


@pytest.mark.unmeasured
@pytest.mark.requirement("ENV1")
def test_of_two_hundred_crossings_none_is_sent() -> None:
    async def story() -> None:
        world = World(EVERYTHING)
        world.environments.use_labels([], [agent("qa")])
        for number, server, arguments in crossings():
            connection = await world.connect(make_connection(server=server), TOOL)
            call = make_call(connection, arguments=arguments, id_=f"call-{number}")
            reply = await world.gate.handle(call, world.server)
            assert isinstance(reply, Refused), (server.environment, arguments)
            assert reply.outcome is Outcome.DENIED_RULE
            assert reply.crossing is not None and reply.crossing.agent == "qa"
        assert world.server.sent == []
        assert world.approver.shown == []
        decided = [r.entry for r in world.log.records if r.entry.outcome == "denied_rule"]
        assert len(decided) == 200
        assert {str(entry.policy["because"]) for entry in decided} == {"crossing"}
        assert {str(entry.policy["rule_name"]).partition(" to ")[0] for entry in decided} == {"qa"}

    play(story)


@pytest.mark.parametrize(
    ("server", "arguments"),
    [
        (make_server(tools=T0, environment="qa"), {"env": "uat"}),
        (make_server(tools=T0), {"host": "db.qa.example.com"}),
        (with_credential(make_server(tools=T0, environment="QA"), "qa"), {"page": 1}),
        (make_server(tools=T0), {"note": "nothing of production"}),
    ],
)
def test_within_its_environment_the_rules_decide(
    server: ServerConfig, arguments: JsonObject
) -> None:
    async def story() -> None:
        world = World(EVERYTHING)
        world.environments.use_labels([], [agent("qa")])
        connection = await world.connect(make_connection(server=server), TOOL)
        reply = await world.gate.handle(make_call(connection, arguments=arguments), world.server)
        assert isinstance(reply, Forwarded)

    play(story)


def test_a_pair_that_a_person_allowed_is_decided_by_the_rules() -> None:
    async def story() -> None:
        world = World(EVERYTHING)
        world.environments.use_labels([], [agent("qa")])
        world.environments.use_reach([Reach(agent="QA", other="stg")])
        server = make_server(tools=T0, environment="staging")
        connection = await world.connect(make_connection(server=server), TOOL)
        reply = await world.gate.handle(make_call(connection), world.server)
        assert isinstance(reply, Forwarded)
        world.environments.use_reach([])
        refused = await world.gate.handle(make_call(connection, id_="call-2"), world.server)
        assert isinstance(refused, Refused) and refused.crossing is not None

    play(story)


@pytest.mark.requirement("ENV2")
@pytest.mark.parametrize("known", ["", "analyst"])
def test_what_names_another_environment_than_the_servers_is_asked_about(known: str) -> None:
    """Also where the agent may reach both: no rule allows it."""

    async def story() -> None:
        world = World(EVERYTHING)
        world.environments.use_labels([], [agent("qa")] if known else [])
        world.environments.use_reach([Reach(agent="qa", other="production")])
        server = make_server(tools=T0, environment="qa")
        connection = await world.connect(make_connection(server=server), TOOL)
        world.start(make_call(connection, arguments={"host": "prod-db-1"}))
        request = await world.asked()
        assert request.because == Because.ENVIRONMENT_DIFFERS.value
        assert [(n.path, n.text) for n in request.named_environments] == [("/host", "prod-db-1")]
        assert request.production
        assert request.tier is Tier.T1
        world.approvals.close()

    play(story)


def test_what_cannot_be_looked_through_is_asked_about() -> None:
    async def story() -> None:
        world = World(EVERYTHING)
        server = make_server(tools=T0, environment="qa")
        connection = await world.connect(make_connection(server=server), TOOL)
        world.start(make_call(connection, arguments={"ids": list(range(5_000))}))
        request = await world.asked()
        assert request.because == Because.ENVIRONMENT_UNCLEAR.value
        # What was not read may name production.
        assert request.tier is Tier.T1
        world.approvals.close()

    play(story)


@pytest.mark.parametrize(
    ("label", "production"), [("prod-eu", True), ("Production_2", True), ("preprod", False)]
)
def test_a_label_of_ones_own_that_speaks_of_production_counts_as_it(
    label: str, production: bool
) -> None:
    async def story() -> None:
        world = World()
        server = make_server(tools=T0, environment=label)
        world.environments.use_labels([server], [])
        connection = await world.connect(make_connection(server=server), TOOL)
        assert world.environments.find(connection, {}).raises is production

    play(story)


def test_a_label_that_comes_while_a_call_waits_denies_it_after_the_click() -> None:
    async def story() -> None:
        world = World()
        server = make_server(tools=T0, environment="production")
        connection = await world.connect(make_connection(server=server), TOOL)
        walk = world.start(make_call(connection))
        request = await world.asked()
        world.environments.use_labels([], [agent("qa")])
        world.answer(request, allow=True)
        reply = await walk
        assert isinstance(reply, Refused) and reply.outcome is Outcome.DENIED_RULE
        assert world.server.sent == []

    play(story)


class TestLabels:
    @pytest.mark.requirement("ENV3")
    def test_a_person_labels_an_agent_a_server_and_a_credential(self) -> None:
        async def story() -> None:
            server = replace(make_server(), env={"DB": "keychain:db"})
            world = BrokerWorld(servers=(server,))
            labelling = world.labelling
            await world.registry.enrol("analyst")
            await labelling.agent("analyst", " QA ")
            await labelling.server("logistics", "qa")
            await labelling.credential("logistics", "db", "prod")
            assert world.registry.agents[0].environment == "QA"
            assert world.registry.servers[0].environment == "qa"
            assert world.registry.servers[0].credential_environments == {"db": "prod"}
            await labelling.credential("logistics", "db", "")
            assert world.registry.servers[0].credential_environments == {}
            entries = [r.entry for r in world.log.records if r.entry.outcome == "environment"]
            assert [(e.agent, e.details) for e in entries] == [("analyst", {"environment": "QA"})]

        play(story)

    @pytest.mark.parametrize("label", ["a b", "-", "x" * 65, "_", "__._"])
    def test_what_is_no_label_changes_nothing(self, label: str) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(make_server(),))
            labelling = world.labelling
            with pytest.raises(ConfigurationError):
                await labelling.server("logistics", label)
            assert world.registry.servers == (make_server(),)

        play(story)

    def test_what_is_not_there_cannot_be_labelled(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(replace(make_server(), confirmed=False),))
            labelling = world.labelling
            for label in (
                labelling.agent("nobody", "qa"),
                labelling.server("logistics", "qa"),
                labelling.credential("logistics", "db", "qa"),
            ):
                with pytest.raises(ConfigurationError):
                    await label

        play(story)

    def test_pairs_are_kept_and_read_again(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            labelling = world.labelling
            await labelling.allow("QA", "stage", on=True)
            await labelling.allow("dev", "qa", on=True)
            await labelling.allow("dev", "qa", on=False)
            pairs = (Reach(agent="qa", other="staging"),)
            assert world.environments.reach == pairs
            assert read_reach(world.registry.settings[REACH_SETTING]) == pairs
            world.environments.use_reach([])
            labelling.load()
            assert world.environments.reach == pairs
            for pair in (("qa", "uat"), ("", "qa"), ("qa", "")):
                with pytest.raises(ConfigurationError):
                    await labelling.allow(*pair, on=True)

        play(story)

    def test_of_two_that_are_saved_at_once_both_hold(self) -> None:
        async def story() -> None:
            names = {"A": "keychain:a", "B": "keychain:b"}
            world = BrokerWorld(servers=(replace(make_server(), env=names),))
            labelling = world.labelling
            await asyncio.gather(
                labelling.credential("logistics", "a", "prod"),
                labelling.credential("logistics", "b", "qa"),
                labelling.server("logistics", "qa"),
            )
            (server,) = world.registry.servers
            assert server.credential_environments == {"a": "prod", "b": "qa"}
            assert server.environment == "qa"
            await labelling.allow("qa", "dev", on=True)
            await asyncio.gather(
                labelling.allow("qa", "stage", on=True),
                labelling.allow("qa", "dev", on=False),
                labelling.allow("dev", "qa", on=True),
            )
            pairs = (
                Reach(agent="development", other="qa"),
                Reach(agent="qa", other="staging"),
            )
            assert world.environments.reach == pairs
            assert read_reach(world.registry.settings[REACH_SETTING]) == pairs

        play(story)

    def test_a_pair_that_is_taken_back_is_gone_where_that_cannot_be_kept(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.labelling.allow("qa", "dev", on=True)
            world.log.failure = LogUnavailable("The disk is full.")
            with pytest.raises(LogUnavailable):
                await world.labelling.allow("qa", "dev", on=False)
            assert world.environments.reach == ()

        play(story)

    def test_an_agent_that_is_enrolled_anew_keeps_its_label(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.registry.enrol("analyst")
            await world.labelling.agent("analyst", "qa")
            await world.registry.enrol("analyst")
            assert [agent.environment for agent in world.registry.agents] == ["qa"]

        play(story)

    def test_the_label_of_a_proposed_server_gives_no_word_a_meaning(self) -> None:
        world = World()
        server = replace(make_server(environment="proddb"), confirmed=False)
        world.environments.use_labels([server], [agent("qa")])
        connection = make_connection(server=make_server())
        found = world.environments.find(connection, {"host": "proddb"})
        assert found.raises
        assert found.crossing is not None and found.crossing.other == "production"

    @pytest.mark.parametrize("text", ["", "[", "{}", '[{"agent":"qa"}]', "7"])
    def test_pairs_that_cannot_be_read_are_none(self, text: str) -> None:
        assert read_reach(text) == ()
        assert read_reach(write_reach([])) == ()


def test_what_a_servers_own_values_name_is_proposed_with_its_reason() -> None:
    world = World()
    server = replace(
        make_server(),
        env={
            "DATABASE_URL": "postgres://orders:live@prod-db-1.example.com/orders",
            "MODE": "qa",
            "LEVEL": "info",
        },
    )
    proposed = [(n.path, n.text, n.environment) for n in world.environments.proposed(server)]
    assert proposed == [
        ("DATABASE_URL", "prod-db-1.example.com", "production"),
        ("MODE", "qa", "qa"),
    ]
    remote = replace(make_server(), command=(), url="https://mcp.stage.example.com/mcp")
    (named,) = world.environments.proposed(remote)
    assert (named.path, named.environment) == ("", "staging")


@pytest.mark.requirement("ENV1")
def test_an_agent_that_leaves_out_its_token_keeps_its_environment() -> None:
    async def story() -> None:
        world = World(EVERYTHING)
        world.environments.use_labels([], [agent("qa")])
        unproved = make_connection(server=make_server(tools=T0, environment="production"))
        unproved.agent, unproved.agent_enrolled = "analyst (not proven)", False
        connection = await world.connect(unproved, TOOL)
        call = make_call(connection, arguments={"page": 1})
        reply = await world.gate.handle(call, world.server)
        assert isinstance(reply, Refused)
        assert reply.outcome is Outcome.DENIED_RULE
        named = make_call(connection, arguments={"url": "https://prod-db-1/"}, id_="call-2")
        connection.server = make_server(tools=T0)
        assert isinstance(await world.gate.handle(named, world.server), Refused)
        assert world.server.sent == []

    play(story)
