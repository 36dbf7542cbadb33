"""A page that scrolls up and down, whose trailing edge stays where it is when the bar comes."""

from typing import Final

from PySide6.QtCore import QEvent, QMargins, QObject, Qt, QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from keyturn.gui.widgets.layouts import Margins, column

_BAR: Final = 10


class ScrollPane(QScrollArea):
    """Holds one column of widgets on a surface; the scroll bar takes its room from the margin."""

    def __init__(self, surface: str, margins: Margins, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._margins = QMargins(*margins)
        inside = QWidget()
        inside.setProperty("surface", surface)
        inside.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.body: QVBoxLayout = column(inside, margins)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().installEventFilter(self)

    def use_margins(self, margins: Margins) -> None:
        """Take other margins, as they are without the bar."""
        self._margins = QMargins(*margins)
        self._make_room()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give the bar its room, or take it back, once the bar is where it will be."""
        if event.type() in {QEvent.Type.Show, QEvent.Type.Hide}:
            QTimer.singleShot(0, self, self._make_room)
        return super().eventFilter(watched, event)

    def _make_room(self) -> None:
        margins = QMargins(self._margins)
        if self.verticalScrollBar().isVisible():
            margins.setRight(max(0, margins.right() - _BAR))
        self.body.setContentsMargins(margins)
