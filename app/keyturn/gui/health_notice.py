"""The line under the top bar that says what is wrong with Keyturn itself, for as long as it is."""

from PySide6.QtWidgets import QWidget

from keyturn.gui.look import Look
from keyturn.gui.widgets.notices import Banner
from keyturn.presentation.health import Problem
from keyturn.presentation.marks import Icon, Role


class HealthNotice(Banner):
    """Nothing takes it away but the end of what is wrong; it never takes the keyboard."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, Role.WARNING, Icon.PROBLEM, parent)
        self.setObjectName("health_notice")
        self.hide()

    def tell(self, problem: Problem | None) -> None:
        """Say what is wrong; None takes the line away."""
        if problem is not None:
            self.say(problem.strong, problem.rest)
            self.setAccessibleName(problem.spoken)
        self.setVisible(problem is not None)
