"""Whether calls are confirmed with the PIN or with the system's dialog, under the PIN's uses."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.application.pin_messages import PinState
from keyturn.domain.presence import Readiness
from keyturn.gui.forms.side_pane import ValueBox
from keyturn.gui.look import Look
from keyturn.gui.settings.rows import ChoiceGroup
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.layouts import column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.settings import Choice

_PIN: Final = "pin"
_SYSTEM: Final = "system"
_SAID: Final[Mapping[str, str]] = {
    Readiness.READY.value: "settings.dialog_ready",
    Readiness.NO_AUTHORITY.value: "settings.dialog_no_authority",
    Readiness.NO_ACTION.value: "settings.dialog_no_action",
    Readiness.NOT_OWNER.value: "settings.dialog_not_owner",
    Readiness.ASKS_NOBODY.value: "settings.dialog_asks_nobody",
    Readiness.KEEPS.value: "settings.dialog_keeps",
    Readiness.REFUSES.value: "settings.dialog_refuses",
}


class DialogChoice(QFrame):
    """The choice where this system would ask a person; else one line that says what to mend."""

    chosen = Signal()
    copied = Signal()
    """The command is where a person can paste it from."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        words = look.words
        self._look, self._words = look, words
        self._in_force: bool = False
        self.chooses: bool = False
        self._title = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        self._title.say(words("settings.dialog"))
        self.group = ChoiceGroup(look, name="pin_dialog")
        self.said = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        line = row()
        line.addWidget(self.group)
        line.addStretch()
        self.command: ValueBox | None = None
        """What an administrator has to do first, made once there is something."""
        layout = column(self, gap=4)
        layout.addWidget(self._title)
        layout.addLayout(line)
        layout.addWidget(self.said)
        self._layout = layout
        self.group.chosen.connect(self._on_chosen)
        self.show_state(PinState(is_set=False, use=""))

    @property
    def is_unsaved(self) -> bool:
        """Tell whether another way is marked than the one in force."""
        return self.chooses is not self._in_force

    def show_state(self, state: PinState) -> None:
        """Show what is in force, and whether there is anything to choose."""
        if state.dialog is not self._in_force:
            self._in_force = self.chooses = state.dialog
        can = state.ready == Readiness.READY.value
        offered = can or state.dialog
        if not offered:
            self.chooses = self._in_force
        self._title.setVisible(offered)
        self.group.setVisible(offered)
        key = _SAID.get(state.ready)
        self.said.say(self._words(key) if key is not None else "")
        # Where there is nothing of the kind there is nothing to mend.
        self.setVisible(offered or state.ready not in {"", Readiness.NO_AUTHORITY.value})
        self._show_command(state.mends)
        self._mark()

    def put_back(self) -> None:
        """Mark what is in force."""
        self.chooses = self._in_force
        self._mark()

    def _show_command(self, command: str) -> None:
        if command and self.command is None:
            label = self._words("settings.dialog_install")
            self.command = ValueBox(self._look, command, label=label, name="dialog_command")
            self.command.copied.connect(self._on_copied)
            self._layout.addWidget(self.command)
        if self.command is not None:
            self.command.setVisible(bool(command))

    def _mark(self) -> None:
        words = self._words
        choices = (
            Choice(value=_PIN, text=words("settings.dialog_pin")),
            Choice(value=_SYSTEM, text=words("settings.dialog_system")),
        )
        chosen = _SYSTEM if self.chooses else _PIN
        self.group.show_choices(choices, chosen, words("settings.dialog"))

    def _on_copied(self, command: str) -> None:
        QGuiApplication.clipboard().setText(command)
        self.copied.emit()

    def _on_chosen(self, value: str) -> None:
        self.chooses = value == _SYSTEM
        self._mark()
        self.chosen.emit()
