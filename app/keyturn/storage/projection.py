"""The rows that history reads, as pure functions of what was recorded.

The writer makes them from entries, `verify --deep` makes them again from the records' bytes and
compares: a row that says something else than its record was edited.
"""

from dataclasses import dataclass
from typing import TypeAlias

from keyturn.domain.canonical import JsonObject, JsonValue, Parsed, canonical, parse_strict
from keyturn.domain.decision import Actor
from keyturn.domain.record import Entry, RecordType

CallRow: TypeAlias = tuple[
    int, str, str, str, str, str, str, str, str, str, str, str, int, str, int, str, str, str
]
"""`CALL_COLUMNS` of one decision."""
DeliveryRow: TypeAlias = tuple[int, str, str]
"""`DELIVERY_COLUMNS` of the latest delivery of a call."""
EventRow: TypeAlias = tuple[int, str, str, str, str, str, str, str, str, str, str]
"""`EVENT_COLUMNS` of any other record."""

CALL_COLUMNS = (
    "seq, id, ts, agent, session, server, tool, tier, outcome, actor, "
    "rule_id, rule_name, decide_ms, decisive, hidden, digest, route, method"
)
DELIVERY_COLUMNS = "delivery_seq, delivery, result"
EVENT_COLUMNS = "seq, type, ts, call, agent, session, server, tool, outcome, actor, details"

RULE_ID = "rule_id"
"""In a decision's policy: the rule that decided."""
RULE_NAME = "rule_name"
"""In a decision's policy: what that rule was called then."""
DECIDE_MS = "decide_ms"
"""In a decision's details: milliseconds from the request to the answer."""
DECISIVE = "decisive"
"""In a decision's details: JSON Pointer of the argument that says most; never its value."""
HIDDEN = "hidden"
"""In a decision's details: how many hidden characters the arguments hold."""
ROUTE = "route"
"""In a decision's details: the way the answer came (window, terminal, exec)."""
METHOD = "method"
"""In a decision's details: what was asked for; absent for a tool's call."""
PRUNED = "pruned"
"""Outcome of the broker's record that says how far retention went."""
PRUNED_THROUGH = "through"
"""In its details: number of the last record that lost its bytes."""
MASKED = "masked_commitment"
"""In details, written by the log alone: commitment to the masked text that the side table keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One record read back from its bytes."""

    entry: Entry
    seq: int
    ts_utc: str
    prev: str
    """Chain value before it, hexadecimal."""
    args: JsonObject
    """Commitments by path, hexadecimal."""
    install_id: str


def call_row(entry: Entry, seq: int, ts_utc: str) -> CallRow:
    """Project a decision."""
    details = entry.details
    return (
        seq,
        entry.call,
        ts_utc,
        entry.agent,
        entry.session,
        entry.server,
        entry.tool,
        entry.tier,
        entry.outcome,
        entry.actor.value,
        _text(entry.policy.get(RULE_ID)),
        _text(entry.policy.get(RULE_NAME)),
        _number(details.get(DECIDE_MS)),
        _text(details.get(DECISIVE)),
        _number(details.get(HIDDEN)),
        entry.call_digest,
        _text(details.get(ROUTE)),
        _text(details.get(METHOD)),
    )


def delivery_row(entry: Entry, seq: int) -> DeliveryRow:
    """Project a delivery onto the row of its call; what is known of the result stays as JSON."""
    return (seq, entry.outcome, canonical(entry.details).decode())


def event_row(entry: Entry, seq: int, ts_utc: str) -> EventRow:
    """Project what is neither a decision nor a delivery."""
    return (
        seq,
        entry.type.value,
        ts_utc,
        entry.call,
        entry.agent,
        entry.session,
        entry.server,
        entry.tool,
        entry.outcome,
        entry.actor.value,
        canonical(entry.details).decode(),
    )


def read_body(record: bytes, *, check_form: bool = False) -> Body:
    """Read a record's bytes; raises ValueError for bytes that no writer of this version wrote.

    `check_form` also encodes it again, which is most of the cost.
    """
    parsed = parse_strict(record)
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
        raise ValueError("it is not a JSON object")
    body = parsed.value
    if check_form and canonical(body) != record:
        raise ValueError("it is not in canonical form")
    agent, server = _object(body, "agent"), _object(body, "server")
    provenance = body.get("provenance")
    if not isinstance(provenance, list):
        raise ValueError("it has no list of origins")
    entry = Entry(
        type=RecordType(_text(body.get("type"))),
        call=_text(body.get("call")),
        session=_text(body.get("session")),
        agent=_text(agent.get("id")),
        agent_peer=_object(agent, "peer"),
        server=_text(server.get("id")),
        def_hash=_text(server.get("def_hash")),
        tool=_text(body.get("tool")),
        call_digest=_text(body.get("call_digest")),
        provenance=tuple(origin for origin in provenance if isinstance(origin, dict)),
        taint=_text(body.get("taint")),
        policy=_object(body, "policy"),
        verdict=_text(body.get("verdict")),
        outcome=_text(body.get("outcome")),
        actor=Actor(_text(body.get("actor"))),
        shown_ms=_number(body.get("shown_ms")),
        prompt_hash=_text(body.get("prompt_hash")),
        tier=_text(body.get("tier")),
        details=_object(body, "details"),
    )
    return Body(
        entry=entry,
        seq=_number(body.get("seq")),
        ts_utc=_text(body.get("ts_utc")),
        prev=_text(body.get("prev")),
        args=_object(body, "args"),
        install_id=_text(body.get("install_id")),
    )


def _object(body: JsonObject, key: str) -> JsonObject:
    value = body.get(key)
    if not isinstance(value, dict):
        raise ValueError(f"it has no object {key!r}")
    return value


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else ""


def _number(value: JsonValue) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
