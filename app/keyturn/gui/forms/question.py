"""A question in the page, in the place of the buttons that led to it; never a dialog.

Escape and the button that keeps things as they are do the same; that button has the focus, so
that a key pressed twice changes nothing.
"""

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QWidget

from keyturn.gui.forms.focus import leave
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.escape_frame import EscapeFrame
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation import cells
from keyturn.presentation.marks import Icon


class QuestionPane(EscapeFrame):
    """A sentence that says what will happen, a button that does it, a button that does not."""

    agreed = Signal()
    kept = Signal()

    def __init__(
        self,
        look: Look,
        *,
        name: str,
        kind: Kind = Kind.PLAIN,
        icon: Icon | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`name` is the object name; the buttons are `name`_go and `name`_keep."""
        super().__init__(parent)
        self._rest: QWidget | None = None
        self.setObjectName(name)
        self._text = Text(look, Type.BODY, Token.TEXT_PRIMARY, wrap=True)
        self.go = Button(look, kind, "", icon, name=f"{name}_go")
        self.keep = Button(look, Kind.SOFT, "", name=f"{name}_keep")
        self.go.clicked.connect(self._on_go)
        self.keep.clicked.connect(self._on_keep)
        words = row(gap=8)
        mark = IconLabel(look, Icon.ATTENTION, Token.WARNING_FG, 16)
        words.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
        words.addWidget(self._text, 1)
        buttons = row(gap=8)
        buttons.addWidget(self.keep)
        buttons.addWidget(self.go)
        buttons.addStretch()
        layout = column(self, gap=12)
        layout.addLayout(words)
        layout.addLayout(buttons)

    def ask(self, question: cells.Question, rest: QWidget) -> None:
        """Show a question and put the focus where nothing is lost; `rest` gets it afterwards."""
        self._rest = rest
        self._text.say(question.text)
        self.go.say(question.go)
        self.keep.say(question.keep)
        self.show()
        self.keep.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def question(self) -> str:
        """Return what is asked."""
        return self._text.text()

    def on_escape(self) -> None:
        """Keep things as they are."""
        self._on_keep()

    def _on_go(self) -> None:
        self._end(self.agreed)

    def _on_keep(self) -> None:
        self._end(self.kept)

    def _end(self, answered: SignalInstance) -> None:
        """Hand the focus back before going, then say what was answered."""
        if self._rest is not None:
            self._rest.show()
            leave(self, self._rest)
        self.hide()
        answered.emit()
