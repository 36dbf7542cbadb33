"""Secrets that were read before, through the gate: none leaves by what stands, whoever read it."""

import base64
import random
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.application.call import Forwarded, Handled, Refused
from keyturn.application.connection import Connection
from keyturn.application.console_protocol import SaveRule
from keyturn.application.rejudging import judge_waiting
from keyturn.application.remembering import remember_approval
from keyturn.domain.canonical import JsonObject
from keyturn.domain.configuration import ToolSetting
from keyturn.domain.decision import Outcome
from keyturn.domain.policy import Because
from keyturn.domain.result_controls import ResultControls
from keyturn.domain.rule import Effect, Rule
from keyturn.domain.tier import Tier
from keyturn.inspection.carried_values import ArgumentValues
from tests.canaries import a_github_token, an_aws_key, written_ways
from tests.factories import make_call, make_connection, make_server, make_session, make_tool
from tests.unit.application.gate_world import World, play

ALLOW = Rule(id="r-allow", effect=Effect.ALLOW)
READ, SEND = (
    make_tool("read_log", inputSchema={"type": "object"}),
    make_tool("send", inputSchema={"type": "object"}),
)
KEY = b"k" * 32


async def connected(world: World, server: str = "logs", agent: str = "analyst") -> Connection:
    """Connect an agent to a server whose reads are T0 and whose sends are T1."""
    tools = (
        ToolSetting(pattern="read_*", tier=Tier.T0),
        ToolSetting(pattern="send", tier=Tier.T1),
    )
    made = make_connection(
        agent=agent,
        server=make_server(name=server, tools=tools),
        session=replace(make_session(agent), id=f"s-{agent}"),
    )
    return await world.connect(made, READ, SEND)


async def read(world: World, connection: Connection, text: str) -> Handled:
    """Let an agent read a text, as the rules allow."""
    world.server.answer_with = {"content": [{"type": "text", "text": text}]}
    done = await world.start(make_call(connection, "read_log", {"page": 1}))
    world.server.answer_with = {"content": []}
    return done


WAYS: dict[str, Callable[[str], JsonObject]] = {
    "whole": lambda s: {"body": s},
    "within a sentence": lambda s: {"body": f"the key is {s}, use it"},
    "a header": lambda s: {"headers": {"Authorization": f"Bearer {s}"}},
    "a query": lambda s: {"url": f"https://e.com/x?a=1&k={s}&b=2"},
    "a URL's user": lambda s: {"url": f"https://u:{s}@e.com/"},
    "percent signs": lambda s: {"url": "https://e.com/?k=" + "".join(f"%{ord(c):02X}" for c in s)},
    "quoted": lambda s: {"url": f"https://e.com/?k={quote(s, safe='')}"},
    "base64": lambda s: {"body": base64.b64encode(s.encode()).decode()},
    "base64 of a sentence": lambda s: {"body": base64.b64encode(f"key {s} ok".encode()).decode()},
    "base64 for URLs": lambda s: {"q": base64.urlsafe_b64encode(s.encode()).decode().rstrip("=")},
    "base64 twice": lambda s: {"body": base64.b64encode(base64.b64encode(s.encode())).decode()},
    "hexadecimal": lambda s: {"body": s.encode().hex()},
    "a key": lambda s: {"values": {s: 1}},
    "JSON in a text": lambda s: {"body": f'{{"token":"{s}"}}'},
    "wrapped": lambda s: {"body": f"{s[:12]}\n  {s[12:]}"},
    "an assignment": lambda s: {"command": f"export TOKEN={s}"},
}


@pytest.mark.requirement("FLOW-NO-RULE")
@pytest.mark.parametrize("way", sorted(WAYS))
def test_what_was_read_as_a_secret_leaves_by_no_rule(way: str) -> None:
    async def story() -> None:
        world, token = World(ALLOW), a_github_token(random.Random(way))
        connection = await connected(world)
        assert isinstance(await read(world, connection, f"token={token}\n"), Forwarded)
        sent = len(world.server.sent)
        task = world.start(
            make_call(connection, "send", WAYS[way](token), id_="call-2", request_id=2)
        )
        request = await world.asked()
        assert request.because == Because.SENDS_SECRET.value
        flow = request.flows.found[0]
        assert (flow.server, flow.tool, flow.result) == ("logs", "read_log", 1)
        assert "GitHub" in flow.kind
        world.answer(request, allow=False)
        assert isinstance(await task, Refused) and len(world.server.sent) == sent

    play(story)


@pytest.mark.requirement("FLOW-NO-RULE")
def test_what_a_person_had_remembered_does_not_cover_it_either() -> None:
    async def story() -> None:
        world = World(replace(ALLOW, tool="read_*"))
        token = a_github_token(random.Random(2))
        connection = await connected(world)
        task = world.start(make_call(connection, "send", {"body": token}))
        shown = await world.asked()
        rule = replace(ALLOW, agent="analyst", server="logs", tool="send")
        wish = SaveRule(n=1, data="", request=shown.id, digest=shown.digest, seconds=600.0)
        await remember_approval(rule, wish, world.approvals, world.rules)
        judge_waiting(world.approvals, world.rules, suspended=False)
        assert isinstance(await task, Forwarded)
        await read(world, connection, f"token={token}\n")
        task = world.start(
            make_call(connection, "send", {"body": token}, id_="call-3", request_id=3)
        )
        request = await world.asked(2)
        assert request.because == Because.SENDS_SECRET.value
        world.answer(request, allow=True)
        assert isinstance(await task, Forwarded)

    play(story)


