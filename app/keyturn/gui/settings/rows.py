"""The rows of the settings' screen: choices side by side, actions, facts."""

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QWidget

from keyturn.gui.forms.outcome import OutcomeLine
from keyturn.gui.forms.question import QuestionPane
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import NORMAL, Button, Kind
from keyturn.gui.widgets.layouts import EDGE, WrapLayout, clear, column, row
from keyturn.gui.widgets.pairs import PairList
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon
from keyturn.presentation.settings import AboutRow, ActionRow, Choice, SettingRow

_BESIDE_FROM: Final = 620
_WORDS: Final = 320
_STEPS: Final = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
}


class ChoiceButton(Button):
    """One of the values; the chosen one is filled and says so to readers by its state."""

    def __init__(self, look: Look, choice: Choice, *, name: str) -> None:
        self.choice = choice
        super().__init__(look, Kind.PILL, choice.text, name=name, height=NORMAL)
        self.setCheckable(True)
        self.setAutoExclusive(False)

    def minimumSizeHint(self) -> QSize:
        """Return the size of a button: words are never cut."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the arrows to the group: a button would hand the focus to anything beside."""
        if Qt.Key(event.key()) in _STEPS:
            event.ignore()
        else:
            super().keyPressEvent(event)

    def _text_token(self) -> Token:
        return Token.TEXT_PRIMARY if self.isChecked() else Token.TEXT_SECONDARY


