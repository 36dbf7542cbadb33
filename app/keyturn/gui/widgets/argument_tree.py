"""The arguments as a tree of keys, exact values and where each value came from."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QFontMetricsF,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPen,
)
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem, QWidget

from keyturn.gui.fitting import RowFlows
from keyturn.gui.look import Look
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import phrase, plain_runs, value_runs
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.rows_view import AnyIndex, RowDelegate, RowsView
from keyturn.presentation.card import ArgumentRow, OriginLabel, ValueKind, spans_within
from keyturn.presentation.chunks import chunks
from keyturn.presentation.concealed import Concealed, masks_within
from keyturn.presentation.marks import Icon
from keyturn.presentation.visible_text import SPACE_RUN

ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_PART_ROLE: Final = Qt.ItemDataRole.UserRole + 2
MOST_LINES: Final = 20
_KEY: Final = 168
_ORIGIN: Final = 184
_INDENT: Final = 18
_KEY_CHUNK: Final = 1_000
"""Characters of a key that are laid out at a time, in its narrow column."""
_LEAST: Final = 28
_WITH_ORIGIN: Final = 30
_ICON: Final = 14
_TOP: Final = 3
_INSET: Final = 6
"""The ring of the row with the focus, and air between it and the key's first letter."""
_NARROW: Final = 600
"""Under this width the origin goes below the value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A row as the view has it: all of an argument, or a piece of a long one."""

    row: ArgumentRow
    first: bool
    last: bool


