"""What a client's streams keep together: bounds, and who gives back first."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from keyturn.broker import http_client
from keyturn.broker.early_frames import EarlyFrames
from keyturn.broker.http_client import HttpClient
from keyturn.broker.http_stream import Reader
from keyturn.broker.kept_streams import KEPT_SECONDS, SESSION_BYTES, SESSION_STREAMS
from keyturn.broker.replay import STREAM_BYTES
from tests.unit.broker.test_http_client import Link, frame, line, made

Story = Callable[[HttpClient, Link], Coroutine[Any, Any, None]]


def told(story: Story) -> None:
    """Run a story with a client of the era with a handshake."""

    async def run() -> None:
        client, link = made(shared=False)
        await story(client, link)
        client.close()

    asyncio.run(run())


def lost(client: HttpClient, request_id: int) -> str:
    """Make a request, lose its response, and return the id that the client knows."""
    reader = client.request(frame(id=request_id, method="x"), primed=True)
    known = reader.named()
    reader.left()
    return known


def note(token: int, size: int) -> bytes:
    """Return a server's progress of a request."""
    return line(
        method="notifications/progress",
        params={"progressToken": token, "progress": 1, "message": "x" * size},
    )


def test_an_answer_is_kept_for_who_lost_it() -> None:
    async def story(client: HttpClient, link: Link) -> None:
        known = lost(client, 1)
        answer = line(id=1, result={})
        client.send(answer)
        has_all = ""
        for _ in range(2):
            reader = client.resume(known)
            assert reader is not None
            assert [await reader.next(1), await reader.next(1)] == [answer, b""]
            has_all = reader.named()
            reader.left()
        last = client.resume(has_all)
        assert last is not None
        assert last.ended
        assert link.given_up == []

    told(story)


def test_the_later_reader_takes_over() -> None:
    async def story(client: HttpClient, _link: Link) -> None:
        known = lost(client, 1)
        one, other = client.resume(known), client.resume(known)
        assert one is not None
        assert other is not None
        assert await one.next(1) == b""
        one.left()
        client.send(line(id=1, result={}))
        assert await other.next(1) == line(id=1, result={})

    told(story)


def test_a_stream_is_kept_for_so_long() -> None:
    async def story(client: HttpClient, _link: Link) -> None:
        known, other = lost(client, 1), lost(client, 2)
        client.send(line(id=1, result={}))
        now = asyncio.get_running_loop().time()
        client.sweep(now + KEPT_SECONDS - 1)
        assert _is_kept(client, known)
        client.sweep(now + KEPT_SECONDS + 1)
        assert not _is_kept(client, known)
        assert not _is_kept(client, other)
        assert not client.uses(2)

    told(story)


def test_whoever_reads_is_not_swept_away() -> None:
    async def story(client: HttpClient, _link: Link) -> None:
        reader = client.resume(lost(client, 1))
        assert reader is not None
        client.sweep(asyncio.get_running_loop().time() + 2 * KEPT_SECONDS)
        client.send(line(id=1, result={}))
        assert await reader.next(1) == line(id=1, result={})

    told(story)


def test_of_too_many_streams_the_oldest_goes() -> None:
    async def story(client: HttpClient, _link: Link) -> None:
        ids: list[str] = []
        for number in range(SESSION_STREAMS + 20):
            ids.append(lost(client, number))
            client.send(line(id=number, result={}))
        assert not _is_kept(client, ids[0])
        assert _is_kept(client, ids[-1])
        assert sum(_is_kept(client, one) for one in ids) <= SESSION_STREAMS

    told(story)


def test_over_the_bytes_of_a_session_the_longest_unchanged_give_back() -> None:
    async def story(client: HttpClient, _link: Link) -> None:
        size = STREAM_BYTES - 1_000
        fit = SESSION_BYTES // STREAM_BYTES
        ids: list[str] = []
        for number in range(fit + 2):
            reader = client.request(
                frame(id=number, method="x", params={"_meta": {"progressToken": number}})
            )
            ids.append(reader.named())
            reader.left()
            client.send(note(number, size))
        assert [_is_kept(client, one) for one in ids] == [False, False] + [True] * fit
        # What is lost is lost, what comes after it is not.
        client.send(line(id=0, result={}))
        assert not _is_kept(client, ids[0])

    told(story)


def test_many_small_ones_give_back_for_a_large_one() -> None:
    async def story(client: HttpClient, _link: Link) -> None:
        size, count = 40_000, 104
        for number in range(count):
            lost(client, number)
            client.send(line(id=number, result={"x": "y" * size}))
        large = lost(client, count)
        client.send(line(id=count, result={"x": "y" * (STREAM_BYTES - 1_000)}))
        assert _is_kept(client, large)

    told(story)


def test_what_waits_to_be_read_is_not_dropped_for_what_is_kept() -> None:
    async def story(client: HttpClient, link: Link) -> None:
        params = {"_meta": {"progressToken": 1}}
        reader = client.request(frame(id=1, method="x", params=params), primed=True)
        reader.named()
        for _ in range(20):
            client.send(note(1, STREAM_BYTES))
        assert link.slow == [True]
        for _ in range(20):
            assert await reader.next(1) == note(1, STREAM_BYTES)
        assert link.slow == [True, False]

    told(story)


def test_what_is_kept_for_who_lost_it_does_not_hold_the_server() -> None:
    async def story(client: HttpClient, link: Link) -> None:
        known = lost(client, 1)
        for _ in range(30):
            client.send(note(1, 100_000))
        assert link.slow == []
        assert not _is_kept(client, known)

    told(story)


def test_a_client_that_returned_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_client, "COME_BACK_SECONDS", -0.99)

    async def story(client: HttpClient, link: Link) -> None:
        reader = client.resume(lost(client, 1))
        assert reader is not None
        lost(client, 2)
        async with asyncio.timeout(5):
            await link.gave_up.wait()
        assert link.given_up == [2]

    told(story)


def test_a_pause_ends_the_response_after_what_is_there() -> None:
    async def story(client: HttpClient, _link: Link) -> None:
        params = {"_meta": {"progressToken": 1}}
        reader = client.request(frame(id=1, method="x", params=params), primed=True)
        known = reader.named()
        client.send(note(1, 1))
        client.server_paused(1, 0.0, ended=True)
        assert reader.stream.retry == pytest.approx(0.1)
        assert [await reader.next(1), await reader.next(1)] == [note(1, 1), b""]
        assert reader.paused
        reader.left()
        client.server_paused(1, 900.0, ended=True)
        client.server_paused(2, 1.0, ended=True)
        client.send(line(id=1, result={}))
        again = client.resume(known)
        assert again is not None
        assert [await again.next(1), await again.next(1)] == [note(1, 1), line(id=1, result={})]

    told(story)


def test_what_is_to_come_after_early_frames_waits_for_them() -> None:
    async def story() -> None:
        client, _link = made(shared=False)
        early, acted = EarlyFrames(client), list[str]()
        early.afterwards(lambda: acted.append("at once"))
        early.keep(line(method="x"))
        early.afterwards(lambda: acted.append("later"))
        assert acted == ["at once"]
        await early.hand_on(lambda: lambda _line: acted.append("line"))
        assert acted == ["at once", "line", "later"]

    asyncio.run(story())


def _is_kept(client: HttpClient, known: str) -> bool:
    """Tell whether all that came after an event can be had; nobody reads it afterwards."""
    reader: Reader | None = client.resume(known)
    if reader is not None:
        reader.left()
    return reader is not None
