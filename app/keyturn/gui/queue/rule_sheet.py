"""The sheet that makes a rule of one waiting call: it opens at the narrowest choice every time.

Saving is armed like Allow once, for exactly the rule that is read out above it: another tick is
another rule and starts from zero.
"""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from keyturn.domain.canonical import digest_of
from keyturn.domain.rule import Kind as RuleKind
from keyturn.domain.tier import Tier
from keyturn.gui.armed_action import ArmedAction
from keyturn.gui.forms.outcome import Outcome, OutcomeLine
from keyturn.gui.look import Look
from keyturn.gui.queue.sheet import Sheet
from keyturn.gui.servers.owed_box import OwedChangeBox
from keyturn.gui.theme import Token, Type
from keyturn.gui.widgets.allow_button import AllowButton
from keyturn.gui.widgets.buttons import DECISION, Button, Kind
from keyturn.gui.widgets.choices import ChoiceRow
from keyturn.gui.widgets.layouts import clear, column, divider, row
from keyturn.gui.widgets.long_text import value_label
from keyturn.gui.widgets.text import Text
from keyturn.presentation.arming import ArmingTerms, Subject
from keyturn.presentation.rule_sheet import (
    SPAN_TEXTS,
    FixableValue,
    RuleDraft,
    RuleSheet,
    Span,
    draft,
)
from keyturn.presentation.servers import OwedChange

_KEY: Final = 216
RULE: Final = "/rule"


