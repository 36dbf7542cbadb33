"""Servers over HTTP+SSE: where frames go, how answers come back, and how they fail."""

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from keyturn.application.approval_request import AnswerVerdict
from keyturn.application.ports.secret_store import Secret
from keyturn.broker import upstream_sse
from keyturn.broker.certificates import trusted
from keyturn.broker.posting import Remote, http_client
from keyturn.domain.configuration import Limits, RemoteTransport, ReviewMode
from keyturn.domain.decision import Delivery, Outcome
from tests.integration.link_rig import ClientEnd, Wire, World, line_of, request
from tests.integration.servers.sse_server import ENDPOINT, Frame, SseServer, sse_server
from tests.integration.stories import tell
from tests.integration.test_hosts_that_end import until
from tests.integration.test_link import deliveries, outcomes, text_of
from tests.integration.test_upstream_http import remote


def link_to(world: World, server: SseServer, **changes: Any) -> Wire:
    return world.link(remote(server.url, transport=RemoteTransport.SSE, **changes))


async def connected(world: World, server: SseServer, **changes: Any) -> Wire:
    wire = link_to(world, server, **changes)
    await wire.shake()
    await wire.ask("connected", "ping")
    return wire


def cancel(request_id: int) -> Frame:
    return {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": request_id},
    }


def call(request_id: int, **meta: Any) -> Frame:
    params: dict[str, Any] = {"name": "echo", "arguments": {}}
    return request(request_id, "tools/call", {**params, "_meta": meta} if meta else params)


