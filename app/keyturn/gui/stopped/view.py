"""The screen that stands in the queue's place while agents are stopped."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QFrame, QGridLayout, QHBoxLayout, QWidget

from keyturn.gui.look import Look
from keyturn.gui.stopped.resume_panel import WIDTH, ResumePane
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.layouts import clear, restyle, row
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.stat_box import StatBox
from keyturn.gui.widgets.text import Text
from keyturn.gui.widgets.timeline import Timeline
from keyturn.presentation.stopped import Stat, StoppedView

_SIDE: Final = 32
_SENTENCE: Final = 620
_BELOW: Final = 820
"""Page width at 100 % under which the way back stands under the review."""
_STAT: Final = 112
"""Room for a number's words."""
_ANY: Final = 16_777_215


class StoppedScreen(QFrame):
    """Shows a `StoppedView`; looks and the wish to resume go out as signals."""

    looked_at = Signal(str, bool)
    resume_requested = Signal(bool)
    agent_toggled = Signal(str, bool)
    carefully_toggled = Signal(bool)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._stats_shown: tuple[Stat, ...] = ()
        self.setObjectName("stopped_page")
        self.setProperty("surface", "panel")
        self.resume = ResumePane(look)
        self.timeline = Timeline(look)
        self._title = Text(look, Type.DISPLAY, wrap=True)
        self._sentence = Text(look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        self._stats = QGridLayout()
        self._stats.setSpacing(8)
        self._boxes: list[StatBox] = []
        self._looked = Text(look, Type.CAPTION, Token.TEXT_TERTIARY)
        self._layout: QHBoxLayout = row(self)
        self._layout.addWidget(self._review(), 1)
        self._layout.addWidget(self.resume)
        self.timeline.looked_at.connect(self.looked_at)
        self.resume.resume_requested.connect(self.resume_requested)
        self.resume.agent_toggled.connect(self.agent_toggled)
        self.resume.carefully_toggled.connect(self.carefully_toggled)

    def show_view(self, view: StoppedView) -> None:
        """Show the stop as it stands."""
        self._title.say(view.title)
        # The keyboard comes in here, to no button of it.
        self.setAccessibleName(view.title)
        self._sentence.say(view.sentence)
        self._looked.say(view.looked_at)
        self._show_stats(view.stats)
        self.timeline.show_rows(view.timeline)
        self.resume.show_panel(view.resume)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the way back below when there is no room beside."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Arrange it again when the text size is another."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.StyleChange:
            self._arrange()

    def _arrange(self) -> None:
        width, tall = self.width(), self._look.theme.tall
        beside = width >= tall(_BELOW)
        direction = QBoxLayout.Direction
        self._layout.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        self._layout.setStretch(1, 0 if beside else 1)
        edge = "left" if beside else "top"
        if self.resume.property("edge") != edge:
            restyle(self.resume, "edge", edge)
            # A frame asks for the room of its line only then.
            QApplication.sendEvent(self.resume, QEvent(QEvent.Type.StyleChange))
        resume = min(tall(WIDTH), width * 45 // 100) if beside else 0
        self.resume.setMinimumWidth(resume)
        self.resume.setMaximumWidth(resume or _ANY)
        self._place_stats(width - resume - 2 * _SIDE)

    def _place_stats(self, room: int) -> None:
        """Put the boxes in as few rows as their words allow, as many in each."""
        count = len(self._boxes)
        if not count:
            return
        fits = max(1, min(count, (room + 8) // (self._look.theme.tall(_STAT) + 8)))
        columns = -(-count // -(-count // fits))
        for place, box in enumerate(self._boxes):
            self._stats.addWidget(box, place // columns, place % columns)
        for place in range(count):
            self._stats.setColumnStretch(place, 1 if place < columns else 0)

    def _review(self) -> ScrollPane:
        scroll = ScrollPane("panel", (_SIDE, 32, _SIDE, 24))
        layout = scroll.body
        self._sentence.setMaximumWidth(_SENTENCE)
        heading = Text(self._look, Type.TITLE, wrap=True)
        heading.say(self._look.words("stopped.around"))
        line = row()
        line.addWidget(heading, 1)
        line.addWidget(self._looked)
        layout.addWidget(self._title)
        layout.addSpacing(4)
        layout.addWidget(self._sentence)
        layout.addSpacing(20)
        layout.addLayout(self._stats)
        layout.addSpacing(24)
        layout.addLayout(line)
        layout.addSpacing(8)
        layout.addWidget(self.timeline)
        layout.addStretch(1)
        return scroll

    def _show_stats(self, stats: Sequence[Stat]) -> None:
        if tuple(stats) == self._stats_shown:
            return
        self._stats_shown = tuple(stats)
        clear(self._stats)
        self._boxes = [StatBox(self._look, stat) for stat in stats]
        self._arrange()
