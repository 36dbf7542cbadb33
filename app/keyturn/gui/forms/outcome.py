"""What became of what a person asked for: a line under the form, or a note at the page's foot."""

from collections.abc import Callable
from enum import Enum
from typing import Final

from PySide6.QtCore import QEvent, QObject, QRectF, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLayout, QSizePolicy, QWidget

from keyturn.application.console_protocol import IntentDone
from keyturn.gui.forms.focus import leave
from keyturn.gui.look import Look
from keyturn.gui.readers import announce
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import least_height, row
from keyturn.gui.widgets.text import Text
from keyturn.presentation.marks import Icon

_NOTE_MS: Final = 10_000
_EDGE: Final = 16
_WIDEST: Final = 520


class Outcome(Enum):
    """How it went."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    OWED = "owed"
    """Something is missing before it can be sent."""


_MARKS: Final = {
    Outcome.WAITING: (Icon.CLOCK, Token.TEXT_SECONDARY),
    Outcome.DONE: (Icon.CHECK, Token.ALLOW_FG),
    Outcome.FAILED: (Icon.ATTENTION, Token.WARNING_FG),
    Outcome.OWED: (Icon.NOTICE, Token.INFO_FG),
}


class OutcomeLine(QWidget):
    """An icon and a sentence; it stands above the buttons, so that these never move."""

    said = Signal()
    """It shows something now."""

    def __init__(self, look: Look, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.outcome: Outcome | None = None
        self.setObjectName(name)
        least_height(self, look.theme, 20)
        self._icon = IconLabel(look, Icon.CHECK, Token.ALLOW_FG, 16)
        self._text = Text(look, Type.NOTE, Token.TEXT_PRIMARY, wrap=True)
        layout = row(self, gap=8)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        self.say(None)

    def say(self, outcome: Outcome | None, sentence: str = "") -> None:
        """Show how it went, or nothing."""
        self.outcome = outcome
        self.setVisible(outcome is not None)
        if outcome is None:
            self._text.say("")
            return
        self._icon.use(*_MARKS[outcome])
        self._text.say(sentence)
        announce(self, sentence)
        self.said.emit()

    def begin(self) -> None:
        """Forget what became of an earlier change: the next is on its way, and may owe a PIN."""
        if self.outcome is not Outcome.WAITING:
            self.say(None)

    @property
    def sentence(self) -> str:
        """Return what is said."""
        return self._text.text()


class PageNote(QFrame):
    """What was just done, over the leading foot of a page; it waits while the pointer is on it.

    What failed stays until it is closed: a person must not miss that nothing happened.
    """

    def __init__(
        self,
        look: Look,
        page: QWidget,
        rest: QWidget,
        foot: QLayout | None = None,
    ) -> None:
        """`rest` gets the focus that the note had when it goes; it stays above `foot`."""
        super().__init__(page)
        self._look = look
        self._page = page
        self._rest = rest
        self._foot = foot
        self.outcome: Outcome | None = None
        self.setObjectName("page_note")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        self._icon = IconLabel(look, Icon.CHECK, Token.ALLOW_FG, 16)
        self._text = Text(look, Type.BODY, wrap=True)
        close = Button(look, Kind.GHOST, "", Icon.CROSS, name="close_note", height=24)
        close.setAccessibleName(look.words("forms.close_note"))
        close.clicked.connect(self.dismiss)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_NOTE_MS)
        self._timer.timeout.connect(self.dismiss)
        layout = row(self, (12, 8, 8, 8), gap=12)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(close)
        page.installEventFilter(self)
        self.hide()

    @property
    def sentence(self) -> str:
        """Return what is said."""
        return self._text.text()

    def say(self, outcome: Outcome, sentence: str) -> None:
        """Show a sentence above the page's foot."""
        self.outcome = outcome
        self._icon.use(*_MARKS[outcome])
        self._text.say(sentence)
        self._text.setMinimumWidth(min(_WIDEST, self._text.sizeHint().width()))
        self._place()
        self.show()
        self.raise_()
        self._timer.stop()
        if outcome is Outcome.DONE:
            self._timer.start()
        announce(self, sentence)

    def begin(self) -> None:
        """Take away what was done before; what failed stays."""
        if self.outcome is Outcome.DONE:
            self.dismiss()

    def dismiss(self) -> None:
        """Take the note away."""
        leave(self, self._rest)
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the foot when the page is resized."""
        if watched is self._page and event.type() is QEvent.Type.Resize:
            self._place()
        return False

    def enterEvent(self, event: QEnterEvent) -> None:
        """Wait while the pointer is here."""
        self._timer.stop()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Go on when it leaves."""
        if self.outcome is Outcome.DONE:
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

    def _place(self) -> None:
        width = min(self.sizeHint().width(), self._page.width() - 2 * _EDGE)
        height = max(self.heightForWidth(width), self._look.theme.tall(44))
        top = self._page.height() - self._foot_height() - height - _EDGE
        self.setGeometry(_EDGE, max(_EDGE, top), width, height)

    def _foot_height(self) -> int:
        """Return how far up from the page's lower edge its foot reaches, in px."""
        inside = self._foot.parentWidget() if self._foot is not None else None
        if self._foot is None or inside is None or not self._foot.count():
            return 0
        top = inside.mapTo(self._page, self._foot.geometry().topLeft()).y()
        return max(0, self._page.height() - top)


def telling(place: OutcomeLine | PageNote, said: str) -> Callable[[IntentDone], None]:
    """Return what shows the outcome of an intent: `said`, or why it was not carried out.

    Called when the intent is sent: what became of an earlier one is forgotten.
    """
    place.begin()

    def heard(done: IntentDone) -> None:
        place.say(*((Outcome.DONE, said) if done.ok else (Outcome.FAILED, done.sentence)))

    return heard
