"""What the commands among a call's arguments do: a line of plain words for each, never elided."""

from collections.abc import Sequence

from PySide6.QtWidgets import QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import clear, column, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.card import CommandLine
from keyturn.presentation.marks import Role

_ICON = 16
_GAP = 8


class CommandLines(QWidget):
    """The lines under their title, one below the other; hidden where there are none."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._shown: tuple[CommandLine, ...] = ()
        layout = column(self, margins=(0, 0, 0, 8), gap=4)
        self._title = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        layout.addWidget(self._title)
        self._lines = column(gap=4)
        layout.addLayout(self._lines)
        self.setObjectName("command_lines")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.setVisible(False)

    def show_lines(self, lines: Sequence[CommandLine], *, definition: bool = False) -> None:
        """Show these lines, of a call's arguments or of a tool's `definition`."""
        words = self._look.words
        title = words("commands.title_definition" if definition else "commands.title")
        self._title.say(title)
        self.setAccessibleName(title)
        if tuple(lines) == self._shown:
            return
        self._shown = tuple(lines)
        clear(self._lines)
        for line in self._shown:
            self._lines.addWidget(self._line(line))
        self.setVisible(bool(self._shown))

    def _line(self, line: CommandLine) -> QWidget:
        warns = line.role is Role.WARNING
        token = Token.WARNING_FG if warns else Token.TEXT_SECONDARY
        box = QWidget(self)
        beside = row(box, gap=_GAP)
        beside.addWidget(IconLabel(self._look, line.icon, token, _ICON))
        text = Text(self._look, Type.BODY, Token.TEXT_PRIMARY, wrap=True)
        text.say(line.text)
        text.setAccessibleName(line.text)
        text.setObjectName("command_line")
        beside.addWidget(text, 1)
        return box
