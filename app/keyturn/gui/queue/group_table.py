"""The table of a group: a row a call with a checkbox, nothing cut, outliers on their own ground.

It shows a `GroupChoice` and says which rows were whole on screen; it changes no choice itself.
"""

from typing import Final

from PySide6.QtCore import (
    QAbstractTableModel,
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
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from keyturn.gui.fitting import fitted
from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import phrase, plain_runs
from keyturn.gui.theme import Token, Type
from keyturn.presentation.group_choice import GroupChoice
from keyturn.presentation.group_table import GroupCall
from keyturn.presentation.marks import Icon

AnyIndex = QModelIndex | QPersistentModelIndex
_CHECK: Final = 40
_NOTE: Final = 168
_ROW: Final = 32
_PAD: Final = 8
_BOX: Final = 16
_TOP: Final = 6


class GroupRows(QAbstractTableModel):
    """Checkbox, varying values, and what there is to say of the call."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._choice: GroupChoice | None = None
        self._columns: tuple[str, ...] = ()
        self._calls: tuple[GroupCall, ...] = ()

    def show_choice(self, choice: GroupChoice | None) -> None:
        """Take the calls as they stand; rows that come below leave the others where they are."""
        columns = choice.view.columns if choice is not None else ()
        calls = choice.calls if choice is not None else ()
        self._choice = choice
        if columns != self._columns or calls[: len(self._calls)] != self._calls:
            self.beginResetModel()
            self._columns, self._calls = columns, calls
            self.endResetModel()
            return
        if len(calls) > len(self._calls):
            self.beginInsertRows(QModelIndex(), len(self._calls), len(calls) - 1)
            self._calls = calls
            self.endInsertRows()
        if calls:
            self.dataChanged.emit(self.index(0, 0), self.index(len(calls) - 1, len(columns) + 1))

    def call_at(self, place: int) -> GroupCall | None:
        """Return the call of a row."""
        return self._calls[place] if 0 <= place < len(self._calls) else None

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return the number of calls."""
        return 0 if parent.isValid() else len(self._calls)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return the number of columns."""
        return 0 if parent.isValid() else len(self._columns) + 2

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return the name of a column."""
        if role != Qt.ItemDataRole.DisplayRole or orientation is Qt.Orientation.Vertical:
            return None
        if section == 0:
            return ""
        if section > len(self._columns):
            return self._look.words("burst.unlike")
        return self._columns[section - 1]

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what a cell says, to painter and reader alike."""
        call, choice = self.call_at(index.row()), self._choice
        if call is None or choice is None:
            return None
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == 0:
            on = Qt.CheckState.Checked if choice.is_selected(call) else Qt.CheckState.Unchecked
            return on.value
        if role not in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return None
        if index.column() == 0:
            return self.spoken(call) if role == Qt.ItemDataRole.AccessibleTextRole else ""
        if index.column() <= len(self._columns):
            return call.cells[index.column() - 1].text
        return ", ".join(filter(None, self.notes(call)))

    def spoken(self, call: GroupCall) -> str:
        """Return a call as one sentence."""
        return ", ".join([*(cell.text for cell in call.cells), *filter(None, self.notes(call))])

    def notes(self, call: GroupCall) -> tuple[str, str, str]:
        """Return why it is flagged, how often it was asked, and what can be done about it."""
        words = self._look.words
        asked = words("burst.asked", n=1 + len(call.repeats)) if call.repeats else ""
        return (call.unlike, asked, self.way(call))

    def way(self, call: GroupCall) -> str:
        """Return the word that opens the call's own card, or that it was read."""
        words = self._look.words
        if call.owes:
            return words("burst.owes")
        if call.is_whole:
            return ""
        opened = self._choice is not None and self._choice.was_opened(call)
        return words("burst.seen" if opened else "burst.open")

    def is_selected(self, call: GroupCall) -> bool:
        """Tell whether it is selected."""
        return self._choice is not None and self._choice.is_selected(call)

    def can_select(self, call: GroupCall) -> bool:
        """Tell whether it could be."""
        return self._choice is not None and self._choice.can_select(call)


class _Delegate(QStyledItemDelegate):
    """Paints cells; asks the theme for colours when it paints."""

    def __init__(self, look: Look, rows: GroupRows, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._rows = rows

    def height(self, call: GroupCall, width: int) -> int:
        """Return the height that a row needs when a value's column is `width` px wide."""
        tall = [self._flow(cell.text).lay_out(width - 2 * _PAD).height for cell in call.cells]
        note = self._note(call).lay_out(_NOTE - 2 * _PAD).height
        return max(self._look.theme.tall(_ROW), max((*tall, note)) + 2 * _TOP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw one cell."""
        call = self._rows.call_at(index.row())
        if call is None:
            return
        theme, rect = self._look.theme, QRect(option.rect)
        painter.save()
        mirror(painter, rect, option.direction)
        if call.unlike:
            painter.fillRect(rect, theme.colour(Token.WARNING_BG))
        line = QRect(rect.left(), rect.bottom(), rect.width(), 1)
        painter.fillRect(line, theme.colour(Token.BORDER_SUBTLE))
        if index.column() == 0:
            self._paint_box(painter, rect, call)
        elif index.column() == len(call.cells) + 1:
            self._note(call).lay_out(rect.width() - 2 * _PAD).paint(
                painter, QPointF(rect.left() + _PAD, rect.top() + _TOP), self._ink(call)
            )
        else:
            cell = call.cells[index.column() - 1]
            token = Token.TEXT_SECONDARY if cell.long else Token.TEXT_PRIMARY
            flow = self._flow(cell.text, exact=not cell.long).lay_out(rect.width() - 2 * _PAD)
            at = QPointF(rect.left() + _PAD, rect.top() + _TOP)
            flow.paint(painter, at, theme.colour(token))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme.colour(Token.FOCUS_RING), 2))
            painter.drawRect(QRectF(rect).adjusted(1, 1, -1, -2))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return the cell's size."""
        call = self._rows.call_at(index.row())
        width = option.rect.width()
        return QSize(width, self.height(call, width) if call is not None else _ROW)

    def _ink(self, call: GroupCall) -> QColor:
        theme = self._look.theme
        return theme.colour(Token.WARNING_FG if call.unlike else Token.ACCENT)

    def _paint_box(self, painter: QPainter, rect: QRect, call: GroupCall) -> None:
        theme = self._look.theme
        box = QRectF(rect.left() + (_CHECK - _BOX) / 2, rect.top() + _PAD, _BOX, _BOX)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        on = self._rows.is_selected(call)
        can = self._rows.can_select(call)
        edge = Token.ACCENT_SOLID if on else Token.BORDER_CONTROL if can else Token.BORDER_SUBTLE
        painter.setPen(QPen(theme.colour(edge), 1))
        painter.setBrush(
            theme.colour(Token.ACCENT_SOLID) if on else theme.colour(Token.SURFACE_PANEL)
        )
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        if on:
            self._look.icons.paint(painter, box, Icon.CHECK, theme.colour(Token.ACCENT_ON))

    def _flow(self, text: str, *, exact: bool = True) -> TextFlow:
        style = Type.VALUE if exact else Type.CAPTION
        return TextFlow(plain_runs(text, self._look.words), style, self._look.theme)

    def _note(self, call: GroupCall) -> TextFlow:
        said = ", ".join(filter(None, self._rows.notes(call)))
        return TextFlow([phrase(said)], Type.LABEL, self._look.theme)


class _Header(QHeaderView):
    """Column titles on the surface of the page; hidden characters of a name are boxed."""

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._look = look
        self.setObjectName("group_columns")
        self.setAccessibleName(look.words("burst.columns"))
        self.setHighlightSections(False)
        self.setSectionsClickable(False)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        """Return the header's height."""
        return QSize(super().sizeHint().width(), self._look.theme.tall(_ROW))

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803  # Qt's name
        """Draw a title and the line below."""
        theme = self._look.theme
        painter.save()
        mirror(painter, rect, self.layoutDirection())
        painter.fillRect(rect, theme.colour(Token.SURFACE_PANEL))
        line = QRect(rect.left(), rect.bottom(), rect.width(), 1)
        painter.fillRect(line, theme.colour(Token.BORDER_SUBTLE))
        title = str(self.model().headerData(logicalIndex, Qt.Orientation.Horizontal) or "")
        flow = fitted(self._look, title, Type.LABEL, rect.width() - 2 * _PAD)
        top = rect.top() + (rect.height() - flow.height) / 2
        at = QPointF(rect.left() + _PAD, top)
        flow.paint(painter, at, theme.colour(Token.TEXT_SECONDARY))
        painter.restore()


class GroupTable(QTableView):
    """The rows of one group."""

    toggled = Signal(str)
    """Id of the call that a person pressed."""
    opened = Signal(str)
    """Id of the call whose own card is wanted."""
    painted = Signal(object)
    """Ids of rows that are whole on screen, as a tuple."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.rows = GroupRows(look, self)
        self._delegate = _Delegate(look, self.rows, self)
        self._measured: tuple[int, int] = (-1, -1)
        self.setObjectName("group_table")
        self.setAccessibleName(look.words("burst.table"))
        self.setModel(self.rows)
        self.setItemDelegate(self._delegate)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(True)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.setHorizontalHeader(_Header(look, self))

    def show_choice(self, choice: GroupChoice | None) -> None:
        """Show the calls as they stand."""
        self.rows.show_choice(choice)
        self._measure()
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the values the room that there is; their rows grow instead of cutting them."""
        super().resizeEvent(event)
        self._measure()

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size is another."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._measured = (-1, -1)
            self._measure()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Note which rows a person can see whole."""
        super().paintEvent(event)
        shown = self.viewport().visibleRegion().boundingRect()
        found: list[str] = []
        place = max(0, self.rowAt(0))
        while (call := self.rows.call_at(place)) is not None:
            top = self.rowViewportPosition(place)
            if top > shown.bottom():
                break
            bottom = top + self.rowHeight(place) - 2
            if top >= shown.top() and bottom <= shown.bottom():
                found.append(call.request_id)
            place += 1
        if found:
            self.painted.emit(tuple(found))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space selects, Enter opens, arrows move; letters do nothing."""
        call = self.rows.call_at(self.currentIndex().row())
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Space and call is not None and not event.isAutoRepeat():
            self.toggled.emit(call.request_id)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and call is not None:
            if event.modifiers() == Qt.KeyboardModifier.NoModifier and not event.isAutoRepeat():
                self.opened.emit(call.request_id)
            else:
                event.ignore()
        elif key in _MOVES and event.modifiers() == Qt.KeyboardModifier.NoModifier:
            super().keyPressEvent(event)
        else:
            event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Select by the row, open by its word."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        call = self.rows.call_at(index.row())
        if call is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        if index.column() == self.rows.columnCount() - 1 and self.rows.way(call):
            self.opened.emit(call.request_id)
        else:
            self.toggled.emit(call.request_id)

    def _measure(self) -> None:
        """Set widths and heights anew for what is not measured yet."""
        values = self.rows.columnCount() - 2
        width = self.viewport().width()
        if values < 0 or width <= 0:
            return
        self.setColumnWidth(0, _CHECK)
        each = max(48, (width - _CHECK - _NOTE) // max(1, values))
        for column in range(1, values + 1):
            self.setColumnWidth(column, each)
        self.setColumnWidth(values + 1, max(_NOTE, width - _CHECK - each * values))
        for place in range(self.rows.rowCount()):
            call = self.rows.call_at(place)
            if call is not None:
                self.setRowHeight(place, self._delegate.height(call, each))


_MOVES: Final = frozenset(
    {
        Qt.Key.Key_Up,
        Qt.Key.Key_Down,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
        Qt.Key.Key_PageUp,
        Qt.Key.Key_PageDown,
    }
)
