"""Has the whole log checked, off the GUI thread, and holds what the last look found."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from keyturn.gui.worker import Worker
from keyturn.presentation.history_builder import HistoryBuilder
from keyturn.presentation.marks import IconText
from keyturn.storage.queries.soundness import Soundness, look_at_log


class ChainCheck(QObject):
    """One look at a time; it takes seconds, and the list can be used meanwhile."""

    changed = Signal()

    def __init__(self, builder: HistoryBuilder, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._builder = builder
        self._worker = Worker("chain check")
        self._busy = False
        self.said: IconText | None = None
        """What is known of the chain; None before the first look."""

    def look(self, database: Path) -> None:
        """Check the log of a database, unless a look is under way."""
        if self._busy:
            return
        self._busy = True
        self.said = self._builder.chain_checking()
        self.changed.emit()
        self._worker.run(partial(look_at_log, database), self._on_found)

    def close(self) -> None:
        """Forget what was asked."""
        self._worker.close()

    def _on_found(self, found: Soundness) -> None:
        self._busy = False
        self.said = self._builder.chain(
            records=found.records if found.readable else None,
            sound=found.sound,
            first_bad=found.first_bad,
        )
        self.changed.emit()
