"""Progress for calls that wait, and its order with the server's own."""

import asyncio
import json

import pytest

from keyturn.broker import keep_alive
from keyturn.broker.envelope import ServerFrame, read_server
from keyturn.broker.keep_alive import KeepAlive, token_of
from keyturn.domain.canonical import JsonObject


def said(token: str | int, progress: float) -> ServerFrame:
    params = {"progressToken": token, "progress": progress, "x": "kept"}
    frame = {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}
    found = read_server(json.dumps(frame).encode() + b"\n")
    assert found is not None
    return found


def test_only_a_token_asks_for_progress() -> None:
    assert token_of({"_meta": {"progressToken": 0}}) == 0
    assert token_of({"_meta": {"progressToken": "a"}}) == "a"
    without: list[JsonObject] = [{}, {"_meta": 1}, {"_meta": {"progressToken": True}}]
    assert [token_of(params) for params in without] == [None] * 3


def test_a_waiting_call_is_kept_alive_and_progress_only_rises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(keep_alive, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(keep_alive, "EVERY_SECONDS", 0.0)

    async def story() -> None:
        lines: list[bytes] = []
        enough = asyncio.Event()

        def answer(line: bytes) -> None:
            lines.append(line)
            if len(lines) == 3:
                enough.set()

        keeping = KeepAlive(answer)
        keeping.begin("t", lambda: not enough.is_set())
        await asyncio.wait_for(enough.wait(), 10)
        sent = [json.loads(line)["params"]["progress"] for line in lines]
        assert sent == sorted(set(sent))
        zero = json.loads(keeping.line_of(said("t", 0)))
        assert zero["params"]["progress"] > sent[-1]
        assert zero["params"]["x"] == "kept"
        later = said("t", 1)
        assert keeping.line_of(later) == later.line
        again = said("t", 0)
        assert keeping.line_of(again) == again.line, "from then on the server's own order counts"
        keeping.close()

    asyncio.run(story())


def test_progress_of_other_calls_keeps_its_bytes() -> None:
    async def story() -> None:
        keeping = KeepAlive(lambda _line: None)
        frame = said("other", 0)
        assert keeping.line_of(frame) == frame.line
        keeping.begin("t", lambda: False)
        keeping.end("t")
        keeping.close()

    asyncio.run(story())


@pytest.mark.parametrize("progress", [b"1e308", b"1e400", b'"far"', b"5"])
def test_nothing_follows_what_the_server_says_of_a_call_that_waits(
    monkeypatch: pytest.MonkeyPatch, progress: bytes
) -> None:
    """It has not got the call, so that it can only have guessed the token."""
    monkeypatch.setattr(keep_alive, "EVERY_SECONDS", 0.0)

    async def story() -> None:
        for first_seconds in (0.0, 0.02):
            monkeypatch.setattr(keep_alive, "FIRST_SECONDS", first_seconds)
            lines: list[bytes] = []
            keeping = KeepAlive(lines.append)
            keeping.begin(7, lambda: True)
            await asyncio.sleep(0.01)
            line = b'{"jsonrpc":"2.0","method":"notifications/progress","params":'
            line += b'{"progressToken":7,"progress":%b}}\n' % progress
            frame = read_server(line)
            assert frame is not None
            assert keeping.line_of(frame) == frame.line
            before = len(lines)
            await asyncio.sleep(0.05)
            assert len(lines) == before
            keeping.close()

    asyncio.run(story())
