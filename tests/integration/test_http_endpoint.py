"""Agents that speak HTTP: who is let in, both eras, streams, and that no two clients meet."""

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from keyturn.application.approval_request import AnswerVerdict
from keyturn.application.connection import OVER_HTTP
from keyturn.broker import http_answers, http_endpoint, http_prompt
from keyturn.domain.configuration import AgentConfig, Limits
from keyturn.domain.decision import Outcome
from keyturn.domain.errors import ConfigurationError
from tests.integration.http_rig import LEGACY, URL, Endpoint, answers_in, endpoint, modern_request
from tests.integration.link_rig import SECONDS, World, request
from tests.integration.stories import tell
from tests.integration.test_hosts_that_end import until
from tests.integration.test_link import calls_seen, outcomes, text_of
from tests.integration.test_link_socket import ANALYST, TOKEN

OTHER_TOKEN = "another-token-of-this-test"
OTHER = AgentConfig(
    name="coder", token_sha256=hashlib.sha256(OTHER_TOKEN.encode()).hexdigest(), http=True
)


def call(text: str, tool: str = "echo", **meta: Any) -> dict[str, Any]:
    """Return the params of a call."""
    params: dict[str, Any] = {"name": tool, "arguments": {"text": text}}
    return {**params, "_meta": meta} if meta else params


def ids_seen(world: World) -> list[Any]:
    """Return the ids of the calls that reached the server."""
    return [frame["id"] for frame in calls_seen(world)]


