"""Hold to resume: a second of pressing, or the typed word; a click does nothing.

Letting go early empties it. Keys do not hold: a repeating key must not loosen a stop, so who has
no pointer types the word (console.md section 3.5).
"""

from typing import Final

from PySide6.QtCore import QElapsedTimer, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import phrase
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.layouts import fix_height

HOLD_MS: Final = 1000
_HEIGHT: Final = 48
_FRAME_MS: Final = 33
_STEPS: Final = 3
"""With reduced motion the fill takes so many steps."""


class HoldButton(QAbstractButton):
    """Fills from the leading edge while pressed; its words are painted twice, on both fills."""

    held = Signal()
    """It was pressed for the whole second."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._words = ""
        self._share = 0.0
        self._clock = QElapsedTimer()
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._on_tick)
        self.setObjectName("hold_to_resume")
        fix_height(self, look.theme, _HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def say(self, text: str) -> None:
        """Show words; readers are told how it is pressed."""
        self._words = text
        self.setAccessibleName(text)
        self.setAccessibleDescription(self._look.words("stopped.hold_hint"))
        self.update()

    def show_share(self, share: float) -> None:
        """Show how much of the second has passed."""
        self._share = min(1.0, max(0.0, share))
        self.update()

    def sizeHint(self) -> QSize:
        """Return the least width that holds the words."""
        return QSize(round(self._flow().used_width) + 48, self._look.theme.tall(_HEIGHT))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to fill, unless a program made the press up."""
        if event.spontaneous() and event.button() is Qt.MouseButton.LeftButton:
            self._clock.start()
            self._timer.start()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Empty when the pointer leaves."""
        if not self.rect().contains(event.position().toPoint()):
            self._empty()

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Empty when let go too early."""
        self._empty()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw fill, edge, and the words on both sides of the fill's edge."""
        theme = self._look.theme
        painter = QPainter(self)
        mirror(painter, self.rect(), self.layoutDirection())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.fillPath(outline, theme.colour(Token.SURFACE_PANEL))
        filled = QRectF(0, 0, self.width() * self._shown_share(), self.height())
        painter.save()
        painter.setClipPath(outline)
        painter.fillRect(filled, theme.colour(Token.ACCENT_SOLID))
        painter.restore()
        painter.setPen(QPen(theme.colour(Token.BORDER_CONTROL), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(outline)
        rest = QRectF(filled.right(), 0, self.width() - filled.width(), self.height())
        self._paint_words(painter, rest, Token.TEXT_PRIMARY)
        self._paint_words(painter, filled, Token.ACCENT_ON)

    def _paint_words(self, painter: QPainter, part: QRectF, token: Token) -> None:
        flow = self._flow()
        at = QPointF((self.width() - flow.used_width) / 2, (self.height() - flow.height) // 2)
        painter.save()
        painter.setClipRect(part)
        flow.paint(painter, at, self._look.theme.colour(token))
        painter.restore()

    def _shown_share(self) -> float:
        if self._look.theme.reduced_motion:
            return int(self._share * _STEPS) / _STEPS
        return self._share

    def _flow(self) -> TextFlow:
        return TextFlow([phrase(self._words)], Type.BODY_STRONG, self._look.theme).lay_out()

    def _on_tick(self) -> None:
        self.show_share(self._clock.elapsed() / HOLD_MS)
        if self._share >= 1.0:
            self._empty()
            self.held.emit()

    def _empty(self) -> None:
        self._timer.stop()
        self.show_share(0.0)
