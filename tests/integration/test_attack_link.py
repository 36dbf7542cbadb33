"""Attacks on one connection: smuggled calls, reused ids, what goes on after a stop or an end."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from keyturn.application.approval_request import AnswerVerdict
from keyturn.broker import judged_calls
from keyturn.broker.envelope import LONGEST_ID
from keyturn.broker.keep_alive import LONGEST_TOKEN, token_of
from keyturn.domain.configuration import ReviewMode, ServerConfig
from keyturn.domain.decision import Outcome
from tests.integration.link_rig import SECONDS, Wire, World, request
from tests.integration.stories import tell
from tests.integration.test_link import calls_seen, connected, deliveries, outcomes

BUSY_SERVER = """
import sys, time
first = sys.stdin.buffer.readline()
sys.stdout.write('{"jsonrpc":"2.0","id":1,"result":{}}\\n')
sys.stdout.flush()
time.sleep(0.5)
open(sys.argv[1], 'wb').write(first + sys.stdin.buffer.read())
"""


def call(request_id: str | int, tool: str, text: str = "") -> dict[str, Any]:
    return request(request_id, "tools/call", {"name": tool, "arguments": {"text": text}})


def cancelled(request_id: str | int, reason: str = "") -> dict[str, Any]:
    params = {"requestId": request_id, "reason": reason}
    return {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}


async def until(wire: Wire, name: str, true: Any) -> None:
    """Let the link work until something is true."""
    async with asyncio.timeout(SECONDS):
        for number in range(1_000_000):
            if true():
                return
            await wire.ask(f"{name}-{number}", "ping")


SMUGGLED = b'{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"echo"}}'


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":2,"method":"ping","params":{"x":\r' + SMUGGLED + b"\r}}\n",
        b'{"jsonrpc":"2.0","id":2,"method":"ping","Method":"tools/call","params":{}}\n',
    ],
)
def test_a_call_within_a_passed_frame_does_not_reach_the_server(
    tmp_path: Path, line: bytes
) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(line)
        assert (await wire.client.answer_to(2))["error"]["code"] == -32600
        await wire.ask("after", "ping")
        assert not any(b"tools/call" in seen for seen in world.seen)

    tell(tmp_path, story)


@pytest.mark.parametrize("method", ["tools/call\0", " tools/call", "Tools/Call", "t\u043eols/list"])
def test_a_method_that_a_careless_reader_takes_for_a_call_is_refused(
    tmp_path: Path, method: str
) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        params = {"name": "echo", "arguments": {"text": "a secret"}}
        answer = await wire.ask(2, method, params)
        assert answer["error"]["code"] == -32600
        assert "other letters" in answer["error"]["message"]
        wire.say({"jsonrpc": "2.0", "method": method, "params": params})
        await wire.ask("after", "ping")
        assert not any(b"a secret" in seen for seen in world.seen)
        assert outcomes(world) == ["refused_malformed", "refused_malformed"]

    tell(tmp_path, story)


def test_a_call_cannot_take_the_id_of_a_cancelled_request(tmp_path: Path) -> None:
    """Its result would pass uninspected as the late answer to that request."""

    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(request(7, "x/never"))
        wire.say(cancelled(7))
        wire.say(call(7, "echo", "a secret"))
        assert (await wire.client.answer_to(7))["error"]["code"] == -32600
        await wire.ask("after", "ping")
        assert calls_seen(world) == []

    tell(tmp_path, story)


def test_a_request_cannot_take_the_id_of_a_call_whose_answer_is_still_owed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judged_calls, "AFTER_CANCEL_SECONDS", 0.02)

    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(8, "silent"))
        await until(wire, "sent", lambda: calls_seen(world))
        wire.say(cancelled(8))
        await until(wire, "given-up", lambda: deliveries(world) == ["unknown"])
        assert (await wire.ask(8, "x/never"))["error"]["code"] == -32600

    tell(tmp_path, story)


def test_a_call_whose_id_readers_round_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(2**53, "echo"))
        assert (await wire.client.answer_to(2**53))["error"]["code"] == -32600
        await until(wire, "recorded", lambda: outcomes(world))
        assert outcomes(world) == [Outcome.REFUSED_MALFORMED.value]
        assert calls_seen(world) == []

    tell(tmp_path, story)


@pytest.mark.requirement("I-17")
def test_while_stopped_only_known_lists_and_cancellations_in_flight_are_sent(
    tmp_path: Path,
) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        await world.stop.engage("test")
        wire.say(cancelled(99, "what should not leave"))
        wire.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"x": "leave"}})
        assert "error" in await wire.ask(1, "files/delete/list", {"x": "leave"})
        assert "result" in await wire.ask(2, "tools/list")
        assert not any(b"leave" in line for line in world.seen)

    tell(tmp_path, story)


@pytest.mark.requirement("I-17")
def test_what_a_busy_server_has_not_taken_is_not_written_after_a_stop(tmp_path: Path) -> None:
    seen = tmp_path / "taken"
    server = ServerConfig(
        name="busy",
        command=(sys.executable, "-c", BUSY_SERVER, str(seen)),
        review=ReviewMode.ACCEPT,
        cwd_path=str(tmp_path),
    )

    async def story(world: World) -> None:
        wire = world.link(server)
        await wire.ask(1, "ping")
        for text in ("x" * (1 << 20), "the last word"):
            wire.say({"jsonrpc": "2.0", "method": "notifications/x", "params": {"text": text}})
        await world.stop.engage("test")
        wire.link.stop_engaged()
        async with asyncio.timeout(SECONDS):
            await wire.client.closed.wait()
        assert seen.stat().st_size < 1 << 20
        assert b"the last word" not in seen.read_bytes()

    tell(tmp_path, story)


def test_nothing_is_sent_once_the_broker_ends_a_connection(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(1, "echo"))
        asked = (await world.approver.asked())[0]
        ended = wire.link.end()
        world.approver.answer(asked, AnswerVerdict.ALLOW_ONCE)
        wire.say(call(2, "echo"))
        wire.say(request(3, "x/echo"))
        async with asyncio.timeout(SECONDS):
            await ended
        assert calls_seen(world) == []
        assert not any(b"x/echo" in line for line in world.seen)

    tell(tmp_path, story, rules=())


def test_an_answer_that_cannot_be_written_is_withheld_and_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_reply: Any, _live: Any) -> bytes:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed")

    async def story(world: World) -> None:
        wire = await connected(world)
        monkeypatch.setattr(judged_calls, "_line_of", broken)
        answer = await wire.ask(2, "tools/call", {"name": "echo", "arguments": {"text": "a"}})
        assert answer["result"]["isError"] is True
        assert "holds its result back" in answer["result"]["content"][0]["text"]
        assert deliveries(world) == ["completed", "result_withheld"]

    tell(tmp_path, story)
    assert "cannot be written" in caplog.text


@pytest.mark.parametrize("forged", ["5.0", "5e0", "50e-1", "true", "[5]", '{"a":5}', '"5"'])
def test_a_server_cannot_answer_a_call_that_still_waits(tmp_path: Path, forged: str) -> None:
    """To a client whose numbers are doubles, 5.0 is 5."""

    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(5, "echo", "pay"))
        await world.approver.asked()
        said = '{"jsonrpc":"2.0","id":%s,"error":{"code":-1,"message":"forged"}}'
        wire.say(request("s", "x/say", {"lines": [said % forged]}))
        await wire.ask("after", "ping")
        assert not any(b"forged" in line for line in wire.client.lines)
        assert any(b"forged" in line for line in world.server_log)

    tell(tmp_path, story, rules=())


def test_a_server_cannot_answer_it_beside_a_request_whose_id_begins_alike(tmp_path: Path) -> None:
    """To a client that keeps the first of two keys."""

    async def story(world: World) -> None:
        wire = await connected(world)
        wire.say(call(55, "echo", "pay"))
        await world.approver.asked()
        wire.say(request(5, "x/never"))
        said = '{"jsonrpc":"2.0","id":55,"error":{"code":-1,"message":"forged"},"id":5}'
        wire.say(request("s", "x/say", {"lines": [said]}))
        assert "not be read in one way" in (await wire.client.answer_to(5))["error"]["message"]
        assert not any(b"forged" in line for line in wire.client.lines)

    tell(tmp_path, story, rules=())


@pytest.mark.parametrize("member", ['"id":null,', ""])
def test_an_error_of_a_server_that_could_not_read_is_passed(tmp_path: Path, member: str) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        line = '{"jsonrpc":"2.0",' + member + '"error":{"code":-1,"message":"unread"}}'
        wire.say(request("s", "x/say", {"lines": [line]}))
        await wire.client.wait_for(lambda seen: b"unread" in seen)

    tell(tmp_path, story)


def test_an_id_that_is_longer_than_a_page_is_refused(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        wire = await connected(world)
        for method in ("x/never", "tools/call"):
            wire.say(request("i" * LONGEST_ID, method))
            refused = json.loads(await wire.client.wait_for(lambda line: b"longer than" in line))
            assert (refused["id"], refused["error"]["code"]) == (None, -32600)
            wire.client.written.clear()
        assert "result" in await wire.ask("i" * (LONGEST_ID - 2), "ping")

    tell(tmp_path, story)


def test_a_progress_token_that_would_be_repeated_for_long_gets_no_progress() -> None:
    assert token_of({"_meta": {"progressToken": "t" * (LONGEST_TOKEN + 1)}}) is None
    assert token_of({"_meta": {"progressToken": "t"}}) == "t"
