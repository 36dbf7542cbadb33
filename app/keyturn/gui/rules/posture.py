"""What happens when no rule matches: the two built-in rules as radio rows under the list."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.domain.policy import Posture
from keyturn.gui.forms.question import QuestionPane
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.rules import PostureChoice


class PosturePane(QFrame):
    """Shows which rule is in force; choosing the looser one is asked once more, in its place."""

    posture_agreed = Signal(object)
    """`Posture`."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._choices: tuple[PostureChoice, ...] = ()
        self._wanted: Posture | None = None
        self._rows: dict[Posture, ChoiceRow] = {}
        self.setObjectName("posture")
        self.setProperty("surface", "raised")
        self.setProperty("edge", "top")
        title = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        title.say(look.words("rules.posture_title"))
        self.question = QuestionPane(look, name="posture_question")
        self.question.hide()
        self._places = row(gap=24)
        layout = column(self, (16, 8, 16, 12), gap=4)
        layout.addWidget(title)
        layout.addLayout(self._places)
        layout.addWidget(self.question)
        self.question.agreed.connect(self._on_agreed)
        self.question.kept.connect(self.show_in_force)

    def show_choices(self, choices: Sequence[PostureChoice]) -> None:
        """Show which built-in rule is in force."""
        if tuple(choices) == self._choices:
            return
        self._choices = tuple(choices)
        for choice in self._choices:
            if choice.posture not in self._rows:
                self._add(choice)
        if not self.question.isVisible():
            self.show_in_force()

    def choose(self, posture: Posture) -> None:
        """Ask about a looser rule; take a stricter one at once."""
        self._wanted = posture
        choice = next(choice for choice in self._choices if choice.posture is posture)
        if choice.chosen:
            self.question.hide()
        elif choice.question is not None:
            self.question.ask(choice.question, self._rows[posture])
        else:
            self.question.hide()
            self._on_agreed()

    @property
    def postures(self) -> tuple[Posture, ...]:
        """Return the built-in rules in their order."""
        return tuple(self._rows)

    def row_of(self, posture: Posture) -> ChoiceRow:
        """Return a radio row."""
        return self._rows[posture]

    def _add(self, choice: PostureChoice) -> None:
        name = f"posture_{choice.posture.value}"
        button = ChoiceRow(self._look, choice.title, choice.note, name=name, radio=True)
        self._rows[choice.posture] = button
        self._places.addWidget(button, 1)
        button.clicked.connect(self._on_clicked)

    def show_in_force(self) -> None:
        """Let the marks say what is in force, not what was wished for."""
        for choice in self._choices:
            if choice.chosen:
                self._rows[choice.posture].setChecked(True)

    def _on_clicked(self) -> None:
        chosen = next(p for p, button in self._rows.items() if button is self.sender())
        self.choose(chosen)

    def _on_agreed(self) -> None:
        if self._wanted is not None:
            self.posture_agreed.emit(self._wanted)
