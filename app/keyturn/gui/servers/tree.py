"""The tree of servers and tools, painted row by row."""

from typing import Final

from PySide6.QtCore import (
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from keyturn.gui.fitting import fitted
from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.servers.model import LEVEL_ROLE, PATH_ROLE, ROW_ROLE, Level, ServersModel
from keyturn.gui.theme import Token, Type
from keyturn.presentation.marks import Icon, Role, tier_icon, tier_role
from keyturn.presentation.servers import ServerRow, ServerTree, ToolRow

AnyIndex = QModelIndex | QPersistentModelIndex
_SERVER: Final = 40
_TOOL: Final = 36
_SIDE: Final = 16
_STEP: Final = 24
_ICON: Final = 16
_SMALL_ICON: Final = 14
_BAR: Final = 3


class TreeDelegate(QStyledItemDelegate):
    """Paints servers and tools."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return a server's or a tool's height."""
        server = index.data(LEVEL_ROLE) == Level.SERVER
        return QSize(option.rect.width(), self._look.theme.tall(_SERVER if server else _TOOL))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw the row over the whole width."""
        painter.save()
        rect = QRect(option.rect)
        rect.setLeft(0)
        mirror(painter, rect, option.direction)
        self._paint_ground(painter, option, rect)
        if index.data(LEVEL_ROLE) == Level.SERVER:
            is_open = bool(option.state & QStyle.StateFlag.State_Open)
            self._paint_server(painter, rect, index.data(ROW_ROLE), is_open=is_open)
        else:
            self._paint_tool(painter, rect, index.data(ROW_ROLE))
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect) -> None:
        theme = self._look.theme
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.colour(Token.SELECTION_BG))
            bar = QRect(rect.left(), rect.top(), _BAR, rect.height())
            painter.fillRect(bar, theme.colour(Token.ACCENT))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.colour(Token.SURFACE_HOVER))

    def _paint_server(
        self, painter: QPainter, rect: QRect, server: ServerRow, *, is_open: bool
    ) -> None:
        arrow = Icon.OPEN if is_open else Icon.CLOSED
        self._icon(painter, rect, rect.left() + _SIDE, arrow, Token.TEXT_PRIMARY)
        self._icon(painter, rect, rect.left() + _SIDE + _STEP, Icon.SERVER, Token.TEXT_PRIMARY)
        trailing = self._trailing(painter, rect, server.state, None, Role.NEUTRAL, strong=True)
        left = rect.left() + _SIDE + 2 * _STEP
        flow = fitted(self._look, server.server, Type.BODY_STRONG, trailing - left - 8)
        top = rect.top() + (rect.height() - flow.height) // 2
        flow.paint(painter, QPointF(left, top), self._look.theme.colour(Token.TEXT_PRIMARY))

    def _paint_tool(self, painter: QPainter, rect: QRect, tool: ToolRow) -> None:
        theme = self._look.theme
        left = rect.left() + _SIDE + _STEP
        token = theme.role_token(tier_role(tool.tier))
        self._icon(painter, rect, left, tier_icon(tool.tier), token)
        state = tool.state
        trailing = self._trailing(painter, rect, state.text, state.icon, state.role, strong=False)
        left += _STEP
        flow = fitted(self._look, tool.tool, Type.VALUE, trailing - left - 8)
        top = rect.top() + (rect.height() - flow.height) // 2
        flow.paint(painter, QPointF(left, top), theme.colour(Token.TEXT_PRIMARY))

    def _trailing(  # the state at the end of the row
        self,
        painter: QPainter,
        rect: QRect,
        text: str,
        icon: Icon | None,
        role: Role,
        *,
        strong: bool,
    ) -> int:
        """Draw the state and return where it begins."""
        theme = self._look.theme
        token = Token.TEXT_SECONDARY if role is Role.NEUTRAL else theme.role_token(role)
        style = Type.CAPTION_STRONG if strong else Type.CAPTION
        flow = fitted(self._look, text, style, rect.width() // 2)
        left = rect.right() + 1 - _SIDE - round(flow.used_width)
        top = rect.top() + (rect.height() - flow.height) // 2
        flow.paint(painter, QPointF(left, top), theme.colour(token))
        if icon is not None:
            left -= _SMALL_ICON + 4
            square = QRectF(
                left, rect.top() + (rect.height() - _SMALL_ICON) // 2, _SMALL_ICON, _SMALL_ICON
            )
            self._look.icons.paint(painter, square, icon, theme.colour(token))
        return left

    def _icon(self, painter: QPainter, rect: QRect, left: int, icon: Icon, token: Token) -> None:
        square = QRectF(left, rect.top() + (rect.height() - _ICON) // 2, _ICON, _ICON)
        self._look.icons.paint(painter, square, icon, self._look.theme.colour(token))


class ServerTreeView(QTreeView):
    """Servers open and close; tools are chosen."""

    tool_chosen = Signal(str, str)
    """Server and tool; the tool is empty for a server's own row."""

    def __init__(self, look: Look, model: ServersModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._closed: set[str] = set()
        self._known: set[str] = set()
        self._asking: set[str] = set()
        self._before: tuple[str, str] | None = None
        self._kept: tuple[str, str] | None = None
        """What was selected while the rows change."""
        self._telling = True
        self._on_arrow = False
        self.setObjectName("server_tree")
        self.setAccessibleName(look.words("servers.tree"))
        self.setProperty("ring", False)
        self.setModel(model.rows)
        self.setItemDelegate(TreeDelegate(look, self))
        self.setHeaderHidden(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setExpandsOnDoubleClick(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(self._on_clicked)
        model.tree_changing.connect(self._on_tree_changing)
        model.tree_changed.connect(self._on_tree)

    def choose(self, server: str, tool: str) -> None:
        """Select a row without telling anybody; no row where there is none of that name."""
        found = self._find(server, tool)
        telling, self._telling = self._telling, False
        # Current by focus alone is not selected: both are set.
        select = QItemSelectionModel.SelectionFlag.ClearAndSelect
        self.selectionModel().setCurrentIndex(found, select)
        self._telling = telling

    def _find(self, server: str, tool: str) -> QModelIndex:
        for place in range(self._model.rows.rowCount()):
            top = self._model.rows.index(place, 0)
            for index in [top, *(self._model.rows.index(n, 0, top) for n in range(_rows(top)))]:
                if index.data(PATH_ROLE) == (server, tool):
                    return index
        return QModelIndex()

    def currentChanged(self, current: AnyIndex, previous: AnyIndex) -> None:
        """Tell which row a person chose."""
        super().currentChanged(current, previous)
        if current.isValid() and self._telling:
            server, tool = current.data(PATH_ROLE)
            self.tool_chosen.emit(server, tool)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Note what was chosen before: the first press on a server closes nothing."""
        # Current by focus alone was not chosen by anybody.
        self._before = self._selected()
        x = round(event.position().x())
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            x = self.viewport().width() - 1 - x
        self._on_arrow = x < _SIDE + _STEP
        super().mousePressEvent(event)

    def drawBranches(self, painter: QPainter, rect: QRect, index: AnyIndex) -> None:
        """Draw nothing: the rows carry their own arrows."""

    def _on_tree_changing(self) -> None:
        """Note what is selected: a row that goes would hand that to its neighbour."""
        self._kept = self._selected()
        self._telling = False

    def _selected(self) -> tuple[str, str] | None:
        chosen = self.selectionModel().selectedIndexes()
        return chosen[0].data(PATH_ROLE) if chosen else None

    def _on_tree(self, tree: ServerTree) -> None:
        """Keep open what was open, also through a refresh; open what begins to ask."""
        asking = {server.server for server in tree.servers if server.open}
        self._closed -= asking - self._asking
        self._asking = asking
        for place, server in enumerate(tree.servers):
            if server.server not in self._known and not server.open:
                self._closed.add(server.server)
            self._known.add(server.server)
            index = self._model.rows.index(place, 0)
            self.setExpanded(index, server.server not in self._closed)
        if self._selected() != self._kept:
            self.choose(*(self._kept or ("", "")))
        self._telling = True

    def _on_clicked(self, index: QModelIndex) -> None:
        if index.data(LEVEL_ROLE) != Level.SERVER:
            return
        if not self._on_arrow and self._before != index.data(PATH_ROLE):
            return
        server, _ = index.data(PATH_ROLE)
        opening = not self.isExpanded(index)
        self.setExpanded(index, opening)
        (self._closed.discard if opening else self._closed.add)(server)


def _rows(index: QModelIndex) -> int:
    return index.model().rowCount(index)
