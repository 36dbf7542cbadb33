"""The line over the page that takes the PIN for a change which lets calls through.

The broker's sentence says for which one, and stays while a PIN was the wrong one.
It takes the keyboard because a person has just asked for the change; what is typed is taken out
once, and leaving it undone is one key away.
"""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from keyturn.domain.pin import SHORTEST
from keyturn.gui.drafts import UNFINISHED
from keyturn.gui.forms.fields import PinField
from keyturn.gui.forms.outcome import Outcome, OutcomeLine
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.escape_frame import EscapeFrame
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import WrapLayout, column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon


class PinBar(EscapeFrame):
    """A sentence, the field, a button that goes on and one that does not, and what was wrong."""

    given = Signal(str, str)
    """The PIN, and the second person's where that was asked for too."""
    dropped = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = words = look.words
        self.setObjectName("pin_bar")
        self.setProperty(UNFINISHED, True)
        self.setProperty("surface", "raised")
        self.setProperty("edge", "over")
        self.text = Text(look, Type.BODY, Token.TEXT_PRIMARY, wrap=True)
        self.fault = OutcomeLine(look, name="pin_bar_fault")
        self.field = PinField(look, words("card.type_pin"), name="pin_bar_field")
        self.second = PinField(look, words("card.type_pin"), name="pin_bar_second")
        self._of_second = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        of_first = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        of_first.say(words("card.type_pin"))
        of_first.setBuddy(self.field)
        self.go = Button(look, Kind.PLAIN, words("pin_bar.go"), name="pin_bar_go")
        self.keep = Button(look, Kind.SOFT, words("pin_bar.keep"), name="pin_bar_keep")
        said = row(gap=8)
        mark = IconLabel(look, Icon.ATTENTION, Token.WARNING_FG, 16)
        said.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        said.addWidget(self.text, 1)
        self._two = _pair(self._of_second, self.second)
        # The bar is as wide as the page lets it be, which may be less than all in one line.
        place = QWidget()
        typing = WrapLayout(place)
        for part in (_pair(of_first, self.field), self._two, self.keep, self.go):
            typing.addWidget(part)
        layout = column(self, (16, 8, 16, 12), gap=8)
        layout.addLayout(said)
        layout.addWidget(place)
        layout.addWidget(self.fault)
        self.field.length_changed.connect(self._on_length)
        self.second.length_changed.connect(self._on_length)
        self.field.returnPressed.connect(self._on_return)
        self.second.returnPressed.connect(self._on_go)
        self.go.clicked.connect(self._on_go)
        self.keep.clicked.connect(self._on_keep)
        self._before: QWidget | None = None
        """What had the keyboard before the field took it."""
        self.hide()

    def ask(self, sentence: str, fault: str, second: str = "") -> None:
        """Ask for the PIN with an empty field; `fault` is what was wrong with the last one.

        `second` is whose PIN is wanted too.
        """
        if self.isHidden():
            self._before = self.window().focusWidget()
        self.field.take()
        self.second.take()
        self.fault.say(Outcome.FAILED if fault else None, fault)
        named = self._words("pin_bar.of_second", name=second)
        self._of_second.say(named)
        self.second.setAccessibleName(named)
        self._two.setVisible(bool(second))
        self._on_length(0)
        self.text.say(sentence)
        self.show()
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def clear(self) -> None:
        """Take it away; who has it closed gives the focus to something else first."""
        self.field.take()
        self.second.take()
        self.fault.say(None)
        self.hide()

    def give_back(self) -> bool:
        """Give the keyboard back to what had it; false where that is there no more."""
        before, self._before = self._before, None
        if before is None or not isValid(before):
            return False
        if not before.isVisible() or not before.isEnabled():
            return False
        before.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def on_escape(self) -> None:
        """Leave it undone."""
        self._on_keep()

    def _on_length(self, _length: int) -> None:
        asked = [self.field] if self._two.isHidden() else [self.field, self.second]
        self.go.setEnabled(all(len(field.text()) >= SHORTEST for field in asked))

    def _on_return(self) -> None:
        if self._two.isHidden():
            self._on_go()
        else:
            self.second.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_go(self) -> None:
        if self.go.isEnabled():
            self.go.setEnabled(False)
            self.given.emit(self.field.take(), self.second.take())

    def _on_keep(self) -> None:
        self.dropped.emit()


def _pair(label: Text, field: PinField) -> QWidget:
    pair = QWidget()
    line = row(pair, gap=8)
    line.addWidget(label)
    line.addWidget(field)
    return pair
