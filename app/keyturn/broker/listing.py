"""Owns the broker's own look at a server's tools, over the client's connection to it.

The client's era and capabilities decide what a server lists, so the look uses them; it never goes
before the client's first frame, from which servers choose their era.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from keyturn.application.ports.upstream import Answered, UpstreamReply
from keyturn.application.tasks import TaskOwner
from keyturn.broker.routes import TOOLS_LIST
from keyturn.broker.tool_list import ToolPage, read_page, unmistakable
from keyturn.domain.canonical import JsonObject
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.errors import ServerUnavailable

_log = logging.getLogger(__name__)

MOST_PAGES = 100
MOST_TOOLS = 5_000
SECONDS = 10.0
"""Longest wait for a server's whole list."""


class Asks(Protocol):
    """Asks the server on the broker's own account."""

    def ask(self, method: str, params: JsonObject) -> "asyncio.Future[UpstreamReply]":
        """Send a request; raises ServerUnavailable."""
        ...


class Listing:
    """Keeps what the server lists known to the reviews."""

    def __init__(
        self,
        server: Asks,
        took: Callable[[list[ToolDefinition]], Awaitable[None]],
        tasks: TaskOwner,
    ) -> None:
        self._server = server
        self._took = took
        self._tasks = tasks
        self._meta: JsonObject | None = None
        self._again = False
        self._settled = asyncio.Event()
        self.begun = False

    @property
    def settled(self) -> bool:
        """False while a look is under way."""
        return not self.begun or self._settled.is_set()

    def begin(self, meta: JsonObject | None, *, tools: bool = True) -> None:
        """Look for the first time; `meta` is that of a 2026-07-28 request.

        With `tools` False the server declared none, and is not asked.
        """
        if self.begun:
            return
        self.begun = True
        self._meta = meta
        self._tasks.start(self._look(asked=tools), "look at the tools")

    def again(self) -> None:
        """Look once more, because the server says that its list changed."""
        if not self.begun:
            return
        if self._settled.is_set():
            self._settled.clear()
            self._tasks.start(self._look(asked=True), "look at the tools again")
        else:
            self._again = True

    async def wait(self, seconds: float) -> None:
        """Wait until no look is under way, at most so long."""
        if self.settled:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._settled.wait()
        except TimeoutError:
            return

    async def _look(self, *, asked: bool) -> None:
        try:
            await self._took(await tools_of(self._server, self._meta) if asked else [])
        finally:
            if self._again:
                self._again = False
                self._tasks.start(self._look(asked=True), "look at the tools again")
            else:
                self._settled.set()


async def tools_of(server: Asks, meta: JsonObject | None) -> list[ToolDefinition]:
    """Return all tools of all pages; none when the server does not answer in time."""
    pages: list[ToolPage] = []
    try:
        async with asyncio.timeout(SECONDS):
            await _read_pages(server, meta, pages)
    except (TimeoutError, ServerUnavailable):
        _log.warning("server did not list its tools")
        return []
    return unmistakable(pages)


async def _read_pages(server: Asks, meta: JsonObject | None, pages: list[ToolPage]) -> None:
    cursor = ""
    while len(pages) < MOST_PAGES and sum(len(page.tools) for page in pages) < MOST_TOOLS:
        params: JsonObject = {"cursor": cursor} if cursor else {}
        if meta is not None:
            params["_meta"] = meta
        reply = await server.ask(TOOLS_LIST, params)
        page = read_page(reply.result) if isinstance(reply, Answered) else None
        if page is None:
            return
        pages.append(page)
        if not page.cursor or page.cursor == cursor:
            return
        cursor = page.cursor
