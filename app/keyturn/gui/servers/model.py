"""Holds what the servers' screen shows: the tree, and what is open beside it."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel

from keyturn.presentation.servers import (
    BatchView,
    ReviewView,
    ServerTree,
    ServerView,
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
        """Take the servers and their tools as they are now; the same again change nothing."""
        if tree == self._tree:
            return
        self._tree = tree
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


def _item(level: Level, row: object, path: tuple[str, str]) -> QStandardItem:
    item = QStandardItem()
    item.setEditable(False)
    item.setData(row, ROW_ROLE)
    item.setData(level, LEVEL_ROLE)
    item.setData(path, PATH_ROLE)
    return item
