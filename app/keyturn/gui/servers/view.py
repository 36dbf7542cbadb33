"""The servers' screen: the tree at the left, the review of what is chosen at the right."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.look import Look
from keyturn.gui.servers.model import ServersModel
from keyturn.gui.servers.review import ReviewPane
from keyturn.gui.servers.tree import ServerTreeView
from keyturn.gui.theme import Type
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.inputs import SearchField
from keyturn.gui.widgets.layouts import column, pane, row
from keyturn.gui.widgets.notices import EmptyState
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon
from keyturn.presentation.servers import ReviewView, ServerTree

_WIDTH: Final = 320
_HEADER: Final = 48


class ServersView(QFrame):
    """Fed by `ServersModel`; knows no broker."""

    tool_chosen = Signal(str, str)
    search_wanted = Signal(str)
    accept_requested = Signal(object)
    block_requested = Signal(object)
    remove_requested = Signal(str)

    def __init__(
        self,
        look: Look,
        model: ServersModel,
        now_ms: Callable[[], int],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self.setObjectName("servers_page")
        self.setProperty("surface", "panel")
        self.tree = ServerTreeView(look, model)
        self.review = ReviewPane(look, now_ms)
        self.empty = EmptyState(look, Icon.SERVER)
        self._changed = ChipRow(look)
        self._search = SearchField(look, look.words("servers.find"), name="find_tool")
        self._pane = self._left()
        self.review.hide()
        self.setFocusProxy(self.review.headline.sentence)
        layout = row(self)
        layout.addWidget(self._pane)
        layout.addWidget(self.review, 1)
        layout.addWidget(self.empty, 1)
        self._connect(model)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the tree two fifths at most."""
        super().resizeEvent(event)
        self._pane.setFixedWidth(min(_WIDTH, event.size().width() * 2 // 5))

    def _left(self) -> QFrame:
        left = pane("window", edge="right", name="servers_pane")
        header = pane("window", edge="bottom", name="servers_header")
        header.setFixedHeight(self._look.theme.tall(_HEADER))
        title = Text(self._look, Type.TITLE)
        title.say(self._look.words("servers.title"))
        line = row(header, (16, 1, 16, 0))
        line.addWidget(title)
        line.addStretch()
        line.addWidget(self._changed, 0, Qt.AlignmentFlag.AlignVCenter)
        layout = column(left)
        layout.addWidget(header)
        search = row(margins=(16, 12, 16, 4))
        search.addWidget(self._search)
        layout.addLayout(search)
        layout.addWidget(self.tree, 1)
        return left

    def _connect(self, model: ServersModel) -> None:
        model.tree_changed.connect(self._on_tree)
        model.review_changed.connect(self._on_review)
        self.tree.tool_chosen.connect(self.tool_chosen)
        self._search.line.textChanged.connect(self.search_wanted)
        self.review.accept_requested.connect(self.accept_requested)
        self.review.block_requested.connect(self.block_requested)
        self.review.remove_requested.connect(self.remove_requested)

    def _on_tree(self, tree: ServerTree) -> None:
        self._changed.show_chips((tree.changed,) if tree.changed is not None else ())

    def _on_review(self, review: ReviewView | None) -> None:
        self.review.setVisible(review is not None)
        self.empty.setVisible(review is None)
        if review is not None:
            self.review.show_review(review)
        else:
            self.review.watch.hide()
