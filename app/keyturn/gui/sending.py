"""Sends intents to the broker and hands each outcome back to who asked; it decides nothing.

One that takes the PIN is kept until the PIN is typed or a person thinks better of it. Until then
no other one takes its place: a program that presses buttons could have its own change carried out
with the PIN that a person types for theirs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from keyturn.application.console_protocol import Decide, Intent, IntentDone, encode_line
from keyturn.application.pin_messages import WithPin
from keyturn.gui.bridge import Bridge

MakeIntent = Callable[[int], Decide | Intent]
"""Makes an intent or an answer of the number that its outcome is reported under."""
Heard = Callable[[IntentDone], None]


@dataclass(frozen=True, slots=True)
class _Sent:
    make: MakeIntent
    heard: Heard | None
    press: int
    """Tells what one press asked for from all else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owed:
    """What took the PIN."""

    sent: _Sent
    more: tuple[_Sent, ...] = ()
    """What the same press asked for and takes it, too."""
    done: IntentDone
    """The broker's first word on it, which says what it is."""


class IntentSender(QObject):
    """One for the window: outcomes come back by number, whichever page is shown by then."""

    pin_wanted = Signal(str, str, str)
    """What for, what was wrong with the one that was typed, and whose is wanted too; each empty for
    nothing."""
    pin_settled = Signal()

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._waiting: dict[int, _Sent] = {}
        self._owed: _Owed | None = None
        self._typed = 0
        """Number of the message that took the PIN along; 0 while none is under way."""
        self._typed_more: tuple[int, ...] = ()
        """Numbers of what went with it."""
        self._presses = 0
        self.second = ""
        """What is said of a change that takes the PIN while another one waits for it."""
        bridge.intent_done.connect(self._on_done)

    def send(self, make: MakeIntent, heard: Heard | None = None) -> None:
        """Send an intent; `heard` is called once, when the broker has carried it out or not."""
        self.send_all([(make, heard)])

    def send_all(self, wishes: Iterable[tuple[MakeIntent, Heard | None]]) -> None:
        """Send what one press asks for; the PIN is typed once for all of it that takes it."""
        self._presses += 1
        for make, heard in wishes:
            number = self._bridge.next_number()
            self._waiting[number] = _Sent(make, heard, self._presses)
            self._bridge.send(make(number))

    def give_pin(self, pin: str, second: str = "") -> None:
        """Send once more what took the PIN, with it, and with the second person's."""
        owed = self._owed
        if owed is None or self._typed:
            return
        numbers = [self._bridge.next_number() for _ in (owed.sent, *owed.more)]
        lines: list[str] = []
        for number, sent in zip(numbers, (owed.sent, *owed.more), strict=True):
            self._waiting[number] = sent
            lines.append(encode_line(sent.make(number)).decode())
        self._typed, *more = numbers
        self._typed_more = tuple(more)
        intent, *others = lines
        message = WithPin(n=self._typed, pin=pin, second=second, intent=intent, more=tuple(others))
        self._bridge.send(message)

    def drop_pin(self) -> None:
        """Leave what took the PIN undone, and tell who asked for it.

        What was sent with the PIN may be carried out all the same; who asked hears of it then.
        """
        owed, self._owed = self._owed, None
        if owed is not None and not self._typed:
            for sent in (owed.sent, *owed.more):
                _tell(sent, owed.done)

    def _on_done(self, done: IntentDone) -> None:
        sent = self._waiting.pop(done.n, None)
        if sent is None:
            return
        if done.n == self._typed:
            self._on_typed(sent, done)
        elif not done.pin:
            _tell(sent, done)
        elif self._owed is not None and self._is_more(sent, self._owed):
            self._owed = replace(self._owed, more=(*self._owed.more, sent))
        elif self._owed is not None or self._typed:
            _tell(sent, IntentDone(n=done.n, ok=False, sentence=self.second))
        else:
            self._owed = _Owed(sent=sent, done=done)
            self.pin_wanted.emit(done.sentence, "", done.second)

    def _is_more(self, sent: _Sent, owed: _Owed) -> bool:
        return sent.press == owed.sent.press and not self._typed

    def _on_typed(self, sent: _Sent, done: IntentDone) -> None:
        self._typed = 0
        owed = self._owed
        if done.pin and owed is not None:
            # It was not looked at further, so that nothing is heard of these.
            for number in self._typed_more:
                self._waiting.pop(number, None)
            self.pin_wanted.emit(owed.done.sentence, done.sentence, owed.done.second)
            return
        if owed is not None:
            self._owed = None
            self.pin_settled.emit()
        _tell(sent, done)


def _tell(sent: _Sent, done: IntentDone) -> None:
    if sent.heard is not None:
        sent.heard(done)
