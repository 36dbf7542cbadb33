"""Entries as the gate makes them, for tests of the log."""

from keyturn.domain.canonical import JsonObject, canonical
from keyturn.domain.decision import Actor, Delivery, Outcome, Verdict
from keyturn.domain.record import Entry, RecordType

ARGUMENTS: JsonObject = {"page": 3, "query": "SH-20931"}


def decision(
    call: str,
    *,
    outcome: Outcome = Outcome.ALLOWED_RULE,
    agent: str = "analyst",
    server: str = "shipments",
    tool: str = "read_page",
    session: str = "s-1",
    tier: str = "T0",
    arguments: JsonObject = ARGUMENTS,
    decisive: str = "/page",
) -> Entry:
    """Make the decision on a call."""
    text = canonical(arguments)
    return Entry(
        type=RecordType.DECISION,
        call=call,
        session=session,
        agent=agent,
        agent_peer={"pid": 4711, "executable": "/usr/bin/python3"},
        server=server,
        def_hash="a" * 64,
        tool=tool,
        call_digest="b" * 64,
        provenance=({"path": "/query", "result": 2, "tool": "search", "offset": 17},),
        taint="U",
        policy={
            "hash": "c" * 64,
            "because": "rule",
            "rule_id": "r-1",
            "rule_name": "Reads of shipments",
        },
        verdict=Verdict.ALLOW if outcome.allows else Verdict.DENY,
        outcome=outcome,
        actor=Actor.RULE,
        tier=tier,
        details={
            "decide_ms": 4,
            "decisive": decisive,
            "hidden": 1,
            "route": "rule",
        },
        arguments=text,
        committed=text,
    )


def masked_decision(call: str, shown: JsonObject, sent: JsonObject) -> Entry:
    """Make a decision in whose arguments a secret was masked."""
    return Entry(
        type=RecordType.DECISION,
        call=call,
        outcome=Outcome.ALLOWED_ONCE,
        verdict=Verdict.ASK,
        actor=Actor.HUMAN,
        tier="T2",
        arguments=canonical(shown),
        committed=canonical(sent),
        masked=True,
    )


def delivery(call: str, outcome: Delivery = Delivery.COMPLETED) -> Entry:
    """Make the delivery of a call."""
    return Entry(
        type=RecordType.DELIVERY,
        call=call,
        session="s-1",
        agent="analyst",
        server="shipments",
        tool="read_page",
        outcome=outcome,
        details={"bytes": 812},
    )


def event(kind: RecordType = RecordType.STOP, *, outcome: str = "stopped", call: str = "") -> Entry:
    """Make a record that is no decision."""
    return Entry(type=kind, call=call, outcome=outcome, actor=Actor.HUMAN, details={"by": "button"})
