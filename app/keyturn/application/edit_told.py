"""Tells an agent that a person changed the arguments of its call; of what to what it is not told.

In a first text block, which the model reads, and in `_meta`, where a program looks. What else a
server answered stays as it is, and what cannot say it is kept back.
"""

from dataclasses import replace

import msgspec
from msgspec import Raw

from keyturn.application.call import Forwarded, Judged, Refused, Replaced, Reply
from keyturn.domain.call import OWN_META_PREFIX
from keyturn.domain.decision import Outcome

EDITED_KEY = f"{OWN_META_PREFIX}edited"
"""True in the `_meta` of a result."""
EDITED_TEXT = (
    "The user changed the arguments of this call in Keyturn before it was sent. "
    "What follows is about the changed call."
)
_UNTOLD = "it could not say that the user changed the call"
_BLOCK = Raw(msgspec.json.encode({"type": "text", "text": EDITED_TEXT}))
_YES = Raw(b"true")
_members = msgspec.json.Decoder(dict[str, Raw]).decode
_blocks = msgspec.json.Decoder(list[Raw]).decode
_encode = msgspec.json.encode


def told_of_edit(judged: Judged, reply: Reply) -> Reply:
    """Return what an agent is answered to a call, where that was sent with a person's arguments."""
    if judged.asked is None:
        return reply
    try:
        match reply:
            case Forwarded():
                end = b"\n" if reply.line.endswith(b"\n") else b""
                line = _frame(reply.line) + end
                return Forwarded(line, other_id=reply.other_id, asks=reply.asks)
            case Replaced():
                return Replaced(_result(reply.encoded), asks=reply.asks)
            case Refused():
                return replace(reply, edited=True)
            case _:
                return reply
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Refused(outcome=Outcome.ERROR_BROKER, withheld=_UNTOLD, edited=True)


def _frame(line: bytes) -> bytes:
    frame = _members(line)
    if "error" in frame:
        error = _members(frame["error"])
        message = msgspec.json.decode(error.get("message", Raw(b'""')), type=str)
        error["message"] = Raw(_encode(f"{EDITED_TEXT} {message}"))
        frame["error"] = Raw(_encode(error))
    else:
        frame["result"] = Raw(_result(frame.get("result", Raw(b"null"))))
    return _encode(frame)


def _result(encoded: bytes | Raw) -> bytes:
    result = _members(encoded)
    meta = _members(result.get("_meta", Raw(b"{}")))
    result["_meta"] = Raw(_encode({**meta, EDITED_KEY: _YES}))
    # A task, and the wish for more input, have no content.
    if "task" not in result and bytes(result.get("resultType", b"")) != b'"input_required"':
        blocks = _blocks(result.get("content", Raw(b"[]")))
        result["content"] = Raw(_encode([_BLOCK, *blocks]))
    return _encode(result)
