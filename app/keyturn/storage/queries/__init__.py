"""History as screens and `keyturn history` read it.

It only reads, over a connection of its own; the database belongs to the broker's writer.
"""

from keyturn.domain.history_filter import HistoryFilter
from keyturn.storage.queries.history import HistoryQuery
from keyturn.storage.queries.items import (
    HistoryDetail,
    HistoryEvent,
    HistoryItem,
    HistoryPage,
    LogSize,
    OutcomeCounts,
    Pruned,
    StopReview,
)

__all__ = [
    "HistoryDetail",
    "HistoryEvent",
    "HistoryFilter",
    "HistoryItem",
    "HistoryPage",
    "HistoryQuery",
    "LogSize",
    "OutcomeCounts",
    "Pruned",
    "StopReview",
]
