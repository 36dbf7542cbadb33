"""Owns the broker's own look at a server's tools, over the client's connection to it.

The client's era and capabilities decide what a server lists, so the look uses them; it never goes
before the client's first frame, from which servers choose their era.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from keyturn.application.ports.upstream import Answered, UpstreamReply
from keyturn.application.tasks import TaskOwner
from keyturn.broker.routes import TOOLS_LIST
from keyturn.broker.tool_list import (
    LIST_BYTES,
    MOST_TOOLS,
    TOOL_BYTES,
    TOOL_MARKS,
    PageFault,
    ToolPage,
    read_page,
    unmistakable,
)
from keyturn.domain.canonical import JsonObject
from keyturn.domain.definition import ToolDefinition
from keyturn.domain.errors import ServerUnavailable

_log = logging.getLogger(__name__)

MOST_PAGES = 100
SECONDS = 10.0
"""Longest wait for a server's whole list."""
EVERY_SECONDS = 1.0
"""Looks at what changed begin no closer together, however often a server says that it did."""


class Asks(Protocol):
    """Asks the server on the broker's own account."""

    def ask(self, method: str, params: JsonObject) -> "asyncio.Future[UpstreamReply]":
        """Send a request; raises ServerUnavailable."""
        ...

    def note(self, what: str, line: bytes) -> None:
        """Write into the server's log."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """What one look found."""

    tools: list[ToolDefinition]
    left_out: str = ""
    """A phrase that says what was not read, because it is beyond the limits."""


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
        self._looked_again_at = 0.0
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
            self._tasks.start(self._look_again(), "look at the tools again")
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
            listed = await tools_of(self._server, self._meta) if asked else Listed(tools=[])
            await self._took(listed.tools)
        finally:
            if self._again:
                self._again = False
                self._tasks.start(self._look_again(), "look at the tools again")
            else:
                self._settled.set()

    async def _look_again(self) -> None:
        loop = asyncio.get_running_loop()
        if self._looked_again_at:
            await asyncio.sleep(self._looked_again_at + EVERY_SECONDS - loop.time())
        self._looked_again_at = loop.time()
        # What was said until now is what this look will find.
        self._again = False
        await self._look(asked=True)


async def tools_of(server: Asks, meta: JsonObject | None) -> Listed:
    """Return the tools of all pages; none when the server does not answer in time."""
    pages: list[ToolPage] = []
    try:
        async with asyncio.timeout(SECONDS):
            left_out = await _read_pages(server, meta, pages)
    except (TimeoutError, ServerUnavailable):
        _log.warning("server did not list its tools")
        return Listed(tools=[])
    if left_out:
        server.note("tools", left_out.encode())
    return Listed(tools=unmistakable(pages), left_out=left_out)


async def _read_pages(server: Asks, meta: JsonObject | None, pages: list[ToolPage]) -> str:
    """Read on to the last page or a limit; return what was left out for a limit."""
    cursor = ""
    while True:
        room = MOST_TOOLS - sum(len(page.tools) for page in pages)
        params: JsonObject = {"cursor": cursor} if cursor else {}
        if meta is not None:
            params["_meta"] = meta
        reply = await server.ask(TOOLS_LIST, params)
        if not isinstance(reply, Answered):
            return _left_out(pages)
        if sum(page.size for page in pages) + len(reply.result) > LIST_BYTES:
            return _TOO_LONG
        page = await read_page(reply.result, most=room)
        if isinstance(page, PageFault):
            return _TOO_LONG if page is PageFault.TOO_LONG else _left_out(pages)
        pages.append(page)
        if not page.cursor or page.cursor == cursor or page.too_many:
            return _left_out(pages)
        if len(pages) >= MOST_PAGES:
            return f"the list has more than {MOST_PAGES} pages, and the rest is left out"
        cursor = page.cursor


_TOO_LONG = f"the list is over {LIST_BYTES} bytes, and what is beyond is left out"


def _left_out(pages: list[ToolPage]) -> str:
    if any(page.too_many for page in pages):
        return f"the list has more than {MOST_TOOLS} tools, and the rest is left out"
    large = sum(page.too_large for page in pages)
    limits = f"over {TOOL_BYTES} bytes or {TOOL_MARKS} values"
    return f"{large} tools are {limits}, and are left out" if large else ""
