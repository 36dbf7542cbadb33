"""Stop all agents: two parts in one outline, on every screen in the same place."""

from typing import Final

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QEnterEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from keyturn.application.stop import StopLevel
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.layouts import restyle
from keyturn.presentation.marks import Icon

_LEAST: Final = 155
_ARROW: Final = 32
_NEXT: Final = (
    "stopping.all_agents",
    "stopping.servers",
    "stopping.disconnect",
    "stopping.everything",
)
"""What a press does, by the level that holds; at the last there is nothing further to do."""


class _StopPart(Button):
    """Half of the button; takes the colour of its fill while the pointer is on it."""

    def _tall(self) -> int:
        """Return what one line of words needs: the bar that it is on keeps its height."""
        return max(DECISION, self._look.theme.line(Type.BODY_STRONG) + 12)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Turn the words to what reads on the fill."""
        self.use_token(Token.STOP_ON)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Turn the words back."""
        self.use_token(Token.STOP_ON if self.property("state") == "stopped" else None)
        super().leaveEvent(event)


class StopButton(QWidget):
    """One press stops; the arrow opens the two further levels. Resume is never here."""

    stop_requested = Signal(int)
    """The `StopLevel` that a person wants."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._level = 0
        self._main = _StopPart(
            look, Kind.STOP, "", Icon.STOP, name="stop_all_agents", height=DECISION
        )
        self._main.use_icon(Icon.STOP, size=20)
        self._main.setMinimumWidth(_LEAST)
        self._arrow = _StopPart(
            look, Kind.STOP, "", Icon.OPEN, name="stop_further", height=DECISION
        )
        self._arrow.setFixedWidth(_ARROW)
        parts = ["leading", "trailing"]
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            # The sheet knows left and right alone.
            parts.reverse()
        self._main.setProperty("part", parts[0])
        self._arrow.setProperty("part", parts[1])
        self._menu = QMenu(self)
        self._menu.setObjectName("stop_menu")
        self._servers = self._add("stop_servers", StopLevel.SERVERS)
        self._disconnect = self._add("disconnect_agents", StopLevel.CONNECTIONS)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._main)
        layout.addWidget(self._arrow)
        self._main.clicked.connect(self._on_main)
        self._arrow.clicked.connect(self._on_arrow)
        self.show_level(0)

    def show_level(self, level: int) -> None:
        """Offer the next level once agents are stopped (0: they are not).

        A second press must not loosen; at the last level it says what is, and ends once more
        whatever may have come.
        """
        self._level = level
        stopped = level > 0
        words = self._look.words
        for part in (self._main, self._arrow):
            restyle(part, "state", "stopped" if stopped else "")
            part.use_token(Token.STOP_ON if stopped else None)
        self._main.say(words(_NEXT[min(level, len(_NEXT) - 1)]))
        self._servers.setEnabled(level < StopLevel.SERVERS)
        self._disconnect.setEnabled(level < StopLevel.CONNECTIONS)
        self._arrow.setAccessibleName(words("stopping.further"))
        self._servers.setText(words("stopping.servers"))
        self._disconnect.setText(words("stopping.disconnect"))

    def _add(self, name: str, level: StopLevel) -> QAction:
        action = QAction(self)
        action.setObjectName(name)
        action.setData(int(level))
        action.triggered.connect(self._on_further)
        self._menu.addAction(action)
        return action

    def _on_main(self) -> None:
        self.stop_requested.emit(min(self._level + 1, int(StopLevel.CONNECTIONS)))

    def _on_further(self) -> None:
        action = self.sender()
        if isinstance(action, QAction):
            self.stop_requested.emit(action.data())

    def _on_arrow(self) -> None:
        self._menu.popup(self._arrow.mapToGlobal(QPoint(0, self._arrow.height())))
