"""One thing that a review owes its person: the server's own words, and the button that confirms."""

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import EDGE, column, row
from keyturn.gui.widgets.long_text import value_label
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon
from keyturn.presentation.servers import OwedChange


class OwedChangeBox(QFrame):
    """A change that must be confirmed, in the server's own words."""

    confirmed = Signal(str)

    def __init__(self, look: Look, change: OwedChange, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._change = change
        self._is_confirmed = False
        self.setObjectName(f"owed_{change.path}")
        self._icon = IconLabel(look, Icon.CLAIMED, Token.T2_FG, 14)
        self._reason = Text(look, Type.LABEL, Token.T2_FG, wrap=True)
        self._reason.say(change.reason)
        text = value_label(look, change.text)
        self.button = Button(look, Kind.PLAIN, "", Icon.CONFIRM, name=f"confirm_{change.path}")
        self.button.say(
            change.action,
            look.words("card.confirm_named", action=change.action, value=change.text),
        )
        self.button.clicked.connect(self._on_confirm)
        head = row(gap=8)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._reason, 1)
        words = column(gap=4)
        words.addLayout(head)
        words.addWidget(text)
        self._sides = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._sides.setContentsMargins(16 + EDGE, 8, 16 + EDGE, 8)
        self._sides.setSpacing(16)
        self._sides.addLayout(words, 1)
        self._sides.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the button under the words where they would have no room beside it."""
        super().resizeEvent(event)
        wide = event.size().width() >= 3 * self.button.sizeHint().width()
        kind = QBoxLayout.Direction
        self._sides.setDirection(kind.LeftToRight if wide else kind.TopToBottom)

    def show_confirmed(self, confirmed: bool) -> None:
        """Show that a person pressed it; nothing moves."""
        self._is_confirmed = confirmed
        token = Token.ALLOW_FG if confirmed else Token.T2_FG
        self._icon.use(Icon.CHECK if confirmed else Icon.CLAIMED, token)
        self._reason.use_token(token)
        self.button.setEnabled(not confirmed)
        self.button.say(self._look.words("card.confirmed") if confirmed else self._change.action)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw fill and edge of the state."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        done = self._is_confirmed
        painter.setBrush(theme.colour(Token.SURFACE_RAISED if done else Token.T2_BG))
        painter.setPen(QPen(theme.colour(Token.ALLOW_FG if done else Token.T2_FG), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7.5, 7.5)

    def _on_confirm(self) -> None:
        self.confirmed.emit(self._change.path)
