"""Holds what the history's screen shows; a page of rows at a time, asked for when needed."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from keyturn.presentation.history import (
    FilterToken,
    HistoryDetail,
    HistoryRow,
    HistorySummary,
    MissedNotice,
)
from keyturn.presentation.history_empty import HistoryEmpty

AnyIndex = QModelIndex | QPersistentModelIndex
ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 1


class Column(IntEnum):
    """The table's columns in order."""

    TIME = 0
    AGENT = 1
    TOOL = 2
    DECISIVE = 3
    TIER = 4
    OUTCOME = 5
    DECIDED_BY = 6
    TIME_TO_DECIDE = 7
    RESULT = 8


class HistoryRows(QAbstractTableModel):
    """The rows read so far, newest first."""

    more_wanted = Signal()
    """The view has come near the end of what was read."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[HistoryRow] = []
        self._complete = True
        self.titles: tuple[str, ...] = ()
        """Of the columns, for readers; who sees them sees what the header paints."""

    def show_rows(self, rows: Sequence[HistoryRow], *, complete: bool = True) -> None:
        """Take another first page; `complete` says that there is nothing behind it."""
        self.beginResetModel()
        self._rows = list(rows)
        self._complete = complete
        self.endResetModel()

    def refresh_rows(self, rows: Sequence[HistoryRow], *, complete: bool) -> None:
        """Take the first page anew, so that selection and scrolling stay where they are.

        Decisions that are new are inserted above; those that say something else now are changed.
        """
        known = {row.number: place for place, row in enumerate(self._rows)}
        fresh = [row for row in rows if row.number not in known]
        newest = self._rows[0].number if self._rows else 0
        if not self._rows or any(row.number < newest for row in fresh):
            self.show_rows(rows, complete=complete)
            return
        for row in rows:
            place = known.get(row.number)
            if place is not None and self._rows[place] != row:
                self._rows[place] = row
                self.dataChanged.emit(self.index(place, 0), self.index(place, len(Column) - 1))
        if fresh:
            self.beginInsertRows(QModelIndex(), 0, len(fresh) - 1)
            self._rows[:0] = fresh
            self.endInsertRows()

    def add_rows(self, rows: Sequence[HistoryRow], *, complete: bool) -> None:
        """Take the next page."""
        self._complete = complete
        if not rows:
            return
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
        self._rows.extend(rows)
        self.endInsertRows()

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return the rows read so far."""
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return the number of columns."""
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return a column's title."""
        spoken = role == Qt.ItemDataRole.AccessibleTextRole
        across = orientation is Qt.Orientation.Horizontal
        return self.titles[section] if spoken and across and self.titles else None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the row, or a cell's words."""
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return cell_text(row, Column(index.column()))
        return None

    def canFetchMore(self, parent: AnyIndex) -> bool:
        """Return whether there is anything behind what was read."""
        return not parent.isValid() and not self._complete

    def fetchMore(self, parent: AnyIndex) -> None:
        """Ask for the next page; it arrives when it arrives."""
        if not parent.isValid():
            self.more_wanted.emit()

    def row_at(self, place: int) -> HistoryRow | None:
        """Return a row."""
        return self._rows[place] if 0 <= place < len(self._rows) else None


class HistoryModel(QObject):
    """Rows, filters, summary, notice, and the decision that is open."""

    filters_changed = Signal(object)
    summary_changed = Signal(object)
    missed_changed = Signal(object)
    empty_changed = Signal(object)
    """`HistoryEmpty`, or None while there are rows."""
    detail_changed = Signal(object)
    """`HistoryDetail`, or None when none is open."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows = HistoryRows(self)

    def show_filters(self, filters: Sequence[FilterToken]) -> None:
        """Take the filters in force."""
        self.filters_changed.emit(tuple(filters))

    def show_empty(self, empty: HistoryEmpty | None) -> None:
        """Take what is said in the place of rows."""
        self.empty_changed.emit(empty)

    def show_summary(self, summary: HistorySummary) -> None:
        """Take the line above the table."""
        self.summary_changed.emit(summary)

    def show_missed(self, missed: MissedNotice | None) -> None:
        """Take the notice about what ended while nobody was there."""
        self.missed_changed.emit(missed)

    def show_detail(self, detail: HistoryDetail | None) -> None:
        """Open a decision, or close the pane."""
        self.detail_changed.emit(detail)


def cell_text(row: HistoryRow, column: Column) -> str:
    """Return what a cell says."""
    texts = {
        Column.TIME: row.time,
        Column.AGENT: row.agent,
        Column.TOOL: row.server_tool,
        Column.DECISIVE: row.decisive,
        Column.TIER: row.tier.name if row.tier is not None else "",
        Column.OUTCOME: row.outcome.text,
        Column.DECIDED_BY: row.decided_by.text,
        Column.TIME_TO_DECIDE: row.time_to_decide,
        Column.RESULT: row.result,
    }
    return texts[column]
