"""The first steps' screen: one column that scrolls, and a foot with the ways on, back and out."""

from itertools import pairwise
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.forms.outcome import OutcomeLine
from keyturn.gui.look import Look
from keyturn.gui.readers import announce, tell_focus
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.layouts import WrapLayout, column, pane, row
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.text import Text
from keyturn.presentation.first_steps import POSTURES, FirstSteps, Screen, Task, TaskRow

_READING: Final = 640
_LINES: Final = 4
"""Most sentences of a screen."""


class TaskLine(QFrame):
    """One thing to try: what it is, what to do, and the button that begins it."""

    def __init__(self, look: Look, task: Task, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.task = task
        self.setObjectName(f"task_{task.value}")
        self._title = Text(look, Type.BODY_STRONG, wrap=True)
        self._note = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._state = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self.button = Button(look, Kind.PLAIN, "", name=f"do_task_{task.value}")
        inside = column(self, (0, 8, 0, 8), gap=4)
        for text in (self._title, self._note, self._state):
            inside.addWidget(text)
        beside = row()
        beside.addWidget(self.button)
        beside.addStretch()
        inside.addLayout(beside)

    def show_task(self, task: TaskRow) -> None:
        """Show it as it stands."""
        self._title.say(task.title)
        self._note.say(task.note)
        self._state.say(task.state)
        self._state.setVisible(bool(task.state))
        self.button.say(task.button, task.spoken)

    @property
    def state(self) -> str:
        """Return what became of it, in words."""
        return self._state.text()


class FirstStepsView(QFrame):
    """Fed by the presenter; tells it what a person wants."""

    next_wanted = Signal()
    back_wanted = Signal()
    skip_wanted = Signal()
    posture_wanted = Signal(object)
    """`Posture`."""
    task_wanted = Signal(object)
    """`Task`."""
    notice_answered = Signal(bool)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._screen: Screen | None = None
        words = look.words
        self.setObjectName("first_steps_page")
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._place = Text(look, Type.NOTE, Token.TEXT_SECONDARY)
        self.title = Text(look, Type.HEADLINE, wrap=True)
        self._lines = [Text(look, Type.BODY, wrap=True) for _ in range(_LINES)]
        self.postures = {
            posture: ChoiceRow(
                look,
                words(title),
                words(note),
                name=f"first_{posture.value}",
                radio=True,
            )
            for posture, (title, note) in POSTURES.items()
        }
        self.tasks = {task: TaskLine(look, task) for task in Task}
        self.try_notice = Button(
            look, Kind.PLAIN, words("first_steps.notice_try"), name="notice_try"
        )
        self.seen = Button(look, Kind.PLAIN, words("first_steps.notice_seen"), name="notice_seen")
        self.unseen = Button(
            look, Kind.PLAIN, words("first_steps.notice_unseen"), name="notice_unseen"
        )
        self.outcome = OutcomeLine(look, name="first_steps_outcome")
        self.back = Button(look, Kind.SOFT, words("first_steps.back"), name="first_back")
        self.next = Button(look, Kind.PRIMARY, "", name="first_next")
        self.skip = Button(look, Kind.GHOST, words("first_steps.skip"), name="first_skip")
        self._posture_place, self._notice_place = QWidget(), QWidget()
        self._scroll = ScrollPane("panel", (24, 24, 24, 24))
        self._build()
        self._connect()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Hand the focus to the way on; as a proxy it would be all that Tab comes to here."""
        super().focusInEvent(event)
        self.next.setFocus(Qt.FocusReason.OtherFocusReason)
        QTimer.singleShot(0, self._tell_focus)

    def _tell_focus(self) -> None:
        tell_focus(self)

    @property
    def screen_shown(self) -> Screen | None:
        """Return which screen is shown."""
        return self._screen

    @property
    def said(self) -> str:
        """Return the sentences that are shown."""
        return " ".join(line.text() for line in self._lines if not line.isHidden())

    def show_screen(self, said: FirstSteps) -> None:
        """Show a screen; another one begins at its top."""
        is_another = said.screen is not self._screen
        if is_another:
            self._scroll.verticalScrollBar().setValue(0)
            self.outcome.say(None)
            self.setAccessibleName(said.title)
        self._screen = said.screen
        self._place.say(said.place)
        self.title.say(said.title)
        for number, line in enumerate(self._lines):
            text = said.lines[number] if number < len(said.lines) else ""
            line.say(text)
            line.setVisible(bool(text))
        self._posture_place.setVisible(bool(said.postures))
        for posture in said.postures:
            self.postures[posture.posture].setChecked(posture.chosen)
        for line in self.tasks.values():
            line.setVisible(bool(said.tasks))
        for task in said.tasks:
            self.tasks[task.task].show_task(task)
        self._notice_place.setVisible(said.screen is Screen.NOTICE)
        self.next.say(said.next)
        self.back.setVisible(not said.is_first)
        self.skip.setVisible(not said.is_last)
        if is_another and self.isVisible():
            self._read_out()

    def showEvent(self, event: QShowEvent) -> None:
        """Come up with its sentences for readers, too."""
        super().showEvent(event)
        self._read_out()

    def _read_out(self) -> None:
        """Have readers say the screen: the keyboard rests on the way on, which has one word."""
        announce(self, f"{self.title.text()}. {self.said}")

    def _build(self) -> None:
        reading = QWidget()
        reading.setMaximumWidth(self._look.theme.tall(_READING))
        inside = column(reading, gap=12)
        inside.addWidget(self._place)
        inside.addWidget(self.title)
        for line in self._lines:
            inside.addWidget(line)
        choices = column(self._posture_place, gap=4)
        for choice in self.postures.values():
            choices.addWidget(choice)
        inside.addWidget(self._posture_place)
        for line in self.tasks.values():
            inside.addWidget(line)
        answers = WrapLayout(self._notice_place)
        for button in (self.try_notice, self.seen, self.unseen):
            answers.addWidget(button)
        inside.addWidget(self._notice_place)
        inside.addWidget(self.outcome)
        beside = row()
        beside.addWidget(reading, 1)
        beside.addStretch()
        self._scroll.body.addLayout(beside)
        self._scroll.body.addStretch()
        foot = pane("raised", edge="top", name="first_steps_foot")
        inner = QWidget()
        column(foot, (24, 12, 24, 12)).addWidget(inner)
        ways = WrapLayout(inner)
        for button in (self.next, self.back, self.skip):
            ways.addWidget(button)
        layout = column(self)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(foot)
        self._order()

    def _order(self) -> None:
        """Have Tab go down the page, then along its foot."""
        stops: list[QWidget] = [
            *self.postures.values(),
            *(line.button for line in self.tasks.values()),
            self.try_notice,
            self.seen,
            self.unseen,
            self.next,
            self.back,
            self.skip,
        ]
        for before, after in pairwise(stops):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        self.next.clicked.connect(self.next_wanted)
        self.back.clicked.connect(self.back_wanted)
        self.skip.clicked.connect(self.skip_wanted)
        for choice in self.postures.values():
            choice.clicked.connect(self._on_posture)
        for line in self.tasks.values():
            line.button.clicked.connect(self._on_task)
        self.try_notice.clicked.connect(self._on_try)
        self.seen.clicked.connect(self._on_seen)
        self.unseen.clicked.connect(self._on_unseen)

    def _on_posture(self) -> None:
        chosen = next(p for p, button in self.postures.items() if button is self.sender())
        self.posture_wanted.emit(chosen)

    def _on_task(self) -> None:
        line = next(one for one in self.tasks.values() if one.button is self.sender())
        self.task_wanted.emit(line.task)

    def _on_try(self) -> None:
        self.task_wanted.emit(Task.HARMLESS)

    def _on_seen(self) -> None:
        self.notice_answered.emit(True)

    def _on_unseen(self) -> None:
        self.notice_answered.emit(False)
