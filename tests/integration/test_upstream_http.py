"""Servers over HTTP: what goes to them, how their answers come back, and how they fail."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from keyturn.application.approval_request import AnswerVerdict
from keyturn.application.ports.secret_store import Secret
from keyturn.domain.configuration import Limits, ReviewMode, ServerConfig, ToolSetting
from keyturn.domain.decision import Delivery, Outcome
from keyturn.domain.tier import Tier
from tests.integration.http_rig import META
from tests.integration.link_rig import Wire, World
from tests.integration.servers.http_server import HttpServer, event, http_server
from tests.integration.stories import tell
from tests.integration.test_hosts_that_end import until
from tests.integration.test_link import deliveries, outcomes, text_of


def remote(url: str, **changes: Any) -> ServerConfig:
    settings: dict[str, Any] = {
        "name": "far",
        "command": (),
        "url": url,
        "review": ReviewMode.ACCEPT,
        "tools": (ToolSetting(pattern="*", tier=Tier.T0),),
    }
    return ServerConfig(**(settings | changes))


async def connected(world: World, server: HttpServer, **changes: Any) -> Wire:
    wire = world.link(remote(server.url, **changes))
    await wire.shake()
    await wire.ask("connected", "ping")
    return wire


OnCall = Callable[[dict[str, Any]], Response]


def unfinished(server: HttpServer, *pieces: str, hold: bool = False) -> OnCall:
    return lambda _body: server.stream(list(pieces), hold=hold)


@pytest.mark.parametrize("events", [False, True])
def test_a_call_is_recorded_sent_and_answered(tmp_path: Path, events: bool) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            server.events = events
            wire = await connected(world, server)
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"
            assert outcomes(world) == [Outcome.ALLOWED_RULE.value]
            assert deliveries(world) == [Delivery.COMPLETED.value]
            ((headers, body),) = server.calls()
            assert body["params"] == {"name": "echo", "arguments": {"text": "hello"}}
            assert headers["mcp-session-id"] == "session-1"
            assert headers["mcp-protocol-version"] == "2025-11-25"
            assert headers["content-length"].isdigit()
            assert not {"authorization", "cookie", "origin", "mcp-method"} & set(headers)
            await wire.link.end()
            assert server.seen[-1][0] == "DELETE"

    tell(tmp_path, story)


def test_what_is_sent_in_the_newer_era_is_said_in_headers_too(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            wire = world.link(remote(server.url))
            await wire.ask(0, "server/discover", {"_meta": META})
            params = {"name": "echo", "arguments": {"text": "é"}, "_meta": META}
            assert text_of(await wire.ask(1, "tools/call", params)) == "é"
            ((headers, _body),) = server.calls()
            named = {name: value for name, value in headers.items() if name.startswith("mcp-")}
            assert named == {
                "mcp-protocol-version": "2026-07-28",
                "mcp-method": "tools/call",
                "mcp-name": "echo",
                "mcp-param-text": "=?base64?w6k=?=",
            }

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-8")
def test_its_own_credential_goes_with_every_request_and_to_nobody_else(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            world.secrets.secrets["far", "ship"] = Secret("Bearer of-the-test")
            wire = await connected(
                world, server, headers={"Authorization": "keychain:ship", "X-Team": "north"}
            )
            assert {headers["authorization"] for _, headers, _ in server.seen} == {
                "Bearer of-the-test"
            }
            assert {headers["x-team"] for _, headers, _ in server.seen} == {"north"}
            assert not any(b"of-the-test" in line for line in wire.client.lines)
            assert "of-the-test" not in repr(world.log.records)

    tell(tmp_path, story)


def test_without_its_credential_nothing_is_asked(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            world.secrets.state = "locked"
            wire = world.link(remote(server.url, headers={"Authorization": "keychain:ship"}))
            answer = await wire.ask(1, "initialize", {})
            assert "keychain" in answer["error"]["message"]
            assert server.seen == []

    tell(tmp_path, story)


def test_a_person_agrees_to_the_url_before_anything_is_asked(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            world.secrets.secrets["far", "ship"] = Secret("of-the-test")
            wire = world.link(
                remote(
                    server.url, review=ReviewMode.ASK, headers={"Authorization": "keychain:ship"}
                )
            )
            wire.say({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {}})
            (asked,) = await world.approver.asked()
            assert json.loads(asked.arguments) == {
                "url": server.url,
                "headers": ["Authorization=keychain:ship"],
            }
            assert server.seen == []
            world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
            assert (await wire.client.answer_to(1))["result"]["serverInfo"]["name"] == "far"

    tell(tmp_path, story)


def test_what_the_server_says_on_its_own_stream_reaches_the_client(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            ask = {"jsonrpc": "2.0", "id": "q", "method": "roots/list"}
            server.on_get = lambda _request: server.stream([event(ask)], hold=True)
            world.approver.decide = lambda _request: AnswerVerdict.ALLOW_ONCE
            wire = await connected(world, server)
            line = await wire.client.wait_for(lambda line: b"roots/list" in line)
            assert json.loads(line) == ask
            wire.say({"jsonrpc": "2.0", "id": "q", "result": {"roots": []}})
            await until(lambda: any(body and body.get("id") == "q" for _, _, body in server.seen))

    tell(tmp_path, story)


def test_a_stream_that_the_server_closed_early_is_taken_up_again(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            wire = await connected(world, server)
            note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"n": 1}}
            server.on_call = unfinished(server, event(note, id="e-1", retry=10))
            result = {"content": [{"type": "text", "text": "later"}]}

            def resumed(request: Request) -> Response:
                if request.headers.get("last-event-id") != "e-1":
                    return Response(status_code=405)
                answer = {"jsonrpc": "2.0", "id": 1, "result": result}
                return server.stream([event(answer, id="e-2")])

            server.on_get = resumed
            assert text_of(await wire.call(1, "echo")) == "later"
            assert len(server.calls()) == 1
            assert deliveries(world) == [Delivery.COMPLETED.value]

    tell(tmp_path, story)


def too_long(body: dict[str, Any]) -> Response:
    result = {"x": "y" * 70_000}
    return JSONResponse({"jsonrpc": "2.0", "id": body["id"], "result": result})


def answering(status: int, text: str = "oh", kind: str = "text/plain") -> OnCall:
    return lambda _body: Response(text, status, media_type=kind)


def redirected(_body: dict[str, Any]) -> Response:
    return RedirectResponse("http://127.0.0.1:1/")


def events_of(*pieces: str) -> OnCall:
    return lambda _body: Response("".join(pieces), media_type="text/event-stream")


@pytest.mark.requirement("LAW-3")
@pytest.mark.parametrize(
    ("on_call", "delivery"),
    [
        (events_of(), Delivery.UNKNOWN),
        (events_of("data: no frame\n\n"), Delivery.UNKNOWN),
        (events_of("data: " + "x" * 70_000 + "\n\n"), Delivery.UNKNOWN),
        (answering(500), Delivery.UNKNOWN),
        (answering(403), Delivery.FAILED),
        (answering(429), Delivery.FAILED),
        (redirected, Delivery.FAILED),
        (answering(200, "{", "application/json"), Delivery.UNKNOWN),
        (too_long, Delivery.UNKNOWN),
    ],
)
def test_whatever_it_answers_the_call_has_one_answer_and_an_outcome(
    tmp_path: Path, on_call: OnCall, delivery: Delivery
) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            wire = await connected(world, server)
            server.on_call = on_call
            answer = await wire.call(1, "echo")
            assert "error" in answer or answer["result"]["isError"] is True
            assert deliveries(world) == [delivery.value]
            server.on_call = None
            assert text_of(await wire.call(2, "echo", "next")) == "next"
            answered = [a for a in wire.client.answers() if a.get("id") == 1]
            assert len(answered) == 1

    tell(tmp_path, story, limits=Limits(frame_bytes=65_536))


@pytest.mark.parametrize("named", ["é", "a\rb: c"])
def test_a_server_whose_own_words_fit_no_header_is_still_asked(tmp_path: Path, named: str) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            server.session, server.version = named, named
            wire = await connected(world, server)
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"
            meta = {**META, "io.modelcontextprotocol/protocolVersion": named}
            assert "id" in await wire.ask(2, "ping", {"_meta": meta})

    tell(tmp_path, story)


def test_a_server_that_is_not_there_is_said_to_be_and_nothing_was_sent(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = world.link(remote("http://127.0.0.1:9/mcp"))
        answer = await wire.ask(1, "initialize", {})
        assert "could not be reached" in answer["error"]["message"]

    tell(tmp_path, story)


def test_a_session_that_the_server_forgot_ends_the_connection(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            wire = await connected(world, server)
            server.on_call = lambda _body: Response(status_code=404)
            await wire.call(1, "echo")
            assert deliveries(world) == [Delivery.UNKNOWN.value]
            await asyncio.wait_for(wire.client.closed.wait(), 20)

    tell(tmp_path, story)


def test_a_request_of_the_newer_era_is_cancelled_by_closing_its_stream(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            wire = world.link(remote(server.url))
            await wire.ask(0, "server/discover", {"_meta": META})
            note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"n": 1}}
            server.on_call = unfinished(server, event(note), hold=True)
            params = {"name": "echo", "arguments": {}, "_meta": META}
            wire.say({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
            await wire.client.wait_for(lambda line: b"notifications/message" in line)
            wire.say(
                {
                    "jsonrpc": "2.0",
                    "method": "notifications/cancelled",
                    "params": {"requestId": 1},
                }
            )
            await asyncio.wait_for(server.left.wait(), 10)
            told = [body for _, _, body in server.seen if body]
            assert not any(body["method"] == "notifications/cancelled" for body in told)

    tell(tmp_path, story)


def test_a_request_of_the_older_era_is_cancelled_by_a_notification(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            wire = await connected(world, server)
            server.on_call = unfinished(server, hold=True)
            params: dict[str, Any] = {"name": "echo", "arguments": {}}
            wire.say({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
            await until(lambda: bool(server.calls()))
            cancel = {
                "jsonrpc": "2.0",
                "method": "notifications/cancelled",
                "params": {"requestId": 1},
            }
            wire.say(cancel)
            await until(lambda: cancel in [body for _, _, body in server.seen])
            await wire.link.end()
            assert deliveries(world) == [Delivery.UNKNOWN.value]

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-5")
def test_the_stop_sends_nothing_more(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            wire = await connected(world, server)
            await world.stop.engage("window")
            before = len(server.seen)
            assert "stopped" in text_of(await wire.call(1, "echo"))
            assert (await wire.ask(2, "resources/read"))["error"]["code"] == -32010
            assert len(server.seen) == before

    tell(tmp_path, story)
