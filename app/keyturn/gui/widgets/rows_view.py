"""A list of rows as tall as their text: no cut values, no elision, heights worked out in slices.

Shows all rows inside the page up to a number of lines, then scrolls by itself. It knows which
lines have been on screen, which the arming asks for.
"""

from typing import Final, cast

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QSizePolicy,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from keyturn.gui.widgets.row_walk import RowWalk
from keyturn.gui.widgets.scroll_pane import page_around

AnyIndex = QModelIndex | QPersistentModelIndex
_SLICE_HEIGHT: Final = 1_200
"""Pixels of rows that are laid out in a turn: a screenful, a few milliseconds of work."""
"""So long may measuring hold the window up at a time."""


class RowDelegate(QStyledItemDelegate):
    """A delegate that knows how tall a row is at a width, and how many lines it has."""

    def row_height(self, index: AnyIndex, width: int) -> int:
        """Return the height of a row in px when the view is `width` wide."""
        raise NotImplementedError

    def row_lines(self, index: AnyIndex, width: int) -> int:
        """Return how many lines of text the row has."""
        raise NotImplementedError

    def least_height(self) -> int:
        """Return the height of a row of one line, for rows not measured yet."""
        raise NotImplementedError

    def forget(self) -> None:
        """Drop what was laid out; theme, text size or rows are others."""
        raise NotImplementedError

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return the row's size."""
        width = option.rect.width()
        return QSize(width, self.row_height(index, width))