def test_a_call_is_recorded_sent_and_answered(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)
            assert text_of(await wire.call(1, "echo", "hello")) == "hello"
            assert outcomes(world) == [Outcome.ALLOWED_RULE.value]
            assert deliveries(world) == [Delivery.COMPLETED.value]
            (sent,) = server.calls()
            assert sent["params"] == {"name": "echo", "arguments": {"text": "hello"}}
            for method, headers, _ in server.seen:
                assert not {"authorization", "cookie", "origin", "mcp-method"} & set(headers)
                assert headers["accept" if method == "GET" else "content-type"] in (
                    "text/event-stream",
                    "application/json",
                )
            await wire.link.end()
            await asyncio.wait_for(server.left.wait(), 10)

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-7")
def test_frames_arrive_in_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)
            for number in range(40):
                note = {"jsonrpc": "2.0", "method": "x/frame", "params": {"n": number}}
                wire.say(note if number % 3 else {**note, "id": number})
            await until(lambda: len(server.bodies("x/frame")) == 40)
            numbers = [body["params"]["n"] for body in server.bodies("x/frame")]
            assert numbers == list(range(40))

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-8")
def test_its_own_credential_goes_with_every_request_and_to_nobody_else(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            world.secrets.secrets["far", "ship"] = Secret("Bearer of-the-test")
            headers = {"Authorization": "keychain:ship", "X-Team": "north"}
            wire = await connected(world, server, headers=headers)
            await wire.call(1, "echo")
            sent = [headers for _, headers, _ in server.seen]
            assert {headers["authorization"] for headers in sent} == {"Bearer of-the-test"}
            assert {headers["x-team"] for headers in sent} == {"north"}
            assert not any(b"of-the-test" in line for line in wire.client.lines)
            assert "of-the-test" not in repr((world.log.records, world.server_log))

    tell(tmp_path, story)


@pytest.mark.parametrize("secret", ["of\nthe-test", "of-the-tést", " of-the-test"])
def test_a_credential_that_cannot_be_sent_is_not_repeated_anywhere(
    tmp_path: Path, secret: str
) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            world.secrets.secrets["far", "ship"] = Secret(secret)
            wire = link_to(world, server, headers={"Authorization": "keychain:ship"})
            answer = await wire.ask(1, "initialize", {})
            assert "could not be started" in answer["error"]["message"]
            assert server.seen == []
            (line,) = world.server_log
            assert b"characters that cannot be sent" in line
            assert b"the-t" not in line

    tell(tmp_path, story)


def test_a_person_agrees_to_the_transport_with_the_url(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = link_to(world, server, review=ReviewMode.ASK)
            wire.say(request(1, "initialize", {}))
            (asked,) = await world.approver.asked()
            assert json.loads(asked.arguments) == {
                "url": server.url,
                "transport": "sse",
                "headers": [],
            }
            assert server.seen == []
            world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
            assert (await wire.client.answer_to(1))["result"]["serverInfo"]["name"] == "far"

    tell(tmp_path, story)


# ---------------------------------------------------------------- where frames go


@pytest.mark.requirement("LAW-8")
@pytest.mark.parametrize(
    "place",
    [
        "http://evil.example/messages",
        "//evil.example/messages",
        "http://127.0.0.1:1/messages",
        "http://localhost:{port}/messages",
        "https://127.0.0.1:{port}/messages",
        "http://a:b@127.0.0.1:{port}/messages",
        "http://127.0.0.1:{port}@evil.example/messages",
        "\\\\evil.example\\messages",
        "/messages#fragment",
        "/mess ages",
        "http://[",
        "",
    ],
)
def test_nothing_is_sent_to_another_place_than_the_agreed_one(tmp_path: Path, place: str) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            port = server.url.split(":")[2].split("/")[0]
            server.endpoint = place.replace("{port}", port)
            wire = link_to(world, server)
            wire.say(request(1, "initialize", {}))
            answer = await wire.client.answer_to(1)
            assert "another place" in answer["error"]["message"]
            await asyncio.wait_for(wire.client.closed.wait(), 20)
            assert [method for method, _, _ in server.seen] == ["GET"]

    tell(tmp_path, story)


@pytest.mark.parametrize(
    "place", [ENDPOINT, "messages?session=of-the-test", "http://{at}/messages"]
)
def test_the_place_may_be_relative_or_absolute(tmp_path: Path, place: str) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            server.endpoint = place.replace("{at}", server.url.split("/")[2])
            wire = await connected(world, server)
            assert text_of(await wire.call(1, "echo", "there")) == "there"

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-8")
def test_a_place_that_is_named_later_is_not_used(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server, sse_server() as other:
            wire = await connected(world, server)
            server.write(f"event: endpoint\ndata: {other.url}\n\n")
            server.write("event: endpoint\ndata: /elsewhere\n\n")
            assert text_of(await wire.call(1, "echo", "here")) == "here"
            assert other.seen == []

    tell(tmp_path, story)


def _elsewhere() -> Response:
    return RedirectResponse("http://127.0.0.1:1/", status_code=307)


@pytest.mark.requirement("LAW-8")
@pytest.mark.parametrize(
    ("response", "said"),
    [
        (_elsewhere, "refused the connection (HTTP 307)"),
        (lambda: Response(status_code=401), "refused the connection (HTTP 401)"),
        (lambda: Response(status_code=503), "refused the connection (HTTP 503)"),
        (lambda: PlainTextResponse("event: endpoint\n\n"), "not one of the transport"),
        (
            lambda: Response(media_type="text/event-stream", headers={"content-encoding": "gzip"}),
            "not one of the transport",
        ),
        (lambda: Response(media_type="text/event-stream"), "could not be reached"),
    ],
)
def test_without_a_stream_nothing_is_sent(
    tmp_path: Path, response: Callable[[], Response], said: str
) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            server.on_get = lambda _request: response()
            wire = link_to(world, server)
            wire.say(request(1, "initialize", {}))
            assert said in (await wire.client.answer_to(1))["error"]["message"]
            await asyncio.wait_for(wire.client.closed.wait(), 20)
            assert len(server.seen) == 1

    tell(tmp_path, story)


def test_a_server_that_names_no_place_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_sse, "OPEN_SECONDS", 0.2)

    async def story(world: World) -> None:
        async with sse_server() as server:
            server.endpoint = None
            wire = link_to(world, server)
            wire.say(request(1, "initialize", {}))
            answer = await wire.client.answer_to(1)
            assert "could not be reached" in answer["error"]["message"]
            assert any(b"where to POST to" in line for line in world.server_log)

    tell(tmp_path, story)


def test_a_server_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = world.link(remote("http://127.0.0.1:9/sse", transport=RemoteTransport.SSE))
        wire.say(request(1, "initialize", {}))
        answer = await wire.client.answer_to(1)
        assert "could not be reached" in answer["error"]["message"]

    tell(tmp_path, story)


# ---------------------------------------------------------------- what it does with a call


@pytest.mark.requirement("LAW-3")
@pytest.mark.parametrize(
    ("response", "delivery"),
    [
        (lambda: Response(status_code=400), Delivery.FAILED),
        (lambda: Response(status_code=404), Delivery.FAILED),
        (lambda: Response(status_code=413), Delivery.FAILED),
        (_elsewhere, Delivery.FAILED),
        (lambda: Response(status_code=500), Delivery.UNKNOWN),
        (lambda: Response("x" * 200_000, status_code=502), Delivery.UNKNOWN),
    ],
)
def test_a_post_that_is_refused_is_the_answer(
    tmp_path: Path, response: Callable[[], Response], delivery: Delivery
) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)
            server.on_post = lambda body: response() if body.get("id") == 1 else None
            answer = await wire.call(1, "echo")
            assert "error" in answer or answer["result"]["isError"] is True
            assert deliveries(world) == [delivery.value]
            assert text_of(await wire.call(2, "echo", "next")) == "next"
            server.on_post = lambda _: response()
            assert "error" in await wire.ask(3, "resources/list")
            assert [a["id"] for a in wire.client.answers() if a.get("id") in (1, 2, 3)] == [1, 2, 3]

    tell(tmp_path, story)


def test_a_server_may_answer_before_it_accepts(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)
            server.before_accepting = asyncio.Event()
            asked = [wire.call(number, "echo", str(number)) for number in (1, 2, 3)]
            assert [text_of(answer) for answer in await asyncio.gather(*asked)] == ["1", "2", "3"]

    tell(tmp_path, story)


def test_a_post_that_is_never_answered_is_not_kept_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upstream_sse, "TAKEN_SECONDS", 0.1)

    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)
            server.before_accepting = asyncio.Event()
            await wire.call(1, "echo", "x")
            await until(lambda: _posts() == 0)
            assert deliveries(world) == [Delivery.COMPLETED.value]

    tell(tmp_path, story)


