"""Where the pages stand, and over them the line that takes a PIN.

The line lies over the page, below its head: what a person works in must not move under them, and
title and search stay in sight. Where something is decided it takes a place of its own instead, so
that no headline is covered while Allow can be pressed.
"""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QStackedWidget, QWidget

from keyturn.gui.pin_bar import PinBar
from keyturn.gui.widgets.layouts import column


class PagePlace(QWidget):
    """The stack of pages with the bar at its top."""

    def __init__(self, bar: PinBar, pages: QStackedWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bar = bar
        self._covered = True
        self._head: QWidget | None = None
        bar.setParent(self)
        self._layout = column(self)
        self._layout.addWidget(pages)
        bar.installEventFilter(self)

    def let_cover(self, covered: bool, head: QWidget | None = None) -> None:
        """Say whether the bar may cover the page that is shown, but for its head."""
        self._covered = covered
        self._head = head
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the bar as wide as the page."""
        super().resizeEvent(event)
        self._arrange()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow what the bar says: it grows by a line when a PIN was wrong."""
        if event.type() in {QEvent.Type.LayoutRequest, QEvent.Type.Show, QEvent.Type.Hide}:
            self._arrange()
        return super().eventFilter(watched, event)

    def _arrange(self) -> None:
        bar = self._bar
        shown = not bar.isHidden()
        height = max(bar.heightForWidth(self.width()), bar.minimumSizeHint().height())
        if shown:
            head = self._head
            below = head.height() if self._covered and head is not None and head.isVisible() else 0
            below = min(below, max(0, self.height() - height))
            bar.setGeometry(0, below, self.width(), height)
            bar.raise_()
        self._layout.setContentsMargins(0, 0 if self._covered or not shown else height, 0, 0)
