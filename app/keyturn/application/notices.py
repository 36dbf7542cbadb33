"""Looks at what a server tells unasked, before the agent gets it: logs, progress, what has text.

As of a result its size and its unseen characters are noted, and its text is traced: an agent may
act on what it reads there. It goes on as it came, or not at all.
"""

from keyturn.application.connection import Connection
from keyturn.application.ports.inspection import ResultInspector
from keyturn.application.recording import Recorder
from keyturn.domain.canonical import JsonObject, JsonValue

MOST_BYTES = 256 * 1024
"""Of one; what is longer is no line of a log."""
_TOO_LONG = f"it is over {MOST_BYTES} bytes"


class NoticeInspector:
    """Inspects one after another; those of a kind are recorded ever more seldom."""

    def __init__(self, inspector: ResultInspector, recorder: Recorder) -> None:
        self._inspector = inspector
        self._recorder = recorder

    def passes(self, connection: Connection, method: str, params: bytes) -> bool:
        """Tell whether a notification goes on."""
        if len(params) > MOST_BYTES:
            return self._withhold(connection, method, len(params), _TOO_LONG)
        inspected = self._inspector.inspect(params)
        if inspected.withheld:
            return self._withhold(connection, method, len(params), inspected.withheld)
        said = _as_result(inspected.result)
        connection.session.take_notice(connection.server.name, method, said, len(params))
        if inspected.hidden_characters:
            details: JsonObject = {"hidden_characters": inspected.hidden_characters}
            self._record(connection, method, {"bytes": len(params), **details})
        return True

    def _withhold(self, connection: Connection, method: str, size: int, why: str) -> bool:
        self._record(connection, method, {"bytes": size, "withheld": why})
        return False

    def _record(self, connection: Connection, method: str, details: JsonObject) -> None:
        """Record the first, second, fourth and so on of a session, with their number."""
        found = connection.session.found_in_notices
        kind = (method, "withheld" in details)
        found[kind] += 1
        number = found[kind]
        if number & (number - 1) == 0:
            self._recorder.notice(connection, method, {**details, "number": number})


def _as_result(params: JsonValue) -> JsonObject:
    """Set the params out as a result that says the same: its texts, and all of it as structure."""
    members = params if isinstance(params, dict) else {}
    texts: list[JsonValue] = [
        {"type": "text", "text": text} for text in members.values() if isinstance(text, str)
    ]
    return {"content": texts, "structuredContent": members}
