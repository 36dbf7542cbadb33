"""All text of a result that its agent got cut: asked for by a button, shown and copied as it is."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.long_text import LongText
from keyturn.gui.widgets.text import Text
from keyturn.presentation.result_controls import KeptText

MOST_SHOWN: Final = 200_000
"""Characters that are laid out; all of it can be copied."""


class KeptTextBox(QWidget):
    """Reads nothing by itself: the text comes when somebody has found it."""

    wanted = Signal()

    def __init__(self, look: Look, kept: KeptText, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._whole = ""
        self._note = Text(look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        self._note.say(kept.note)
        self.show_button = Button(look, Kind.PLAIN, kept.show, name="show_kept")
        self.show_button.clicked.connect(self.wanted)
        self.copy_button = Button(look, Kind.PLAIN, look.words("results.copy_kept"), name="copy")
        self.copy_button.clicked.connect(self._on_copy)
        self.copy_button.hide()
        self.text = LongText(look, Type.VALUE)
        self.text.setAccessibleName(look.words("results.kept_title"))
        self.text.hide()
        buttons = row(gap=8)
        buttons.addWidget(self.show_button)
        buttons.addWidget(self.copy_button)
        buttons.addStretch()
        layout = column(self, gap=8)
        layout.addWidget(self._note)
        layout.addLayout(buttons)
        layout.addWidget(self.text)
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)

    def show_text(self, whole: str | None) -> None:
        """Show the text; None where it is gone meanwhile."""
        self.show_button.hide()
        if whole is None:
            self._note.say(self._look.words("results.kept_gone"))
            return
        self._whole = whole
        if len(whole) > MOST_SHOWN:
            shown = self._look.words.figure(MOST_SHOWN)
            said = self._look.words(
                "results.kept_first", shown=shown, all=self._look.words.figure(len(whole))
            )
            self._note.say(said)
        self.text.say(whole[:MOST_SHOWN])
        self.text.show()
        self.copy_button.show()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._whole)
