"""Sends intents to the broker and hands each outcome back to who asked; it decides nothing.

One that takes the PIN is kept until the PIN is typed or a person thinks better of it. Until then
no other one takes its place: a program that presses buttons could have its own change carried out
with the PIN that a person types for theirs.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, Signal

from keyturn.application.console_protocol import Decide, Intent, IntentDone, encode_line
from keyturn.application.edit_messages import EditCall
from keyturn.application.pin_messages import TOGETHER, WithPin
from keyturn.gui.bridge import Bridge

MakeIntent = Callable[[int], Decide | EditCall | Intent]
"""Makes an intent or an answer of the number that its outcome is reported under."""
Heard = Callable[[IntentDone], None]


@dataclass(frozen=True, slots=True)
class _Press:
    """What one press asked for; told from all else by itself."""

    open: set[int] = field(default_factory=set[int])
    """Numbers of what nothing was heard of yet."""
    owed: "list[tuple[_Sent, IntentDone]]" = field(default_factory=list["tuple[_Sent, IntentDone]"])
    """What takes the PIN."""


@dataclass(frozen=True, slots=True)
class _Sent:
    make: MakeIntent
    heard: Heard | None
    press: _Press


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owed:
    """What took the PIN: as much of a press as one PIN carries out."""

    sents: tuple[_Sent, ...]
    done: IntentDone
    """The broker's word on it, which says what it is."""
    later: tuple[tuple[_Sent, IntentDone], ...] = ()
    """What the same press asked for beyond that, and takes one more."""


class IntentSender(QObject):
    """One for the window: outcomes come back by number, whichever page is shown by then."""

    pin_wanted = Signal(str, str, str)
    """What for, what was wrong with the one that was typed, and whose is wanted too; each empty for
    nothing."""
    pin_settled = Signal()
    pin_in_vain = Signal(str)
    """Why a change was not carried out although its PIN was typed; the page may be another one."""

    def __init__(self, bridge: Bridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._waiting: dict[int, _Sent] = {}
        self._owed: _Owed | None = None
        self._typed: tuple[int, ...] = ()
        """Numbers of the message that took the PIN along, and of what it carried; empty for none
        under way."""
        self._proved = set[int]()
        """Numbers of what was sent with a PIN, and of which nothing was heard yet."""
        self.second = ""
        """What is said of a change that takes the PIN while another one waits for it."""
        self.dropped = ""
        """What is said of one whose PIN nobody typed; empty for the broker's word on it."""
        bridge.intent_done.connect(self._on_done)

    def send(self, make: MakeIntent, heard: Heard | None = None) -> None:
        """Send an intent; `heard` is called once, when the broker has carried it out or not."""
        self.send_all([(make, heard)])

    def send_all(self, wishes: Iterable[tuple[MakeIntent, Heard | None]]) -> None:
        """Send what one press asks for; a PIN is typed for all that its sentence lists."""
        press = _Press()
        sents = {self._bridge.next_number(): _Sent(make, heard, press) for make, heard in wishes}
        press.open.update(sents)
        self._waiting.update(sents)
        for number, sent in sents.items():
            self._bridge.send(sent.make(number))

    def give_pin(self, pin: str, second: str = "") -> None:
        """Send once more what took the PIN, with it, and with the second person's."""
        if self._owed is not None and not self._typed:
            self._send_owed(self._owed, pin, second)

    def drop_pin(self) -> None:
        """Leave what took the PIN undone, and tell who asked for it.

        What was sent with the PIN may be carried out all the same; who asked hears of it then.
        """
        owed, self._owed = self._owed, None
        if owed is None:
            return
        for sent, done in owed.later:
            self._tell_dropped(sent, done)
        if not self._typed:
            for sent in owed.sents:
                self._tell_dropped(sent, owed.done)

    def _tell_dropped(self, sent: _Sent, done: IntentDone) -> None:
        said = self.dropped or done.sentence
        _tell(sent, IntentDone(n=done.n, ok=False, sentence=said))

    def _send_owed(self, owed: _Owed, pin: str = "", second: str = "") -> None:
        """Send what one PIN carries out; with none the broker says what it would be typed for."""
        sents = {self._bridge.next_number(): sent for sent in owed.sents}
        self._waiting.update(sents)
        self._typed = tuple(sents)
        self._proved.update(sents if pin else ())
        line, *more = (encode_line(sent.make(number)).decode() for number, sent in sents.items())
        self._bridge.send(
            WithPin(n=self._typed[0], pin=pin, second=second, intent=line, more=tuple(more))
        )

    def _on_done(self, done: IntentDone) -> None:
        sent = self._waiting.pop(done.n, None)
        proved = done.n in self._proved
        self._proved.discard(done.n)
        if sent is None:
            return
        if proved and not done.ok and not done.pin:
            self.pin_in_vain.emit(done.sentence)
        if self._typed and done.n == self._typed[0]:
            self._on_typed(sent, done)
            return
        sent.press.open.discard(done.n)
        if done.pin:
            sent.press.owed.append((sent, done))
        else:
            _tell(sent, done)
        if sent.press.owed and not sent.press.open:
            owed, sent.press.owed[:] = tuple(sent.press.owed), []
            self._begin(owed)

    def _begin(self, owing: tuple[tuple[_Sent, IntentDone], ...]) -> None:
        """Ask for the PIN of what a press owes, unless it is asked for something else already."""
        if self._owed is not None or self._typed:
            for sent, done in owing:
                _tell(sent, IntentDone(n=done.n, ok=False, sentence=self.second))
            return
        now, later = owing[:TOGETHER], owing[TOGETHER:]
        done = now[0][1]
        self._owed = _Owed(sents=tuple(sent for sent, _ in now), done=done, later=later)
        if len(now) == 1:
            self.pin_wanted.emit(done.sentence, "", done.second)
        else:
            self._send_owed(self._owed)

    def _on_typed(self, sent: _Sent, done: IntentDone) -> None:
        owed, typed, self._typed = self._owed, self._typed, ()
        if done.pin and owed is not None:
            # It was not looked at further, so that nothing is heard of these.
            for number in typed:
                self._waiting.pop(number, None)
                self._proved.discard(number)
            fault = "" if done.asks else done.sentence
            if done.asks:
                owed = self._owed = replace(owed, done=done)
            self.pin_wanted.emit(owed.done.sentence, fault, owed.done.second)
            return
        self._owed = None
        if owed is not None:
            self.pin_settled.emit()
        _tell(sent, done)
        if owed is not None and owed.later:
            self._begin(owed.later)


def _tell(sent: _Sent, done: IntentDone) -> None:
    if sent.heard is not None:
        sent.heard(done)


def heard_of_all(wishes: int, heard: Heard) -> Heard:
    """Return what hears of each change of one press, and tells once: of the first that failed.

    Told one by one, the next success would stand where a refusal was said.
    """
    left = [wishes]
    failed: list[IntentDone] = []

    def one(done: IntentDone) -> None:
        left[0] -= 1
        if not done.ok:
            failed.append(done)
        if not left[0]:
            heard(failed[0] if failed else done)

    return one
