"""Clients over HTTP that lose a response and come back: answered once, and nobody else's answer."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import mcp
import pytest
from mcp.client.streamable_http import streamable_http_client
from starlette.requests import Request
from starlette.responses import Response

from keyturn.application.approval_request import AnswerVerdict
from keyturn.broker import http_answers, http_client
from keyturn.broker.replay import STREAM_LINES
from keyturn.domain.configuration import AgentConfig
from keyturn.domain.decision import Delivery, Outcome
from tests.integration.http_rig import URL, Endpoint, Legacy, endpoint
from tests.integration.link_rig import World, request
from tests.integration.servers.http_server import HttpServer, event, http_server
from tests.integration.stories import tell
from tests.integration.test_hosts_that_end import until
from tests.integration.test_link import calls_seen, deliveries, outcomes, text_of
from tests.integration.test_link_socket import ANALYST, TOKEN
from tests.integration.test_upstream_http import remote

OTHER_TOKEN = "another-token-of-this-test"
OTHER = AgentConfig(
    name="coder", token_sha256=hashlib.sha256(OTHER_TOKEN.encode()).hexdigest(), http=True
)
Block = dict[str, str]
SAID = '{"jsonrpc":"2.0","id":"say","result":{}}'


@pytest.fixture(autouse=True)
def _hurries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_answers, "COMMIT_SECONDS", 0.05)
    monkeypatch.setattr(http_client, "COME_BACK_SECONDS", 0.05)


@dataclass
class Blocks:
    """Events as they stand on the wire."""

    lines: AsyncIterator[str]

    async def next(self) -> Block:
        """Return the fields of the next one; raises EOFError at the end."""
        fields: Block = {}
        async for line in self.lines:
            name, _, value = line.partition(":")
            if name:
                fields[name] = value.removeprefix(" ")
            elif fields:
                return fields
        raise EOFError

    async def answer(self) -> dict[str, Any]:
        """Return the next frame that is an answer."""
        while True:
            block = await self.next()
            frame = json.loads(block.get("data") or "{}")
            if "result" in frame or "error" in frame:
                return frame


@asynccontextmanager
async def posted(client: Legacy, frame: dict[str, Any]) -> AsyncGenerator[Blocks]:
    """Post a request and read its response."""
    content = json.dumps(frame)
    async with client.http.stream("POST", URL, content=content, headers=client.headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Blocks(response.aiter_lines())


@asynccontextmanager
async def back(client: Legacy, last: str) -> AsyncGenerator[Blocks]:
    """Come back for what followed an event."""
    headers = {**client.headers, "last-event-id": last}
    async with client.http.stream("GET", URL, headers=headers) as response:
        assert response.status_code == 200
        yield Blocks(response.aiter_lines())


async def status_of(client: Legacy, last: str, **more: str) -> int:
    """Come back, and return only the status."""
    headers = {**client.headers, **more, "last-event-id": last}
    async with client.http.stream("GET", URL, headers=headers) as response:
        return response.status_code


def call(request_id: str | int, tool: str = "late", text: str = "x") -> dict[str, Any]:
    """Return the frame of a call."""
    params = {"name": tool, "arguments": {"text": text}, "_meta": {"progressToken": "t"}}
    return request(request_id, "tools/call", params)


def answered(request_id: str | int) -> str:
    """Return a server's answer to a call."""
    result = {"content": [{"type": "text", "text": "late"}]}
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "result": result})


def progress(number: int) -> str:
    """Return a server's notification that belongs to such a call."""
    params = {"progressToken": "t", "progress": number}
    return json.dumps({"jsonrpc": "2.0", "method": "notifications/progress", "params": params})


async def have_said(client: Legacy, *lines: str) -> None:
    """Have the server write lines."""
    await client.ask("say", "x/say", {"lines": [*lines, SAID]})


async def cut(
    e: Endpoint, client: Legacy, frame: dict[str, Any], world: World | None = None
) -> str:
    """Post a call and lose its response after the first event; return that event's id.

    With a `world` the server has the call then, so that what it is made to say is an answer.
    """
    async with posted(client, frame) as blocks:
        first = await blocks.next()
    await until(lambda: not e.door.clients[-1].busy)
    await until(lambda: world is None or bool(calls_seen(world)))
    return first["id"]


# ---------------------------------------------------------------- what a client is told


