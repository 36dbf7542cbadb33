"""A number with its words in a box."""

from typing import Final

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.layouts import column, least_height
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Role
from keyturn.presentation.stopped import Stat

_HEIGHT: Final = 68


class StatBox(QFrame):
    """One of a row of equal boxes; a role other than neutral tints it."""

    def __init__(self, look: Look, stat: Stat, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._stat = stat
        tinted = stat.role is not Role.NEUTRAL
        self.setObjectName("stat")
        self.setAccessibleName(f"{stat.value} {stat.words}")
        least_height(self, look.theme, _HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        token = look.theme.role_token(stat.role) if tinted else Token.TEXT_PRIMARY
        value = Text(look, Type.HEADLINE, token)
        value.say(stat.value)
        words = Text(look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        words.say(stat.words)
        layout = column(self, (16, 12, 12, 12))
        layout.addWidget(value)
        layout.addWidget(words)
        layout.addStretch()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the fill."""
        theme = self._look.theme
        neutral = self._stat.role is Role.NEUTRAL
        fill = theme.colour(Token.SURFACE_RAISED) if neutral else theme.role_tint(self._stat.role)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = theme.colour(Token.BORDER_CONTROL)
        painter.setPen(QPen(edge, 1) if theme.high_contrast else Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        painter.drawRoundedRect(QRectF(self.rect()), 8, 8)
