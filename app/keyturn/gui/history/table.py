"""The table of decisions: header, cells, selection, all painted from tokens."""

from typing import Final

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from keyturn.domain.tier import Tier
from keyturn.gui.fitting import KeptFlows
from keyturn.gui.history.model import ROW_ROLE, AnyIndex, Column, HistoryModel, cell_text
from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import phrase
from keyturn.gui.theme import Token, Type, TypeStyle
from keyturn.presentation.history import HistoryRow
from keyturn.presentation.marks import Icon, IconText, Role, tier_icon, tier_role

_ROW: Final = 36
_HEADER: Final = 33
"""32 and the line below."""
_SIDE: Final = 16
_BAR: Final = 3
_ICON: Final = 16
_SMALL_LINES: Final = 2
_WIDTHS: Final = {
    Column.TIME: 89,
    Column.AGENT: 57,
    Column.TOOL: 204,
    Column.DECISIVE: 188,
    Column.TIER: 50,
    Column.OUTCOME: 113,
    Column.DECIDED_BY: 139,
    Column.TIME_TO_DECIDE: 96,
    Column.RESULT: 112,
}
_TITLES: Final = {
    Column.TIME: "history.time",
    Column.AGENT: "history.agent",
    Column.TOOL: "history.tool",
    Column.DECISIVE: "history.decisive",
    Column.TIER: "history.tier",
    Column.OUTCOME: "history.outcome",
    Column.DECIDED_BY: "history.decided_by",
    Column.TIME_TO_DECIDE: "history.time_to_decide",
    Column.RESULT: "history.result",
}
_CELL_TYPES: Final = {
    Column.TIME: (Type.VALUE, Token.TEXT_SECONDARY),
    Column.AGENT: (Type.PAIR, Token.TEXT_PRIMARY),
    Column.TOOL: (Type.VALUE, Token.TEXT_PRIMARY),
    Column.DECISIVE: (Type.VALUE, Token.TEXT_PRIMARY),
    Column.TIME_TO_DECIDE: (Type.PAIR, Token.TEXT_SECONDARY),
    Column.RESULT: (Type.PAIR, Token.TEXT_SECONDARY),
}
_MOST_KEPT: Final = 1_000
"""Laid out texts that are kept; a screenful has some 200, of which most are alike."""


class HistoryHeader(QHeaderView):
    """Column titles; time carries the arrow, because rows are in no other order.

    Another order would need all of a log that is read by pages: the search narrows it instead.
    """

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._look = look
        self.setObjectName("history_header")
        self.setAccessibleName(look.words("history.table"))
        self.setSectionsClickable(False)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(40)

    def sizeHint(self) -> QSize:
        """Return the header's height."""
        return QSize(super().sizeHint().width(), self._look.theme.tall(_HEADER))

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:  # noqa: N803  # Qt's name
        """Draw a title, its arrow, and the line below."""
        theme = self._look.theme
        painter.save()
        mirror(painter, rect, self.layoutDirection())
        painter.fillRect(rect, theme.colour(Token.SURFACE_PANEL))
        words = self._look.words(_TITLES[Column(logicalIndex)])
        flow = TextFlow([phrase(words)], Type.LABEL, theme).lay_out()
        left = rect.left() + (_SIDE if logicalIndex == 0 else 0)
        top = rect.top() + (rect.height() - flow.height) // 2
        flow.paint(painter, QPointF(left, top), theme.colour(Token.TEXT_SECONDARY))
        if logicalIndex == Column.TIME:
            square = QRectF(left + flow.used_width + 3, top + 2, 12, 12)
            token = theme.colour(Token.TEXT_SECONDARY)
            self._look.icons.paint(painter, square, Icon.SORTED_DOWN, token)
        edge = QRect(rect.left(), rect.bottom(), rect.width(), 1)
        painter.fillRect(edge, theme.colour(Token.BORDER_SUBTLE))
        painter.restore()


