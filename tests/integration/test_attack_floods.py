"""Floods: of nonsense, of requests nobody reads the refusal of, of calls before there is a list."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest

from keyturn.broker import downstream_socket, judged_calls, patience
from keyturn.broker.listing import Listing
from keyturn.broker.own_connection import Unattended
from keyturn.broker.server_environment import server_environment
from keyturn.broker.server_start import ServerStart
from keyturn.broker.upstream_stdio import StdioUpstream
from keyturn.domain.configuration import Limits
from keyturn.domain.record import RecordType
from tests.fakes.clock import FakeClock
from tests.integration.link_rig import SECONDS, World, launch_of, request
from tests.integration.stories import tell
from tests.integration.test_hosts_that_end import until
from tests.integration.test_link import connected, outcomes, text_of
from tests.integration.test_link_socket import broker
from tests.integration.test_upstream_stdio import python_server

ASKS_ON_AND_ON = """
import sys, time
out = sys.stdout.buffer
line = sys.stdin.buffer.readline()
out.write(b'{"jsonrpc":"2.0","id":1,"result":{}}\\n')
number = 0
while True:
    number += 1
    out.write(b'{"jsonrpc":"2.0","id":"%s%d","method":"roots/list"}\\n' % (b"x" * 900, number))
    out.flush()
