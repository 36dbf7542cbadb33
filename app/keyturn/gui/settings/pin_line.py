"""The PIN in the settings: setting it, changing it, and for which calls it is asked.

Whatever is saved takes the present PIN once there is one; the fields are emptied by sending.
"""

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from keyturn.application.console_protocol import StateChanged
from keyturn.application.pin_messages import PinState, SetPin
from keyturn.domain.pin import PinUse
from keyturn.gui.broker_events import BrokerEvents
from keyturn.gui.forms.fields import Labelled, PinField
from keyturn.gui.forms.outcome import Outcome, OutcomeLine, telling
from keyturn.gui.look import Look
from keyturn.gui.sending import IntentSender
from keyturn.gui.settings.dialog_choice import DialogChoice
from keyturn.gui.settings.new_pin import NewPin
from keyturn.gui.settings.rows import ChoiceGroup, RowFrame
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.settings import Choice, PinRow
from keyturn.presentation.words import Words

_USES = {
    PinUse.NEVER: "settings.pin_never",
    PinUse.T3: "settings.pin_t3",
    PinUse.T2_T3: "settings.pin_t2_t3",
}


class PinLine(RowFrame):
    """Three fields, when it is asked, and one button."""

    shown = Signal()
    """A person may look at it now."""
    save_requested = Signal(str, str, str, bool)
    """Present PIN, new one, use, and whether calls are confirmed with the system's dialog."""

    def __init__(self, look: Look, said: PinRow, parent: QWidget | None = None) -> None:
        super().__init__(look, name=f"setting_{said.key}", parent=parent)
        words = look.words
        self.title.say(said.title)
        self.note.say(said.note)
        self._use = self._in_force = PinUse.NEVER.value
        self.present = PinField(look, words("settings.pin_present"), name="pin_present")
        self._typed = NewPin(look, new="settings.pin_new", again="settings.pin_again", name="pin")
        self.new, self.again = self._typed.new, self._typed.again
        self._present = Labelled(look, words("settings.pin_present"), self.present)
        self.state = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self.group = ChoiceGroup(look, name="pin_use")
        self.save = Button(look, Kind.PLAIN, words("settings.pin_save"), name="pin_save")
        self.outcome = OutcomeLine(look, name="pin_saved")
        self.dialog = DialogChoice(look)
        inside = column(self.trailing, gap=8)
        uses = row()
        uses.addWidget(self.group)
        uses.addStretch()
        inside.addLayout(uses)
        inside.addWidget(self.dialog)
        inside.addWidget(self.state)
        inside.addWidget(self._present)
        for labelled in self._typed.labelled:
            inside.addWidget(labelled)
        buttons = row(gap=8)
        buttons.addWidget(self.save)
        buttons.addStretch()
        inside.addLayout(buttons)
        inside.addWidget(self.outcome)
        inside.addStretch()
        self.group.chosen.connect(self._on_chosen)
        self.dialog.chosen.connect(self._say_owed)
        self.dialog.copied.connect(self._on_copied)
        self.save.clicked.connect(self._on_save)
        self.show_pin(PinState(is_set=False, use=PinUse.NEVER.value))

    def show_pin(self, state: PinState) -> None:
        """Show what is in force; a choice that is not saved stays as long as that is the same."""
        is_news, self._in_force = state.use != self._in_force, state.use
        grew = self._present.isHidden() is state.is_set
        self._present.setVisible(state.is_set)
        if grew and self.outcome.outcome is not None:
            self.outcome.said.emit()
        words = self.look.words
        kept = words("settings.pin_is_set" if state.is_set else "settings.pin_is_not_set")
        self.state.say(kept)
        self.choose(state.use if is_news else self._use)
        self.dialog.show_state(state)

    def choose(self, use: str) -> None:
        """Mark when it is asked; it counts once it is saved."""
        self._use = use
        words = self.look.words
        choices = tuple(Choice(value=u.value, text=words(key)) for u, key in _USES.items())
        self.group.show_choices(choices, use, self.title.text())

    def event(self, event: QEvent) -> bool:
        """Say so too when a person comes back, as from a terminal in which they changed it."""
        if event.type() == QEvent.Type.WindowActivate and self.isVisible():
            self.shown.emit()
        return super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        """Say so: what this system offers may have changed meanwhile."""
        super().showEvent(event)
        if not event.spontaneous():
            self.shown.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Put back what was chosen and not saved: it would read as if it were in force."""
        if not event.spontaneous():
            self.choose(self._in_force)
            self.dialog.put_back()
            if self.outcome.outcome is Outcome.OWED:
                self.outcome.say(None)
        super().hideEvent(event)

    def _on_chosen(self, use: str) -> None:
        """Say that it is not saved yet, in the place of what became of an earlier change."""
        self.choose(use)
        self._say_owed()

    def _on_copied(self) -> None:
        self.outcome.say(Outcome.DONE, self.look.words("forms.copied"))

    def _say_owed(self) -> None:
        if self._use == self._in_force and not self.dialog.is_unsaved:
            self.outcome.say(None)
        else:
            is_set = self._present.isVisibleTo(self)
            key = "settings.pin_unsaved" if is_set else "settings.pin_unset"
            self.outcome.say(Outcome.OWED, self.look.words(key))

    def empty(self) -> None:
        """Forget what was typed."""
        self.present.take()
        self._typed.take()

    def _on_save(self) -> None:
        fault = self._typed.fault()
        if fault:
            self.outcome.say(Outcome.OWED, fault)
        else:
            present, new = self.present.take(), self._typed.take()
            self.save_requested.emit(present, new, self._use, self.dialog.chooses)


class PinPresenter(QObject):
    """Between the broker's word on the PIN and its line."""

    def __init__(
        self,
        *,
        bridge: BrokerEvents,
        sender: IntentSender,
        line: PinLine,
        words: Words,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._sender = sender
        self._line = line
        self._words = words
        bridge.state_changed.connect(self._on_state)
        line.save_requested.connect(self._on_save)

    def _on_state(self, message: StateChanged) -> None:
        if message.pin is not None:
            self._line.show_pin(message.pin)

    def _on_save(self, present: str, new: str, use: str, dialog: bool) -> None:
        outcome = self._line.outcome
        outcome.say(Outcome.WAITING, self._words("forms.waiting"))
        self._sender.send(
            lambda n: SetPin(n=n, present=present, new=new, use=use, dialog=dialog),
            telling(outcome, self._words("settings.pin_done")),
        )
