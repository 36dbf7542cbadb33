"""Holds a rule that is being made against the history, off the GUI thread; it decides nothing."""

import logging
import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from keyturn.application.console_protocol import StateChanged, Welcome
from keyturn.domain.back_test import MOST_CALLS, PastCall
from keyturn.domain.policy import Posture
from keyturn.domain.rule import Rule
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.worker import Worker
from keyturn.presentation.rule_study import past_calls, study_lines
from keyturn.presentation.words import Words
from keyturn.storage.queries.history import HistoryQuery

_log = logging.getLogger(__name__)
_POSTURES = {posture.value: posture for posture in Posture}


class RuleStudy(QObject):
    """Answers about the rule that was asked about last; what comes late for another is dropped."""

    studied = Signal(object)
    """The sentences, a tuple of texts."""

    def __init__(self, bridge: BrokerEvents, words: Words, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._words = words
        self._worker = Worker("rule study")
        self._database: Path | None = None
        self._asked: Rule | None = None
        self._posture = Posture.ASK_ALL
        bridge.welcomed.connect(self._on_welcome)
        bridge.state_changed.connect(self._on_state)

    def ask(self, rule: Rule | None, rules: Sequence[Rule]) -> None:
        """Study a rule beside others; None for no rule, and before the broker's first word."""
        if rule == self._asked:
            return
        self._asked = rule
        self.studied.emit(())
        if rule is not None and self._database is not None:
            job = partial(_study, self._database, tuple(rules), rule, self._words, self._posture)
            self._worker.run(job, partial(self._on_studied, rule))

    def close(self) -> None:
        """Forget what was asked."""
        self._asked = None
        self._worker.close()

    def _on_welcome(self, message: Welcome) -> None:
        self._database = Path(message.database)

    def _on_state(self, state: StateChanged) -> None:
        if state.posture is not None:
            self._posture = _POSTURES.get(state.posture, Posture.ASK_ALL)

    def _on_studied(self, rule: Rule, lines: tuple[str, ...]) -> None:
        if rule == self._asked:
            self.studied.emit(lines)


def _study(
    database: Path, rules: tuple[Rule, ...], rule: Rule, words: Words, posture: Posture
) -> tuple[str, ...]:
    """Read and judge on the worker; a history that cannot be read says nothing."""
    calls: tuple[PastCall, ...] = ()
    try:
        query = HistoryQuery(database)
        try:
            calls = past_calls(query.page(limit=MOST_CALLS).items)
        finally:
            query.close()
    except (sqlite3.Error, ValueError) as error:
        _log.warning("the history cannot be read for a rule error=%s", error)
    return study_lines(rules, rule, calls, words, posture)