def _posts() -> int:
    return sum(task.get_name() == "POST to a server" for task in asyncio.all_tasks())


def test_progress_and_what_it_asks_come_and_go_as_they_are(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            world.approver.decide = lambda _request: AnswerVerdict.ALLOW_ONCE
            wire = await connected(world, server)

            def works(body: Frame) -> None:
                token = body["params"]["_meta"]["progressToken"]
                params = {"progressToken": token, "progress": 1, "total": 2}
                server.say({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})
                server.say(request("q", "roots/list"))

            server.on_call = works
            wire.say(call(1, progressToken="t"))
            line = await wire.client.wait_for(lambda line: b'"total"' in line)
            assert json.loads(line)["params"]["progressToken"] == "t"
            await wire.client.wait_for(lambda line: b"roots/list" in line)
            wire.say({"jsonrpc": "2.0", "id": "q", "result": {"roots": []}})
            await until(lambda: any(body and body.get("id") == "q" for _, _, body in server.seen))
            server.result(server.calls()[0], "done")
            assert text_of(await wire.client.answer_to(1)) == "done"

    tell(tmp_path, story)


def test_a_call_is_cancelled_by_a_notification(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)
            server.on_call = lambda _body: None
            # Some servers accept a call only once it has run.
            server.before_accepting = asyncio.Event()
            wire.say(call(1))
            await asyncio.wait_for(server.called.wait(), 10)
            wire.say(cancel(1))
            await until(lambda: bool(server.bodies("notifications/cancelled")))
            await wire.link.end()
            assert deliveries(world) == [Delivery.UNKNOWN.value]

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-3")
def test_a_server_that_dies_leaves_nothing_unanswered(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)
            server.on_call = lambda _body: server.die()
            server.on_post = lambda body: Response(status_code=202) if body.get("id") == 2 else None
            wire.say(request(2, "resources/list"))
            answer = await wire.call(1, "echo")
            assert "error" in answer or answer["result"]["isError"] is True
            assert "server ended" in (await wire.client.answer_to(2))["error"]["message"]
            assert deliveries(world) == [Delivery.UNKNOWN.value]
            await asyncio.wait_for(wire.client.closed.wait(), 20)
            assert len([a for a in wire.client.answers() if a.get("id") == 1]) == 1

    tell(tmp_path, story)


def test_a_machine_that_is_gone_is_noticed_though_nothing_is_written_to_it() -> None:
    async def story() -> None:
        async with sse_server() as server:
            to = Remote(
                url=server.url,
                headers={},
                tls=trusted(),
                schema_of=lambda _tool: None,
                lost=lambda _id, _reason: False,
                paused=ClientEnd().server_paused,
            )
            async with http_client(to) as client, client.stream("GET", server.url) as response:
                used = response.extensions["network_stream"].get_extra_info("socket")
                assert used.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
                assert used.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) <= 30

    asyncio.run(story())


