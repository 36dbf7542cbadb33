"""Tells an agent that a person changed the arguments of its call; of what to what it is not told.

In a first text block, which the model reads, and in `_meta`, where a program looks. What else a
server answered stays as it is, and what cannot say it is kept back.
"""

from dataclasses import replace
from typing import TypeVar

import msgspec
from msgspec import Raw

from keyturn.application.call import Forwarded, Judged, Refused, Replaced, Reply, Silence
from keyturn.application.edited_tasks import EditedTasks
from keyturn.domain.call import OWN_META_PREFIX, ToolCall
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


def told_of_edit(judged: Judged, reply: Reply, tasks: EditedTasks) -> Reply:
    """Return what an agent is answered to a call, where that was sent with a person's arguments.

    Or to a request about a task that such a call began, which `tasks` are.
    """
    if judged.asked is None and not tasks.holds(judged.call):
        return reply
    telling = _Telling(judged.call, tasks)
    try:
        match reply:
            case Forwarded():
                end = b"\n" if reply.line.endswith(b"\n") else b""
                line = telling.frame(reply.line) + end
                return Forwarded(line, other_id=reply.other_id, asks=reply.asks)
            case Replaced():
                return Replaced(telling.result(reply.encoded), asks=reply.asks)
            case Refused():
                return replace(reply, edited=True)
            case _:
                return reply
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Refused(outcome=Outcome.ERROR_BROKER, withheld=_UNTOLD, edited=True)


def refused_of_edit(judged: Judged | None, refusal: Unsent) -> Unsent:
    """Return a refusal which says so, where what was refused is a person's."""
    if judged is None or judged.asked is None or not isinstance(refusal, Refused):
        return refusal
    return replace(refusal, edited=True)


class _Telling:
    """Puts it into the answer to one request."""

    def __init__(self, call: ToolCall, tasks: EditedTasks) -> None:
        self._call = call
        self._tasks = tasks

    def frame(self, line: bytes) -> bytes:
        """Return a frame that says it."""
        frame = _members(line)
        if "error" in frame:
            error = _members(frame["error"])
            message = msgspec.json.decode(error.get("message", Raw(b'""')), type=str)
            error["message"] = Raw(_encode(f"{EDITED_TEXT} {message}"))
            frame["error"] = Raw(_encode(error))
        else:
            frame["result"] = Raw(self.result(frame.get("result", Raw(b"null"))))
        return _encode(frame)

    def result(self, encoded: bytes | memoryview | Raw) -> bytes:
        """Return a result that says it, and note which task it begins."""
        result = _members(encoded)
        state = self._call.method in _ONLY_STATE
        if state and bytes(result.get("result", b""))[:1] == b"{":
            result["result"] = Raw(_said_in(_members(result["result"]), bare=False))
        elif self._call.is_of_tool:
            self._note_task(result)
        aside = "task" in result or bytes(result.get("resultType", b"")) in _ASIDE
        return _said_in(result, bare=state or aside)

    def _note_task(self, result: dict[str, Raw]) -> None:
        for task in (result, _members(result.get("task", Raw(b"{}")))):
            known = msgspec.json.decode(task.get("taskId", Raw(b"null")))
            if isinstance(known, str):
                self._tasks.made(self._call, known)


def _said_in(result: dict[str, Raw], *, bare: bool) -> bytes:
    """Say it in `_meta` and in the content, which what is `bare` need not have."""
    meta = _members(result.get("_meta", Raw(b"{}")))
    result["_meta"] = Raw(_encode({**meta, EDITED_KEY: _YES}))
    # Whatever else a server says of its result, content is what a model reads.
    if "content" in result or not bare:
        blocks = _blocks(result.get("content", Raw(b"[]")))
        result["content"] = Raw(_encode([_BLOCK, *blocks]))
    return _encode(result)
