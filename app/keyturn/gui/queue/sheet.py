"""The sheet that slides over a card's arguments: never over the headline, closed by Esc alone.

While it is open nothing of the card below can be pressed; it answers nothing by closing.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.foot_row import FootRow
from keyturn.gui.widgets.layouts import EDGE, column
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.text import Text

_SIDE: Final = 24
_FOOT: Final = 12
_EDGES: Final = 4
"""The line above, and what rounding takes."""


class Sheet(QFrame):
    """A titled page with a foot of buttons, at the bottom of the card that it belongs to."""

    closed = Signal()
    out_of_sight = Signal(bool)
    """It went with its page, and stays open; False: it is there again."""
    stays = False
    """Whether what is written here outlives a look at another page."""

    def __init__(self, look: Look, card: QWidget, head: QWidget, *, name: str) -> None:
        """`head` is what stays uncovered."""
        super().__init__(card)
        self._look = look
        self._card = card
        self._head = head
        self.setObjectName(name)
        self.setProperty("surface", "raised")
        self.setProperty("edge", "top")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = Text(look, Type.TITLE, wrap=True)
        self.note = Text(look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        self._page = ScrollPane("raised", (_SIDE, 16, _SIDE, 8))
        self.body = self._page.body
        self._foot = column(margins=(_SIDE, _FOOT, _SIDE, _FOOT))
        self.body.addWidget(self.title)
        self.body.addSpacing(4)
        self.body.addWidget(self.note)
        self.body.addSpacing(8)
        layout = column(self, (0, EDGE, 0, 0))
        layout.addWidget(self._page, 1)
        layout.addLayout(self._foot)
        away = QShortcut(QKeySequence("Esc"), self)
        away.setObjectName(f"key_close_{name}")
        away.activated.connect(self.close_sheet)
        card.installEventFilter(self)
        self.hide()

    def add_buttons(self, leading: Sequence[QWidget], trailing: Sequence[QWidget]) -> None:
        """Add the buttons of the foot, in one row or two."""
        self._foot.addWidget(FootRow(leading, trailing))

    def open_over(self, first: QWidget) -> None:
        """Come up, with the focus on `first`."""
        self._page.verticalScrollBar().setValue(0)
        self.show()
        self.raise_()
        self.settle()
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_sheet(self) -> None:
        """Go away; nothing is answered by that."""
        if not self.isHidden():
            self.hide()

    def settle(self) -> None:
        """Take the height of contents that have just changed."""
        self.place()
        # Wrapped words know their height only once they have been laid out at this width.
        QTimer.singleShot(0, self, self.place)

    def place(self) -> None:
        """Cover the foot of the card and as much of its body as the contents need."""
        width = self._card.width()
        wanted = self.body.totalSizeHint().height()
        if self.body.hasHeightForWidth():
            wanted = self.body.totalHeightForWidth(width)
        foot = self._foot.totalSizeHint().height() + _EDGES
        top = self._head.mapTo(self._card, QPoint(0, self._head.height())).y()
        if not 0 <= top < self._card.height() // 2:
            top = 0
        height = min(wanted + foot, self._card.height() - top)
        self.setGeometry(0, self._card.height() - height, width, height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the foot when the card is resized."""
        if watched is self._card and event.type() is QEvent.Type.Resize and self.isVisible():
            self.place()
        return False

    def hideEvent(self, event: QHideEvent) -> None:
        """Count every way of going away as closing, but for a minimised window.

        What holds a person's words goes with its page, and comes back with it.
        """
        super().hideEvent(event)
        if event.spontaneous():
            return
        if self.stays and not self.isHidden():
            self.out_of_sight.emit(True)
            return
        self.hide()
        self.closed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """Cover the card again."""
        super().showEvent(event)
        if not event.spontaneous():
            self.out_of_sight.emit(False)

    def focusNextPrevChild(self, next: bool) -> bool:  # Qt's signature
        """Keep Tab inside: what lies below is covered."""
        found = next_focus(self, forward=next)
        if found is None:
            return False
        reasons = Qt.FocusReason
        found.setFocus(reasons.TabFocusReason if next else reasons.BacktabFocusReason)
        return True


def next_focus(place: QWidget, *, forward: bool) -> QWidget | None:
    """Return the widget of `place` that Tab leads to from where the focus is."""
    focused = place.window().focusWidget() or place
    return next(_stops(place, focused, forward=forward), None)


def _stops(place: QWidget, start: QWidget, *, forward: bool) -> Iterator[QWidget]:
    widget = start
    while True:
        following = widget.nextInFocusChain() if forward else widget.previousInFocusChain()
        if following is None or following is start:
            return
        widget = following
        tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if tab and place.isAncestorOf(widget) and widget.isVisible() and widget.isEnabled():
            yield widget


def use_keys(page: QWidget, *, use: bool) -> None:
    """Let a page's shortcuts rest while a sheet is open, but for those that close one."""
    for shortcut in page.findChildren(QShortcut):
        if not shortcut.objectName().startswith("key_close_"):
            shortcut.setEnabled(use)
    hide = page.window().findChild(QShortcut, "key_hide")
    if isinstance(hide, QShortcut):
        hide.setEnabled(use)
