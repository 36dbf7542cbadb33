"""Reads what was really used, off the GUI thread; it decides nothing."""

import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path

from keyturn.domain.access import REVIEW_DAYS
from keyturn.domain.history_filter import HistoryFilter
from keyturn.domain.rule_life import written
from keyturn.gui.local_time import local_now
from keyturn.gui.worker import Worker
from keyturn.storage.queries.history import HistoryQuery
from keyturn.storage.queries.items import UsedNames

_log = logging.getLogger(__name__)


class UsedReader:
    """Answers one question after the other; without a database it knows nothing."""

    def __init__(self) -> None:
        self._worker = Worker("what was used")
        self.database: Path | None = None

    def ask(self, answer: Callable[[UsedNames], None], *, agent: str = "", rule: str = "") -> None:
        """Answer with what an agent used, or what a rule decided, in the time of a review."""
        if self.database is None:
            answer(UsedNames(names=(), complete=False))
            return
        since = written(local_now().astimezone(UTC) - timedelta(days=REVIEW_DAYS))
        narrowed = HistoryFilter(
            agents=(agent,) if agent else (), rules=(rule,) if rule else (), since=since
        )
        self._worker.run(partial(_read, self.database, narrowed), answer)

    def close(self) -> None:
        """Read no more."""
        self._worker.close()


def _read(database: Path, narrowed: HistoryFilter) -> UsedNames:
    try:
        query = HistoryQuery(database)
        try:
            return query.used(narrowed)
        finally:
            query.close()
    except sqlite3.Error as error:
        _log.warning("the history cannot be read for the access review error=%s", error)
    return UsedNames(names=(), complete=False)
