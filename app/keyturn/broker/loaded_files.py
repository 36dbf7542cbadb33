"""Owns the second look at the files that a server was started from, at its first list of tools.

By then it has loaded its code: what npx or uvx has fetched is on disk, and what somebody swapped
between the look before the start and the loading shows.
"""

import asyncio
from collections.abc import Callable

from keyturn.application.connection import Connection
from keyturn.broker.ends import LinkServices
from keyturn.broker.server_start import ServerStart
from keyturn.domain.definition import ToolDefinition

CHANGED = "Its files were changed while it started; what it loaded is not what was agreed to."


class LoadedFiles:
    """Hands the first list on once the files are as agreed to; ends the connection otherwise."""

    def __init__(
        self,
        services: LinkServices,
        connection: Connection,
        start: ServerStart,
        *,
        end: Callable[[], object],
        log_line: Callable[[bytes], None],
    ) -> None:
        self._services = services
        self._connection = connection
        self._start = start
        self._end = end
        self._log_line = log_line
        self._looked = False

    async def listed(self, tools: list[ToolDefinition]) -> None:
        """Take what the server lists."""
        if not self._looked and not await files_as_agreed(
            self._services, self._connection, self._start
        ):
            self._log_line(f"[ended] {CHANGED}".encode())
            self._end()
            return
        self._looked = True
        await self._services.reviews.listed(self._connection, tools)


async def files_as_agreed(
    services: LinkServices, connection: Connection, start: ServerStart
) -> bool:
    """Look again, and take over what the start itself has put on disk."""
    if not start.closure.closure_hash:
        return True
    found = await asyncio.to_thread(services.processes.closure, start.launch, start.environment)
    return await services.agreements.loaded(connection, found)
