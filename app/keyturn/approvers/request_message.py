"""The approver protocol's JSON objects, one a line (architecture.md section 2).

Writes what goes to the operator's program and reads what comes back; decides nothing. Whatever
comes back that is not a clear allow for the right request and digest is read as no.
"""

from dataclasses import dataclass, replace
from itertools import islice

import msgspec

from keyturn.application.approval_request import ApprovalRequest, RequestKind, WithdrawCause
from keyturn.application.ports.stop_sentinel import StopFacts
from keyturn.domain.canonical import Parsed, canonical, digest_of, parse_strict
from keyturn.domain.origin import MOST_ORIGINS
from keyturn.domain.traceable import why_untraced
from keyturn.presentation.json_nodes import read_json, walk
from keyturn.presentation.phrases import Phrases
from keyturn.presentation.request_text import RequestTexts

ANSWER_LINE_LIMIT = 1024 * 1024
"""Bytes of one line from the program."""
RESULT_LIMIT = 256 * 1024
"""Bytes of a result that are sent; the size of the whole is named beside them."""
MESSAGE_LIMIT = 500
"""Characters of a message to the agent (console.md section 3.2)."""
_MOST_VALUES = 2_000
"""Values and containers of a call that are gone through for what was not looked for."""
ALLOW_ONCE = "allow_once"
_TOLD_CAUSES = {
    WithdrawCause.CANCELLED: "cancelled",
    WithdrawCause.EXPIRED: "expired",
    WithdrawCause.STOPPED: "stopped",
    WithdrawCause.DRIFT: "drift",
    # The tool is not what was shown: for a program that is the same, and another request follows.
    WithdrawCause.ASKED_ANEW: "drift",
    WithdrawCause.RETRIED: "expired",
    WithdrawCause.DECIDED_BY_RULE: "decided_by_rule",
}
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMessage:
    """A request as it is sent."""

    line: bytes
    digest: str
    """The digest that the answer must name: of what is sent, which for a long result is cut."""
    prompt_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramAnswer:
    """What the program said of one request."""

    id: str
    digest: str
    allow: bool
    """True only for the verdict `allow_once` of no unknown type."""
    message: str


def request_message(
    request: ApprovalRequest, deadline_ms: int | None, *, phrases: Phrases, texts: RequestTexts
) -> RequestMessage:
    """Write a request; `deadline_ms` counts from now, and is null for a review."""
    shown = _within_limit(request)
    told = texts.of(shown, deadline_ms)
    fields = {
        "type": "request",
        "id": shown.id,
        "kind": shown.kind.value,
        "agent": shown.agent,
        "session": shown.session,
        "server": shown.server,
        "tool": shown.tool,
        "method": shown.method if shown.kind is RequestKind.CALL else None,
        "headline": texts.line(phrases.headline(shown)),
        "text": told.text,
        "arguments": shown.arguments,
        "digest": shown.digest,
        "tier": shown.tier.name,
        "reason": texts.line(phrases.why_asked(shown)),
        "origins": [
            {
                "path": origin.path,
                "value": origin.value,
                "result": origin.result,
                "tool": origin.tool,
                **({"typed": True} if origin.is_typed else {}),
                "offset": origin.offset,
                "start": origin.start,
                "length": origin.length,
            }
            for origin in shown.trace.worst_first()
        ],
        "untraced": _untraced(shown),
        "lamps": list(shown.lamps),
        "deadline_ms": deadline_ms,
    }
    return RequestMessage(
        line=_encode(fields) + b"\n", digest=shown.digest, prompt_hash=told.prompt_hash
    )


def withdrawn_message(request_id: str, cause: WithdrawCause) -> bytes:
    """Write that no answer can have an effect any more; empty for a cause that is not told."""
    told = _TOLD_CAUSES.get(cause)
    if told is None:
        return b""
    return _encode({"type": "withdrawn", "id": request_id, "cause": told}) + b"\n"


def alert_message(text: str) -> bytes:
    """Write something that needs no answer."""
    return _encode({"type": "alert", "text": text}) + b"\n"


def stopped_message(facts: StopFacts) -> bytes:
    """Write that everything is stopped; the program cannot resume it."""
    return _encode({"type": "stopped", "trip": facts.trigger}) + b"\n"


def read_answer(line: bytes) -> ProgramAnswer | None:
    """Read one line of the program; None when it cannot be told which request it speaks of.

    Read strictly: a line that two parsers could read in two ways is no answer. Unknown members are
    ignored. An unknown `type` or `verdict` is no; so is a missing digest, by naming none.
    """
    if len(line) > ANSWER_LINE_LIMIT:
        return None
    parsed = parse_strict(line)
    fields = parsed.value if isinstance(parsed, Parsed) else None
    if not isinstance(fields, dict):
        return None
    request_id, digest, message = fields.get("id"), fields.get("digest"), fields.get("message")
    if not isinstance(request_id, str):
        return None
    known = fields.get("type", "answer") == "answer"
    return ProgramAnswer(
        id=request_id,
        digest=digest if isinstance(digest, str) else "",
        allow=known and fields.get("verdict") == ALLOW_ONCE,
        message=message[:MESSAGE_LIMIT] if isinstance(message, str) else "",
    )


def _untraced(request: ApprovalRequest) -> list[dict[str, str]]:
    """List which arguments were not looked for in results, and why; as many as have an origin.

    Of the first values of a call only: the broker's loop writes this. Without an entry here, what
    has no origin among these was looked for and not found.
    """
    if request.kind is not RequestKind.CALL:
        return []
    found = {origin.path for origin in request.trace.origins}
    told = (
        {"path": node.path, "why": why.value}
        for node in islice(walk(read_json(request.arguments)), _MOST_VALUES)
        if node.is_leaf and node.path not in found and (why := why_untraced(node.value))
    )
    return list(islice(told, MOST_ORIGINS))


def _within_limit(request: ApprovalRequest) -> ApprovalRequest:
    """Cut a long result; what is then sent is a subject of its own, with its own digest."""
    if request.kind is not RequestKind.RESULT:
        return request
    whole = request.arguments.encode()
    if len(whole) <= RESULT_LIMIT:
        return request
    head = whole[:RESULT_LIMIT].decode(errors="ignore")
    subject = canonical({"cut_at": RESULT_LIMIT, "result": head, "size": len(whole)})
    return replace(request, arguments=subject.decode(), digest=digest_of(subject))
