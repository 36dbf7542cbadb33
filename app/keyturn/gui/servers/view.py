"""The servers' screen: the tree at the left, what is chosen or reviewed at the right."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.forms.outcome import OutcomeLine
from keyturn.gui.look import Look
from keyturn.gui.servers.batch_pane import BatchPane
from keyturn.gui.servers.form_pane import FormPane
from keyturn.gui.servers.model import Detail, NewServer, ServersModel
from keyturn.gui.servers.panes import DetailPane
from keyturn.gui.servers.review import ReviewPane
from keyturn.gui.servers.server_pane import ServerPane
from keyturn.gui.servers.tool_pane import ToolPane
from keyturn.gui.servers.tree import ServerTreeView
from keyturn.gui.theme import Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.inputs import SearchField
from keyturn.gui.widgets.layouts import EDGE, column, least_height, pane, row
from keyturn.gui.widgets.notices import EmptyState
from keyturn.gui.widgets.pane_split import PaneSplit
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon
from keyturn.presentation.servers import BatchView, ReviewView, ServerTree, ServerView, ToolView

_WIDTH: Final = 320
_LEAST_TREE: Final = 240
_LEAST_PANE: Final = 480
_STACKED: Final = 820
"""Page width under which tree and pane stand behind each other, as in the queue."""
_UNBOUNDED: Final = 16_777_215
_HEADER: Final = 48


class ServersView(QFrame):
    """Fed by `ServersModel`; knows no broker. What a pane asks for comes from the pane itself."""

    tool_chosen = Signal(str, str)
    search_wanted = Signal(str)
    add_wanted = Signal()
    closed = Signal()
    """Back to the list, where list and pane stand behind each other."""
    accept_requested = Signal(object)
    """`Answer` with tier and labels."""
    block_requested = Signal(object)
    """`Answer`."""
    remove_requested = Signal(object)
    """`Answer`: refuse the tool and keep it from agents."""

    def __init__(
        self,
        look: Look,
        model: ServersModel,
        now_ms: Callable[[], int],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._model = model
        self.setObjectName("servers_page")
        self.setProperty("surface", "panel")
        self.tree = ServerTreeView(look, model)
        self.review = ReviewPane(look, now_ms)
        self.server = ServerPane(look, now_ms)
        self.tool = ToolPane(look, now_ms)
        self.batch = BatchPane(look, now_ms)
        self.form = FormPane(look)
        self.empty = EmptyState(look, Icon.SERVER)
        self._changed = ChipRow(look)
        self._search = SearchField(look, look.words("servers.find"), name="find_tool")
        self.add = Button(look, Kind.PLAIN, "", Icon.ADDED, name="new_server", height=28)
        self.note = OutcomeLine(look, name="servers_note")
        self._pane = self._left()
        self.split = PaneSplit(
            look, self, name="servers_split", spoken=look.words("forms.list_width"), leading=True
        )
        self.busy = ""
        """What is under way with the server that is open; the presenter says so."""
        self._stacked = False
        self.back = Button(look, Kind.LINK, "", Icon.BACK, name="back_to_servers", height=28)
        self._strip = self._back_strip()
        right = column()
        right.addWidget(self._strip)
        for widget in self._panes():
            right.addWidget(widget, 1)
        layout = row(self)
        layout.addWidget(self._pane)
        layout.addLayout(right, 1)
        self._connect(model)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the tree two fifths at most; put tree and pane behind each other when narrow."""
        super().resizeEvent(event)
        self._stacked = event.size().width() < self._look.theme.tall(_STACKED)
        self._arrange()

    def _left(self) -> QFrame:
        left = pane("window", edge="right", name="servers_pane")
        header = pane("window", edge="bottom", name="servers_header")
        least_height(header, self._look.theme, _HEADER)
        title = Text(self._look, Type.TITLE, wrap=True)
        title.say(self._look.words("servers.title"))
        line = row(header, (16, EDGE, 16, 0))
        line.addWidget(title, 1)
        line.addWidget(self._changed, 0, Qt.AlignmentFlag.AlignVCenter)
        line.addSpacing(8)
        self.add.setAccessibleName(self._look.words("servers.add_short"))
        self.add.setToolTip(self._look.words("servers.add_short"))
        line.addWidget(self.add, 0, Qt.AlignmentFlag.AlignVCenter)
        layout = column(left)
        layout.addWidget(header)
        search = row(margins=(16, 12, 16, 4))
        search.addWidget(self._search)
        layout.addLayout(search)
        layout.addWidget(self.tree, 1)
        note = row(margins=(16, 0, 16, 12))
        note.addWidget(self.note)
        layout.addLayout(note)
        return left

    def _back_strip(self) -> QFrame:
        strip = pane("panel", edge="bottom", name="servers_back")
        line = row(strip, (16, 4, 16, 4))
        line.addWidget(self.back)
        line.addStretch()
        self.back.say(self._look.words("servers.all"))
        return strip

    def _connect(self, model: ServersModel) -> None:
        model.tree_changed.connect(self._on_tree)
        model.review_changed.connect(self._on_review)
        model.detail_changed.connect(self._on_detail)
        self.tree.tool_chosen.connect(self.tool_chosen)
        self.split.moved.connect(self._arrange)
        self._search.line.textChanged.connect(self.search_wanted)
        self.add.clicked.connect(self.add_wanted)
        self.empty.action_pressed.connect(self.add_wanted)
        self.back.clicked.connect(self.closed)
        self.review.accept_requested.connect(self.accept_requested)
        self.review.block_requested.connect(self.block_requested)
        self.review.remove_requested.connect(self.remove_requested)

    def show_busy(self, text: str) -> None:
        """Say above a server's buttons what is under way with it."""
        self.busy = text
        if isinstance(self._model.detail, ServerView):
            self.server.show_view(self._model.detail, text)

    def _panes(self) -> tuple[QWidget, ...]:
        return (self.review, self.server, self.tool, self.batch, self.form, self.empty)

    def _on_tree(self, tree: ServerTree) -> None:
        self._changed.show_chips([chip for chip in (tree.changed, tree.new) if chip is not None])
        words = self._look.words
        if tree.servers:
            self.empty.say(words("servers.empty_choose"), words("servers.empty_choose_rest"))
        else:
            self.empty.say(
                words("servers.empty"), words("servers.empty_rest"), words("servers.add_short")
            )

    def _on_review(self, review: ReviewView | None) -> None:
        if review is not None:
            self.review.show_review(review)
        else:
            self.review.action.hide()
        self._arrange()

    def _on_detail(self, detail: Detail | None) -> None:
        # What is left is disarmed, so that no press can be for what is no longer there.
        for kind, leave in (
            (ServerView, self.server.leave),
            (ToolView, self.tool.leave),
            (BatchView, self.batch.leave),
        ):
            if not isinstance(detail, kind):
                leave()
        match detail:
            case ServerView():
                self.server.show_view(detail, self.busy)
            case ToolView():
                self.tool.show_view(detail)
            case BatchView():
                self.batch.show_view(detail)
            case NewServer():
                self.form.begin()
            case None:
                pass
        self._arrange()

    def _arrange(self) -> None:
        """Show the one pane that is open; the focus proxy follows, so that Tab lands in it."""
        shown: QWidget = self.empty
        if self._model.review is not None:
            shown = self.review
        elif self._model.detail is not None:
            shown = {
                ServerView: self.server,
                ToolView: self.tool,
                BatchView: self.batch,
                NewServer: self.form,
            }[type(self._model.detail)]
        resting = self._resting_place(shown)
        leaving = [w for w in self._panes() if w is not shown and w.isVisible()]
        if any(w.isAncestorOf(self._focused() or self) for w in leaving):
            # Before it hides: Qt would hand its focus to the next widget, the stop button.
            shown.show()
            resting.setFocus(Qt.FocusReason.OtherFocusReason)
        for widget in self._panes():
            widget.setVisible(widget is shown)
        self.setFocusProxy(resting)
        self._arrange_sides(nothing=shown is self.empty)

    def _arrange_sides(self, *, nothing: bool) -> None:
        """Show the tree beside the pane, or one of them where there is no room for both."""
        self._strip.setVisible(self._stacked and not nothing)
        self._pane.setVisible(not self._stacked or nothing)
        self.empty.setVisible(nothing and (not self._stacked or not self._model.rows.rowCount()))
        if self._stacked and nothing:
            self._pane.setMinimumWidth(0)
            self._pane.setMaximumWidth(_UNBOUNDED)
        elif not self._stacked:
            self._pane.setFixedWidth(self._tree_width())
        self.split.setHidden(self._stacked)

    def _tree_width(self) -> int:
        page, tall = self.width(), self._look.theme.tall
        usual = min(tall(_WIDTH), page * 2 // 5)
        most = page - tall(_LEAST_PANE)
        return self.split.width_of(self._pane, usual=usual, least=tall(_LEAST_TREE), most=most)

    def _focused(self) -> QWidget | None:
        return self.window().focusWidget()

    def _resting_place(self, shown: QWidget) -> QWidget:
        if isinstance(shown, DetailPane | ReviewPane):
            return shown.headline.sentence
        return self.tree
