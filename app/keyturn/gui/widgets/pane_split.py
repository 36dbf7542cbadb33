"""The line between two panes that a person moves, by pointer or by arrow keys.

It lies over both and takes no room: nothing stands elsewhere for it. The page that it is on asks it
how wide the one pane is to be, whenever it arranges itself.
"""

from typing import Final

from PySide6.QtCore import QEvent, QObject, QRect, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token

GRIP: Final = 12
"""How wide it can be taken hold of, in px; all but 2 of it lie over the padding behind the line."""
_BEFORE: Final = 2
_STEP: Final = 16
_LINE: Final = 2


class PaneSplit(QAbstractSlider):
    """Knows how wide a person wants the pane; 0 leaves that to the page."""

    moved = Signal()
    """By a person; the page arranges itself anew."""

    def __init__(
        self,
        look: Look,
        page: QWidget,
        *,
        name: str,
        spoken: str,
        leading: bool,
    ) -> None:
        """`leading`: the pane that it makes wider is before the line, as a list is."""
        super().__init__(page)
        self._look = look
        self._leading = leading
        self._pane: QWidget | None = None
        self._usual = 0
        self._grip: tuple[float, int] | None = None
        """Where the pointer took hold, and how wide the pane was."""
        self.wanted = 0
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setSingleStep(_STEP)
        self.valueChanged.connect(self._on_value)
        self.hide()

    def width_of(self, pane: QWidget, *, usual: int, least: int, most: int) -> int:
        """Return how wide the pane is to be, in px; from now on the line follows its edge."""
        if pane is not self._pane:
            if self._pane is not None:
                self._pane.removeEventFilter(self)
            self._pane = pane
            pane.installEventFilter(self)
        self._usual = usual
        low = min(least, usual)
        high = max(most, low)
        width = min(high, max(low, self.wanted or usual))
        self.blockSignals(True)
        self.setRange(low, high)
        self.setValue(width)
        self.blockSignals(False)
        self.setVisible(high > low)
        self._follow()
        return width

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the edge of the pane."""
        if watched is self._pane and event.type() in {QEvent.Type.Move, QEvent.Type.Resize}:
            self._follow()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by arrow keys the way they point; Home goes back to the usual width."""
        steps = {Qt.Key.Key_Left: -_STEP, Qt.Key.Key_Right: _STEP}
        if event.key() == Qt.Key.Key_Home:
            self._want(0)
        elif event.key() in steps:
            self._want(self.value() + self._grows(steps[Qt.Key(event.key())]))
        else:
            event.ignore()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of it."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._grip = (event.globalPosition().x(), self.value())
            self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Have the edge go with the pointer."""
        if self._grip is not None:
            start, width = self._grip
            self._want(width + self._grows(round(event.globalPosition().x() - start)))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let it go."""
        self._grip = None
        self.update()

    def mouseDoubleClickEvent(self, _event: QMouseEvent) -> None:
        """Go back to the usual width."""
        self._want(0)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to what lies below."""
        event.ignore()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Show the line."""
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        """Hide it."""
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the line while it can be moved; the one between panes is theirs."""
        if not (self.underMouse() or self._grip is not None or self.hasFocus()):
            return
        left = GRIP - _BEFORE - 1 if self._mirrored else _BEFORE - 1
        painter = QPainter(self)
        token = Token.ACCENT if self._grip is not None or self.hasFocus() else Token.BORDER_CONTROL
        painter.fillRect(QRect(left, 0, _LINE, self.height()), self._look.theme.colour(token))

    @property
    def _mirrored(self) -> bool:
        return self.layoutDirection() is Qt.LayoutDirection.RightToLeft

    def _grows(self, right: int) -> int:
        """Return by how much the pane grows when its edge goes so far to the right."""
        return right if self._leading is not self._mirrored else -right

    def _want(self, width: int) -> None:
        before = self.wanted
        self.wanted = min(self.maximum(), max(self.minimum(), width)) if width else 0
        if self.wanted != before:
            self.moved.emit()

    def _on_value(self, value: int) -> None:
        """Take a width that a screen reader asks for."""
        self._want(value)

    def _follow(self) -> None:
        pane, page = self._pane, self.parentWidget()
        if pane is None or page is None or not pane.parentWidget():
            return
        corner = pane.mapTo(page, pane.rect().topLeft())
        at_right = self._leading is not self._mirrored
        edge = corner.x() + pane.width() if at_right else corner.x()
        left = edge - GRIP + _BEFORE if self._mirrored else edge - _BEFORE
        self.setGeometry(left, corner.y(), GRIP, pane.height())
        self.raise_()
