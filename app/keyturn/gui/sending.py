"""Sends intents to the broker and hands each outcome back to who asked; it decides nothing.

One that takes the PIN is kept until the PIN is typed or a person thinks better of it.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from keyturn.application.console_protocol import Decide, Intent, IntentDone, encode_line
from keyturn.application.pin_messages import WithPin
from keyturn.gui.bridge import Bridge

MakeIntent = Callable[[int], Decide | Intent]
"""Makes an intent or an answer of the number that its outcome is reported under."""
Heard = Callable[[IntentDone], None]
_Sent = tuple[MakeIntent, Heard | None]


class IntentSender(QObject):
    """One for the window: outcomes come back by number, whichever page is shown by then."""

    pin_wanted = Signal(str, str)
    """Why, or what was wrong with the one that was typed; and whose is wanted too, if anybody's."""
    pin_settled = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._waiting: dict[int, _Sent] = {}
        self._owed: tuple[_Sent, IntentDone] | None = None
        self._typed = 0
        """Number of the message that took the PIN along; 0 while none is under way."""
        bridge.intent_done.connect(self._on_done)

    def send(self, make: MakeIntent, heard: Heard | None = None) -> None:
        """Send an intent; `heard` is called once, when the broker has carried it out or not."""
        number = self._bridge.next_number()
        self._waiting[number] = (make, heard)
        self._bridge.send(make(number))

    def give_pin(self, pin: str, second: str = "") -> None:
        """Send once more what took the PIN, with it, and with the second person's."""
        if self._owed is None:
            return
        sent, _ = self._owed
        self._owed = None
        self._typed = number = self._bridge.next_number()
        self._waiting[number] = sent
        intent = encode_line(sent[0](number)).decode()
        self._bridge.send(WithPin(n=number, pin=pin, second=second, intent=intent))

    def drop_pin(self) -> None:
        """Leave what took the PIN undone, and tell who asked for it."""
        if self._owed is None:
            return
        (_, heard), done = self._owed
        self._owed = None
        if heard is not None:
            heard(done)

    def _on_done(self, done: IntentDone) -> None:
        sent = self._waiting.pop(done.n, None)
        if sent is None:
            return
        typed = done.n == self._typed
        if typed:
            self._typed = 0
        if done.pin:
            self.drop_pin()
            self._owed = (sent, done)
            self.pin_wanted.emit(done.sentence, done.second)
            return
        if typed:
            self.pin_settled.emit()
        if sent[1] is not None:
            sent[1](done)
