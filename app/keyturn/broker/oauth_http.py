"""Owns the requests of signing in: where they may go, and how much of an answer is read.

Where to ask is said by servers, and a server must not have the broker ask what only this machine or
its network can reach (MCP, security best practices, "Server-side request forgery").
"""

import asyncio
import logging
import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx2

from keyturn.broker.certificates import trusted

MOST_BYTES = 256 * 1024
"""Of one answer."""
SECONDS = 15.0
"""For one request, the look-up of its host with it."""
CONNECT_SECONDS = 5.0
"""For one of its addresses."""
LONGEST_URL = 8 * 1024
MOST_ADDRESSES = 4
"""Of one host, that are tried when those before do not take a connection."""
_HIGHEST_PORT = 65_535
_NAT64 = IPv6Network("64:ff9b::/96")
_LAST_FOUR_BYTES = 0xFFFFFFFF
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


Address = IPv4Address | IPv6Address

# Its records hold each URL that is asked, and a key may be in the query of one.
logging.getLogger("httpx2").setLevel(logging.WARNING)


class Unreachable(Exception):
    """A place that signing in must not ask, or an answer that it must not read."""


class SignInClient:
    """Asks the servers that take part in signing in to one MCP server.

    `agreed` are the URLs whose origins a person agreed to: they may be on a private network.
    """

    def __init__(self, server_url: str, agreed: tuple[str, ...] = ()) -> None:
        server = httpx2.URL(server_url)
        self._is_local = host_of(server) in _THIS_MACHINE
        self._agreed = {_origin(httpx2.URL(url)) for url in (server_url, *filter(None, agreed))}

    def check(self, text: str) -> httpx2.URL:
        """Return a URL that may be asked, or shown to a person; raises Unreachable.

        What its host's name leads to is not looked up here.
        """
        try:
            url = httpx2.URL(text)
        except (httpx2.InvalidURL, ValueError) as error:
            raise Unreachable("no URL") from error
        if len(text) > LONGEST_URL or not text.isascii() or not text.isprintable() or " " in text:
            raise Unreachable("no URL")
        if url.userinfo or not host_of(url):
            raise Unreachable("a URL with a name, or without a host")
        if not 0 <= (url.port or 0) <= _HIGHEST_PORT:
            raise Unreachable("a port that there is not")
        local = self._is_local and host_of(url) in _THIS_MACHINE
        if url.scheme != "https" and not (url.scheme == "http" and local):
            raise Unreachable("neither https nor this machine's own http")
        return url

    async def fetch(self, request: httpx2.Request) -> httpx2.Response:
        """Ask, and return the whole answer; a redirect is an answer like any other.

        Raises Unreachable, httpx2.HTTPError and TimeoutError.
        """
        url = self.check(str(request.url))
        async with asyncio.timeout(SECONDS):
            body = await request.aread()
            # The addresses that were looked at are those that are asked: no second look-up.
            *others, last = await self._addresses_of(url)
            for address in others:
                with suppress(httpx2.ConnectError, httpx2.ConnectTimeout):
                    return await self._ask(url, address, request, body)
            return await self._ask(url, last, request, body)

    async def _ask(
        self, url: httpx2.URL, address: Address, request: httpx2.Request, body: bytes
    ) -> httpx2.Response:
        async with _client() as http:
            pinned = http.build_request(
                request.method,
                url.copy_with(host=str(address)),
                headers=request.headers,
                content=body,
                extensions={"sni_hostname": host_of(url)},
            )
            return await _whole(await http.send(pinned, stream=True), request)

    async def _addresses_of(self, url: httpx2.URL) -> list[Address]:
        """Return the first of its addresses; raises Unreachable where any may not be asked."""
        loop = asyncio.get_running_loop()
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = await loop.getaddrinfo(host_of(url), port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Unreachable("a host that is not known") from error
        addresses = [ip_address(str(info[4][0]).partition("%")[0]) for info in found]
        if not addresses or not all(self._may_ask(url, address) for address in addresses):
            raise Unreachable("a host of a private network")
        return addresses[:MOST_ADDRESSES]

    def _may_ask(self, url: httpx2.URL, address: Address) -> bool:
        plain = _within(address)
        if url.scheme == "http" or host_of(url) in _THIS_MACHINE:
            return self._is_local and plain.is_loopback
        if _origin(url) in self._agreed:
            return not plain.is_link_local and not plain.is_multicast
        of_a_site = isinstance(plain, IPv6Address) and plain.is_site_local
        return plain.is_global and not plain.is_multicast and not of_a_site


def host_of(url: httpx2.URL) -> str:
    """Return the host that is looked up, compared and shown: no letter looks like another one.

    The decoded name would be encoded anew on the way, by an older standard: to another host.
    """
    return url.raw_host.decode("ascii", "backslashreplace")


def host_in(text: str) -> str:
    """Return the host of what should be a URL; empty where it is none."""
    try:
        return host_of(httpx2.URL(text))
    except (httpx2.InvalidURL, ValueError):
        return ""


async def _whole(response: httpx2.Response, request: httpx2.Request) -> httpx2.Response:
    """Return an answer with all of its body; raises Unreachable for one that is too long."""
    try:
        body = bytearray()
        if response.headers.get("content-encoding", "identity") != "identity":
            raise Unreachable("a packed answer")
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MOST_BYTES:
                raise Unreachable("an answer that is too long")
    finally:
        await response.aclose()
    return httpx2.Response(
        response.status_code,
        headers={"content-type": response.headers.get("content-type", "")},
        content=bytes(body),
        request=request,
    )


def _client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        verify=trusted(),
        headers={"accept-encoding": "identity"},
        timeout=httpx2.Timeout(SECONDS, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=False,
    )


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, host_of(url), url.port


def _within(address: Address) -> Address:
    """Return the address of the older kind that one of the newer kind may stand for."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _LAST_FOUR_BYTES)
    return address.ipv4_mapped or address.sixtofour or address
