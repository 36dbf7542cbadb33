"""Owns the broker's own look at a server's lists, over the client's connection to it.

The client's era and capabilities decide what a server lists, so the look uses them; it never goes
before the client's first frame, from which servers choose their era.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from keyturn.application.ports.upstream import Answered, Ready, UpstreamReply
from keyturn.application.tasks import TaskOwner
from keyturn.broker.routes import PROMPTS_LIST, TEMPLATES_LIST, TOOLS_LIST
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
from keyturn.domain.errors import Said, ServerUnavailable, filled

_log = logging.getLogger(__name__)

MOST_PAGES = 100
SECONDS = 10.0
"""Longest wait for a server's whole list."""
BESIDE_SECONDS = 3.0
"""Longest wait for each other list: calls wait for all of them."""
BESIDE = (PROMPTS_LIST, TEMPLATES_LIST)
"""What is asked of a server that declared nothing yet."""
LOOK_SECONDS = 30.0
"""Longest wait of a call for a look: for the server's lists, and until what is new is written down.

A call that does not wait is refused for a tool that nobody reviewed, which is not what happened."""
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
    left_out: Said | str = ""
    """A phrase that says what was not read, because it is beyond the limits."""


class Sends(Protocol):
    """Writes judged calls; the part of the upstream port that a server's process implements."""

    @property
    def running(self) -> bool:
        """Whether a judged call could be written in this very step."""
        ...

    @property
    def barred(self) -> bool:
        """Whether it would be for nothing, because a person has to sign in before."""
        ...

    async def ready(self) -> Ready:
        """Wait until a judged call could be written."""
        ...

    def send(
        self, request_id: str | int, method: str, params: JsonObject
    ) -> "asyncio.Future[UpstreamReply]":
        """Write it in this very step; raises ServerUnavailable."""
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
        self._beside: tuple[str, ...] = ()
        self._instructions: ToolDefinition | None = None
        self._again = False
        self._looked_again_at = 0.0
        self._settled = asyncio.Event()
        self._looked_at = 0.0
        """The loop's time of the last look that the reviews took over."""
        self.begun = False

    @property
    def settled(self) -> bool:
        """False while a look is under way."""
        return not self.begun or self._settled.is_set()

    def begin(
        self,
        meta: JsonObject | None,
        *,
        tools: bool = True,
        beside: tuple[str, ...] = (),
        instructions: ToolDefinition | None = None,
    ) -> None:
        """Look for the first time; `meta` is that of a 2026-07-28 request.

        With `tools` False the server declared none, and is not asked; `beside` are the methods of
        what else it lists, and its instructions were read already.
        """
        if self.begun:
            if instructions is not None and instructions != self._instructions:
                self._instructions = instructions
                self.again()
            return
        self.begun = True
        self._meta = meta
        self._beside, self._instructions = beside, instructions
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

    async def renew(self, *, older_than: float, at_most: float) -> None:
        """Look once more when the last look is older; no answer changes nothing.

        The server may be busy with a call. What it says after `at_most` seconds is taken over then.
        """
        now = asyncio.get_running_loop().time()
        if self.begun and self._settled.is_set() and now - self._looked_at > older_than:
            self._settled.clear()
            self._tasks.start(self._look(asked=True, needed=False), "look at the tools for a card")
        await self.wait(at_most)

    async def wait(self, seconds: float) -> None:
        """Wait until no look is under way, at most so long."""
        if self.settled:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._settled.wait()
        except TimeoutError:
            return

    async def _look(self, *, asked: bool, needed: bool = True) -> None:
        """Have the reviews take over what is listed; with `needed`, that nothing is listed, too."""
        try:
            listed = await listed_tools(self._server, self._meta) if asked else Listed(tools=[])
            if listed is not None or needed:
                tools = listed.tools if listed is not None else []
                await self._took([*tools, *await self._said_beside()])
                self._looked_at = asyncio.get_running_loop().time()
        finally:
            if self._again:
                self._again = False
                self._tasks.start(self._look_again(), "look at the tools again")
            else:
                self._settled.set()

    async def _said_beside(self) -> list[ToolDefinition]:
        """Return what the server says beside its tools.

        A list that does not come is empty, and not asked for again on this connection: calls
        would wait for it each time.
        """
        said = [] if self._instructions is None else [self._instructions]
        for method in self._beside:
            listed = await listed_tools(self._server, self._meta, method)
            if listed is None:
                self._beside = tuple(other for other in self._beside if other != method)
            else:
                said += listed.tools
        return said

    async def _look_again(self) -> None:
        loop = asyncio.get_running_loop()
        if self._looked_again_at:
            await asyncio.sleep(self._looked_again_at + EVERY_SECONDS - loop.time())
        self._looked_again_at = loop.time()
        # What was said until now is what this look will find.
        self._again = False
        await self._look(asked=True)


