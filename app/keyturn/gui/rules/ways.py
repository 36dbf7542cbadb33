"""The line under the list that leads to what asks the rules, and to them as text."""

from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import row
from keyturn.gui.widgets.text import Text


class RuleWays(QFrame):
    """A sentence and its buttons."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = look.words
        self.setObjectName("rule_ways")
        self.setProperty("surface", "raised")
        self.setProperty("edge", "top")
        text = Text(look, Type.NOTE, Token.TEXT_PRIMARY, wrap=True)
        text.say(words("rules.ways"))
        self.ask = Button(look, Kind.PLAIN, words("rules.ask_open"), name="ask_rules")
        layout = row(self, (16, 8, 16, 8), gap=8)
        layout.addWidget(text, 1)
        layout.addWidget(self.ask)
