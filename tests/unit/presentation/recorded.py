"""A recorded call as the storage reads it back, with honest defaults."""

from dataclasses import dataclass, field

from keyturn.domain.canonical import JsonObject, JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Implements `RecordedCall`."""

    number: int = 7
    call: str = "call-1"
    ts_utc: str = "2026-11-23T14:07:50.000Z"
    agent: str = "analyst"
    session: str = "s-1"
    server: str = "logistics"
    tool: str = "dispatch_order"
    method: str = ""
    tier: str = "T2"
    outcome: str = "allowed_once"
    actor: str = "human"
    rule_name: str = ""
    rule_id: str = ""
    decide_ms: int = 13_000
    digest: str = "ab" * 32
    route: str = "window"
    delivery: str = "completed"
    result: JsonObject = field(default_factory=dict[str, JsonValue], hash=False)
    masked: bool = False
    arguments: str | None = '{"order_id":"NW-1041"}'
