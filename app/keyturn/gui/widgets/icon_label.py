"""A picture beside words, as a widget that layouts can place."""

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token
from keyturn.presentation.marks import Icon


class IconLabel(QWidget):
    """A picture that repeats what the words beside it say; readers pass it by."""

    def __init__(
        self, look: Look, icon: Icon, token: Token, size: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._icon = icon
        self._token = token
        self._size = size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def use(self, icon: Icon, token: Token) -> None:
        """Show another picture or colour."""
        self._icon, self._token = icon, token
        self.update()

    def sizeHint(self) -> QSize:
        """Return the picture's size."""
        return QSize(self._size, self._size)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the picture."""
        painter = QPainter(self)
        square = QRectF(0, 0, self._size, self._size)
        self._look.icons.paint(painter, square, self._icon, self._look.theme.colour(self._token))
