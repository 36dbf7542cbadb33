"""What is written down of reviews: entries of the log made from commands, definitions and pins."""

from collections.abc import Sequence

from keyturn.application.approval_request import Answer
from keyturn.application.connection import Connection
from keyturn.domain.canonical import JsonObject
from keyturn.domain.decision import Actor
from keyturn.domain.definition import Pin, ToolDefinition
from keyturn.domain.record import Entry, RecordType
from keyturn.domain.tier import Tier


def tier_entry(pin: Pin) -> Entry:
    """Record what a person confirmed of a pinned tool."""
    return Entry(
        type=RecordType.REVIEW,
        server=pin.server,
        tool=pin.definition.name,
        def_hash=pin.definition.def_hash,
        outcome="tier",
        actor=Actor.HUMAN,
        tier=pin.tier.name if pin.tier is not None else Tier.T3.name,
        details={
            "launch_hash": pin.launch_hash,
            "labels": pin.labels.letters(),
            "hidden": pin.hidden,
        },
    )


def review_entry(
    connection: Connection,
    what: str,
    actor: Actor,
    tool: ToolDefinition | None,
    answer: Answer | None,
    digest: str,
) -> Entry:
    """Record what became of the review of a command, or of a tool."""
    details: JsonObject = {"launch_hash": connection.launch.launch_hash}
    if tool is None and connection.closure.closure_hash:
        details["closure"] = connection.closure.closure_hash
    if answer is not None:
        details["route"] = answer.route.value
        details["hidden"] = answer.hide
    tier = answer.tier.name if answer is not None and answer.tier is not None else ""
    return Entry(
        type=RecordType.REVIEW,
        agent=connection.agent,
        session=connection.session.id,
        server=connection.server.name,
        tool=tool.name if tool is not None else "",
        def_hash=tool.def_hash if tool is not None else "",
        call_digest=digest,
        outcome=what,
        actor=actor,
        tier=tier,
        prompt_hash=answer.prompt_hash if answer is not None else "",
        shown_ms=answer.shown_ms if answer is not None else 0,
        details=details,
    )


def mark_entry(pins: Sequence[Pin], *, on: bool) -> Entry:
    """Record that a tool takes two persons from now on, or one again."""
    return Entry(
        type=RecordType.REVIEW,
        server=pins[0].server,
        tool=pins[0].definition.name,
        outcome="two_persons" if on else "one_person",
        actor=Actor.HUMAN,
        details={"launch_hashes": [pin.launch_hash for pin in pins]},
    )
