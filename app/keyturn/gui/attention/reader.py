"""Reads how a person decided, off the GUI thread; it decides nothing."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from keyturn.domain.attention import ALLOWED, Attention, ToolKey, attention_of
from keyturn.domain.rule_life import written
from keyturn.gui.worker import Worker
from keyturn.storage.queries import HistoryFilter, HistoryQuery
from keyturn.storage.queries.attention import read_asked
from keyturn.storage.queries.items import HistoryItem

_log = logging.getLogger(__name__)
_ALLOWED = tuple(sorted(outcome.value for outcome in ALLOWED))


class AttentionReader:
    """Answers one question after the other; without a database it knows nothing."""

    def __init__(self) -> None:
        self._worker = Worker("attention")
        self.database: Path | None = None

    def figures(
        self, midnights: Sequence[datetime], answer: Callable[[Attention | None], None]
    ) -> None:
        """Answer with the figures of the days between `midnights`; None: they cannot be read."""
        if self.database is not None:
            self._worker.run(partial(_figures, self.database, tuple(midnights)), answer)

    def newest(self, what: ToolKey, answer: Callable[[HistoryItem | None], None]) -> None:
        """Answer with the last call of a tool that a person allowed; None where there is none."""
        if self.database is not None:
            self._worker.run(partial(_newest, self.database, what), answer)

    def close(self) -> None:
        """Read no more."""
        self._worker.close()


def _figures(database: Path, midnights: tuple[datetime, ...]) -> Attention | None:
    try:
        found = read_asked(database, written(midnights[0].astimezone(UTC)))
    except (sqlite3.Error, ValueError) as error:
        _log.warning("the history cannot be read for the attention panel error=%s", error)
        return None
    return attention_of(found.calls, midnights, complete=found.complete)


def _newest(database: Path, what: ToolKey) -> HistoryItem | None:
    narrowed = HistoryFilter(servers=(what.server,), tools=(what.tool,), outcomes=_ALLOWED)
    try:
        with closing(HistoryQuery(database)) as query:
            items = query.page(narrowed, limit=1).items
    except sqlite3.Error as error:
        _log.warning("the history cannot be read for a rule error=%s", error)
        return None
    return items[0] if items and not items[0].method else None