class ListedUpstream:
    """Implements `Upstream` for the gate: a server that is written to and looked at."""

    def __init__(self, server: Sends, listing: Listing) -> None:
        self._server = server
        self._listing = listing

    @property
    def running(self) -> bool:
        """Whether a judged call could be written in this very step."""
        return self._server.running and not self._server.barred

    async def ready(self) -> Ready:
        """Wait until a judged call could be written."""
        return await self._server.ready()

    async def look_again(self, *, older_than: float, at_most: float) -> None:
        """Have the tools listed once more when their list is older."""
        await self._listing.renew(older_than=older_than, at_most=at_most)

    def send(
        self, request_id: str | int, method: str, params: JsonObject
    ) -> "asyncio.Future[UpstreamReply]":
        """Write a judged call in this very step; raises ServerUnavailable."""
        return self._server.send(request_id, method, params)


async def tools_of(server: Asks, meta: JsonObject | None) -> Listed:
    """Return the tools of all pages; none when the server does not answer in time."""
    return await listed_tools(server, meta) or Listed(tools=[])


async def listed_beside(
    server: Asks, meta: JsonObject | None, methods: tuple[str, ...]
) -> list[ToolDefinition]:
    """Return the entries of lists that are pinned like tools; of one that does not come, none."""
    found: list[ToolDefinition] = []
    for method in methods:
        listed = await listed_tools(server, meta, method)
        found += listed.tools if listed is not None else []
    return found


async def listed_tools(
    server: Asks, meta: JsonObject | None, method: str = TOOLS_LIST
) -> Listed | None:
    """Return the tools of all pages; None when the server does not list any, or not in time.

    With another `method`, the entries of that list.
    """
    pages: list[ToolPage] = []
    try:
        async with asyncio.timeout(SECONDS if method == TOOLS_LIST else BESIDE_SECONDS):
            left_out = await _read_pages(server, meta, pages, method)
    except (TimeoutError, ServerUnavailable):
        _log.warning("server did not answer %s", method)
        return None
    if left_out:
        server.note("tools", str(left_out).encode())
    known = pages or left_out
    return Listed(tools=unmistakable(pages), left_out=left_out) if known else None


async def _read_pages(
    server: Asks, meta: JsonObject | None, pages: list[ToolPage], method: str
) -> Said | str:
    """Read on to the last page or a limit; return what was left out for a limit."""
    cursor = ""
    while True:
        room = MOST_TOOLS - sum(len(page.tools) for page in pages)
        params: JsonObject = {"cursor": cursor} if cursor else {}
        if meta is not None:
            params["_meta"] = meta
        reply = await server.ask(method, params)
        if not isinstance(reply, Answered):
            return _left_out(pages)
        if sum(page.size for page in pages) + len(reply.result) > LIST_BYTES:
            return _TOO_LONG
        page = await read_page(reply.result, method=method, most=room)
        if isinstance(page, PageFault):
            return _TOO_LONG if page is PageFault.TOO_LONG else _left_out(pages)
        pages.append(page)
        if not page.cursor or page.cursor == cursor or page.too_many:
            return _left_out(pages)
        if len(pages) >= MOST_PAGES:
            return filled(
                "the list has more than {most} pages, and the rest is left out", most=MOST_PAGES
            )
        cursor = page.cursor


_TOO_LONG = filled("the list is over {most} bytes, and what is beyond is left out", most=LIST_BYTES)


def _left_out(pages: list[ToolPage]) -> Said | str:
    if any(page.too_many for page in pages):
        return filled(
            "the list has more than {most} tools, and the rest is left out", most=MOST_TOOLS
        )
    large = sum(page.too_large for page in pages)
    if not large:
        return ""
    return filled(
        "{large} tools are over {size} bytes or {marks} values, and are left out",
        large=large,
        size=TOOL_BYTES,
        marks=TOOL_MARKS,
    )
