"""The form that enrols an agent: a name, and nothing that could be pasted in the wrong place."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.forms.fields import Labelled, LineField
from keyturn.gui.forms.side_pane import SidePane
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.text import Text

_LONGEST = 64


class EnrolForm(SidePane):
    """Takes a name; whether it can be one is worked out elsewhere."""

    enrol_requested = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, name="enrol_form", parent=parent)
        words = look.words
        self.name_line = LineField(
            look, words("agents.enrol_name"), name="agent_name", longest=_LONGEST
        )
        self.enrol = Button(look, Kind.PRIMARY, words("agents.enrol_go"), name="enrol_agent")
        title = Text(look, Type.TITLE)
        title.say(words("agents.enrol_title"))
        intro = Text(look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        intro.say(words("agents.enrol_intro"))
        hint = Text(look, Type.CAPTION, Token.TEXT_TERTIARY, wrap=True)
        hint.say(words("agents.enrol_hint"))
        self.top.addWidget(title, 1)
        self.head.addWidget(intro)
        self.body.addSpacing(6)
        self.body.addWidget(Labelled(look, words("agents.enrol_name"), self.name_line))
        self.body.addSpacing(4)
        self.body.addWidget(hint)
        self.body.addStretch()
        self.action_row.addWidget(self.enrol)
        self.action_row.addStretch()
        self.enrol.clicked.connect(self._on_enrol)
        self.name_line.returnPressed.connect(self._on_enrol)
        self.name_line.textEdited.connect(self._on_edited)

    def start(self, name: str = "") -> None:
        """Begin anew."""
        self.name_line.setText(name)
        self.outcome.say(None)

    def _on_edited(self) -> None:
        self.outcome.say(None)

    def _on_enrol(self) -> None:
        self.enrol_requested.emit(self.name_line.text().strip())
