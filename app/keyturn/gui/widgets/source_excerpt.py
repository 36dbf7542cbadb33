"""The place in an earlier result that an argument was found in, quoted with its neighbours."""

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.text_runs import value_runs
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import EDGE, column, least_height, row
from keyturn.gui.widgets.text import Align, Text, ValueText
from keyturn.presentation.card import ExcerptLine, SourceExcerpt
from keyturn.presentation.marks import Icon

_HEADER: Final = 32 + EDGE
_BAR: Final = 3


class ExcerptBox(QFrame):
    """A header that names the source, and its lines with the traced stretches marked."""

    source_requested = Signal(str)

    def __init__(self, look: Look, excerpt: SourceExcerpt, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._excerpt = excerpt
        self.setObjectName("source_excerpt")
        layout = column(self, (_BAR, 0, EDGE, 0))
        self._top = self._header()
        layout.addWidget(self._top)
        layout.addWidget(self._body())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the box: raised header, edge, and the bar at the leading side."""
        theme = self._look.theme
        painter = QPainter(self)
        mirror(painter, self.rect(), self.layoutDirection())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7.5, 7.5)
        painter.setClipPath(outline)
        header = QRectF(0, 0, self.width(), self._top.height())
        painter.fillRect(header, theme.colour(Token.SURFACE_RAISED))
        painter.setPen(QPen(theme.colour(Token.BORDER_SUBTLE), 1))
        line = header.bottom() + 0.5
        painter.drawLine(QPointF(0, line), QPointF(self.width(), line))
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(outline)
        painter.setClipPath(outline)
        painter.fillRect(QRectF(0, 0, _BAR, self.height()), theme.colour(Token.TRACE_FG))

    def _header(self) -> QWidget:
        header = QWidget()
        least_height(header, self._look.theme, _HEADER)
        title = Text(self._look, Type.LABEL, wrap=True)
        title.say(self._excerpt.title)
        place = Text(self._look, Type.NOTE, Token.TEXT_TERTIARY, wrap=True)
        place.say(self._excerpt.place)
        layout = row(header, (12, 0, 12, 0))
        claimed = self._excerpt.claimed
        icon = Icon.CLAIMED if claimed else Icon.TRACED
        token = Token.TEXT_SECONDARY if claimed else Token.TRACE_FG
        layout.addWidget(IconLabel(self._look, icon, token, 16))
        layout.addSpacing(8)
        layout.addWidget(title)
        layout.addSpacing(8)
        layout.addWidget(place)
        layout.addStretch()
        if self._excerpt.opens:
            layout.addWidget(self._open_button())
        return header

    def _open_button(self) -> Button:
        words = self._look.words
        button = Button(self._look, Kind.LINK, name="open_source", height=24)
        button.say(words("card.open_source"), f"{words('card.open_source')}: {self._excerpt.title}")
        button.use_icon(Icon.OPEN_SOURCE, size=14, trailing=True)
        # Reached from the argument tree by Enter, and by the arrow keys past its last row.
        button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        button.clicked.connect(self._on_open)
        return button

    def _body(self) -> QWidget:
        body = QWidget()
        grid = QGridLayout(body)
        grid.setContentsMargins(12, 8, 12, 8)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(0)
        grid.setColumnStretch(1, 1)
        for place, line in enumerate(self._excerpt.lines):
            number = Text(self._look, Type.VALUE, Token.TEXT_TERTIARY, align=Align.AlignRight)
            number.say(str(line.number))
            grid.addWidget(number, place, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(self._line(line), place, 1)
        return body

    def _line(self, line: ExcerptLine) -> ValueText:
        token = Token.TEXT_TERTIARY if line.around else Token.TEXT_PRIMARY
        text = ValueText(self._look, Type.VALUE, token)
        text.say_runs(value_runs(line.text, line.spans, self._look.words), line.text)
        return text

    def _on_open(self) -> None:
        self.source_requested.emit(self._excerpt.opens)
