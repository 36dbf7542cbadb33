"""Sends intents to the broker and hands each outcome back to who asked; it decides nothing."""

from collections.abc import Callable

from PySide6.QtCore import QObject

from keyturn.application.console_protocol import Decide, Intent, IntentDone
from keyturn.gui.bridge import Bridge

MakeIntent = Callable[[int], Decide | Intent]
"""Makes an intent or an answer of the number that its outcome is reported under."""
Heard = Callable[[IntentDone], None]


class IntentSender(QObject):
    """One for the window: outcomes come back by number, whichever page is shown by then."""

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._waiting: dict[int, Heard] = {}
        bridge.intent_done.connect(self._on_done)

    def send(self, make: MakeIntent, heard: Heard | None = None) -> None:
        """Send an intent; `heard` is called once, when the broker has carried it out or not."""
        number = self._bridge.next_number()
        if heard is not None:
            self._waiting[number] = heard
        self._bridge.send(make(number))

    def _on_done(self, done: IntentDone) -> None:
        heard = self._waiting.pop(done.n, None)
        if heard is not None:
            heard(done)
