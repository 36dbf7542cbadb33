"""The words that go to the agent with a denial: at most 500 characters, written or from a template.

What is too long is not cut: the person shortens it.
"""

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.queue.sheet import Sheet
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.layouts import WrapLayout, fix_height
from keyturn.gui.widgets.text import Text
from keyturn.presentation.deny_message import MOST, DenyTemplate, deny_templates, is_sendable
from keyturn.presentation.marks import Icon
from keyturn.presentation.visible_text import shown_line

_FIELD: Final = 92


class DenySheet(Sheet):
    """Writes one message; sending it denies the call that was on screen when it opened."""

    sent = Signal(str)
    """The message."""
    pause_wanted = Signal()
    """The agent of that call is to be paused; the call waits on and decides nothing."""
    stays = True

    def __init__(self, look: Look, card: QWidget, head: QWidget) -> None:
        super().__init__(look, card, head, name="deny_sheet")
        words = look.words
        self.field = QPlainTextEdit()
        self.field.setObjectName("deny_message")
        self.field.setAccessibleName(words("sheets.deny_field"))
        self.field.setTabChangesFocus(True)
        fix_height(self.field, look.theme, _FIELD)
        self.field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._count = Text(look, Type.CAPTION, Token.TEXT_TERTIARY)
        self.send = Button(
            look,
            Kind.DENY,
            words("sheets.deny_send"),
            Icon.DENY_WITH_MESSAGE,
            name="deny_send",
            height=DECISION,
        )
        self.cancel = Button(
            look, Kind.PLAIN, words("sheets.cancel"), name="deny_cancel", height=DECISION
        )
        self.pause = Button(look, Kind.PLAIN, "", Icon.PAUSED, name="deny_pause", height=DECISION)
        self._templates: dict[Button, DenyTemplate] = {}
        self.title.say(words("sheets.deny_title"))
        self._fill()
        self.field.textChanged.connect(self._on_text)
        self.send.clicked.connect(self._on_send)
        self.pause.clicked.connect(self.pause_wanted)
        self.cancel.clicked.connect(self.close_sheet)

    @property
    def templates(self) -> tuple[Button, ...]:
        """Return the buttons that fill the field."""
        return tuple(self._templates)

    def begin(self, agent: str, action: str) -> None:
        """Open empty: words that were meant for another call are not kept."""
        words = self._look.words
        self.note.say(words("sheets.deny_note", agent=agent))
        send = words("sheets.deny_send")
        self.send.say(send, words("card.named", action=send, object=action))
        self.pause.say(words("burst.pause", agent=shown_line(agent, words, most=40)))
        self.field.clear()
        self._on_text()
        self.open_over(self.field)

    def _fill(self) -> None:
        words = self._look.words
        ways = QWidget()
        line = WrapLayout(ways)
        start = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY)
        start.say(words("sheets.templates"))
        fix_height(start, self._look.theme, 28)
        line.addWidget(start)
        for template in deny_templates(words):
            button = Button(self._look, Kind.PLAIN, template.short, name=template.name, height=28)
            button.setToolTip(template.text)
            button.setAccessibleName(template.text)
            button.clicked.connect(self._on_template)
            self._templates[button] = template
            line.addWidget(button)
        self.body.addWidget(self.field)
        self.body.addSpacing(4)
        self.body.addWidget(self._count)
        self.body.addSpacing(8)
        self.body.addWidget(ways)
        self.body.addStretch()
        self.add_buttons((self.cancel, self.pause), (self.send,))

    def _on_template(self) -> None:
        """Put the words in the field, where they can be changed."""
        button = self.sender()
        template = self._templates.get(button) if isinstance(button, Button) else None
        if template is not None:
            self.field.setPlainText(template.text)
            self.field.setFocus()
            cursor = self.field.textCursor()
            cursor.movePosition(cursor.MoveOperation.End)
            self.field.setTextCursor(cursor)

    def _on_text(self) -> None:
        words, text = self._look.words, self.field.toPlainText()
        long = len(text) > MOST
        key = "sheets.deny_too_long" if long else "sheets.deny_count"
        said = words(key, n=len(text), most=MOST)
        self._count.say(said)
        self._count.use_token(Token.DENY_FG if long else Token.TEXT_TERTIARY)
        ready = is_sendable(text)
        self.send.setEnabled(ready)
        self.send.use_token(None if ready else Token.TEXT_SECONDARY)
        self.send.setAccessibleDescription(said if long else "")

    def _on_send(self) -> None:
        text = self.field.toPlainText().strip()
        if is_sendable(text):
            self.sent.emit(text)