class ChoiceGroup(QFrame):
    """All values of a setting; one Tab stop, arrow keys inside."""

    chosen = Signal(str)

    def __init__(self, look: Look, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._name = name
        self._shown: tuple[Choice, ...] = ()
        self.buttons: list[ChoiceButton] = []
        self.setObjectName(name)
        self.setProperty("field", "true")
        inside = QWidget()
        self._layout = WrapLayout(inside, gap=4, line_gap=4)
        layout = row(self, (4, 4, 4, 4))
        layout.addWidget(inside)

    def show_choices(self, choices: tuple[Choice, ...], chosen: str, spoken: str) -> None:
        """Show the values and which of them is in force."""
        if choices != self._shown:
            self._shown = choices
            clear(self._layout)
            self.buttons = [
                ChoiceButton(self._look, choice, name=f"{self._name}_{choice.value}")
                for choice in choices
            ]
            for button in self.buttons:
                named = self._look.words(
                    "forms.field_value", field=spoken, value=button.choice.text
                )
                button.setAccessibleName(named)
                button.clicked.connect(self._on_clicked)
                self._layout.addWidget(button)
                button.show()
            self.updateGeometry()
        for button in self.buttons:
            stop = button.choice.value == chosen
            button.setChecked(stop)
            policy = Qt.FocusPolicy.StrongFocus if stop else Qt.FocusPolicy.ClickFocus
            button.setFocusPolicy(policy)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step to the value beside."""
        step = _STEPS.get(Qt.Key(event.key()))
        focused = next((b for b in self.buttons if b.hasFocus()), None)
        if step is None or focused is None:
            super().keyPressEvent(event)
            return
        place = (self.buttons.index(focused) + step) % len(self.buttons)
        self.buttons[place].setFocus(Qt.FocusReason.TabFocusReason)
        self.chosen.emit(self.buttons[place].choice.value)

    def _on_clicked(self) -> None:
        pressed = next(button for button in self.buttons if button is self.sender())
        self.chosen.emit(pressed.choice.value)


class RowFrame(QFrame):
    """Words at the leading side, what is done with them at the trailing one, or below."""

    def __init__(self, look: Look, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.look = look
        self.setObjectName(name)
        self.title = Text(look, Type.BODY_STRONG, wrap=True)
        self.note = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self.words_place = QWidget()
        words = column(self.words_place, gap=4)
        words.addWidget(self.title)
        words.addWidget(self.note)
        words.addStretch()
        self.trailing = QWidget()
        self._sides = row(self, (0, 12, 0, 12), gap=24)
        self._sides.addWidget(self.words_place)
        self._sides.addWidget(self.trailing, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Stand side by side where there is room for both."""
        super().resizeEvent(event)
        tall = self.look.theme.tall
        beside = event.size().width() >= tall(_BESIDE_FROM)
        along = QBoxLayout.Direction.LeftToRight
        down = QBoxLayout.Direction.TopToBottom
        self._sides.setDirection(along if beside else down)
        self._sides.setSpacing(24 if beside else 8)
        if beside:
            self.words_place.setFixedWidth(tall(_WORDS))
        else:
            self.words_place.setMinimumWidth(0)
            self.words_place.setMaximumWidth(16_777_215)


class SettingLine(RowFrame):
    """A setting with all its values in sight, its default and the way back to it."""

    changed = Signal(str, str)
    """Name of the setting, and the value that a person chose."""

    def __init__(self, look: Look, setting: SettingRow, parent: QWidget | None = None) -> None:
        super().__init__(look, name=f"setting_{setting.key}", parent=parent)
        self._setting = setting
        self.group = ChoiceGroup(look, name=f"choices_{setting.key}")
        self._default = Text(look, Type.CAPTION, Token.TEXT_TERTIARY)
        self.reset = Button(look, Kind.LINK, "", name=f"reset_{setting.key}", height=24)
        inside = column(self.trailing, gap=4)
        beside = row()
        beside.addWidget(self.group)
        beside.addStretch()
        inside.addLayout(beside)
        line = row(margins=(EDGE, 0, 0, 0), gap=12)
        line.addWidget(self._default)
        line.addWidget(self.reset)
        line.addStretch()
        inside.addLayout(line)
        inside.addStretch()
        self.group.chosen.connect(self._on_chosen)
        self.reset.clicked.connect(self._on_reset)
        self.show_setting(setting)

    def show_setting(self, setting: SettingRow) -> None:
        """Show the setting as it is."""
        self._setting = setting
        self.title.say(setting.title)
        self.note.say(setting.note)
        self.group.show_choices(setting.choices, setting.chosen, setting.title)
        self._default.say(setting.default_text)
        words = self.look.words
        self.reset.say(words("settings.reset"), words("settings.reset_named", title=setting.title))
        self.reset.setVisible(not setting.is_default)

    def _on_chosen(self, value: str) -> None:
        if value != self._setting.chosen:
            self.changed.emit(self._setting.key, value)
        else:
            self.show_setting(self._setting)

    def _on_reset(self) -> None:
        self.changed.emit(self._setting.key, self._setting.default)


class ActionLine(RowFrame):
    """A button, or the question in its place before it is done."""

    wanted = Signal(str)
    """Key of the action, after its question was agreed to where it has one."""

    def __init__(self, look: Look, action: ActionRow, parent: QWidget | None = None) -> None:
        super().__init__(look, name=f"action_{action.key}", parent=parent)
        self._action = action
        icon = Icon.QUIT if action.question is not None else None
        self.button = Button(look, Kind.PLAIN, "", icon, name=f"do_{action.key}")
        self.question = QuestionPane(look, name=f"{action.key}_question", icon=icon)
        self.question.hide()
        self.outcome = OutcomeLine(look, name=f"{action.key}_outcome")
        inside = column(self.trailing, gap=8)
        inside.addWidget(self.button)
        inside.addWidget(self.question)
        inside.addWidget(self.outcome)
        inside.addStretch()
        self.button.clicked.connect(self.press)
        self.question.agreed.connect(self._on_agreed)
        self.show_action(action)

    def show_action(self, action: ActionRow) -> None:
        """Show the action as it is."""
        self._action = action
        self.title.say(action.title)
        self.note.say(action.note)
        self.button.say(action.action)

    def press(self) -> None:
        """Ask, or do it where there is nothing to ask."""
        question = self._action.question
        if question is None:
            self.wanted.emit(self._action.key)
            return
        self.question.ask(question, self.button)
        self.button.hide()

    def _on_agreed(self) -> None:
        self.wanted.emit(self._action.key)


class AboutLine(RowFrame):
    """Facts to read and to copy."""

    def __init__(self, look: Look, about: AboutRow, parent: QWidget | None = None) -> None:
        super().__init__(look, name=f"about_{about.key}", parent=parent)
        self._about: AboutRow | None = None
        self._inside = column(self.trailing)
        self.note.hide()
        self.show_about(about)

    def show_about(self, about: AboutRow) -> None:
        """Show the facts as they are."""
        if about == self._about:
            return
        self._about = about
        self.title.say(about.title)
        clear(self._inside)
        self._inside.addWidget(PairList(self.look, about.pairs))
