"""Tells an agent that a person changed the arguments of its call; of what to what it is not told.

In a first text block, which the model reads, and in `_meta`, where a program looks. What else a
server answered stays as it is, and what cannot say it is kept back.
"""

from dataclasses import replace
from typing import TypeVar

import msgspec
from msgspec import Raw

from keyturn.application.call import Forwarded, Judged, Refused, Replaced, Reply, Silence
from keyturn.application.connection import Connection
from keyturn.application.ports.payloads import (
    LARGE_BYTES,
    EditTelling,
    EditTold,
    LargeEdits,
    NotInspected,
)
from keyturn.domain.call import OWN_META_PREFIX
from keyturn.domain.decision import Outcome

EDITED_KEY = f"{OWN_META_PREFIX}edited"
"""True in the `_meta` of a result."""
EDITED_TEXT = (
    "The user changed the arguments of this call in Keyturn before it was sent. "
    "What follows is about the changed call."
)
EDITED_UNSENT_TEXT = (
    "The user changed the arguments of this call in Keyturn. "
    "What follows is about the changed call."
)
Unsent = TypeVar("Unsent", Refused, Refused | Silence)
_UNTOLD = "it could not say that the user changed the call"
_BLOCK = Raw(msgspec.json.encode({"type": "text", "text": EDITED_TEXT}))
_YES = Raw(b"true")
_members = msgspec.json.Decoder(dict[str, Raw]).decode
_blocks = msgspec.json.Decoder(list[Raw]).decode
_encode = msgspec.json.encode


_ASIDE = frozenset({b'"input_required"', b'"task"'})
"""Of a `resultType`: what has no content, as it says that there is more to come."""
_ONLY_STATE = frozenset({"tasks/get", "tasks/cancel", "tasks/update"})
"""Requests that are answered with how a task stands; in it stands its result, where it has one."""


class ToldOfEdits:
    """Tells of edits; what is large is changed by a worker, where there are any."""

    def __init__(self, large: LargeEdits | None = None) -> None:
        self._large = large

    async def tell(self, judged: Judged, reply: Reply, connection: Connection) -> Reply:
        """Return what an agent is answered to a call that was sent with a person's arguments.

        Or to a request about a task that such a call of its session began; any other reply stays.
        """
        tasks = connection.session.edited_tasks
        if judged.asked is None and not tasks.holds(judged.call):
            return reply
        match reply:
            case Forwarded():
                told = await self._told(judged, reply.line, connection, alone=False)
            case Replaced():
                told = await self._told(judged, reply.encoded, connection, alone=True)
            case Refused():
                return replace(reply, edited=True)
            case _:
                return reply
        if isinstance(told, NotInspected):
            return Refused(outcome=Outcome.ERROR_BROKER, withheld=told.reason, edited=True)
        for task in told.tasks:
            tasks.made(judged.call, task)
        if isinstance(reply, Forwarded):
            return Forwarded(told.encoded, other_id=reply.other_id, asks=reply.asks)
        return Replaced(told.encoded, asks=reply.asks)

    async def _told(
        self, judged: Judged, encoded: bytes | memoryview, connection: Connection, *, alone: bool
    ) -> EditTold | NotInspected:
        call = judged.call
        state = call.method in _ONLY_STATE
        telling = EditTelling(alone=alone, state=state, of_tool=call.is_of_tool)
        if len(encoded) <= LARGE_BYTES or self._large is None:
            return edit_told(encoded, telling)
        return await self._large.tell(encoded, telling, connection.shares_as)


def edit_told(encoded: bytes | memoryview, telling: EditTelling) -> EditTold | NotInspected:
    """Return an answer that says it, and which tasks it begins."""
    try:
        tasks: list[str] = []
        if telling.alone:
            return EditTold(_result(encoded, telling, tasks), tuple(tasks))
        end = b"\n" if encoded[-1:] == b"\n" else b""
        return EditTold(_frame(encoded, telling, tasks) + end, tuple(tasks))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return NotInspected(_UNTOLD)


def refused_of_edit(judged: Judged | None, refusal: Unsent) -> Unsent:
    """Return a refusal which says so, where what was refused is a person's."""
    if judged is None or judged.asked is None or not isinstance(refusal, Refused):
        return refusal
    return replace(refusal, edited=True)


def _frame(encoded: bytes | memoryview, telling: EditTelling, tasks: list[str]) -> bytes:
    frame = _members(encoded)
    if "error" in frame:
        error = _members(frame["error"])
        message = msgspec.json.decode(error.get("message", Raw(b'""')), type=str)
        error["message"] = Raw(_encode(f"{EDITED_TEXT} {message}"))
        frame["error"] = Raw(_encode(error))
    else:
        frame["result"] = Raw(_result(frame.get("result", Raw(b"null")), telling, tasks))
    return _encode(frame)


def _result(encoded: bytes | memoryview | Raw, telling: EditTelling, tasks: list[str]) -> bytes:
    """Return a result that says it, and note which tasks it begins."""
    result = _members(encoded)
    if telling.state and bytes(result.get("result", b""))[:1] == b"{":
        result["result"] = Raw(_said_in(_members(result["result"]), bare=False))
    elif telling.of_tool:
        tasks += _tasks_in(result)
    aside = "task" in result or bytes(result.get("resultType", b"")) in _ASIDE
    return _said_in(result, bare=telling.state or aside)


def _tasks_in(result: dict[str, Raw]) -> list[str]:
    places = (result, _members(result.get("task", Raw(b"{}"))))
    known = [msgspec.json.decode(place.get("taskId", Raw(b"null"))) for place in places]
    return [task for task in known if isinstance(task, str)]


def _said_in(result: dict[str, Raw], *, bare: bool) -> bytes:
    """Say it in `_meta` and in the content, which what is `bare` need not have."""
    meta = _members(result.get("_meta", Raw(b"{}")))
    result["_meta"] = Raw(_encode({**meta, EDITED_KEY: _YES}))
    # Whatever else a server says of its result, content is what a model reads.
    if "content" in result or not bare:
        blocks = _blocks(result.get("content", Raw(b"[]")))
        result["content"] = Raw(_encode([_BLOCK, *blocks]))
    return _encode(result)
