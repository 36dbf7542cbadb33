"""Holds what the servers' screen shows: the tree, and the change that is open."""

from enum import IntEnum
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel

from keyturn.presentation.servers import ReviewView, ServerTree


class Level(IntEnum):
    """What a row of the tree is."""

    SERVER = 0
    TOOL = 1


ROW_ROLE: Final = Qt.ItemDataRole.UserRole + 1
LEVEL_ROLE: Final = Qt.ItemDataRole.UserRole + 2
PATH_ROLE: Final = Qt.ItemDataRole.UserRole + 3
"""(server, tool); the tool is empty for a server's own row."""


class ServersModel(QObject):
    """The tree and one review."""

    tree_changed = Signal(object)
    """`ServerTree`, after the rows are in place."""
    review_changed = Signal(object)
    """`ReviewView`, or None when there is nothing to review."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows = QStandardItemModel(self)
        self._review: ReviewView | None = None

    @property
    def review(self) -> ReviewView | None:
        """Return the change that is open."""
        return self._review

    def show_tree(self, tree: ServerTree) -> None:
        """Take the servers and their tools as they are now."""
        self.rows.clear()
        for server in tree.servers:
            item = _item(Level.SERVER, server, (server.server, ""))
            item.setText(f"{server.server}, {server.state}")
            for tool in server.tools:
                child = _item(Level.TOOL, tool, (server.server, tool.tool))
                child.setText(f"{tool.tool}, {tool.tier.name}, {tool.state.text}")
                item.appendRow(child)
            self.rows.appendRow(item)
        self.tree_changed.emit(tree)

    def show_review(self, review: ReviewView | None) -> None:
        """Open a change; only a person's choice calls this."""
        if review != self._review:
            self._review = review
            self.review_changed.emit(review)


def _item(level: Level, row: object, path: tuple[str, str]) -> QStandardItem:
    item = QStandardItem()
    item.setEditable(False)
    item.setData(row, ROW_ROLE)
    item.setData(level, LEVEL_ROLE)
    item.setData(path, PATH_ROLE)
    return item
