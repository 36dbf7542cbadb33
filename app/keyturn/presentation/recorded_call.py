"""A decision as the log has it, and the request again that it was made of."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from keyturn.application.approval_request import ApprovalRequest, RequestKind
from keyturn.domain.canonical import JsonObject
from keyturn.domain.client_request import TOOLS_CALL
from keyturn.domain.origin import Origin, Trace
from keyturn.domain.record import Entry
from keyturn.domain.tier import Tier
from keyturn.presentation.json_nodes import bare_text, read_json, value_at


class RecordedCall(Protocol):
    """One decision as the storage reads it back."""

    @property
    def number(self) -> int: ...
    @property
    def call(self) -> str: ...
    @property
    def ts_utc(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def session(self) -> str: ...
    @property
    def server(self) -> str: ...
    @property
    def tool(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def tier(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def actor(self) -> str: ...
    @property
    def rule_name(self) -> str: ...
    @property
    def rule_id(self) -> str: ...
    @property
    def decide_ms(self) -> int: ...
    @property
    def digest(self) -> str: ...
    @property
    def route(self) -> str: ...
    @property
    def delivery(self) -> str: ...
    @property
    def result(self) -> JsonObject: ...
    @property
    def masked(self) -> bool: ...
    @property
    def arguments(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedDetail:
    """A decision with its records."""

    item: RecordedCall
    arguments: str | None
    """Canonical JSON, masked; None when pruned."""
    decision: Entry | None
    before: tuple[RecordedCall, ...] = ()
    """Calls of the same session before it, newest first."""
    asked: str | None = None
    """As `arguments`, what its agent asked for; None where nobody changed that."""


def tier_of(name: str) -> Tier:
    """Return the tier that a record names; the highest where it names none."""
    return Tier[name] if name in Tier.__members__ else Tier.T3


def is_held_result(item: RecordedCall) -> bool:
    """Tell whether a decision is about a result that was held, and not about a call.

    No call can pass as one: it would have to name its own digest in its arguments.
    """
    text = item.arguments or ""
    about = read_json(text) if '"result_of"' in text else None
    if not isinstance(about, dict) or set(about) != {"result_of", "sha256"}:
        return False
    return bool(item.digest) and about["sha256"] == item.digest


def request_of(item: RecordedCall, arguments: str | None, entry: Entry | None) -> ApprovalRequest:
    """Make the request again that a recorded call was asked with, as far as it was recorded."""
    text = arguments if arguments is not None else "{}"
    policy = entry.policy if entry is not None else {}
    return ApprovalRequest(
        id=item.call,
        kind=RequestKind.CALL,
        agent=item.agent,
        session=item.session,
        server=item.server,
        tool=item.tool,
        method=item.method or TOOLS_CALL,
        arguments=text,
        digest=item.digest,
        tier=tier_of(item.tier),
        because=str(policy.get("because", "")),
        rule=item.rule_name or item.rule_id,
        trace=_trace_of(text, entry.provenance if entry is not None else ()),
        lamps=entry.taint if entry is not None else "",
    )


def _trace_of(arguments: str, rows: Sequence[JsonObject]) -> Trace:
    try:
        subject = read_json(arguments)
    except json.JSONDecodeError:
        return Trace()
    origins: list[Origin] = []
    for row in rows:
        path, result, offset = row.get("path"), row.get("result"), row.get("offset")
        start, length = row.get("start"), row.get("length")
        if not isinstance(path, str) or not isinstance(result, int):
            continue
        origins.append(
            Origin(
                path=path,
                value=bare_text(value_at(subject, path)),
                result=result,
                server=str(row.get("server", "")),
                tool=str(row.get("tool", "")),
                offset=offset if isinstance(offset, int) else 0,
                line=0,
                excerpt="",
                excerpt_line=0,
                untrusted=row.get("untrusted") is True,
                start=start if isinstance(start, int) else 0,
                length=length if isinstance(length, int) else None,
            )
        )
    return Trace(origins=tuple(origins), incomplete=any("incomplete" in row for row in rows))
