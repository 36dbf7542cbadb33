"""The values that decide what a call does: large, whole, and where owed, confirmed by a press.

A press on the value itself is what keeps a person from allowing by habit (console.md section 0,
finding 6), so the box takes it anywhere, and its button takes Space.
"""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import column, least_height, row
from keyturn.gui.widgets.long_text import LongText
from keyturn.gui.widgets.text import Align, Text, ValueText
from keyturn.presentation.card import DecisiveValue
from keyturn.presentation.chunks import CHUNK
from keyturn.presentation.marks import Icon

_LEAST_HEIGHT: Final = 92
_SIDE: Final = 17
_TRAILING: Final = 33


class DecisiveBox(QFrame):
    """One value; owed, confirmed or neither, always of the same size."""

    confirmed = Signal(str)
    """The value's path."""

    def __init__(self, look: Look, value: DecisiveValue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._value = value
        self._is_confirmed = False
        self.setObjectName(f"decisive_{value.path}")
        least_height(self, look.theme, _LEAST_HEIGHT)
        self._key = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        self._key.say(value.key)
        # A long one is laid out piece by piece, so that it holds the window up for no agent.
        self._is_long = len(value.value) > CHUNK
        long_or_short = LongText if self._is_long else ValueText
        self._text = long_or_short(look, Type.VALUE_LARGE)
        self._text.say(value.value)
        self._text.setAccessibleName(f"{value.key}: {value.value}")
        self._reason = Text(look, Type.LABEL, Token.T2_FG, align=Align.AlignRight)
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

    def show_confirmed(self, confirmed: bool) -> None:
        """Show that a person confirmed the value, or has yet to; nothing moves."""
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

    def _build(self) -> None:
        value = self._value
        top = row()
        top.addWidget(self._key)
        top.addStretch()
        top.addWidget(self._tick)
        top.addSpacing(2)
        top.addWidget(self._reason)
        body = row(gap=16)
        if self._is_long:
            body.addWidget(self._text, 1)
        else:
            body.addWidget(self._text, 1, Qt.AlignmentFlag.AlignTop)
        layout = column(self, (_SIDE, 11, _SIDE if value.owed else 12, 11))
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
        self.setMinimumWidth(min(220, words + _SIDE + _TRAILING))

    def _on_confirm(self) -> None:
        if self._value.owed and not self._is_confirmed:
            self.confirmed.emit(self._value.path)


class DecisiveRow(QWidget):
    """The decisive values of a card, side by side, or the owed ones above when it is narrow."""

    confirmed = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._boxes: list[DecisiveBox] = []
        self._values: tuple[DecisiveValue, ...] = ()
        self._stacked = False
        self._lines: QVBoxLayout = column(self, gap=8)

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

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put owed values above the others once the row is narrow."""
        super().resizeEvent(event)
        stacked = event.size().width() < 640
        if stacked is not self._stacked:
            self._stacked = stacked
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

    def _arrange(self) -> None:
        while (item := self._lines.takeAt(0)) is not None:
            line = item.layout()
            while isinstance(line, QHBoxLayout) and line.takeAt(0) is not None:
                pass
        owed = [box for box in self._boxes if box.value.owed]
        others = [box for box in self._boxes if not box.value.owed]
        groups = [owed, others] if self._stacked else [owed + others]
        for group in groups:
            if not group:
                continue
            line = row(gap=8)
            for box in group:
                line.addWidget(box, 1 if box.value.owed or self._stacked or not owed else 0)
                flexible = box.value.owed or self._stacked or not owed
                policy = QSizePolicy.Policy.Preferred if flexible else QSizePolicy.Policy.Maximum
                box.setSizePolicy(policy, QSizePolicy.Policy.Preferred)
            self._lines.addLayout(line)
