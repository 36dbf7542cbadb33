"""Fields with their labels: a line, a line that shows nothing, a list to choose a name from."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import (
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from keyturn.domain.pin import LONGEST
from keyturn.gui.fitting import fitted
from keyturn.gui.look import Look
from keyturn.gui.mirroring import mirror
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import NORMAL
from keyturn.gui.widgets.layouts import column, fix_height
from keyturn.gui.widgets.text import Text
from keyturn.presentation.cells import NameChoice
from keyturn.presentation.marks import Icon

_SIDE: Final = 10
_ICON: Final = 16
_LONGEST_SECRET: Final = 64 * 1024
_PIN_WIDTH: Final = 280


class Labelled(QWidget):
    """A field under its label."""

    def __init__(
        self, look: Look, label: str, field: QWidget, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        words = Text(look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        words.say(label)
        words.setBuddy(field)
        layout = column(self, gap=4)
        layout.addWidget(words)
        layout.addWidget(field)


class LineField(QLineEdit):
    """A line to type in, as tall as buttons are."""

    def __init__(
        self, look: Look, spoken: str, *, name: str, longest: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.setMaxLength(longest)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        # Where a page grows beneath it, no layout in between makes it less than a target.
        fix_height(self, look.theme, NORMAL)

    def sizeHint(self) -> QSize:
        """Return the height of a field."""
        return QSize(160, self._look.theme.tall(NORMAL))

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(80, self._look.theme.tall(NORMAL))


class SecretField(LineField):
    """A line that shows nothing of what is typed; its value can be taken out once.

    Neither undo nor copying brings the value back, and no input method learns it. How long it is
    stands beside the field, so that a person sees that something arrived.
    """

    length_changed = Signal(int)

    def __init__(
        self, look: Look, spoken: str, *, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, spoken, name=name, longest=_LONGEST_SECRET, parent=parent)
        self.setEchoMode(QLineEdit.EchoMode.NoEcho)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setDragEnabled(False)
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhHiddenText
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self.textChanged.connect(self._on_changed)

    def take(self) -> str:
        """Return the value and forget it, history included."""
        value = self.text()
        self.setText("")
        return value

    def _on_changed(self, text: str) -> None:
        self.length_changed.emit(len(text))


class PinField(SecretField):
    """A secret line for a PIN: each character of it is a dot."""

    def __init__(
        self, look: Look, spoken: str, *, name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, spoken, name=name, parent=parent)
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setMaxLength(LONGEST)
        self.setFixedWidth(_PIN_WIDTH)


class NamePicker(QPushButton):
    """A field that opens a list of names; the exact names come first, all of them last."""

    chosen = Signal(str)

    def __init__(
        self,
        look: Look,
        label: str,
        *,
        name: str,
        empty: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """`empty` is what stands there while nothing is chosen, where that means something."""
        super().__init__(parent)
        self._look = look
        self._label = label
        self._empty = empty
        self._choices: tuple[NameChoice, ...] = ()
        self._choice: NameChoice | None = None
        self._menu = QMenu(self)
        self._menu.setObjectName(f"{name}_menu")
        self._menu.triggered.connect(self._on_triggered)
        self.setObjectName(name)
        self.setProperty("kind", "plain")
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._open)
        self._name()

    @property
    def name(self) -> str:
        """Return the chosen name, "" while none is chosen."""
        return self._choice.name if self._choice is not None else ""

    @property
    def menu_of_names(self) -> QMenu:
        """Return the list that opens."""
        return self._menu

    def show_choices(self, choices: Sequence[NameChoice], name: str) -> None:
        """Offer `choices`; `name` is chosen if it is among them."""
        if tuple(choices) != self._choices:
            self._choices = tuple(choices)
            self._menu.clear()
            for choice in self._choices:
                # An ampersand would become a shortcut letter and vanish.
                action = QAction(choice.text.replace("&", "&&"), self._menu)
                action.setData(choice.name)
                self._menu.addAction(action)
        self._choice = next((choice for choice in self._choices if choice.name == name), None)
        self._name()

    def sizeHint(self) -> QSize:
        """Return the height of a field."""
        return QSize(160, self._look.theme.tall(NORMAL))

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(80, self._look.theme.tall(NORMAL))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open at Enter and at the arrow as well."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down}:
            if not event.isAutoRepeat():
                self._open()
            return
        super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the field, the chosen name and the arrow."""
        theme = self._look.theme
        painter = QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        mirror(painter, self.rect(), self.layoutDirection())
        room = self.width() - 2 * _SIDE - _ICON - 8
        flow = fitted(self._look, self._shown(), Type.BODY, room)
        means_something = self._choice is not None or bool(self._empty)
        token = Token.TEXT_PRIMARY if means_something else Token.TEXT_TERTIARY
        at = QPointF(_SIDE, (self.height() - flow.height) // 2)
        flow.paint(painter, at, theme.colour(token))
        place = QRectF(self.width() - _SIDE - _ICON, (self.height() - _ICON) // 2, _ICON, _ICON)
        self._look.icons.paint(painter, place, Icon.OPEN, theme.colour(Token.TEXT_SECONDARY))

    def _shown(self) -> str:
        if self._choice is not None:
            return self._choice.text
        return self._empty or self._look.words("forms.choose")

    def _name(self) -> None:
        named = self._look.words("forms.field_value", field=self._label, value=self._shown())
        self.setAccessibleName(named)
        self.update()

    def _open(self) -> None:
        self._menu.setMinimumWidth(self.width())
        self._menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _on_triggered(self, action: QAction) -> None:
        name = str(action.data())
        self.show_choices(self._choices, name)
        self.chosen.emit(name)
