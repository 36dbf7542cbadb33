"""The page on how a person decides: warnings, four figures, the week, and what asked most."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.domain.attention import ToolKey
from keyturn.gui.attention.day_bars import DayBars
from keyturn.gui.forms.focus import leave
from keyturn.gui.forms.list_page import NoticeBar
from keyturn.gui.forms.outcome import OutcomeLine
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.layouts import (
    EDGE,
    NONE,
    WrapLayout,
    clear,
    column,
    least_height,
    pane,
    row,
)
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.stat_box import StatBox
from keyturn.gui.widgets.text import Text
from keyturn.presentation.attention import AttentionPage, ToolLine
from keyturn.presentation.cells import Notice
from keyturn.presentation.marks import Icon
from keyturn.presentation.stopped import Stat

_HEADER: Final = 56
_STAT: Final = 208
_WARNINGS: Final = ("attention_first", "attention_second")
"""There are two that can be said at once."""


class AttentionView(QFrame):
    """Fed by the presenter; tells it what a person wants."""

    shown = Signal()
    back_requested = Signal()
    rules_requested = Signal()
    suggestion_requested = Signal(object)
    """The `ToolKey` that a rule is to be begun for."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setObjectName("attention_page")
        self.setProperty("surface", "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        words = look.words
        self.back = Button(look, Kind.PLAIN, words("attention.back"), Icon.BACK, name="back")
        self.warnings = tuple(NoticeBar(look, name=name) for name in _WARNINGS)
        self.note = Text(look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        self.outcome = OutcomeLine(look, name="attention_outcome")
        self._stats_place = QWidget()
        self._stats = WrapLayout(self._stats_place, gap=8, line_gap=8)
        self._days = column()
        self._tools_place = QWidget()
        self._tools = column(self._tools_place, gap=16)
        self._by_day = self._title(words("attention.by_day"))
        self._most = self._title(words("attention.tools"))
        self._build()
        self.setFocusProxy(self.back)
        self.back.clicked.connect(self.back_requested)

    def show_page(self, page: AttentionPage) -> None:
        """Show the figures in place of those before."""
        for bar, notice in zip(self.warnings, _two(page.warnings), strict=True):
            bar.show_notice(notice)
        self.note.say(page.note)
        self.note.setVisible(bool(page.note))
        self._show_stats(page.stats)
        clear(self._days)
        self._days.addWidget(DayBars(self._look, page.days))
        self._by_day.setVisible(bool(page.days))
        self._most.setVisible(bool(page.tools))
        self._show_tools(page.tools)

    def showEvent(self, event: QShowEvent) -> None:
        """Have the figures read anew."""
        super().showEvent(event)
        self.shown.emit()

    def _build(self) -> None:
        words = self._look.words
        header = pane("panel", edge="bottom", name="attention_header")
        least_height(header, self._look.theme, _HEADER)
        title = Text(self._look, Type.TITLE)
        title.say(words("attention.title"))
        line = row(header, (16, EDGE, 16, 0), gap=8)
        line.addWidget(title, 1)
        line.addWidget(self.back)
        intro = Text(self._look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        intro.say(words("attention.intro"))
        scroll = ScrollPane("panel", NONE)
        for bar in self.warnings:
            bar.action_pressed.connect(self.rules_requested)
            scroll.body.addWidget(bar)
        inside = QWidget()
        parts = column(inside, (16, 16, 16, 16), gap=16)
        for part in (intro, self._stats_place, self.note, self._by_day):
            parts.addWidget(part)
        parts.addLayout(self._days)
        for part in (self._most, self._tools_place, self.outcome):
            parts.addWidget(part)
        parts.addStretch(1)
        scroll.body.addWidget(inside, 1)
        layout = column(self)
        layout.addWidget(header)
        layout.addWidget(scroll, 1)

    def _title(self, words: str) -> Text:
        title = Text(self._look, Type.TITLE)
        title.say(words)
        return title

    def _show_stats(self, stats: Sequence[Stat]) -> None:
        clear(self._stats)
        for stat in stats:
            box = StatBox(self._look, stat)
            box.setMinimumWidth(self._look.theme.tall(_STAT))
            self._stats.addWidget(box)

    def _show_tools(self, tools: Sequence[ToolLine]) -> None:
        leave(self._tools_place, self.back)
        clear(self._tools)
        for place, tool in enumerate(tools):
            line = _ToolRow(self._look, tool, place)
            line.suggestion_requested.connect(self.suggestion_requested)
            self._tools.addWidget(line)


class _ToolRow(QFrame):
    """One tool: what its questions came to, and a rule or why there is none."""

    suggestion_requested = Signal(object)

    def __init__(self, look: Look, tool: ToolLine, place: int) -> None:
        super().__init__()
        self._what: ToolKey = tool.what
        self.setObjectName("attention_tool")
        name = Text(look, Type.VALUE, wrap=True)
        name.say(tool.name)
        counts = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        counts.say(tool.counts)
        texts = column()
        texts.addWidget(name)
        texts.addWidget(counts)
        line = row(self, gap=16)
        line.addLayout(texts, 1)
        if tool.suggestion:
            button = Button(
                look, Kind.PLAIN, tool.suggestion, Icon.ADD_RULE, name=f"suggest_rule_{place}"
            )
            button.setAccessibleName(tool.spoken)
            button.clicked.connect(self._on_clicked)
            line.addWidget(button)
        else:
            why = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
            why.say(tool.why_not)
            line.addWidget(why, 1)

    def _on_clicked(self) -> None:
        self.suggestion_requested.emit(self._what)


def _two(warnings: Sequence[Notice]) -> tuple[Notice | None, ...]:
    return (*warnings, None, None)[: len(_WARNINGS)]
