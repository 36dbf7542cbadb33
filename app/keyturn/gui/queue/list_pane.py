"""The left side of the queue: header with filters, the rows, the last decisions at the foot."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from keyturn.gui.look import Look
from keyturn.gui.queue.delegate import QueueDelegate
from keyturn.gui.queue.model import QueueModel
from keyturn.gui.queue.order_button import OrderButton
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind, PillButton
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import EDGE, clear, column, fix_height, least_height, pane, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon
from keyturn.presentation.queue import DecidedRow, QueueCounts
from keyturn.presentation.queue_order import ORDER_TEXTS, QueueOrder

HEADER: Final = 48
_DECIDED: Final = 32
_UNBOUNDED: Final = 16_777_215


class QueueList(QListView):
    """The rows; choosing is a person's act, arrivals never move the selection."""

    request_chosen = Signal(str)

    def __init__(self, look: Look, model: QueueModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.setObjectName("queue_list")
        self.setAccessibleName(look.words("queue.list"))
        self.setProperty("ring", False)
        self.setModel(model.rows)
        self.setItemDelegate(QueueDelegate(look, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setMouseTracking(True)

    def choose(self, request_id: str | None) -> None:
        """Select a request's row without telling anybody; None selects nothing."""
        place = self._model.rows.place_of(request_id)
        if place < 0:
            self.selectionModel().clear()
            return
        index = self._model.rows.index(place)
        flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
        if self.currentIndex().row() != place:
            self.blockSignals(True)
            self.selectionModel().setCurrentIndex(index, flag)
            self.blockSignals(False)
        self.selectionModel().select(index, flag)

    def currentChanged(
        self,
        current: QModelIndex | QPersistentModelIndex,
        previous: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Tell which request a person chose."""
        super().currentChanged(current, previous)
        request_id = self._model.rows.request_at(current.row())
        if request_id is not None and not self.signalsBlocked() and not self._model.rows.changing:
            self.request_chosen.emit(request_id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave out Qt's search by typing: letters do nothing here unless a person opts in."""
        moving = {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End}
        if event.key() in moving | {Qt.Key.Key_PageUp, Qt.Key.Key_PageDown}:
            super().keyPressEvent(event)
        else:
            event.ignore()


class DecidedLine(QWidget):
    """One of the last decisions, quiet."""

    def __init__(self, look: Look, decided: DecidedRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        least_height(self, look.theme, _DECIDED)
        words = Text(look, Type.PAIR, Token.TEXT_SECONDARY, wrap=True)
        words.say(decided.text)
        age = Text(look, Type.CAPTION, Token.TEXT_TERTIARY)
        age.say(decided.age)
        layout = row(self, (0, 4, 0, 4), gap=8)
        layout.addWidget(IconLabel(look, decided.icon, look.theme.role_token(decided.role), 16))
        layout.addWidget(words, 1)
        layout.addWidget(age)


class ListPane(QFrame):
    """Header, list, foot."""

    history_requested = Signal()
    high_risk_only_changed = Signal(bool)
    hidden_changed = Signal(int)
    """So many wait that the filter leaves out."""
    order_wanted = Signal(object)
    """`QueueOrder`: sort by it, once."""

    def __init__(self, look: Look, model: QueueModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setObjectName("queue_pane")
        self.setProperty("surface", "window")
        self.setProperty("edge", "right")
        self.list = QueueList(look, model)
        self._all = PillButton(look, look.words("queue.all"), name="filter_all")
        self._risky = PillButton(
            look, look.words("queue.high_risk"), Icon.TIER_2, name="filter_high_risk"
        )
        self.order = OrderButton(look)
        self._ordered = QueueOrder.ARRIVAL
        self._decided = column()
        self._counts = QueueCounts(waiting=0, high_risk=0)
        self._below = 0
        """Rows that came below what is on screen and were not scrolled to since."""
        self.new_below = Button(look, Kind.LINK, name="new_below", height=32)
        self.new_below.hide()
        self.sort_again = Button(look, Kind.LINK, name="sort_again", height=32)
        self.sort_again.hide()
        layout = column(self)
        layout.addWidget(self._header())
        layout.addWidget(self.list, 1)
        below = row(margins=(16, 0, 16, 0), gap=16)
        below.addWidget(self.new_below)
        below.addWidget(self.sort_again)
        below.addStretch()
        layout.addLayout(below)
        layout.addWidget(self._foot())
        model.counts_changed.connect(self.show_counts)
        model.decided_changed.connect(self.show_decided)
        model.rows.rowsInserted.connect(self._on_inserted)
        self.new_below.clicked.connect(self.list.scrollToBottom)
        self.order.order_wanted.connect(self.order_wanted)
        self.sort_again.clicked.connect(self._on_sort_again)
        self.list.verticalScrollBar().valueChanged.connect(self._on_scrolled)

    def show_counts(self, counts: QueueCounts) -> None:
        """Show the numbers of the header."""
        self._counts = counts
        self._all.say_count(counts.waiting)
        self._risky.say_count(counts.high_risk)
        self._fit(self.width())
        self._tell_hidden()

    def _tell_hidden(self) -> None:
        only, counts = self._risky.isChecked(), self._counts
        self.hidden_changed.emit(counts.waiting - counts.high_risk if only else 0)

    def show_decided(self, decided: Sequence[DecidedRow]) -> None:
        """Show the last decisions."""
        clear(self._decided)
        for line in decided[:3]:
            self._decided.addWidget(DecidedLine(self._look, line))
        self._foot_pane.setVisible(bool(decided))

    def show_order(self, order: QueueOrder) -> None:
        """Say in which order the rows were put."""
        self._ordered = order
        self.order.show_order(order)

    def show_filter(self, *, high_risk_only: bool) -> None:
        """Press the filter that was pressed when the window was last open."""
        (self._risky if high_risk_only else self._all).setChecked(True)

    def offer_sorting(self, offered: bool) -> None:
        """Offer to sort again while something came behind rows that it belongs before."""
        if offered:
            words = self._look.words
            self.sort_again.say(words("queue.sort_again", order=words(ORDER_TEXTS[self._ordered])))
        self.sort_again.setVisible(offered)

    def use_width(self, width: int | None) -> None:
        """Be so wide, in px; None for all that there is."""
        if width is None:
            self.setMinimumWidth(0)
            self.setMaximumWidth(_UNBOUNDED)
        else:
            self.setFixedWidth(width)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the title to the rail when the filters need its room, and then their words."""
        super().resizeEvent(event)
        self._fit(event.size().width())

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size is another."""
        if event.type() is QEvent.Type.StyleChange:
            self._fit(self.width())
        super().changeEvent(event)

    def _fit(self, room: int) -> None:
        words = self._look.words
        whole = words("queue.high_risk")
        self._risky.say(whole)
        filters = (self._all, self._risky, self.order)
        needed = sum(part.sizeHint().width() for part in filters) + 16 + 25
        self._title.setVisible(needed + 8 + self._title.sizeHint().width() <= room)
        if needed > room:
            self._risky.say(words("queue.high_risk_short"), whole)

    def _on_inserted(self, _parent: QModelIndex, first: int, last: int) -> None:
        """Say how much came below what is on screen, instead of scrolling there."""
        above = self.list.visualRect(self.list.model().index(first - 1, 0)) if first else QRect()
        if above.bottom() >= self.list.viewport().height():
            self._say_below(self._below + 1 + last - first)

    def _on_scrolled(self, value: int) -> None:
        if value >= self.list.verticalScrollBar().maximum():
            self._say_below(0)

    def _say_below(self, count: int) -> None:
        self._below = count
        self.new_below.say(self._look.words("burst.new_below", n=count))
        self.new_below.setVisible(count > 0)

    def _on_sort_again(self) -> None:
        """Leave the keyboard in the list: the button goes."""
        self.list.setFocus(Qt.FocusReason.OtherFocusReason)
        self.order_wanted.emit(self._ordered)

    def _header(self) -> QWidget:
        header = pane("window", edge="bottom", name="queue_header")
        fix_height(header, self._look.theme, HEADER)
        self._title = Text(self._look, Type.TITLE)
        self._title.say(self._look.words("rail.queue"))
        self._all.setChecked(True)
        self._all.setAutoExclusive(True)
        self._risky.setAutoExclusive(True)
        self._risky.use_icon_token(Token.T2_FG)
        self._risky.toggled.connect(self.high_risk_only_changed)
        self._risky.toggled.connect(self._tell_hidden)
        layout = row(header, (16, EDGE, 8, 0), gap=8)
        layout.addWidget(self._title)
        layout.addStretch()
        layout.addWidget(self._all)
        layout.addWidget(self._risky)
        layout.addWidget(self.order)
        return header

    def _foot(self) -> QWidget:
        self._foot_pane = pane("window", edge="top", name="just_decided")
        title = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY)
        title.say(self._look.words("queue.just_decided"))
        history = Button(self._look, Kind.LINK, name="open_history", height=24)
        history.say(self._look.words("rail.history"))
        history.clicked.connect(self.history_requested)
        head = row()
        head.addWidget(title)
        head.addStretch()
        head.addWidget(history)
        layout = column(self._foot_pane, (16, 4, 16, 8), gap=0)
        layout.addLayout(head)
        layout.addSpacing(4)
        layout.addLayout(self._decided)
        self._foot_pane.hide()
        return self._foot_pane
