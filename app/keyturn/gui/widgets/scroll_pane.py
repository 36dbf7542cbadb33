"""A page that scrolls up and down, whose trailing edge stays where it is when the bar comes."""

from typing import Final

from PySide6.QtCore import QEvent, QMargins, QObject, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from keyturn.gui.look import Look
from keyturn.gui.widgets.layouts import Margins, column

_LEAST: Final = 40
"""Height that is left to a page in the smallest window."""
_BAR: Final = 10
_LINE: Final = 40
"""So much of a page stays on screen when it is turned."""
_RING: Final = 4
"""So much is shown above and below what has the focus, for its ring."""
_COMES_AND_GOES: Final = frozenset({QEvent.Type.Show, QEvent.Type.Hide})
_PAGES: Final[dict[int, int]] = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}


class _Watch(QObject):
    """Sees what happens to the bar, and to whatever else turns the pages.

    Apart from the page, which as a filter would be asked about every event of what lies on it.
    """

    def __init__(self, page: "ScrollPane") -> None:
        super().__init__(page)
        self._page = page

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Give the bar its room, or take it back, once the bar is where it will be."""
        if isinstance(event, QKeyEvent):
            return event.type() is QEvent.Type.KeyPress and self._page.turn_page(event)
        if event.type() in _COMES_AND_GOES and watched is self._page.verticalScrollBar():
            QTimer.singleShot(0, self._page, self._page.make_room)
        return False


class ScrollPane(QScrollArea):
    """Holds one column of widgets on a surface; the scroll bar takes its room from the margin."""

    def __init__(
        self,
        surface: str,
        margins: Margins,
        parent: QWidget | None = None,
        *,
        keys_of: QWidget | None = None,
    ) -> None:
        """Pages are turned by key wherever in `keys_of` the focus is."""
        super().__init__(parent)
        self._margins = QMargins(*margins)
        inside = QWidget()
        inside.setProperty("surface", surface)
        inside.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.body: QVBoxLayout = column(inside, margins)
        self._inside = inside
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        watch = _Watch(self)
        self.verticalScrollBar().installEventFilter(watch)
        if keys_of is not None:
            keys_of.installEventFilter(watch)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.focusChanged.connect(self._on_focus_changed)

    def minimumSizeHint(self) -> QSize:
        """Return little: what is pinned below, such as buttons, is never squeezed for it."""
        least = super().minimumSizeHint()
        return QSize(least.width(), min(least.height(), _LEAST))

    def use_margins(self, margins: Margins) -> None:
        """Take other margins, as they are without the bar, the leading one first."""
        self._margins = QMargins(*margins)
        self.make_room()

    def show_line(self, widget: QWidget, y: int, margin: int = 0) -> bool:
        """Bring a line of a widget on it on screen; return whether that scrolled anything.

        `y` is px from the widget's top, `margin` how much is shown above and below.
        """
        bar = self.verticalScrollBar()
        before = bar.value()
        self.ensureVisible(0, widget.mapTo(self._inside, QPoint(0, y)).y(), 0, margin)
        return bar.value() != before

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Go on by Tab; `show_focus` scrolls, where Qt would show the middle of a tall row."""
        return QWidget.focusNextPrevChild(self, forward)

    def _on_focus_changed(self, _old: QWidget | None, new: QWidget | None) -> None:
        by_pointer = QApplication.mouseButtons() is not Qt.MouseButton.NoButton
        if new is not None and not by_pointer and self._inside.isAncestorOf(new):
            self.show_focus(new)

    def show_focus(self, widget: QWidget) -> None:
        """Bring what the keyboard has reached on screen: whole, or its top where it is tall."""
        top = widget.mapTo(self._inside, QPoint(0, 0)).y()
        end = top + widget.height()
        bar, room = self.verticalScrollBar(), self.viewport().height()
        first, last = bar.value(), bar.value() + room
        tall = end - top > room
        if tall and min(end, last) - max(top, first) >= min(_LINE, room):
            return
        if tall or top < first:
            bar.setValue(top - _RING)
        elif end > last:
            bar.setValue(end - room + _RING)

    def turn_page(self, event: QKeyEvent) -> bool:
        """Scroll by a page if that is what the key is for; return whether it is."""
        step = _PAGES.get(event.key())
        if step is None or event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return False
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + step * max(_LINE, self.viewport().height() - _LINE))
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn pages by keys that nothing on it has a use for."""
        if not self.turn_page(event):
            super().keyPressEvent(event)

    def make_room(self) -> None:
        """Give the bar the room that it has in the margin."""
        given = self._margins
        bar = _BAR if self.verticalScrollBar().isVisible() else 0
        start, end = given.left(), max(0, given.right() - bar)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            start, end = end, start
        self.body.setContentsMargins(start, given.top(), end, given.bottom())


class SnugPane(ScrollPane):
    """As tall as what is on it where there is room, and with a scroll bar where there is not."""

    def __init__(
        self,
        look: Look,
        surface: str,
        margins: Margins,
        *,
        least: int,
        parent: QWidget | None = None,
    ) -> None:
        """`least` is the height in px at 100 % below which it does not go."""
        super().__init__(surface, margins, parent)
        self._look = look
        self._least = least
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self._inside.installEventFilter(self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for another height when the width is another."""
        super().resizeEvent(event)
        self.updateGeometry()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for another height when there is more or less on it."""
        if watched is self._inside and event.type() is QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        """Return the height of all that is on it, at its width."""
        width = self._inside.minimumSizeHint().width()
        return QSize(width, self.body.heightForWidth(max(self.width(), width)))

    def minimumSizeHint(self) -> QSize:
        """Return the least height, or that of what is on it."""
        whole = self.sizeHint()
        return QSize(whole.width(), min(whole.height(), self._look.theme.tall(self._least)))


def page_around(widget: QWidget) -> ScrollPane | None:
    """Return the page that a widget scrolls with; None where there is none."""
    around = widget.parentWidget()
    while around is not None and not isinstance(around, ScrollPane):
        around = around.parentWidget()
    return around
