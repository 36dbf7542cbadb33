"""Rows of the history tables as the values that questions answer with."""

from typing import Any

from keyturn.domain.canonical import JsonObject, Parsed, canonical, parse_strict
from keyturn.domain.condition import pointer_value
from keyturn.storage.queries.conditions import PREVIEW_BYTES
from keyturn.storage.queries.items import HistoryEvent, HistoryItem

ITEM_COLUMNS = (
    "c.seq, c.id, c.ts, c.agent, c.session, c.server, c.tool, c.tier, c.outcome, c.actor, "
    "c.rule_id, c.rule_name, c.decide_ms, c.decisive, c.hidden, c.digest, c.route, "
    "c.delivery_seq, c.delivery, c.result, c.method, a.masked, "
    f"CASE WHEN length(a.value) <= {PREVIEW_BYTES} THEN a.value END"
)
ITEM_TABLES = "calls c LEFT JOIN arguments a ON a.seq = c.seq AND a.path = ''"


def item_of(row: tuple[Any, ...]) -> HistoryItem:
    """Read a row of `ITEM_COLUMNS`."""
    arguments = row[22].decode() if isinstance(row[22], bytes) else None
    return HistoryItem(
        number=row[0],
        call=row[1],
        ts_utc=row[2],
        agent=row[3],
        session=row[4],
        server=row[5],
        tool=row[6],
        tier=row[7],
        outcome=row[8],
        actor=row[9],
        rule_id=row[10],
        rule_name=row[11],
        decide_ms=row[12],
        decisive_path=row[13],
        decisive=_decisive(arguments, row[13]),
        hidden=row[14],
        digest=row[15],
        route=row[16],
        delivery_number=row[17],
        delivery=row[18] or "",
        result=_object(row[19] or "{}"),
        method=row[20],
        masked=bool(row[21]),
        arguments=arguments,
    )


def _decisive(arguments: str | None, path: str) -> str:
    """Take one argument's text out of the arguments; the log itself keeps only where it is."""
    if arguments is None or not path:
        return ""
    parsed = parse_strict(arguments)
    if not isinstance(parsed, Parsed) or not isinstance(parsed.value, dict):
        return ""
    value = pointer_value(parsed.value, path)
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool | int | float | list | dict):
        return canonical(value).decode()
    return ""


def event_of(row: tuple[Any, ...]) -> HistoryEvent:
    """Read a row of `EVENT_COLUMNS`."""
    return HistoryEvent(
        number=row[0],
        type=row[1],
        ts_utc=row[2],
        call=row[3],
        agent=row[4],
        session=row[5],
        server=row[6],
        tool=row[7],
        outcome=row[8],
        actor=row[9],
        details=_object(row[10]),
    )


def _object(text: str) -> JsonObject:
    parsed = parse_strict(text)
    return parsed.value if isinstance(parsed, Parsed) and isinstance(parsed.value, dict) else {}
