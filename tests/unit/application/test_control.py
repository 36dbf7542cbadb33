"""What the socket offers besides carrying MCP: it can look, tighten and propose; never loosen."""

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keyturn.application.call import Refused
from keyturn.application.ports.secret_store import Secret
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.domain.canonical import JsonObject, JsonValue
from keyturn.domain.configuration import CwdMode, RemoteTransport, ReviewMode, ServerConfig
from keyturn.domain.decision import Outcome
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Rule
from tests.examples import many
from tests.factories import make_call, make_connection, make_server, make_tool
from tests.unit.application.broker_world import BrokerWorld
from tests.unit.application.gate_world import play, settle

LOOKS = {"status", "raise"}
TIGHTENS = {"stop", "revoke_agent"}
CLAIMS = {"check_input"}
PROPOSES = {"propose_server", "propose_agent", "propose_credential", "propose_rules"} | {
    "remove_server"
}
SHIP = ServerConfig(name="shipments", command=("ship",), env={"TOKEN": "keychain:ship"})
DENY = Rule(id="r-deny", effect=Effect.DENY, tool="dispatch_order")
WORDS = st.sampled_from(
    [
        "shipments",
        "reports",
        "analyst",
        "ship",
        "dispatch_order",
        "call-1",
        "v-000001",
        "",
        "r-deny",
    ]
)
VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["name", "command", "env", "environment", "server", "value", "reason", "confirmed", "tier"]
    + ["id", "digest", "allow", "verdict", "careful", "looked_at", "accept", "posture", "data"]
    + ["host", "text", "peer"]
)


@pytest.mark.requirement("LAW-4", "S3")
def test_every_request_is_on_the_list_of_what_cannot_loosen() -> None:
    assert BrokerWorld().control.requests == LOOKS | TIGHTENS | PROPOSES | CLAIMS


@pytest.mark.requirement("LAW-4", "S3")
@settings(max_examples=many(1), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    requests=st.lists(
        st.tuples(
            st.sampled_from(sorted(LOOKS | TIGHTENS | PROPOSES | CLAIMS))
            | st.sampled_from(["resume", "approve", "decide", "pin", "set_tier", "enrol_agent"])
            | VALUES,
            st.dictionaries(KEYS, VALUES, max_size=4),
        ),
        max_size=6,
    ),
    stopped=st.booleans(),
)
def test_no_request_loosens_anything(
    requests: list[tuple[JsonValue, dict[str, JsonValue]]], stopped: bool
) -> None:
    async def story() -> None:
        world = BrokerWorld(DENY, servers=(SHIP,))
        await world.registry.enrol("analyst")
        asked = make_connection(server=make_server("reports", review=ReviewMode.ASK, tools=()))
        await world.reviews.listed(asked, [make_tool("read_report")])
        world.rules.use(())
        connection = await world.connect(make_connection(server=make_server("logistics")))
        waiting = world.start(make_call(connection))
        request = await world.asked(2)
        world.rules.use((DENY,))
        if stopped:
            await world.stop.engage("window")
        before = _authority(world)
        for name, members in requests:
            answer = await world.control.control({**members, "control": name})
            assert isinstance(answer["ok"], bool)
        await settle()
        after = _authority(world)
        assert after["agents"] <= before["agents"]
        del before["agents"], after["agents"]
        assert after == before
        assert world.stop.engaged or not stopped
        # What waits is still undecided, or refused by a stop; nothing was sent.
        if world.stop.engaged:
            reply = await waiting
            assert isinstance(reply, Refused)
            assert reply.outcome is Outcome.REFUSED_PAUSED
        else:
            assert not waiting.done()
            world.answer(request, allow=False)
            await waiting
        assert world.server.sent == []
        await world.reviews.close()

    play(story)


