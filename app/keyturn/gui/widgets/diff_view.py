"""Two texts as one list of lines: line numbers, sign, changed words boxed, nothing hidden."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPointF,
    QRect,
    Qt,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from keyturn.gui.fitting import RowFlows
from keyturn.gui.look import Look
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import diff_runs, phrase
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.rows_view import AnyIndex, RowDelegate, RowsView
from keyturn.presentation.card import DiffRow, DiffSide
from keyturn.presentation.chunks import chunks
from keyturn.presentation.concealed import masks_within

_ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_GUTTER: Final = 36
_SIGN: Final = 20
_SIGNS: Final = {DiffSide.BOTH: "", DiffSide.BEFORE: "-", DiffSide.AFTER: "+"}
_INKS: Final = {
    DiffSide.BOTH: (Token.TEXT_PRIMARY, None),
    DiffSide.BEFORE: (Token.DIFF_DEL_FG, Token.DIFF_DEL_BG),
    DiffSide.AFTER: (Token.DIFF_ADD_FG, Token.DIFF_ADD_BG),
}


@dataclass(frozen=True, slots=True)
class _Part:
    """A row as the view has it: a line, or a piece of a long one."""

    row: DiffRow
    ends: bool
    """The line ends with it."""


class DiffModel(QAbstractTableModel):
    """The lines of one comparison."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._whole: tuple[DiffRow, ...] = ()
        self._rows: tuple[_Part, ...] = ()

    def show_rows(self, rows: Sequence[DiffRow]) -> None:
        """Show other lines; the same ones again change nothing."""
        if tuple(rows) == self._whole:
            return
        self.beginResetModel()
        self._whole = tuple(rows)
        self._rows = tuple(part for row in rows for part in _parts(row))
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return the number of lines, and of pieces of long ones."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return that lines are painted whole."""
        return 0 if parent.isValid() else 1

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the line, or its words for a screen reader."""
        part = self._rows[index.row()]
        if role == _ROW_ROLE:
            return part
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self._spoken(part.row)
        return None

    def _spoken(self, row: DiffRow) -> str:
        if row.side is DiffSide.BOTH:
            return row.text
        key = "diff.added" if row.side is DiffSide.AFTER else "diff.removed"
        return self._look.words(key, text=row.text)


def _parts(row: DiffRow) -> Iterator[_Part]:
    """Cut a long line into pieces that are laid out one at a time, its numbers at the first."""
    start = 0
    pieces = list(chunks(row.text))
    for number, piece in enumerate(pieces):
        end = start + len(piece)
        changed = tuple(
            (max(first, start) - start, min(last, end) - start)
            for first, last in row.changed
            if first < end and last > start
        )
        begins = number == 0
        made = replace(
            row,
            text=piece,
            changed=changed,
            masks=tuple(masks_within(row.masks, start, end)),
            before=row.before if begins else None,
            after=row.after if begins else None,
            indent=row.indent if begins else 0,
        )
        yield _Part(made, ends=number == len(pieces) - 1)
        start = end


class DiffDelegate(RowDelegate):
    """Paints a line over the whole width in the fill of its side."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._flows = RowFlows()
        self.revealed = False

    def forget(self) -> None:
        """Drop the flows."""
        self._flows.clear()

    def least_height(self) -> int:
        """Return the height of one line."""
        return self._look.theme.line(Type.VALUE)

    def row_lines(self, index: AnyIndex, width: int) -> int:
        """Return that a line of the text is one, however it wraps and in however many pieces."""
        del width
        part: _Part = index.data(_ROW_ROLE)
        return int(part.ends)

    def row_height(self, index: AnyIndex, width: int) -> int:
        """Return the height of the wrapped line."""
        return self._flow(index, width).height

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw fill, numbers, sign and text."""
        part: _Part = index.data(_ROW_ROLE)
        row, theme = part.row, self._look.theme
        token, fill = _INKS[row.side]
        rect = option.rect
        painter.save()
        if fill is not None:
            painter.fillRect(rect, theme.colour(fill))
        quiet = token if row.side is not DiffSide.BOTH else Token.TEXT_TERTIARY
        self._paint_number(painter, rect, 0, row.before, quiet)
        self._paint_number(painter, rect, 1, row.after, quiet)
        sign = TextFlow([phrase(_SIGNS[row.side])], Type.VALUE, theme).lay_out()
        sign.paint(painter, QPointF(rect.left() + 2 * _GUTTER + 7, rect.top()), theme.colour(token))
        at = QPointF(rect.left() + 2 * _GUTTER + _SIGN, rect.top())
        self._flow(index, rect.width()).paint(painter, at, theme.colour(token))
        painter.restore()

    def _paint_number(
        self, painter: QPainter, rect: QRect, column: int, number: int | None, token: Token
    ) -> None:
        if number is None:
            return
        flow = TextFlow([phrase(str(number))], Type.VALUE, self._look.theme).lay_out(_GUTTER)
        at = QPointF(rect.left() + column * _GUTTER, rect.top())
        colour = self._look.theme.colour(token)
        flow.paint(painter, at, colour, align=Qt.AlignmentFlag.AlignRight)

    def _flow(self, index: AnyIndex, width: int) -> TextFlow:
        found = self._flows.get(index.row())
        if found is None:
            part: _Part = index.data(_ROW_ROLE)
            row = part.row
            runs = diff_runs(
                row.text,
                row.changed,
                self._look.words,
                indent=row.indent,
                masks=row.masks,
                revealed=self.revealed,
            )
            made = TextFlow(runs, Type.VALUE, self._look.theme)
            found = self._flows.put(index.row(), made)
        return found.lay_out(width - 2 * _GUTTER - _SIGN - 8)


class DiffView(RowsView):
    """The comparison as a list that is read from top to bottom."""

    def __init__(self, look: Look, *, most_lines: int = 0, parent: QWidget | None = None) -> None:
        self._diff = DiffModel(look)
        self._delegate = DiffDelegate(look)
        super().__init__(self._delegate, name="diff", most_lines=most_lines, parent=parent)
        self.setModel(self._diff)
        self.setAccessibleName(look.words("diff.name"))

    def show_rows(self, rows: Sequence[DiffRow]) -> None:
        """Show a comparison."""
        self._diff.show_rows(rows)

    def reveal(self, revealed: bool) -> None:
        """Show what is hidden of the lines, or hide it again."""
        if self._delegate.revealed is not revealed:
            self._delegate.revealed = revealed
            self.measure_again()
