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
from keyturn.gui.widgets.text import Text, ValueText
from keyturn.presentation.arming import ArmingTerms, Subject
from keyturn.presentation.rule_sheet import FixableValue, RuleDraft, RuleSheet, draft
from keyturn.presentation.servers import OwedChange

_KEY: Final = 216
RULE: Final = "/rule"


class RuleSheetPane(Sheet):
    """Shows a `RuleSheet`."""

    save_requested = Signal(object)
    """The `RuleDraft` that was read out."""

    def __init__(self, look: Look, card: QWidget, head: QWidget, now_ms: Callable[[], int]) -> None:
        super().__init__(look, card, head, name="rule_sheet")
        self._sheet: RuleSheet | None = None
        self._draft: RuleDraft | None = None
        self._owed = ""
        self._preview: OwedChangeBox | None = None
        self.choices: list[tuple[FixableValue, ChoiceRow]] = []
        self.save = AllowButton(look, name="save_rule")
        self.cancel = Button(
            look, Kind.PLAIN, look.words("sheets.cancel"), name="rule_cancel", height=DECISION
        )
        self.action = ArmedAction(look, self.save, now_ms, self)
        self.outcome = OutcomeLine(look, name="rule_outcome")
        self._values_title = Text(look, Type.LABEL, Token.TEXT_SECONDARY, wrap=True)
        self._values = column()
        self._preview_place = column()
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
        title = "sheets.no_rule_title" if refused else "sheets.rule_title"
        self.title.say(words(title))
        scope = "sheets.rule_scope" if sheet.kind is RuleKind.CALL else "sheets.rule_scope_asked"
        self.note.say(sheet.refusal or words(scope, agent=sheet.agent, server=sheet.server))
        save = words("sheets.save_and_allow" if sheet.waits else "sheets.save_only")
        self.save.say(save, words("card.named", action=save, object=action))
        self.save.setVisible(not refused)
        self.cancel.say(words("sheets.close" if refused else "sheets.cancel"))
        self._show_values(sheet)
        self._on_changed()
        self.open_over(self.cancel)

    def _fill(self) -> None:
        self.body.addWidget(self._values_title)
        self.body.addSpacing(4)
        self.body.addLayout(self._values)
        self.body.addSpacing(12)
        self.body.addLayout(self._preview_place)
        self.body.addSpacing(6)
        self.body.addWidget(self.outcome)
        self.body.addStretch()
        self.add_buttons((self.cancel,), (self.action.name_row, self.save))

    def _show_values(self, sheet: RuleSheet) -> None:
        words = self._look.words
        clear(self._values)
        self.choices = []
        self._values_title.setVisible(not sheet.refusal)
        if sheet.values:
            self._values_title.say(words("sheets.rule_values"))
        elif sheet.arguments:
            self._values_title.say(words("sheets.rule_many_values"))
        else:
            self._values_title.say(words("sheets.rule_no_values"))
        for value in sheet.values if not sheet.refusal else ():
            self._values.addWidget(self._row(value))

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
        text = ValueText(self._look, Type.VALUE)
        text.say(value.text)
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
        made = draft(sheet, ticked, words)
        self._draft = made
        self._show_preview(sheet, made)
        careful = sheet.tier >= Tier.T2
        self.action.show(
            Subject(sheet.request_id, sheet.revision, digest_of(made.data.encode())),
            ArmingTerms(tier=sheet.tier, confirm=frozenset({RULE} if careful else ())),
            objects={RULE: words("sheets.object_rule")},
            hint=words("sheets.save_hint" if sheet.waits else "sheets.save_only_hint"),
            name=sheet.tool,
        )
        self.action.refuse(made.fault or self._owed)
        self.settle()

    def _show_preview(self, sheet: RuleSheet, made: RuleDraft) -> None:
        words = self._look.words
        clear(self._preview_place)
        self._preview = None
        if sheet.refusal:
            return
        rest = [made.loose or words("sheets.leaves_nothing_open"), words("sheets.rule_kept")]
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
        if self._draft is not None and not self._draft.fault and not self._owed:
            self.save_requested.emit(self._draft)

    def say(self, outcome: Outcome, sentence: str) -> None:
        """Say what became of saving; the sheet stays open."""
        self.outcome.say(outcome, sentence)
        self.settle()
