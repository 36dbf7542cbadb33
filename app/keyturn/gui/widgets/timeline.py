"""What happened, one thing under the other: time, mark on a line, sentence, outcome, a look."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from keyturn.gui.fitting import fitted
from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.style import paint_check
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import phrase
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.chip import chip_size, paint_chip
from keyturn.presentation.stopped import TimelineRow

AnyIndex = QModelIndex | QPersistentModelIndex
ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_ROW: Final = 52
_RAIL: Final = 92
_TEXT: Final = 136
_ICON: Final = 16
_OUTCOME: Final = 268
"""Room for outcome and look at the end of a row."""


class TimelineModel(QAbstractListModel):
    """The rows in the order of time."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._rows: tuple[TimelineRow, ...] = ()

    def show_rows(self, rows: Sequence[TimelineRow]) -> None:
        """Take the rows; where only looks changed, the view keeps its place."""
        same = [row.row_id for row in rows] == [row.row_id for row in self._rows]
        if same and rows:
            self._rows = tuple(rows)
            self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the row, its words, or whether it was looked at."""
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            outcome = row.outcome.text if row.outcome else ""
            parts = (f"{row.time} {row.text}".strip(), row.note, outcome, self._look_owed(row))
            return ", ".join(filter(None, parts))
        if role == Qt.ItemDataRole.CheckStateRole and row.looked_at is not None:
            return Qt.CheckState.Checked if row.looked_at else Qt.CheckState.Unchecked
        return None

    def _look_owed(self, row: TimelineRow) -> str:
        if row.looked_at is None:
            return ""
        return self._look.words("stopped.looked_at" if row.looked_at else "stopped.look_at")


class TimelineDelegate(QStyledItemDelegate):
    """Paints a row; a press on its mark at the end is a look."""

    toggled = Signal(str, bool)

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return the row's height."""
        del index
        return QSize(option.rect.width(), self._look.theme.tall(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw time, mark, sentence, outcome and look."""
        row: TimelineRow = index.data(ROW_ROLE)
        rect: QRect = option.rect
        theme = self._look.theme
        painter.save()
        mirror(painter, rect, option.direction)
        time = TextFlow([phrase(row.time)], Type.VALUE, theme).lay_out()
        at = QPointF(rect.left(), rect.top() + 6)
        time.paint(painter, at, theme.colour(Token.TEXT_SECONDARY))
        last = index.row() == index.model().rowCount() - 1
        self._paint_rail(painter, rect, row, last=last)
        self._paint_words(painter, rect, row)
        if row.outcome is not None:
            size = chip_size(self._look, row.outcome)
            top = rect.top() + (rect.height() - size.height()) // 2
            chip = QRectF(rect.right() + 1 - _OUTCOME, top, size.width(), size.height())
            paint_chip(painter, chip, self._look, row.outcome)
        if row.looked_at is not None:
            self._paint_look(painter, rect, looked_at=row.looked_at)
        edge = QRect(rect.left(), rect.bottom(), rect.width(), 1)
        painter.fillRect(edge, theme.colour(Token.BORDER_SUBTLE))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme.colour(Token.FOCUS_RING), 2))
            painter.drawRect(QRectF(rect).adjusted(1, 1, -1, -2))
        painter.restore()

    def look_rect(self, rect: QRect, direction: Qt.LayoutDirection) -> QRect:
        """Return where the mark at the end of a row takes presses."""
        mark = QRect(rect.right() + 1 - 112, rect.top(), 112, rect.height())
        return QStyle.visualRect(direction, rect, mark)

    def editorEvent(
        self,
        event: QEvent,
        model: object,
        option: QStyleOptionViewItem,
        index: AnyIndex,
    ) -> bool:
        """Take a press on the mark."""
        del model
        row: TimelineRow = index.data(ROW_ROLE)
        if (
            isinstance(event, QMouseEvent)
            and event.type() is QEvent.Type.MouseButtonRelease
            and row.looked_at is not None
            and self.look_rect(option.rect, option.direction).contains(event.position().toPoint())
        ):
            self.toggled.emit(row.row_id, not row.looked_at)
            return True
        return False

    def _paint_rail(self, painter: QPainter, rect: QRect, row: TimelineRow, *, last: bool) -> None:
        theme = self._look.theme
        top = rect.top() + 8
        icon = QRectF(rect.left() + _RAIL, top, _ICON, _ICON)
        colour = theme.role_colour(row.role)
        self._look.icons.paint(painter, icon, row.icon, colour)
        if not last:
            middle = rect.left() + _RAIL + _ICON // 2 - 1
            start = top + _ICON + 4
            line = QRect(middle, start, 2, rect.bottom() + 1 - start + 4)
            painter.fillRect(line, theme.colour(Token.BORDER_CONTROL))

    def _paint_words(self, painter: QPainter, rect: QRect, row: TimelineRow) -> None:
        theme = self._look.theme
        left = rect.left() + _TEXT
        room = rect.width() - _TEXT - _OUTCOME - 8
        style = Type.BODY_STRONG if row.strong else Type.BODY
        text = fitted(self._look, row.text, style, room)
        text.paint(painter, QPointF(left, rect.top() + 8), theme.colour(Token.TEXT_PRIMARY))
        note = fitted(self._look, row.note, Type.CAPTION, room)
        below = QPointF(left, rect.top() + 8 + text.height)
        note.paint(painter, below, theme.colour(Token.TEXT_TERTIARY))

    def _paint_look(self, painter: QPainter, rect: QRect, *, looked_at: bool) -> None:
        theme = self._look.theme
        mark = QRectF(rect.right() + 1 - _ICON, rect.top(), _ICON, rect.height() - 1)
        paint_check(painter, mark, theme, on=looked_at)
        key = "stopped.looked_at" if looked_at else "stopped.look_at"
        flow = TextFlow([phrase(self._look.words(key))], Type.NOTE, theme).lay_out()
        top = rect.top() + (rect.height() - flow.height) // 2
        at = QPointF(mark.left() - 8 - flow.used_width, top)
        flow.paint(painter, at, theme.colour(Token.TEXT_SECONDARY))


class Timeline(QListView):
    """As tall as its rows; Space looks at the current one."""

    looked_at = Signal(str, bool)
    """Row and whether it has been looked at."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._rows = TimelineModel(look, self)
        self._delegate = TimelineDelegate(look, self)
        self._delegate.toggled.connect(self.looked_at)
        self.setObjectName("timeline")
        self.setAccessibleName(look.words("stopped.timeline"))
        self.setProperty("ring", False)
        self.setModel(self._rows)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_rows(self, rows: Sequence[TimelineRow]) -> None:
        """Show what happened."""
        self._rows.show_rows(rows)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the height of all rows."""
        return QSize(480, self._rows.rowCount() * self._look.theme.tall(_ROW))

    def minimumSizeHint(self) -> QSize:
        """Return the same: the page scrolls, not the list."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Look at the current row with Space."""
        index = self.currentIndex()
        if event.key() == Qt.Key.Key_Space and index.isValid() and not event.isAutoRepeat():
            row: TimelineRow = index.data(ROW_ROLE)
            if row.looked_at is not None:
                self.looked_at.emit(row.row_id, not row.looked_at)
            return
        super().keyPressEvent(event)
