"""Owns the place where a browser comes back to once a person has signed in: one request, no more.

It listens on this machine only, on a port that is free, for the one answer that names the state of
this sign-in. What names another state is another sign-in's, or an attacker's, and ends nothing: the
page of an earlier try may still be open, and comes back to the same port.
"""

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

PATH = "/callback"
LONGEST_REQUEST = 16 * 1024
READ_SECONDS = 10.0
_HOST = "127.0.0.1"
_MOST_PARAMETERS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirected:
    """What the authorization server had the browser bring."""

    code: str
    state: str
    iss: str | None

    def __repr__(self) -> str:
        """Keep the code out of logs and tracebacks."""
        return "Redirected(...)"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedirectTexts:
    """What the person reads in the browser then."""

    done: str
    failed: str


class RedirectListener:
    """Waits for one browser."""

    def __init__(self, texts: RedirectTexts) -> None:
        self._texts = texts
        self._state = ""
        self._server: asyncio.Server | None = None
        self._came: asyncio.Future[Redirected | None] = asyncio.get_running_loop().create_future()
        self.uri = ""

    async def start(self, before: str = "") -> None:
        """Listen, where that is possible at the place of `before`; `uri` is where, from then."""
        try:
            self._server = await self._listen(_port_of(before))
        except OSError:
            self._server = await self._listen(0)
        port = self._server.sockets[0].getsockname()[1]
        self.uri = f"http://{_HOST}:{port}{PATH}"

    def expect(self, authorization_url: str) -> None:
        """Take only the answer to this question."""
        query = dict(parse_qsl(urlsplit(authorization_url).query))
        self._state = query.get("state", "")

    async def answer(self) -> Redirected | None:
        """Return what came; None where that person did not sign in, or it was given up."""
        return await self._came

    def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
        if not self._came.done():
            self._came.set_result(None)

    async def _listen(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(
            self._serve, _HOST, port, limit=LONGEST_REQUEST, backlog=8
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._respond(head))
                await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            return
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    def _respond(self, head: bytes) -> bytes:
        """Take a request; one to another place is none of ours and ends nothing."""
        lines = head.decode("latin-1").split("\r\n")
        method, _, rest = lines[0].partition(" ")
        target = rest.partition(" ")[0]
        path, _, query = target.partition("?")
        hosts = [line.partition(":")[2].strip() for line in lines if line.lower()[:5] == "host:"]
        if method != "GET" or path != PATH or hosts != [urlsplit(self.uri).netloc]:
            return _page(404, "")
        if self._came.done() or not self._state:
            return _page(410, self._texts.failed)
        pairs = _read(query)
        if not any(name == "state" and self._is_ours(value) for name, value in pairs):
            return _page(400, self._texts.failed)
        found = _answer_in(pairs)
        self._came.set_result(found)
        self.close()
        return _page(400, self._texts.failed) if found is None else _page(200, self._texts.done)

    def _is_ours(self, state: str) -> bool:
        return secrets.compare_digest(state.encode(), self._state.encode())


def _read(query: str) -> list[tuple[str, str]]:
    """Return what the browser brought; nothing of what is too much."""
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        return []


def _answer_in(pairs: list[tuple[str, str]]) -> Redirected | None:
    """Return the answer; None for a refusal, and for what can be read in two ways."""
    said = dict(pairs)
    if len(said) < len(pairs) or not said.get("code"):
        return None
    return Redirected(code=said["code"], state=said["state"], iss=said.get("iss"))


def _port_of(uri: str) -> int:
    try:
        return urlsplit(uri).port or 0
    except ValueError:
        return 0


def _page(status: int, text: str) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status} \r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n"
        "Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\r\n"
    )
    return head.encode("ascii") + body
