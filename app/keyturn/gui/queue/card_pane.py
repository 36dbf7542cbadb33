"""The card: head and decision row stay, everything between them scrolls.

It shows one `CardView` and what a person has done to it. It holds no request of its own and sends
nothing; what is pressed comes out as signals, and the arming decides what a press is worth.
"""

from typing import Final, cast

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from keyturn.gui.forms.list_page import NoticeBar
from keyturn.gui.look import Look
from keyturn.gui.queue.card_reveal import CardReveal
from keyturn.gui.queue.card_seen import (
    DIFF,
    RAW,
    READABLE,
    CardSeen,
    opens_on,
    show_owed,
    tab_names,
)
from keyturn.gui.queue.dialog_row import DialogRow
from keyturn.gui.queue.edit_sheet import EditButton
from keyturn.gui.queue.pin_row import PinRow
from keyturn.gui.queue.review_box import ReviewBox
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.argument_tree import ArgumentTree
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.command_lines import CommandLines
from keyturn.gui.widgets.decision_block import DecisionBlock
from keyturn.gui.widgets.decisive_box import DecisiveRow
from keyturn.gui.widgets.diff_view import DiffView
from keyturn.gui.widgets.flow_graph import FlowGraphView
from keyturn.gui.widgets.headline import Headline
from keyturn.gui.widgets.lamps import LampStrip
from keyturn.gui.widgets.layouts import clear, column, place_after, set_margins
from keyturn.gui.widgets.long_text import LongText
from keyturn.gui.widgets.pairs import Provenance
from keyturn.gui.widgets.scroll_pane import ScrollPane
from keyturn.gui.widgets.source_excerpt import ExcerptBox
from keyturn.gui.widgets.tabs import TabRow
from keyturn.gui.widgets.text import Text
from keyturn.presentation.arming import ArmState, Owed
from keyturn.presentation.card import CardView
from keyturn.presentation.visible_text import shown_line

_SIDE: Final = 24
_NARROW_SIDE: Final = 16
_READING_COLUMN: Final = 880
_SPOKEN: Final = 400
"""Characters of a name that are said of the field that it is typed in."""
_LEAST_BODY: Final = 140
"""With less room than this between head and decision row, the head scrolls with the body."""


