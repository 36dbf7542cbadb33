"""Holds what the servers' screen shows: the tree, and what is open beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from PySide6.QtCore import QModelIndex, QObject, Qt, Signal
from PySide6.QtGui import QStandardItemModel

from keyturn.presentation.servers import (
    BatchView,
    ReviewView,
    ServerRow,
    ServerTree,
    ServerView,
    ToolRow,
    ToolView,
)


class Level(IntEnum):
    """What a row of the tree is."""

    SERVER = 0
    TOOL = 1


ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 1
LEVEL_ROLE: Final = Qt.ItemDataRole.UserRole + 2
PATH_ROLE: Final = Qt.ItemDataRole.UserRole + 3
"""(server, tool); the tool is empty for a server's own row."""


@dataclass(frozen=True, slots=True)
class NewServer:
    """The form that adds a server is open."""


Detail = ServerView | ToolView | BatchView | NewServer
"""What stands beside the tree when nothing is reviewed."""


class ServersModel(QObject):
    """The tree, and one review or one detail."""

    tree_changing = Signal()
    """Before the rows change."""
    tree_changed = Signal(object)
    """`ServerTree`, after the rows are in place."""
    review_changed = Signal(object)
    """`ReviewView`, or None when there is nothing to review."""
    detail_changed = Signal(object)
    """`Detail`, or None when nothing is open but perhaps a review."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows = QStandardItemModel(self)
        self._review: ReviewView | None = None
        self._detail: Detail | None = None
        self._tree: ServerTree | None = None

    @property
    def review(self) -> ReviewView | None:
        """Return the change that is open."""
        return self._review

    @property
    def detail(self) -> Detail | None:
        """Return what is open beside the tree."""
        return self._detail

    def show_tree(self, tree: ServerTree) -> None:
        """Take the servers and their tools as they are now; the same again change nothing.

        Rows stay where they are as long as what they show is there, and with them what is
        selected. No wrapper of an item exists: one that outlived its row once ended the process.
        """
        if tree == self._tree:
            return
        self._tree = tree
        self.tree_changing.emit()
        top = QModelIndex()
        _arrange(self.rows, top, [(server.server, "") for server in tree.servers])
        for place, server in enumerate(tree.servers):
            index = self.rows.index(place, 0, top)
            _fill(self.rows, index, Level.SERVER, server, f"{server.server}, {server.state}")
            _arrange(self.rows, index, [(server.server, tool.tool) for tool in server.tools])
            for number, tool in enumerate(server.tools):
                said = f"{tool.tool}, {tool.tier.name}, {tool.state.text}"
                _fill(self.rows, self.rows.index(number, 0, index), Level.TOOL, tool, said)
        self.tree_changed.emit(tree)

    def show_review(self, review: ReviewView | None) -> None:
        """Open a change; only a person's choice calls this."""
        if review is not None:
            self.show_detail(None)
        if review != self._review:
            self._review = review
            self.review_changed.emit(review)

    def show_detail(self, detail: Detail | None) -> None:
        """Open a server, a tool, the list of new tools or the form."""
        if detail is not None:
            self.show_review(None)
        if detail != self._detail:
            self._detail = detail
            self.detail_changed.emit(detail)


def _arrange(
    rows: QStandardItemModel, parent: QModelIndex, paths: Sequence[tuple[str, str]]
) -> None:
    """Make the rows under `parent` those of `paths` in their order, and keep all that remain."""
    wanted = set(paths)
    for place in reversed(range(rows.rowCount(parent))):
        if _path(rows, place, parent) not in wanted:
            rows.removeRow(place, parent)
    if paths and not rows.columnCount(parent):
        rows.insertColumn(0, parent)
    for place, path in enumerate(paths):
        if _path(rows, place, parent) == path:
            continue
        # What changed places is made anew; it is rare, and the selection may go with it.
        _remove(rows, parent, path, place)
        rows.insertRow(place, parent)
        rows.setData(rows.index(place, 0, parent), path, PATH_ROLE)


def _remove(
    rows: QStandardItemModel, parent: QModelIndex, path: tuple[str, str], first: int
) -> None:
    for place in range(first, rows.rowCount(parent)):
        if _path(rows, place, parent) == path:
            rows.removeRow(place, parent)
            return


def _path(rows: QStandardItemModel, place: int, parent: QModelIndex) -> tuple[str, str] | None:
    index = rows.index(place, 0, parent)
    return index.data(PATH_ROLE) if index.isValid() else None


def _fill(
    rows: QStandardItemModel,
    index: QModelIndex,
    level: Level,
    row: ServerRow | ToolRow,
    said: str,
) -> None:
    """Give a row what it shows, and its view a word of it where that is another than before."""
    if index.data(ROW_ROLE) == row and index.data(LEVEL_ROLE) == level:
        return
    rows.setData(index, level, LEVEL_ROLE)
    rows.setData(index, row, ROW_ROLE)
    rows.setData(index, said, Qt.ItemDataRole.DisplayRole)
