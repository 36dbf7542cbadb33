"""Where signing in may ask: https and the outside, or this machine for a server of this machine."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest

from keyturn.broker.oauth_http import MOST_ADDRESSES, MOST_BYTES, SignInClient, Unreachable
from tests.integration.servers.http_server import serving

FAR, HERE = "https://mcp.example.com/mcp", "http://127.0.0.1:1/mcp"


@pytest.mark.parametrize(
    ("server", "url"),
    [
        (FAR, "https://auth.example.com/authorize?state=a"),
        (HERE, "https://auth.example.com/"),
        (HERE, "http://127.0.0.1:2/token"),
        (HERE, "http://localhost:2/token"),
    ],
)
def test_these_places_may_be_asked_or_shown(server: str, url: str) -> None:
    assert str(SignInClient(server).check(url)) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://auth.example.com/",
        "http://127.0.0.1/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,a",
        "vbscript:a",
        "https://a:b@auth.example.com/",
        "https://",
        "https:///token",
        "https://auth.example.com/a b",
        "https://auth.example.com/\n",
        "--help",
        "/token",
        "https://auth.example.com/" + "a" * 9000,
        "https://auth.example.com:65536/",
        "https://auth.example.com:-1/",
        "",
    ],
)
def test_these_may_not(url: str) -> None:
    with pytest.raises(Unreachable):
        SignInClient(FAR).check(url)


def resolved(
    monkeypatch: pytest.MonkeyPatch, *addresses: str, deaf: tuple[str, ...] = ()
) -> list[str]:
    """Have every host's name lead to these addresses, and nothing be asked; return what was.

    Those that are deaf take no connection.
    """
    looked_up: list[str] = []

    async def getaddrinfo(_loop: Any, host: str, port: int, **_more: Any) -> list[Any]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    async def send(_http: Any, request: httpx2.Request, **_more: Any) -> httpx2.Response:
        if request.url.host in deaf:
            raise httpx2.ConnectError("deaf")
        looked_up.append(request.extensions["sni_hostname"])
        return httpx2.Response(200, content=said_of(request))

    async def said_of(request: httpx2.Request) -> AsyncGenerator[bytes]:
        yield f"{request.url.host} {request.headers['host']}".encode()

    monkeypatch.setattr(asyncio.base_events.BaseEventLoop, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpx2.AsyncClient, "send", send)
    return looked_up


def fetched(client: SignInClient, url: str) -> str:
    return asyncio.run(client.fetch(httpx2.Request("GET", url))).text


PRIVATE = (
    ["10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "127.0.0.1", "0.0.0.0"]
    + ["100.64.0.1", "224.0.0.1", "::1", "::", "fe80::1", "fd00::1", "ff02::1", "fec0::1"]
    + ["::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a00:1::"]
)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_into_a_private_network_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    resolved(monkeypatch, "93.184.215.14", address)
    for server in (FAR, HERE):
        with pytest.raises(Unreachable, match="private"):
            fetched(SignInClient(server), "https://auth.example.com/token")


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolved(monkeypatch, "93.184.215.14", "93.184.215.15")
    said = fetched(SignInClient(FAR), "https://auth.example.com/token")
    assert said == "93.184.215.14 auth.example.com"


def test_a_name_is_asked_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    # Decoded it is a name with a sharp s, which the system would encode as `fass.de`.
    name = "xn--fa-hia.de"
    asked = resolved(monkeypatch, "93.184.215.14")
    assert fetched(SignInClient(FAR), f"https://{name}/token") == f"93.184.215.14 {name}"
    assert asked == [name, name]


def test_the_next_address_is_asked_where_one_takes_no_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolved(monkeypatch, "::1", "127.0.0.1", deaf=("::1",))
    assert fetched(SignInClient(HERE), "http://localhost:2/token") == "127.0.0.1 localhost:2"
    many = [f"93.184.215.{n}" for n in range(MOST_ADDRESSES + 1)]
    resolved(monkeypatch, *many, deaf=tuple(many[:MOST_ADDRESSES]))
    with pytest.raises(httpx2.ConnectError):
        fetched(SignInClient(FAR), "https://auth.example.com/token")


def test_what_was_agreed_to_may_be_of_a_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    resolved(monkeypatch, "10.0.0.1")
    client = SignInClient(FAR, ("https://auth.corp.example.com/tenant",))
    assert fetched(client, "https://mcp.example.com/.well-known/x").startswith("10.0.0.1")
    assert fetched(client, "https://auth.corp.example.com/token").startswith("10.0.0.1")
    with pytest.raises(Unreachable):
        fetched(client, "https://auth.corp.example.com:8443/token")


def test_no_name_leads_to_what_only_the_machine_itself_can_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resolved(monkeypatch, "169.254.169.254")
    with pytest.raises(Unreachable):
        fetched(SignInClient(FAR), "https://mcp.example.com/.well-known/x")


@pytest.mark.parametrize("size", [MOST_BYTES, MOST_BYTES + 1])
def test_so_much_of_an_answer_is_read(size: int) -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a" * size})

    async def story() -> None:
        async with serving(app) as at:
            client = SignInClient(at)
            if size > MOST_BYTES:
                with pytest.raises(Unreachable, match="too long"):
                    await client.fetch(httpx2.Request("GET", f"{at}/x"))
            else:
                assert len((await client.fetch(httpx2.Request("GET", f"{at}/x"))).content) == size

    asyncio.run(story())