class CardPane(QFrame):
    """Everything of one request, top to bottom: who, what, on what, how far, why, decide."""

    value_confirmed = Signal(str)
    """Path of a decisive value that a person pressed."""
    name_typed = Signal(bool)
    """Whether the tool's short name stands in its field."""
    source_requested = Signal(str)
    opened = Signal(str)
    """Id of what a chip or lamp opens."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._card: CardView | None = None
        self._narrow = False
        self._head_scrolls = False
        self.setObjectName("card")
        self.setProperty("surface", "panel")
        self.band = NoticeBar(look, name="card_band")
        self.raised = NoticeBar(look, name="card_raised")
        self.headline = Headline(look)
        self.chips = ChipRow(look)
        self.lamps = LampStrip(look)
        self.decisive = DecisiveRow(look)
        self.commands = CommandLines(look)
        self.review = ReviewBox(look)
        self.tabs = TabRow(look, tab_names(look.words), name="card_tabs")
        self.edit = EditButton(look, self.tabs)
        self.arguments = ArgumentTree(look)
        self.raw = LongText(look, Type.VALUE)
        self._meta_title = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        self._raw_meta = LongText(look, Type.VALUE)
        self.diff = DiffView(look, most_lines=20)
        self.reveal = CardReveal(
            look, self.raw, self._raw_meta, (self.arguments, self.diff, self.decisive)
        )
        self.seen = CardSeen(look, self.tabs, self.arguments, self.diff)
        self.block = DecisionBlock(look)
        self._no_diff = Text(look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
        self.name_field = QLineEdit()
        self.pin, self.dialog = PinRow(look), DialogRow(look)
        self._name_prompt = Text(look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        self.flow = FlowGraphView(look)
        self._excerpts = column(gap=8)
        self.provenance = Provenance(look)
        self._scroll = ScrollPane("panel", (_SIDE, 4, _SIDE, 12), keys_of=self)
        self._build()
        self._connect()

    @property
    def card(self) -> CardView | None:
        """Return what is shown."""
        return self._card

    def show_card(self, card: CardView) -> None:
        """Show a card; the same request at the same revision keeps place, tab and focus."""
        previous, self._card = self._card, card
        same = previous is not None and (previous.request_id, previous.revision) == (
            card.request_id,
            card.revision,
        )
        self.band.show_notice(card.band)
        self.raised.show_notice(card.raised)
        self.headline.show_head(card.headline, card.server_tool, card.call_number)
        self.chips.show_chips(card.chips)
        self.lamps.show_lamps(card.lamps)
        self.decisive.show_values(card.decisive)
        self.decisive.setVisible(bool(card.decisive))
        self.commands.show_lines(card.commands, definition=card.review is not None)
        self.review.show_card(card)
        self.edit.show_card(card)
        self.arguments.show_rows(card.rows)
        self.reveal.show_card(card, anew=not same)
        self.diff.show_rows(card.diff)
        self.block.show_actions(card.actions, card.why_asked, card.action)
        self.flow.show_graph(card.flow)
        if previous is None or previous.excerpts != card.excerpts:
            self._show_excerpts(card)
        if previous is None or _who_asks(previous) != _who_asks(card):
            self._show_provenance(card)
        self.pin.show_for(card.pin, card.pin_prompt, anew=not same)
        self.dialog.show_for(wanted=card.dialog, is_open=card.dialog_open, anew=not same)
        if not same:
            self._begin(card)

    def ask_for_name(self, wanted: bool) -> None:
        """Show or hide the field for the tool's name."""
        self.name_field.setVisible(wanted)
        self._name_prompt.setVisible(wanted)

    def choose_tab(self, tab: str) -> None:
        """Show the readable arguments, the raw JSON or the diff."""
        self.tabs.choose(tab)
        pages = {READABLE: self.arguments, RAW: self.raw, DIFF: self._diff_page()}
        for page in (self.arguments, self.raw, self.diff, self._no_diff):
            page.setVisible(page is pages[tab])
        has_meta = tab == RAW and self._card is not None and bool(self._card.raw_meta)
        self._meta_title.setVisible(has_meta)
        self._raw_meta.setVisible(has_meta)
        self.seen.say()

    def lead_to(self, state: ArmState) -> None:
        """Bring what is still owed on screen: the lines, the value, the field."""
        unseen = self.seen.unseen
        if state.owed is Owed.LOOK and unseen is not None:
            self.choose_tab(unseen.tab)
            self.seen.lead()
            return
        controls: dict[Owed, QWidget] = {Owed.TYPE_NAME: self.name_field, Owed.PIN: self.pin.field}
        for box in self.decisive.boxes():
            if box.value.path == state.path:
                controls[Owed.CONFIRM] = box
        show_owed(state, controls)

    def use_narrow(self, narrow: bool) -> None:
        """Lay the card out for a window under 900 px."""
        if narrow is self._narrow:
            return
        self._narrow = narrow
        self.lamps.use_short_words(narrow)
        self.block.use_narrow(narrow)
        self._use_margins()
        self.provenance.use_stacked(narrow)

    def rest_focus(self) -> None:
        """Put the focus on the sentence, where no key can decide anything."""
        self.headline.sentence.setFocus(Qt.FocusReason.OtherFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the reading column; let the head scroll too where nothing else would fit."""
        super().resizeEvent(event)
        self._use_margins()
        width = max(1, self._head.geometry().width())
        block = max(self.block.sizeHint().height(), self.block.heightForWidth(self.width()))
        room = self.height() - block - self.headline.heightForWidth(width)
        inside = room < self._look.theme.tall(_LEAST_BODY)
        if inside is not self._head_scrolls:
            self._head_scrolls = inside
            _carry(self.headline, self._scroll.body if inside else self._head)

    def _build(self) -> None:
        self._head = column(margins=(_SIDE, 12, _SIDE, 0))
        self._head.addWidget(self.headline)
        self._fill_body()
        layout = column(self)
        layout.addWidget(self.band)
        layout.addWidget(self.raised)
        layout.addLayout(self._head)
        layout.addWidget(self._scroll, 1)
        layout.addWidget(self.block)

    def _fill_body(self) -> None:
        body = self._scroll.body
        body.addWidget(self.chips)
        body.addSpacing(8)
        body.addWidget(self.lamps)
        body.addSpacing(8)
        body.addWidget(self.commands)
        body.addWidget(self.reveal.row)
        body.addWidget(self.decisive)
        body.addWidget(self.review)
        body.addWidget(self._name_prompt)
        body.addWidget(self.name_field)
        body.addWidget(self.pin)
        body.addWidget(self.dialog)
        body.addSpacing(4)
        body.addWidget(self.tabs)
        body.addWidget(self.arguments)
        body.addWidget(self.raw)
        body.addWidget(self._meta_title)
        body.addWidget(self._raw_meta)
        body.addWidget(self.diff)
        body.addWidget(self._no_diff)
        body.addSpacing(12)
        body.addLayout(self._excerpts)
        body.addSpacing(8)
        body.addWidget(self.flow)
        body.addSpacing(8)
        body.addWidget(self.provenance)
        body.addStretch()
        self.raw.setObjectName("raw_json")
        self._meta_title.say(self._look.words("card.raw_meta"))
        self._raw_meta.setObjectName("raw_meta")
        self._no_diff.say(self._look.words("card.no_diff"))
        self.name_field.setObjectName("tool_name")
        self.name_field.setFixedWidth(280)
        self.ask_for_name(False)

    def _connect(self) -> None:
        self.chips.pressed.connect(self.opened)
        self.lamps.pressed.connect(self.opened)
        self.decisive.confirmed.connect(self.value_confirmed)
        self.tabs.tab_chosen.connect(self.choose_tab)
        self.arguments.source_requested.connect(self._on_source)
        self.name_field.textChanged.connect(self._on_name)

    def _begin(self, card: CardView) -> None:
        """Start a new card: at its top, on its first tab, nothing confirmed or typed."""
        self.name_field.clear()
        prompt = self._look.words("card.type_name", name=card.tool_short_name)
        self._name_prompt.say(prompt)
        self.name_field.setAccessibleName(shown_line(prompt, self._look.words, most=_SPOKEN))
        self.seen.begin(card)
        after = self._no_diff if opens_on(card) == DIFF else self.decisive
        place_after(self.review, after, self._scroll.body)
        self.choose_tab(opens_on(card))
        self._scroll.verticalScrollBar().setValue(0)
        self._put_in_order()
        self.rest_focus()

    def _put_in_order(self) -> None:
        """Let Tab reach what is owed first; what is made anew for a card would come last."""
        before: QWidget = self.headline.sentence
        owed = [box.confirm_button for box in self.decisive.boxes()]
        fields = (self.name_field, self.pin.field, self.dialog.by_pin, self.dialog.drop)
        for control in (*owed, *fields, *self.review.tiers.controls()):
            QWidget.setTabOrder(before, control)
            before = control

    def _show_excerpts(self, card: CardView) -> None:
        clear(self._excerpts)
        for excerpt in card.excerpts:
            box = ExcerptBox(self._look, excerpt)
            box.source_requested.connect(self.source_requested)
            self._excerpts.addWidget(box)

    def _show_provenance(self, card: CardView) -> None:
        self.provenance.show_sides(card.claimed, card.observed, title=card.claimed_title)
        self.provenance.setVisible(bool(card.claimed or card.observed))

    def _diff_page(self) -> QWidget:
        return self.diff if self._card is not None and self._card.diff else self._no_diff

    def _use_margins(self) -> None:
        """Give the column its sides, and what is beyond the reading column to the trailing one."""
        side = _NARROW_SIDE if self._narrow else _SIDE
        spare = max(0, self.width() - 2 * side - _READING_COLUMN)
        self._scroll.use_margins((side, 4, side + spare, 12))
        set_margins(self._head, (side, 12, side + spare, 0))

    def _on_source(self, excerpt: int) -> None:
        if self._card is not None and excerpt < len(self._card.excerpts):
            self.source_requested.emit(self._card.excerpts[excerpt].opens)

    def _on_name(self, text: str) -> None:
        wanted = self._card.tool_short_name if self._card is not None else ""
        self.name_typed.emit(bool(wanted) and text == wanted)


def _carry(headline: Headline, into: QVBoxLayout) -> None:
    """Put the head elsewhere; what moves to another parent loses the focus, so that it is given."""
    # Null while nothing has the focus, which the stubs do not know.
    focused = cast("QWidget | None", headline.window().focusWidget())
    resting = focused is not None and headline.isAncestorOf(focused)
    into.insertWidget(0, headline)
    if resting:
        headline.sentence.setFocus(Qt.FocusReason.OtherFocusReason)


def _who_asks(card: CardView) -> tuple[object, object]:
    return (card.claimed, card.observed)
