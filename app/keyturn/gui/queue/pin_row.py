"""The field for a person's PIN on a card, and what was wrong with the one before.

What is typed can be taken out once, for the one answer that it belongs to; a new card empties it.
"""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.domain.pin import SHORTEST
from keyturn.gui.forms.fields import PinField
from keyturn.gui.forms.outcome import Outcome, OutcomeLine
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.layouts import column
from keyturn.gui.widgets.text import Text


class PinRow(QFrame):
    """Shown only where the card asks for the PIN."""

    typed = Signal(bool)
    """Whether something stands in the field that can be a PIN."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = look.words
        self._words = words
        self._prompt = Text(look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        self.field = PinField(look, words("card.type_pin"), name="pin")
        self.outcome = OutcomeLine(look, name="pin_outcome")
        layout = column(self, (0, 12, 0, 8), gap=4)
        layout.addWidget(self._prompt)
        layout.addWidget(self.field)
        layout.addWidget(self.outcome)
        self.field.length_changed.connect(self._on_length)
        self.begin(False)

    def show_for(self, wanted: bool, prompt: str, *, anew: bool) -> None:
        """Start where another card is shown, or the same one asks for something else now."""
        if anew or self._asked != (wanted, prompt):
            self.begin(wanted, prompt)

    def begin(self, wanted: bool, prompt: str = "") -> None:
        """Start for a card that asks for the PIN or does not; nothing is typed yet.

        `prompt` says whose it is, where it takes two persons.
        """
        self._asked = (wanted, prompt)
        self.field.take()
        said = prompt or self._words("card.type_pin")
        self._prompt.say(said)
        self.field.setAccessibleName(said)
        self.outcome.say(None)
        self.setVisible(wanted)

    def too_soon(self, sentence: str) -> None:
        """Say why Enter in the field did nothing; what was typed stays."""
        self.outcome.say(Outcome.OWED, sentence)

    def refused(self, sentence: str) -> None:
        """Say what was wrong, and let it be typed again."""
        self.outcome.say(Outcome.FAILED, sentence)

    def _on_length(self, length: int) -> None:
        self.typed.emit(length >= SHORTEST)
