"""Feeds the stopped screen, keeps what was looked at, and asks the broker to resume.

Looks belong to one stop: a later stop starts with none.
"""

import logging
import sqlite3
from pathlib import Path

from PySide6.QtCore import QObject

from keyturn.application.console_protocol import Resume, StateChanged, StopState, Welcome
from keyturn.gui.bridge import Bridge
from keyturn.gui.stopped.view import StoppedScreen
from keyturn.gui.worker import Worker
from keyturn.presentation.stopped_builder import AroundTheStop, StoppedBuilder
from keyturn.storage.queries.history import HistoryQuery

_log = logging.getLogger(__name__)


class StoppedPresenter(QObject):
    """Between the stop's state, the database and the screen."""

    def __init__(
        self,
        *,
        bridge: Bridge,
        view: StoppedScreen,
        builder: StoppedBuilder,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._view = view
        self._builder = builder
        self._worker = Worker("stopped")
        self._database: Path | None = None
        self._stop = StopState(engaged=False)
        self._around = AroundTheStop(sent=())
        self._looked: set[str] = set()
        self._carefully = True
        self._chosen = True
        self._rules = 0
        bridge.welcomed.connect(self._on_welcome)
        bridge.state_changed.connect(self._on_state)
        view.looked_at.connect(self._on_looked)
        view.resume_requested.connect(self._on_resume)
        view.carefully_toggled.connect(self._on_carefully)
        view.agent_toggled.connect(self._on_agent)

    def close(self) -> None:
        """Stop reading."""
        self._worker.close()

    def _on_welcome(self, message: Welcome) -> None:
        self._database = Path(message.database)

    def _on_state(self, state: StateChanged) -> None:
        if state.rules is not None:
            self._rules = len(state.rules)
        if state.stop is None:
            if state.history is not None and self._stop.engaged:
                self._read()
            return
        if state.stop.since_utc != self._stop.since_utc:
            self._looked.clear()
            self._carefully = True
            self._chosen = True
            self._around = AroundTheStop(sent=())
        self._stop = state.stop
        if self._stop.engaged:
            self._show()
            self._read()

    def _on_looked(self, row_id: str, looked: bool) -> None:
        if looked:
            self._looked.add(row_id)
        else:
            self._looked.discard(row_id)
        self._show()

    def _on_carefully(self, carefully: bool) -> None:
        self._carefully = carefully
        self._show()

    def _on_agent(self, _agent: str, chosen: bool) -> None:
        self._chosen = chosen
        self._show()

    def _on_resume(self, carefully: bool) -> None:
        owed = self._builder.owed(self._stop, self._around)
        if any(call.call not in self._looked for call in owed):
            return
        self._bridge.send(
            Resume(
                n=self._bridge.next_number(),
                looked_at=tuple(sorted(self._looked)),
                careful=carefully,
            )
        )

    def _read(self) -> None:
        database, since = self._database, self._stop.since_utc
        if database is not None:
            self._worker.run(lambda: _around(database, since), self._take)

    def _take(self, around: AroundTheStop) -> None:
        self._around = around
        if self._stop.engaged:
            self._show()

    def _show(self) -> None:
        self._view.show_view(
            self._builder.view(
                self._stop,
                self._around,
                looked_at=frozenset(self._looked),
                carefully=self._carefully,
                resume_chosen=self._chosen,
                rules=self._rules,
            )
        )


def _around(database: Path, since_utc: str) -> AroundTheStop:
    """Read on the worker; an unreadable database owes nothing and says so in the log."""
    try:
        query = HistoryQuery(database)
        try:
            review = query.stop_review(since_utc)
        finally:
            query.close()
    except sqlite3.Error as error:
        _log.warning("the review of the stop cannot be read error=%s", error)
        return AroundTheStop(sent=())
    return AroundTheStop(sent=review.sent_before)
