"""Batches of 2025-03-26: each member judged by itself, all of them answered as one array."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.alerts import Alert, AlertKind
from keyturn.application.approval_request import AnswerVerdict
from keyturn.broker.batches import LONGEST_ANSWERS, LONGEST_BATCH, MOST_MEMBERS
from keyturn.domain.decision import Outcome
from keyturn.domain.record import RecordType
from keyturn.domain.rule import Effect, Kind, Rule
from tests.integration.http_rig import BOTH, SHAKE, URL, Endpoint, endpoint
from tests.integration.link_rig import Wire, World, request
from tests.integration.servers.http_server import http_server
from tests.integration.stories import tell
from tests.integration.test_held_inputs import ask, have_asked, told
from tests.integration.test_hosts_that_end import until
from tests.integration.test_link import calls_seen, connected, outcomes
from tests.integration.test_upstream_http import remote

VERSION = "2025-03-26"
CALLS = Rule(id="r-calls", effect=Effect.ALLOW)
NEVER = Rule(id="r-never", effect=Effect.DENY, tool="big")
ASKED = Rule(id="r-ask", effect=Effect.ASK, tool="slow")
RULES = (CALLS, NEVER, ASKED)
BATCHES = pytest.mark.requirement("I-03")


async def batching(world: World) -> Wire:
    wire = world.link(world.raw_server())
    await wire.shake(VERSION)
    await wire.ask("connected", "ping")
    return wire


def call(request_id: Any, tool: str = "echo", text: str = "x") -> dict[str, Any]:
    return request(request_id, "tools/call", {"name": tool, "arguments": {"text": text}})


def line(*members: Any) -> bytes:
    return json.dumps(list(members)).encode() + b"\n"


async def answered(wire: Wire, count: int = 1) -> list[list[dict[str, Any]]]:
    """Return the arrays that were written to the client, once there are so many."""
    await until(lambda: sum(one.startswith(b"[") for one in wire.client.lines) >= count)
    return [json.loads(one) for one in wire.client.lines if one.startswith(b"[")]


def code_of(answer: dict[str, Any]) -> int | None:
    return answer.get("error", {}).get("code")


@BATCHES
@pytest.mark.requirement("LAW-1")
def test_each_member_goes_its_own_way_and_all_are_answered_together(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        members: list[Any] = [
            call(1),
            {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"},
            call(2, "big", "9"),
            request(3, "ping"),
            call(4, "slow"),
            call("5", "absent"),
            request(6, "tools/list"),
            {"jsonrpc": "2.0", "id": "nobody", "result": {}},
        ]
        wire.say(line(*members))
        (asked,) = await world.approver.asked()
        await wire.ask("between", "ping")
        assert not any(one.startswith(b"[") for one in wire.client.lines)
        world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
        (answers,) = await answered(wire)
        by_id = {answer["id"]: answer for answer in answers}
        assert by_id.keys() == {1, 2, 3, 4, "5", 6}
        assert by_id[1]["result"]["content"] == [{"type": "text", "text": "x"}]
        assert "a rule of the user" in str(by_id[2]["result"])
        assert by_id[3]["result"] == {}
        assert by_id["5"]["result"]["isError"] is True
        assert len(by_id[6]["result"]["tools"]) == 4
        assert [frame["id"] for frame in calls_seen(world)] == [1, 4]
        assert sorted(outcomes(world)) == [
            "allowed_once", "allowed_rule", "denied_rule", "refused_unreviewed",
        ]  # fmt: skip
        assert not any(one.startswith(b"[") for one in world.seen)
        assert b'"method": "notifications/roots/list_changed"' in b"".join(world.seen)

    tell(tmp_path, story, rules=RULES)


@pytest.mark.requirement("LAW-7")
def test_a_member_that_is_passed_keeps_its_bytes(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        wire.say(b' [ {"id":1, "method":"x/echo","params":{"n":NaN,"s":"],[\\ud800","f":1e2} } ,\t'
                 b'{"method":"ping","id":2}]\r\n')  # fmt: skip
        (answers,) = await answered(wire)
        assert [answer["id"] for answer in answers] == [1, 2]
        assert b'{"id":1, "method":"x/echo","params":{"n":NaN,"s":"],[\\ud800","f":1e2} }\n' in (
            world.seen
        )

    tell(tmp_path, story, rules=RULES)


@BATCHES
@pytest.mark.parametrize(
    ("batch", "code"),
    [
        (b"[]\n", -32600),
        (b"[ ]\n", -32600),
        (b"[1,\n", -32700),
        (b'[{"id":1,"method":"ping"}] [\n', -32700),
        (b"[" + b'{"id":1,"method":"ping"},' * MOST_MEMBERS + b"1]\n", -32600),
        (b"[" + b"1," * 200_000 + b"1]\n", -32600),
        (b'[{"id":1,"method":"x/echo","params":"' + b"x" * LONGEST_BATCH + b'"}]\n', -32600),
        (b"[" * 100_000 + b"]" * 100_000 + b"\n", -32600),
    ],
    ids=range(8),
)
def test_a_batch_that_is_none_is_refused_as_one(batch: bytes, code: int, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        wire.say(batch)
        refused = json.loads(await wire.client.wait_for(lambda one: b'"error"' in one))
        assert (refused["id"], refused["error"]["code"]) == (None, code)
        await wire.ask(9, "ping")
        assert batch not in world.seen
        assert not any(b'"id":1' in seen for seen in world.seen)
        assert outcomes(world) == [Outcome.REFUSED_MALFORMED.value]

    tell(tmp_path, story, rules=RULES)


@BATCHES
@pytest.mark.parametrize(
    "member",
    [
        [],
        [call(5)],
        1,
        "tools/call",
        None,
        {},
        {"jsonrpc": "2.0", "id": 5, "METHOD": "tools/call", "method": "ping"},
        {"jsonrpc": "2.0", "id": None, "method": "tools/call"},
        call(5.5),
        request(5, "initialize", SHAKE),
        {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "echo"}},
    ],
    ids=range(11),
)
def test_a_member_that_is_refused_does_not_stop_the_others(member: Any, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        wire.say(line(call(1), member, request(2, "ping")))
        (answers,) = await answered(wire)
        assert [answer["id"] for answer in answers if "result" in answer] in ([1, 2], [2, 1])
        (bad,) = [answer for answer in answers if "error" in answer]
        assert (bad["id"] in (None, 5), code_of(bad)) == (True, -32600)
        assert sorted(outcomes(world)) == ["allowed_rule", "refused_malformed"]
        assert [frame["id"] for frame in calls_seen(world)] == [1]

    tell(tmp_path, story, rules=RULES)


@BATCHES
@pytest.mark.requirement("I-05")
def test_an_id_that_comes_twice_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        wire.say(line(call(1), call(1, text="y"), request(2, "ping"), call("1")))
        (answers,) = await answered(wire)
        assert [(answer["id"], code_of(answer)) for answer in answers if "error" in answer] == [
            (1, -32600), (1, -32600),
        ]  # fmt: skip
        assert [frame["id"] for frame in calls_seen(world)] == ["1"]
        wire.say(line(call(5), request(5, "initialize")))
        answers = (await answered(wire, 2))[1]
        assert [(answer["id"], code_of(answer)) for answer in answers] == [(5, -32600)] * 2
        assert len(calls_seen(world)) == 1
        wire.say(line(call(7, "slow"), request(8, "ping")))
        await world.approver.asked()
        wire.say(request(7, "ping"))
        wire.say(line(request(7, "ping"), request(9, "ping")))
        answers = (await answered(wire, 3))[2]
        assert {(answer["id"], code_of(answer)) for answer in answers} == {(7, -32600), (9, None)}
        alone = await wire.client.answer_to(7)
        assert "in use" in alone["error"]["message"]

    tell(tmp_path, story, rules=RULES)


def test_what_is_cancelled_is_not_waited_for(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        wire.say(line(call(1, "slow"), request(2, "ping")))
        await world.approver.asked()
        cancelled = {"method": "notifications/cancelled", "params": {"requestId": 1}}
        wire.say({"jsonrpc": "2.0", **cancelled})
        (answers,) = await answered(wire)
        assert [answer["id"] for answer in answers] == [2]
        wire.say(line(call(3, "slow"), {"jsonrpc": "2.0", "method": cancelled["method"],
                                        "params": {"requestId": 3}}))  # fmt: skip
        await wire.ask(4, "ping")
        assert len(await answered(wire)) == 1
        assert calls_seen(world) == []

    tell(tmp_path, story, rules=RULES)


def test_what_is_there_is_written_when_the_server_ends(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        wire.say(line(request(1, "ping"), request(2, "x/never"), call(3, "die")))
        (answers,) = await answered(wire)
        assert {answer["id"] for answer in answers} == {1, 2, 3}
        await wire.client.closed.wait()

    tell(tmp_path, story, rules=RULES)


def test_answers_beyond_the_bound_go_out_before_the_others(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        ways = [call(n, "echo", "x" * 10_000) for n in range(3)]
        wire.say(line(call(9, "slow"), *ways))
        (asked,) = await world.approver.asked()
        arrays = await answered(wire)
        world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
        arrays = await answered(wire, 2)
        assert sorted(answer["id"] for array in arrays for answer in array) == [0, 1, 2, 9]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("keyturn.broker.batches.MOST_GATHERED", 25_000)
        tell(tmp_path, story, rules=RULES)


@pytest.mark.requirement("LAW-5")
def test_the_stop_refuses_each_member(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        await world.stop.engage("window")
        wire.say(line(call(1), request(2, "x/echo"), request(3, "ping")))
        (answers,) = await answered(wire)
        refused = {answer["id"] for answer in answers if "stopped" in json.dumps(answer)}
        assert refused == {1, 2}
        assert calls_seen(world) == []

    tell(tmp_path, story, rules=RULES)


@BATCHES
def test_no_other_version_has_batches(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(line(call(1)))
        refused = json.loads(await wire.client.wait_for(lambda one: b'"error"' in one))
        assert (refused["id"], refused["error"]["message"]) == (None, "Batches are not taken.")
        await wire.ask(2, "ping")
        assert calls_seen(world) == []

    tell(tmp_path, story, rules=RULES)


# ---------------------------------------------------------------- from servers


def test_an_array_of_a_server_is_read_as_its_members(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        wire.say(call(1, "silent"))
        wire.say(request(2, "x/never"))
        await until(lambda: bool(calls_seen(world)))
        notice = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"data": "hi"}}
        members: list[Any] = [
            {"jsonrpc": "2.0", "id": 1, "result": {"content": []}},
            notice,
            json.loads(ask("elicitation/create", {"message": "?"})),
            {"jsonrpc": "2.0", "id": 2, "result": {"x": 1}},
            [{"jsonrpc": "2.0", "id": 9, "result": {}}],
            7,
        ]
        await have_asked(wire, json.dumps(members))
        assert (await wire.client.answer_to(1))["result"] == {"content": []}
        assert (await wire.client.answer_to(2))["result"] == {"x": 1}
        assert notice in wire.client.answers()
        (asked,) = await world.approver.asked()
        world.approver.answer(asked, AnswerVerdict.DENY)
        await until(lambda: bool(told(world)))
        assert told(world)[0]["result"] == {"action": "decline"}
        assert len(world.server_log) >= 2

    tell(tmp_path, story, rules=RULES)


UNREADABLE = {
    "too many": [json.dumps([{"jsonrpc": "2.0", "id": 1, "result": {}}] * (MOST_MEMBERS + 1))],
    "no JSON": ['[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,]'],
    "cut off": [' [ {"jsonrpc":"2.0","id":1,"result":{"content":[]}}'],
    "too large": [json.dumps([{"id": 1, "result": {"x": "x" * LONGEST_ANSWERS}}])],
}


@pytest.mark.requirement("I-05")
@pytest.mark.parametrize("how", UNREADABLE)
def test_an_array_that_cannot_be_read_leaves_nothing_waiting(how: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        wire.say(call(1, "silent"))
        wire.say(request(2, "x/never"))
        await until(lambda: bool(calls_seen(world)))
        wire.say({"jsonrpc": "2.0", "method": "x/say", "params": {"lines": UNREADABLE[how]}})
        for number in (1, 2):
            answer = await wire.client.answer_to(number)
            assert "error" in answer or answer["result"]["isError"]
        await wire.client.closed.wait()
        (delivery,) = world.log.of_type(RecordType.DELIVERY)
        assert delivery.outcome == "unknown"
        assert delivery.details == {"reason": "the server's answers could not be read"}
        assert any(b"ended by an array that cannot be read" in one for one in world.server_log)
        assert world.told == [Alert(AlertKind.SERVER_UNREADABLE, "raw")]

    tell(tmp_path, story, rules=RULES)


HARMLESS = {
    "a log's line": "[INFO] ready",
    "no objects": "[1] {",
    "empty": "[]",
    "a bracket": "[",
    "texts": '["a",]',
    "braces": "[{worker 3}] started",
    "many objects": json.dumps([{"level": "info"}] * (MOST_MEMBERS + 1)),
    "many notices": json.dumps(
        [{"jsonrpc": "2.0", "method": "notifications/x"}] * (MOST_MEMBERS + 1)
    ),
}


@pytest.mark.parametrize("how", HARMLESS)
def test_a_line_that_begins_with_a_bracket_ends_nothing(how: str, tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await batching(world)
        await have_asked(wire, HARMLESS[how])
        wire.say(call(1))
        assert "result" in await wire.client.answer_to(1)
        assert len(world.server_log) == 1

    tell(tmp_path, story, rules=RULES)


def test_an_array_in_another_version_is_no_frame(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(1, "silent"))
        await have_asked(wire, '[{"jsonrpc":"2.0","id":1,"result":{"content":[]}}]')
        assert not any(frame.get("id") == 1 for frame in wire.client.answers())

    tell(tmp_path, story, rules=RULES)


def test_a_body_that_is_an_array_is_read_as_its_members(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            server.version = VERSION
            wire = world.link(remote(server.url))
            await wire.shake(VERSION)
            await wire.ask("connected", "ping")
            notice: dict[str, Any] = {"jsonrpc": "2.0", "method": "notifications/message"}
            kept = server.say

            def in_array(body: Any, result: Any, headers: Any = None) -> Any:
                response = kept(body, result, headers)
                members = [notice, json.loads(bytes(response.body))]
                response.body = json.dumps(members).encode()
                response.headers["content-length"] = str(len(response.body))
                return response

            server.say = in_array
            wire.say(line(call(1), request(2, "ping")))
            (answers,) = await answered(wire)
            assert {answer["id"] for answer in answers} == {1, 2}
            assert wire.client.answers().count(notice) >= 2
            assert all(isinstance(body, dict | None) for _, _, body in server.seen)

    tell(tmp_path, story, rules=RULES)


@pytest.mark.requirement("I-05")
@pytest.mark.parametrize("how", ["id: 1\n", ""])
def test_an_array_that_cannot_be_read_is_answered_while_its_stream_goes_on(
    how: str, tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            server.version = VERSION
            wire = world.link(remote(server.url))
            await wire.shake(VERSION)
            await wire.ask("connected", "ping")
            piece = f"{how}data: {UNREADABLE['no JSON'][0]}\n\n"
            server.on_call = lambda _body: server.stream([piece], hold=True)
            answer = await wire.call(1, "echo")
            assert "error" in answer or answer["result"]["isError"] is True
            (delivery,) = world.log.of_type(RecordType.DELIVERY)
            assert delivery.outcome == "unknown"
            assert delivery.details == {"reason": "the server's answer could not be read"}
            server.on_call = None
            assert "result" in await wire.call(2, "echo", "next")
            await server.left.wait()

    tell(tmp_path, story, rules=RULES)


# ---------------------------------------------------------------- over HTTP


async def session(at: Endpoint, version: str = VERSION) -> dict[str, str]:
    shake = request("init", "initialize", {**SHAKE, "protocolVersion": version})
    response = await at.http.post(URL, json=shake)
    headers = {"mcp-session-id": response.headers["mcp-session-id"]}
    told = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert (await at.http.post(URL, json=told, headers=headers)).status_code == 202
    return headers


def arrays_in(text: str) -> list[list[dict[str, Any]]]:
    events = [one.removeprefix("data: ") for one in text.splitlines()]
    return [json.loads(one) for one in events if one.startswith("[")]


@BATCHES
def test_a_batch_over_http_is_answered_as_one_array(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as at:
            headers = await session(at)
            members: Any = (
                call(1),
                call(2, "big"),
                [],
                request(3, "ping"),
                request(4, "initialize"),
            )
            response = await at.http.post(URL, content=line(*members), headers=headers)
            assert response.status_code == 200
            (answers,) = arrays_in(response.text)
            assert {answer["id"] for answer in answers} == {1, 2, 3, 4, None}
            assert [frame["id"] for frame in calls_seen(world)] == [1]
            long = await at.http.post(
                URL,
                content=line(call(1, text="x" * 20_000), call(2, text="x" * 20_000)),
                headers=headers,
            )
            (answers,) = arrays_in(long.text)
            assert {answer["id"] for answer in answers} == {1, 2}

    tell(tmp_path, story, rules=(*RULES, Rule(id="r-k", effect=Effect.ALLOW, kind=Kind.ROOTS)))


def test_a_long_answer_of_a_batch_over_http_is_one_json_body(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as at:
            headers = await session(at)
            sizes = range(200_000, 200_000 + 3)
            members = [call(size, "big", str(size)) for size in sizes]
            response = await at.http.post(URL, content=line(*members), headers=headers)
            assert response.status_code == 200
            assert response.headers["content-type"] == "application/json"
            texts = {one["id"]: one["result"]["content"][0]["text"] for one in response.json()}
            assert {request_id: len(text) for request_id, text in texts.items()} == {
                size: size for size in sizes
            }
            most = [call(n, "big", "9000") for n in range(MOST_MEMBERS)]
            response = await at.http.post(URL, content=line(*most), headers=headers)
            assert response.headers["content-type"] == "application/json"
            assert {one["id"] for one in response.json()} == set(range(MOST_MEMBERS))
            assert len(calls_seen(world)) == len(sizes) + MOST_MEMBERS

    tell(tmp_path, story, rules=(CALLS,))


CANCEL: dict[str, Any] = {"jsonrpc": "2.0", "method": "notifications/cancelled"}


@pytest.mark.parametrize("order", ["before the others", "after the others", "all", "in the batch"])
def test_a_batch_over_http_ends_with_the_last_that_is_not_cancelled(
    order: str, tmp_path: Path
) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as at:
            headers = await session(at)

            async def cancel(number: int) -> None:
                told = {**CANCEL, "params": {"requestId": number}}
                assert (await at.http.post(URL, json=told, headers=headers)).status_code == 202

            members: list[Any] = [call(1, "slow")]
            if order in ("before the others", "all"):
                members.append(call(2, "slow"))
            elif order == "after the others":
                members.append(request(2, "ping"))
            else:
                members.append({**CANCEL, "params": {"requestId": 1}})
            posted = asyncio.get_running_loop().create_task(
                at.http.post(URL, content=line(*members), headers=headers)
            )
            if order != "in the batch":
                two = order != "after the others"
                requests = await world.approver.asked(2 if two else 1)
                await cancel(1)
                if order == "all":
                    await cancel(2)
                elif order == "before the others":
                    world.approver.answer(requests[1], AnswerVerdict.ALLOW_ONCE)
            response = await posted
            if order in ("all", "in the batch"):
                assert (response.status_code, response.content) == (202, b"")
            else:
                (answers,) = arrays_in(response.text)
                assert [answer["id"] for answer in answers] == [2]
            again = await at.http.post(URL, content=line(request(1, "ping")), headers=headers)
            assert again.status_code == 200, "its id is free"

    tell(tmp_path, story, rules=RULES)


@BATCHES
def test_what_over_http_is_no_batch_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as at:
            headers = await session(at)

            async def status(*members: Any, **more: str) -> int:
                content = line(*members)
                sent = {**headers, "accept": BOTH, **more}
                return (await at.http.post(URL, content=content, headers=sent)).status_code

            told = {"jsonrpc": "2.0", "method": "notifications/x"}
            assert await status(told, {"jsonrpc": "2.0", "id": 1, "result": {}}) == 202
            assert await status() == 400
            assert await status(told, 1) == 400
            assert await status(*[told] * (MOST_MEMBERS + 1)) == 400
            assert await status(call(1), **{"mcp-session-id": ""}) == 400
            assert await status(call(1), **{"mcp-protocol-version": "2025-11-25"}) == 400
            assert await status(call(1), **{"mcp-protocol-version": "2026-07-28"}) == 400
            headers = await session(at, "2025-11-25")
            assert await status(call(1)) == 400
            assert calls_seen(world) == []
            await until(lambda: len(world.log.of_type(RecordType.DECISION)) >= 4)

    tell(tmp_path, story, rules=RULES)
