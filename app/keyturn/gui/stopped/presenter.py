"""Feeds the stopped screen, keeps what was looked at, and asks the broker to resume.

Looks belong to one stop: a later stop starts with none.
"""

import logging
import sqlite3
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QTimer

from keyturn.application.console_protocol import (
    IntentDone,
    Resume,
    StateChanged,
    StopState,
    Welcome,
)
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.sending import IntentSender
from keyturn.gui.stopped.view import StoppedScreen
from keyturn.gui.worker import Worker
from keyturn.presentation.stopped_builder import AroundTheStop, Reading, StoppedBuilder
from keyturn.storage.queries.history import HistoryQuery

_log = logging.getLogger(__name__)

AGAIN_MS: Final = 2000
"""Pause before the review is read again when it could not be read whole."""


class StoppedPresenter(QObject):
    """Between the stop's state, the database and the screen."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        view: StoppedScreen,
        builder: StoppedBuilder,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._view = view
        self._builder = builder
        self._worker = Worker("stopped")
        self._database: Path | None = None
        self._stop = StopState(engaged=False)
        self._around = AroundTheStop(reading=Reading.WAITING)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(AGAIN_MS)
        self._again.timeout.connect(self._read)
        self._looked: set[str] = set()
        self._carefully = True
        self._chosen = True
        self._rules = 0
        self._told = ""
        """Why the broker did not resume when it was asked last."""
        bridge.welcomed.connect(self._on_welcome)
        bridge.state_changed.connect(self._on_state)
        view.looked_at.connect(self._on_looked)
        view.resume_requested.connect(self._on_resume)
        view.carefully_toggled.connect(self._on_carefully)
        view.agent_toggled.connect(self._on_agent)

    def close(self) -> None:
        """Stop reading."""
        self._again.stop()
        self._worker.close()

    def _on_welcome(self, message: Welcome) -> None:
        self._database = Path(message.database)
        if self._stop.engaged:
            self._read()

    def _on_state(self, state: StateChanged) -> None:
        if state.rules is not None:
            self._rules = len(state.rules)
        if state.stop is None:
            if state.history is not None and self._stop.engaged:
                self._read()
            return
        if _which(state.stop) != _which(self._stop):
            self._looked.clear()
            self._told = ""
            self._carefully = True
            self._chosen = True
            self._around = AroundTheStop(reading=Reading.WAITING)
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
        if self._around.reading is not Reading.WHOLE:
            return
        if any(call.call not in self._looked for call in owed):
            return
        # As it is now: with the PIN the very same is sent once more.
        looked_at = tuple(sorted(self._looked))
        self._sender.send(
            lambda n: Resume(n=n, looked_at=looked_at, careful=carefully), self._on_done
        )

    def _on_done(self, done: IntentDone) -> None:
        """Say why the broker did not resume, and look again: it may know of more."""
        if not done.ok and self._stop.engaged:
            self._told = done.sentence
            self._show()
            self._read()

    def _read(self) -> None:
        database, stop = self._database, self._stop
        if database is not None and stop.engaged:
            self._worker.run(
                lambda: _around(database, stop), lambda around: self._take(stop, around)
            )

    def _take(self, stop: StopState, around: AroundTheStop) -> None:
        if not self._stop.engaged or _which(stop) != _which(self._stop):
            return
        self._around = around
        self._show()
        if around.reading is not Reading.WHOLE:
            self._again.start()

    def _show(self) -> None:
        self._view.show_view(
            self._builder.view(
                self._stop,
                self._around,
                looked_at=frozenset(self._looked),
                carefully=self._carefully,
                resume_chosen=self._chosen,
                rules=self._rules,
                told=self._told,
            )
        )


def _which(stop: StopState) -> tuple[str, str]:
    """Tell one stop from another; since when it holds may be the same file's word twice."""
    return stop.since_utc, stop.found_utc


def _around(database: Path, stop: StopState) -> AroundTheStop:
    """Read on the worker; what cannot be read whole says so, for then nobody may resume."""
    try:
        query = HistoryQuery(database)
        try:
            review = query.stop_review(stop.since_utc, stop.found_utc)
        finally:
            query.close()
    except (sqlite3.Error, ValueError) as error:
        _log.warning("the review of the stop cannot be read error=%s", error)
        return AroundTheStop(reading=Reading.UNREADABLE)
    return AroundTheStop(
        reading=Reading.WHOLE if review.complete else Reading.INCOMPLETE,
        sent=review.sent_before,
        moment_utc=review.moment_utc,
    )
