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
from keyturn.presentation.queue import DecidedRow, QueueCounts, QueueRow

ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 1


class QueueRows(QAbstractListModel):
    """The rows in the order of arrival; a row keeps its index as long as those above stay."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[QueueRow] = []

    def show_rows(self, rows: Sequence[QueueRow]) -> None:
        """Take the rows as they are now, with as few changes as told apart by request."""
        wanted = {row.request_id for row in rows}
        for place in range(len(self._rows) - 1, -1, -1):
            if self._rows[place].request_id not in wanted:
                self.beginRemoveRows(QModelIndex(), place, place)
                del self._rows[place]
                self.endRemoveRows()
        kept = [row.request_id for row in self._rows]
        if [row.request_id for row in rows[: len(kept)]] != kept:
            self.beginResetModel()
            self._rows = list(rows)
            self.endResetModel()
            return
        self._refresh(rows[: len(kept)])
        if len(rows) > len(kept):
            self.beginInsertRows(QModelIndex(), len(kept), len(rows) - 1)
            self._rows.extend(rows[len(kept) :])
            self.endInsertRows()

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
        ids = [row.request_id for row in self._rows]
        return ids.index(request_id) if request_id in ids else -1

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
    """`CardView`, or None when nothing is open."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows = QueueRows(self)
        self._card: CardView | None = None

    @property
    def card(self) -> CardView | None:
        """Return the card that is open."""
        return self._card

    def show_rows(self, rows: Sequence[QueueRow], counts: QueueCounts) -> None:
        """Take the list as it is now."""
        self.rows.show_rows(rows)
        self.counts_changed.emit(counts)

    def show_decided(self, decided: Sequence[DecidedRow]) -> None:
        """Take the last decisions."""
        self.decided_changed.emit(tuple(decided))

    def show_card(self, card: CardView | None) -> None:
        """Open a card in the place of another; only a person's choice calls this."""
        if card != self._card:
            self._card = card
            self.card_changed.emit(card)
