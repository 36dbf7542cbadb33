"""Owns what a client is told that its server says unasked: what of it passes, and in which bytes.

What a rule denies to be read is not told of either; all else keeps its bytes.
"""

from keyturn.application.connection import Connection
from keyturn.application.rulebook import RuleBook
from keyturn.broker.envelope import ServerFrame, updated_uri
from keyturn.broker.keep_alive import PROGRESS, KeepAlive
from keyturn.broker.routes import UPDATED


class Notices:
    """Looks at the notifications of one server."""

    def __init__(self, rules: RuleBook, connection: Connection, keep_alive: KeepAlive) -> None:
        self._rules = rules
        self._connection = connection
        self._keep_alive = keep_alive

    def line_of(self, frame: ServerFrame) -> bytes | None:
        """Return the line that the client gets; None for none."""
        if frame.method == UPDATED and self._denied(frame):
            return None
        return self._keep_alive.line_of(frame) if frame.method == PROGRESS else frame.line

    def _denied(self, frame: ServerFrame) -> bool:
        """Tell whether a rule denies to read what changed, or nobody can say what that is."""
        uri = updated_uri(frame.params)
        if not uri:
            return uri is None
        connection = self._connection
        agent, server = connection.agent, connection.server.name
        denied = self._rules.denies_reading(agent, server, uri, connection.session.lamps)
        return denied is not None
