"""Makes settings act, whether or not the page that shows them is built: looks and arming delays."""

from collections.abc import Mapping

from PySide6.QtCore import QObject, Signal

from keyturn.application.console_protocol import StateChanged, Welcome
from keyturn.gui.appearance import AppearanceKeeper
from keyturn.gui.broker_events import BrokerEvents
from keyturn.presentation.arming import ArmingDelays
from keyturn.presentation.window_settings import WindowSettings, read_window_settings


class SettingsInForce(QObject):
    """One for the window."""

    delays_changed = Signal(object)
    """`ArmingDelays`."""

    def __init__(
        self, events: BrokerEvents, appearance: AppearanceKeeper, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._settings = WindowSettings()
        events.welcomed.connect(self._on_welcome)
        events.state_changed.connect(self._on_state)

    @property
    def delays(self) -> ArmingDelays:
        """Return the delays in force."""
        return self._settings.delays

    def use(self, stored: Mapping[str, str]) -> None:
        """Act by these settings at once, as they are stored or about to be."""
        settings = read_window_settings(stored)
        before, self._settings = self._settings, settings
        self._appearance.use(settings)
        if settings.delays != before.delays:
            self.delays_changed.emit(settings.delays)

    def _on_welcome(self, message: Welcome) -> None:
        self.use(message.settings)

    def _on_state(self, message: StateChanged) -> None:
        if message.settings is not None:
            self.use(message.settings)
