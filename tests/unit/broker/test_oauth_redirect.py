"""The place to come back to takes the one answer that it waits for, and nothing else."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from keyturn.broker import oauth_redirect
from keyturn.broker.oauth_redirect import Redirected, RedirectListener, RedirectTexts

ASKED = "https://auth.example.com/authorize?client_id=a&state=of-the-test"
Story = Callable[[RedirectListener, httpx2.AsyncClient], Coroutine[Any, Any, None]]


def tell(story: Story) -> None:
    async def told() -> None:
        listener = RedirectListener(RedirectTexts(done="done", failed="failed"))
        await listener.start()
        listener.expect(ASKED)
        async with httpx2.AsyncClient() as http:
            await story(listener, http)
        listener.close()

    asyncio.run(told())


@pytest.mark.requirement("LAW-4")
def test_the_answer_is_taken_once() -> None:
    async def story(listener: RedirectListener, http: httpx2.AsyncClient) -> None:
        query = "code=c&state=of-the-test&iss=https%3A%2F%2Fauth.example.com"
        first = await http.get(f"{listener.uri}?{query}")
        assert (first.status_code, first.text) == (200, "done")
        assert await listener.answer() == Redirected(
            code="c", state="of-the-test", iss="https://auth.example.com"
        )
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"{listener.uri}?code=other&state=of-the-test")

    tell(story)


@pytest.mark.parametrize(
    "query",
    [
        "state=of-the-test",
        "code=&state=of-the-test",
        "error=access_denied&state=of-the-test",
        "code=c&state=of-the-test&state=of-the-test",
        "code=c&code=d&state=of-the-test",
    ],
)
def test_a_refusal_or_what_can_be_read_in_two_ways_ends_it(query: str) -> None:
    async def story(listener: RedirectListener, http: httpx2.AsyncClient) -> None:
        assert (await http.get(f"{listener.uri}?{query}")).status_code == 400
        assert await listener.answer() is None
        with pytest.raises(httpx2.ConnectError):
            await http.get(f"{listener.uri}?code=c&state=of-the-test")

    tell(story)


@pytest.mark.parametrize(
    "query",
    [
        "code=c&state=other",
        "code=c",
        "code=c&state=",
        "error=access_denied&state=other",
        "code=c&state=of-the-test" + "&a=b" * 40,
        "",
    ],
)
def test_what_names_another_state_ends_nothing(query: str) -> None:
    async def story(listener: RedirectListener, http: httpx2.AsyncClient) -> None:
        assert (await http.get(f"{listener.uri}?{query}")).status_code == 400
        good = await http.get(f"{listener.uri}?code=c&state=of-the-test")
        assert good.status_code == 200
        assert await listener.answer() == Redirected(code="c", state="of-the-test", iss=None)

    tell(story)


def test_what_goes_elsewhere_ends_nothing() -> None:
    async def story(listener: RedirectListener, http: httpx2.AsyncClient) -> None:
        good = "code=c&state=of-the-test"
        icon = listener.uri.replace("/callback", "/favicon.ico")
        assert (await http.get(icon)).status_code == 404
        assert (await http.post(f"{listener.uri}?{good}")).status_code == 404
        other_host = {"host": "attacker.example.com"}
        assert (await http.get(f"{listener.uri}?{good}", headers=other_host)).status_code == 404
        assert (await http.get(f"{listener.uri}?{good}")).status_code == 200

    tell(story)


def test_nothing_is_taken_before_it_was_asked_for() -> None:
    async def told() -> None:
        listener = RedirectListener(RedirectTexts(done="done", failed="failed"))
        await listener.start()
        async with httpx2.AsyncClient() as http:
            assert (await http.get(f"{listener.uri}?code=c&state=")).status_code == 410
        listener.close()
        assert await listener.answer() is None

    asyncio.run(told())


def test_whoever_says_nothing_or_too_much_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(oauth_redirect, "READ_SECONDS", 0.2)

    async def story(listener: RedirectListener, http: httpx2.AsyncClient) -> None:
        port = urlsplit(listener.uri).port
        for said in (b"", b"GET /callback?" + b"a" * 40_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            async with asyncio.timeout(5):
                # Reset where the rest of what was said was not read.
                with suppress(ConnectionResetError):
                    assert await reader.read() == b""
            writer.close()
        assert (await http.get(f"{listener.uri}?code=c&state=of-the-test")).status_code == 200

    tell(story)


def test_it_comes_back_to_the_place_of_before_where_that_is_free() -> None:
    async def told() -> None:
        first, second = (RedirectListener(RedirectTexts(done="", failed="")) for _ in "12")
        await first.start()
        await second.start(first.uri)
        assert second.uri != first.uri
        second.close()
        third = RedirectListener(RedirectTexts(done="", failed=""))
        await third.start(second.uri)
        assert third.uri == second.uri
        first.close()
        third.close()

    asyncio.run(told())