class RowsView(QTableView):
    """One column of delegate-painted rows."""

    unseen_changed = Signal(object)
    """First and last line that was not on screen yet, as a tuple, or None when all were."""

    def __init__(
        self,
        delegate: RowDelegate,
        *,
        name: str,
        most_lines: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        """`most_lines`: beyond so many the view scrolls by itself; 0: it always does."""
        super().__init__(parent)
        self._rows = delegate
        self._most_lines = most_lines
        self._measured = 0
        self._line_counts: list[int] = []
        self._hint = QSize()
        self.walk = RowWalk(self, delegate.least_height)
        self._seen: set[int] = set()
        self._parts_seen: dict[int, set[int]] = {}
        """Of rows taller than what is on screen: which parts of them were."""
        self._is_long = False
        """It took more than a slice to measure these rows at some width."""
        self._unseen: tuple[int, int] | None = (1, 1)
        self._told = (-1, -1)
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._measure_slice)
        self.setObjectName(name)
        self.setItemDelegate(delegate)
        # Values and diffs stand the way they were sent, whichever way the window is read.
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setProperty("ring", False)
        self._become_plain()

    def setModel(self, model: QAbstractItemModel | None) -> None:
        """Show another model's rows."""
        super().setModel(model)
        if model is not None:
            model.modelReset.connect(self.start_over)
        self.start_over()

    def start_over(self) -> None:
        """Measure everything again and forget what was seen."""
        self._is_long = False
        self._guess()
        self._begin_measuring()
        self.forget_seen()

    def measure_again(self) -> None:
        """Lay the same rows out anew; what was seen of them stays seen, as at another width."""
        self._guess()
        self._begin_measuring()

    def forget_seen(self) -> None:
        """Take every row for unseen again: the same rows may belong to another request."""
        self._seen.clear()
        self._parts_seen.clear()
        # What has no rows is never painted, and leaves nothing to look at.
        self._unseen = (1, 1) if self._row_count() else None
        self._told = (-1, -1)
        # Rows that look the same as before would not be painted again, and so never be seen.
        self.viewport().update()

    @property
    def unseen(self) -> tuple[int, int] | None:
        """Return the first and last line that was not on screen yet."""
        return self._unseen

    @property
    def is_measured(self) -> bool:
        """Tell whether every row has its height."""
        return self._measured >= self._row_count()

    def line_count(self) -> int:
        """Return the number of lines of all rows measured so far."""
        return sum(self._line_counts)

    def show_unseen(self) -> None:
        """Bring the first part that was not on screen there, also where the page around scrolls."""
        rows = self._row_count()
        row = next((row for row in range(rows) if row not in self._seen), rows)
        if row == rows:
            return
        part, parts = self._rows.least_height(), self._parts_seen.get(row, set())
        first = next(n for n in range(len(parts) + 1) if n not in parts) * part
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self.rowViewportPosition(row) + first)
        around = page_around(self)
        if around is not None:
            top = self.rowViewportPosition(row) + first
            around.show_line(self, min(self.height(), top + around.viewport().height()))
            around.show_line(self, top)

    def sizeHint(self) -> QSize:
        """Return the height of all rows, or of as many lines as are allowed."""
        height = self.verticalHeader().length()
        if self._most_lines:
            height = min(height, self._most_lines * self._rows.least_height())
        return QSize(320, height)

    def minimumSizeHint(self) -> QSize:
        """Return the same height, so that the page scrolls rather than the view shrinks."""
        hint = self.sizeHint()
        return QSize(160, hint.height() if self._most_lines else self._rows.least_height() * 3)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap again when the width is another."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._begin_measuring()

    def changeEvent(self, event: QEvent) -> None:
        """Lay everything out again when theme or text size is another."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._guess()
            self._begin_measuring()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go from row to row, and line by line over a row that is taller than what is on screen."""
        if not self.walk.take(event):
            super().keyPressEvent(event)
            self.walk.bring_current()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint, and note which rows a person could see."""
        super().paintEvent(event)
        self._note_seen()

    def _become_plain(self) -> None:
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setMinimumSectionSize(1)
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setWordWrap(True)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def _row_count(self) -> int:
        # Null before the first model, which the stubs do not know.
        model = cast("QAbstractItemModel | None", self.model())
        return model.rowCount() if model is not None else 0

    def _lines_before(self, row: int) -> int:
        return sum(self._line_counts[:row]) + max(0, row - len(self._line_counts))

    def _guess(self) -> None:
        """Give every row the least height, until it is measured.

        Not at another width: rows that shrink and grow again would take the page's scroll bar away
        and bring it back, which is another width, without end.
        """
        self._rows.forget()
        self.verticalHeader().setDefaultSectionSize(self._rows.least_height())

    def _begin_measuring(self) -> None:
        self._measured = 0
        self._line_counts.clear()
        self._parts_seen.clear()
        if self._is_long:
            # A card that is shown for the first time gets its width in many steps.
            self._timer.start()
        else:
            self._measure_slice()

    def _measure_slice(self) -> None:
        """Give the next rows their height; the timer goes on with the rest."""
        taken = 0
        width = self.viewport().width()
        rows = self._row_count()
        while self._measured < rows and taken < _SLICE_HEIGHT:
            index = self.model().index(self._measured, 0)
            height = self._rows.row_height(index, width)
            taken += height
            if height != self.rowHeight(self._measured):
                self.setRowHeight(self._measured, height)
            self._line_counts.append(self._rows.row_lines(index, width))
            self._measured += 1
        if self._measured < rows:
            self._is_long = True
            self._timer.start()
        else:
            self._timer.stop()
            # Qt would find out later how far it scrolls; by then a person may be at the end.
            self.updateGeometries()
        hint = self.sizeHint()
        if hint != self._hint:
            self._hint = hint
            self.updateGeometry()
        self.viewport().update()

    def _note_seen(self) -> None:
        visible = self.viewport().visibleRegion().boundingRect()
        if visible.isEmpty() or not self.isVisible():
            return
        first, last = self.rowAt(visible.top()), self.rowAt(visible.bottom())
        rows = self._row_count()
        before = (len(self._seen), self._measured)
        for row in range(max(0, first), (last if last >= 0 else rows - 1) + 1):
            if self._is_seen(row, visible):
                self._seen.add(row)
        if (len(self._seen), self._measured) != before or self._told != before:
            self._told = (len(self._seen), self._measured)
            self._tell_unseen(rows)

    def _is_seen(self, row: int, band: QRect) -> bool:
        """Tell whether all of a row has been on screen; of a tall one, part by part."""
        top, height = self.rowViewportPosition(row), self.rowHeight(row)
        whole = top + height <= band.bottom() + 2
        if whole and top >= band.top() - 2:
            return True
        part = self._rows.least_height()
        parts = self._parts_seen.setdefault(row, set())
        first = -((top - band.top() + 2) // part)
        last = -(-height // part) if whole else (band.bottom() + 2 - top) // part
        parts.update(range(max(0, first), last))
        return len(parts) * part >= height

    def _tell_unseen(self, rows: int) -> None:
        unseen: tuple[int, int] | None = None
        if len(self._seen) < rows or self._measured < rows:
            missing = [row for row in range(rows) if row not in self._seen]
            first, last = (missing[0], missing[-1]) if missing else (0, rows - 1)
            # A row not measured yet counts as one line until it is.
            line = self._lines_before(first) + 1
            # Where a long line is unseen but for its last piece, no line ends before that.
            unseen = (line, max(line, self._lines_before(last + 1)))
        if unseen != self._unseen:
            self._unseen = unseen
            self.unseen_changed.emit(unseen)
