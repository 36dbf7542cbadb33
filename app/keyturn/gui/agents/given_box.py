"""How much of results an agent is given: its budgets, and what it had today."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.look import Look
from keyturn.gui.servers.controls_box import ControlsBox
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.layouts import column, divider
from keyturn.gui.widgets.text import Text
from keyturn.presentation.result_controls import ControlsView


class GivenBox(QFrame):
    """Keeps what was chosen and not yet saved, whatever the agent does meanwhile."""

    wished = Signal(object)
    """`ResultControls` with the budgets."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.choices = ControlsBox(look, save=look.words("results.given_save"))
        self.choices.wished.connect(self.wished)
        title = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        title.say(look.words("results.given_title"))
        layout = column(self, gap=4)
        layout.addSpacing(8)
        layout.addWidget(divider())
        layout.addSpacing(8)
        layout.addWidget(title)
        layout.addWidget(self.choices)

    def show_given(self, given: ControlsView | None, agent: str) -> None:
        """Show an agent's budgets; None for one that has none to choose."""
        self.setVisible(given is not None)
        if given is not None:
            self.choices.show_view(given, agent)
