"""Looks for calls that ended without an answer while a person was away, and offers them."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from keyturn.domain.decision import Outcome
from keyturn.domain.history_filter import HistoryFilter
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.reading import HistoryReader
from keyturn.gui.worker import Worker
from keyturn.presentation.history import FilterToken
from keyturn.presentation.history_builder import HistoryBuilder

MISSED = (Outcome.EXPIRED_NO_ANSWER.value, Outcome.CANCELLED_BY_CLIENT.value)


class MissedCalls(QObject):
    """What was missed last stays offered until it is looked at, or waved away."""

    found = Signal(str)
    """The sentence that says how many there are."""
    filters_wanted = Signal(object)
    """Tuple of `FilterToken` that shows them."""

    def __init__(
        self,
        worker: Worker,
        model: HistoryModel,
        builder: HistoryBuilder,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._worker = worker
        self._model = model
        self._builder = builder
        self._since = ""

    def look(self, reader: HistoryReader, since: str) -> None:
        """Count what was missed since then; what was not looked at before still counts."""
        self._since = min(filter(None, (self._since, since)))
        count = partial(reader.by_outcome, HistoryFilter(outcomes=MISSED, since=self._since))
        self._worker.run(count, self._on_counted)

    def show(self) -> None:
        """Have the list show what was missed."""
        since = self._since
        self.dismiss()
        if since:
            outcomes = FilterToken(key="outcome", value=",".join(MISSED))
            self.filters_wanted.emit((outcomes, FilterToken(key="since", value=since)))

    def dismiss(self) -> None:
        """Take the notice away."""
        self._since = ""
        self._model.show_missed(None)

    def _on_counted(self, by_outcome: dict[str, int]) -> None:
        notice = self._builder.missed(*(by_outcome.get(one, 0) for one in MISSED))
        if notice is None:
            self.dismiss()
            return
        self._model.show_missed(notice)
        self.found.emit(f"{notice.strong} {notice.rest}")
