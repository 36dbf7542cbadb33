"""What changed around an agent, line by line, with a way to each and a word that it was seen."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.step_ups import RaisedLine, RaisedSaid


class RaisedBox(QWidget):
    """Made anew for each agent and for each change."""

    open_wanted = Signal(str, str)
    """Server and tool; either can be empty."""
    looked = Signal(str)
    """What was on screen."""

    def __init__(
        self, look: Look, agent: str, said: RaisedSaid, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._shown = said.shown
        self._layout = column(self, gap=8)
        intro = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        intro.say(said.intro)
        self._layout.addWidget(intro)
        for number, line in enumerate(said.lines):
            self._add_line(number, line)
        words = look.words
        done = words("agents.raised_done")
        self.done = Button(look, Kind.PRIMARY, done, name="raised_done")
        self.done.say(done, words("forms.field_value", field=done, value=agent))
        self.done.clicked.connect(self._on_done)
        self.done.setVisible(bool(said.shown))
        buttons = row(gap=8)
        buttons.addWidget(self.done)
        buttons.addStretch()
        self._layout.addLayout(buttons)

    def _add_line(self, number: int, line: RaisedLine) -> None:
        text = Text(self._look, Type.BODY, wrap=True)
        text.say(line.text)
        self._layout.addWidget(text)
        if not line.server:
            return
        label = self._look.words("agents.raised_open", name=line.tool or line.server)
        button = Button(self._look, Kind.PLAIN, label, name=f"raised_open_{number}")
        button.clicked.connect(partial(self.open_wanted.emit, line.server, line.tool))
        beside = row(gap=8)
        beside.addWidget(button)
        beside.addStretch()
        self._layout.addLayout(beside)

    def _on_done(self) -> None:
        self.looked.emit(self._shown)
