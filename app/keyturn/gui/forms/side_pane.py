"""The pane beside a list: title, what is to be said, buttons at the foot or a question there."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.forms.focus import leave
from keyturn.gui.forms.outcome import OutcomeLine
from keyturn.gui.forms.question import QuestionPane
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.escape_frame import EscapeFrame
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import WrapLayout, clear, column, divider, pane, row
from keyturn.gui.widgets.scroll_pane import ScrollPane, SnugPane
from keyturn.gui.widgets.text import Text, ValueText
from keyturn.presentation import cells
from keyturn.presentation.marks import Icon, IconText

WIDTH: Final = 360
SIDE: Final = 16
_LEAST_HEAD: Final = 40


class SidePane(EscapeFrame):
    """A frame to fill: `head`, `body`, `actions`, and a question that takes the actions' place."""

    close_requested = Signal()

    def __init__(self, look: Look, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.setObjectName(name)
        self.setProperty("surface", "panel")
        self.setProperty("edge", "left")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._above = SnugPane(look, "panel", (SIDE, 8, SIDE, 0), least=_LEAST_HEAD)
        self.head = self._above.body
        self.head.setSpacing(4)
        self._scroll = ScrollPane("panel", (SIDE, 8, SIDE, 12))
        self.body = self._scroll.body
        self.outcome = OutcomeLine(look, name=f"{name}_outcome")
        self.question = QuestionPane(look, name=f"{name}_question")
        self.question.hide()
        self.action_row = WrapLayout(gap=8)
        self._action_place = QWidget()
        self._action_place.setLayout(self.action_row)
        self._close = Button(look, Kind.GHOST, "", Icon.CROSS, name=f"{name}_close", height=24)
        self._put_together(name)
        self.outcome.said.connect(self._on_said)
        self.question.kept.connect(self.show_actions)
        self.question.agreed.connect(self.show_actions)

    def ask(self, question: cells.Question) -> None:
        """Put a question in the place of the buttons."""
        self.outcome.say(None)
        self.question.ask(question, self.rest)
        self._action_place.hide()
        self._foot.show()

    def show_actions(self) -> None:
        """Put the buttons back, as they were."""
        leave(self.question, self.rest)
        self.question.hide()
        self._action_place.show()

    def clear_body(self) -> None:
        """Take everything out of the body; what had the focus there hands it to the pane."""
        leave(self._scroll, self.rest)
        clear(self.body)

    def fit_foot(self) -> None:
        """Have no foot while it is empty: no button is shown there, nothing said or asked."""
        items = (self.action_row.itemAt(at) for at in range(self.action_row.count()))
        widgets = (item.widget() for item in items if item is not None)
        shown = any(widget is not None and not widget.isHidden() for widget in widgets)
        said = self.outcome.outcome is not None or not self.question.isHidden()
        self._foot.setVisible(shown or said)

    def drop_foot(self) -> None:
        """Be a pane without a foot, for one that has its buttons in the body and asks nothing."""
        self._foot.hide()

    @property
    def rest(self) -> QWidget:
        """Return where the focus does no harm: the button that closes the pane."""
        return self._close

    def add_title(self, text: str, *, first: bool = False) -> None:
        """Begin a section of the body."""
        if not first:
            self.body.addSpacing(8)
            self.body.addWidget(divider())
            self.body.addSpacing(8)
        words = Text(self.look, Type.LABEL, Token.TEXT_SECONDARY)
        words.say(text)
        self.body.addWidget(words)
        self.body.addSpacing(4)

    def on_escape(self) -> None:
        """Close the pane."""
        self.close_requested.emit()

    def _on_said(self) -> None:
        if self.outcome.outcome is not None:
            self._foot.show()

    def _put_together(self, name: str) -> None:
        close = self._close
        close.setAccessibleName(self.look.words("forms.close_pane"))
        close.clicked.connect(self.close_requested)
        top = row(margins=(SIDE, 16, 12, 0), gap=8)
        self.top = row(gap=8)
        top.addLayout(self.top, 1)
        top.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self._foot = foot = pane("raised", edge="top", name=f"{name}_foot")
        inside = column(foot, (SIDE, 8, SIDE, 12), gap=8)
        inside.addWidget(self.outcome)
        inside.addWidget(self.question)
        inside.addWidget(self._action_place)
        layout = column(self)
        layout.addLayout(top)
        layout.addWidget(self._above)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(foot)


class RaisedBox(QFrame):
    """A quiet box around something to read."""

    def __init__(self, look: Look, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setObjectName(name)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the fill, with an edge where every surface has one."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = theme.colour(Token.BORDER_CONTROL)
        painter.setPen(QPen(edge, 1) if theme.high_contrast else Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(Token.SURFACE_RAISED))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7.5, 7.5)


class ValueBox(QFrame):
    """A value that a person takes elsewhere: whole, wrapped, selectable, with a button to copy."""

    copied = Signal(str)

    def __init__(
        self, look: Look, value: str, *, label: str, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._value = value
        self.setObjectName(name)
        self.setProperty("field", "true")
        text = ValueText(look, Type.VALUE)
        text.say(value)
        text.setAccessibleName(look.words("forms.field_value", field=label, value=value))
        copy = Button(look, Kind.GHOST, "", Icon.COPY, name=f"{name}_copy", height=24)
        copy.say(look.words("forms.copy"), look.words("forms.copy_named", name=label))
        copy.clicked.connect(self._on_copy)
        head = row(gap=8)
        title = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        title.say(label)
        head.addWidget(title)
        head.addStretch()
        head.addWidget(copy)
        layout = column(self, (12, 4, 4, 12))
        layout.addLayout(head)
        inner = row(margins=(0, 0, 8, 0))
        inner.addWidget(text)
        layout.addLayout(inner)

    def _on_copy(self) -> None:
        self.copied.emit(self._value)


def warning_rows(look: Look, warnings: Sequence[IconText]) -> QWidget:
    """Return what should be thought of before something is done, one row each."""
    place = QWidget()
    layout = column(place, gap=8)
    for warning in warnings:
        line = row(gap=8)
        token = look.theme.role_token(warning.role)
        line.addWidget(IconLabel(look, warning.icon, token, 16), 0, Qt.AlignmentFlag.AlignTop)
        text = Text(look, Type.NOTE, Token.TEXT_PRIMARY, wrap=True)
        text.say(warning.text)
        line.addWidget(text, 1)
        layout.addLayout(line)
    return place