"""


def call(request_id: int, tool: str, text: str = "") -> dict[str, Any]:
    return request(request_id, "tools/call", {"name": tool, "arguments": {"text": text}})


@pytest.mark.requirement("I-17")
def test_a_server_that_asks_on_while_stopped_and_reads_nothing_is_ended(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = world.link(python_server(world, ASKS_ON_AND_ON))
        await world.stop.engage("test")
        await wire.ask(1, "ping")
        async with asyncio.timeout(SECONDS):
            await wire.client.closed.wait()
        assert any(b"does not read the answers" in line for line in world.server_log)

    tell(tmp_path, story)


def test_a_server_without_a_client_that_asks_on_is_ended(tmp_path: Path) -> None:
    class Ended(Unattended):
        def __init__(self) -> None:
            super().__init__()
            self.ended = asyncio.Event()

        def server_ended(self, reason: str) -> None:
            self.ended.set()

    async def story(world: World) -> None:
        server = python_server(world, ASKS_ON_AND_ON)
        environment = server_environment(server, os.environ, {})
        launch = launch_of(server, environment)
        start = ServerStart(server=server, launch=launch, environment=environment)
        events = Ended()
        upstream = StdioUpstream(start, world.means, events, world.server_log.append)
        events.upstream = upstream
        await upstream.start()
        upstream.write(b"{}\n")
        async with asyncio.timeout(SECONDS):
            await events.ended.wait()
        await upstream.end()

    tell(tmp_path, story)


def test_a_client_that_talks_nothing_but_nonsense_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "MOST_MALFORMED", 5)

    async def story(world: World) -> None:
        async with broker(world) as b:
            talk = await b.greet()
            other = await b.greet()
            nowhere = await b.greet(server="none")
            for each in (talk, nowhere):
                each.writer.write(b"{}\n" * 50_000)
            for each in (talk, nowhere):
                lines = [await each.line() for _ in range(6)]
                assert b"so it is closed" in lines[-1]
                assert await each.line() == b""
            assert "result" in await other.ask(1, "ping")
            for each in (talk, other, nowhere):
                await each.close()

    tell(tmp_path, story)


def test_who_leads_nowhere_may_not_say_much_nor_stay_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downstream_socket, "REFUSED_FRAME_BYTES", 1000)
    clock = FakeClock()

    async def story(world: World) -> None:
        async with broker(world, clock=clock) as b:
            nowhere = await b.greet(server="none")
            nowhere.writer.write(b"x" * 1001 + b"\n")
            assert b"too long" in await nowhere.line()
            clock.advance(downstream_socket.REFUSED_IDLE_SECONDS - 1)
            assert "error" in await nowhere.ask(1, "ping")
            other = await b.greet(server="none")
            nowhere.writer.write(b"an unfinished line")
            assert "error" in await other.ask(1, "ping")
            clock.advance(downstream_socket.REFUSED_IDLE_SECONDS - 1)
            clock.advance(2)
            assert await nowhere.line() == b""
            await nowhere.close()
            await other.close()

    tell(tmp_path, story)


def test_calls_that_come_before_the_list_are_bounded(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        notice = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
        for number in range(2):
            wire.say(request(f"say-{number}", "x/say", {"lines": [notice]}))
        await wire.client.wait_for(lambda line: b"list_changed" in line)
        for number in range(4):
            wire.say(call(number, "silent"))
        assert "too many calls" in text_of(await wire.client.answer_to(3))

    tell(tmp_path, story, limits=Limits(queue_per_agent=3))


@pytest.mark.requirement("LAW-1")
def test_a_call_that_is_given_up_before_the_list_is_there_is_recorded(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        notice = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
        wire.say(request("say", "x/say", {"lines": [notice]}))
        await wire.client.wait_for(lambda line: b"list_changed" in line)
        wire.say(call(1, "silent"))
        told = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
        wire.say(told)
        await until(lambda: outcomes(world) == ["cancelled_by_client"])
        (entry,) = world.log.of_type(RecordType.DECISION)
        assert entry.tool == "silent"
        assert not any(b"silent" in line for line in world.seen)

    tell(tmp_path, story)


@pytest.mark.requirement("K7")
def test_a_call_that_waits_for_the_list_is_not_sent_after_a_stop_that_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = Listing.wait

    async def story(world: World) -> None:
        async def slowly(listing: Listing, seconds: float) -> None:
            await world.stop.engage("window")
            await world.stop.resume(looked_at=(), careful=False)
            await wait(listing, seconds)

        wire = await connected(world)
        notice = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
        wire.say(request("say", "x/say", {"lines": [notice]}))
        await wire.client.wait_for(lambda line: b"list_changed" in line)
        monkeypatch.setattr(Listing, "wait", slowly)
        wire.say(call(1, "echo", "held"))
        assert "Nothing was sent" in text_of(await wire.client.answer_to(1))
        assert not any(b"held" in line for line in world.seen)

    tell(tmp_path, story)


def test_calls_that_are_not_answered_are_bounded_by_their_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judged_calls, "MOST_LIVE_BYTES", 3_000)

    async def story(world: World) -> None:
        wire = await connected(world)
        assert text_of(await wire.call(1, "echo", "x" * 5_000)) == "x" * 5_000
        wire.say(call(2, "silent", "x" * 2_000))
        assert "too many calls" in text_of(await wire.call(3, "echo", "x" * 2_000))
        assert text_of(await wire.call(4, "echo", "x")) == "x"

    tell(tmp_path, story)


def test_calls_to_a_server_whose_keychain_is_locked_are_bounded_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judged_calls, "MOST_LIVE", 2)

    async def story(world: World) -> None:
        wire = world.link(world.raw_server(env={"TOKEN": "keychain:none"}))
        assert "error" in await wire.ask("first", "ping")
        for number in (2**53, 1, 1, 2, 3):
            wire.say(call(number, "echo"))
        assert (await wire.client.answer_to(2**53))["error"]["code"] == -32600
        assert "too many calls" in text_of(await wire.client.answer_to(3))
        said = [json.loads(line) for line in wire.client.lines]
        assert any("in use" in one.get("error", {}).get("message", "") for one in said)

    tell(tmp_path, story)


def test_given_up_ids_are_kept_to_a_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judged_calls, "AFTER_CANCEL_SECONDS", 0.0)
    monkeypatch.setattr(judged_calls, "MOST_GIVEN_UP", 2)

    async def story(world: World) -> None:
        wire = await connected(world)
        for number in range(3):
            wire.say(call(number, "silent"))
            async with asyncio.timeout(SECONDS):
                await world.written.wait()
            world.written.clear()
            params = {"requestId": number}
            wire.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
            await wire.ask(f"after-{number}", "ping")
        assert (await wire.ask(2, "ping"))["error"]["code"] == -32600
        assert "result" in await wire.ask(0, "ping")

    tell(tmp_path, story)
