"""What a client's end promises to who writes to it, asked of the fake and of the real ones."""

import asyncio
import json
import os
import socket
import tracemalloc
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.broker.batches import Batches
from keyturn.broker.downstream_socket import DownstreamSocket, Hello
from keyturn.broker.ends import ClientEvents, Downstream
from keyturn.broker.envelope import ClientFrame, read_client
from keyturn.broker.http_answers import one_by_one
from keyturn.broker.http_client import HttpClient
from keyturn.broker.http_stream import Reader, lines_of
from keyturn.broker.large_calls import ReadClient
from keyturn.broker.parted_lines import PartedLine, answer_of, without_end
from keyturn.desktop.clock import SystemClock
from keyturn.desktop.paths import make_socket_folder, socket_path
from keyturn.domain.canonical import JsonObject, JsonValue
from tests.integration.client_end import SECONDS, ClientEnd, joined
from tests.integration.test_hosts_that_end import until
from tests.unit.broker.test_http_client import Link

RESULT = b'{"content":"%b"}' % (b"x" * 6_000_000)
NOTE = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"n":%d}}\n'
ASKED = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{}}\n'
LEAST_OF_COPY = len(RESULT) // 2

Read = Callable[[], Awaitable[bytes]]
"""Waits for the answer, and returns all that was written up to there."""


class End:
    """One client's end, and how the bytes that it wrote are read."""

    def __init__(
        self, downstream: Downstream, read: Read, leave: Callable[[], None], link: Link | None
    ) -> None:
        self.downstream = downstream
        self.read = read
        self.leave = leave
        self.link = link
        """Is told how fast it is read; none where nothing can be slow."""


Opening = Callable[[Path], AbstractAsyncContextManager[End]]


@asynccontextmanager
async def fake(_folder: Path) -> AsyncGenerator[End]:
    end = ClientEnd()

    async def read() -> bytes:
        await end.wait_for(lambda line: b'"id":7' in line[:60])
        return b"".join(end.lines)

    yield End(end, read, end.written.clear, None)


@asynccontextmanager
async def batched(folder: Path) -> AsyncGenerator[End]:
    """The end that has batches, in which the answer is no member of one."""
    async with fake(folder) as end:
        batches = Batches(end.downstream)
        batches.attach(lambda _: None, lambda _: None)
        batches.accepted = True
        # Something else waits, so that each line is held against it.
        batches.from_client(ReadClient(frame_of(ASKED)), b'[{"id":8,"method":"x"}]\n')
        yield End(batches, end.read, end.leave, None)


class Accepting:
    """Lets everybody in, and remembers the end that it is given."""

    def __init__(self) -> None:
        self.link = Link()
        self.accepted: asyncio.Future[Downstream] = asyncio.get_running_loop().create_future()

    async def accept(self, hello: Hello, pid: int, downstream: Downstream) -> ClientEvents:
        self.accepted.set_result(downstream)
        return self.link

    async def control(self, request: Mapping[str, JsonValue]) -> JsonObject:
        return {}


@asynccontextmanager
async def at_the_socket(folder: Path) -> AsyncGenerator[End]:
    path = socket_path(folder, "", "", os.getuid())
    make_socket_folder(path)
    doors = Accepting()
    listening = DownstreamSocket(
        path, connections=doors, controls=doors, clock=SystemClock(), frame_bytes=1 << 20
    )
    await listening.start()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(os.fspath(path))
        client.sendall(json.dumps({"v": 1, "server": "x"}).encode() + b"\n")
        downstream = await doors.accepted
        reader, writer = await asyncio.open_unix_connection(sock=client, limit=1 << 25)

        async def read() -> bytes:
            said = b""
            while b'"id":7' not in said[-len(RESULT) - 60 :]:
                said += await reader.readuntil(b"\n")
            return said

        yield End(downstream, read, writer.transport.abort, doors.link)
        writer.transport.abort()
    await listening.close()


@asynccontextmanager
async def over_http(_folder: Path) -> AsyncGenerator[End]:
    async with http_end(shared=False) as end:
        yield end


@asynccontextmanager
async def over_shared_http(_folder: Path) -> AsyncGenerator[End]:
    async with http_end(shared=True) as end:
        yield end


