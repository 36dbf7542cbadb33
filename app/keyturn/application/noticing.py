"""Owns when a definition is looked over before its review, and what it is compared with."""

import asyncio
from functools import lru_cache

from keyturn.application.agreements import Agreements
from keyturn.application.connection import Connection
from keyturn.application.ports.scrutiny import KnownNames, Scrutiny
from keyturn.application.slices import Slices
from keyturn.domain.configuration import ReviewMode, ServerConfig
from keyturn.domain.definition import ReviewState, ToolDefinition, review_state
from keyturn.domain.finding import Finding

NOTICED_AT_ONCE = 4 * 1024
"""Characters of a definition that are read on the loop (under 1 ms); longer ones by a thread."""

_REMEMBERED = 256


class Noticing:
    """Looks over what a person will be asked about; tools that are agreed to cost nothing."""

    def __init__(self, agreements: Agreements, scrutiny: Scrutiny | None = None) -> None:
        """Without `scrutiny`, nothing is noticed."""
        self._agreements = agreements
        self._scrutiny = scrutiny
        # A window is told of servers often, and their commands change seldom.
        self._of_command = lru_cache(maxsize=_REMEMBERED)(self._look_at_command)

    async def known_names(self, connection: Connection, slices: Slices) -> KnownNames | None:
        """Gather the names that a tool could be taken for; None when no tool is to be reviewed."""
        tools = tuple(connection.catalogue.values())
        if self._scrutiny is None or all(self._agreed(connection, tool) for tool in tools):
            return None
        known = self._scrutiny.known_names()
        pinned = [(pin.definition.name, pin.server) for pin in self._agreements.pins()]
        for name, server in [*pinned, *((tool.name, connection.server.name) for tool in tools)]:
            await slices.pause()
            known.add(name, server)
        return known

    def of_command(self, connection: Connection) -> tuple[Finding, ...]:
        """Return what is noticed about a server's command."""
        return self._of_command(connection.launch.argv, connection.launch.env)

    def of_server(self, server: ServerConfig) -> tuple[Finding, ...]:
        """Return the same of a server as it is configured, whether it was ever started or not."""
        return self._of_command(server.command, server.env_names())

    async def noticed(
        self, connection: Connection, tool: ToolDefinition, known: KnownNames | None
    ) -> tuple[Finding, ...]:
        """Return what is noticed about a tool that a person will be asked about."""
        if self._scrutiny is None or known is None or self._agreed(connection, tool):
            return ()
        server = connection.server.name
        if len(tool.text) <= NOTICED_AT_ONCE:
            return self._scrutiny.findings(tool, server, known)
        return await asyncio.to_thread(self._scrutiny.findings, tool, server, known)

    def _look_at_command(self, argv: tuple[str, ...], env: tuple[str, ...]) -> tuple[Finding, ...]:
        return () if self._scrutiny is None else self._scrutiny.of_command(argv, env)

    def _agreed(self, connection: Connection, tool: ToolDefinition) -> bool:
        """Tell whether nobody will be asked about a tool."""
        if connection.server.review is ReviewMode.ACCEPT:
            return True
        state = review_state(self._agreements.pin(connection, tool.name), tool)
        return state in (ReviewState.PINNED, ReviewState.HIDDEN)
