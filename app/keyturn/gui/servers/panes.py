"""The frame that every pane of the servers' screen has: head, scrolling body, pinned foot."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.foot_row import FootRow
from keyturn.gui.widgets.headline import Headline
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import clear, column, divider, pane, row
from keyturn.gui.widgets.scroll_pane import ScrollPane, SnugPane
from keyturn.gui.widgets.text import Text
from keyturn.presentation.servers import Notice

SIDE: Final = 24
_LEAST: Final = 32


class NoticeBox(QFrame):
    """One sentence in the tint of its role, wrapped, with at most one button."""

    action_pressed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._notice: Notice | None = None
        self._place = row(self, (16, 8, 16, 8), gap=12)
        self.hide()

    @property
    def notice(self) -> Notice | None:
        """Return what is shown."""
        return self._notice

    def show_notice(self, notice: Notice | None) -> None:
        """Show a notice, or none."""
        if notice == self._notice:
            return
        self._notice = notice
        clear(self._place)
        self.setVisible(notice is not None)
        if notice is None:
            return
        token = self._look.theme.role_token(notice.role)
        top = Qt.AlignmentFlag.AlignVCenter
        self._place.addWidget(IconLabel(self._look, notice.icon, token, 20), 0, top)
        text = Text(self._look, Type.BODY, wrap=True)
        text.say(" ".join(filter(None, (notice.strong, notice.rest))))
        self._place.addWidget(text, 1, top)
        if notice.action:
            button = Button(self._look, Kind.PLAIN, notice.action, name="notice_action")
            button.clicked.connect(self.action_pressed)
            self._place.addWidget(button, 0, top)
        self.setAccessibleName(text.text())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the tint."""
        if self._notice is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._look.theme.role_tint(self._notice.role))
        painter.drawRoundedRect(QRectF(self.rect()), 8, 8)


class DetailPane(QFrame):
    """Headline, chips, notice; then whatever a pane adds to `body`; buttons at the foot."""

    def __init__(self, look: Look, *, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setObjectName(name)
        self.setProperty("surface", "panel")
        self.headline = Headline(look)
        self.chips = ChipRow(look)
        self.notice = NoticeBox(look)
        self.page = ScrollPane("panel", (SIDE, 8, SIDE, 12))
        self.body = self.page.body
        self.footing = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        head = SnugPane(look, "panel", (SIDE, 12, SIDE, 0), least=_LEAST)
        head.body.addWidget(self.headline)
        self.body.addWidget(self.chips)
        self.body.addSpacing(8)
        self.body.addWidget(self.notice)
        layout = column(self)
        layout.addWidget(head)
        layout.addWidget(self.page, 1)
        self._foot = column(margins=(SIDE, 8, SIDE, 12), gap=8)
        said = SnugPane(look, "raised", (0, 0, 0, 0), least=_LEAST)
        said.body.addWidget(self.footing)
        self._foot.addWidget(said)
        foot = pane("raised", edge="top", name=f"{name}_foot")
        foot.setLayout(self._foot)
        layout.addWidget(foot)

    def add_section(self, key: str) -> Text:
        """Add the title of a section to the body and return it."""
        self.body.addSpacing(16)
        title = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        title.say(self._look.words(key))
        self.body.addWidget(title)
        self.body.addSpacing(4)
        self.body.addWidget(divider())
        self.body.addSpacing(8)
        return title

    def show_only(self, *shown: QWidget, among: Sequence[QWidget]) -> None:
        """Show some of the foot's buttons; the focus rests on the sentence if its button goes."""
        for button in among:
            if button not in shown and button.hasFocus():
                # Qt would hand the focus of what hides to the next widget, the stop button.
                self.rest_focus()
            button.setVisible(button in shown)

    def rest_focus(self) -> None:
        """Put the focus on the sentence, where no key can decide anything."""
        self.headline.sentence.setFocus(Qt.FocusReason.OtherFocusReason)

    def add_buttons(self, leading: Sequence[QWidget], trailing: Sequence[QWidget]) -> None:
        """Add the buttons of the foot, in one row or two."""
        self._foot.addWidget(FootRow(leading, trailing))
