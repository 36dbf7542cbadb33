"""Owns the second look at the files that a server was started from, when it is heard first.

By then it has loaded its code: what npx or uvx has fetched is on disk, and what somebody swapped
between the look before the start and the loading shows. The agent has no say in when that is.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from keyturn.application.connection import Connection
from keyturn.application.tasks import TaskOwner
from keyturn.broker.ends import LinkServices
from keyturn.broker.server_start import ServerMeans, ServerStart
from keyturn.domain.definition import ToolDefinition

CHANGED = "Its files were changed while it started; what it loaded is not what was agreed to."
UNTOLD = "Whether its files were changed while it started could not be told."
SILENT_SECONDS = 5.0
"""After so long one that says nothing is looked at too: it has its secrets by then."""


class LoadedFiles:
    """Hands the first list on once the files are as agreed to; ends the connection otherwise."""

    def __init__(
        self,
        services: LinkServices,
        means: ServerMeans,
        connection: Connection,
        start: ServerStart,
        *,
        tasks: TaskOwner,
        end: Callable[[], object],
        log_line: Callable[[bytes], None],
    ) -> None:
        self._services = services
        self._means = means
        self._connection = connection
        self._start = start
        self._tasks = tasks
        self._end = end
        self._log_line = log_line
        self._heard = asyncio.Event()
        self._looking: asyncio.Task[bool] | None = None

    def started(self) -> "asyncio.Task[bool]":
        """Take it that the server runs, and return the look at what it has loaded."""
        if self._looking is None:
            self._looking = self._tasks.start(self._look(), "look at what was loaded")
        return self._looking

    def heard(self) -> None:
        """Take it that the server has said something."""
        self._heard.set()

    async def listed(self, tools: list[ToolDefinition]) -> None:
        """Take what the server lists."""
        self.heard()
        if await asyncio.shield(self.started()):
            await self._services.reviews.listed(self._connection, tools)

    async def _look(self) -> bool:
        if _has_no_files(self._start):
            return True
        if not self._start.closure.fetches:
            # Before the first word of one that fetches, half of it may be there.
            with suppress(TimeoutError):
                async with asyncio.timeout(SILENT_SECONDS):
                    await self._heard.wait()
            spoke, same = self._heard.is_set(), await self._as_agreed()
            if spoke or not same:
                return same
        await self._heard.wait()
        return await self._as_agreed()

    async def _as_agreed(self) -> bool:
        ends_for = UNTOLD
        try:
            same = await files_as_agreed(self._services, self._means, self._connection, self._start)
            ends_for = "" if same else CHANGED
            return same
        finally:
            # A look that fails, or whose result cannot be kept, vouches for nothing either.
            if ends_for:
                self._log_line(f"[ended] {ends_for}".encode())
                self._end()


async def files_as_agreed(
    services: LinkServices, means: ServerMeans, connection: Connection, start: ServerStart
) -> bool:
    """Look again, and take over what the start itself has put on disk."""
    if _has_no_files(start):
        return True
    found = await means.looks.closure(start.launch, start.environment)
    return await services.agreements.loaded(connection, found)


def _has_no_files(start: ServerStart) -> bool:
    """Tell whether there is nothing on disk: a remote server is looked at at each handshake."""
    return bool(start.launch.url) or not start.closure.closure_hash
