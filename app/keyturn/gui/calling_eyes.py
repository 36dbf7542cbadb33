"""Asks for a person's eyes where notifications are not seen: task bar, tray, and a sound at most.

Until a person said that they saw a notification, and wherever this desktop shows none, what
arrives is told on these ways too. None of them takes the keyboard, and none answers anything.
"""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from keyturn.application.console_protocol import StateChanged, Welcome
from keyturn.application.console_state import HealthState
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.tray import Tray
from keyturn.presentation.window_settings import read_window_settings
from keyturn.presentation.words import Words

SOUND_MS: Final = 10_000
"""There is no second sound within this (console.md section 3.9)."""


class Attention(QObject):
    """One for the window."""

    def __init__(
        self,
        *,
        events: BrokerEvents,
        window: QWidget,
        tray: Tray,
        words: Words,
        now_ms: Callable[[], int],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._tray = tray
        self._words = words
        self._now_ms = now_ms
        self._health: HealthState | None = None
        self._confirmed = False
        self._waiting = 0
        self._sounded: int | None = None
        self.sound: Callable[[], None] = QApplication.beep
        self.flash: Callable[[], None] = lambda: QApplication.alert(window)
        events.welcomed.connect(self._on_welcome)
        events.state_changed.connect(self._on_state)

    @property
    def forced(self) -> bool:
        """Tell whether the other channels speak, because the notification may not be seen."""
        return not self._notifies or not self._confirmed

    def arrived(self, waiting: int) -> None:
        """Tell that something arrived; so many wait by now."""
        self._waiting = waiting
        if self.forced:
            self._tell()

    def note_waiting(self, waiting: int) -> None:
        """Take how many wait; nothing is told."""
        self._waiting = waiting

    @property
    def _notifies(self) -> bool:
        return self._health is None or self._health.notifies

    def _on_welcome(self, message: Welcome) -> None:
        self._confirmed = read_window_settings(message.settings).notices_seen

    def _on_state(self, message: StateChanged) -> None:
        if message.settings is not None:
            self._confirmed = read_window_settings(message.settings).notices_seen
        before = self._notifies
        self._health = message.health if message.health is not None else self._health
        if before and not self._notifies and self._waiting:
            self._tell()

    def _tell(self) -> None:
        self.flash()
        if not self._window.isActiveWindow():
            self._tray.tell(self._words("notice.waiting", n=max(self._waiting, 1)))
        now = self._now_ms()
        if self._sounded is None or now - self._sounded >= SOUND_MS:
            self._sounded = now
            self.sound()
