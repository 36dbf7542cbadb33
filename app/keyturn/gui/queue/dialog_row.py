"""What stands on a card in the place of the PIN's field, where the system's dialog asks instead."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.forms.outcome import Outcome, OutcomeLine
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import WrapLayout, column
from keyturn.gui.widgets.text import Text


class DialogRow(QFrame):
    """Shown only where the card asks for that dialog; it says whether one is open."""

    pin_wanted = Signal()
    """The person would rather type the PIN."""
    drop_wanted = Signal()
    """The person wants the open dialog away."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words = look.words
        self._said = Text(look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        self._said.say(words("card.dialog_asks"))
        self.by_pin = Button(look, Kind.SOFT, words("card.dialog_by_pin"), name="dialog_by_pin")
        self.drop = Button(look, Kind.SOFT, words("card.dialog_drop"), name="dialog_drop")
        self.outcome = OutcomeLine(look, name="dialog_outcome")
        place = QWidget()
        buttons = WrapLayout(place)
        buttons.addWidget(self.by_pin)
        buttons.addWidget(self.drop)
        layout = column(self, (0, 12, 0, 8), gap=4)
        layout.addWidget(self._said)
        layout.addWidget(self.outcome)
        layout.addWidget(place)
        self.by_pin.clicked.connect(self.pin_wanted)
        self.drop.clicked.connect(self.drop_wanted)
        self.show_for(wanted=False, is_open=False, anew=True)

    def show_for(self, *, wanted: bool, is_open: bool, anew: bool) -> None:
        """Show it, or nothing; what became of an earlier dialog goes with the card it was of."""
        self._said.setVisible(not is_open)
        self.by_pin.setVisible(not is_open)
        self.drop.setVisible(is_open)
        if is_open:
            self.outcome.say(Outcome.WAITING, self._words("card.dialog_open"))
        elif anew or self.outcome.outcome is Outcome.WAITING:
            self.outcome.say(None)
        self.setVisible(wanted)

    def refused(self, sentence: str) -> None:
        """Say why nothing was allowed."""
        self.outcome.say(Outcome.FAILED, sentence)