@asynccontextmanager
async def http_end(*, shared: bool) -> AsyncGenerator[End]:
    client = HttpClient(shared=shared)
    client.events = link = Link()
    reader = client.request(frame_of(ASKED))
    named = _Named(client) if shared else client
    yield End(named, lambda: _read_all(reader), reader.left, link)


async def _read_all(reader: Reader) -> bytes:
    lines = [joined(line) async for line in lines_of(reader, SECONDS)]
    return b"".join(lines)


class _Named(HttpClient):
    """A shared one, whose link knows the request by the id of its own, which is 1."""

    def __init__(self, client: HttpClient) -> None:
        vars(self).update(vars(client))
        self.to = client.send

    def send(self, line: bytes | PartedLine) -> None:
        self.to(line if isinstance(line, bytes) else answer_of(1, line.parts[1]))


def frame_of(line: bytes) -> ClientFrame:
    frame = read_client(line)
    assert isinstance(frame, ClientFrame)
    return frame


def tell(opening: Opening, folder: Path, story: Callable[[End], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(SECONDS), opening(folder) as end:
            await story(end)

    asyncio.run(run())


@pytest.mark.parametrize("opening", [fake, batched, at_the_socket, over_http, over_shared_http])
class TestDownstream:
    """A line is written whole and in its turn, and one in parts is not copied."""

    def test_an_answer_in_parts_comes_whole_and_in_its_turn(
        self, opening: Opening, tmp_path: Path
    ) -> None:
        async def story(end: End) -> None:
            for number in (1, 2):
                end.downstream.send(NOTE % number)
            end.downstream.send(answer_of(7, RESULT))
            said = await end.read()
            assert said == NOTE % 1 + NOTE % 2 + joined(answer_of(7, RESULT))

        tell(opening, tmp_path, story)

    def test_what_is_large_is_not_copied(self, opening: Opening, tmp_path: Path) -> None:
        async def story(end: End) -> None:
            answer = answer_of(7, memoryview(RESULT))
            tracemalloc.start()
            try:
                end.downstream.send(answer)
                peak = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            assert peak < LEAST_OF_COPY
            assert len(await end.read()) == len(answer)

        tell(opening, tmp_path, story)

    def test_the_server_is_held_until_it_was_read(self, opening: Opening, tmp_path: Path) -> None:
        async def story(end: End) -> None:
            end.downstream.send(answer_of(7, RESULT))
            held = end.link is None or end.link.slow == [True]
            assert held
            await end.read()
            await until(lambda: end.link is None or end.link.slow == [True, False])

        tell(opening, tmp_path, story)

    def test_nobody_has_to_be_there(self, opening: Opening, tmp_path: Path) -> None:
        async def story(end: End) -> None:
            end.downstream.send(answer_of(7, RESULT))
            end.leave()
            await asyncio.sleep(0)
            end.downstream.send(NOTE % 1)
            end.downstream.close()

        tell(opening, tmp_path, story)


def test_a_batch_with_a_large_answer_is_one_array_and_copies_nothing_large() -> None:
    async def run() -> None:
        client = HttpClient(shared=False)
        client.events = Link()
        batches, line = Batches(client), b'[{"id":7,"method":"x"},{"id":8,"method":"x"}]\n'
        batches.attach(lambda _: None, lambda _: None)
        batches.accepted = True
        reader = client.request_all(line, (7, 8))
        batches.from_client(ReadClient(frame_of(ASKED)), line)
        batches.send(b'{"jsonrpc":"2.0","id":8,"result":{}}\n')
        answer = answer_of(7, RESULT)
        assert isinstance(answer, PartedLine)
        batches.send(answer)
        array = await reader.next(SECONDS)
        assert isinstance(array, PartedLine)
        assert answer.parts[1] in array.parts
        assert [one["id"] for one in json.loads(joined(array))] == [8, 7]
        assert await reader.next(SECONDS) == b""

    asyncio.run(run())


def test_a_body_goes_out_in_pieces() -> None:
    async def run() -> list[int]:
        body = without_end(answer_of(7, RESULT))
        return [len(piece) async for piece in one_by_one(body)]

    sizes = asyncio.run(run())
    assert max(sizes) <= 4 * LARGE_BYTES
    assert sum(sizes) == len(answer_of(7, RESULT)) - 1
