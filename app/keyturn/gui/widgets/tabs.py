"""A row of tabs with a quiet note at its end; one Tab stop, arrow keys inside."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QFrame, QSizePolicy, QWidget

from keyturn.gui.look import Look
from keyturn.gui.text_flow import TextFlow
from keyturn.gui.text_runs import phrase
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.layouts import WrapLayout, least_height, row
from keyturn.gui.widgets.text import Text

HEIGHT: Final = 36
_LEAST: Final = 24


class _Tab(QAbstractButton):
    """One tab; the active one is underlined and strong in colour."""

    def __init__(self, look: Look, text: str, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._words = text
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        self.setObjectName(f"tab_{name}")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the words' width and the row's height."""
        width = max(_LEAST, round(self._flow().used_width))
        return QSize(width, self._look.theme.tall(HEIGHT))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the words, and the line under the active tab."""
        theme = self._look.theme
        painter = QPainter(self)
        flow = self._flow()
        active = self.isChecked() or self.underMouse()
        token = Token.TEXT_PRIMARY if active else Token.TEXT_SECONDARY
        top = (self.height() - flow.height) // 2
        flow.paint(painter, QPointF(0, top), theme.colour(token))
        if self.isChecked():
            line = QRectF(0, self.height() - 2, self.width(), 2)
            painter.fillRect(line, theme.colour(Token.ACCENT))

    def _flow(self) -> TextFlow:
        return TextFlow([phrase(self._words)], Type.BODY_STRONG, self._look.theme).lay_out()


class TabRow(QFrame):
    """Tabs by name; a tab that has nothing to show says so when opened, it is not greyed."""

    tab_chosen = Signal(str)

    def __init__(
        self,
        look: Look,
        tabs: Sequence[tuple[str, str]],
        *,
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        """`tabs` are (name, words) in order; the first is active."""
        super().__init__(parent)
        self._look = look
        self.setObjectName(name)
        least_height(self, look.theme, HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._tabs = {tab: _Tab(look, words, tab, self) for tab, words in tabs}
        self._note = Text(look, Type.CAPTION, Token.TEXT_TERTIARY, wrap=True)
        place = QWidget()
        wrapped = WrapLayout(place, gap=20, line_gap=0)
        for tab in self._tabs.values():
            wrapped.addWidget(tab)
            tab.clicked.connect(self._on_clicked)
        self._line = row(self, gap=16)
        self._line.addWidget(place, 1)
        self._line.addWidget(self._note)
        self.choose(tabs[0][0])

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the line that the active tab's own line lies on."""
        painter = QPainter(self)
        line = QRectF(0, self.height() - 1, self.width(), 1)
        painter.fillRect(line, self._look.theme.colour(Token.BORDER_SUBTLE))

    def choose(self, tab: str) -> None:
        """Make a tab the active one; it alone is a Tab stop."""
        self._tabs[tab].setChecked(True)
        for other, button in self._tabs.items():
            stop = other == tab
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus if stop else Qt.FocusPolicy.ClickFocus)

    def active(self) -> str:
        """Return the name of the active tab."""
        return next(tab for tab, button in self._tabs.items() if button.isChecked())

    def add_trailing(self, widget: QWidget) -> None:
        """Put what belongs to all tabs at the end of the row."""
        self._line.addWidget(widget)

    def say_note(self, text: str) -> None:
        """Show words at the end of the row, such as which lines were seen."""
        self._note.say(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step between tabs."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            step = -step
        names = list(self._tabs)
        chosen = names[(names.index(self.active()) + step) % len(names)]
        self.choose(chosen)
        self._tabs[chosen].setFocus(Qt.FocusReason.TabFocusReason)
        self.tab_chosen.emit(chosen)

    def _on_clicked(self) -> None:
        chosen = next(tab for tab, button in self._tabs.items() if button is self.sender())
        self.choose(chosen)
        self.tab_chosen.emit(chosen)
