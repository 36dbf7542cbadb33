"""The form that enrols an agent: a name, and what it sees at first, the least chosen."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from keyturn.gui.drafts import UNFINISHED
from keyturn.gui.forms.fields import Labelled, LineField
from keyturn.gui.forms.side_pane import SidePane
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.choices import ChoiceRow, SoleChoice, radio_rows
from keyturn.gui.widgets.layouts import clear, column
from keyturn.gui.widgets.text import Text
from keyturn.presentation.first_sight import FirstSight

_LONGEST = 64


class EnrolForm(SidePane):
    """Takes a name; whether it can be one is worked out elsewhere."""

    enrol_requested = Signal(str, object)
    """A name, and the `Rows` that it sees."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, name="enrol_form", parent=parent)
        self.setProperty(UNFINISHED, True)
        words = look.words
        self.name_line = LineField(
            look, words("agents.enrol_name"), name="agent_name", longest=_LONGEST
        )
        self.enrol = Button(look, Kind.PRIMARY, words("agents.enrol_go"), name="enrol_agent")
        self.choices: list[ChoiceRow | SoleChoice] = []
        self._sights: tuple[FirstSight, ...] = ()
        self._choices = column()
        title = Text(look, Type.TITLE)
        title.say(words("agents.enrol_title"))
        intro = Text(look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        intro.say(words("agents.enrol_intro"))
        hint = Text(look, Type.CAPTION, Token.TEXT_TERTIARY, wrap=True)
        hint.say(words("agents.enrol_hint"))
        self.top.addWidget(title, 1)
        self.head.addWidget(intro)
        self.body.addSpacing(8)
        self.body.addWidget(Labelled(look, words("agents.enrol_name"), self.name_line))
        self.body.addSpacing(4)
        self.body.addWidget(hint)
        self.add_title(words("agents.first_sight"))
        self.body.addLayout(self._choices)
        seen = Text(look, Type.CAPTION, Token.TEXT_TERTIARY, wrap=True)
        seen.say(words("agents.first_hint"))
        self.body.addSpacing(4)
        self.body.addWidget(seen)
        self.body.addStretch()
        self.action_row.addWidget(self.enrol)
        self.enrol.clicked.connect(self._on_enrol)
        self.name_line.returnPressed.connect(self._on_enrol)
        self.name_line.textEdited.connect(self._on_edited)

    def start(self, sights: tuple[FirstSight, ...], name: str = "") -> None:
        """Begin anew, with the first choice of what it sees."""
        self.name_line.setText(name)
        self._show_choices(sights)
        self.outcome.say(None)

    def offer(self, sights: tuple[FirstSight, ...]) -> None:
        """Offer what there is to choose by now: of several, what was chosen stays chosen.

        An only one was nobody's choice: the least of several takes its place.
        """
        if sights == self._sights:
            return
        chosen = [s.title for s, c in zip(self._sights, self.choices, strict=True) if c.isChecked()]
        several = len(self.choices) > 1
        self._show_choices(sights)
        for said, choice in zip(sights, self.choices, strict=True):
            if several and said.title in chosen and isinstance(choice, ChoiceRow):
                choice.setChecked(True)

    def _show_choices(self, sights: tuple[FirstSight, ...]) -> None:
        self._sights = sights
        clear(self._choices)
        texts = [(said.title, said.note) for said in sights]
        self.choices = radio_rows(self.look, texts, "first_sight")
        # Radio buttons exclude each other within one parent, also those that are on their way out.
        place = QWidget()
        rows = column(place)
        for choice in self.choices:
            rows.addWidget(choice)
        self._choices.addWidget(place)

    def _on_edited(self) -> None:
        self.outcome.say(None)

    def _on_enrol(self) -> None:
        chosen = (s.rows for s, c in zip(self._sights, self.choices, strict=True) if c.isChecked())
        self.enrol_requested.emit(self.name_line.text().strip(), next(chosen))
