"""The second person in the settings: naming them, changing their PIN, and taking them out again.

Both persons type here, one after the other; every field but the names is emptied by sending.
"""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from keyturn.application.console_protocol import StateChanged
from keyturn.application.pin_messages import PinState, RemoveSecond, SetSecond
from keyturn.domain.pin import LONGEST_NAME, PinUse
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.fields import Labelled, LineField, PinField
from keyturn.gui.forms.outcome import Outcome, OutcomeLine, telling
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender, MakeIntent
from keyturn.gui.settings.new_pin import NewPin
from keyturn.gui.settings.rows import RowFrame
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import WrapLayout, column
from keyturn.gui.widgets.text import Text
from keyturn.presentation.settings import SecondRow
from keyturn.presentation.words import Words

_NAME_WIDTH = 280


class SecondLine(RowFrame):
    """Two names, the PINs that it takes, and two buttons."""

    save_requested = Signal(object)
    """`MakeIntent` of what was typed."""
    remove_requested = Signal(object)
    """The same, to have no second person."""

    def __init__(self, look: Look, said: SecondRow, parent: QWidget | None = None) -> None:
        super().__init__(look, name=f"setting_{said.key}", parent=parent)
        self.title.say(said.title)
        self.note.say(said.note)
        self.beside = self._name_field("settings.second_beside", "second_beside")
        self.name = self._name_field("settings.second_name", "second_name")
        self.first = self._pin_field("card.type_pin", "second_first")
        self.present = self._pin_field("settings.second_present", "second_present")
        self._typed = NewPin(
            look, new="settings.second_new", again="settings.second_again", name="second"
        )
        self.new, self.again = self._typed.new, self._typed.again
        words = look.words
        self.save = Button(look, Kind.PLAIN, words("settings.second_save"), name="second_save")
        self.remove = Button(look, Kind.SOFT, words("settings.second_remove"), name="second_remove")
        self.outcome = OutcomeLine(look, name="second_saved")
        self._present = Labelled(look, words("settings.second_present"), self.present)
        self._keeps = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._keeps.say(words("settings.second_keeps"))
        self._fill()
        self.save.clicked.connect(self._on_save)
        self.remove.clicked.connect(self._on_remove)
        self.show_state(PinState(is_set=False, use=PinUse.NEVER.value))

    def show_state(self, state: PinState) -> None:
        """Show who there is."""
        there = bool(state.second)
        grew = self._present.isHidden() is there
        self._present.setVisible(there)
        self._keeps.setVisible(there)
        self.remove.setVisible(there)
        if grew and self.outcome.outcome is not None:
            # What is said of the change moved with it.
            self.outcome.said.emit()
        self.name.setText(state.second)
        self.beside.setText(state.beside)

    def empty(self) -> None:
        """Forget the PINs that were typed."""
        for field in (self.first, self.present):
            field.take()
        self._typed.take()

    def _name_field(self, label: str, name: str) -> LineField:
        field = LineField(self.look, self.look.words(label), name=name, longest=LONGEST_NAME)
        field.setFixedWidth(_NAME_WIDTH)
        return field

    def _pin_field(self, label: str, name: str) -> PinField:
        return PinField(self.look, self.look.words(label), name=name)

    def _fill(self) -> None:
        words = self.look.words
        inside = column(self.trailing, gap=8)
        inside.addWidget(Labelled(self.look, words("settings.second_beside"), self.beside))
        inside.addWidget(Labelled(self.look, words("settings.second_name"), self.name))
        inside.addWidget(Labelled(self.look, words("card.type_pin"), self.first))
        inside.addWidget(self._present)
        inside.addWidget(self._keeps)
        for labelled in self._typed.labelled:
            inside.addWidget(labelled)
        buttons = QWidget()
        line = WrapLayout(buttons)
        line.addWidget(self.save)
        line.addWidget(self.remove)
        inside.addWidget(buttons)
        inside.addWidget(self.outcome)
        inside.addStretch()

    def _on_save(self) -> None:
        fault = self._typed.fault()
        if fault:
            self.outcome.say(Outcome.OWED, fault)
        else:
            self.save_requested.emit(
                partial(
                    SetSecond,
                    first=self.first.text(),
                    present=self.present.text(),
                    beside=self.beside.text().strip(),
                    name=self.name.text().strip(),
                    new=self.new.text(),
                )
            )
            self.empty()

    def _on_remove(self) -> None:
        first, present = self.first.text(), self.present.text()
        self.remove_requested.emit(partial(RemoveSecond, first=first, present=present))
        self.empty()


class SecondPresenter(QObject):
    """Between the broker's word on the second person and their line."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        line: SecondLine,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._line = line
        self._words = words
        bridge.state_changed.connect(self._on_state)
        line.save_requested.connect(self._on_save)
        line.remove_requested.connect(self._on_remove)

    def _on_state(self, message: StateChanged) -> None:
        if message.pin is not None:
            self._line.show_state(message.pin)

    def _on_save(self, make: Callable[..., SetSecond]) -> None:
        self._send(lambda n: make(n=n), self._words("settings.second_done"))

    def _on_remove(self, make: Callable[..., RemoveSecond]) -> None:
        self._send(lambda n: make(n=n), self._words("settings.second_removed"))

    def _send(self, make: MakeIntent, said: str) -> None:
        outcome = self._line.outcome
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))
        self._sender.send(make, telling(outcome, said))
