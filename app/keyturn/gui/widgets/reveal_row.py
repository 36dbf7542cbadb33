"""Says that secrets are hidden, and shows them only for as long as somebody holds the button.

By mouse or Space it is held; what presses it otherwise, a screen reader, shows them for ten
seconds. Whatever takes the eyes away hides them again.
"""

from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon

TOGGLED_MS: Final = 10_000
_ICON: Final = 16
_GAP: Final = 8
_LEAST_WORDS: Final = 160
_HOLDS: Final = frozenset({Qt.Key.Key_Space, Qt.Key.Key_Select})


class HoldToLook(Button):
    """Down is looking; there is nothing that stays pressed."""

    looking = Signal(bool)

    def __init__(self, look: Look) -> None:
        super().__init__(look, Kind.PLAIN, look.words("card.hold"), Icon.LOOK, name="hold_to_look")
        self._by_hand = False
        self._is_looking = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(TOGGLED_MS)
        self._timer.timeout.connect(self.stop)
        self.setAccessibleDescription(look.words("card.hold_hint", n=TOGGLED_MS // 1000))
        self.pressed.connect(self._on_down)
        self.released.connect(self._on_up)
        self.clicked.connect(self._on_click)

    @property
    def is_looking(self) -> bool:
        """Tell whether what is hidden is shown now."""
        return self._is_looking

    def stop(self) -> None:
        """Hide again."""
        self._by_hand = False
        self._timer.stop()
        self.setDown(False)
        self._show(False)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to hold."""
        self._by_hand = True
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Stay held wherever the pointer goes: who looks far below scrolls the button away."""
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Hide again, also where the button is no longer under the pointer."""
        super().mouseReleaseEvent(event)
        self.stop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Begin to hold with Space; Enter, which nobody holds, does nothing."""
        if event.key() in _HOLDS:
            self._by_hand = True
            super().keyPressEvent(event)
        elif event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Hide again."""
        super().focusOutEvent(event)
        self.stop()

    def hideEvent(self, event: QHideEvent) -> None:
        """Hide again."""
        super().hideEvent(event)
        self.stop()

    def event(self, event: QEvent) -> bool:
        """Hide again once another window is active; children are told so by this event alone."""
        if event.type() is QEvent.Type.WindowDeactivate:
            self.stop()
        return super().event(event)

    def _on_down(self) -> None:
        if self._by_hand:
            self._timer.stop()
            self._show(True)

    def _on_up(self) -> None:
        if self._by_hand:
            self._show(False)

    def _on_click(self) -> None:
        by_hand, self._by_hand = self._by_hand, False
        if by_hand:
            return
        if self._is_looking:
            self.stop()
        else:
            self._show(True)
            self._timer.start()

    def _show(self, looking: bool) -> None:
        if looking is not self._is_looking:
            self._is_looking = looking
            self.looking.emit(looking)


class RevealRow(QWidget):
    """How many secrets are hidden, whether somebody looked, and the button."""

    looking = Signal(bool)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._hidden = ""
        self.looked = False
        """Somebody looked at what this card hides."""
        self.button = HoldToLook(look)
        self._text = Text(look, Type.BODY, wrap=True)
        said = row(gap=_GAP)
        said.addWidget(IconLabel(look, Icon.WITHHELD, Token.INFO_FG, _ICON))
        said.addWidget(self._text, 1)
        self._layout = row(self, (0, 0, 0, 8), gap=_GAP)
        self._layout.addLayout(said, 1)
        self._layout.addWidget(self.button)
        self._text.setObjectName("reveal_text")
        self.setObjectName("reveal_row")
        self.button.looking.connect(self._on_looking)
        self.setVisible(False)

    def minimumSizeHint(self) -> QSize:
        """Return the room of the button alone: it stands under the words where both have none."""
        return QSize(self.button.sizeHint().width(), super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the button under the words where they would be broken up beside it."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        """Measure again when the text size is another."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._fit()

    def _fit(self) -> None:
        least = self._look.theme.tall(_LEAST_WORDS) + self.button.sizeHint().width() + _GAP
        direction = QBoxLayout.Direction
        under = self.width() < least
        self._layout.setDirection(direction.TopToBottom if under else direction.LeftToRight)

    def show_hidden(self, hidden: str, *, anew: bool) -> None:
        """Say what is hidden, in words; another card begins with nobody having looked."""
        if anew or hidden != self._hidden:
            self.button.stop()
            self.looked = False
        self._hidden = hidden
        self.button.say(
            self._look.words("card.hold"), self._look.words("card.hold_named", hidden=hidden)
        )
        self._say("card.looked" if self.looked else "card.not_looked")
        self.setVisible(bool(hidden))

    def ask_to_look(self) -> None:
        """Say that it takes a look before what is hidden can be edited."""
        self._say("card.look_to_edit")
        self.button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say(self, key: str) -> None:
        self._text.say(f"{self._hidden} {self._look.words(key)}")
        self._text.setAccessibleName(self._text.text())

    def _on_looking(self, looking: bool) -> None:
        if looking:
            self.looked = True
        elif self.looked:
            self._say("card.looked")
        self.looking.emit(looking)
