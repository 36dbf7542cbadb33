"""Holds what the queue's screen shows; views listen to it and never ask a broker."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from keyturn.presentation.card import CardView
from keyturn.presentation.group_table import GroupView
from keyturn.presentation.queue import DecidedRow, QueueCounts, QueueRow

ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 1


class QueueRows(QAbstractListModel):
    """The rows in the order of arrival; a row keeps its index as long as those above stay."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[QueueRow] = []
        self.changing = False
        """Rows come and go just now; what Qt then takes for the current one nobody chose."""

    def show_rows(self, rows: Sequence[QueueRow]) -> None:
        """Take the rows as they are now, with as few changes as told apart by request."""
        self.changing = True
        try:
            self._become(rows)
        finally:
            self.changing = False

    def _become(self, rows: Sequence[QueueRow]) -> None:
        wanted = {row.request_id for row in rows}
        for place in range(len(self._rows) - 1, -1, -1):
            if self._rows[place].request_id not in wanted:
                self._remove(place)
        kept = {row.request_id for row in self._rows}
        place = 0
        while place < len(rows):
            if rows[place].request_id in kept:
                while self._rows[place].request_id != rows[place].request_id:
                    # It stands elsewhere by now, and comes again at its turn.
                    kept.discard(self._rows[place].request_id)
                    self._remove(place)
                kept.discard(rows[place].request_id)
                place += 1
                continue
            end = place + 1
            while end < len(rows) and rows[end].request_id not in kept:
                end += 1
            self.beginInsertRows(QModelIndex(), place, end - 1)
            self._rows[place:place] = rows[place:end]
            self.endInsertRows()
            place = end
        self._refresh(rows)

    def _remove(self, place: int) -> None:
        self.beginRemoveRows(QModelIndex(), place, place)
        del self._rows[place]
        self.endRemoveRows()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:  # noqa: B008  # Qt's signature
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._rows)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return the row, or the sentence that a screen reader says for it."""
        row = self._rows[index.row()]
        if role == ROW_ROLE:
            return row
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return row.spoken or f"{row.verb}: {row.decisive}"
        return None

    def request_at(self, place: int) -> str | None:
        """Return the request of a row."""
        return self._rows[place].request_id if 0 <= place < len(self._rows) else None

    def place_of(self, request_id: str | None) -> int:
        """Return where a request stands, -1 when it is not in the list."""
        found = (
            place
            for place, row in enumerate(self._rows)
            if request_id == row.request_id or request_id in row.members
        )
        return next(found, -1) if request_id is not None else -1

    def _refresh(self, rows: Sequence[QueueRow]) -> None:
        for place, row in enumerate(rows):
            if row != self._rows[place]:
                self._rows[place] = row
                index = self.index(place)
                self.dataChanged.emit(index, index)


class QueueModel(QObject):
    """Rows, counts, last decisions, and the card that is open."""

    counts_changed = Signal(object)
    """`QueueCounts`."""
    decided_changed = Signal(object)
    """Tuple of `DecidedRow`."""
    card_changed = Signal(object)
    """`CardView`, or None when none is open."""
    group_changed = Signal(object)
    """`GroupView`, or None when none is open."""
    rows_shown = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows = QueueRows(self)
        self._card: CardView | None = None
        self._group: GroupView | None = None

    @property
    def group(self) -> GroupView | None:
        """Return the group that is open."""
        return self._group

    @property
    def open_id(self) -> str | None:
        """Return the id of what is open, a group's or a request's."""
        if self._group is not None:
            return self._group.group_id
        return self._card.request_id if self._card is not None else None

    @property
    def card(self) -> CardView | None:
        """Return the card that is open."""
        return self._card

    def show_rows(self, rows: Sequence[QueueRow], counts: QueueCounts) -> None:
        """Take the list as it is now."""
        self.rows.show_rows(rows)
        self.rows_shown.emit()
        self.counts_changed.emit(counts)

    def show_decided(self, decided: Sequence[DecidedRow]) -> None:
        """Take the last decisions."""
        self.decided_changed.emit(tuple(decided))

    def show_card(self, card: CardView | None) -> None:
        """Open a card in the place of another; only a person's choice calls this."""
        if card is not None:
            self.show_group(None)
        if card != self._card:
            self._card = card
            self.card_changed.emit(card)

    def show_group(self, group: GroupView | None) -> None:
        """Open a group in the place of whatever is open."""
        if group is not None and self._card is not None:
            self._card = None
            self._group = group
            self.card_changed.emit(None)
            self.group_changed.emit(group)
        elif group != self._group:
            self._group = group
            self.group_changed.emit(group)
