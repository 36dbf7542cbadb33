"""Owns what a client is told that its server says unasked: what of it passes, and in which bytes.

What a rule denies to be read is not told of either, and what has text is inspected as results are.
All that passes keeps its bytes, but for secrets and characters that nobody sees.
"""

from collections.abc import Mapping
from types import MappingProxyType

from keyturn.application.connection import Connection
from keyturn.application.tasks import TaskOwner
from keyturn.broker.ends import LinkServices
from keyturn.broker.envelope import ServerFrame, updated_uri
from keyturn.broker.keep_alive import PROGRESS, KeepAlive
from keyturn.broker.members import NOTHING
from keyturn.broker.routes import CANCELLED, UPDATED

_WITH_TEXT: Mapping[str, bytes] = MappingProxyType(
    {
        "notifications/message": b"",
        "notifications/elicitation/complete": b"",
        "notifications/tasks/status": b"",
        CANCELLED: b'"reason"',
        PROGRESS: b'"message"',
    }
)
"""Notifications that say something in words, with the key of it where most have none."""


class Notices:
    """Looks at the notifications of one server."""

    def __init__(
        self, services: LinkServices, connection: Connection, keep_alive: KeepAlive
    ) -> None:
        self._rules = services.rules
        self._inspector = services.notices
        self._connection = connection
        self._keep_alive = keep_alive
        self._tasks = TaskOwner()

    async def close(self) -> None:
        """End what is still read."""
        await self._tasks.close()

    def line_of(self, frame: ServerFrame) -> bytes | None:
        """Return the line that the client gets; None for none."""
        if frame.method == UPDATED and self._denied(frame):
            return None
        number = 0
        if not frame.asks and _has_text(frame):
            params = bytes(frame.params)
            if not self._inspector.passes(self._connection, frame.method, params):
                return None
            number = self._connection.session.results
        line = self._keep_alive.line_of(frame) if frame.method == PROGRESS else frame.line
        later = self._tasks.start
        return self._inspector.cleaned(self._connection, frame.method, line, later, number)

    def _denied(self, frame: ServerFrame) -> bool:
        """Tell whether a rule denies to read what changed, or nobody can say what that is."""
        uri = updated_uri(frame.params)
        if not uri:
            return uri is None
        connection = self._connection
        agent, server = connection.agent, connection.server.name
        denied = self._rules.denies_reading(
            agent,
            server,
            uri,
            connection.session.lamps,
            proven=connection.agent_enrolled,
        )
        return denied is not None


def _has_text(frame: ServerFrame) -> bool:
    key = _WITH_TEXT.get(frame.method)
    if key is None or frame.params == NOTHING:
        return False
    params = bytes(frame.params)
    return key in params or b"\\u" in params
