"""Owns the reviews of servers that no agent is connected to, each on a connection of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from keyturn.application.connection import Connection
from keyturn.application.stop import StopLevel
from keyturn.application.tasks import TaskOwner
from keyturn.broker.ends import LinkServices
from keyturn.broker.loaded_files import files_as_agreed
from keyturn.broker.own_connection import Unattended, list_on_own_connection
from keyturn.broker.server_start import ServerMeans, ServerStart
from keyturn.broker.upstream_stdio import StdioUpstream
from keyturn.domain.configuration import ServerConfig
from keyturn.domain.errors import SecretStoreUnavailable, ServerUnavailable, filled


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPlace:
    """What the hub knows and a review asks it for."""

    open: Callable[[ServerConfig], Awaitable[tuple[Connection, ServerStart]]]
    """Resolves a server's command for a connection of the broker's own."""
    is_current: Callable[[ServerConfig], bool]
    """Tells whether a server is still set up as it was."""
    server_log: Callable[[str], Callable[[bytes], None]]
    version: str


class ServerReviews:
    """Looks at servers, and stops looking when the stop or a change of the setup comes."""

    def __init__(self, services: LinkServices, means: ServerMeans, place: ReviewPlace) -> None:
        self._services = services
        self._means = means
        self._place = place
        self._tasks = TaskOwner()
        self._running: dict[StdioUpstream, ServerConfig] = {}

    async def review(self, server: ServerConfig) -> None:
        """List a server's tools and have them reviewed.

        Raises ServerUnavailable with a sentence when it may not start, cannot, or does not answer.
        """
        self._require(server)
        connection, start = await self._place.open(server)
        try:
            await self._ask_and_look(connection, start)
        finally:
            self._services.reviews.left(connection)

    def end(self, *, only_changed: bool = False) -> "list[asyncio.Task[None]]":
        """End the servers that are being looked at; the tasks are done when they are gone."""
        return [
            self._tasks.start(upstream.end(), "end of a review")
            for upstream, server in self._running.items()
            if not only_changed or not self._place.is_current(server)
        ]

    async def close(self) -> None:
        """End everything and wait for it."""
        if ends := self.end():
            await asyncio.wait(ends)

    async def _ask_and_look(self, connection: Connection, start: ServerStart) -> None:
        server = connection.server
        seconds = self._services.limits.review_seconds
        if not await self._services.reviews.consent(connection, seconds):
            raise ServerUnavailable(
                filled("The command of {name} waits for your agreement.", name=server.name),
                mend="Answer it in the queue, then review the tools again.",
            )
        # A person took their time, and much may have happened meanwhile.
        self._require(server)
        events = Unattended()
        log_line = self._place.server_log(server.name)
        upstream = StdioUpstream(start, self._means, events, log_line)
        events.upstream = upstream
        self._running[upstream] = server
        try:
            tools = await list_on_own_connection(upstream, self._place.version)
        except SecretStoreUnavailable as error:
            raise ServerUnavailable(error.parts[0], mend=error.parts[2]) from error
        finally:
            del self._running[upstream]
        self._require(server)
        if not await files_as_agreed(self._services, self._means, connection, start):
            raise ServerUnavailable(
                filled("The files of {name} were changed while it started.", name=server.name),
                mend="Review the tools again; its command is asked about first.",
            )
        await self._services.reviews.listed(connection, tools)

    def _require(self, server: ServerConfig) -> None:
        if self._services.stop.reaches(StopLevel.SERVERS):
            raise ServerUnavailable(
                "The servers are stopped.", mend="Resume first, then review the tools again."
            )
        if not self._place.is_current(server):
            raise ServerUnavailable(
                filled("The server {name} was removed or changed.", name=server.name),
                mend="Review it as it is now.",
            )
