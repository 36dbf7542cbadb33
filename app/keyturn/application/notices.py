"""Looks at what a server tells beside results, before the agent gets it: logs, progress, answers.

As of a result its size and its unseen characters are noted, and its text is traced: an agent may
act on what it reads there. It goes on without secrets and unseen characters, or not at all. What
reads like an order to the model is marked, and goes on all the same.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from keyturn.application.connection import Connection
from keyturn.application.controlling import TOO_MUCH, Controlling, told
from keyturn.application.ports.inspection import UNREAD, Controlled, ResultInspector
from keyturn.application.ports.payloads import LARGE_BYTES
from keyturn.application.recording import Recorder
from keyturn.domain.canonical import JsonObject, JsonValue

MOST_BYTES = 256 * 1024
"""Of one; what is longer is no line of a log."""
_LONGEST_FRAME = MOST_BYTES + 1024
_LONGEST_METHOD = 64
_MOST_KINDS = 200
"""Methods of one session that are told apart here: a server may make up any number."""
MOST_READ_LATER = 8
"""Of what is said at once over one connection; what is beyond counts as read like an order."""
Later = Callable[[Coroutine[Any, Any, None], str], "asyncio.Task[Any]"]
"""Starts what takes longer than the step in which it comes."""
_TOO_LONG = f"it is over {MOST_BYTES} bytes"


class NoticeInspector:
    """Inspects one after another; those of a kind are recorded ever more seldom."""

    def __init__(
        self, inspector: ResultInspector, controlling: Controlling, recorder: Recorder
    ) -> None:
        self._inspector = inspector
        self.controlling = controlling
        self._recorder = recorder
        self._reading: Counter[str] = Counter()
        """How many are being read, by the id of their connection."""

    def passes(self, connection: Connection, method: str, params: bytes) -> bool:
        """Tell whether a notification goes on."""
        if len(params) > MOST_BYTES:
            return self._withhold(connection, method, len(params), _TOO_LONG)
        inspected = self._inspector.inspect(params)
        if inspected.withheld:
            return self._withhold(connection, method, len(params), inspected.withheld)
        said = _as_result(inspected.result)
        connection.session.take_notice(connection.server.name, method, said, len(params))
        return True

    def cleaned(
        self, connection: Connection, method: str, line: bytes, later: Later, number: int = 0
    ) -> bytes | None:
        """Return a frame without what no agent gets; None for one that is not handed on.

        `number` is that under which its text is traced; what is long is read for signs `later`.
        """
        short = len(line) <= _LONGEST_FRAME
        found = self.controlling.at_once(line, connection) if short else None
        if found is None:
            self._withhold(connection, method, len(line), TOO_MUCH)
            return None
        return self._handed_on(connection, method, found, number, later)

    def answer_at_once(
        self, connection: Connection, method: str, line: bytes, later: Later
    ) -> bytes | None:
        """Return a passed answer in the same way; None where somebody else has to look at it."""
        short = len(line) <= LARGE_BYTES
        found = self.controlling.at_once(line, connection) if short else None
        return None if found is None else self._handed_on(connection, method, found, later=later)

    async def answer(
        self, connection: Connection, method: str, line: bytes, number: int = 0
    ) -> bytes | None:
        """Return it however large it is; None for one that is not handed on."""
        found = await self.controlling.passed(line, connection)
        if found.withheld:
            self._withhold(connection, method, len(line), found.withheld)
            return None
        return self._handed_on(connection, method, found, number)

    async def listed(self, connection: Connection, method: str, line: bytes) -> bytes | None:
        """Return a list without what nobody sees in its words; None as above."""
        found = await self.controlling.listed(line, connection)
        if found.withheld:
            self._withhold(connection, method, len(line), found.withheld)
            return None
        return self._handed_on(connection, method, found)

    def _handed_on(
        self,
        connection: Connection,
        method: str,
        found: Controlled,
        number: int = 0,
        later: Later | None = None,
    ) -> bytes:
        unread = found.sign is not None and found.sign.kind == UNREAD
        if unread and later is not None and self._reading[connection.id] < MOST_READ_LATER:
            found = found.unsigned()
            task = connection.session.task
            reading = self._read(connection, method, found.line, number, task)
            self._count(connection.id, later(reading, "signs in a notice"))
        if found.sign is not None:
            connection.session.note_sign(number)
        if found.findings:
            self._record(connection, method, {"bytes": len(found.line), **told(found)})
        return found.line

    def _count(self, connection: str, reading: "asyncio.Task[Any]") -> None:
        """Count one that is read; one that is cancelled before its first step ends as well."""
        self._reading[connection] += 1

        def ended(_reading: "asyncio.Task[Any]") -> None:
            self._reading[connection] -= 1
            if not self._reading[connection]:
                del self._reading[connection]

        reading.add_done_callback(ended)

    async def _read(
        self, connection: Connection, method: str, line: bytes, number: int, task: int
    ) -> None:
        """Mark what has been handed on in a task already, should it read like an order."""
        session = connection.session
        sign = await self.controlling.sign_in(line, connection)
        if sign is None:
            return
        # After New task, what the agent was told before is marked in nothing any more.
        if session.task == task:
            session.note_sign(number)
        said = told(Controlled(line=line).signed(sign))
        self._record(connection, method, {"bytes": len(line), **said})

    def _withhold(self, connection: Connection, method: str, size: int, why: str) -> bool:
        self._record(connection, method, {"bytes": size, "withheld": why})
        return False

    def _record(self, connection: Connection, method: str, details: JsonObject) -> None:
        """Record the first, second, fourth and so on of a session, with their number."""
        found = connection.session.found_in_notices
        what = next((one for one in ("withheld", "signs") if one in details), "")
        kind = (method[:_LONGEST_METHOD], what)
        if len(found) >= _MOST_KINDS and kind not in found:
            return
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
