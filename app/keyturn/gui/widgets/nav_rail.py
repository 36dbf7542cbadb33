"""The rail at the leading edge: one item a page, with the number of what waits there."""

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.pages import PAGE_ICONS, PAGE_KEYS, PAGE_TEXTS, UNDER, Page
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import phrase
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.layouts import column

WIDE: Final = 80
MIDDLE: Final = 56
NARROW: Final = 48
_ITEM: Final = 56
_SMALL_ITEM: Final = 44
_INSET: Final = 6
_ICON: Final = 20
_BADGE: Final = 16
_BESIDE_LABEL: Final = 4
_WAITING: Final = "rail.waiting"
_PROPOSED: Final = "rail.proposed"
_CHANGED: Final = "rail.changed"


class RailItem(QAbstractButton):
    """One page's button: icon, name, bar at the leading edge while its page is shown."""

    def __init__(self, look: Look, page: Page, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._page = page
        self._waiting = 0
        self._said = _WAITING if page is Page.QUEUE else _PROPOSED
        self._labelled = True
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setObjectName(f"rail_{page.value}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._name()

    def show_waiting(self, waiting: int, said: str = "") -> None:
        """Show a number on the item; 0 shows none. `said` is the key of other words for it."""
        said = said or self._said
        if (waiting, said) != (self._waiting, self._said):
            self._waiting, self._said = waiting, said
            self._name()
            self.update()

    def use_labels(self, labelled: bool) -> None:
        """Show the name under the icon, or leave it to the tool tip and to readers."""
        self._labelled = labelled
        self._name()
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the item's height; the rail gives the width."""
        height = self._look.theme.tall(_ITEM if self._labelled else _SMALL_ITEM)
        return QSize(NARROW, height)

    def label_width(self) -> int:
        """Return what its name takes in one line: half a word names no page."""
        return round(self._label().lay_out().used_width) + 2 * _BESIDE_LABEL

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw fill, bar, icon, name and badge."""
        theme = self._look.theme
        painter = QPainter(self)
        mirror(painter, self.rect(), self.layoutDirection())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked() or self.underMouse():
            inset = _INSET if self._labelled else 5
            painter.setBrush(theme.colour(Token.SURFACE_HOVER))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, 0, -inset, 0), 6, 6)
        if self.isChecked():
            painter.setBrush(theme.colour(Token.ACCENT))
            bar = 36 if self._labelled else 28
            painter.drawRect(QRectF(0, (self.height() - bar) // 2, 3, bar))
        icon = self._icon_box()
        token = Token.ACCENT if self.isChecked() else Token.TEXT_SECONDARY
        self._look.icons.paint(painter, icon, PAGE_ICONS[self._page], theme.colour(token))
        if self._labelled:
            self._paint_label(painter, icon)
        if self._waiting:
            self._paint_badge(painter, icon)

    def _icon_box(self) -> QRectF:
        left = (self.width() - _ICON) // 2
        top = 8 if self._labelled else (self.height() - _ICON) // 2
        return QRectF(left, top, _ICON, _ICON)

    def _paint_label(self, painter: QPainter, icon: QRectF) -> None:
        token = Token.TEXT_PRIMARY if self.isChecked() else Token.TEXT_SECONDARY
        flow = self._label().lay_out(self.width())
        at = QPointF(0, icon.bottom() + 4)
        colour = self._look.theme.colour(token)
        flow.paint(painter, at, colour, align=Qt.AlignmentFlag.AlignHCenter)

    def _label(self) -> TextFlow:
        words = self._look.words(PAGE_TEXTS[self._page])
        return TextFlow([phrase(words)], Type.CAPTION_STRONG, self._look.theme)

    def _paint_badge(self, painter: QPainter, icon: QRectF) -> None:
        theme = self._look.theme
        text = str(self._waiting) if self._waiting < 100 else "99+"
        flow = TextFlow([phrase(text)], Type.CAPTION_STRONG, theme).lay_out()
        tall = theme.tall(_BADGE)
        width = max(tall, round(flow.used_width) + 9)
        left = min(icon.right() - 3, self.width() - width)
        # Where it has to stand above the icon it must not hide that.
        over = 11 if left == icon.right() - 3 else 4
        badge = QRectF(left, max(0, icon.top() + over - tall), width, tall)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Token.ACCENT_SOLID))
        painter.drawRoundedRect(badge, tall / 2, tall / 2)
        left = badge.center().x() - flow.used_width / 2
        top = badge.center().y() - flow.height / 2
        flow.paint(painter, QPointF(left, top), theme.colour(Token.ACCENT_ON))

    def _name(self) -> None:
        name = self._look.words(PAGE_TEXTS[self._page])
        counted = self._look.words(self._said, page=name, n=self._waiting)
        self.setAccessibleName(counted if self._waiting else name)
        self.setToolTip("" if self._labelled else f"{name}  {PAGE_KEYS[self._page]}")


class NavRail(QFrame):
    """All pages that stand on their own; help and settings stand at the foot."""

    page_chosen = Signal(object)
    """The `Page`."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setProperty("surface", "window")
        self.setProperty("edge", "right")
        self._width = WIDE
        self._items = {page: RailItem(look, page, self) for page in Page if page not in UNDER}
        self._layout = column(self, (0, 4, 0, 4), gap=4)
        for page, item in self._items.items():
            if page is Page.HELP:
                self._layout.addStretch()
            self._layout.addWidget(item)
            item.clicked.connect(self._on_clicked)
        self.use_width(WIDE)

    def show_page(self, page: Page) -> None:
        """Mark the page that is shown."""
        self._items[UNDER.get(page, page)].setChecked(True)

    def offer(self, pages: Iterable[Page]) -> None:
        """Show the items of these pages only: an item that opens nothing is no item."""
        offered = set(pages)
        for page, item in self._items.items():
            item.setVisible(page in offered)

    def show_waiting(self, waiting: int) -> None:
        """Show how many requests wait."""
        self._items[Page.QUEUE].show_waiting(waiting)

    def show_proposed(self, page: Page, proposed: int, changed: int = 0) -> None:
        """Show on a page's item how much is answered there: proposals, and what changed."""
        self._items[page].show_waiting(proposed + changed, _CHANGED if changed else _PROPOSED)

    def use_width(self, width: int) -> None:
        """Take one of the three widths; names are drawn in the widest only."""
        self._width = width
        for item in self._items.values():
            item.use_labels(width == WIDE)
        self._measure()

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the names when the text size is another."""
        if event.type() is QEvent.Type.StyleChange:
            self._measure()
        super().changeEvent(event)

    def _measure(self) -> None:
        names = [item.label_width() for item in self._items.values()]
        self.setFixedWidth(max(WIDE, *names) if self._width == WIDE else self._width)

    def _on_clicked(self) -> None:
        chosen = next(page for page, item in self._items.items() if item is self.sender())
        self.page_chosen.emit(chosen)