def _authority(world: BrokerWorld) -> dict[str, set[str]]:
    """Return everything that lets a call through or gives somebody a right."""
    return {
        "agents": {agent.name for agent in world.registry.agents},
        "servers": {str(server) for server in world.live.servers},
        "pins": {str(pin) for pin in world.agreements.pins()},
        "consents": {str(world.agreements.latest_consent(s.name)) for s in world.live.servers},
        "rules": {world.rules.hash, world.rules.posture.value},
        "secrets": {str(key) for key in world.secrets.secrets},
        "tokens": set(),
        "settings": {str(world.registry.settings)},
    }


async def ask(world: BrokerWorld, request: str, /, **members: JsonValue) -> JsonObject:
    """Send one request."""
    return await world.control.control({"control": request, **members})


@pytest.mark.parametrize(
    "request_",
    [{}, {"control": None}, {"control": ["stop"]}, {"control": "resume"}, {"control": "quit"}],
)
def test_what_is_unknown_is_refused(request_: Mapping[str, JsonValue]) -> None:
    async def story() -> None:
        world = BrokerWorld()
        answer = await world.control.control(request_)
        assert answer == {"ok": False, "sentence": "The broker does not know this request."}

    play(story)


class TestStatus:
    """What the command line may know: counts and names, no arguments."""

    def test_it_says_what_runs(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            connection = await world.connect()
            world.live.open.append(connection)
            task = world.start(make_call(connection, arguments={"to": "14 Quarry Road"}))
            request = await world.asked()
            answer = await ask(world, "status")
            assert answer == {
                "ok": True,
                "stopped": False,
                "since": None,
                "trigger": None,
                "refused_since": 0,
                "waiting": 1,
                "connections": 1,
                "agents": ["analyst"],
                "proposed_agents": [],
                "access_overdue": 0,
                "version": "1.2.3",
            }
            world.answer(request, allow=False)
            await task

        play(story)

    def test_a_stop_file_is_seen_at_once(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            world.sentinel.facts = StopFacts(
                since_utc="2026-11-23T14:07:52.000Z", trigger="command"
            )
            answer = await ask(world, "status")
            assert (answer["stopped"], answer["trigger"]) == (True, "command")
            assert answer["since"] == "2026-11-23T14:07:52.000Z"

        play(story)


class TestTightening:
    """Stop and revoke, from anywhere."""

    @pytest.mark.parametrize(
        ("reason", "kept"),
        [("odd calls", "odd calls"), (None, ""), (7, ""), ("x" * 5000, "x" * 1000)],
    )
    def test_stopping(self, reason: JsonValue, kept: str) -> None:
        async def story() -> None:
            world = BrokerWorld()
            answer = await ask(world, "stop", reason=reason)
            assert answer["ok"] is True
            assert world.stop.engaged
            facts = world.stop.view().facts
            assert facts is not None
            assert (facts.trigger, facts.reason) == ("command", kept)

        play(story)

    def test_a_stop_that_could_not_be_written_down_says_so_and_holds(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            world.sentinel.failing = True
            answer = await ask(world, "stop")
            assert answer["ok"] is False
            assert "cannot be written" in str(answer["sentence"])
            assert world.stop.engaged

        play(story)

    def test_revoking(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await world.registry.enrol("analyst")
            assert await ask(world, "revoke_agent", name="analyst") == {"ok": True}
            assert world.registry.agents == ()
            names: list[JsonValue] = ["analyst", None, ["analyst"]]
            for name in names:
                answer = await ask(world, "revoke_agent", name=name)
                assert answer["ok"] is False

        play(story)


class TestProposing:
    """A proposal is shown in the window; nothing starts by it."""

    def test_a_server(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            answer = await ask(
                world,
                "propose_server",
                name="reports",
                command=["read", "--all"],
                env={"MODE": "demo"},
                environment="production",
                confirmed=True,
                review="accept",
                tools={"*": {"tier": "T0"}},
            )
            assert answer == {"ok": True}
            proposed = world.registry.servers[-1]
            assert proposed == ServerConfig(
                name="reports",
                command=("read", "--all"),
                env={"MODE": "demo"},
                environment="production",
                cwd=CwdMode.HOME,
                cwd_path="/srv/home",
                confirmed=False,
            )
            assert world.live.servers == (SHIP,)

        play(story)

    def test_a_remote_server(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            url = "https://reports.example/mcp"
            headers: JsonObject = {"Authorization": "keychain:reports"}
            answer = await ask(
                world, "propose_server", name="reports", url=url, transport="sse", headers=headers
            )
            assert answer == {"ok": True}
            proposed = world.registry.servers[-1]
            assert (proposed.url, proposed.command, proposed.confirmed) == (url, (), False)
            assert (proposed.transport, proposed.headers) == (RemoteTransport.SSE, headers)
            assert world.live.servers == (SHIP,)

        play(story)

    @pytest.mark.parametrize(
        "members",
        [
            {"command": ["x"]},
            {"name": "", "command": ["x"]},
            {"name": 7, "command": ["x"]},
            {"name": "reports"},
            {"name": "reports", "command": []},
            {"name": "reports", "command": "x"},
            {"name": "reports", "command": ["x", 7]},
            {"name": "reports", "command": ["x"], "env": ["A"]},
            {"name": "reports", "command": ["x"], "env": {"A": None}},
            {"name": "shipments", "command": ["x"]},
            {"name": "reports", "command": ["x"], "url": "https://reports.example/mcp"},
            {"name": "reports", "url": "http://reports.example/mcp"},
            {"name": "reports", "url": "https://a:b@reports.example/mcp"},
            {"name": "reports", "url": 7},
            {"name": "reports", "url": "https://reports.example", "transport": "ws"},
            {"name": "reports", "url": "https://reports.example", "transport": 7},
            {"name": "reports", "url": "https://reports.example", "env": {"A": "1"}},
            {"name": "reports", "url": "https://reports.example", "headers": {"Host": "x"}},
            {"name": "reports", "url": "https://reports.example", "headers": {"mcp-method": "x"}},
            {"name": "reports", "url": "https://reports.example", "headers": {"A": "b\r\nC: d"}},
            {"name": "reports", "url": "https://reports.example", "headers": {"A b": "c"}},
            {"name": "reports", "command": ["x"], "headers": {"A": "b"}},
        ],
    )
    def test_a_server_that_is_none(self, members: dict[str, JsonValue]) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            answer = await ask(world, "propose_server", **members)
            assert answer["ok"] is False
            assert str(answer["sentence"]).endswith(".")
            assert world.registry.servers == (SHIP,)

        play(story)

    def test_an_environment_that_is_no_text_is_none(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            await ask(world, "propose_server", name="reports", command=["x"], environment=7)
            assert world.registry.servers[0].environment == ""

        play(story)

    def test_an_agent(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            assert await ask(world, "propose_agent", name="analyst") == {"ok": True}
            assert set(world.registry.proposed_agents) == {"analyst"}
            assert (await ask(world, "status"))["proposed_agents"] == ["analyst"]
            for name in (None, "", "../analyst"):
                assert (await ask(world, "propose_agent", name=name))["ok"] is False

        play(story)

    def test_a_credential(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            members: dict[str, JsonValue] = {"server": "shipments", "name": "ship"}
            assert await ask(world, "propose_credential", **members, value="new") == {"ok": True}
            assert world.secrets.secrets == {}
            await world.registry.settle_credential("shipments", "ship", accept=True)
            assert world.secrets.secrets == {("shipments", "ship"): Secret("new")}
            assert (await ask(world, "propose_credential", **members))["ok"] is False

        play(story)

    def test_a_removal(self) -> None:
        async def story() -> None:
            world = BrokerWorld(servers=(SHIP,))
            assert await ask(world, "remove_server", name="shipments") == {"ok": True}
            assert world.live.servers == (SHIP,)
            assert world.registry.proposed_removals == {"shipments"}
            assert (await ask(world, "remove_server", name=None))["ok"] is False
            assert world.log.of_type(RecordType.SERVER) == []

        play(story)

    def test_raising_the_window(self) -> None:
        async def story() -> None:
            world = BrokerWorld()
            assert await ask(world, "raise") == {"ok": True}
            assert world.raised == 1

        play(story)
