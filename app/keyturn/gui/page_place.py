"""Where the pages stand, and over them the line that takes a PIN.

The line lies over the page: what a person works in must not move under them. Where something is
decided it takes a place of its own instead, so that no headline is covered while Allow can be
pressed.
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
        bar.setParent(self)
        self._layout = column(self)
        self._layout.addWidget(pages)
        bar.installEventFilter(self)

    def let_cover(self, covered: bool) -> None:
        """Say whether the bar may cover the top of the page that is shown."""
        self._covered = covered
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
            bar.setGeometry(0, 0, self.width(), height)
            bar.raise_()
        self._layout.setContentsMargins(0, 0 if self._covered or not shown else height, 0, 0)
