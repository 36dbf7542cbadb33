"""The history's screen: filters, summary, what was missed, the table, one decision beside it."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QWidget

from keyturn.gui.forms.focus import leave
from keyturn.gui.forms.list_page import NoticeBar
from keyturn.gui.history.detail import WIDTH, DetailPane
from keyturn.gui.history.model import HistoryModel
from keyturn.gui.history.table import HistoryTable
from keyturn.gui.look import Look
from keyturn.gui.readers import announce
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.buttons import Button, Kind
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.inputs import FilterField
from keyturn.gui.widgets.layouts import EDGE, WrapLayout, clear, column, least_height, pane, row
from keyturn.gui.widgets.notices import Banner, EmptyState
from keyturn.gui.widgets.pane_split import PaneSplit
from keyturn.gui.widgets.text import Text
from keyturn.presentation.history import (
    FilterToken,
    HistoryDetail,
    HistorySummary,
    MissedNotice,
)
from keyturn.presentation.history_empty import HistoryEmpty
from keyturn.presentation.marks import Icon, IconText, Role

_HEADER: Final = 56
_SUMMARY: Final = 36
_LOW: Final = 640
_LEAST_FIELD: Final = 280
_REVIEW: Final = "review_missed"
_LEAST_DETAIL: Final = 280
_LEAST_TABLE: Final = 480
_BELOW: Final = 1000
"""Page width under which the detail stands under the table."""


class HistoryView(QFrame):
    """Knows no database: rows come by `HistoryModel`, wishes go out as signals."""

    filters_wanted = Signal(object)
    """Tuple of `FilterToken`."""
    search_wanted = Signal(str)
    row_chosen = Signal(int)
    detail_closed = Signal()
    rule_requested = Signal(int)
    similar_requested = Signal(int)
    more_requested = Signal(int)
    kept_requested = Signal()
    verify_requested = Signal()
    saved_requested = Signal()
    export_requested = Signal()
    missed_requested = Signal()
    attention_requested = Signal()
    missed_dismissed = Signal()

    def __init__(
        self,
        look: Look,
        model: HistoryModel,
        parent: QWidget | None = None,
        *,
        further: bool = False,
    ) -> None:
        """`further` offers exports and more, for whoever answers their signals."""
        super().__init__(parent)
        self._look = look
        self._further = further
        self.setObjectName("history_page")
        self.setProperty("surface", "panel")
        self.table = HistoryTable(look, model)
        self.detail = DetailPane(look, further=further)
        self.split = PaneSplit(
            look, self, name="history_split", spoken=look.words("forms.pane_width"), leading=False
        )
        self.filters = FilterField(look, name="history_filter")
        self.empty = EmptyState(look, Icon.HISTORY)
        self._empty: HistoryEmpty | None = None
        self._banner = Banner(look, Role.INFO, Icon.NOTICE)
        self._review = self._banner.add_action(_REVIEW, "")
        self._banner.add_action("dismiss_missed", look.words("history.missed_dismiss"))
        self.attention = NoticeBar(look, name="attention_notice")
        """Says how the person decides, where that is a warning."""
        self._counts_place = QWidget()
        self._counts = WrapLayout(self._counts_place, gap=16, line_gap=4)
        self._chain = row(gap=4)
        self._below_filters = column()
        self._build()
        self._connect(model)

    def add_below_filters(self, pane: QWidget) -> None:
        """Put a pane between the filters and the table."""
        self._below_filters.addWidget(pane)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the detail under the table when there is no room beside it."""
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        """Grow with the text."""
        if event.type() is QEvent.Type.StyleChange:
            self._arrange()
        super().changeEvent(event)

    def _build(self) -> None:
        self._left = left = QWidget()
        layout = column(left)
        layout.addWidget(self._header())
        layout.addLayout(self._below_filters)
        layout.addWidget(self._summary())
        layout.addWidget(self._banner)
        layout.addWidget(self.attention)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.empty, 1)
        self.empty.hide()
        self._banner.hide()
        self.setFocusProxy(self.table)
        self.detail.hide()
        self._layout: QHBoxLayout = row(self)
        self._layout.addWidget(left, 1)
        self._layout.addWidget(self.detail)

    def _header(self) -> QWidget:
        header = pane("panel", edge="bottom", name="history_bar")
        least_height(header, self._look.theme, _HEADER)
        words = self._look.words
        title = Text(self._look, Type.TITLE)
        title.say(words("rail.history"))
        saved = Button(self._look, Kind.PLAIN, words("history.saved"), name="saved_filters")
        saved.use_icon(Icon.OPEN, trailing=True)
        export = Button(
            self._look, Kind.PLAIN, words("history.export"), Icon.EXPORT, name="export_history"
        )
        saved.setToolTip(words("history.saved_tip"))
        export.setHidden(not self._further)
        saved.clicked.connect(self.saved_requested)
        export.clicked.connect(self.export_requested)
        attention = Button(
            self._look, Kind.PLAIN, words("attention.open"), Icon.LOOK, name="open_attention"
        )
        attention.clicked.connect(self.attention_requested)
        search = row(gap=16)
        search.addWidget(title)
        search.addWidget(self.filters, 1)
        buttons = row(gap=8)
        buttons.addStretch()
        buttons.addWidget(attention)
        buttons.addWidget(saved)
        buttons.addWidget(export)
        self._head = QBoxLayout(QBoxLayout.Direction.LeftToRight, header)
        self._head.setContentsMargins(16, 12 - EDGE, 16, 12 - EDGE)
        self._head.setSpacing(8)
        self._head.addLayout(search, 1)
        self._head.addLayout(buttons)
        always = (title, attention, saved)
        self._head_parts = (*always, export) if self._further else always
        return header

    def _summary(self) -> QWidget:
        summary = pane("panel", edge="bottom", name="history_summary")
        least_height(summary, self._look.theme, _SUMMARY)
        layout = row(summary, (16, EDGE, 16, 0))
        layout.addWidget(self._counts_place, 1, Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(self._chain)
        verify = Button(
            self._look, Kind.LINK, self._look.words("history.verify"), name="verify_log", height=24
        )
        verify.clicked.connect(self.verify_requested)
        layout.addSpacing(12)
        layout.addWidget(verify)
        return summary

    def _connect(self, model: HistoryModel) -> None:
        model.filters_changed.connect(self._on_filters)
        model.summary_changed.connect(self._on_summary)
        model.missed_changed.connect(self._on_missed)
        model.detail_changed.connect(self._on_detail)
        self.filters.filters_changed.connect(self.filters_wanted)
        model.empty_changed.connect(self._on_empty)
        self.empty.action_pressed.connect(self._on_clear)
        self.filters.search_changed.connect(self.search_wanted)
        self.table.row_chosen.connect(self.row_chosen)
        self.split.moved.connect(self._arrange)
        self.detail.close_requested.connect(self.detail_closed)
        self.detail.rule_requested.connect(self.rule_requested)
        self.detail.similar_requested.connect(self.similar_requested)
        self.detail.more_requested.connect(self.more_requested)
        self.detail.kept_requested.connect(self.kept_requested)
        self._banner.action_pressed.connect(self._on_banner)
        self.attention.action_pressed.connect(self.attention_requested)

    def _on_banner(self, name: str) -> None:
        (self.missed_requested if name == _REVIEW else self.missed_dismissed).emit()

    def _on_filters(self, filters: Sequence[FilterToken]) -> None:
        self.filters.show_tokens(filters)

    def _on_empty(self, empty: HistoryEmpty | None) -> None:
        if empty == self._empty:
            return
        self._empty = empty
        # A page is entered by what is there: hidden, the table would leave the keyboard outside.
        self.setFocusProxy(self.table if empty is None else self.filters)
        leave(self.table if empty is not None else self.empty, self.filters.line)
        self.table.setHidden(empty is not None)
        self.empty.setVisible(empty is not None)
        if empty is not None:
            self.empty.say(empty.title, empty.body, empty.action)
            if self.isVisible():
                announce(self.empty, f"{empty.title}. {empty.body}")

    def _on_clear(self) -> None:
        self.filters.setFocus(Qt.FocusReason.OtherFocusReason)
        self.filters.clear_all()

    def _on_summary(self, summary: HistorySummary) -> None:
        clear(self._counts)
        shown = Text(self._look, Type.NOTE, Token.TEXT_SECONDARY)
        shown.say_pieces(
            (summary.shown, Type.LABEL_STRONG, Token.TEXT_PRIMARY),
            (f" {summary.of_all}", Type.NOTE, Token.TEXT_SECONDARY),
        )
        self._counts.addWidget(shown)
        for outcome in summary.outcomes:
            self._counts.addWidget(self._icon_text(outcome, Token.TEXT_SECONDARY))
        clear(self._chain)
        if summary.chain is not None:
            token = self._look.theme.role_token(summary.chain.role)
            self._chain.addWidget(self._icon_text(summary.chain, token))

    def _icon_text(self, said: IconText, token: Token) -> QWidget:
        place = QWidget()
        layout = row(place, gap=4)
        layout.addWidget(IconLabel(self._look, said.icon, token, 14))
        text = Text(self._look, Type.NOTE, token)
        text.say(said.text)
        layout.addWidget(text)
        return place

    def _on_missed(self, missed: MissedNotice | None) -> None:
        self._banner.setVisible(missed is not None)
        if missed is not None:
            self._banner.say(missed.strong, missed.rest)
            self._review.say(missed.action)

    def _on_detail(self, detail: HistoryDetail | None) -> None:
        self.detail.setVisible(detail is not None)
        if detail is not None:
            self.detail.show_detail(detail)
        self._arrange()

    def _arrange(self) -> None:
        beside = self.width() >= _BELOW
        needed = sum(part.sizeHint().width() for part in self._head_parts) + 56 + _LEAST_FIELD
        room = self._left.width() if beside else self.width()
        direction = QBoxLayout.Direction
        stacked = needed > room
        self._head.setDirection(direction.TopToBottom if stacked else direction.LeftToRight)
        self._layout.setDirection(
            QHBoxLayout.Direction.LeftToRight if beside else QHBoxLayout.Direction.TopToBottom
        )
        # Low windows show the one or the other: half a table helps nobody.
        alone = (
            not beside
            and not self.detail.isHidden()
            and self.height() < self._look.theme.tall(_LOW)
        )
        self._left.setHidden(alone)
        opened = not self.detail.isHidden()
        if beside and opened:
            self.detail.setFixedWidth(self._detail_width())
        elif not beside:
            self.detail.setMinimumWidth(0)
            self.detail.setMaximumWidth(16_777_215)
        self.split.setVisible(beside and opened and self.split.maximum() > self.split.minimum())
        self.table.use_detail(opened and beside)

    def _detail_width(self) -> int:
        page, tall = self.width(), self._look.theme.tall
        usual = min(tall(WIDTH), page * 45 // 100)
        most = page - tall(_LEAST_TABLE)
        return self.split.width_of(self.detail, usual=usual, least=tall(_LEAST_DETAIL), most=most)
