"""What happened, one thing under the other: time, mark on a line, sentence, outcome, a look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QResizeEvent
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
_TOP: Final = 8
_RAIL: Final = 92
_BESIDE_RAIL: Final = 44
_ICON: Final = 16
_OUTCOME: Final = 268
"""Room for outcome and look at the end of a row."""
_LEAST_WORDS: Final = 160
"""Room for the words at 100 %, under which outcome and look go below them."""
_LINES: Final = 4
_LOOK: Final = 112
"""Least width of what takes a press."""
_LEAST: Final = 240
_GAP: Final = 8
_LINE: Final = 24


@dataclass(frozen=True, slots=True)
class _Parts:
    """A row laid out: where its parts stand, counted from its top left."""

    rail: int
    left: int
    text: TextFlow
    note: TextFlow
    look_words: TextFlow
    chip: QRectF
    look: QRect
    """What takes a press; its mark stands at its end."""
    height: int


class TimelineModel(QAbstractListModel):
    """The rows in the order of time."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._rows: tuple[TimelineRow, ...] = ()

    @property
    def rows(self) -> tuple[TimelineRow, ...]:
        """All rows."""
        return self._rows

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
        """Return the height of all its words."""
        width = option.rect.width()
        return QSize(width, self.height(index.data(ROW_ROLE), width))

    def height(self, row: TimelineRow, width: int) -> int:
        """Return the height that a row needs."""
        return self._parts(row, width).height

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw time, mark, sentence, outcome and look."""
        row: TimelineRow = index.data(ROW_ROLE)
        rect: QRect = option.rect
        theme = self._look.theme
        parts = self._parts(row, rect.width())
        painter.save()
        mirror(painter, rect, option.direction)
        time = TextFlow([phrase(row.time)], Type.VALUE, theme).lay_out()
        at = QPointF(rect.left(), rect.top() + 6)
        time.paint(painter, at, theme.colour(Token.TEXT_SECONDARY))
        last = index.row() == index.model().rowCount() - 1
        self._paint_rail(painter, rect, row, parts, last=last)
        corner = QPointF(rect.left() + parts.left, rect.top() + _TOP)
        parts.text.paint(painter, corner, theme.colour(Token.TEXT_PRIMARY))
        below = corner + QPointF(0, parts.text.height)
        parts.note.paint(painter, below, theme.colour(Token.TEXT_TERTIARY))
        if row.outcome is not None:
            chip = parts.chip.translated(rect.topLeft())
            paint_chip(painter, chip, self._look, row.outcome)
        if row.looked_at is not None:
            self._paint_look(painter, rect, parts, looked_at=row.looked_at)
        edge = QRect(rect.left(), rect.bottom(), rect.width(), 1)
        painter.fillRect(edge, theme.colour(Token.BORDER_SUBTLE))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme.colour(Token.FOCUS_RING), 2))
            painter.drawRect(QRectF(rect).adjusted(1, 1, -1, -2))
        painter.restore()

    def look_rect(self, row: TimelineRow, rect: QRect, direction: Qt.LayoutDirection) -> QRect:
        """Return where a row's mark takes presses."""
        mark = self._parts(row, rect.width()).look.translated(rect.topLeft())
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
            and self.look_rect(row, option.rect, option.direction).contains(
                event.position().toPoint()
            )
        ):
            self.toggled.emit(row.row_id, not row.looked_at)
            return True
        return False

    def _paint_rail(
        self, painter: QPainter, rect: QRect, row: TimelineRow, parts: _Parts, *, last: bool
    ) -> None:
        theme = self._look.theme
        top = rect.top() + _TOP
        icon = QRectF(rect.left() + parts.rail, top, _ICON, _ICON)
        colour = theme.role_colour(row.role)
        self._look.icons.paint(painter, icon, row.icon, colour)
        if not last:
            middle = rect.left() + parts.rail + _ICON // 2 - 1
            start = top + _ICON + 4
            line = QRect(middle, start, 2, rect.bottom() + 1 - start + 4)
            painter.fillRect(line, theme.colour(Token.BORDER_CONTROL))

    def _paint_look(
        self, painter: QPainter, rect: QRect, parts: _Parts, *, looked_at: bool
    ) -> None:
        theme = self._look.theme
        look = parts.look.translated(rect.topLeft())
        mark = QRectF(look.right() + 1 - _ICON, look.top(), _ICON, look.height() - 1)
        paint_check(painter, mark, theme, on=looked_at)
        flow = parts.look_words
        top = look.top() + (look.height() - flow.height) // 2
        at = QPointF(mark.left() - _GAP - flow.used_width, top)
        flow.paint(painter, at, theme.colour(Token.TEXT_SECONDARY))

    def _parts(self, row: TimelineRow, width: int) -> _Parts:
        """Lay a row out: outcome and look stand at its end, or below the words."""
        look, theme = self._look, self._look.theme
        rail = theme.tall(_RAIL)
        left, trailing = rail + _BESIDE_RAIL, theme.tall(_OUTCOME)
        room = width - left - trailing - _GAP
        beside = room >= theme.tall(_LEAST_WORDS)
        room = room if beside else max(1, width - left)
        style = Type.BODY_STRONG if row.strong else Type.BODY
        text = fitted(look, row.text, style, room, lines=_LINES)
        note = fitted(look, row.note, Type.CAPTION, room, lines=_LINES)
        key = "stopped.looked_at" if row.looked_at else "stopped.look_at"
        words = TextFlow([phrase(look.words(key))], Type.NOTE, theme).lay_out()
        chip = QSize(0, 0) if row.outcome is None else chip_size(look, row.outcome)
        pressed = max(theme.tall(_LOOK), round(words.used_width) + _GAP + _ICON)
        if row.looked_at is None:
            pressed = 0
        below = _TOP + text.height + note.height
        if beside:
            height = max(theme.tall(_ROW), below + _TOP)
            chip_at = QPoint(width - trailing, (height - chip.height()) // 2)
            look_at = QRect(width - pressed, 0, pressed, height)
        else:
            line = max(chip.height(), theme.tall(_LINE) if pressed else 0)
            stacked = bool(chip.width()) and chip.width() + _GAP + pressed > room
            chip_at = QPoint(left, below + 4)
            top = below + 4 + (chip.height() + 4 if stacked else 0)
            look_at = QRect(width - pressed, top, pressed, line)
            height = max(theme.tall(_ROW), (top + line + _TOP) if line else below + _TOP)
        return _Parts(rail, left, text, note, words, QRectF(QRect(chip_at, chip)), look_at, height)


class Timeline(QListView):
    """As tall as its rows; Space looks at the current one."""

    looked_at = Signal(str, bool)
    """Row and whether it has been looked at."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
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
        self.setResizeMode(QListView.ResizeMode.Adjust)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def show_rows(self, rows: Sequence[TimelineRow]) -> None:
        """Show what happened."""
        self._rows.show_rows(rows)
        self.updateGeometry()

    def hasHeightForWidth(self) -> bool:
        """Return that narrower is taller."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height of all rows."""
        return sum(self._delegate.height(row, width) for row in self._rows.rows)

    def sizeHint(self) -> QSize:
        """Return a width that is read well, and the height of all rows."""
        return QSize(2 * _LEAST, self.heightForWidth(max(self.width(), _LEAST)))

    def minimumSizeHint(self) -> QSize:
        """Return the same height: the page scrolls, not the list."""
        return QSize(_LEAST, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for another height when the width is another."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size is another."""
        if event.type() is QEvent.Type.StyleChange:
            self.scheduleDelayedItemsLayout()
            self.updateGeometry()
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Look at the current row with Space."""
        index = self.currentIndex()
        if event.key() == Qt.Key.Key_Space and index.isValid() and not event.isAutoRepeat():
            row: TimelineRow = index.data(ROW_ROLE)
            if row.looked_at is not None:
                self.looked_at.emit(row.row_id, not row.looked_at)
            return
        super().keyPressEvent(event)
