"""Layouts and bare panes: wrapping rows, dividers, surfaces; nothing here has words."""

from typing import Final, TypeVar

from PySide6.QtCore import QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QLayout,
    QLayoutItem,
    QSizePolicy,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from keyturn.gui.theme import Theme

_Box = TypeVar("_Box", bound=QBoxLayout)

Margins = tuple[int, int, int, int]
NONE: Final[Margins] = (0, 0, 0, 0)
EDGE: Final = 1
"""Width of a line that a widget draws within itself, where a margin makes up for it."""


class WrapLayout(QLayout):
    """Puts widgets side by side and goes on in the next line when there is no more room."""

    def __init__(self, parent: QWidget | None = None, *, gap: int = 8, line_gap: int = 8) -> None:
        super().__init__(parent)
        self.setContentsMargins(*NONE)
        self._gap = gap
        self._line_gap = line_gap
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:
        """Append an item."""
        self._items.append(item)

    def count(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return an item."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove and return an item."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Return that it takes no more room than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return that narrower is taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all lines."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Place the items."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        sizes = [item.sizeHint() for item in self._shown()]
        width = sum(size.width() for size in sizes) + self._gap * max(0, len(sizes) - 1)
        return QSize(width, max((size.height() for size in sizes), default=0))

    def minimumSize(self) -> QSize:
        """Return the size of the widest item."""
        sizes = [item.minimumSize() for item in self._shown()]
        return QSize(
            max((size.width() for size in sizes), default=0),
            max((size.height() for size in sizes), default=0),
        )

    def _direction(self) -> Qt.LayoutDirection:
        around = self.parentWidget()
        return around.layoutDirection() if around is not None else Qt.LayoutDirection.LeftToRight

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _place(self, rect: QRect, *, move: bool) -> int:
        x, y, tallest = rect.x(), rect.y(), 0
        for item in self._shown():
            size = item.sizeHint()
            if x > rect.x() and x + size.width() > rect.x() + rect.width():
                x, y, tallest = rect.x(), y + tallest + self._line_gap, 0
            size.setWidth(min(size.width(), rect.width()))
            if item.hasHeightForWidth():
                size.setHeight(item.heightForWidth(size.width()))
            if move:
                # In a window that is read from the right the first one is at the right.
                direction = self._direction()
                item.setGeometry(QStyle.visualRect(direction, rect, QRect(QPoint(x, y), size)))
            x += size.width() + self._gap
            tallest = max(tallest, size.height())
        return y + tallest - rect.y()


def column(parent: QWidget | None = None, margins: Margins = NONE, gap: int = 0) -> QVBoxLayout:
    """Return a vertical layout without Qt's own margins."""
    return _plain(QVBoxLayout(parent) if parent else QVBoxLayout(), margins, gap)


def row(parent: QWidget | None = None, margins: Margins = NONE, gap: int = 0) -> QHBoxLayout:
    """Return a horizontal layout without Qt's own margins."""
    return _plain(QHBoxLayout(parent) if parent else QHBoxLayout(), margins, gap)


def pane(surface: str, *, edge: str = "", name: str = "", parent: QWidget | None = None) -> QFrame:
    """Return a frame filled with a surface, with a dividing line at one edge."""
    frame = QFrame(parent)
    frame.setProperty("surface", surface)
    frame.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    if edge:
        frame.setProperty("edge", edge)
    frame.setObjectName(name)
    return frame


def divider(*, vertical: bool = False, length: int | None = None) -> QFrame:
    """Return a line of one pixel."""
    line = QFrame()
    line.setProperty("divider", "true")
    line.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    if vertical:
        line.setFixedWidth(1)
        if length is not None:
            line.setFixedHeight(length)
    else:
        line.setFixedHeight(1)
        line.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
    return line


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet looks at, and polish that one widget again."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


class _Height(QObject):
    """Keeps a widget's height in step with the text size; lives and dies with the widget."""

    def __init__(self, widget: QWidget, theme: Theme, pixels: int, *, fixed: bool) -> None:
        super().__init__(widget)
        self._widget = widget
        self._theme = theme
        self._pixels = pixels
        self._fixed = fixed
        theme.changed.connect(self._apply)
        self._apply()

    def _apply(self) -> None:
        height = self._theme.tall(self._pixels)
        if self._fixed:
            self._widget.setFixedHeight(height)
        else:
            self._widget.setMinimumHeight(height)


def fix_height(widget: QWidget, theme: Theme, pixels: int) -> None:
    """Give a widget exactly this height at 100 %, more with larger text."""
    _Height(widget, theme, pixels, fixed=True)


def least_height(widget: QWidget, theme: Theme, pixels: int) -> None:
    """Give a widget at least this height at 100 %, more with larger text."""
    _Height(widget, theme, pixels, fixed=False)


def place_after(widget: QWidget, before: QWidget, layout: QBoxLayout) -> None:
    """Have a widget of a layout stand right behind another one of it."""
    if layout.indexOf(widget) != layout.indexOf(before) + 1:
        layout.removeWidget(widget)
        layout.insertWidget(layout.indexOf(before) + 1, widget)


def set_margins(layout: QLayout, margins: Margins) -> None:
    """Set left, top, right and bottom, as where one reads from the left: Qt turns no margins."""
    left, top, right, bottom = margins
    if QGuiApplication.layoutDirection() is Qt.LayoutDirection.RightToLeft:
        left, right = right, left
    layout.setContentsMargins(left, top, right, bottom)


def clear(layout: QLayout) -> None:
    """Take everything out of a layout, and out of those within it, and let it go."""
    while (item := layout.takeAt(0)) is not None:
        widget, within = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif within is not None:
            clear(within)


def _plain(layout: _Box, margins: Margins, gap: int) -> _Box:
    set_margins(layout, margins)
    layout.setSpacing(gap)
    return layout
