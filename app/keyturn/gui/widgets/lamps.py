"""The three lamps of a session as one strip: a letter in a box, its words, what lit it."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import phrase
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.layouts import WrapLayout, clear
from keyturn.presentation.card import Lamp

_BOX = 20
_GAP = 8


class LampLabel(QLabel):
    """One lamp; lit or dark is said by its fill, its words' weight and its accessible name."""

    pressed = Signal(str)

    def __init__(self, look: Look, lamp: Lamp, *, short: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._lamp = lamp
        self._words = lamp.short_words if short else lamp.words
        self._where = "" if short else lamp.where
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(f"{lamp.letter} {self._words}")
        key = "card.lamp_lit" if lamp.lit else "card.lamp_dark"
        self.setAccessibleName(look.words(key, words=lamp.words, where=lamp.where))
        self.setObjectName(f"lamp_{lamp.letter}")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        if lamp.opens is not None:
            self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """Return the size of box and words."""
        words = self._words_flow().used_width
        where = self._where_flow().used_width + _GAP if self._where else 0
        return QSize(round(_BOX + _GAP + words + where), self._look.theme.tall(24))

    def minimumSizeHint(self) -> QSize:
        """Return the same: a lamp is never cut."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the letter on its fill when lit, in a hollow box when dark."""
        theme = self._look.theme
        painter = QPainter(self)
        mirror(painter, self.rect(), self.layoutDirection())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(0, (self.height() - _BOX) // 2, _BOX, _BOX)
        if self._lamp.lit:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(Token.WARNING_FG))
            painter.drawRoundedRect(box, 4, 4)
        else:
            painter.setPen(QPen(theme.colour(Token.BORDER_CONTROL), 1))
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        letter_token = Token.SURFACE_PANEL if self._lamp.lit else Token.TEXT_TERTIARY
        letter = TextFlow([phrase(self._lamp.letter)], Type.LABEL_STRONG, theme).lay_out(_BOX)
        corner = QPointF(box.left(), box.top() + (_BOX - letter.height) // 2)
        letter.paint(
            painter, corner, theme.colour(letter_token), align=Qt.AlignmentFlag.AlignHCenter
        )
        flow = self._words_flow()
        words_token = Token.TEXT_PRIMARY if self._lamp.lit else Token.TEXT_TERTIARY
        at = QPointF(_BOX + _GAP, (self.height() - flow.height) // 2)
        flow.paint(painter, at, theme.colour(words_token))
        where = self._where_flow()
        beside = QPointF(at.x() + flow.used_width + _GAP, at.y())
        where.paint(painter, beside, theme.colour(Token.TEXT_TERTIARY))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the call that lit the lamp."""
        if self._lamp.opens is not None and self.rect().contains(event.position().toPoint()):
            self.pressed.emit(self._lamp.opens)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the call that lit the lamp."""
        opening = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}
        if opening and self._lamp.opens is not None:
            self.pressed.emit(self._lamp.opens)
        else:
            super().keyPressEvent(event)

    def _words_flow(self) -> TextFlow:
        return TextFlow([phrase(self._words)], Type.LABEL, self._look.theme).lay_out()

    def _where_flow(self) -> TextFlow:
        return TextFlow([phrase(self._where)], Type.LABEL, self._look.theme).lay_out()


class LampStrip(QWidget):
    """All three lamps, lit or dark."""

    pressed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._lamps: tuple[Lamp, ...] = ()
        self._short = False
        self._layout = WrapLayout(self, gap=16)

    def show_lamps(self, lamps: Sequence[Lamp]) -> None:
        """Show `lamps`; the same ones again change nothing."""
        if tuple(lamps) != self._lamps:
            self._lamps = tuple(lamps)
            self._fill()

    def use_short_words(self, short: bool) -> None:
        """Leave out what lit them, for narrow windows."""
        if short is not self._short:
            self._short = short
            self._fill()

    def _fill(self) -> None:
        clear(self._layout)
        for lamp in self._lamps:
            label = LampLabel(self._look, lamp, short=self._short, parent=self)
            label.pressed.connect(self.pressed)
            self._layout.addWidget(label)
            label.show()
        self.setVisible(bool(self._lamps))
        self.updateGeometry()