class HistoryDelegate(QStyledItemDelegate):
    """Paints cells; one colour of outcome a row, everything else quiet."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._kept = KeptFlows(look, _MOST_KEPT)

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Return the least size of a cell."""
        del option
        return QSize(_WIDTHS[Column(index.column())], self._look.theme.tall(_ROW))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draw a cell and its part of the row."""
        row: HistoryRow = index.data(ROW_ROLE)
        column = Column(index.column())
        rect: QRect = option.rect
        painter.save()
        mirror(painter, rect, option.direction)
        self._paint_ground(painter, option, rect, first=column is Column.TIME)
        inner = rect.adjusted(_SIDE if column is Column.TIME else 0, 0, -8, -1)
        if column is Column.TIER:
            self._paint_tier(painter, inner, row.tier)
        elif column is Column.OUTCOME:
            token = self._look.theme.role_token(row.outcome.role)
            self._paint_icon_text(painter, inner, row.outcome, Type.LABEL, token, _ICON)
        elif column is Column.DECIDED_BY:
            quiet = Token.TEXT_SECONDARY
            self._paint_icon_text(painter, inner, row.decided_by, Type.PAIR, quiet, 14)
        else:
            style, token = _CELL_TYPES[column]
            flow = self._kept.fitted(cell_text(row, column), style, inner.width(), brief=True)
            self._paint_flow(painter, inner, flow, token)
        painter.restore()

    def _paint_tier(self, painter: QPainter, rect: QRect, tier: Tier | None) -> None:
        if tier is not None:
            said = IconText(icon=tier_icon(tier), text=tier.name, role=tier_role(tier))
            self._paint_icon_text(painter, rect, said, Type.PAIR, Token.TEXT_SECONDARY, 14)

    def _paint_ground(
        self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect, *, first: bool
    ) -> None:
        theme = self._look.theme
        body = rect.adjusted(0, 0, 0, -1)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(body, theme.colour(Token.SELECTION_BG))
            if first:
                bar = QRect(body.left(), body.top(), _BAR, body.height())
                painter.fillRect(bar, theme.colour(Token.ACCENT))
        edge = QRect(rect.left(), rect.bottom(), rect.width(), 1)
        painter.fillRect(edge, theme.colour(Token.BORDER_SUBTLE))

    def _paint_icon_text(
        self,
        painter: QPainter,
        rect: QRect,
        said: IconText,
        style: TypeStyle,
        token: Token,
        size: int,
    ) -> None:
        theme = self._look.theme
        neutral = said.role is Role.NEUTRAL
        icon_token = Token.TEXT_SECONDARY if neutral else theme.role_token(said.role)
        top = rect.top() + (rect.height() - size) // 2
        square = QRectF(rect.left(), top, size, size)
        self._look.icons.paint(painter, square, said.icon, theme.colour(icon_token))
        room = rect.adjusted(size + 4, 0, 8, 0)
        flow = self._kept.fitted(said.text, style, room.width(), brief=True)
        if flow.source(0, flow.length) != said.text:
            # Two small lines have the height of a row, and more room than one.
            flow = self._kept.fitted(
                said.text, Type.CAPTION, room.width(), lines=_SMALL_LINES, brief=True
            )
        self._paint_flow(painter, room, flow, token)

    def _paint_flow(self, painter: QPainter, rect: QRect, flow: TextFlow, token: Token) -> None:
        top = rect.top() + (rect.height() - flow.height) // 2
        flow.paint(painter, QPointF(rect.left(), top), self._look.theme.colour(token))


class HistoryTable(QTableView):
    """Rows to choose from; tool and decisive value take what room there is."""

    row_chosen = Signal(int)
    """Number of the record."""

    def __init__(self, look: Look, model: HistoryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._rows = model.rows
        self._rows.titles = tuple(look.words(_TITLES[each]) for each in Column)
        self._with_detail = True
        self.setObjectName("history_table")
        self.setAccessibleName(look.words("history.table"))
        self.setProperty("ring", False)
        self.setHorizontalHeader(HistoryHeader(look, self))
        self.setModel(model.rows)
        self.setItemDelegate(HistoryDelegate(look, self))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(look.theme.tall(_ROW))
        self.setShowGrid(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.use_detail(True)

    def use_detail(self, beside: bool) -> None:
        """Leave the last two columns to the detail pane while it stands beside the table."""
        self._with_detail = beside
        for column in (Column.TIME_TO_DECIDE, Column.RESULT):
            self.setColumnHidden(column, beside)
        self._share_width()

    def choose(self, place: int) -> None:
        """Select a row without telling anybody."""
        self.blockSignals(True)
        self.selectRow(place)
        self.blockSignals(False)

    def currentChanged(self, current: AnyIndex, previous: AnyIndex) -> None:
        """Tell which row a person chose."""
        super().currentChanged(current, previous)
        row = self._rows.row_at(current.row())
        if row is not None and not self.signalsBlocked():
            self.row_chosen.emit(row.number)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width again."""
        super().resizeEvent(event)
        self._share_width()

    def _share_width(self) -> None:
        shown = [column for column in Column if not self.isColumnHidden(column)]
        spare = self.viewport().width() - sum(_WIDTHS[column] for column in shown)
        extra = {
            Column.TOOL: max(0, spare) * 2 // 5,
            Column.DECISIVE: max(0, spare) - max(0, spare) * 2 // 5,
        }
        if spare < 0:
            extra = {Column.DECISIVE: max(spare, -100)}
        for column in shown:
            self.setColumnWidth(column, _WIDTHS[column] + extra.get(column, 0))
