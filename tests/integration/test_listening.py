"""Listening to resources (2026-07-28): held against the rules that speak of reading them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from keyturn.domain.policy import Posture
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from tests.integration.link_rig import Wire, World, line_of, request
from tests.integration.stories import tell
from tests.integration.test_asked_beside_tools import DENIED
from tests.integration.test_link import MODERN, connected, outcomes

LISTEN = "subscriptions/listen"
UPDATED = "notifications/resources/updated"
NEVER = Rule(id="r-never", effect=Effect.DENY, kind=Kind.READ, tool="file:///etc/*")
ASKED = Rule(id="r-ask", effect=Effect.ASK, kind=Kind.READ)
OPEN = "file:///notes/today.md"
TWO_WAYS = (
    '"uri":"file:///a","uri":"file:///etc/x"',
    '"uri":"file:///a","URI":"file:///etc/x"',
    '"uri":["file:///etc/x"]',
)


def listening(request_id: int, *uris: Any, **others: Any) -> dict[str, Any]:
    wanted = {"toolsListChanged": True, "resourceSubscriptions": list(uris), **others}
    return request(request_id, LISTEN, {"notifications": wanted, "_meta": MODERN})


def listens_seen(world: World) -> list[Any]:
    frames = [json.loads(line) for line in world.seen if b"notifications" in line]
    return [frame["id"] for frame in frames if frame.get("method") == LISTEN]


def noted(world: World) -> list[Any]:
    return [entry.details["method"] for entry in world.log.of_type(RecordType.PASSED)]


async def serving(world: World) -> Wire:
    wire = await connected(world)
    await wire.ask("answers", "x/answers", {LISTEN: {"resultType": "complete"}})
    return wire


def updated(uri: str) -> str:
    return json.dumps({"jsonrpc": "2.0", "method": UPDATED, "params": {"uri": uri}})


@pytest.mark.requirement("ROUTE-RESOURCES", "LAW-1")
def test_what_may_be_read_is_listened_to_once_that_is_noted(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        wire.say(listening(1, OPEN))
        assert (await wire.client.answer_to(1))["result"] == {"resultType": "complete"}
        assert (noted(world), outcomes(world)) == ([LISTEN], [])
        assert listens_seen(world) == [1]

    tell(tmp_path, story, rules=(NEVER, ASKED))


@pytest.mark.requirement("ROUTE-RESOURCES")
@pytest.mark.parametrize("among", [(), (OPEN,) * 100])
def test_no_spelling_of_a_denied_uri_is_listened_to(among: tuple[str], tmp_path: Path) -> None:
    async def story(world: World) -> None:
        world.rules.posture = Posture.ASK_WRITES
        wire = await serving(world)
        for number, uri in enumerate(DENIED):
            wire.say(listening(number, *among, uri, *among[:99]))
            answer = await wire.client.answer_to(number)
            assert answer["error"]["code"] == -32010
            assert "a rule of the user" in answer["error"]["message"]
        assert set(outcomes(world)) == {"denied_rule"}
        assert listens_seen(world) == []

    tell(tmp_path, story, rules=(NEVER,))


@pytest.mark.parametrize(
    "params",
    [
        b'{"notifications":{"resourceSubscriptions":["file:///etc/x"],"resourceSubscriptions":[]}}',
        b'{"notifications":{"resourceSubscriptions":[]},"Notifications":{}}',
        b'{"notifications":{"ResourceSubscriptions":["file:///etc/x"]}}',
        b'{"notifications":{"resource\\u0053ubscriptionS":["file:///etc/x"]}}',
        b'{"notifications":{"re\xc5\xbfourceSubscriptions":["file:///etc/x"]}}',
        b'{"notifications":{"resourceSubscriptions":"file:///etc/x"}}',
        b'{"notifications":{"resourceSubscriptions":[{"uri":"file:///etc/x"}]}}',
        b'{"notifications":{"resourceSubscriptions":[""]}}',
        b'{"notifications":{"resourceSubscriptions":[%b"x"]}}' % (b'"x",' * 200),
        b'{"notifications":[{"resourceSubscriptions":["file:///etc/x"]}]}',
    ],
    ids=range(10),
)
def test_what_could_be_read_as_another_list_is_refused(params: bytes, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        wire.say(b'{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":%b}\n' % params)
        assert (await wire.client.answer_to(1))["error"]["code"] in (-32600, -32602)
        assert outcomes(world) == ["refused_malformed"]
        assert listens_seen(world) == []

    tell(tmp_path, story, rules=())


@pytest.mark.requirement("LAW-7")
def test_what_names_no_resource_is_passed_byte_for_byte(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        line = (
            b'{"method": "subscriptions\\/listen","id":1, "params":{"notifications":'
            b'{"toolsListChanged":true,"own":1e2}},"jsonrpc":"2.0","x":1}\n'
        )
        assert "result" in await wire.raw(line, 1)
        assert line in world.seen
        assert noted(world) == []

    tell(tmp_path, story, rules=(NEVER,))


def test_a_stream_that_lives_on_is_cancelled_and_does_not_hold_up_the_end(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(listening(1, OPEN))
        await wire.ask(2, "ping")
        wire.say(listening(1, OPEN))
        assert "in use" in (await wire.client.answer_to(1))["error"]["message"]
        wire.say(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
        )
        await wire.ask(3, "ping")
        assert sum(b"notifications/cancelled" in line for line in world.seen) == 1
        wire.say(listening(4, OPEN))
        await wire.ask(5, "ping")
        async with asyncio.timeout(5):
            wire.link.client_left()
            await wire.client.closed.wait()

    tell(tmp_path, story, rules=())


@pytest.mark.requirement("ROUTE-RESOURCES")
def test_a_change_of_what_is_denied_is_not_told(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        plain = updated("x").replace('"uri": "x"', "URIS")
        told = (updated(OPEN), json.dumps({"jsonrpc": "2.0", "method": UPDATED}))
        kept = (
            *map(updated, DENIED),
            *(plain.replace("URIS", uris) for uris in TWO_WAYS),
        )
        wire.say(line_of({"jsonrpc": "2.0", "method": "x/say", "params": {"lines": kept + told}}))
        await wire.ask(9, "ping")
        heard = [line.decode().strip() for line in wire.client.lines if UPDATED.encode() in line]
        assert heard == list(told)

    tell(tmp_path, story, rules=(NEVER,))


def test_a_rule_made_while_it_is_listened_to_holds_from_then_on(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        wire.say(listening(1, "file:///etc/passwd"))
        await wire.client.answer_to(1)
        world.rules.use((NEVER,))
        lines = [updated("file:///etc/passwd"), updated(OPEN)]
        wire.say(line_of({"jsonrpc": "2.0", "method": "x/say", "params": {"lines": lines}}))
        await wire.ask(9, "ping")
        heard = [line for line in wire.client.lines if UPDATED.encode() in line]
        assert [json.loads(line)["params"]["uri"] for line in heard] == [OPEN]

    tell(tmp_path, story, rules=())


@pytest.mark.requirement("LAW-5")
def test_nothing_is_listened_to_while_stopped(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await serving(world)
        await world.stop.engage("window")
        wire.say(listening(1, OPEN))
        assert (await wire.client.answer_to(1))["error"]["code"] == -32010
        assert listens_seen(world) == []

    tell(tmp_path, story, rules=())