class RuleSheetPane(Sheet):
    """Shows a `RuleSheet`."""

    save_requested = Signal(object)
    """The `RuleDraft` that was read out."""
    draft_changed = Signal(object)
    """`RuleDraft`, or None once there is none."""

    def __init__(self, look: Look, card: QWidget, head: QWidget, now_ms: Callable[[], int]) -> None:
        super().__init__(look, card, head, name="rule_sheet")
        self._sheet: RuleSheet | None = None
        self._draft: RuleDraft | None = None
        self._owed = ""
        self._preview: OwedChangeBox | None = None
        self.choices: list[tuple[FixableValue, ChoiceRow]] = []
        self.spans: dict[Span, ChoiceRow] = {}
        self._spans_title = Text(look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        self._spans = column()
        self.endless = ChoiceRow(look, look.words("sheets.endless"), name="rule_endless")
        self.endless.toggled.connect(self._on_changed)
        self.save = AllowButton(look, name="save_rule")
        self.cancel = Button(
            look, Kind.PLAIN, look.words("sheets.cancel"), name="rule_cancel", height=DECISION
        )
        self.action = ArmedAction(look, self.save, now_ms, self)
        self.outcome = OutcomeLine(look, name="rule_outcome")
        self._values_title = Text(look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        self._values = column()
        self._preview_place = column()
        self._decides = Text(look, Type.BODY_STRONG, wrap=True)
        self._decides.setObjectName("rule_decides")
        self._told = Text(look, Type.NOTE, Token.TEXT_SECONDARY, wrap=True)
        self._told.setObjectName("rule_study")
        self._fill()
        self.cancel.clicked.connect(self.close_sheet)
        self.action.pressed.connect(self._on_pressed)
        self.closed.connect(self.action.hide)

    @property
    def sheet(self) -> RuleSheet | None:
        """Return what is offered."""
        return self._sheet

    def begin(self, sheet: RuleSheet, action: str, owed: str) -> None:
        """Open at the narrowest choice; `owed` says what the card itself still owes, or nothing."""
        words = self._look.words
        self._sheet, self._owed = sheet, owed
        self.outcome.say(Outcome.OWED if owed else None, words("sheets.card_owes"))
        refused = bool(sheet.refusal)
        self.title.say(words(_title(sheet)))
        scope = "sheets.rule_scope" if sheet.kind is RuleKind.CALL else "sheets.rule_scope_asked"
        self.note.say(sheet.refusal or words(scope, agent=sheet.agent, server=sheet.server))
        save = words(_save(sheet))
        self._decides.setVisible(sheet.is_of_group and not refused)
        self.save.say(save, words("card.named", action=save, object=action))
        self.save.setVisible(not refused)
        self.cancel.say(words("sheets.close" if refused else "sheets.cancel"))
        self._show_values(sheet)
        self._show_spans(sheet)
        self._on_changed()
        self.open_over(self.cancel)

    def _fill(self) -> None:
        self.body.addWidget(self._values_title)
        self.body.addSpacing(4)
        self.body.addLayout(self._values)
        self.body.addSpacing(12)
        self._spans_title.say(self._look.words("sheets.rule_spans"))
        self.body.addWidget(self._spans_title)
        self.body.addLayout(self._spans)
        self.body.addWidget(self.endless)
        self.body.addSpacing(12)
        self.body.addLayout(self._preview_place)
        self.body.addWidget(self._decides)
        self.body.addWidget(self._told)
        self.body.addSpacing(8)
        self.body.addWidget(self.outcome)
        self.body.addStretch()
        self.add_buttons((self.cancel,), (self.action.name_row, self.save))

    def _show_values(self, sheet: RuleSheet) -> None:
        words = self._look.words
        clear(self._values)
        self.choices = []
        self._values_title.setVisible(not sheet.refusal)
        if sheet.values and sheet.is_of_group:
            self._values_title.say(words("sheets.group_values"))
        elif sheet.values:
            self._values_title.say(words("sheets.rule_values"))
        elif sheet.is_of_group:
            self._values_title.say(words("sheets.group_no_values"))
        elif sheet.arguments:
            self._values_title.say(words("sheets.rule_many_values"))
        else:
            self._values_title.say(words("sheets.rule_no_values"))
        for value in sheet.values if not sheet.refusal else ():
            self._values.addWidget(self._row(value))

    def _show_spans(self, sheet: RuleSheet) -> None:
        """Offer how long it holds, the shortest first and chosen."""
        clear(self._spans)
        self.spans = {}
        self.endless.setChecked(False)
        place = QWidget()
        line = row(place, gap=16)
        for span in sheet.spans:
            text = self._look.words(SPAN_TEXTS[span])
            choice = ChoiceRow(self._look, text, name=f"span_{span.name.lower()}", radio=True)
            choice.setChecked(span is sheet.spans[0])
            choice.toggled.connect(self._on_changed)
            line.addWidget(choice, 1)
            self.spans[span] = choice
        offered = not sheet.refusal and len(sheet.spans) > 1
        self._spans.addWidget(place)
        place.setVisible(offered)
        self._spans_title.setVisible(offered)

    def _span(self) -> Span:
        chosen = (span for span, choice in self.spans.items() if choice.isChecked())
        return next(chosen, Span.QUARTER)

    def _owes_a_tick(self, sheet: RuleSheet, span: Span) -> bool:
        """Tell whether a rule without an end was not agreed to on its own."""
        return len(sheet.spans) > 1 and span is Span.ALWAYS and not self.endless.isChecked()

    def _row(self, value: FixableValue) -> QWidget:
        place = QWidget()
        line = row(place, gap=16)
        choice = ChoiceRow(self._look, value.path, name=f"fix_{value.path}")
        choice.setAccessibleName(
            self._look.words("sheets.value_spoken", path=value.path, value=value.text)
        )
        choice.setFixedWidth(_KEY)
        choice.setChecked(True)
        choice.toggled.connect(self._on_changed)
        text = value_label(self._look, value.text)
        line.addWidget(choice, 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(text, 1)
        self.choices.append((value, choice))
        return place

    def _on_changed(self) -> None:
        """Read out the rule as it stands and arm for exactly that."""
        sheet = self._sheet
        if sheet is None:
            return
        words = self._look.words
        ticked = {value.path for value, choice in self.choices if choice.isChecked()}
        span = self._span()
        made = draft(sheet, ticked, words, span)
        self._draft = made
        self.endless.setVisible(len(sheet.spans) > 1 and span is Span.ALWAYS)
        self._show_preview(sheet, made)
        careful = sheet.tier >= Tier.T2
        self.action.show(
            Subject(
                sheet.request_id,
                sheet.revision,
                digest_of(f"{made.span.name} {made.data}".encode()),
            ),
            ArmingTerms(tier=sheet.tier, confirm=frozenset({RULE} if careful else ())),
            objects={RULE: words("sheets.object_rule")},
            hint=words(_hint(sheet)),
            name=sheet.tool,
        )
        self._refuse(sheet, made)
        self.settle()
        self.draft_changed.emit(made)

    def say_decides(self, sentence: str, owed: str) -> None:
        """Say how many of the calls that wait the rule decides, and what is owed before it may."""
        self._decides.say(sentence)
        self._owed = owed
        sheet, made = self._sheet, self._draft
        if sheet is not None and made is not None:
            self._refuse(sheet, made)

    def show_study(self, lines: tuple[str, ...]) -> None:
        """Show what past calls say of the rule; it neither arms nor disarms anything."""
        self._told.say("\n".join(lines))

    def _refuse(self, sheet: RuleSheet, made: RuleDraft) -> None:
        """Keep the button unarmed for what is wrong or owed."""
        owes = self._owes_a_tick(sheet, made.span)
        untold = self._look.words("sheets.tick_endless") if owes else ""
        self.action.refuse(made.fault or self._owed or untold)

    def _show_preview(self, sheet: RuleSheet, made: RuleDraft) -> None:
        words = self._look.words
        clear(self._preview_place)
        self._preview = None
        if sheet.refusal:
            return
        rest = [made.loose or words("sheets.leaves_nothing_open"), made.kept]
        if made.conditions:
            rest.insert(0, words("sheets.when", conditions="; ".join(made.conditions)))
        if sheet.tier < Tier.T2:
            title = Text(self._look, Type.LABEL, Token.TEXT_SECONDARY)
            title.say(words("sheets.rule_preview"))
            sentence = Text(self._look, Type.TITLE_WRAPPED, wrap=True)
            sentence.setObjectName("rule_preview")
            sentence.say(made.sentence)
            below = Text(self._look, Type.BODY, Token.TEXT_SECONDARY, wrap=True)
            below.say("\n".join(rest))
            self._preview_place.addWidget(divider())
            self._preview_place.addSpacing(8)
            self._preview_place.addWidget(title)
            self._preview_place.addWidget(sentence)
            self._preview_place.addWidget(below)
            return
        change = OwedChange(
            path=RULE,
            reason=words("sheets.rule_preview"),
            text="\n".join([made.sentence, *rest]),
            action=words("sheets.confirm_rule"),
            object=words("sheets.object_rule"),
        )
        self._preview = OwedChangeBox(self._look, change)
        self._preview.confirmed.connect(self._on_confirmed)
        self._preview_place.addWidget(self._preview)

    def _on_confirmed(self, path: str) -> None:
        self.action.confirm(path)
        if self._preview is not None:
            self._preview.show_confirmed(True)
        self.cancel.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_pressed(self, _answer: object) -> None:
        sheet, made = self._sheet, self._draft
        if sheet is None or made is None or self._owes_a_tick(sheet, made.span):
            return
        if not made.fault and not self._owed:
            self.save_requested.emit(made)

    def say(self, outcome: Outcome, sentence: str) -> None:
        """Say what became of saving; the sheet stays open."""
        self.outcome.say(outcome, sentence)
        self.settle()


def _title(sheet: RuleSheet) -> str:
    if sheet.refusal:
        return "sheets.no_rule_title"
    return "sheets.group_title" if sheet.is_of_group else "sheets.rule_title"


def _hint(sheet: RuleSheet) -> str:
    if not sheet.waits:
        return "sheets.save_only_hint"
    return "sheets.save_group_hint" if sheet.is_of_group else "sheets.save_hint"


def _save(sheet: RuleSheet) -> str:
    if not sheet.waits:
        return "sheets.save_only"
    return "sheets.save_group" if sheet.is_of_group else "sheets.save_and_allow"
