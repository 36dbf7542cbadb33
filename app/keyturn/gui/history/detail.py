"""One decision in full: the call, how it was decided, what was recorded, what came before."""

from collections.abc import Iterable, Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from keyturn.gui.history.kept_text import KeptTextBox
from keyturn.gui.look import Look
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.chip import ChipLabel, ChipRow
from keyturn.gui.widgets.escape_frame import EscapeFrame
from keyturn.gui.widgets.flow_graph import FlowGraphView
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import (
    WrapLayout,
    clear,
    column,
    divider,
    least_height,
    pane,
    row,
)
from keyturn.gui.widgets.long_text import value_label
from keyturn.gui.widgets.pairs import PairList
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.tabs import TabRow
from keyturn.gui.widgets.text import LONGEST, Text, ValueText
from keyturn.presentation.card import ArgumentRow, Chip, Pair
from keyturn.presentation.history import EarlierCall, HistoryDetail
from keyturn.presentation.marks import Icon, IconText, Role

WIDTH: Final = 360
_KEY: Final = 132
_SIDE: Final = 16
CALL: Final = "call"
DECISION: Final = "decision"
RESULT: Final = "result"
ORIGINS: Final = "origins"


class DetailPane(EscapeFrame):
    """Read-only; its buttons ask for rules and searches, nothing here can be undone."""

    close_requested = Signal()
    rule_requested = Signal(int)
    revoke_requested = Signal(str)
    """Id of the rule that allowed the decision."""
    similar_requested = Signal(int)
    more_requested = Signal(int)
    kept_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None, *, further: bool = False) -> None:
        super().__init__(parent)
        self._look = look
        self._further = further
        self._detail: HistoryDetail | None = None
        self.setObjectName("history_detail")
        self.setProperty("surface", "panel")
        self.setProperty("edge", "left")
        self._chips = ChipRow(look)
        self._headline = Text(look, Type.TITLE_WRAPPED, wrap=True)
        self._server_tool = ValueText(look, Type.VALUE, Token.TEXT_SECONDARY, most=LONGEST)
        self._tabs_place = column()
        self._scroll = ScrollPane("panel", (_SIDE, 16, _SIDE, 8))
        self._body = column()
        self._kept: KeptTextBox | None = None
        self._revoke = Button(look, Kind.PLAIN, look.words("history.revoke"), name="revoke_rule")
        self._rule = Button(
            look, Kind.PLAIN, look.words("history.make_rule"), Icon.ADD_RULE, name="make_rule"
        )
        similar = look.words("history.show_similar")
        self._similar = Button(look, Kind.PLAIN, similar, name="show_similar")
        self._build()

    def show_detail(self, detail: HistoryDetail) -> None:
        """Show a decision on its first tab."""
        self._detail = detail
        self._revoke.setVisible(bool(detail.rule_id))
        self._rule.setVisible(detail.makes_rule)
        self._similar.setVisible(detail.is_call)
        self._chips.show_chips(detail.chips)
        self._headline.say(detail.headline)
        self._server_tool.say(detail.server_tool)
        clear(self._tabs_place)
        if detail.is_call:
            self._show_tabs(detail)
        self.choose_tab(CALL)

    def choose_tab(self, tab: str) -> None:
        """Show the call, its decision, its result or its origins."""
        detail = self._detail
        if detail is None:
            return
        clear(self._body)
        self._kept = None
        if tab == CALL:
            self._fill_call(detail)
        elif tab == DECISION:
            self._section(self._look.words("history.how_decided"), detail.decided, first=True)
            self._section(self._look.words("history.record"), detail.record)
        elif tab == RESULT:
            self._fill_result(detail)
        else:
            self._fill_origins(detail)

    def show_kept(self, number: int, text: str | None) -> None:
        """Show all text of a result, if it is still the open decision's."""
        if self._kept is not None and self._detail is not None and self._detail.number == number:
            self._kept.show_text(text)

    def on_escape(self) -> None:
        """Close the pane."""
        self.close_requested.emit()

    def _build(self) -> None:
        close = Button(self._look, Kind.GHOST, "", Icon.CROSS, name="close_detail", height=24)
        close.setAccessibleName(self._look.words("history.close_detail"))
        close.clicked.connect(self.close_requested)
        top = row(gap=8)
        top.addWidget(self._chips, 1)
        top.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        head = self._scroll.body
        head.addLayout(top)
        head.addSpacing(8)
        head.addWidget(self._headline)
        head.addSpacing(4)
        head.addWidget(self._server_tool)
        head.addSpacing(12)
        head.addLayout(self._tabs_place)
        head.addSpacing(8)
        head.addLayout(self._body)
        head.addStretch()
        layout = column(self)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self._foot())

    def _foot(self) -> QWidget:
        foot = pane("raised", edge="top", name="history_detail_foot")
        words = self._look.words
        more = Button(self._look, Kind.PLAIN, "", Icon.MORE, name="more_actions")
        more.setAccessibleName(words("history.more"))
        more.setFixedWidth(34)
        more.setHidden(not self._further)
        self._rule.clicked.connect(self._on_rule)
        self._revoke.clicked.connect(self._on_revoke)
        self._similar.clicked.connect(self._on_similar)
        more.clicked.connect(self._on_more)
        most = QWidget()
        wrapped = WrapLayout(most)
        wrapped.addWidget(self._rule)
        wrapped.addWidget(self._similar)
        wrapped.addWidget(self._revoke)
        layout = row(foot, (_SIDE, 12, _SIDE, 12), gap=8)
        layout.addWidget(most, 1)
        layout.addWidget(more, 0, Qt.AlignmentFlag.AlignTop)
        return foot

    def _show_tabs(self, detail: HistoryDetail) -> None:
        words = self._look.words
        tabs = TabRow(
            self._look,
            [
                (CALL, words("history.call")),
                (DECISION, words("history.decision")),
                (RESULT, words("history.result_tab")),
                (ORIGINS, words("history.origins", n=detail.origins)),
            ],
            name="history_tabs",
        )
        tabs.tab_chosen.connect(self.choose_tab)
        self._tabs_place.addWidget(tabs)

    def _fill_call(self, detail: HistoryDetail) -> None:
        self._body.addWidget(self._arguments(detail.arguments))
        if detail.asked:
            self._add_title(self._look.words("edit.asked"))
            self._body.addWidget(self._arguments(detail.asked))
        if detail.traced is not None:
            self._body.addSpacing(8)
            self._body.addWidget(self._traced(detail.traced))
        self._section(self._look.words("history.how_decided"), detail.decided)
        self._section(self._look.words("history.record"), detail.record)
        if detail.before:
            self._add_title(self._look.words("history.before"))
        for call in detail.before:
            self._body.addWidget(self._earlier(call))

    def _fill_origins(self, detail: HistoryDetail) -> None:
        if detail.flow is not None:
            flow = FlowGraphView(self._look, narrow=True)
            flow.show_graph(detail.flow)
            self._body.addWidget(flow)
            self._body.addSpacing(12)
        self._body.addWidget(self._arguments(r for r in detail.arguments if r.spans))

    def _fill_result(self, detail: HistoryDetail) -> None:
        if detail.result:
            self._body.addWidget(PairList(self._look, detail.result, key_width=_KEY))
            if detail.kept is not None:
                self._add_title(self._look.words("results.kept_title"))
                self._kept = KeptTextBox(self._look, detail.kept)
                self._kept.wanted.connect(self.kept_requested)
                self._body.addWidget(self._kept)
            return
        nothing = Text(self._look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        nothing.say(self._look.words("history.no_result"))
        self._body.addWidget(nothing)

    def _section(self, title: str, pairs: Sequence[Pair], *, first: bool = False) -> None:
        self._add_title(title, first=first)
        self._body.addWidget(PairList(self._look, pairs, key_width=_KEY))

    def _add_title(self, title: str, *, first: bool = False) -> None:
        if not first:
            self._body.addSpacing(8)
            self._body.addWidget(divider())
            self._body.addSpacing(8)
        words = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY)
        words.say(title)
        self._body.addWidget(words)
        self._body.addSpacing(4)

    def _arguments(self, rows: Iterable[ArgumentRow]) -> QWidget:
        """Return the arguments in rows of one line each, without the tree."""
        place = QWidget()
        grid = QGridLayout(place)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(0)
        grid.setColumnMinimumWidth(0, _KEY)
        grid.setColumnStretch(1, 1)
        top = Qt.AlignmentFlag.AlignTop
        for number, argument in enumerate(rows):
            key = Text(self._look, Type.VALUE, Token.TEXT_SECONDARY, wrap=True)
            key.say(argument.key)
            value = value_label(self._look, argument.value, spans=argument.spans)
            grid.addWidget(key, number, 0, top)
            grid.addWidget(value, number, 1)
        return place

    def _traced(self, traced: IconText) -> QWidget:
        place = QWidget()
        line = row(place, gap=8)
        line.addWidget(IconLabel(self._look, traced.icon, Token.TRACE_FG, 14))
        words = Text(self._look, Type.LABEL, Token.TRACE_FG)
        words.say(traced.text)
        line.addWidget(words)
        line.addStretch()
        return place

    def _earlier(self, call: EarlierCall) -> QWidget:
        place = QWidget()
        line = row(place, gap=8)
        least_height(place, self._look.theme, 24)
        role = self._look.theme.role_token(call.role)
        line.addWidget(IconLabel(self._look, call.icon, role, 14))
        tool = Text(self._look, Type.VALUE)
        tool.say(call.server_tool)
        line.addWidget(tool)
        if call.is_source:
            text = self._look.words("history.source")
            chip = Chip(role=Role.TRACE, icon=Icon.TRACED, text=text)
            line.addWidget(ChipLabel(self._look, chip))
        line.addStretch()
        result = Text(self._look, Type.PAIR, Token.TEXT_TERTIARY)
        result.say(call.result)
        line.addWidget(result)
        return place

    def _on_rule(self) -> None:
        if self._detail is not None:
            self.rule_requested.emit(self._detail.number)

    def _on_revoke(self) -> None:
        if self._detail is not None and self._detail.rule_id:
            self.revoke_requested.emit(self._detail.rule_id)

    def _on_similar(self) -> None:
        if self._detail is not None:
            self.similar_requested.emit(self._detail.number)

    def _on_more(self) -> None:
        if self._detail is not None:
            self.more_requested.emit(self._detail.number)
