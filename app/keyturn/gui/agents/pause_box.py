"""The pause of one agent: since when it holds, and the button that begins or ends it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.agents import PauseSaid
from keyturn.presentation.marks import Icon


class PauseBox(QWidget):
    """Made anew for each agent and for each change."""

    pressed = Signal()

    def __init__(
        self, look: Look, agent: str, said: PauseSaid, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        layout = column(self, gap=8)
        intro = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        intro.say(said.intro)
        self.button = Button(
            look,
            Kind.PLAIN,
            said.action,
            None if said.question is not None else Icon.PAUSED,
            name="agent_pause",
            height=DECISION,
        )
        spoken = look.words("forms.field_value", field=said.action, value=agent)
        self.button.say(said.action, spoken)
        self.button.clicked.connect(self.pressed)
        line = row(gap=8)
        line.addWidget(self.button)
        line.addStretch()
        layout.addWidget(intro)
        layout.addLayout(line)
