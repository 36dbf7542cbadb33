"""Floods over HTTP, from agents' side and from servers': bounded, and nobody else is kept out."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.responses import Response, StreamingResponse

from keyturn.application.approval_request import AnswerVerdict
from keyturn.broker import http_bodies, http_endpoint
from keyturn.broker.certificates import trusted
from keyturn.broker.frames import HeldBytes, LineBudget
from keyturn.broker.http_client import HttpClient
from keyturn.broker.http_connections import Connections
from keyturn.domain.rule import Effect, Rule
from tests.integration.http_rig import BOTH, URL, Endpoint, endpoint, modern_request
from tests.integration.link_rig import ALLOW_ALL, SECONDS, World, request
from tests.integration.servers.http_server import http_server
from tests.integration.stories import tell
from tests.integration.test_hosts_that_end import until
from tests.integration.test_http_endpoint import OTHER, OTHER_TOKEN, call
from tests.integration.test_link import text_of
from tests.integration.test_link_socket import ANALYST, TOKEN
from tests.integration.test_upstream_http import connected

WAITS = Rule(id="r-waits", effect=Effect.ASK, tool="late")
RULES = (*ALLOW_ALL, WAITS)

PIECE = "x" * 300_000
LONG = "x" * 60_000
"""Of a call that a rule may allow."""


def client_of(e: Endpoint, token: str, **headers: str) -> httpx2.AsyncClient:
    sent = {"authorization": f"Bearer {token}", "accept": BOTH, "content-type": "application/json"}
    limits = httpx2.Limits(max_connections=None)
    return httpx2.AsyncClient(
        verify=trusted(),
        base_url=f"http://127.0.0.1:{e.endpoint.port}",
        headers={**sent, **headers},
        limits=limits,
        timeout=SECONDS,
    )


def bounded(monkeypatch: pytest.MonkeyPatch, limit: int) -> list[int]:
    """Have every budget bound to this, and return what one holds after each change."""
    held: list[int] = []
    holds = LineBudget.holds

    def watched(self: LineBudget, holder: Any, size: int) -> None:
        holds(self, holder, size)
        held.append(vars(self)["_total"])

    monkeypatch.setattr(LineBudget.__init__, "__defaults__", (limit,))
    monkeypatch.setattr(LineBudget, "holds", watched)
    return held


async def ask(client: httpx2.AsyncClient, number: int, tool: str = "echo") -> httpx2.Response:
    body, headers = modern_request(number, "tools/call", call("x", tool))
    return await client.post(URL, content=body, headers=headers)


# ---------------------------------------------------------------- from agents' side


def test_a_crowd_that_says_nothing_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_endpoint, "MOST_OPEN", 50)

    async def story(world: World) -> None:
        async with endpoint(world) as e, contextlib.AsyncExitStack() as ends:
            crowd: list[asyncio.StreamReader] = []
            for number in range(300):
                reader, writer = await asyncio.open_connection("127.0.0.1", e.endpoint.port)
                ends.callback(writer.close)
                writer.write(b"POST /s/raw HTTP/1.1\r\nauthorization: Bearer x\r\n")
                crowd.append(reader)
                if number % 100 == 99:
                    async with client_of(e, TOKEN) as client:
                        assert (await ask(client, number)).status_code == 200
            await until(lambda: sum(reader.at_eof() for reader in crowd) >= 250)

    tell(tmp_path, story)


def test_no_agent_takes_the_places_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_endpoint, "MOST_OF_AGENT", 10)
    monkeypatch.setattr(http_endpoint, "MOST_OPEN", 40)

    async def story(world: World) -> None:
        async with endpoint(world, agents=(ANALYST, OTHER)) as e, client_of(e, TOKEN) as client:
            async with asyncio.TaskGroup() as tasks:
                waiting = [tasks.create_task(ask(client, n, "late")) for n in range(30)]
                asked = await world.approver.asked(10)
                await until(lambda: sum(one.done() for one in waiting) == 20)
                refused = [one.result() for one in waiting if one.done()]
                assert {one.status_code for one in refused} == {429}
                async with client_of(e, TOKEN, **{"x-forwarded-for": "10.9.8.7"}) as hidden:
                    assert (await ask(hidden, 31)).status_code == 429
                async with client_of(e, OTHER_TOKEN) as other:
                    assert (await ask(other, 1)).status_code == 200
                for one in asked:
                    world.approver.answer(one, AnswerVerdict.DENY)
            assert (await ask(client, 32)).status_code == 200

    tell(tmp_path, story, rules=RULES)


def test_bodies_without_an_end_share_one_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = bounded(monkeypatch, 1_000_000)

    async def story(world: World) -> None:
        async with endpoint(world) as e, client_of(e, TOKEN) as client:
            more, begun = asyncio.Event(), list[int]()

            async def body() -> AsyncGenerator[bytes]:
                yield PIECE.encode()
                begun.append(1)
                await more.wait()
                yield b"y"

            sends = [client.post(URL, content=body()) for _ in range(12)]
            posts = asyncio.gather(*sends, return_exceptions=True)
            await until(lambda: len(begun) == len(sends))
            async with client_of(e, TOKEN) as another:
                assert (await ask(another, 1)).status_code == 200
            more.set()
            answers = await posts
            # Whoever still writes to a connection that is closed may not get to read why.
            statuses = [a.status_code for a in answers if isinstance(a, httpx2.Response)]
            assert 1 <= statuses.count(400) <= 3
            assert set(statuses) <= {400, 503}
            assert 600_000 < max(held) <= 1_000_000

    tell(tmp_path, story)


@asynccontextmanager
async def held_up(e: Endpoint, client: httpx2.AsyncClient) -> AsyncGenerator[HttpClient]:
    """Let the connection of a client take nothing for a while."""
    assert (await ask(client, 1)).status_code == 200
    connection = e.door.clients[-1]
    connection.hold_reading("a test")
    try:
        yield connection
    finally:
        connection.release_reading("a test")


async def post_one_by_one(
    client: httpx2.AsyncClient, tasks: asyncio.TaskGroup, held: list[int], count: int
) -> list[asyncio.Task[httpx2.Response]]:
    """Post long frames, each once the one before is refused or wholly there."""
    posts: list[asyncio.Task[httpx2.Response]] = []
    for number in range(count):
        most = held[-1] + len(LONG)
        posts.append(tasks.create_task(ask_long(client, 2 + number)))
        await until(lambda most=most: posts[-1].done() or held[-1] > most)
    return posts


async def ask_long(client: httpx2.AsyncClient, number: int) -> httpx2.Response:
    body, headers = modern_request(number, "tools/call", call(LONG))
    return await client.post(URL, content=body, headers=headers)


def test_whole_bodies_that_wait_for_a_busy_connection_share_the_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = bounded(monkeypatch, 200_000)

    async def story(world: World) -> None:
        async with endpoint(world) as e, client_of(e, TOKEN) as client:
            async with asyncio.TaskGroup() as tasks, held_up(e, client):
                posts = await post_one_by_one(client, tasks, held, 8)
                assert [post.done() for post in posts] == [*[False] * 3, *[True] * 5]
            assert [post.result().status_code for post in posts] == [*[200] * 3, *[503] * 5]
            assert 180_000 < max(held) < 220_000
            assert held[-1] == 0
            # A call that is answered late counts no more once it was handed on.
            assert (await ask_long(client, 20)).status_code == 200

    tell(tmp_path, story, rules=RULES)


def test_no_agent_takes_the_whole_bound_with_bodies_that_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = bounded(monkeypatch, 200_000)
    monkeypatch.setattr(http_bodies, "WAITING_BYTES", 80_000)

    async def story(world: World) -> None:
        async with endpoint(world, agents=(ANALYST, OTHER)) as e, client_of(e, TOKEN) as client:
            async with asyncio.TaskGroup() as tasks, held_up(e, client):
                posts = await post_one_by_one(client, tasks, held, 3)
                assert [post.done() for post in posts] == [False, True, True]
                async with client_of(e, OTHER_TOKEN) as other:
                    assert (await ask_long(other, 1)).status_code == 200
            assert [post.result().status_code for post in posts] == [200, 503, 503]

    tell(tmp_path, story, rules=RULES)


def test_frames_that_waited_are_taken_as_the_connection_takes_them() -> None:
    taken: list[int] = []

    async def wait(client: HttpClient, number: int) -> None:
        await client.readable()
        taken.append(number)
        client.hold_reading("busy")

    async def story() -> None:
        client = HttpClient(shared=True)
        client.hold_reading("busy")
        async with asyncio.TaskGroup() as tasks:
            for number in range(3):
                tasks.create_task(wait(client, number))
            for count in (1, 2, 3):
                await asyncio.sleep(0)
                client.release_reading("busy")
                await until(lambda count=count: len(taken) == count)

    asyncio.run(story())
    assert taken == [0, 1, 2]


def test_a_place_is_taken_once_and_given_back() -> None:
    dropped: list[int] = []

    class One:
        def __init__(self, port: int) -> None:
            self.peer = ("127.0.0.1", port)

        def drop(self) -> None:
            dropped.append(self.peer[1])

    places = Connections(most=3, most_of_agent=2)
    ones = [One(port) for port in range(6)]
    for one in ones[:3]:
        places.open(one.peer, one)
    assert places.prove(ones[0].peer, "a")
    assert places.prove(ones[0].peer, "a")
    assert places.prove(ones[1].peer, "a")
    assert not places.prove(ones[2].peer, "a")
    places.open(ones[3].peer, ones[3])
    assert dropped == [2]
    assert places.prove(ones[3].peer, "b")
    places.open(ones[4].peer, ones[4])
    assert dropped == [2, 4]
    places.close(ones[0].peer)
    places.open(ones[5].peer, ones[5])
    assert dropped == [2, 4]
    assert places.prove(ones[5].peer, "a")
    assert places.prove(None, "a")


# ---------------------------------------------------------------- from servers


def unfinished(kind: str, text: str) -> Response:
    async def written() -> AsyncIterator[str]:
        yield text
        await asyncio.Event().wait()

    return StreamingResponse(written(), media_type=kind)


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json"])
def test_what_a_server_has_begun_to_say_shares_one_bound(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = bounded(monkeypatch, 1_000_000)

    async def story(world: World) -> None:
        async with http_server() as server:
            wire = await connected(world, server)
            start = "data: " if kind == "text/event-stream" else ""
            answer = f'{start}{{"jsonrpc":"2.0","id":0,"result":{{"x":"{PIECE}'
            server.on_call = lambda _body: unfinished(kind, answer)
            for number in range(12):
                wire.say(request(number, "tools/call", call("x")))
            unknown = b"outcome is not known"
            # One that was given up while it was silent is answered with the next that it says.
            await until(lambda: sum(unknown in line for line in wire.client.lines) >= 5)
            assert 600_000 < max(held) <= 1_000_000
            server.on_call = None
            assert text_of(await wire.call("next", "echo", "still here")) == "still here"

    tell(tmp_path, story)


def test_what_is_held_of_a_body_is_given_back() -> None:
    budget = LineBudget(100)
    first, second, third = (HeldBytes(80, budget) for _ in range(3))
    first.add(b"x" * 60)
    second.add(b"x" * 50)
    assert (first.too_long, first.taken()) == (True, None)
    second.add(b"x" * 31)
    assert second.too_long
    second.add(b"x")
    third.add(b"x" * 80)
    assert third.taken() == b"x" * 80
    last: Any = HeldBytes(100, budget)
    last.add(b"x" * 100)
    assert not last.too_long
    last.close()
