"""The arguments of the card's call as JSON, to be changed; nothing is sent or allowed from here.

What is written is judged by the broker, and comes back as another card with the difference on top.
"""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from keyturn.gui.forms.outcome import Outcome, OutcomeLine
from keyturn.gui.look import Look
from keyturn.gui.queue.sheet import Sheet
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.layouts import fix_height, restyle
from keyturn.gui.widgets.tabs import TabRow
from keyturn.gui.widgets.text import Text
from keyturn.presentation.argument_edit import EditCheck, check_edit, edit_text
from keyturn.presentation.card import CardView
from keyturn.presentation.marks import Icon
from keyturn.presentation.visible_text import shown_line

_FIELD: Final = 212
_HEIGHT: Final = 28


class EditButton(Button):
    """Stands behind the tabs of the arguments, where these can be edited."""

    def __init__(self, look: Look, tabs: TabRow) -> None:
        super().__init__(look, Kind.GHOST, "", Icon.EDITED, name="edit_arguments", height=_HEIGHT)
        self._speak = look.words
        tabs.add_trailing(self)

    def show_card(self, card: CardView) -> None:
        """Take a card's word for it, and its call into the name that readers say."""
        text = card.actions.edit
        self.say(text, self._speak("edit.button_named", action=card.action))
        self.setVisible(bool(text))


class EditSheet(Sheet):
    """Writes the arguments of the call that was on screen when it opened."""

    send_requested = Signal(str)
    """JSON, which is another one than the card's."""
    stays = True

    def __init__(self, look: Look, card: QWidget, head: QWidget) -> None:
        super().__init__(look, card, head, name="edit_sheet")
        words = look.words
        self._shown = self._asked = "{}"
        self._over = False
        self.check = EditCheck()
        self.field = QPlainTextEdit()
        self.field.setObjectName("edit_field")
        self.field.setAccessibleName(words("edit.field"))
        self.field.setTabChangesFocus(True)
        fix_height(self.field, look.theme, _FIELD)
        self.field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._state = Text(look, Type.CAPTION, Token.TEXT_SECONDARY, wrap=True)
        self.outcome = OutcomeLine(look, name="edit_outcome")
        self.send = Button(
            look, Kind.PRIMARY, words("edit.show"), Icon.EDITED, name="edit_send", height=DECISION
        )
        self.cancel = Button(
            look, Kind.PLAIN, words("sheets.cancel"), name="edit_cancel", height=DECISION
        )
        self.undo = Button(look, Kind.PLAIN, words("edit.undo"), name="edit_undo", height=DECISION)
        self.title.say(words("edit.title"))
        self.body.addWidget(self.field)
        self.body.addSpacing(4)
        self.body.addWidget(self._state)
        self.body.addSpacing(4)
        self.body.addWidget(self.outcome)
        self.body.addStretch()
        self.add_buttons((self.cancel, self.undo), (self.send,))
        self.field.textChanged.connect(self._on_text)
        self.send.clicked.connect(self._on_send)
        self.undo.clicked.connect(self._on_undo)
        self.cancel.clicked.connect(self.close_sheet)

    def begin(self, agent: str, action: str, shown: str, asked: str) -> None:
        """Open on the card's arguments; `asked` are those of the agent, both canonical JSON."""
        words = self._look.words
        self.note.say(words("edit.note", agent=shown_line(agent, words, most=40)))
        self.send.say(words("edit.show"), words("edit.show_named", action=action))
        self._shown, self._asked, self._over = shown, asked, False
        self.undo.setVisible(shown != asked)
        self.field.setFont(self._look.theme.font(Type.VALUE))
        self.field.setPlainText(edit_text(shown))
        self._on_text()
        self.open_over(self.field)

    def end(self) -> None:
        """Take no more edits of this call, whose agent waits no more; what is written stays."""
        self._over = True
        self.say(Outcome.FAILED, self._look.words("edit.over"))
        self.send.setAccessibleDescription(self._look.words("edit.over"))

    def say(self, outcome: Outcome, sentence: str) -> None:
        """Say what became of it; the sheet stays open, and the text as it was written."""
        self.outcome.say(outcome, sentence)
        self._use(self.check.sendable and outcome is not Outcome.WAITING)
        self.settle()

    def _on_text(self) -> None:
        words, text = self._look.words, self.field.toPlainText()
        self.check = check_edit(text, self._shown, words)
        said = self.check.fault or ("" if self.check.changed else words("edit.unchanged"))
        self._state.say(said)
        self._state.use_token(Token.WARNING_FG if self.check.fault else Token.TEXT_SECONDARY)
        if not self._over:
            self.outcome.say(None)
            self.send.setAccessibleDescription(said)
        self._use(self.check.sendable)
        self.field.setAccessibleDescription(self.check.fault)

    def _use(self, sendable: bool) -> None:
        ready = sendable and not self._over
        self.send.setEnabled(ready)
        self.send.use_token(None if ready else Token.TEXT_SECONDARY)
        restyle(self.send, "state", "armed" if ready else "unarmed")

    def _on_undo(self) -> None:
        self.field.setPlainText(edit_text(self._asked))
        self.field.setFocus()

    def _on_send(self) -> None:
        if self.check.sendable and not self._over:
            self.send_requested.emit(self.field.toPlainText())
