"""Notices when a person comes back to the window after a while."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtWidgets import QWidget

from keyturn.domain.rule_life import written
from keyturn.gui.local_time import local_now

AWAY_MS: Final = 5 * 60_000
"""Shorter than that nobody was away (console.md section 3.6)."""


class AwayWatch(QObject):
    """Watches one window, which counts as left while another one is active."""

    back = Signal(str)
    """Since when the person was away, UTC as records have it."""

    def __init__(
        self,
        window: QWidget,
        now_ms: Callable[[], int],
        now: Callable[[], datetime] = local_now,
    ) -> None:
        super().__init__(window)
        self._now_ms = now_ms
        self._now = now
        self._left: tuple[int, str] | None = None
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note when the window is left, and tell when it is come back to."""
        if event.type() is QEvent.Type.WindowDeactivate and self._left is None:
            self._left = (self._now_ms(), written(self._now().astimezone(UTC)))
        elif event.type() is QEvent.Type.WindowActivate and self._left is not None:
            (left, since), self._left = self._left, None
            if self._now_ms() - left >= AWAY_MS:
                self.back.emit(since)
        return super().eventFilter(watched, event)