@pytest.mark.requirement("LAW-5")
def test_the_stop_sends_a_cancellation_and_nothing_more(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)
            server.on_call = lambda _body: None
            wire.say(call(1))
            await asyncio.wait_for(server.called.wait(), 10)
            await world.stop.engage("window")
            wire.link.stop_engaged()
            await until(lambda: bool(server.bodies("notifications/cancelled")))
            before = len(server.seen)
            assert "stopped" in text_of(await wire.call(2, "echo"))
            assert (await wire.ask(3, "resources/read"))["error"]["code"] == -32010
            assert len(server.seen) == before

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-5")
def test_what_waits_for_the_endpoint_is_dropped_by_the_stop(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            server.endpoint = None
            wire = link_to(world, server)
            wire.say(request(1, "initialize", {}))
            await until(lambda: len(server.seen) == 1)
            await world.stop.engage("window")
            wire.link.stop_engaged()
            await asyncio.wait_for(server.left.wait(), 10)
            assert [method for method, _, _ in server.seen] == ["GET"]

    tell(tmp_path, story)


# ---------------------------------------------------------------- what it says


def test_junk_on_the_stream_hurts_nobody(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)
            for junk in (
                ": a comment\n\n",
                "data\n\n",
                "data: no frame\n\n",
                "event: message\ndata: {\n\n",
                "event: other\ndata: {}\n\n",
                'event: other\ndata: {"jsonrpc":"2.0","id":1,"result":{}}\n\n',
                "\n\n\r\n\n",
                "id: 7\nretry: 1\n\n",
                "data: " + '{"jsonrpc":"2.0","id":99,"result":{}}' + "\n\n",
                "\x00\x01\n\n",
            ):
                server.write(junk)
            assert text_of(await wire.call(1, "echo", "still")) == "still"
            assert any(b"no frame" in line for line in world.server_log)

    tell(tmp_path, story)


def test_a_frame_may_be_spread_over_lines_and_pieces(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)

            def pieces(body: Frame) -> None:
                start = f'data: {{"jsonrpc":"2.0","id":{body["id"]},\ndata: "result":{{"content":'
                for piece in (start, '[{"type":"text","text":"a', 'b"}]}}\r\n', "\r", "\n"):
                    server.write(piece)

            server.on_call = pieces
            assert text_of(await wire.call(1, "echo")) == "ab"

    tell(tmp_path, story)


@pytest.mark.requirement("LAW-3")
def test_an_answer_that_is_too_long_costs_nobody_else_theirs(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)
            long: Frame = {"content": [], "x": "y" * 70_000}
            # As this transport's servers write it: the id comes last.
            server.on_call = lambda body: server.say({"result": long, "id": body["id"]})
            await wire.call(1, "echo")
            assert deliveries(world) == [Delivery.UNKNOWN.value]
            server.on_call = None
            assert text_of(await wire.call(2, "echo", "next")) == "next"
            server.on_post = lambda body: (
                server.say({"result": long, "id": body["id"]}) or Response(status_code=202)
            )
            answer = await wire.ask(3, "resources/list")
            assert "longer than a frame" in answer["error"]["message"]

    tell(tmp_path, story, limits=Limits(frame_bytes=65_536))


def test_a_client_that_does_not_read_holds_the_server_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            wire = await connected(world, server)
            await wire.call(0, "echo")
            server.called.clear()
            wire.link.client_slow(True)
            note = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"x": "y" * 999}}
            before = len(wire.client.lines)
            for _ in range(2_000):
                server.say(note)
            wire.say(call(1))
            await asyncio.wait_for(server.called.wait(), 10)
            assert len(wire.client.lines) - before < 200
            wire.link.client_slow(False)
            await wire.client.answer_to(1)
            assert len(wire.client.lines) - before >= 2_000

    tell(tmp_path, story)


def test_a_server_that_does_not_take_frames_holds_the_client_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with sse_server() as server:
            server.endpoint = None
            wire = link_to(world, server)
            params = {"x": "y" * 100_000}
            note = line_of({"jsonrpc": "2.0", "method": "notifications/x", "params": params})
            wire.say(request(1, "initialize", {}))
            await until(lambda: len(server.seen) == 1)
            for _ in range(20):
                wire.say(note)
            await until(lambda: bool(wire.client.holds))
            server.write(f"event: endpoint\ndata: {ENDPOINT}\n\n")
            await until(lambda: len(server.bodies("notifications/x")) == 20)
            assert not wire.client.holds

    tell(tmp_path, story)
