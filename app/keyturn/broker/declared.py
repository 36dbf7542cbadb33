"""Owns what a server declared of itself on one connection, and what is looked at because of it."""

from collections.abc import Callable, Iterator

from msgspec import Raw

from keyturn.application.connection import Connection
from keyturn.broker.ends import LinkServices
from keyturn.broker.envelope import ServerFrame
from keyturn.broker.eras import ServerSays, server_says
from keyturn.broker.instructions import instructions_of, with_agreed_instructions
from keyturn.broker.listing import BESIDE, Listing
from keyturn.broker.routes import (
    DISCOVER,
    INITIALIZE,
    LIST_CHANGED,
    PROMPTS_CHANGED,
    PROMPTS_LIST,
    TOOLS_LIST,
)
from keyturn.domain.canonical import JsonObject
from keyturn.domain.definition import ToolDefinition


class Declared:
    """Knows nothing until the server has answered a handshake or a `server/discover`."""

    def __init__(self, connection: Connection, services: LinkServices, listing: Listing) -> None:
        self._connection = connection
        self._agreements = services.agreements
        self._sights = services.sights
        self._listing = listing
        self._instructions: ToolDefinition | None = None
        self.says: ServerSays | None = None

    def take(self, result: Raw) -> ServerSays:
        """Take over what the server says now."""
        self.says = server_says(result)
        self._instructions = instructions_of(self.says)
        return self.says

    def begin_listing(self, meta: JsonObject | None) -> None:
        """Have everything looked at that the server declared; all there is where it did not yet."""
        if self.says is None:
            self._listing.begin(meta, beside=BESIDE)
            return
        self._listing.begin(
            meta,
            tools=self.says.tools,
            beside=self.says.beside,
            instructions=self._instructions,
        )

    def as_agreed(self, frame: ServerFrame, method: str) -> bytes:
        """Return its answer to a method without the instructions that nobody agreed to.

        An agent that may know of nothing of the server is told nothing about it, either.
        """
        if method not in (INITIALIZE, DISCOVER):
            return frame.line
        said = self._instructions if self._sights.sees_any(self._connection) else None
        return with_agreed_instructions(frame, said, self._connection, self._agreements)

    def notices(self, seen: Callable[[str], bool]) -> Iterator[str]:
        """Yield what a client is told once what it has `seen` is other; only what was declared."""
        if self.says is not None and self.says.list_changed and seen(TOOLS_LIST):
            yield LIST_CHANGED
        if self.says is not None and self.says.prompts_changed and seen(PROMPTS_LIST):
            yield PROMPTS_CHANGED
