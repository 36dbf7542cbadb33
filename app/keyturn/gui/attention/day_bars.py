"""A line for each day of the week: its name, its questions, and a bar as long as they are many."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.text import Text
from keyturn.presentation.attention import DayLine

_THICK: Final = 8
_LONGEST: Final = 320
_GAP: Final = 16


class DayBars(QWidget):
    """Words say it all; the bars repeat it."""

    def __init__(self, look: Look, days: Sequence[DayLine], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(_GAP)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 1)
        for place, day in enumerate(days):
            name = Text(look, Type.NOTE, Token.TEXT_TERTIARY)
            name.say(day.name)
            count = Text(look, Type.NOTE)
            count.say(day.count)
            grid.addWidget(name, place, 0)
            grid.addWidget(count, place, 1, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(_Bar(look, day.share), place, 2)


class _Bar(QWidget):
    """Is `share` of the longest bar long."""

    def __init__(self, look: Look, share: float) -> None:
        super().__init__()
        self._look = look
        self._share = share

    def sizeHint(self) -> QSize:
        """Return the room that the longest one takes."""
        return QSize(_LONGEST, _THICK)

    def minimumSizeHint(self) -> QSize:
        """Return that it may be cut short: the number stands beside it."""
        return QSize(0, _THICK)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw it in the colour of what was asked."""
        length = round(self._share * min(_LONGEST, self.width()))
        top = (self.height() - _THICK) / 2
        painter = QPainter(self)
        mirror(painter, self.rect(), self.layoutDirection())
        painter.fillRect(QRectF(0, top, length, _THICK), self._look.theme.colour(Token.ACCENT))
