"""A quiet table of `ListRow`s: one or two lines a row, one colour at most, painted from tokens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QItemSelection,
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
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
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
from keyturn.gui.text_runs import phrase
from keyturn.gui.theme import Token, Type, TypeStyle
from keyturn.presentation.cells import Cell, ListRow
from keyturn.presentation.marks import Role
from keyturn.presentation.visible_text import shown_line

AnyIndex = QModelIndex | QPersistentModelIndex
HORIZONTAL: Final = Qt.Orientation.Horizontal
CELL_ROLE: Final = Qt.ItemDataRole.UserRole + 1
ONE_LINE: Final = 36
TWO_LINES: Final = 52
_HEADER: Final = 33
"""32 and the line below."""
_SIDE: Final = 16
_BAR: Final = 3
_ICON: Final = 16
_LAMP: Final = 16
_LAMPS: Final = "UPX"
_LONGEST_SPOKEN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its words' key, its least width, its share of what room is left."""

    title: str
    width: int
    share: int = 0
    right: bool = False
    spared: bool = False
    """Left out while a pane stands beside the table, which has it in full."""


class ListModel(QAbstractTableModel):
    """The rows as they are; a refresh of the same rows moves nothing."""

    def __init__(
        self, look: Look, columns: Sequence[Column], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._titles = tuple(look.words(column.title) for column in columns)
        self._columns = len(self._titles)
        self._rows: tuple[ListRow, ...] = ()

    def show_rows(self, rows: Sequence[ListRow]) -> None:
        """Take the rows."""
        taken = tuple(rows)
        if taken == self._rows:
            return
        if [row.row_id for row in taken] == [row.row_id for row in self._rows]:
            self._rows = taken
            last = self.index(len(taken) - 1, self._columns - 1)
            self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self._rows = taken
        self.endResetModel()

    def place_of(self, row_id: str) -> int:
        """Return a row's place, -1 when it is not listed."""
        places = (place for place, row in enumerate(self._rows) if row.row_id == row_id)
        return next(places, -1)

    def row_at(self, place: int) -> ListRow | None:
        """Return a row."""
        return self._rows[place] if 0 <= place < len(self._rows) else None

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return the number of columns."""
        return 0 if parent.isValid() else self._columns

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return a column's title for readers; who sees it sees what the header paints."""
        spoken = role == Qt.ItemDataRole.AccessibleTextRole
        return self._titles[section] if spoken and orientation is HORIZONTAL else None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell, or its words with hidden characters in brackets."""
        cell = self._rows[index.row()].cells[index.column()]
        if role == CELL_ROLE:
            return cell
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            text = f"{cell.text}, {cell.note}" if cell.note else cell.text
            return shown_line(text, self._look.words, most=_LONGEST_SPOKEN)
        return None


class _Header(QHeaderView):
    """Column titles on the surface of the page."""

    def __init__(self, look: Look, columns: Sequence[Column], parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._look = look
        self._columns = tuple(columns)
        self.setHighlightSections(False)
        self.setSectionsClickable(False)
        self.setMinimumSectionSize(32)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def sizeHint(self) -> QSize:
        """Return the header's height."""
        return QSize(super().sizeHint().width(), self._look.theme.tall(_HEADER))

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803  # Qt's name
        """Draw a title and the line below."""
        theme = self._look.theme
        column = self._columns[logicalIndex]
        painter.save()
        mirror(painter, rect, self.layoutDirection())
        painter.fillRect(rect, theme.colour(Token.SURFACE_PANEL))
        title = self._look.words(column.title)
        flow = TextFlow([phrase(title)], Type.LABEL, theme).lay_out()
        left = rect.left() + (_SIDE if logicalIndex == 0 else 0)
        if column.right:
            left = rect.right() - _SIDE - round(flow.used_width)
        top = rect.top() + (rect.height() - flow.height) // 2
        flow.paint(painter, QPointF(left, top), theme.colour(Token.TEXT_SECONDARY))
        edge = QRect(rect.left(), rect.bottom(), rect.width(), 1)
        painter.fillRect(edge, theme.colour(Token.BORDER_SUBTLE))
        painter.restore()


class _Delegate(QStyledItemDelegate):
    """Paints cells: words, an icon with a word, or the three lamps."""

    def __init__(self, look: Look, columns: Sequence[Column], parent: QObject) -> None:
        super().__init__(parent)
        self._look = look
        self._columns = tuple(columns)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw a cell and its part of the row."""
        cell: Cell = index.data(CELL_ROLE)
        rect: QRect = option.rect
        painter.save()
        mirror(painter, rect, option.direction)
        self._paint_ground(painter, option, rect, first=index.column() == 0)
        inner = rect.adjusted(_SIDE if index.column() == 0 else 0, 0, -_SIDE, -1)
        if cell.lamps is not None:
            self._paint_lamps(painter, inner, cell.lamps)
        elif cell.icon is not None:
            self._paint_marked(painter, inner, cell)
        else:
            self._paint_words(painter, inner, cell, right=self._columns[index.column()].right)
        painter.restore()

    def _paint_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, *, first: bool
    ) -> None:
        theme = self._look.theme
        if option.state & QStyle.StateFlag.State_Selected:
            body = rect.adjusted(0, 0, 0, -1)
            painter.fillRect(body, theme.colour(Token.SELECTION_BG))
            if first:
                bar = QRect(body.left(), body.top(), _BAR, body.height())
                painter.fillRect(bar, theme.colour(Token.ACCENT))
        edge = QRect(rect.left(), rect.bottom(), rect.width(), 1)
        painter.fillRect(edge, theme.colour(Token.BORDER_SUBTLE))

    def _paint_words(self, painter: QPainter, rect: QRect, cell: Cell, *, right: bool) -> None:
        theme = self._look.theme
        flow = self._fitted(cell.text, _type_of(cell), rect.width())
        token = Token.TEXT_SECONDARY if right else Token.TEXT_PRIMARY
        if not cell.note:
            left = rect.right() - flow.used_width if right else rect.left()
            top = rect.top() + (rect.height() - flow.height) // 2
            flow.paint(painter, QPointF(left, top), theme.colour(token))
            return
        note = self._fitted(cell.note, Type.CAPTION, rect.width())
        top = rect.top() + (rect.height() - flow.height - note.height) // 2
        flow.paint(painter, QPointF(rect.left(), top), theme.colour(token))
        below = QPointF(rect.left(), top + flow.height)
        note.paint(painter, below, theme.colour(Token.TEXT_SECONDARY))

    def _paint_marked(self, painter: QPainter, rect: QRect, cell: Cell) -> None:
        theme = self._look.theme
        icon = cell.icon
        if icon is None:
            return
        token = theme.role_token(cell.role)
        top = rect.top() + (rect.height() - _ICON) // 2
        square = QRectF(rect.left(), top, _ICON, _ICON)
        self._look.icons.paint(painter, square, icon, theme.colour(token))
        room = rect.adjusted(_ICON + 6, 0, 8, 0)
        style = Type.PAIR if cell.role is Role.NEUTRAL else Type.LABEL
        flow = self._fitted(cell.text, style, room.width())
        at = QPointF(room.left(), rect.top() + (rect.height() - flow.height) // 2)
        flow.paint(painter, at, theme.colour(token))

    def _paint_lamps(self, painter: QPainter, rect: QRect, lit: str) -> None:
        """Draw all three letters: on a fill when lit, in a hollow box when dark."""
        theme = self._look.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = theme.tall(_LAMP)
        top = rect.top() + (rect.height() - size) // 2
        for place, letter in enumerate(_LAMPS):
            box = QRectF(rect.left() + place * (size + 4), top, size, size)
            is_lit = letter in lit
            if is_lit:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour(Token.WARNING_FG))
                painter.drawRoundedRect(box, 3, 3)
            else:
                painter.setPen(QPen(theme.colour(Token.BORDER_CONTROL), 1))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
            flow = TextFlow([phrase(letter)], Type.CAPTION_STRONG, theme).lay_out(size)
            token = Token.SURFACE_PANEL if is_lit else Token.TEXT_TERTIARY
            corner = QPointF(box.left(), box.top() + (size - flow.height) / 2)
            centre = Qt.AlignmentFlag.AlignHCenter
            flow.paint(painter, corner, theme.colour(token), align=centre)

    def _fitted(self, text: str, style: TypeStyle, width: int) -> TextFlow:
        return fitted(self._look, text, style, width, brief=True)


class RowTable(QTableView):
    """Rows to choose from by pointer or arrow keys; it takes no orders and asks for none."""

    row_chosen = Signal(str)
    """Id of the row."""

    def __init__(
        self,
        look: Look,
        columns: Sequence[Column],
        *,
        name: str,
        spoken: str,
        row_height: int = ONE_LINE,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._columns = tuple(columns)
        self._row_height = row_height
        self._chosen = ""
        self._spare = False
        self.rows = ListModel(look, self._columns, self)
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.setProperty("ring", False)
        header = _Header(look, self._columns, self)
        header.setObjectName(f"{name}_header")
        header.setAccessibleName(spoken)
        self.setHorizontalHeader(header)
        self.setModel(self.rows)
        self.setItemDelegate(_Delegate(look, self._columns, self))
        self._become_plain()

    def show_rows(self, rows: Sequence[ListRow]) -> None:
        """Show rows; the chosen one stays chosen while it is listed."""
        chosen = self._chosen
        self.rows.show_rows(rows)
        self.choose(chosen)

    def choose(self, row_id: str) -> None:
        """Select a row, or none, without telling anybody."""
        self._chosen = row_id
        place = self.rows.place_of(row_id)
        if place < 0:
            self.clearSelection()
            self.setCurrentIndex(QModelIndex())
        elif place != self.currentIndex().row() or not self.selectionModel().hasSelection():
            self.selectRow(place)

    def spare_columns(self, spare: bool) -> None:
        """Leave some columns to the pane beside the table."""
        self._spare = spare
        self._share_width()

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        """Tell which row a person chose; arriving by Tab chooses none."""
        super().selectionChanged(selected, deselected)
        places = {index.row() for index in selected.indexes()}
        row = self.rows.row_at(min(places, default=-1))
        if row is not None and row.row_id != self._chosen:
            self._chosen = row.row_id
            self.row_chosen.emit(row.row_id)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows, and where the keyboard is while nothing there is chosen."""
        super().paintEvent(event)
        current = self.currentIndex()
        if not self.hasFocus() or not current.isValid() or self.selectionModel().hasSelection():
            return
        painter = QPainter(self.viewport())
        painter.setPen(QPen(self._look.theme.colour(Token.FOCUS_RING), 2))
        top = self.rowViewportPosition(current.row())
        height = self.rowHeight(current.row())
        painter.drawRect(QRect(2, top + 2, self.viewport().width() - 4, height - 5))

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size is another."""
        if event.type() is QEvent.Type.StyleChange:
            self._measure()
        super().changeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width again."""
        super().resizeEvent(event)
        self._share_width()

    def _become_plain(self) -> None:
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._measure()

    def _measure(self) -> None:
        self.verticalHeader().setDefaultSectionSize(self._look.theme.tall(self._row_height))
        self._share_width()

    def _share_width(self) -> None:
        """Give what room is left to the columns with a share.

        Where there is not even room for all of them, those that can be spared are left out, from
        the last, until there is.
        """
        room = self.viewport().width()
        tall = self._look.theme.tall
        needed = sum(tall(column.width) for column in self._columns)
        for place, column in reversed(list(enumerate(self._columns))):
            left_out = column.spared and (self._spare or needed > room)
            self.setColumnHidden(place, left_out)
            needed -= tall(column.width) if left_out else 0
        shown = [p for p in range(len(self._columns)) if not self.isColumnHidden(p)]
        widths = {place: tall(self._columns[place].width) for place in shown}
        spare = room - sum(widths.values())
        shares = sum(self._columns[place].share for place in shown) or 1
        for place in shown:
            extra = spare * self._columns[place].share // shares
            self.setColumnWidth(place, max(64, widths[place] + extra))


def _type_of(cell: Cell) -> TypeStyle:
    if cell.exact:
        return Type.VALUE
    return Type.BODY_STRONG if cell.strong else Type.BODY
