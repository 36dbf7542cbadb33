"""Owns what a client is shown of its server's lists: what a person agreed to, nothing else."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from keyturn.application.connection import Connection
from keyturn.application.slices import Slices
from keyturn.application.tasks import TaskOwner
from keyturn.broker.ends import Answer, LinkServices
from keyturn.broker.envelope import ServerFrame, result_line
from keyturn.broker.listing import Listing
from keyturn.broker.passing import Passed, PassedRequests
from keyturn.broker.refusals import (
    ANSWER_UNCLEAR,
    ANSWER_WITHHELD,
    INTERNAL_ERROR,
    LIST_TOO_LONG,
    REFUSED,
    TOO_MANY_REQUESTS,
    error_line,
)
from keyturn.broker.routes import INSPECTED, RESOURCES_LIST
from keyturn.broker.tool_list import LIST_BYTES, PageFault, ToolPage, cut_page, read_page
from keyturn.domain.canonical import JsonObject
from keyturn.domain.definition import ReviewState, Said, ToolDefinition, said_of
from keyturn.domain.rule import Kind

_KINDS = {Said.PROMPT: Kind.PROMPT, Said.TEMPLATE: Kind.READ, Said.RESOURCE: Kind.READ}
MOST_HELD_BYTES = 2 * LIST_BYTES
"""Of the lists of one connection that wait for reviews together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shower:
    """What it takes to show one connection's tools."""

    services: LinkServices
    connection: Connection
    listing: Listing
    passed: PassedRequests
    answer: Answer
    begin: Callable[[JsonObject | None], None]
    """Begins the look with all that the server declared."""


class ShownTools:
    """Holds a list a little for reviews, then answers it with what is agreed to."""

    def __init__(self, shower: Shower) -> None:
        self._services = shower.services
        self._connection = shower.connection
        self._listing = shower.listing
        self._passed = shower.passed
        self._answer = shower.answer
        self._begin = shower.begin
        self._loop = asyncio.get_running_loop()
        self._tasks = TaskOwner()
        self._held_bytes = 0
        self._hold_until = 0.0
        """The loop's time until which lists wait for reviews; set by the first one."""
        self._seen: set[str] = set()

    def looks_at(self, method: str) -> bool:
        """Tell whether the answer to a method is a list that is cut.

        Of resources it is so only for an agent that may not know of all of them.
        """
        if method != RESOURCES_LIST:
            return method in INSPECTED
        return self._services.sights.hides_any(self._connection)

    def asked(self) -> None:
        """Count the time from the first request on."""
        if not self._hold_until:
            self._hold_until = self._loop.time() + self._services.limits.review_seconds

    def answered(self, request: Passed, frame: ServerFrame) -> None:
        """Take the server's list."""
        size = len(frame.line)
        if size > LIST_BYTES or self._held_bytes + size > MOST_HELD_BYTES:
            self._passed.close(request.id)
            code, why = (
                (INTERNAL_ERROR, LIST_TOO_LONG)
                if size > LIST_BYTES
                else (REFUSED, TOO_MANY_REQUESTS)
            )
            self._answer(error_line(request.id, code, why))
            return
        request.held = True
        self._held_bytes += size
        self._tasks.start(self._show(request, frame), request.method)

    def seen(self, method: str) -> bool:
        """Whether the client has this list."""
        return method in self._seen

    async def close(self) -> None:
        """End what is left."""
        await self._tasks.close()

    async def _show(self, request: Passed, frame: ServerFrame) -> None:
        try:
            await self._wait(request)
            if request.id in self._passed:
                await self._answer_list(request, frame)
        finally:
            self._held_bytes -= len(frame.line)

    async def _wait(self, request: Passed) -> None:
        if not self._listing.begun:
            self._begin(request.meta)
        await self._listing.wait(self._services.limits.review_seconds)
        held = self._hold_until - self._loop.time()
        if held > 0:
            await self._services.reviews.settle(self._connection, held)

    async def _answer_list(self, request: Passed, frame: ServerFrame) -> None:
        page = await read_page(bytes(frame.result or b""), method=request.method)
        seen = frozenset[str]() if isinstance(page, PageFault) else await self._known(page)
        line = self._line_of(page, seen, request, frame)
        told = await self._services.notices.listed(self._connection, request.method, line)
        if request.id not in self._passed:
            return
        self._passed.close(request.id)
        if request.cancelled:
            return
        withheld = error_line(request.id, INTERNAL_ERROR, ANSWER_WITHHELD)
        self._answer(withheld if told is None else told)
        if not isinstance(page, PageFault):
            self._seen.add(request.method)

    def _line_of(
        self, page: ToolPage | PageFault, seen: frozenset[str], request: Passed, frame: ServerFrame
    ) -> bytes:
        """Return the list cut to what is agreed to, or why there is none."""
        if isinstance(page, PageFault):
            why = LIST_TOO_LONG if page is PageFault.TOO_LONG else ANSWER_UNCLEAR
            return error_line(request.id, INTERNAL_ERROR, why)
        modern = request.meta is not None
        members = cut_page(page, lambda one: one.name in seen and self._agreed(one), modern=modern)
        return frame.line if members is None else result_line(request.id, members)

    async def _known(self, page: ToolPage) -> frozenset[str]:
        """Return the names that the agent may know of; held against its lists in slices."""
        slices, seen = Slices(), set[str]()
        for tool in page.tools:
            await slices.pause()
            if tool.definition is not None and self._may_know(tool.definition.name):
                seen.add(tool.definition.name)
        return frozenset(seen)

    def _may_know(self, key: str) -> bool:
        said = said_of(key)
        if said is None:
            return self._services.sights.sees(self._connection, Kind.CALL, key)
        kind, name = _KINDS.get(said), key.removeprefix(f"{said}: ")
        return kind is not None and self._services.sights.sees(self._connection, kind, name)

    def _agreed(self, tool: ToolDefinition) -> bool:
        """Only what the broker saw too: a server may list one thing to it and another to others."""
        if said_of(tool.name) is Said.RESOURCE:
            return True
        standing = self._services.agreements.standing(self._connection, tool.name)
        seen = standing.definition
        return (
            standing.state is ReviewState.PINNED
            and seen is not None
            and seen.def_hash == tool.def_hash
        )
