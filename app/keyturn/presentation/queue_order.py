"""Owns in which order a person may have the queue, and how that and its filter are kept as text.

Pure. The order is asked for once and then stands still: what comes later is appended, and the list
offers to be sorted again (console.md section 3.4).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from keyturn.domain.tier import Tier


class QueueOrder(Enum):
    """What the rows are sorted by; the value is how it is kept."""

    ARRIVAL = "arrival"
    TIER = "tier"
    """Highest first."""
    TIME_LEFT = "time_left"
    """Whose agent waits least; those that nobody waits for come last."""
    AGENT = "agent"


ORDER_TEXTS: Final = {
    QueueOrder.ARRIVAL: "queue.order_arrival",
    QueueOrder.TIER: "queue.order_tier",
    QueueOrder.TIME_LEFT: "queue.order_time_left",
    QueueOrder.AGENT: "queue.order_agent",
}
_HIGH_RISK: Final = "high_risk"


@dataclass(frozen=True, slots=True)
class Sortable:
    """What is looked at of one request."""

    arrival: int
    """How many arrived before it, which settles what is equal."""
    tier: Tier
    agent: str
    ends_ms: int | None
    """When its agent stops waiting, by the window's clock; None where none waits."""


@dataclass(frozen=True, slots=True)
class QueueLook:
    """The order and the filter that a person chose."""

    order: QueueOrder = QueueOrder.ARRIVAL
    high_risk_only: bool = False


def sort_key(one: Sortable, order: QueueOrder) -> tuple[object, ...]:
    """Return what a request is sorted by; equal ones keep the order of arrival."""
    match order:
        case QueueOrder.ARRIVAL:
            return (one.arrival,)
        case QueueOrder.TIER:
            return (-one.tier.value, one.arrival)
        case QueueOrder.TIME_LEFT:
            return (one.ends_ms is None, one.ends_ms or 0, one.arrival)
        case QueueOrder.AGENT:
            return (one.agent.casefold(), one.agent, one.arrival)


def is_sorted(rows: Sequence[Sortable], order: QueueOrder) -> bool:
    """Tell whether rows stand as they would after being sorted again."""
    keys = [sort_key(one, order) for one in rows]
    return keys == sorted(keys)


def look_text(look: QueueLook) -> str:
    """Write it as it is kept; empty for what a new window has."""
    if look == QueueLook():
        return ""
    return f"{look.order.value},{_HIGH_RISK}" if look.high_risk_only else look.order.value


def read_look(text: str) -> QueueLook:
    """Read what `look_text` wrote; anything else is what a new window has."""
    order, _, only = text.partition(",")
    found = next((one for one in QueueOrder if one.value == order), None)
    if found is None or only not in {"", _HIGH_RISK}:
        return QueueLook()
    return QueueLook(found, only == _HIGH_RISK)
