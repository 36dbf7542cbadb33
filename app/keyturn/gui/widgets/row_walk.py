"""Walks over tall rows by key: nothing of a row passes by that was not on screen.

A view of rows may stand in a page that scrolls as well; the page is scrolled first, then the view.
"""

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QTableView

from keyturn.gui.widgets.scroll_pane import ScrollPane, page_around


class RowWalk:
    """Takes the keys of one view."""

    def __init__(self, view: QTableView, line: Callable[[], int]) -> None:
        """`line` returns the height of one line in px."""
        self._view = view
        self._line = line

    def take(self, event: QKeyEvent) -> bool:
        """Do what a key is for; return whether it was for this."""
        hidden = self._band().isEmpty()
        match event.key():
            case Qt.Key.Key_Down | Qt.Key.Key_Up if hidden:
                # Its page was turned away from it: the first step brings it back.
                self.bring_current()
            case Qt.Key.Key_PageDown | Qt.Key.Key_PageUp if hidden:
                event.ignore()
            case Qt.Key.Key_Down if self.goes_on(1):
                self._scroll_by(self._line())
            case Qt.Key.Key_Up if self.goes_on(-1):
                self._scroll_by(-self._line())
            case Qt.Key.Key_PageDown:
                event.setAccepted(self._scroll_by(self._page()))
            case Qt.Key.Key_PageUp:
                event.setAccepted(self._scroll_by(-self._page()))
            case _:
                return False
        return True

    def goes_on(self, step: int) -> bool:
        """Tell whether the current row goes on below (1) or above (-1) what is on screen."""
        current = self._view.currentIndex()
        if not current.isValid():
            return False
        band = self._band()
        top = self._view.rowViewportPosition(current.row())
        if step < 0:
            return top < band.top()
        return top + self._view.rowHeight(current.row()) > band.bottom() + 1

    def bring_current(self) -> None:
        """Let the page around show the row that was gone to, its first line at least."""
        page = page_around(self._view)
        if page is not None:
            top = self._view.rowViewportPosition(max(0, self._view.currentIndex().row()))
            line = self._line()
            page.show_line(self._view.viewport(), top + line // 2, line)

    def _band(self) -> QRect:
        """Return what of the rows' place is on screen: the page around it scrolls as well."""
        return self._view.viewport().visibleRegion().boundingRect()

    def _page(self) -> int:
        """Return how far a page goes: a line of it stays."""
        return max(self._line(), self._band().height() - self._line())

    def _scroll_by(self, step: int) -> bool:
        """Scroll by `step` px, first the page around, so that nothing passes by unseen.

        Returns whether anything moved.
        """
        band, page, bar = self._band(), page_around(self._view), self._view.verticalScrollBar()
        end = bar.minimum() if step < 0 else bar.maximum()
        if page is not None and bar.value() != end and self._bring(page, step):
            return True
        height = self._view.viewport().height()
        hidden, by = band.top() if step < 0 else height - 1 - band.bottom(), step
        if page is not None and hidden > 0:
            bar, by = page.verticalScrollBar(), max(-hidden, min(step, hidden))
        before = bar.value()
        bar.setValue(before + by)
        return bar.value() != before

    def _bring(self, page: ScrollPane, step: int) -> bool:
        """Have the page show all of the rows' place, where it can, before they scroll in it."""
        height = self._view.viewport().height()
        if self._band().height() >= height or page.viewport().height() < height:
            return False
        return page.show_line(self._view.viewport(), height - 1 if step < 0 else 0)
