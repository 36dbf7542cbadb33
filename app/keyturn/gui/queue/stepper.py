"""The bar above the card of a narrow window: back to the list, and one request at a time."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon
from keyturn.presentation.queue import QueueCounts


class Stepper(QFrame):
    """All waiting, "1 of 5", previous, next."""

    list_requested = Signal()
    step_requested = Signal(int)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._place = 0
        self._waiting = 0
        self.setObjectName("stepper")
        self.setProperty("surface", "window")
        self.setProperty("edge", "bottom")
        # Its words grow with the text size, what is around them does not.
        self.setMinimumHeight(44)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        words = look.words
        back = Button(look, Kind.LINK, words("queue.all_waiting"), Icon.BACK, name="back_to_list")
        self._text = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        previous = Button(look, Kind.PLAIN, "", Icon.UP, name="previous_request", height=28)
        previous.setAccessibleName(words("queue.previous"))
        following = Button(look, Kind.PLAIN, "", Icon.OPEN, name="next_request", height=28)
        following.setAccessibleName(words("queue.next"))
        back.clicked.connect(self.list_requested)
        previous.clicked.connect(self._on_previous)
        following.clicked.connect(self._on_next)
        layout = row(self, (16, 0, 16, 0), gap=8)
        layout.addWidget(back)
        layout.addStretch()
        layout.addWidget(self._text)
        layout.addWidget(previous)
        layout.addWidget(following)

    def show_counts(self, counts: QueueCounts) -> None:
        """Take how many wait."""
        self._waiting = counts.waiting
        self._say()

    def show_place(self, place: int) -> None:
        """Take which one is shown, from 0."""
        self._place = place
        self._say()

    def _say(self) -> None:
        self._text.say(self._look.words("queue.place", place=self._place + 1, n=self._waiting))

    def _on_previous(self) -> None:
        self.step_requested.emit(-1)

    def _on_next(self) -> None:
        self.step_requested.emit(1)