def test_a_read_where_it_came_from_takes_it_nowhere() -> None:
    async def story() -> None:
        world, token = World(ALLOW), a_github_token(random.Random(3))
        connection = await connected(world)
        await read(world, connection, f"token={token}\n")
        done = await world.start(
            make_call(connection, "read_log", {"filter": token}, id_="call-2", request_id=2)
        )
        assert isinstance(done, Forwarded) and not world.approver.shown

    play(story)


@pytest.mark.requirement("FLOW-LINK")
def test_what_one_agent_read_on_monday_another_does_not_send_unseen_on_thursday() -> None:
    async def story() -> None:
        key = an_aws_key(random.Random(4))
        monday = World(ALLOW)
        await monday.flows.use_key(KEY)
        await read(monday, await connected(monday), f"key {key}\n")
        await monday.flows.close()
        thursday = World(ALLOW)
        thursday.flow_store = monday.flow_store
        thursday.flows = thursday.make_flows()
        thursday.gate = thursday.make_gate()
        await thursday.flows.use_key(KEY)
        other = await connected(thursday, "mail", "writer")
        task = thursday.start(make_call(other, "read_log", {"q": f"{key}"}))
        request = await thursday.asked()
        (flow,) = request.flows.found
        assert (flow.agent, flow.server, flow.result, flow.path) == ("analyst", "logs", 0, "/q")
        assert flow.at
        thursday.answer(request, allow=False)
        await task

    play(story)


@pytest.mark.requirement("FLOW-NO-VALUE")
def test_nothing_that_is_kept_or_recorded_holds_the_value() -> None:
    async def story() -> None:
        world, token = World(ALLOW), a_github_token(random.Random(5))
        await world.flows.use_key(KEY)
        connection = await connected(world)
        await read(world, connection, f"token={token}\n")
        task = world.start(
            make_call(connection, "send", {"note": "x", token: 1}, id_="call-2", request_id=2)
        )
        request = await world.asked()
        world.answer(request, allow=False)
        await task
        await world.flows.close()
        assert world.flow_store.kept
        kept = repr(world.flow_store.kept).encode()
        recorded = repr([(r.entry.details, r.entry.outcome) for r in world.log.records]).encode()
        for written in written_ways(token):
            assert written not in kept
        decision = next(r.entry for r in world.log.records if "flows" in r.entry.details)
        assert decision.outcome == Outcome.DENIED_USER.value
        assert token.encode() not in recorded

    play(story)


def test_what_is_not_masked_is_known_again_all_the_same() -> None:
    async def story() -> None:
        world, token = World(ALLOW), a_github_token(random.Random(6))
        connection = await connected(world)
        await world.controlling.tools.put("logs", "read_log", ResultControls(secrets=False))
        done = await read(world, connection, f"token={token}\n")
        assert isinstance(done, Forwarded) and token.encode() in done.line
        task = world.start(
            make_call(connection, "send", {"body": token}, id_="call-2", request_id=2)
        )
        request = await world.asked()
        assert request.because == Because.SENDS_SECRET.value
        world.answer(request, allow=False)
        await task

    play(story)


def test_a_secret_that_is_read_while_a_call_waits_has_it_asked_anew() -> None:
    async def story() -> None:
        world, token = World(replace(ALLOW, tool="read_*")), a_github_token(random.Random(7))
        connection = await connected(world)
        task = world.start(
            make_call(connection, "send", {"body": token}, id_="call-9", request_id=9)
        )
        shown = await world.asked()
        assert not shown.flows.found
        await read(world, connection, f"token={token}\n")
        world.answer(shown, allow=True)
        anew = await world.asked(2)
        assert anew.flows.found
        world.answer(anew, allow=False)
        assert isinstance(await task, Refused)

    play(story)


def test_more_than_is_looked_at_is_asked_about() -> None:
    async def story() -> None:
        world, token = World(ALLOW), a_github_token(random.Random(8))
        connection = await connected(world)
        long: JsonObject = {"body": "wordword " * 25_000}
        assert isinstance(await world.start(make_call(connection, "send", long)), Forwarded)
        await read(world, connection, f"token={token}\n")
        task = world.start(make_call(connection, "send", long, id_="call-2", request_id=2))
        request = await world.asked()
        assert request.flows.incomplete and not request.flows.found
        world.answer(request, allow=False)
        await task

    play(story)


MANY: list[JsonObject] = [
    {"n": [*range(30_000)]},
    {"n": [[] for _ in range(30_000)]},
    {"n": {str(n): n for n in range(30_000)}},
]


@pytest.mark.parametrize("arguments", MANY)
def test_what_holds_too_many_values_is_not_walked_through(arguments: JsonObject) -> None:
    assert ArgumentValues().read(arguments, frozenset({40})).incomplete


@given(
    st.integers(),
    st.lists(st.sampled_from(["base64", "hex", "percent"]), max_size=2),
    st.text(st.sampled_from(" \"'<>(){}[],;|=:&?@#\n"), min_size=1, max_size=3),
)
def test_whatever_stands_around_it_it_is_found(seed: int, ways: list[str], edge: str) -> None:
    token = written = a_github_token(random.Random(seed))
    for way in ways:
        written = {
            "base64": base64.b64encode(written.encode()).decode(),
            "hex": written.encode().hex(),
            "percent": "".join(f"%{byte:02x}" for byte in written.encode()),
        }[way]
    text = f"a{edge}{written}{edge}z"
    found = ArgumentValues().read({"x": [{"y": text}]}, frozenset({len(token)}))
    assert ("/x/0/y", token) in found.values
