"""Two texts as one list of lines: line numbers, sign, changed words boxed, nothing hidden."""

from collections.abc import Sequence
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

from keyturn.gui.look import Look
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import diff_runs, phrase
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.rows_view import AnyIndex, RowDelegate, RowsView
from keyturn.presentation.card import DiffRow, DiffSide

_ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 1
_GUTTER: Final = 36
_SIGN: Final = 20
_SIGNS: Final = {DiffSide.BOTH: "", DiffSide.BEFORE: "-", DiffSide.AFTER: "+"}
_INKS: Final = {
    DiffSide.BOTH: (Token.TEXT_PRIMARY, None),
    DiffSide.BEFORE: (Token.DIFF_DEL_FG, Token.DIFF_DEL_BG),
    DiffSide.AFTER: (Token.DIFF_ADD_FG, Token.DIFF_ADD_BG),
}


class DiffModel(QAbstractTableModel):
    """The lines of one comparison."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._rows: tuple[DiffRow, ...] = ()

    def show_rows(self, rows: Sequence[DiffRow]) -> None:
        """Show other lines; the same ones again change nothing."""
        if tuple(rows) == self._rows:
            return
        self.beginResetModel()
        self._rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return the number of lines."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return that lines are painted whole."""
        return 0 if parent.isValid() else 1

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the line, or its words for a screen reader."""
        row = self._rows[index.row()]
        if role == _ROW_ROLE:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return self._spoken(row)
        return None

    def _spoken(self, row: DiffRow) -> str:
        if row.side is DiffSide.BOTH:
            return row.text
        key = "diff.added" if row.side is DiffSide.AFTER else "diff.removed"
        return self._look.words(key, text=row.text)


class DiffDelegate(RowDelegate):
    """Paints a line over the whole width in the fill of its side."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._flows: dict[int, TextFlow] = {}
        self.revealed = False

    def forget(self) -> None:
        """Drop the flows."""
        self._flows.clear()

    def least_height(self) -> int:
        """Return the height of one line."""
        return self._look.theme.line(Type.VALUE)

    def row_lines(self, index: AnyIndex, width: int) -> int:
        """Return that every row is one line of the text, however it wraps."""
        del index, width
        return 1

    def row_height(self, index: AnyIndex, width: int) -> int:
        """Return the height of the wrapped line."""
        return self._flow(index, width).height

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw fill, numbers, sign and text."""
        row: DiffRow = index.data(_ROW_ROLE)
        theme = self._look.theme
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
            row: DiffRow = index.data(_ROW_ROLE)
            runs = diff_runs(
                row.text,
                row.changed,
                self._look.words,
                indent=row.indent,
                masks=row.masks,
                revealed=self.revealed,
            )
            found = self._flows[index.row()] = TextFlow(runs, Type.VALUE, self._look.theme)
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
