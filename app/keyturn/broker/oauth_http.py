"""Owns the requests of signing in: where they may go, and how much of an answer is read.

Where to ask is said by servers, and a server must not have the broker ask what only this machine or
its network can reach (MCP, security best practices, "Server-side request forgery").
"""

import asyncio
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx2

MOST_BYTES = 256 * 1024
"""Of one answer."""
SECONDS = 15.0
"""For one request, the look-up of its host with it."""
LONGEST_URL = 8 * 1024
_NAT64 = IPv6Network("64:ff9b::/96")
_LAST_FOUR_BYTES = 0xFFFFFFFF
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class Unreachable(Exception):
    """A place that signing in must not ask, or an answer that it must not read."""


class SignInClient:
    """Asks the servers that take part in signing in to one MCP server.

    `agreed` are the URLs whose origins a person agreed to: they may be on a private network.
    """

    def __init__(self, server_url: str, agreed: tuple[str, ...] = ()) -> None:
        server = httpx2.URL(server_url)
        self._is_local = server.host in _THIS_MACHINE
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
        if url.userinfo or not url.host:
            raise Unreachable("a URL with a name, or without a host")
        local = self._is_local and url.host in _THIS_MACHINE
        if url.scheme != "https" and not (url.scheme == "http" and local):
            raise Unreachable("neither https nor this machine's own http")
        return url

    async def fetch(self, request: httpx2.Request) -> httpx2.Response:
        """Ask, and return the whole answer; a redirect is an answer like any other.

        Raises Unreachable, httpx2.HTTPError and TimeoutError.
        """
        url = self.check(str(request.url))
        async with asyncio.timeout(SECONDS):
            # The address that was looked at is the one that is asked: no second look-up.
            address = await self._address_of(url)
            body = await request.aread()
            async with _client() as http:
                pinned = http.build_request(
                    request.method,
                    url.copy_with(host=str(address)),
                    headers=request.headers,
                    content=body,
                    extensions={"sni_hostname": url.host},
                )
                return await self._ask(http, pinned, request)

    async def _ask(
        self, http: httpx2.AsyncClient, pinned: httpx2.Request, request: httpx2.Request
    ) -> httpx2.Response:
        response = await http.send(pinned, stream=True)
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

    async def _address_of(self, url: httpx2.URL) -> IPv4Address | IPv6Address:
        loop = asyncio.get_running_loop()
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Unreachable("a host that is not known") from error
        addresses = [ip_address(str(info[4][0]).partition("%")[0]) for info in found]
        if not addresses or not all(self._may_ask(url, address) for address in addresses):
            raise Unreachable("a host of a private network")
        return addresses[0]

    def _may_ask(self, url: httpx2.URL, address: IPv4Address | IPv6Address) -> bool:
        plain = _within(address)
        if url.scheme == "http" or url.host in _THIS_MACHINE:
            return self._is_local and plain.is_loopback
        if _origin(url) in self._agreed:
            return not plain.is_link_local and not plain.is_multicast
        return plain.is_global and not plain.is_multicast


def shown_host(url: httpx2.URL) -> str:
    """Return a host as a person is shown it: no letter in it looks like another one."""
    return url.raw_host.decode("ascii", "backslashreplace")


def _client() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        headers={"accept-encoding": "identity"},
        timeout=SECONDS,
        follow_redirects=False,
        trust_env=False,
    )


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _within(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the address of the older kind that one of the newer kind may stand for."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & _LAST_FOUR_BYTES)
    return address.ipv4_mapped or address.sixtofour or address
