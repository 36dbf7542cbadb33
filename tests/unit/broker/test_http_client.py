"""The client's end over HTTP alone: streams, what waits for one, and when the server is held."""

import asyncio
import json
from typing import Any

from keyturn.broker.envelope import ClientFrame, RequestId, read_client
from keyturn.broker.frames import Oversize
from keyturn.broker.http_client import MOST_KEPT, HttpClient
from keyturn.broker.parted_lines import Written


class Link:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.slow: list[bool] = []
        self.given_up: list[RequestId] = []
        self.gave_up = asyncio.Event()

    def from_client(self, line: bytes) -> None:
        """Keep a line."""
        self.lines.append(json.loads(line))

    def oversize_from_client(self, line: Oversize) -> None:
        """Nothing is too long here."""

    def client_slow(self, slow: bool) -> None:
        """Keep it."""
        self.slow.append(slow)

    def schema_of(self, tool: str) -> None:
        """Know none."""

    def takes_batches(self) -> bool:
        return True

    def abandoned(self, request_id: RequestId) -> None:
        """Keep it."""
        self.given_up.append(request_id)
        self.gave_up.set()

    def client_left(self) -> None:
        """Ignore it."""


def made(*, shared: bool) -> tuple[HttpClient, Link]:
    """Return a client and the link that it talks to."""
    client, link = HttpClient(shared=shared), Link()
    client.events = link
    return client, link


def frame(**members: Any) -> ClientFrame:
    """Return a client's frame."""
    found = read_client(json.dumps({"jsonrpc": "2.0", **members}).encode() + b"\n")
    assert isinstance(found, ClientFrame)
    return found


def line(**members: Any) -> bytes:
    """Return a line of the server."""
    return json.dumps({"jsonrpc": "2.0", **members}).encode() + b"\n"


def test_a_client_that_does_not_read_holds_the_server() -> None:
    async def story() -> None:
        client, link = made(shared=False)
        stream = client.listen()
        assert stream is not None
        note = line(method="notifications/x/list_changed", params={"x": "y" * 100_000})
        for _ in range(20):
            client.send(note)
        assert link.slow == [True]
        for _ in range(20):
            assert await stream.next(1) == note
        assert link.slow == [True, False]
        client.send(note * 1)
        stream.left()
        assert link.slow == [True, False]
        assert not client.busy

    asyncio.run(story())


def test_what_nobody_reads_any_more_is_not_counted() -> None:
    async def story() -> None:
        client, link = made(shared=False)
        stream = client.request(frame(id=1, method="x"))
        for _ in range(20):
            client.send(line(method="notifications/message", params={"x": "y" * 100_000}))
        stream.left()
        assert link.slow == [True, False]

    asyncio.run(story())


def test_what_belongs_to_no_request_waits_for_a_listener_the_oldest_is_dropped() -> None:
    async def story() -> None:
        client, _link = made(shared=False)
        for number in range(MOST_KEPT + 5):
            client.send(line(method="notifications/message", params={"n": number}))
        stream = client.listen()
        assert stream is not None
        first = await stream.next(1)
        assert first is not None
        assert read(first)["params"] == {"n": 5}

    asyncio.run(story())


def test_a_shared_connection_gives_nothing_to_who_did_not_ask() -> None:
    async def story() -> None:
        client, link = made(shared=True)
        one = client.request(frame(id=1, method="tools/call", params={}))
        other = client.request(frame(id=1, method="tools/call", params={}))
        ids = [told["id"] for told in link.lines]
        assert len(set(ids)) == 2
        client.send(line(method="notifications/message", params={"data": "of one of them"}))
        client.send(line(id="q", method="sampling/createMessage", params={}))
        client.send(line(id=ids[1], result={"of": "other"}))
        assert read(await other.next(1)) == {
            "jsonrpc": "2.0",
            "id": 1,
            "result": {"of": "other"},
        }
        assert await one.next(0.01) is None

    asyncio.run(story())


def test_a_subscription_is_told_to_its_own_request_under_its_own_id() -> None:
    async def story() -> None:
        client, link = made(shared=True)
        key = "io.modelcontextprotocol/subscriptionId"
        stream = client.request(frame(id="sub", method="subscriptions/listen", params={}))
        client.request(frame(id="sub", method="subscriptions/listen", params={}))
        own = link.lines[0]["id"]
        client.send(
            line(method="notifications/resources/updated", params={"_meta": {key: own}, "uri": "a"})
        )
        told = read(await stream.next(1))
        assert told["params"] == {"_meta": {key: "sub"}, "uri": "a"}

    asyncio.run(story())


def test_leaving_a_shared_stream_cancels_and_leaving_another_does_not() -> None:
    async def story() -> None:
        client, link = made(shared=True)
        client.request(frame(id=1, method="x", params={})).left()
        assert link.lines[-1]["method"] == "notifications/cancelled"
        assert link.lines[-1]["params"] == {"requestId": link.lines[0]["id"]}
        client, link = made(shared=False)
        client.request(frame(id=1, method="x", params={})).left()
        assert len(link.lines) == 1
        assert link.given_up == [1]

    asyncio.run(story())


def test_leaving_the_stream_of_a_batch_gives_up_each_request_that_is_not_answered() -> None:
    async def story() -> None:
        client, link = made(shared=False)
        reader = client.request_all(b'[{"id":1},{"id":2},{"id":3}]\n', (1, 2, 3))
        # One that was cancelled is answered alone: the stream goes on for the others.
        client.send(line(id=1, result={}))
        assert not reader.stream.finished
        reader.left()
        assert link.given_up == [2, 3]
        assert not client.uses(1, 2, 3)
        reader = client.request_all(b'[{"id":1},{"id":2}]\n', (1, 2))
        client.send(
            b'[{"jsonrpc":"2.0","id":1,"result":{}},{"jsonrpc":"2.0","id":2,"result":{}}]\n'
        )
        assert reader.stream.finished

    asyncio.run(story())


def test_after_its_end_nothing_is_taken_or_given() -> None:
    async def story() -> None:
        client, _link = made(shared=False)
        client.hold_reading("starting")
        stream = client.request(frame(id=1, method="x"))
        client.close()
        await client.readable()
        client.send(line(id=1, result={}))
        assert await stream.next(1) == b""

    asyncio.run(story())


def test_what_cannot_be_spliced_is_dropped() -> None:
    async def story() -> None:
        client, _ = made(shared=True)
        frame = read_client(b'{"id":"a","method":"m","params":{"_meta":{"progressToken":"t"}}}\n')
        assert isinstance(frame, ClientFrame)
        stream = client.request(frame)
        progress = b'{"method":"notifications/progress","params":{"progressToken":1,"u":1,%b}}\n'
        client.send(progress % b'"u":NaN')
        assert stream.stream.empty
        client.send(progress % b'"v":NaN')
        assert await stream.next(1) == progress.replace(b":1,", b':"t",', 1) % b'"v":NaN'

    asyncio.run(story())


def read(written: Written | None) -> dict[str, Any]:
    """Decode what was written in one piece."""
    assert isinstance(written, bytes)
    return json.loads(written)
