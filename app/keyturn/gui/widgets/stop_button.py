"""Stop all agents: two parts in one outline, on every screen in the same place."""

from typing import Final

from PySide6.QtCore import QEvent, QPoint, Signal, SignalInstance
from PySide6.QtGui import QAction, QEnterEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.layouts import restyle
from keyturn.presentation.marks import Icon

_LEAST: Final = 155
_ARROW: Final = 32


class _StopPart(Button):
    """Half of the button; takes the colour of its fill while the pointer is on it."""

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

    stop_requested = Signal()
    servers_stop_requested = Signal()
    disconnect_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._stopped = False
        self._main = _StopPart(
            look, Kind.STOP, "", Icon.STOP, name="stop_all_agents", height=DECISION
        )
        self._main.use_icon(Icon.STOP, size=20)
        self._main.setMinimumWidth(_LEAST)
        self._arrow = _StopPart(
            look, Kind.STOP, "", Icon.OPEN, name="stop_further", height=DECISION
        )
        self._arrow.setFixedWidth(_ARROW)
        self._main.setProperty("part", "leading")
        self._arrow.setProperty("part", "trailing")
        self._menu = QMenu(self)
        self._menu.setObjectName("stop_menu")
        self._servers = self._add("stop_servers", self.servers_stop_requested)
        self._disconnect = self._add("disconnect_agents", self.disconnect_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._main)
        layout.addWidget(self._arrow)
        self._main.clicked.connect(self._on_main)
        self._arrow.clicked.connect(self._on_arrow)
        self.show_stopped(False)

    def show_stopped(self, stopped: bool) -> None:
        """Change to the next level once agents are stopped; a second press must not loosen."""
        self._stopped = stopped
        words = self._look.words
        for part in (self._main, self._arrow):
            restyle(part, "state", "stopped" if stopped else "")
            part.use_token(Token.STOP_ON if stopped else None)
        self._main.say(words("stopping.servers") if stopped else words("stopping.all_agents"))
        self._arrow.setAccessibleName(words("stopping.further"))
        self._servers.setText(words("stopping.servers"))
        self._disconnect.setText(words("stopping.disconnect"))

    def _add(self, name: str, signal: SignalInstance) -> QAction:
        action = QAction(self)
        action.setObjectName(name)
        action.triggered.connect(signal)
        self._menu.addAction(action)
        return action

    def _on_main(self) -> None:
        (self.servers_stop_requested if self._stopped else self.stop_requested).emit()

    def _on_arrow(self) -> None:
        self._menu.popup(self._arrow.mapToGlobal(QPoint(0, self._arrow.height())))
