"""The review of a new or changed tool: in words, line by line, its tier, and whether to pin it.

Accepting is armed like an approval: the sentence that an attacker would hide must have been pressed
and every line of the comparison must have been on screen.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QWidget

from keyturn.domain.tier import Tier
from keyturn.gui.armed_action import ArmedAction
from keyturn.gui.look import Look
from keyturn.gui.servers.owed_box import OwedChangeBox
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.allow_button import AllowButton
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.chip import ChipRow
from keyturn.gui.widgets.diff_view import DiffView
from keyturn.gui.widgets.foot_row import FootRow
from keyturn.gui.widgets.headline import Headline
from keyturn.gui.widgets.icon_label import IconLabel
from keyturn.gui.widgets.layouts import WrapLayout, clear, column, divider, pane, row
from keyturn.gui.widgets.scroll_pane import ScrollPane, SnugPane
from keyturn.gui.widgets.tabs import TabRow
from keyturn.gui.widgets.text import Text, ValueText
from keyturn.gui.widgets.tier_box import TierBox
from keyturn.presentation.answer import Answer, Route
from keyturn.presentation.arming import ArmingTerms, Subject
from keyturn.presentation.marks import Icon
from keyturn.presentation.servers import ChangeLine, OwedChange, ReviewView

_SIDE: Final = 24
_LEAST: Final = 32
"""Height at 100 % that head and foot keep where there is no room for all they say."""
DEFINITION: Final = "definition"
AS_READ: Final = "as_read"
RULES: Final = "rules"


class ReviewPane(QFrame):
    """Head, what changed, comparison, decision row."""

    accept_requested = Signal(object)
    """`Answer`."""
    block_requested = Signal(object)
    """`Answer`."""
    remove_requested = Signal(object)
    """`Answer`."""

    def __init__(
        self, look: Look, now_ms: Callable[[], int], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._now_ms = now_ms
        self._review: ReviewView | None = None
        self._boxes: list[OwedChangeBox] = []
        self.setObjectName("review")
        self.setProperty("surface", "panel")
        self.headline = Headline(look)
        self.chips = ChipRow(look)
        self.diff = DiffView(look, most_lines=24)
        self.accept = AllowButton(look, name="accept_definition", kind=Kind.PRIMARY)
        self.block = Button(
            look, Kind.PLAIN, "", Icon.REFUSED, name="keep_blocked", height=DECISION
        )
        self._remove = Button(look, Kind.SOFT, name="remove_tool", height=DECISION)
        self._copy = Button(look, Kind.GHOST, name="copy_report", height=DECISION)
        self._footing = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._changes = column()
        self._tabs_place = column()
        self._text = ValueText(look, Type.VALUE)
        self._rules = Text(look, Type.BODY, wrap=True)
        self._hashes = WrapLayout(gap=16)
        self._tabs: TabRow | None = None
        self.tiers = TierBox(look, name="review_tiers")
        self.action = ArmedAction(look, self.accept, now_ms, self, shortcut=True)
        self.watch = self.action.watch
        self._title = Text(look, Type.LABEL, Token.TEXT_SECONDARY)
        self._build()
        self._connect()

    def show_review(self, review: ReviewView) -> None:
        """Show a change; the same one at the same revision keeps what was confirmed."""
        previous, self._review = self._review, review
        self.headline.show_head(review.headline, review.server_tool, review.seen)
        self.chips.show_chips(review.chips)
        self._footing.say(review.footing)
        self._say_buttons(review)
        self.accept.make_room_for(
            [self._look.words("arming.confirm", object=change.object) for change in review.owed]
        )
        self._title.say(review.changed_title or self._look.words("servers.what_changed"))
        self.tiers.setVisible(review.choice is not None)
        if review.choice is not None:
            if previous is None or _key(previous) != _key(review):
                self.tiers.start_over()
            self.tiers.show_choice(review.choice)
        # "Seen 4 min ago" goes on by itself and takes nothing back that was confirmed.
        if previous is None or replace(previous, seen=review.seen) != review:
            self._show_changes(review)
            self._show_tabs(review)
            self.diff.show_rows(review.diff)
            self.diff.start_over()
            self._text.say(review.after_text)
            self._rules.say("\n".join(review.suspended_rules))
            self._show_hashes(review)
        self._arm()
        self._on_unseen(self.diff.unseen)
        if previous is None or _key(previous) != _key(review):
            self.choose_tab(DEFINITION)

    def _arm(self) -> None:
        """Arm for the review on screen; the button says as what the tool would be pinned."""
        review = self._review
        if review is None:
            return
        self.action.show(
            Subject(review.request_id, review.revision, review.digest),
            ArmingTerms(
                # Agreeing to what a tool is reaches as far as its furthest call.
                tier=max(review.tier, Tier.T2),
                confirm=frozenset(change.path for change in review.owed),
                look=True,
            ),
            objects={change.path: change.object for change in review.owed},
            hint=self.tiers.spoken if review.choice is not None else review.actions.armed_hint,
            name=review.tool,
        )

    def choose_tab(self, tab: str) -> None:
        """Show the comparison, the text as the agent would read it, or the rules it stops."""
        self.diff.setVisible(tab == DEFINITION)
        self._text.setVisible(tab == AS_READ)
        self._rules.setVisible(tab == RULES)

    def _build(self) -> None:
        head = SnugPane(self._look, "panel", (_SIDE, 12, _SIDE, 0), least=_LEAST)
        head.body.addWidget(self.headline)
        self.page = ScrollPane("panel", (_SIDE, 8, _SIDE, 12))
        body = self.page.body
        body.addWidget(self.chips)
        body.addSpacing(8)
        body.addWidget(self._title)
        body.addSpacing(4)
        body.addLayout(self._changes)
        body.addSpacing(8)
        body.addLayout(self._tabs_place)
        body.addSpacing(8)
        body.addWidget(self.diff)
        body.addWidget(self._text)
        body.addWidget(self._rules)
        body.addSpacing(16)
        body.addWidget(self.tiers)
        body.addSpacing(8)
        body.addWidget(divider())
        body.addSpacing(8)
        body.addLayout(self._hashes)
        body.addStretch()
        layout = column(self)
        layout.addWidget(head)
        layout.addWidget(self.page, 1)
        layout.addWidget(self._foot())

    def _foot(self) -> QWidget:
        foot = pane("raised", edge="top", name="review_foot")
        layout = column(foot, (_SIDE, 8, _SIDE, 12), gap=8)
        leading = (self.block, self._remove)
        trailing = (self.action.name_row, self._copy, self.accept)
        said = SnugPane(self._look, "raised", (0, 0, 0, 0), least=_LEAST)
        said.body.addWidget(self._footing)
        layout.addWidget(said)
        pictures = {self._remove: Icon.WITHHELD, self._copy: Icon.COPY}
        layout.addWidget(FootRow(leading, trailing, pictures=pictures))
        return foot

    def _connect(self) -> None:
        self.block.clicked.connect(self._on_block)
        self._remove.clicked.connect(self._on_remove)
        self._copy.clicked.connect(self._on_copy)
        self.diff.unseen_changed.connect(self._on_unseen)
        self.action.pressed.connect(self._on_accept)
        self.tiers.changed.connect(self._arm)

    def _say_buttons(self, review: ReviewView) -> None:
        words = self._look.words
        for button, text in (
            (self.block, review.actions.deny),
            (self._remove, review.remove),
            (self._copy, review.copy),
            (self.accept, review.actions.allow),
        ):
            button.say(text, words("card.named", action=text, object=review.action))

    def _show_changes(self, review: ReviewView) -> None:
        clear(self._changes)
        self._boxes = [OwedChangeBox(self._look, change) for change in review.owed]
        for box in self._boxes:
            box.confirmed.connect(self._on_confirmed)
            self._changes.addWidget(box)
            self._changes.addSpacing(4)
        for line in review.lines:
            self._changes.addWidget(self._line(line))
            self._changes.addWidget(divider())

    def _line(self, line: ChangeLine) -> QWidget:
        place = QWidget()
        layout = row(place, (0, 4, 0, 4), gap=8)
        token = self._look.theme.role_token(line.role)
        layout.addWidget(IconLabel(self._look, line.icon, token, 16))
        text = Text(self._look, Type.BODY, wrap=True)
        text.say(line.text)
        layout.addWidget(text, 1)
        where = Text(self._look, Type.CAPTION, Token.TEXT_TERTIARY)
        where.say(line.place)
        layout.addWidget(where)
        return place

    def _show_tabs(self, review: ReviewView) -> None:
        words = self._look.words
        clear(self._tabs_place)
        tabs = [(DEFINITION, words("servers.definition")), (AS_READ, words("servers.as_read"))]
        if review.suspended_rules:
            rules = len(review.suspended_rules)
            tabs.append((RULES, words("servers.suspends", n=rules)))
        self._tabs = TabRow(self._look, tabs, name="review_tabs")
        self._tabs.tab_chosen.connect(self.choose_tab)
        self._tabs_place.addWidget(self._tabs)

    def _show_hashes(self, review: ReviewView) -> None:
        clear(self._hashes)
        for hash_ in review.hashes:
            text = ValueText(self._look, Type.MARK, Token.TEXT_SECONDARY)
            text.say(hash_)
            self._hashes.addWidget(text)
        note = Text(self._look, Type.CAPTION, Token.TEXT_TERTIARY, wrap=True)
        note.say(review.hashes_note)
        self._hashes.addWidget(note)

    def _on_confirmed(self, path: str) -> None:
        self.action.confirm(path)
        for box, change in zip(self._boxes, self._owed(), strict=True):
            if change.path == path:
                box.show_confirmed(True)
        self.headline.sentence.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_unseen(self, unseen: tuple[int, int] | None) -> None:
        self.action.say_unseen(unseen)
        if self._tabs is not None and self._review is not None:
            lines = len(self._review.diff)
            self._tabs.say_note(
                self._look.words("card.all_lines_seen", n=lines)
                if unseen is None
                else self._look.words("servers.lines_unseen", first=unseen[0], last=unseen[1])
            )

    def _owed(self) -> Sequence[OwedChange]:
        return self._review.owed if self._review is not None else ()

    def _on_accept(self, answer: Answer) -> None:
        """Hand on what was armed, with the tier and labels that stand in the box now."""
        review = self._review
        if review is None:
            return
        if review.choice is not None:
            answer = replace(answer, tier=self.tiers.tier, labels=self.tiers.labels)
        self.accept_requested.emit(answer)

    def _on_block(self) -> None:
        answer: Answer | None = self.watch.answer(Route.POINTER)
        if answer is not None:
            self.block_requested.emit(answer)

    def _on_remove(self) -> None:
        answer = self.watch.answer(Route.POINTER)
        if answer is not None:
            self.remove_requested.emit(answer)

    def _on_copy(self) -> None:
        if self._review is not None:
            QGuiApplication.clipboard().setText(self._review.after_text)


def _key(review: ReviewView) -> tuple[str, int, str]:
    return (review.request_id, review.revision, review.digest)
