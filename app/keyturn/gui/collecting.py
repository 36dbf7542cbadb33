"""Owns when Python looks for garbage in the window's process: on the GUI thread, and nowhere else.

Python collects on whichever thread makes an object too many. On the thread that reads history this
deletes widgets that are garbage in a cycle, and Qt's may be deleted by the GUI thread only: the
process ends with a fault somewhere else, later.
"""

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

EVERY_MS: Final = 200


class GuiCollector(QObject):
    """Takes the collector over for as long as the process lives."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(collect_what_is_due)
        self._timer.start()


def collect_what_is_due() -> None:
    """Collect the generations that Python would have, by its own thresholds."""
    counts, thresholds = gc.get_count(), gc.get_threshold()
    if counts[0] > thresholds[0]:
        due = 0
        while due < 2 and counts[due + 1] > thresholds[due + 1]:
            due += 1
        gc.collect(due)
