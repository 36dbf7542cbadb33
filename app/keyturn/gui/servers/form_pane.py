"""The form that adds a server: what is typed on top, what it means exactly below."""

from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QSizePolicy, QWidget

from keyturn.gui.drafts import UNFINISHED
from keyturn.gui.look import Look
from keyturn.gui.servers.panes import DetailPane
from keyturn.gui.servers.server_pane import ArgvList
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import DECISION, NORMAL, Button, Kind
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.layouts import fix_height, restyle
from keyturn.gui.widgets.text import Text
from keyturn.presentation.server_form import ReadServer, TypedServer

_LINES: Final = 76
_NARROW_FIELD: Final = 320


class FormPane(DetailPane):
    """Holds the fields; reads nothing itself."""

    typed = Signal(object)
    """`TypedServer`, after every key."""
    add_requested = Signal(object)
    """The `ReadServer` that was shown."""
    cancelled = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, name="server_form", parent=parent)
        self.setProperty(UNFINISHED, True)
        self._read: ReadServer | None = None
        self._touched = False
        self.name = self._line("server_name", _NARROW_FIELD)
        self.command = self._line("server_command_line")
        self.variables = QPlainTextEdit()
        self.environment = self._line("server_environment", _NARROW_FIELD)
        self.older = ChoiceRow(look, look.words("servers.older"), name="server_older")
        self.argv = ArgvList(look, "server_argv")
        self.add = Button(look, Kind.PRIMARY, name="add_server", height=DECISION)
        self.cancel = Button(look, Kind.PLAIN, name="cancel_server", height=DECISION)
        self._faults = Text(look, Type.BODY, Token.DENY_FG, wrap=True)
        self._notes = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._fill()
        self._connect()

    def begin(self) -> None:
        """Start with empty fields."""
        for field in (self.name, self.command, self.environment):
            field.clear()
        self.variables.clear()
        self.older.setChecked(False)
        self._touched = False
        self._on_typed()
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_read(self, read: ReadServer) -> None:
        """Show what the fields mean; faults are held back until something is typed."""
        self._read = read
        self.argv.show_argv(read.argv, read.url)
        self.older.setVisible(bool(read.url))
        self._faults.say("\n".join(read.faults) if self._touched else "")
        self._notes.say("\n".join(read.notes))
        self._notes.setVisible(bool(read.notes))
        ready = not read.faults
        self.add.setEnabled(ready)
        self.add.use_token(None if ready else Token.TEXT_SECONDARY)
        restyle(self.add, "state", "armed" if ready else "unarmed")
        self.add.setAccessibleDescription("\n".join(read.faults))

    def _line(self, name: str, width: int = 0) -> QLineEdit:
        field = QLineEdit()
        field.setObjectName(name)
        fix_height(field, self._look.theme, NORMAL)
        if width:
            field.setFixedWidth(width)
        return field

    def _fill(self) -> None:
        words = self._look.words
        self.headline.show_head(words("servers.form_title"), "", "")
        note = Text(self._look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        note.say(words("servers.form_note"))
        self.body.addWidget(note)
        self.variables.setObjectName("server_variables")
        fix_height(self.variables, self._look.theme, _LINES)
        self.variables.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.variables.setTabChangesFocus(True)
        for field, key, note in (
            (self.name, "servers.field_name", "servers.field_name_note"),
            (self.command, "servers.field_command", "servers.field_command_note"),
            (self.variables, "servers.field_variables", "servers.field_variables_note"),
            (self.environment, "servers.field_environment", "servers.field_environment_note"),
        ):
            self._add_field(field, words(key), words(note))
            if field is self.command:
                self.body.addWidget(self.argv)
                self.body.addWidget(self._notes)
                self.body.addWidget(self.older)
        self.body.addSpacing(12)
        self.body.addWidget(self._faults)
        self.body.addStretch()
        self.footing.say(words("servers.form_footing"))
        self.cancel.say(words("servers.cancel"))
        self.add.say(words("servers.add"))
        self.add_buttons((self.cancel,), (self.add,))

    def _add_field(self, field: QWidget, label: str, note: str) -> None:
        field.setAccessibleName(label)
        field.setAccessibleDescription(note)
        title = Text(self._look, Type.LABEL, Token.TEXT_PRIMARY, wrap=True)
        title.say(label)
        below = Text(self._look, Type.CAPTION, Token.TEXT_TERTIARY, wrap=True)
        below.say(note)
        self.body.addSpacing(16)
        self.body.addWidget(title)
        self.body.addSpacing(4)
        self.body.addWidget(field)
        self.body.addSpacing(4)
        self.body.addWidget(below)

    def _connect(self) -> None:
        for field in (self.name, self.command, self.environment):
            field.textEdited.connect(self._on_touched)
        self.variables.textChanged.connect(self._on_touched)
        self.older.toggled.connect(self._on_touched)
        self.add.clicked.connect(self._on_add)
        self.cancel.clicked.connect(self.cancelled)

    def _on_touched(self) -> None:
        self._touched = True
        self._on_typed()

    def _on_typed(self) -> None:
        self.typed.emit(
            TypedServer(
                name=self.name.text(),
                command=self.command.text(),
                variables=self.variables.toPlainText(),
                older=self.older.isChecked(),
                environment=self.environment.text(),
            )
        )

    def _on_add(self) -> None:
        if self._read is not None and not self._read.faults:
            self.add_requested.emit(self._read)