# ---------------------------------------------------------------- who is let in


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": f"Basic {TOKEN}"}, 401),
        ({"authorization": f"Bearer {TOKEN}x"}, 401),
        ({"host": "evil.example"}, 403),
        ({"host": "evil.example", "authorization": ""}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"accept": "application/json"}, 406),
        ({"accept": "text/html"}, 406),
        ({"content-type": "text/plain"}, 415),
    ],
    ids=str,
)
def test_who_does_not_belong_here_gets_nothing(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            body = json.dumps(request(1, "initialize", {}))
            response = await e.http.post(URL, content=body, headers=headers)
            assert response.status_code == status
            assert "mcp-session-id" not in response.headers
            assert not [name for name in response.headers if name.startswith("access-control")]
            assert e.b.hub.connections() == ()

    tell(tmp_path, story)


def test_a_program_of_this_machine_may_name_the_endpoint_as_its_origin(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            origin = f"http://localhost:{e.endpoint.port}"
            response = await e.modern(1, "ping", origin=origin)
            assert response.status_code == 200

    tell(tmp_path, story)


def test_a_token_that_is_not_confirmed_is_none(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        proposed = AgentConfig(name="analyst", token_sha256=ANALYST.token_sha256, confirmed=False)
        async with endpoint(world, agents=(proposed,)) as e:
            assert (await e.modern(1, "ping")).status_code == 401

    tell(tmp_path, story)


def test_a_token_that_is_not_for_http_is_none_here(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world, agents=(replace(ANALYST, http=False),)) as e:
            assert (await e.modern(1, "ping")).status_code == 401

    tell(tmp_path, story)


def test_one_that_may_come_over_http_no_longer_is_ended_there(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world, agents=(ANALYST, OTHER)) as e:
            await e.legacy()
            (connection,) = e.b.hub.connections()
            assert connection.transport == OVER_HTTP, "as the card says"
            e.b.hub.use((connection.server,), (replace(ANALYST, http=False), OTHER))
            await until(lambda: not e.b.hub.connections())
            assert (await e.modern(1, "ping")).status_code == 401

    tell(tmp_path, story)


def test_a_body_that_comes_after_its_agent_was_let_go_opens_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world, agents=(ANALYST, OTHER)) as e:
            body, headers = modern_request(1, "ping")
            head = {**dict(e.http.headers), **headers, "host": f"127.0.0.1:{e.endpoint.port}"}
            head["content-length"] = str(len(body))
            lines = [f"POST {URL} HTTP/1.1", *(f"{k}: {v}" for k, v in head.items()), "", ""]
            reader, writer = await asyncio.open_connection("127.0.0.1", e.endpoint.port)
            writer.write("\r\n".join(lines).encode() + body[:5].encode())
            await writer.drain()
            assert (await e.modern(2, "ping")).status_code == 200, "the head was read by now"
            (connection,) = e.b.hub.connections()
            e.b.hub.use((connection.server,), (replace(ANALYST, http=False), OTHER))
            await until(lambda: not e.b.hub.connections())
            writer.write(body[5:].encode())
            answer = await asyncio.wait_for(reader.read(), SECONDS)
            writer.close()
            assert b"-32010" in answer
            assert e.b.hub.connections() == ()

    tell(tmp_path, story)


def test_an_unknown_server_says_so(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            url = f"http://127.0.0.1:{e.endpoint.port}/s/nobody"
            body, headers = modern_request(1, "ping")
            (answer,) = answers_in(await e.http.post(url, content=body, headers=headers))
            assert answer["error"]["code"] == -32010
            assert "No server of this name" in answer["error"]["message"]

    tell(tmp_path, story)


def test_a_body_over_the_limit_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            response = await client.post(request(1, "ping", {"x": "y" * 5_000}))
            assert response.status_code == 413
            assert (await client.ask(2, "ping", {"a": 1}))["result"] == {"a": 1}

    tell(tmp_path, story, limits=Limits(frame_bytes=4_000))


# ---------------------------------------------------------------- the era with a handshake


def test_a_session_is_opened_used_and_ended(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            assert len(client.headers["mcp-session-id"]) >= 32
            assert (await client.ask(1, "ping", {"a": 1}))["result"] == {"a": 1}
            assert text_of(await client.ask(2, "tools/call", call("hello"))) == "hello"
            assert outcomes(world) == [Outcome.ALLOWED_RULE.value]
            (connection,) = e.b.hub.connections()
            assert (connection.agent, connection.agent_enrolled) == ("analyst", True)
            ended = await e.http.delete(URL, headers=client.headers)
            assert ended.status_code == 200
            assert (await client.post(request(3, "ping"))).status_code == 404
            await until(lambda: not e.b.hub.connections())

    tell(tmp_path, story)


def test_a_session_is_its_own_agents_only(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world, agents=(ANALYST, OTHER)) as e:
            client = await e.legacy()
            stolen = {**client.headers, "authorization": f"Bearer {OTHER_TOKEN}"}
            body = json.dumps(request(1, "ping"))
            assert (await e.http.post(URL, content=body, headers=stolen)).status_code == 404
            assert (await e.http.get(URL, headers=stolen)).status_code == 404
            assert (await e.http.delete(URL, headers=stolen)).status_code == 404
            assert (await client.ask(2, "ping", {"a": 1}))["result"] == {"a": 1}

    tell(tmp_path, story, rules=())


def test_without_a_session_only_a_handshake_is_answered(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            body = json.dumps(request(1, "ping"))
            assert (await e.http.post(URL, content=body)).status_code == 400
            assert (await e.http.get(URL)).status_code == 405
            version = {"mcp-protocol-version": "1999-01-01"}
            assert (await e.http.post(URL, content=body, headers=version)).status_code == 400
            assert e.b.hub.connections() == ()

    tell(tmp_path, story)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]',
        b'{"jsonrpc":"2.0","id":1.0,"method":"tools/call","params":{"name":"echo"}}',
        b'{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}',
        b'{"jsonrpc":"2.0","id":"keyturn:1","method":"ping"}',
        b'{"jsonrpc":"2.0","id":1,"method":"p\xff"}',
    ],
    ids=str,
)
def test_what_is_no_frame_is_refused_and_recorded(tmp_path: Path, body: bytes) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            response = await e.http.post(URL, content=body, headers=client.headers)
            assert response.status_code == 400
            assert response.json()["error"]["code"] in (-32600, -32700)
            await client.ask(2, "ping")
            assert body not in [line.strip() for line in world.seen]
            assert outcomes(world) == [Outcome.REFUSED_MALFORMED.value]

    tell(tmp_path, story)


def test_a_frame_over_several_lines_is_one_line_at_the_server(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            body = b'{\r\n "jsonrpc":"2.0",\n"id":7,\n"method":"ping","params":{"a":\n1}}\n'
            response = await e.http.post(URL, content=body, headers=client.headers)
            assert answers_in(response)[0]["result"] == {"a": 1}

    tell(tmp_path, story)


def test_an_id_that_is_in_use_is_refused_and_the_first_is_answered(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            async with asyncio.TaskGroup() as tasks:
                first = tasks.create_task(client.ask(1, "tools/call", call("first")))
                (asked,) = await world.approver.asked()
                again = await client.post(request(1, "ping"))
                assert again.status_code == 400
                world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
            assert text_of(first.result()) == "first"

    tell(tmp_path, story, rules=())


def test_what_a_server_asks_reaches_the_client_and_the_answer_the_server(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            async with client.listening() as events:
                ask = '{"jsonrpc":"2.0","id":"q","method":"roots/list"}'
                world.approver.decide = lambda _request: AnswerVerdict.ALLOW_ONCE
                said = {"jsonrpc": "2.0", "method": "x/say", "params": {"lines": [ask]}}
                await client.post(said)
                assert await events.next() == json.loads(ask)
                answered = await client.post({"jsonrpc": "2.0", "id": "q", "result": {"roots": []}})
                assert answered.status_code == 202
                changed = '{"jsonrpc":"2.0","method":"notifications/resources/list_changed"}'
                lines = {"lines": [changed, '{"jsonrpc":"2.0","id":2,"result":{}}']}
                await client.ask(2, "x/say", lines)
                assert (await events.next())["method"] == "notifications/resources/list_changed"
                again = await e.http.get(
                    URL, headers={**client.headers, "accept": "text/event-stream"}
                )
                assert again.status_code == 409
            assert any(b'"roots":[]' in line.replace(b" ", b"") for line in world.seen)

    tell(tmp_path, story)


# ---------------------------------------------------------------- the era without one


def test_requests_share_one_process_and_no_two_clients_meet(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            async with asyncio.TaskGroup() as tasks:
                asked = [
                    tasks.create_task(e.modern(1, "tools/call", call(f"text {n}")))
                    for n in range(20)
                ]
            for n, one in enumerate(asked):
                (answer,) = answers_in(one.result())
                assert (answer["id"], text_of(answer)) == (1, f"text {n}")
            assert len(e.b.hub.connections()) == 1
            assert len(set(ids_seen(world))) == 20

    tell(tmp_path, story)


def test_ids_come_back_as_they_were_spelt(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            for literal in ('"a\\u00e9"', "12345678901234567890", "-0", '""'):
                body, headers = modern_request("ID", "ping", {"n": 1})
                response = await e.http.post(
                    URL, content=body.replace('"ID"', literal), headers=headers
                )
                assert f'"id":{literal},' in response.text

    tell(tmp_path, story)


def test_an_answer_beyond_json_reaches_its_client(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            for value in ("NaN", '"\\ud800"', "[-Infinity]"):
                body, headers = modern_request("mine", "ping", {"n": "VALUE"})
                response = await e.http.post(
                    URL, content=body.replace('"VALUE"', value), headers=headers
                )
                assert response.text.startswith('{"jsonrpc":"2.0","id":"mine","result":{')
                assert f'"n":{value}' in response.text.replace(" ", "")

    tell(tmp_path, story)


def test_progress_reaches_its_own_request_with_its_own_token(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            params = call("x", "late", progressToken="mine")
            async with asyncio.TaskGroup() as tasks:
                one = tasks.create_task(_first_event(e, 1, params))
                other = tasks.create_task(_first_event(e, 1, params))
                await until(lambda: len(calls_seen(world)) == 2)
                tokens = [frame["params"]["_meta"]["progressToken"] for frame in calls_seen(world)]
                assert len(set(tokens)) == 2
                progress = [
                    json.dumps({
                        "jsonrpc": "2.0",
                        "method": "notifications/progress",
                        "params": {"progressToken": token, "progress": 0.5, "message": str(n)},
                    })
                    for n, token in enumerate(tokens)
                ]  # fmt: skip
                lines = [*progress, '{"jsonrpc":"2.0","id":3,"result":{}}']
                assert (await e.modern(9, "x/say", {"lines": lines})).status_code == 200
            told = sorted([one.result(), other.result()], key=lambda t: t["params"]["message"])
            assert [t["params"]["message"] for t in told] == ["0", "1"]
            assert {t["params"]["progressToken"] for t in told} == {"mine"}

    tell(tmp_path, story)


async def _first_event(e: Endpoint, request_id: int, params: dict[str, Any]) -> dict[str, Any]:
    async with e.streaming(request_id, "tools/call", params) as events:
        return await events.next()


@pytest.mark.requirement("I-09")
def test_who_stops_reading_has_cancelled(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            async with e.streaming(1, "tools/call", call("x", progressToken=1)) as events:
                (asked,) = await world.approver.asked()
                assert (await events.next())["method"] == "notifications/progress"
            await until(lambda: asked.id in world.approver.detached)
            assert calls_seen(world) == []
            # Another client's request goes on.
            assert (await e.modern(1, "ping", {"a": 1})).json()["result"]["a"] == 1

    tell(tmp_path, story, rules=())


def test_a_held_call_is_kept_alive_and_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_answers, "COMMIT_SECONDS", 0.05)
    monkeypatch.setattr(http_answers, "PING_SECONDS", 0.05)

    async def story(world: World) -> None:
        async with endpoint(world) as e, e.streaming(1, "tools/call", call("held")) as events:
            (asked,) = await world.approver.asked()
            await events.ping()
            await events.ping()
            world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
            assert text_of(await events.next()) == "held"

    tell(tmp_path, story, rules=())


@pytest.mark.parametrize(
    "changed",
    [
        {"mcp_method": "ping"},
        {"mcp_method": None},
        {"mcp_name": "dispatch"},
        {"mcp_name": None},
        {"mcp_protocol_version": LEGACY},
        {"mcp_protocol_version": None},
        {"mcp_name": "=?base64?ZWNobw?="},
        {"mcp_name": "=?base64?é?=".encode()},
    ],
    ids=str,
)
def test_headers_that_disagree_with_the_body_are_refused(
    tmp_path: Path, changed: dict[str, Any]
) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            response = await e.modern(1, "tools/call", call("x"), **changed)
            assert response.status_code == 400
            assert response.json()["error"]["code"] == -32020
            assert response.json()["id"] == 1
            assert calls_seen(world) == []

    tell(tmp_path, story)


def test_a_header_that_comes_twice_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            body, headers = modern_request(1, "tools/call", call("x"))
            twice = [*headers.items(), ("mcp-name", "echo")]
            response = await e.http.post(URL, content=body, headers=twice)
            assert response.json()["error"]["code"] == -32020

    tell(tmp_path, story)


def test_a_name_that_is_no_ascii_is_encoded_in_its_header(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            name = "=?base64?w6l0dWRl?="
            response = await e.modern(1, "tools/call", call("x", "étude"), mcp_name=name)
            # The tool is not known; what counts is that the headers were not the fault.
            assert response.status_code == 200
            assert outcomes(world) == [Outcome.REFUSED_UNREVIEWED.value]

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-5")
def test_while_stopped_nothing_is_sent_over_http_either(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            await e.modern(1, "ping")
            await world.stop.engage("window")
            (answer,) = answers_in(await e.modern(2, "tools/call", call("x")))
            assert "All agents are stopped" in text_of(answer)
            (other,) = answers_in(await e.modern(3, "resources/read", mcp_name="x"))
            assert other["error"]["code"] in (-32010, -32020)
            assert calls_seen(world) == []

    tell(tmp_path, story)


def test_a_revoked_token_ends_its_sessions(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            await e.modern(1, "ping")
            assert len(e.b.hub.connections()) == 2
            e.b.hub.use((world.raw_server(),), (OTHER,))
            assert (await client.post(request(2, "ping"))).status_code == 401
            await until(lambda: not e.b.hub.connections())

    tell(tmp_path, story)


@pytest.mark.parametrize("begun", [b"", b"POST /s/raw HTTP/1.1\r\nhost: "])
def test_who_connects_and_asks_nothing_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    monkeypatch.setattr(http_prompt, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(http_endpoint, "MOST_OPEN", 4)

    async def story(world: World) -> None:
        async with endpoint(world) as e:
            crowd = [await asyncio.open_connection("127.0.0.1", e.endpoint.port) for _ in range(8)]
            for _, writer in crowd:
                writer.write(begun)
            for reader, writer in crowd:
                async with asyncio.timeout(SECONDS):
                    assert await reader.read() == b""
                writer.close()
                await writer.wait_closed()
            assert (await e.modern(1, "tools/call", call("prompt"))).status_code == 200

    tell(tmp_path, story)


def test_a_port_that_is_taken_is_a_sentence(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            other = http_endpoint.HttpEndpoint(e.b.hub, frame_bytes=1_000)
            with pytest.raises(ConfigurationError, match=f"Port {e.endpoint.port}"):
                await other.start(e.endpoint.port)
            await other.close()

    tell(tmp_path, story)


def test_nothing_is_left_when_it_closes(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            body = json.dumps(request(1, "tools/call", call("waits")))
            async with asyncio.TaskGroup() as tasks:
                waiting = tasks.create_task(_posted(e.http, body, client.headers))
                await world.approver.asked()
                await e.endpoint.close()
            assert waiting.result() is None or waiting.result() == 502
            assert calls_seen(world) == []

    tell(tmp_path, story, rules=())


async def _posted(http: httpx2.AsyncClient, body: str, headers: dict[str, str]) -> int | None:
    """Return the status, or None when the connection was closed instead."""
    try:
        return (await http.post(URL, content=body, headers=headers)).status_code
    except httpx2.HTTPError:
        return None
