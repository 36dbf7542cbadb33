"""The values that decide what a call does: large, whole, and where owed, confirmed by a press.

A press on the value itself is what keeps a person from allowing by habit (console.md section 0,
finding 6), so the box takes it anywhere, and its button takes Space.
"""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import EDGE, column, least_height, row
from keyturn.gui.widgets.long_text import LongText
from keyturn.gui.widgets.text import Align, Text, ValueText
from keyturn.presentation.card import DecisiveValue
from keyturn.presentation.chunks import CHUNK
from keyturn.presentation.marks import Icon
from keyturn.presentation.visible_text import costs_less

_LEAST_HEIGHT: Final = 92
_SIDE: Final = 16 + EDGE
_TRAILING: Final = 33
_GAP: Final = 8
_BETWEEN: Final = 8
_LEAST_VALUE: Final = 160
_STACKED_BELOW: Final = 640


class DecisiveBox(QFrame):
    """One value; owed, confirmed or neither, always of the same size."""

    confirmed = Signal(str)
    """The value's path."""

    def __init__(self, look: Look, value: DecisiveValue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._value = value
        self._is_confirmed = False
        self._owed_width = 0
        self.setObjectName(f"decisive_{value.path}")
        least_height(self, look.theme, _LEAST_HEIGHT)
        self._key = Text(look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        self._key.say(value.key)
        # A long one is laid out piece by piece, so that it holds the window up for no agent.
        self._is_long = not costs_less((value.value,), CHUNK)
        long_or_short = LongText if self._is_long else ValueText
        self._text = long_or_short(look, Type.VALUE_LARGE)
        self._text.say_concealed(value.shown)
        self._text.setAccessibleName(f"{value.key}: {value.value}")
        self._reason = Text(look, Type.LABEL, Token.T2_FG, wrap=True, align=Align.AlignRight)
        self._tick = IconLabel(look, Icon.CHECK, Token.ALLOW_FG, 16)
        self.confirm_button = Button(
            look, Kind.PLAIN, "", Icon.CONFIRM, name=f"confirm_{value.path}"
        )
        self._build()
        self.show_confirmed(False)

    @property
    def value(self) -> DecisiveValue:
        """Return what is shown."""
        return self._value

    def reveal(self, revealed: bool) -> None:
        """Show what is hidden of the value, or hide it again."""
        self._text.reveal(revealed)

    def show_confirmed(self, confirmed: bool) -> None:
        """Show that a person confirmed the value, or has yet to; nothing moves."""
        # A reason of two lines keeps their room when it becomes one word.
        tall = self._reason.height() if confirmed and self._reason.text() else 0
        self._reason.setMinimumHeight(max(tall, self._reason.minimumHeight()) if confirmed else 0)
        self._is_confirmed = confirmed
        owed = self._value.owed and not confirmed
        words = self._look.words
        self._key.use_token(Token.T2_FG if owed else Token.TEXT_SECONDARY)
        self._reason.use_token(Token.T2_FG if owed else Token.ALLOW_FG)
        self._reason.say(self._value.owed_reason if owed else words("card.confirmed"))
        self._reason.setVisible(self._value.owed)
        self._tick.setVisible(self._value.owed and confirmed)
        self.confirm_button.setVisible(owed)
        self.setCursor(Qt.CursorShape.PointingHandCursor if owed else Qt.CursorShape.ArrowCursor)
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Take a press anywhere in the box as the confirmation."""
        if self.rect().contains(event.position().toPoint()) and event.spontaneous():
            self._on_confirm()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw fill and edge of the state."""
        theme = self._look.theme
        owed = self._value.owed and not self._is_confirmed
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(theme.colour(Token.T2_BG if owed else Token.SURFACE_RAISED))
        if owed:
            edge = Token.T2_FG
        elif self._is_confirmed:
            edge = Token.ALLOW_FG
        else:
            edge = Token.BORDER_CONTROL if theme.high_contrast else Token.SURFACE_RAISED
        painter.setPen(QPen(theme.colour(edge), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7.5, 7.5)

    def changeEvent(self, event: QEvent) -> None:
        """Take the room of the words again when the text size is another."""
        super().changeEvent(event)
        if event.type() is not QEvent.Type.StyleChange:
            return
        if self._value.owed:
            self._fit()
        else:
            self._keep_to_contents()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the button under the value where there is not the room for both beside it."""
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Return the room of the button under the value, or of the words."""
        least = super().minimumSizeHint()
        if not self._value.owed:
            return least
        return QSize(self.confirm_button.sizeHint().width() + 2 * _SIDE, least.height())

    def _fit(self) -> None:
        needed = self.confirm_button.sizeHint().width() + self._look.theme.tall(_LEAST_VALUE)
        under = self._value.owed and self.width() < needed + 2 * _SIDE
        direction = QBoxLayout.Direction
        self._body.setDirection(direction.TopToBottom if under else direction.LeftToRight)
        self._fit_top()

    def _fit_top(self) -> None:
        """Put why it is owed under the value's name where that would be broken up beside it."""
        most = self._look.theme.tall(_LEAST_VALUE)
        name = min(most, self._key.sizeHint().width())
        if not self._is_confirmed:
            self._owed_width = self._reason.sizeHint().width()
        # Not by what it says once it is confirmed: nothing moves then.
        reason = min(most, self._owed_width)
        under = self._value.owed and self.width() < name + _BETWEEN + reason + 2 * _SIDE
        direction = QBoxLayout.Direction
        self._top.setDirection(direction.TopToBottom if under else direction.LeftToRight)
        self._top.setSpacing(4 if under else _BETWEEN)
        self._reason.use_align(Align.AlignLeft if under else Align.AlignRight)
        self._key.setMinimumWidth(0 if under or not self._value.owed else name)

    def _build(self) -> None:
        value = self._value
        self._top = top = row(gap=_BETWEEN)
        reason = row(gap=4)
        reason.addWidget(self._tick)
        reason.addWidget(self._reason, 1)
        top.addWidget(self._key, 1)
        top.addLayout(reason)
        self._body = body = row(gap=16)
        if self._is_long:
            body.addWidget(self._text, 1)
        else:
            body.addWidget(self._text, 1, Qt.AlignmentFlag.AlignTop)
        layout = column(self, (_SIDE, 12 - EDGE, _SIDE if value.owed else 12, 12 - EDGE))
        layout.addLayout(top)
        layout.addSpacing(4)
        layout.addLayout(body)
        if value.note:
            note = Text(self._look, Type.CAPTION, Token.TEXT_TERTIARY, wrap=True)
            note.say(value.note)
            layout.addSpacing(4)
            layout.addWidget(note)
        layout.addStretch()
        if value.owed:
            policy = self.confirm_button.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            self.confirm_button.setSizePolicy(policy)
            named = self._look.words("card.confirm_named", action=value.action, value=value.value)
            self.confirm_button.say(value.action, named)
            self.confirm_button.clicked.connect(self._on_confirm)
            body.addWidget(self.confirm_button, 0, Qt.AlignmentFlag.AlignBottom)
            body.setStretch(0, 1)
        else:
            self.confirm_button.setParent(self)
            self._keep_to_contents()

    def _keep_to_contents(self) -> None:
        """Let a value that owes nothing take the room of its words, the owed one the rest."""
        words = max(self._key.sizeHint().width(), self._text.sizeHint().width())
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(min(self._look.theme.tall(220), words + _SIDE + _TRAILING))

    def _on_confirm(self) -> None:
        if self._value.owed and not self._is_confirmed:
            self.confirmed.emit(self._value.path)


class DecisiveRow(QWidget):
    """The decisive values of a card: side by side, the owed ones above, or each on its own line.

    By the room that there is: it never asks for more than its widest box, so that nothing of a
    value, and no button that confirms one, is ever beyond the edge of a card.
    """

    confirmed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._boxes: list[DecisiveBox] = []
        self._values: tuple[DecisiveValue, ...] = ()
        self._stacked = False
        self._alone = False
        self._lines: QVBoxLayout = column(self, gap=_GAP)

    def boxes(self) -> Sequence[DecisiveBox]:
        """Return the boxes in order."""
        return tuple(self._boxes)

    def show_values(self, values: Sequence[DecisiveValue]) -> None:
        """Show `values`; the same ones again keep their state."""
        if tuple(values) == self._values:
            return
        self._values = tuple(values)
        self._fill()

    def show_confirmed(self, path: str, confirmed: bool) -> None:
        """Show the state of one value."""
        for box in self._boxes:
            if box.value.path == path:
                box.show_confirmed(confirmed)

    def reveal(self, revealed: bool) -> None:
        """Show what is hidden of the values, or hide it again."""
        for box in self._boxes:
            box.reveal(revealed)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put owed values above the others once the row is narrow, then each on its own line."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size is another."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._fit()

    def minimumSizeHint(self) -> QSize:
        """Return the room of the widest box: side by side is only for where there is more."""
        widest = max((_least_width(box) for box in self._boxes), default=0)
        return QSize(widest, super().minimumSizeHint().height())

    def _fit(self) -> None:
        """Choose the fewest lines that have room."""
        width = self.width()
        wanted = sum(_least_width(box) for box in self._boxes) + _GAP * (len(self._boxes) - 1)
        stacked = width < _STACKED_BELOW or wanted > width
        groups = [[box for box in self._boxes if box.value.owed is owed] for owed in (True, False)]
        longest = max(
            sum(_least_width(box) for box in group) + _GAP * (len(group) - 1) for group in groups
        )
        alone = stacked and longest > width
        if (stacked, alone) != (self._stacked, self._alone):
            self._stacked, self._alone = stacked, alone
            self._arrange()

    def _fill(self) -> None:
        for box in self._boxes:
            box.hide()
            box.deleteLater()
        self._boxes = [DecisiveBox(self._look, value, self) for value in self._values]
        for box in self._boxes:
            box.confirmed.connect(self.confirmed)
            box.show()
        self._arrange()
        self._fit()

    def _arrange(self) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            line = item.layout()
            while isinstance(line, QHBoxLayout) and line.takeAt(0) is not None:
                pass
        owed = [box for box in self._boxes if box.value.owed]
        others = [box for box in self._boxes if not box.value.owed]
        groups = [owed, others] if self._stacked else [owed + others]
        if self._alone:
            groups = [[box] for box in owed + others]
        for group in groups:
            if not group:
                continue
            line = row(gap=_GAP)
            for box in group:
                line.addWidget(box, 1 if box.value.owed or self._stacked or not owed else 0)
                flexible = box.value.owed or self._stacked or not owed
                policy = QSizePolicy.Policy.Preferred if flexible else QSizePolicy.Policy.Maximum
                box.setSizePolicy(policy, QSizePolicy.Policy.Preferred)
            self._lines.addLayout(line)


def _least_width(box: DecisiveBox) -> int:
    return max(box.minimumWidth(), box.minimumSizeHint().width())
