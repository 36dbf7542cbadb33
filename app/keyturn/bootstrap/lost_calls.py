"""Owns what a start writes down of calls whose end no broker saw."""

from keyturn.bootstrap.foundation import Foundation
from keyturn.storage.queries.history import HistoryQuery


async def record_what_was_lost(base: Foundation) -> None:
    """Say how calls ended of which an earlier broker saw no end.

    What it sent is unknown, never guessed; what waited without its agent was never answered.
    """
    query = HistoryQuery(base.profile.database)
    try:
        unfinished, unanswered = query.unfinished(), query.unanswered()
    finally:
        query.close()
    for item in unfinished:
        base.recorder.lost(call_id=item.call, agent=item.agent, server=item.server, tool=item.tool)
    for detached in unanswered:
        base.recorder.never_answered(detached)
