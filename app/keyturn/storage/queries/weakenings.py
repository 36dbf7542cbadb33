"""Records of what protects less since then, as rows between decisions: they are none themselves."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from keyturn.domain.history_filter import HistoryFilter
from keyturn.domain.record import NOT_WEAKENED, WEAKENED, RecordType
from keyturn.storage.projection import EVENT_COLUMNS
from keyturn.storage.queries.conditions import all_of, column_in, containing, period
from keyturn.storage.queries.items import HistoryItem
from keyturn.storage.queries.rows import event_of

OUTCOMES = (WEAKENED, NOT_WEAKENED)
_SEARCHED = ("server", "tool", "agent", "details")


def weakenings_asked(narrowed: HistoryFilter) -> bool:
    """Tell whether a filter can find any: they have no tier, no rule, no arguments, no session."""
    if not narrowed.weakenings:
        return False
    if narrowed.outcomes and not set(narrowed.outcomes) & set(OUTCOMES):
        return False
    of_decisions = (narrowed.tiers, narrowed.rules, narrowed.sessions, narrowed.arguments)
    return not any((*of_decisions, narrowed.hosts))


def weakenings_query(
    narrowed: HistoryFilter, window: tuple[int, int], limit: int
) -> tuple[str, tuple[object, ...]]:
    """Return the query for the newest of a window of record numbers, with its values."""
    outcomes = tuple(one for one in OUTCOMES if not narrowed.outcomes or one in narrowed.outcomes)
    narrowing, values = all_of(
        [
            column_in("type", (RecordType.SETTING.value,)),
            column_in("outcome", outcomes),
            column_in("agent", narrowed.agents),
            column_in("server", narrowed.servers),
            column_in("tool", narrowed.tools),
            column_in("actor", narrowed.actors),
            *period("ts", narrowed.since, narrowed.until),
            containing(narrowed.text, _SEARCHED),
        ]
    )
    query = (
        f"SELECT {EVENT_COLUMNS} FROM events WHERE seq >= ? AND seq < ? AND {narrowing} "
        "ORDER BY seq DESC LIMIT ?"
    )
    return query, (*window, *values, limit)


def between(
    decisions: Iterable[HistoryItem], rows: Iterable[tuple[Any, ...]]
) -> Iterator[HistoryItem]:
    """Yield decisions and, as rows of `EVENT_COLUMNS`, weakenings: both newest first, by number."""
    beside = deque(map(weakening_of, rows))
    for item in decisions:
        while beside and beside[0].number > item.number:
            yield beside.popleft()
        yield item
    yield from beside


def weakening_of(row: tuple[Any, ...]) -> HistoryItem:
    """Read a row of `EVENT_COLUMNS` as an item of a page; its details stand for the result."""
    event = event_of(row)
    return HistoryItem(
        number=event.number,
        call="",
        ts_utc=event.ts_utc,
        agent=event.agent,
        session="",
        server=event.server,
        tool=event.tool,
        tier="",
        outcome=event.outcome,
        actor=event.actor,
        rule_id="",
        rule_name="",
        decide_ms=0,
        decisive_path="",
        decisive="",
        hidden=0,
        digest="",
        route="window",
        delivery="",
        delivery_number=None,
        result=event.details,
        method="",
        masked=False,
        arguments=None,
    )
