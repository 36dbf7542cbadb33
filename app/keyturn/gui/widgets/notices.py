"""Banners above a page, toasts at its foot, and what an empty page says."""

from typing import Final

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import column, least_height, row
from keyturn.gui.widgets.text import Align, Text
from keyturn.presentation.marks import Icon, Role

_HEIGHT: Final = 44
_TOAST_MS: Final = 10_000


class Banner(QFrame):
    """One sentence over the whole width, in the tint of a role, with at most two buttons."""

    action_pressed = Signal(str)
    """Name of the button."""

    def __init__(self, look: Look, role: Role, icon: Icon, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._role = role
        self.setObjectName("banner")
        least_height(self, look.theme, _HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._text = Text(look, Type.BODY, Token.TEXT_PRIMARY, wrap=True)
        self._layout = row(self, (16, 4, 16, 4), gap=12)
        self._layout.addWidget(IconLabel(look, icon, look.theme.role_token(role), 20))
        self._layout.addWidget(self._text, 1)

    def say(self, strong: str, rest: str) -> None:
        """Show a sentence in two weights."""
        self._text.say_pieces(
            (strong, Type.BODY_STRONG, Token.TEXT_PRIMARY),
            (f" {rest}" if rest else "", Type.BODY, Token.TEXT_SECONDARY),
        )

    def add_action(self, name: str, text: str) -> Button:
        """Add a button at the end."""
        button = Button(self._look, Kind.PLAIN, text, name=name)
        button.clicked.connect(self._on_clicked)
        self._layout.addWidget(button)
        return button

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Fill with the role's tint."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.role_tint(self._role))

    def _on_clicked(self) -> None:
        self.action_pressed.emit(self.sender().objectName())


class Toast(QFrame):
    """What was just done, with Undo, for ten seconds; it waits while pointer or focus is on it."""

    undo_pressed = Signal()
    ended = Signal()

    def __init__(self, look: Look, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setObjectName("toast")
        self.setAccessibleName(text)
        least_height(self, look.theme, _HEIGHT)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_TOAST_MS)
        self._timer.timeout.connect(self.ended)
        layout = row(self, (16, 4, 4, 4), gap=16)
        words = Text(look, Type.BODY)
        words.say(text)
        undo = Button(look, Kind.PLAIN, look.words("toast.undo"), Icon.UNDO, name="toast_undo")
        undo.clicked.connect(self.undo_pressed)
        layout.addWidget(words)
        layout.addWidget(undo)
        self._timer.start()

    def enterEvent(self, event: QEnterEvent) -> None:
        """Wait while the pointer is here."""
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Go on when it leaves."""
        self._timer.start()
        super().leaveEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw fill and edge."""
        theme = self._look.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(theme.colour(Token.SURFACE_RAISED))
        painter.setPen(QPen(theme.colour(Token.BORDER_CONTROL), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 7.5, 7.5)


class EmptyState(QWidget):
    """What a page is when there is nothing on it, why, and one thing to do about it."""

    action_pressed = Signal()

    def __init__(self, look: Look, icon: Icon, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("empty_state")
        self._title = Text(look, Type.TITLE, align=Align.AlignHCenter, wrap=True)
        self._body = Text(
            look, Type.BODY, Token.TEXT_SECONDARY, align=Align.AlignHCenter, wrap=True
        )
        self._action = Button(look, Kind.PLAIN, name="empty_action")
        self._action.clicked.connect(self.action_pressed)
        block = QWidget()
        block.setFixedWidth(400)
        inside = column(block, gap=8)
        middle = Qt.AlignmentFlag.AlignHCenter
        inside.addWidget(IconLabel(look, icon, Token.TEXT_TERTIARY, 24), 0, middle)
        inside.addWidget(self._title)
        inside.addWidget(self._body)
        inside.addSpacing(8)
        inside.addWidget(self._action, 0, middle)
        # Between stretches: an aligned item would get the height that its words need at the width
        # of the page, and lose their second line.
        centred = row()
        centred.addStretch()
        centred.addWidget(block)
        centred.addStretch()
        layout = column(self)
        layout.addStretch(1)
        layout.addLayout(centred)
        layout.addStretch(2)

    def say(self, title: str, body: str, action: str = "") -> None:
        """Show the words; without `action` there is no button."""
        self._title.say(title)
        self._body.say(body)
        self._action.say(action)
        self._action.setVisible(bool(action))
