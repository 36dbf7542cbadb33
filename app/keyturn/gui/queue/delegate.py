"""Paints the rows of the queue's list: shape, verb, decisive value, who, how long."""

from typing import Final

from PySide6.QtCore import (
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
)
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from keyturn.gui.fitting import KeptFlows, fitted
from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.queue.model import ROW_ROLE
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import phrase, plain_runs
from keyturn.gui.theme import Token, Type
from keyturn.presentation.marks import Icon, Role, tier_icon, tier_role
from keyturn.presentation.queue import QueueRow, RowNote

_LEAST: Final = 80
_SIDE: Final = 16
_TOP: Final = 10
_INDENT: Final = 24
_ICON: Final = 16
_BAR: Final = 3
_GAP: Final = 2
_NOTE_GAP: Final = 8
_NOTE_ICON: Final = 12
_LEAST_NOTE: Final = 48
_VALUE_LINES: Final = 2
_VERB_LINES: Final = 2
_MOST_VALUES: Final = 64


class QueueDelegate(QStyledItemDelegate):
    """Three lines a row; asks the theme for colours when it paints."""

    def __init__(self, look: Look, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._kept = KeptFlows(look, _MOST_VALUES)

    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Return a height that holds up to two lines of the verb and of the decisive value."""
        row: QueueRow = index.data(ROW_ROLE)
        theme = self._look.theme
        width = option.rect.width()
        verb = self._verb(row, width, round(self._age(row.age).used_width))
        lines = verb.height + self._value(row, width).height + theme.line(Type.CAPTION)
        height = max(theme.tall(_LEAST), lines + 2 * _GAP + 2 * _TOP)
        return QSize(width, height + 1)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the row, and the line below it."""
        row: QueueRow = index.data(ROW_ROLE)
        rect: QRect = option.rect
        painter.save()
        mirror(painter, rect, option.direction)
        self._paint_ground(painter, option, rect)
        age_width = self._paint_age(painter, rect, row.age)
        self._paint_lines(painter, rect, row, age_width)
        painter.restore()

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect) -> None:
        theme = self._look.theme
        body = rect.adjusted(0, 0, 0, -1)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(body, theme.colour(Token.SELECTION_BG))
            bar = QRect(body.left(), body.top(), _BAR, body.height())
            painter.fillRect(bar, theme.colour(Token.ACCENT))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(body, theme.colour(Token.SURFACE_HOVER))
        painter.fillRect(
            QRect(rect.left(), rect.bottom(), rect.width(), 1), theme.colour(Token.BORDER_SUBTLE)
        )
        if option.state & QStyle.StateFlag.State_HasFocus and _shows_focus(option):
            painter.setPen(QPen(theme.colour(Token.FOCUS_RING), 2))
            painter.drawRect(QRectF(body).adjusted(1, 1, -1, -1))

    def _paint_age(self, painter: QPainter, rect: QRect, age: str) -> int:
        flow = self._age(age)
        at = QPointF(rect.right() + 1 - _SIDE - flow.used_width, rect.top() + _TOP)
        flow.paint(painter, at, self._look.theme.colour(Token.TEXT_TERTIARY))
        return round(flow.used_width)

    def _paint_lines(self, painter: QPainter, rect: QRect, row: QueueRow, age_width: int) -> None:
        theme = self._look.theme
        left = rect.left() + _SIDE
        top = rect.top() + _TOP
        group = row.group_size > 1
        icon = Icon.GROUP if group else tier_icon(row.tier)
        square = QRectF(left, top + (theme.line(Type.BODY_STRONG) - _ICON) // 2, _ICON, _ICON)
        self._look.icons.paint(painter, square, icon, theme.role_colour(tier_role(row.tier)))
        left += _INDENT
        verb = self._verb(row, rect.width(), age_width)
        verb.paint(painter, QPointF(left, top), theme.colour(Token.TEXT_PRIMARY))
        top += verb.height + _GAP
        value = self._value(row, rect.width())
        value.paint(painter, QPointF(left, top), theme.colour(Token.TEXT_PRIMARY))
        top += value.height + _GAP
        end = rect.right() + 1 - _SIDE
        self._paint_notes(painter, QPointF(left, top), row.notes, end)

    def _paint_notes(
        self, painter: QPainter, at: QPointF, notes: tuple[RowNote, ...], end: float
    ) -> None:
        theme = self._look.theme
        x = at.x()
        for note in notes:
            neutral = note.role is Role.NEUTRAL
            token = Token.TEXT_SECONDARY if neutral else theme.role_token(note.role)
            if note.icon is not None:
                top = at.y() + (theme.line(Type.CAPTION) - _NOTE_ICON) // 2
                square = QRectF(x, top, _NOTE_ICON, _NOTE_ICON)
                self._look.icons.paint(painter, square, note.icon, theme.colour(token))
                x += _NOTE_ICON + 4
            room = max(_LEAST_NOTE, round(end - x))
            flow = fitted(self._look, note.text, Type.CAPTION, room, brief=True)
            flow.paint(painter, QPointF(x, at.y()), theme.colour(token))
            x += round(flow.used_width) + _NOTE_GAP

    def _age(self, age: str) -> TextFlow:
        return TextFlow([phrase(age)], Type.CAPTION, self._look.theme).lay_out()

    def _verb(self, row: QueueRow, width: int, age_width: int) -> TextFlow:
        """Return what is wanted in at most two lines, beside its age."""
        room = max(48, width - 2 * _SIDE - _INDENT - age_width - 8)
        many = row.group_size > 1
        size = self._look.words("queue.group_size", n=row.group_size) if many else ""
        if len(row.verb) <= _VERB_LINES * room:
            runs = list(plain_runs(row.verb, self._look.words, one_line=True))
            if many:
                runs.append(phrase(f"  {size}", Type.CAPTION_STRONG, Token.T1_FG))
            flow = TextFlow(runs, Type.BODY_STRONG, self._look.theme)
            if flow.lay_out(room).line_count <= _VERB_LINES:
                return flow
        text = f"{size}  {row.verb}".strip()
        return fitted(self._look, text, Type.BODY_STRONG, room, lines=_VERB_LINES)

    def _value(self, row: QueueRow, width: int) -> TextFlow:
        """Return the decisive value in at most two lines."""
        room = max(48, width - 2 * _SIDE - _INDENT)
        # Asked for five times before it is seen: by the list, for its height, and to be painted.
        return self._kept.fitted(row.decisive, Type.VALUE, room, lines=_VALUE_LINES)


def _shows_focus(option: QStyleOptionViewItem) -> bool:
    return bool(option.state & QStyle.StateFlag.State_KeyboardFocusChange)