def test_a_stream_begins_with_an_id_for_who_can_read_that(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            async with posted(client, call(1, "echo", "hello")) as blocks:
                first, second = await blocks.next(), await blocks.next()
            assert (first["retry"], first["data"]) == ("1000", "")
            assert first["id"].rpartition("-")[0] == second["id"].rpartition("-")[0]
            assert text_of(json.loads(second["data"])) == "hello"
            async with posted(client, call(2, "echo", "again")) as blocks:
                other = await blocks.next()
            assert other["id"].rpartition("-")[0] != first["id"].rpartition("-")[0]
            client.headers["mcp-protocol-version"] = "2025-06-18"
            async with posted(client, call(3, "echo", "older")) as blocks:
                first = await blocks.next()
            assert text_of(json.loads(first["data"])) == "older"
            assert first["id"]

    tell(tmp_path, story)


def test_the_newer_era_gets_no_ids(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            call_of_it = {**call(1)["params"], "_meta": {"progressToken": "t"}}
            async with e.streaming(1, "tools/call", call_of_it) as events:
                await until(lambda: len(calls_seen(world)) == 1)
                token = calls_seen(world)[0]["params"]["_meta"]["progressToken"]
                note = json.loads(progress(1))
                note["params"]["progressToken"] = token
                lines = [json.dumps(note), '{"jsonrpc":"2.0","id":2,"result":{}}']
                await e.modern(9, "x/say", {"lines": lines})
                async for line in events.lines:
                    assert not line.startswith(("id:", "retry:"))
                    if line.startswith("data:"):
                        break
            assert (await e.http.get(URL, headers={"last-event-id": "1"})).status_code == 405

    tell(tmp_path, story)


# ---------------------------------------------------------------- coming back


def test_a_client_that_comes_back_gets_its_answer_and_the_call_ran_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            last = await cut(e, client, call(1), world)
            await have_said(client, progress(1), answered(1))
            async with back(client, last) as blocks:
                first = await blocks.next()
                assert json.loads(first["data"])["params"]["progress"] == 1
                second = await blocks.next()
                assert text_of(json.loads(second["data"])) == "late"
                with pytest.raises(EOFError):
                    await blocks.next()
            # Whoever lost that response too is told again; who has it all is told so.
            async with back(client, first["id"]) as blocks:
                assert text_of(await blocks.answer()) == "late"
            assert await status_of(client, second["id"]) == 204
            assert len(calls_seen(world)) == 1
            assert deliveries(world) == [Delivery.COMPLETED.value]
            assert not any(b"notifications/cancelled" in line for line in world.seen)

    tell(tmp_path, story)


def test_a_client_that_comes_back_before_the_answer_goes_on_waiting(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            last = await cut(e, client, call(1), world)
            async with back(client, last) as blocks:
                await have_said(client, answered(1))
                assert text_of(await blocks.answer()) == "late"
            assert len(calls_seen(world)) == 1

    tell(tmp_path, story)


def test_of_two_that_come_back_the_later_goes_on(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            last = await cut(e, client, call(1), world)
            async with back(client, last) as one, back(client, last) as other:
                with pytest.raises(EOFError):
                    await one.next()
                await have_said(client, answered(1))
                assert text_of(await other.answer()) == "late"
            assert len(calls_seen(world)) == 1

    tell(tmp_path, story)


def test_who_comes_back_again_and_again_changes_nothing(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            last = await cut(e, client, call(1), world)
            for _ in range(60):
                async with back(client, last):
                    pass
            await have_said(client, answered(1))
            async with asyncio.TaskGroup() as tasks:
                many = [tasks.create_task(status_of(client, last)) for _ in range(20)]
            assert {one.result() for one in many} == {200}
            async with back(client, last) as blocks:
                assert text_of(await blocks.answer()) == "late"
            assert len(calls_seen(world)) == 1
            assert outcomes(world) == [Outcome.ALLOWED_RULE.value]

    tell(tmp_path, story)


def test_the_standing_stream_is_taken_up_where_it_was_lost(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            async with client.listening() as events:
                await have_said(client, changed(1), changed(2))
                blocks = Blocks(events.lines)
                first, second = await blocks.next(), await blocks.next()
            await until(lambda: not e.door.clients[-1].busy)
            # Nobody reads anything when this is said.
            await client.ask("say", "x/say", {"lines": [SAID, changed(3)]})
            async with back(client, first["id"]) as blocks:
                assert await blocks.next() == second
                assert json.loads((await blocks.next())["data"])["params"] == {"n": 3}
                await have_said(client, changed(4))
                assert json.loads((await blocks.next())["data"])["params"] == {"n": 4}

    tell(tmp_path, story)


def changed(number: int) -> str:
    """Return a server's notification that belongs to no request."""
    method = "notifications/resources/list_changed"
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": {"n": number}})


# ---------------------------------------------------------------- calls that wait


@pytest.mark.requirement("I-09")
def test_a_waiting_call_whose_client_does_not_come_back_is_never_sent(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            last = await cut(e, client, call(1, "echo", "hello"))
            (asked,) = await world.approver.asked()
            await until(lambda: asked.id in world.approver.detached)
            world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
            async with back(client, last) as blocks:
                assert "Withdrawn" in text_of(await blocks.answer())
            assert calls_seen(world) == []
            # What was allowed is one retry.
            again = await client.ask(2, "tools/call", call(2, "echo", "hello")["params"])
            assert text_of(again) == "hello"
            assert (len(world.approver.seen), len(calls_seen(world))) == (1, 1)

    tell(tmp_path, story, rules=())


@pytest.mark.requirement("I-09")
def test_a_waiting_call_whose_client_comes_back_is_sent_once(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            last = await cut(e, client, call(1, "echo", "hello"))
            (asked,) = await world.approver.asked()
            async with back(client, last) as blocks:
                world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
                assert text_of(await blocks.answer()) == "hello"
            assert world.approver.detached == []
            assert len(calls_seen(world)) == 1

    tell(tmp_path, story, rules=())


@pytest.mark.requirement("I-09")
def test_a_waiting_call_whose_client_cannot_come_back_is_given_up_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_answers, "COMMIT_SECONDS", 60.0)
    monkeypatch.setattr(http_client, "COME_BACK_SECONDS", 60.0)

    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            frame = request(1, "tools/call", {"name": "echo", "arguments": {}})
            waiting = asyncio.get_running_loop().create_task(client.post(frame))
            (asked,) = await world.approver.asked()
            waiting.cancel()
            await until(lambda: asked.id in world.approver.detached)
            world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
            assert (await client.ask(1, "ping", {"a": 1}))["result"] == {"a": 1}
            assert calls_seen(world) == []

    tell(tmp_path, story, rules=())


def test_a_sent_call_whose_client_is_gone_is_not_cancelled_at_the_server(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            await cut(e, client, call(1), world)
            await asyncio.wait_for(world.written.wait(), 5)
            await have_said(client, answered(1))
            await until(lambda: deliveries(world) == [Delivery.COMPLETED.value])
            assert not any(b"notifications/cancelled" in line for line in world.seen)

    tell(tmp_path, story)


# ---------------------------------------------------------------- attacks


def test_another_agent_or_session_gets_nothing_by_an_event_id(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world, agents=(ANALYST, OTHER)) as e:
            victim = await e.legacy()
            theirs = {**dict(e.http.headers), "authorization": f"Bearer {OTHER_TOKEN}"}
            async with httpx2.AsyncClient(base_url=e.http.base_url, headers=theirs) as http:
                thief, twin = await e.legacy(http), await e.legacy()
                last = await cut_of(e, victim, 0)
                await have_said(victim, answered(1))
                assert await status_of(thief, last) == 400
                assert await status_of(twin, last) == 400
                stolen = victim.headers["mcp-session-id"]
                assert await status_of(thief, last, **{"mcp-session-id": stolen}) == 404
            async with back(victim, last) as blocks:
                assert text_of(await blocks.answer()) == "late"

    tell(tmp_path, story)


async def cut_of(e: Endpoint, client: Legacy, place: int) -> str:
    """Lose a response of one of several sessions."""
    async with posted(client, call(1)) as blocks:
        first = await blocks.next()
    await until(lambda: not e.door.clients[place].busy)
    return first["id"]


def test_an_id_that_was_never_given_leads_nowhere(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            last = await cut(e, client, call(1))
            key = last.rpartition("-")[0]
            for guess in (
                f"{key}-1",
                f"{key}-99999999999999",
                f"{key}-{'9' * 400}",
                f"{key}--1",
                f"{key}-00",
                f"{key}-+0",
                f"{key}- 0",
                f"{key}-0,{key}-0",
                f"{'A' * 22}-0",
                f"{key[:-1]}-0",
                key,
                "0",
                "x" * 8_000,
            ):
                assert await status_of(client, guess) == 400, guess
            twice = [*client.headers.items(), ("last-event-id", last), ("last-event-id", last)]
            assert (await e.http.get(URL, headers=twice)).status_code == 400
            digits = {**client.headers, "last-event-id": f"{key}-٠"}.items()
            foreign = [(name.encode(), value.encode()) for name, value in digits]
            assert (await e.http.get(URL, headers=foreign)).status_code == 400
            assert await status_of(client, last, accept="application/json") == 406
            async with back(client, last):
                pass

    tell(tmp_path, story)


def test_after_the_session_nothing_is_kept(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            last = await cut(e, client, call(1), world)
            await have_said(client, answered(1))
            await e.http.delete(URL, headers=client.headers)
            assert await status_of(client, last) == 404
            again = await e.legacy()
            assert await status_of(again, last) == 400

    tell(tmp_path, story)


def test_what_is_no_longer_kept_is_refused_not_skipped(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with endpoint(world) as e:
            client = await e.legacy()
            last = await cut(e, client, call(1), world)
            lines = [progress(number) for number in range(STREAM_LINES + 10)]
            await have_said(client, *lines, answered(1))
            refused = await e.http.get(URL, headers={**client.headers, "last-event-id": last})
            assert refused.status_code == 400
            assert "not kept" in refused.json()["error"]["message"]
            assert len(calls_seen(world)) == 1

    tell(tmp_path, story)


# ---------------------------------------------------------------- servers that have it themselves

RESULT = {"content": [{"type": "text", "text": "polled"}]}
NOTE = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"n": 1}}


def polling(server: HttpServer, *, breaks: bool = False) -> None:
    """Have a server answer a call only to who comes back for it, after a note."""
    asked: list[int] = []

    def called(body: dict[str, Any]) -> Response:
        asked.append(body["id"])
        primed = "id: e-0\nretry: 120\ndata: \n\n"
        return server.stream([primed, event(NOTE, id="e-1")], breaks=breaks)

    def resumed(got: Request) -> Response:
        if got.headers.get("last-event-id") != "e-1":
            return Response(status_code=405)
        answer = {"jsonrpc": "2.0", "id": asked[-1], "result": RESULT}
        return server.stream([event(answer, id="e-2")])

    server.on_call, server.on_get = called, resumed


@pytest.mark.parametrize("breaks", [False, True])
def test_a_server_that_has_its_client_come_back_has_ours_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, breaks: bool
) -> None:
    # Nothing but the server's own first event begins the response so soon.
    monkeypatch.setattr(http_answers, "COMMIT_SECONDS", 60.0)

    async def story(world: World) -> None:
        async with http_server() as server:
            polling(server, breaks=breaks)
            async with endpoint(world, servers=(remote(server.url, name="raw"),)) as e:
                client = await e.legacy()
                async with posted(client, call(1, "echo")) as blocks:
                    first, second = await blocks.next(), await blocks.next()
                    assert (first["retry"], first["data"]) == ("120", "")
                    assert json.loads(second["data"]) == NOTE
                    assert await blocks.next() == {"retry": "120"}
                    with pytest.raises(EOFError):
                        await blocks.next()
                async with back(client, second["id"]) as blocks:
                    assert text_of(await blocks.answer()) == "polled"
                assert len(server.calls()) == 1
                assert deliveries(world) == [Delivery.COMPLETED.value]

    tell(tmp_path, story)


def test_an_older_client_is_not_asked_to_come_back(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            polling(server)
            async with endpoint(world, servers=(remote(server.url, name="raw"),)) as e:
                client = await e.legacy()
                client.headers["mcp-protocol-version"] = "2025-06-18"
                async with posted(client, call(1, "echo")) as blocks:
                    assert text_of(await blocks.answer()) == "polled"

    tell(tmp_path, story)


def test_the_sdks_client_comes_back_for_its_answer(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with http_server() as server:
            polling(server)
            async with endpoint(world, servers=(remote(server.url, name="raw"),)) as e:
                headers = {"authorization": f"Bearer {TOKEN}"}
                async with httpx2.AsyncClient(headers=headers, timeout=20) as http:
                    url = f"http://127.0.0.1:{e.endpoint.port}{URL}"
                    transport = streamable_http_client(url, http_client=http)
                    async with mcp.Client(transport, mode="legacy") as client:
                        answer = await client.call_tool("echo", {"text": "x"})
                (content,) = answer.content
                assert isinstance(content, mcp.types.TextContent)
                assert content.text == "polled"
                assert len(server.calls()) == 1
                assert outcomes(world) == [Outcome.ALLOWED_RULE.value]

    tell(tmp_path, story)
