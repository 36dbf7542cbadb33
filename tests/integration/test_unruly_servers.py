"""Servers that break the rules of the wire: one answer a call, no cross-talk, the next call works.

Each misbehaves on one connection while another agent's goes on with a server of its own.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from keyturn.broker import judged_calls
from keyturn.domain.configuration import Limits, ServerConfig
from keyturn.domain.decision import Delivery
from tests.integration.link_rig import World, line_of, request
from tests.integration.stories import tell
from tests.integration.test_hosts_that_end import until
from tests.integration.test_link import deliveries, text_of
from tests.integration.test_link_socket import ANALYST, Broker, Talk, broker

UNRULY = Path(__file__).parent / "servers" / "unruly_server.py"
SHAKE = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "t", "version": "1"},
}
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only /proc tells environments")


@dataclass
class Pair:
    """One agent at the unruly server, and one beside it."""

    b: Broker
    bad: Talk
    good: Talk
    heard: list[bytes]
    """Everything that the first was sent."""

    async def open(self) -> Talk:
        """Connect to the unruly server and shake hands."""
        talk = await self.b.greet(server="unruly")
        await talk.ask(0, "initialize", SHAKE)
        talk.writer.write(line_of({"jsonrpc": "2.0", "method": "notifications/initialized"}))
        return talk

    async def call(self, request_id: int, tool: str, text: str = "") -> dict[str, Any]:
        """Call a tool of the unruly server, and keep all that comes until it is answered."""
        params: dict[str, Any] = {"name": tool, "arguments": {"text": text}}
        params["_meta"] = {"progressToken": "mine"}
        self.bad.writer.write(line_of(request(request_id, "tools/call", params)))
        while True:
            line = await self.bad.line()
            assert line, "the connection has ended"
            self.heard.append(line)
            frame = json.loads(line)
            if frame.get("id") == request_id and "method" not in frame:
                return frame

    async def beside(self, text: str) -> None:
        """Have the other agent's call answered, with the very next line that it gets."""
        params = {"name": "echo", "arguments": {"text": text}}
        self.good.writer.write(line_of(request(1, "tools/call", params)))
        frame = json.loads(await self.good.line())
        assert (frame["id"], text_of(frame)) == (1, text)

    def answers_to(self, request_id: int) -> int:
        """Count what the agent may take for answers to a request."""
        frames = [json.loads(line) for line in self.heard]
        return sum("method" not in f and f.get("id") in (request_id, None) for f in frames)


def unruly_server(world: World) -> ServerConfig:
    return world.raw_server(name="unruly", command=(sys.executable, str(UNRULY)))


def unruly_processes() -> list[psutil.Process]:
    """Return the unruly servers that run."""
    children = psutil.Process().children()
    return [child for child in children if str(UNRULY) in child.cmdline()]


@asynccontextmanager
async def pair(world: World) -> AsyncGenerator[Pair]:
    async with broker(world, servers=(world.raw_server(), unruly_server(world))) as b:
        good = await b.greet()
        await good.ask(0, "initialize", SHAKE)
        good.writer.write(line_of({"jsonrpc": "2.0", "method": "notifications/initialized"}))
        made = Pair(b, good, good, [])
        made.bad = await made.open()
        yield made
        for talk in (made.bad, made.good):
            await talk.close()


@pytest.mark.parametrize(
    "tool",
    ["strangers", "twice", "flood", "progress", "endless", "returns", "blank"],
)
def test_what_it_says_beside_its_answer_changes_nothing(tmp_path: Path, tool: str) -> None:
    async def story(world: World) -> None:
        async with pair(world) as p:
            assert text_of(await p.call(7, tool, "own")) == "own"
            await p.beside("meanwhile")
            assert text_of(await p.call(8, "echo", "next")) == "next"
            await p.bad.ask(9, "ping")
            assert p.answers_to(7) == 1
            assert p.answers_to(8) == 1
            assert len(deliveries(world)) == 3

    tell(tmp_path, story, limits=Limits(frame_bytes=1_000_000))


@pytest.mark.parametrize("tool", ["invalid", "nested", "broken"])
def test_an_answer_that_nobody_could_read_is_withheld(tmp_path: Path, tool: str) -> None:
    async def story(world: World) -> None:
        async with pair(world) as p:
            answer = await p.call(7, tool)
            assert answer["result"]["isError"] is True
            assert len(deliveries(world)) == 1
            await p.beside("meanwhile")
            assert text_of(await p.call(8, "echo", "next")) == "next"
            assert p.answers_to(7) == 1

    tell(tmp_path, story)


def test_half_a_frame_is_never_passed_and_its_call_is_lost_with_the_server(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with pair(world) as p:
            answer = await p.call(7, "half_and_die")
            assert "not known" in text_of(answer)
            assert await p.bad.line() == b"", "closed, so that the host sees it"
            assert b"resu" not in b"".join(p.heard).replace(b'"result"', b"")
            assert deliveries(world) == [Delivery.UNKNOWN.value]
            await p.beside("meanwhile")
            await p.bad.close()
            p.bad = await p.open()
            assert text_of(await p.call(8, "echo", "next")) == "next"

    tell(tmp_path, story)


def test_a_server_that_stalls_within_a_frame_is_given_up_with_its_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judged_calls, "AFTER_CANCEL_SECONDS", 0.1)

    async def story(world: World) -> None:
        async with pair(world) as p:
            params: dict[str, Any] = {"name": "half", "arguments": {}}
            p.bad.writer.write(line_of(request(7, "tools/call", params)))
            await until(world.written.is_set)
            cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
            p.bad.writer.write(line_of({**cancel, "params": {"requestId": 7}}))
            await until(lambda: deliveries(world) == [Delivery.UNKNOWN.value])
            await p.beside("meanwhile")
            (stalled,) = unruly_processes()
            await p.bad.close()
            p.bad = await p.open()
            assert text_of(await p.call(8, "echo", "next")) == "next"
            await until(lambda: not stalled.is_running())

    tell(tmp_path, story)


def test_a_server_that_stops_reading_holds_up_nobody_else(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        async with pair(world) as p:
            assert text_of(await p.call(7, "deaf", "last")) == "last"
            for number in range(100):
                p.bad.writer.write(line_of(request(100 + number, "x/y", {"a": "x" * 100_000})))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(p.bad.writer.drain(), 1)
            await p.beside("meanwhile")
            # A client that is not read from cannot be seen to leave: the person ends it.
            running = unruly_processes()
            p.b.hub.use((world.raw_server(),), (ANALYST,))
            await until(lambda: len(p.b.hub.connections()) == 1)
            assert not any(process.is_running() for process in running)
            p.bad.writer.transport.abort()
            await p.beside("still")
            p.b.hub.use((world.raw_server(), unruly_server(world)), (ANALYST,))
            p.bad = await p.open()
            assert text_of(await p.call(8, "echo", "next")) == "next"

    tell(tmp_path, story)


@LINUX
@pytest.mark.parametrize("tool", ["detached", "detached_and_die"])
def test_what_left_its_session_and_its_parent_ends_with_the_server(
    tmp_path: Path, tool: str
) -> None:
    async def story(world: World) -> None:
        async with pair(world) as p:
            daemon = psutil.Process(int(text_of(await p.call(7, tool))))
            if tool == "detached":
                assert daemon.is_running()
                assert daemon.ppid() != psutil.Process().pid
            await p.bad.close()
            await until(lambda: not daemon.is_running())
            await p.beside("meanwhile")
            p.bad = await p.open()
            assert text_of(await p.call(8, "echo", "next")) == "next"

    tell(tmp_path, story)