class ArgumentModel(QAbstractTableModel):
    """The rows of one card."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._whole: tuple[ArgumentRow, ...] = ()
        self._rows: tuple[_Part, ...] = ()

    def show_rows(self, rows: Sequence[ArgumentRow]) -> None:
        """Show other rows; the same ones again change nothing."""
        if tuple(rows) == self._whole:
            return
        self.beginResetModel()
        self._whole = tuple(rows)
        self._rows = tuple(part for row in rows for part in _parts(row))
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return that rows are painted whole."""
        return 0 if parent.isValid() else 1

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the row, or its words for a screen reader."""
        part = self._rows[index.row()]
        row = part.row
        if role == ROW_ROLE:
            return row
        if role == _PART_ROLE:
            return part
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            spoken = f"{row.key}: {row.value}"
            return f"{spoken}, {row.origin.text}" if row.origin else spoken
        return None

    def whole_value(self, path: str) -> str:
        """Return the value at `path` in one piece."""
        return self._shown(path).text

    def true_value(self, path: str) -> str:
        """Return the same with what is hidden of it."""
        return self._shown(path).true_text

    def _shown(self, path: str) -> Concealed:
        found = (Concealed(row.value, row.masks) for row in self._whole if row.path == path)
        return next(found, Concealed(""))


def _parts(row: ArgumentRow) -> Iterator[_Part]:
    """Cut a row with a long value or a long key into rows that are laid out one at a time."""
    start = 0
    values, keys = list(chunks(row.value)), list(chunks(row.key, _KEY_CHUNK))
    count = max(len(values), len(keys))
    pieces = zip_longest(keys, values, fillvalue="")
    for number, (key, piece) in enumerate(pieces):
        end = start + len(piece)
        first, last = number == 0, number == count - 1
        # The line end at a piece's end is the step to the next row.
        shown = piece if last else piece.removesuffix("\n")
        made = replace(
            row,
            key=key,
            value=shown,
            spans=spans_within(row.spans, start, end),
            masks=tuple(masks_within(row.masks, start, end)),
            origin=row.origin if first else None,
        )
        yield _Part(row=made, first=first, last=last)
        start = end


class ArgumentDelegate(RowDelegate):
    """Paints a row; its flows are kept until the width or the theme is another."""

    def __init__(self, look: Look, *, key_width: int = _KEY, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._key_width = key_width
        self._flows = RowFlows()
        self._keys = RowFlows()
        self._letter = _letter_width(look)
        self.selection: tuple[int, int, int] | None = None
        """Row, start and end of the text that is selected."""
        self.revealed = False

    def forget(self) -> None:
        """Drop the flows."""
        self._flows.clear()
        self._keys.clear()
        self._letter = _letter_width(self._look)
        self.selection = None

    def least_height(self) -> int:
        """Return the height of a row of one line."""
        return self._look.theme.tall(_LEAST)

    def row_lines(self, index: AnyIndex, width: int) -> int:
        """Return the lines of the value."""
        if self._is_short(argument_row(index), width):
            return 1
        return self.value_flow(index, width).line_count

    def _is_short(self, row: ArgumentRow, width: int) -> bool:
        """Tell without laying anything out that key and value are one line each, as most are."""
        text = row.key + row.value
        if row.masks or not (text.isascii() and text.isprintable()) or " " * SPACE_RUN in text:
            return False
        value = self.value_rect(QRect(0, 0, width, 0))
        letter = self._letter
        room = value.left() - _INSET - row.depth * _INDENT - 8
        pads = 6 * len(row.spans)
        return len(row.value) * letter + pads <= value.width() and len(row.key) * letter <= room

    def row_height(self, index: AnyIndex, width: int) -> int:
        """Return the height of the value, and of the origin where it stands below."""
        row = argument_row(index)
        part = _part(index)
        theme = self._look.theme
        extra = theme.tall(_WITH_ORIGIN if row.origin else _LEAST) - theme.line(Type.VALUE)
        above, under = (_TOP if part.first else 0), (extra - _TOP if part.last else 0)
        below = theme.line(Type.VALUE) if row.origin and width < _NARROW else 0
        if self._is_short(row, width):
            return theme.line(Type.VALUE) + below + above + under
        value = self.value_flow(index, width).height + below
        return max(value, self._key_flow(index, width).height) + above + under

    def value_flow(self, index: AnyIndex, width: int) -> TextFlow:
        """Return the value of a row, laid out."""
        found = self._flows.get(index.row())
        if found is None:
            row = argument_row(index)
            words = self._look.words
            runs = value_runs(row.value, row.spans, words, row.masks, revealed=self.revealed)
            made = TextFlow(runs, Type.VALUE, self._look.theme)
            found = self._flows.put(index.row(), made)
        return found.lay_out(self.value_rect(QRect(0, 0, width, 0)).width())

    def _key_flow(self, index: AnyIndex, width: int) -> TextFlow:
        """Return the key of a row, wrapped in its column: a key may be as long as a value."""
        row = argument_row(index)
        found = self._keys.get(index.row())
        if found is None:
            runs = plain_runs(row.key, self._look.words, one_line=True)
            made = TextFlow(runs, Type.VALUE, self._look.theme)
            found = self._keys.put(index.row(), made)
        room = self.value_rect(QRect(0, 0, width, 0)).left()
        room -= _INSET + row.depth * _INDENT + 8
        return found.lay_out(max(24, room))

    def value_rect(self, row: QRect) -> QRect:
        """Return where the value stands in a row."""
        wide = row.width() >= _NARROW
        key = self._key_width if wide else min(self._key_width, 136)
        trailing = _ORIGIN + 8 if wide else 0
        return row.adjusted(key, _TOP, -trailing, 0)

    def origin_rect(self, row: QRect) -> QRect:
        """Return where the origin stands in a row."""
        line = self._look.theme.line(Type.VALUE)
        if row.width() >= _NARROW:
            return QRect(row.right() + 1 - _ORIGIN, row.top() + _TOP, _ORIGIN, line)
        value = self.value_rect(row)
        return QRect(value.left(), row.bottom() - 4 - line, value.width(), line)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw key, value, origin and the line below."""
        row = argument_row(index)
        rect = option.rect
        theme = self._look.theme
        painter.save()
        part = _part(index)
        key_at = QPointF(rect.left() + _INSET + row.depth * _INDENT, rect.top() + _TOP)
        key = self._key_flow(index, rect.width())
        key.paint(painter, key_at, theme.colour(Token.TEXT_SECONDARY))
        flow = self.value_flow(index, rect.width())
        token = Token.TEXT_PRIMARY if row.value_kind is ValueKind.EXACT else Token.TEXT_TERTIARY
        selected = (
            self.selection[1:] if self.selection and self.selection[0] == index.row() else None
        )
        at = QPointF(self.value_rect(rect).topLeft()) - QPointF(0, 0 if part.first else _TOP)
        clip = QRectF(option.widget.rect())
        flow.paint(painter, at, theme.colour(token), selection=selected, clip=clip)
        if row.origin is not None:
            self._paint_origin(painter, self.origin_rect(rect), row.origin)
        painter.setPen(QPen(theme.colour(Token.BORDER_SUBTLE), 1))
        if part.last:
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme.colour(Token.FOCUS_RING), 2))
            painter.drawRect(QRectF(rect).adjusted(1, 1, -1, -1))
        painter.restore()

    def _paint_origin(self, painter: QPainter, rect: QRect, origin: OriginLabel) -> None:
        theme = self._look.theme
        found = origin.traced and not origin.claimed
        token = Token.TRACE_FG if found else Token.TEXT_TERTIARY
        icon = Icon.CLAIMED if origin.claimed else Icon.TRACED if found else Icon.UNTRACED
        icon = Icon.EDITED if origin.typed else icon
        square = QRectF(rect.left(), rect.top() + (rect.height() - _ICON) // 2, _ICON, _ICON)
        colour = theme.colour(Token.TRACE_FG if found else Token.TEXT_SECONDARY)
        self._look.icons.paint(painter, square, icon, colour)
        flow = TextFlow([phrase(origin.text)], Type.LABEL, theme).lay_out()
        top = rect.top() + (rect.height() - flow.height) // 2
        flow.paint(painter, QPointF(rect.left() + _ICON + 6, top), theme.colour(token))


class ArgumentTree(RowsView):
    """Rows with text that can be selected, and origins that open their source."""

    source_requested = Signal(int)
    """Index of the excerpt that a row came from."""
    left_below = Signal()
    """The arrow key went past the last row."""

    def __init__(self, look: Look, *, key_width: int = _KEY, parent: QWidget | None = None) -> None:
        self._arguments = ArgumentModel(look)
        self._delegate = ArgumentDelegate(look, key_width=key_width)
        super().__init__(self._delegate, name="arguments", most_lines=MOST_LINES, parent=parent)
        self._anchor: tuple[int, int] | None = None
        self.setModel(self._arguments)
        self.setMouseTracking(True)
        self.setAccessibleName(look.words("card.arguments"))

    def show_rows(self, rows: Sequence[ArgumentRow]) -> None:
        """Show the arguments of a card."""
        self._arguments.show_rows(rows)

    def reveal(self, revealed: bool) -> None:
        """Show what is hidden of the values, or hide it again."""
        if self._delegate.revealed is not revealed:
            self._delegate.revealed = revealed
            self.measure_again()

    def selected_text(self) -> str:
        """Return the exact text of the selection, or the current row's value."""
        chosen = self._delegate.selection
        if chosen is not None and chosen[1] != chosen[2]:
            flow = self._flow(self._arguments.index(chosen[0], 0))
            return flow.source(min(chosen[1:]), max(chosen[1:]))
        current = self.currentIndex()
        if not current.isValid():
            return ""
        value = self._arguments
        told = value.true_value if self._delegate.revealed else value.whole_value
        return told(argument_row(current).path)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a selection, or open an origin."""
        super().mousePressEvent(event)
        index = self.indexAt(event.position().toPoint())
        if not index.isValid():
            return
        if self._over_origin(index, event.position().toPoint()):
            self._open(index)
            return
        at = self._text_position(index, event.position())
        self._anchor = (index.row(), at)
        self._select(index.row(), at, at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Stretch the selection within its row; show a hand over origins."""
        if self._anchor is not None and event.buttons() & Qt.MouseButton.LeftButton:
            index = self._arguments.index(self._anchor[0], 0)
            at = self._text_position(index, event.position())
            self._select(self._anchor[0], self._anchor[1], at)
            return
        index = self.indexAt(event.position().toPoint())
        over = index.isValid() and self._over_origin(index, event.position().toPoint())
        shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.IBeamCursor
        self.viewport().setCursor(shape)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Copy, open the current row's source, or leave at the end."""
        current = self.currentIndex()
        if event.matches(QKeySequence.StandardKey.Copy):
            QGuiApplication.clipboard().setText(self.selected_text())
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and current.isValid():
            self._open(current)
        elif (
            event.key() == Qt.Key.Key_Down
            and current.row() == self._arguments.rowCount() - 1
            and not self.walk.goes_on(1)
        ):
            self.left_below.emit()
        else:
            super().keyPressEvent(event)

    def _flow(self, index: AnyIndex) -> TextFlow:
        return self._delegate.value_flow(index, self.viewport().width())

    def _text_position(self, index: QModelIndex | QPersistentModelIndex, point: QPointF) -> int:
        corner = self._delegate.value_rect(self.visualRect(index)).topLeft()
        return self._flow(index).position_at(point - QPointF(corner))

    def _over_origin(self, index: QModelIndex, point: QPoint) -> bool:
        origin = argument_row(index).origin
        rect = self._delegate.origin_rect(self.visualRect(index))
        return origin is not None and origin.excerpt is not None and rect.contains(point)

    def _open(self, index: QModelIndex) -> None:
        origin = argument_row(index).origin
        if origin is not None and origin.excerpt is not None:
            self.source_requested.emit(origin.excerpt)

    def _select(self, row: int, start: int, end: int) -> None:
        self._delegate.selection = (row, start, end)
        self.viewport().update()


def argument_row(index: AnyIndex) -> ArgumentRow:
    """Return the row behind an index."""
    row: ArgumentRow = index.data(ROW_ROLE)
    return row


def _letter_width(look: Look) -> float:
    return QFontMetricsF(look.theme.font(Type.VALUE)).horizontalAdvance("x")


def _part(index: AnyIndex) -> _Part:
    part: _Part = index.data(_PART_ROLE)
    return part
