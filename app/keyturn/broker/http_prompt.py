"""Owns how long a connection over HTTP may take to ask something; one that does not is closed.

Anybody on this machine may connect, and there are only so many connections: those that say nothing,
or half of a request's head, must not keep agents out. How many there are is counted here.
"""

import asyncio
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from keyturn.broker.http_connections import Connections

HEAD_SECONDS = 10.0
"""From the connection, or the first byte of a later request, to the end of its head."""


class CountedConfig(uvicorn.Config):
    """What uvicorn is told, with the count of its connections."""

    def __init__(self, app: ASGIApp, connections: Connections, **named: Any) -> None:
        """Count in `connections`."""
        super().__init__(app, http=PromptProtocol, **named)
        self.counted = connections


class PromptProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with a bound for the head of each request."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        """Take whatever uvicorn hands over."""
        super().__init__(*arguments, **named)
        self._due: asyncio.TimerHandle | None = None
        config = self.config
        self._counted = config.counted if isinstance(config, CountedConfig) else None

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._watch()
        if self._counted is not None and self.client is not None:
            self._counted.open(self.client, self)

    def drop(self) -> None:
        """Close at once, without an answer."""
        self._wait_no_more()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Wait on, or no more."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._wait_no_more()
        if self._counted is not None and self.client is not None:
            self._counted.close(self.client)
        super().connection_lost(exc)

    @property
    def _asked(self) -> bool:
        """Whether a request is being answered."""
        cycle: Any = self.cycle
        return cycle is not None and not cycle.response_complete

    def _watch(self) -> None:
        if self._asked:
            self._wait_no_more()
        elif self._due is None and not self.transport.is_closing():
            # Not begun anew by each byte that comes: a head may not drip in either.
            self._due = self.loop.call_later(HEAD_SECONDS, self._late)

    def _wait_no_more(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _late(self) -> None:
        self._due = None
        if not self._asked:
            self.transport.close()
