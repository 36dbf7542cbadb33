"""Readies the card that no call has filled yet, a part a turn, while nothing else is to be done.

The first card of a window would pay for all of it in one turn: fonts are read, every part takes its
style and its place, and PySide makes the classes of whatever sends an event. Nothing is shown.
"""

from collections.abc import Iterator
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QLabel, QWidget

from keyturn.gui.queue.card_pane import CardPane
from keyturn.gui.queue.view import QueueView
from keyturn.presentation.card import DecisiveValue, Pair

_AT_ONCE: Final = 8
"""Widgets of a turn."""
_PAIRS: Final = 8
"""Rows of what an agent claims, and of what is observed of it, that most cards have."""

_LETTER: Final = "x"
"""Stands for all words: the hidden parts that say it are filled anew by each card."""
_VALUE: Final = DecisiveValue(path="", key=_LETTER, value=_LETTER, owed=False)


class FirstCard(QObject):
    """Does it, a step a turn of the loop; the first card that comes ends it."""

    def __init__(self, view: QueueView) -> None:
        super().__init__(view)
        self._card = view.card
        self._steps = _steps(view.card)
        self._turns = QTimer(self)
        self._turns.timeout.connect(self.step)

    def begin(self) -> None:
        """Go on, from the next turn on, until all is done."""
        self._turns.start(0)

    def step(self) -> None:
        """Do the next step, if there still is one to do."""
        if self._card.card is not None or next(self._steps, None) is None:
            self._turns.stop()


def _steps(card: CardPane) -> Iterator[int]:
    """Yield after each step; nothing of a card may be there yet."""
    _have_classes_made()
    yield 0
    some = [Pair(key=_LETTER, value=_LETTER)] * _PAIRS
    card.provenance.show_sides(some, some)
    yield 0
    card.headline.show_head(_LETTER, _LETTER, _LETTER)
    card.decisive.show_values((_VALUE,))
    yield 0
    widgets = card.findChildren(QWidget)
    for first in range(0, len(widgets), _AT_ONCE):
        for widget in widgets[first : first + _AT_ONCE]:
            widget.ensurePolished()
        yield 0
    for part in card.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly):
        part.grab()
        yield 0


def _have_classes_made() -> None:
    """Have PySide make the classes of all kinds of objects, twenty milliseconds of work.

    It does when it first meets an object of Qt's own that it has no class for, as the one that
    edits a rich text. Without this that is the sender of some event in a card's first turn.
    """
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.RichText)
    label.setText(_LETTER)
    label.children()
