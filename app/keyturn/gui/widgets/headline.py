"""The head of a card: the sentence, the exact name of server and tool, which call it is."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.text import Text, ValueText
from keyturn.presentation.brief_names import brief_path
from keyturn.presentation.marks import Icon

_OVER: Final = 2
"""So much of the button is above the line that it stands in, and below it."""


class HeadSentence(Text):
    """Where the focus rests when a card appears: no button, so no key can decide by accident."""

    arrow_pressed = Signal(int)
    """-1 or 1: to the chips before or after."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, Type.HEADLINE, wrap=True, parent=parent)
        self.setObjectName("headline")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("ring", False)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show the ring only to who came by keyboard, not whenever a card appears."""
        by_key = event.reason() in {
            Qt.FocusReason.TabFocusReason,
            Qt.FocusReason.BacktabFocusReason,
            Qt.FocusReason.ShortcutFocusReason,
        }
        self.setProperty("ring", by_key)
        super().focusInEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step to the chips."""
        steps = {Qt.Key.Key_Right: 1, Qt.Key.Key_Down: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Up: -1}
        step = steps.get(Qt.Key(event.key()))
        if step is not None and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            self.arrow_pressed.emit(step)
        else:
            super().keyPressEvent(event)


class Headline(QWidget):
    """Sentence above, `server / tool` with a copy button below, the call's number trailing."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._whole = ""
        self.sentence = HeadSentence(look)
        self._server_tool = ValueText(look, Type.VALUE, Token.TEXT_SECONDARY)
        self._copy = Button(look, Kind.LINK, "", Icon.COPY, name="copy_server_tool", height=24)
        self._copy.use_icon(Icon.COPY, size=14)
        self._copy.use_token(Token.TEXT_SECONDARY)
        self._copy.setAccessibleName(look.words("card.copy_name"))
        self._copy.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._copy.clicked.connect(self._on_copy)
        self._number = Text(look, Type.CAPTION, Token.TEXT_TERTIARY)
        layout = column(self)
        layout.addWidget(self.sentence)
        # The button is taller than the line of text that it stands in.
        line = row(margins=(0, -_OVER, 0, -_OVER))
        line.addWidget(self._server_tool)
        line.addSpacing(4)
        line.addWidget(self._copy)
        line.addStretch()
        line.addWidget(self._number)
        layout.addLayout(line)

    def show_head(self, sentence: str, server_tool: str, number: str) -> None:
        """Show a head; every part is given as received."""
        self.sentence.say(sentence)
        self.sentence.setAccessibleName(sentence)
        self._whole = server_tool
        self._server_tool.say(brief_path(server_tool, self._look.words))
        self._copy.setVisible(bool(server_tool))
        self._number.say(number)

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._whole)
